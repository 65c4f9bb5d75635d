"""One embedded stack for all tests of a session, with a worker and the application on it."""

from runtime.garbage import keep_all

# isort: split
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from temporalio.client import Client

from cli.data_keys import data_keys
from cli.embedded import EmbeddedStack, ports, with_free_ports
from cli.local_stack import search_attributes
from runtime.ending import leave
from runtime.settings import Settings

if TYPE_CHECKING:
    from runtime.encryption import Keys

ENDED = pytest.StashKey[int]()

LONG = (
    *("tests/chaos/", "tests/cli/", "tests/contracts/", "tests/db/test_mutations.py", "tests/replay/"),
    *("tests/journeys/", "tests/workflows/", "tests/activities/"),
)
"""The files that take longest: processes that share the files take the short ones last, and end together."""


def pytest_configure(config: pytest.Config) -> None:
    """Ports of its own for each process that shares the tests: one that is free may be taken before it is used."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        number, count = int(worker["workerid"].removeprefix("gw")), int(worker["workercount"])
        name = "_NOT_GIVEN_OUT"
        setattr(ports, name, getattr(ports, name)[number::count])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """Thousands of tests and modules stay; no search for garbage walks through them."""
    keep_all()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep how it ended."""
    session.config.stash[ENDED] = exitstatus


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave once everything is said: a test run that passed must not be aborted on its way out."""
    if ENDED in config.stash:
        if not hasattr(config, "workerinput"):
            config.get_terminal_writer().flush()
        leave(config.stash[ENDED])


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """PostgreSQL, migrated, Temporal with the search attributes, and S3. Nobody may stop them."""
    from db.migrate import migrate

    home = tmp_path_factory.mktemp("gangway")
    async with EmbeddedStack(
        home=home,
        settings=with_free_ports(Settings()),
        search_attributes=search_attributes(),
        durable=False,
    ) as stack:
        await migrate(stack.postgres.url("gangway_owner"))
        yield stack


@pytest.fixture(scope="session")
async def ai_service() -> AsyncIterator[str]:
    """The address of the stand-in of the AI service."""
    from cli.ai_standin.app import StandinApp
    from tests.scan_service import listening

    async with listening(StandinApp()) as url:
        yield url


@pytest.fixture(scope="session")
def settings(stack: EmbeddedStack, ai_service: str) -> Settings:
    """Settings that lead to the stack."""
    from tests.stack import relaxed

    return relaxed(msgspec.structs.replace(stack.settings, ai_service_url=ai_service))


@pytest.fixture(scope="session")
async def keys(settings: Settings) -> "AsyncIterator[Keys]":
    """The data keys of the stack's database."""
    async with data_keys(settings) as keys:
        yield keys


@pytest.fixture(scope="session")
async def temporal(settings: Settings, keys: "Keys") -> Client:
    """A client of Temporal as the worker has it."""
    from runtime.temporal import connect
    from workflows.registry import WORKFLOWS

    return await connect(settings, keys, workflows=WORKFLOWS)


@pytest.fixture(scope="session")
async def worker(settings: Settings, temporal: Client, keys: "Keys") -> AsyncIterator[None]:
    """A worker of the real kind, in this process."""
    from activities.ai.ledger import Books
    from activities.ai.models import Models
    from db.pool import Database
    from worker.app import build_worker

    assert settings.database_url
    database = await Database.open(settings.database_url)
    books = Books(database, settings)
    async with (
        Models(settings, books) as models,
        build_worker(temporal, database, keys, books, models, settings),
    ):
        yield
    await database.close()


@pytest.fixture(scope="session")
async def api(settings: Settings, worker: None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application that has not signed in; everything behind it is real."""
    from tests.stack import application

    async with application(settings) as client:
        yield client


@pytest.fixture(scope="session")
async def server(settings: Settings, worker: None) -> AsyncIterator[str]:
    """The address of the application behind a real HTTP server."""
    from tests.stack import served

    async with served(settings) as address:
        yield address
