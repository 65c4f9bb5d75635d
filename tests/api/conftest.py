"""Somebody new for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx
import pytest

from cli.embedded import EmbeddedStack
from db.pool import Database
from runtime.settings import Settings
from tests.api.company import Company, found
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
async def admin_sql(stack: EmbeddedStack) -> AsyncIterator[Callable[..., Awaitable[object]]]:
    """SQL as a superuser, whom no policy binds: for what only time or another process does."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection.execute
    await connection.close()
