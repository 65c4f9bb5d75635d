"""One `gangway dev` for all tests here, and people who answer on it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from temporalio.client import Client

from cli.data_keys import data_keys
from cli.embedded import local_client
from db.pool import Database
from runtime.temporal import connect
from tests.bench.people import People
from tests.bench.stack import Stack
from tests.chaos.ledger import Ledger
from tests.connected import leading_to
from tests.providers import Providers, providers

Opening = Callable[[], Awaitable[Ledger]]


@pytest.fixture(scope="session")
async def fake() -> AsyncIterator[Providers]:
    """Mailboxes and accounting, which survive."""
    async with providers() as fake:
        yield fake


@pytest.fixture(scope="session")
async def dev(tmp_path_factory: pytest.TempPathFactory, fake: Providers) -> AsyncIterator[Stack]:
    """The stack as a person starts it, in a process of its own; tests kill its parts."""
    async with Stack(tmp_path_factory.mktemp("chaos"), **leading_to(fake)) as stack:
        yield stack


@pytest.fixture(scope="session")
async def rows(dev: Stack) -> AsyncIterator[Database]:
    """What the database says."""
    assert dev.settings.database_url
    database = await Database.open(dev.settings.database_url, min_size=0, max_size=4)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def workflows(dev: Stack) -> AsyncIterator[Client]:
    """What Temporal says."""
    async with data_keys(dev.settings) as keys:
        yield await connect(dev.settings, keys)


@pytest.fixture
async def http(dev: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API."""
    limits = httpx.Limits(max_keepalive_connections=0)  # a killed server leaves connections behind
    async with local_client(base_url=dev.url, timeout=20.0, limits=limits) as client:
        yield client


@pytest.fixture
async def opened(dev: Stack, http: httpx.AsyncClient, rows: Database, workflows: Client) -> Opening:
    """Makes a person whose run has its first three states answered."""

    async def make() -> Ledger:
        person = (await People(dev.settings).new(1))[0]
        ledger = Ledger(person, http, rows, workflows)
        await ledger.open()
        return ledger

    return make
