"""One embedded stack for the tests that look at its servers."""

from collections.abc import AsyncIterator

import pytest

from cli.embedded import EmbeddedStack, with_free_ports
from runtime.settings import Settings


@pytest.fixture(scope="session")
async def cli_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """PostgreSQL, Temporal and S3 on free ports; tests here may kill them, and start them again."""
    home = tmp_path_factory.mktemp("stack")
    settings = with_free_ports(Settings())
    async with EmbeddedStack(home=home, settings=settings, search_attributes=["GangwayState=Int"]) as stack:
        yield stack
