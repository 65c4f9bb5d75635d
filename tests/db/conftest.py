"""One PostgreSQL for all tests here, and for each test a tenant and people of its own."""

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from db import tenants
from db.migrate import migrate
from db.pool import Database
from db.tenant import SIGN_IN
from runtime.settings import Settings
from tests.db.given import Person, register


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """PostgreSQL alone, migrated."""
    home = tmp_path_factory.mktemp("db")
    async with EmbeddedStack(home=home, settings=Settings(), services={"postgres"}, durable=False) as stack:
        await migrate(stack.postgres.url("gangway_owner"))
        yield stack


@pytest.fixture(scope="session")
def app_url(stack: EmbeddedStack) -> str:
    """How the processes connect."""
    return stack.postgres.url("gangway_app")


@pytest.fixture(scope="session")
async def database(app_url: str) -> AsyncIterator[Database]:
    """The pool that most tests share."""
    database = await Database.open(app_url, min_size=1, max_size=12, timeout=30)
    yield database
    await database.close()


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds: to look at what is really there."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
async def person(database: Database) -> Person:
    """Somebody in a tenant of their own."""
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "A tenant")
        return await register(conn, tenant.id)


@pytest.fixture
async def colleague(database: Database, person: Person) -> Person:
    """Somebody else in the same tenant."""
    async with database.transaction(SIGN_IN) as conn:
        return await register(conn, person.tenant_id)


@pytest.fixture
async def stranger(database: Database) -> Person:
    """Somebody in another tenant."""
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "Another tenant")
        return await register(conn, tenant.id)
