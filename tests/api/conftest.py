"""Somebody new for each test."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import httpx
import pytest
import structlog

from cli.embedded import EmbeddedStack
from db.pool import Database
from runtime.settings import Settings
from runtime.telemetry import configure_logging
from tests.api.company import Company, found
from tests.api.team import Team, assembled
from tests.stack import Person, sign_up


@pytest.fixture
async def person(api: httpx.AsyncClient) -> Person:
    """Somebody who has just registered and signed in."""
    return await sign_up(api)


@pytest.fixture
async def other(api: httpx.AsyncClient) -> Person:
    """Somebody else."""
    return await sign_up(api)


@pytest.fixture(scope="session")
async def app_database(settings: Settings) -> AsyncIterator[Database]:
    """The database as the app has it, to prepare what no route does."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=0, max_size=4)
    yield database
    await database.close()


@pytest.fixture
async def company(api: httpx.AsyncClient, app_database: Database, settings: Settings) -> Company:
    """A tenant of its own, with an admin."""
    return await found(api, app_database, settings)


@pytest.fixture
async def rival(api: httpx.AsyncClient, app_database: Database, settings: Settings) -> Company:
    """Another tenant, with an admin."""
    return await found(api, app_database, settings)


@pytest.fixture
async def team(company: Company) -> Team:
    """A tenant of its own, with people of each role."""
    return await assembled(company)


@pytest.fixture
async def admin_sql(stack: EmbeddedStack) -> AsyncIterator[Callable[..., Awaitable[object]]]:
    """SQL as a superuser, whom no policy binds: for what only time or another process does."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection.execute
    await connection.close()


@pytest.fixture
async def notified(stack: EmbeddedStack) -> AsyncIterator[Callable[[Person], Awaitable[list[str]]]]:
    """The kinds of what somebody was notified of."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))

    async def of(person: Person) -> list[str]:
        rows = await connection.fetch("SELECT kind FROM notifications WHERE user_id = $1", person.id)
        return [row["kind"] for row in rows]

    yield of
    await connection.close()


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What API and worker, which both run here, log: every level, every logger."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{self.format(record)} {record.__dict__}")

    handler, root = Keeping(), logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logging("debug")
    # The loggers of modules outlive this test: they must not keep this configuration.
    structlog.configure(**{**structlog.get_config(), "cache_logger_on_first_use": False})
    root.handlers[:] = [handler]
    yield lines
    root.handlers[:], root.level = before
    structlog.reset_defaults()
