"""One server for all tests here, one with short histories, and on each a worker."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.encryption import KeyRing
from tests.workflows.given import Someone, World, fresh_keys, world
from tests.workflows.server import temporal_server

SHORT = "limit.historyCount.suggestContinueAsNew=60"


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    """What everything here is sealed with."""
    return fresh_keys()


@pytest.fixture(scope="session")
async def environment(keys: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """A server on which time can be moved."""
    async with temporal_server(keys) as environment:
        yield environment


@pytest.fixture(scope="session")
async def shared(environment: WorkflowEnvironment) -> AsyncIterator[World]:
    """The worker that most tests share."""
    async with world(environment) as made:
        yield made


@pytest.fixture(scope="session")
async def short(keys: KeyRing) -> AsyncIterator[World]:
    """A server that soon suggests to continue as new, with a worker."""
    async with temporal_server(keys, SHORT) as environment, world(environment) as made:
        yield made


@pytest.fixture
def someone(shared: World) -> Someone:
    """Somebody who has not begun."""
    return shared.someone()
