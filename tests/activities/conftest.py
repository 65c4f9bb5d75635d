"""People in tenants of their own on the shared stack, and the activities' own connections."""

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from db import tenants
from db.pool import Database
from db.tenant import SIGN_IN
from runtime.settings import Settings
from tests.db.full import empty
from tests.db.given import Person, register


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A pool like the worker's."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=1, max_size=8)
    yield database
    await database.close()


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
async def people(database: Database, admin: asyncpg.Connection) -> AsyncIterator[list[Person]]:
    """Five people of one tenant, gone again afterwards: the sweeps of other tests go over all tenants."""
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "A tenant")
        people = [await register(conn, tenant.id) for _ in range(5)]
    yield people
    await empty(admin, tenant.id)


@pytest.fixture
def person(people: list[Person]) -> Person:
    """One of them."""
    return people[0]
