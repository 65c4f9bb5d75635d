"""People for the tests that send requests."""

import httpx
import pytest

from tests.stack import Person, sign_up


@pytest.fixture(scope="module")
async def newcomer(api: httpx.AsyncClient) -> Person:
    """Somebody with a run in its middle."""
    person = await sign_up(api)
    await person.saved_until(3)
    return person


@pytest.fixture(scope="module")
async def veteran(api: httpx.AsyncClient) -> Person:
    """Somebody with a profile."""
    person = await sign_up(api)
    await person.completed()
    return person
