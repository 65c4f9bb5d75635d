"""What keeps connections in order when nobody else does: lives that are gone, consents that came to nothing."""

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.connections import Connections
from activities.refreshing import Refresher
from db import sweeps
from db.pool import Database
from db.tenant import sweeper
from onboarding.payloads import ConnectionRef, ConnectionSweep
from runtime.addresses import connection_workflow_id
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.activities.connected import Row, connected
from tests.db.given import Person
from tests.providers import Providers, providers


@pytest.fixture
async def fake() -> AsyncIterator[Providers]:
    """The providers."""
    async with providers() as fake:
        yield fake


@pytest.fixture
def connections(
    database: Database, keys: Keys, settings: Settings, fake: Providers, temporal: Client
) -> Connections:
    """The activities."""
    leading = fake.set(settings)
    return Connections(database, keys, leading, Refresher(database, keys, leading), temporal)


async def life(temporal: Client, ref: ConnectionRef) -> str | None:
    """The execution that looks after a connection; None when there is none."""
    id = connection_workflow_id(ref.tenant_id, ref.connection_id)
    try:
        return (await temporal.get_workflow_handle(id).describe()).run_id
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


async def test_lives_that_are_gone(
    database: Database,
    admin: asyncpg.Connection,
    keys: Keys,
    settings: Settings,
    fake: Providers,
    temporal: Client,
    people: list[Person],
    connections: Connections,
) -> None:
    """A connection whose token ran out a while ago is looked after again; one that is looked after is left alone,
    and so are those whose token lasts, or which wait for somebody.
    """
    leading = fake.set(settings)
    refs = [await connected(database, keys, fake, leading, each, "xero") for each in people[:3]]
    overdue, lasting, waiting = refs
    await Row(admin, overdue).expires_in(-1000)
    await Row(admin, lasting).expires_in(-100)
    await Row(admin, waiting).expires_in(-1000)
    change = "UPDATE connections SET status = 'reauth_required' WHERE id = $1"
    await admin.execute(change, waiting.connection_id)
    environment = ActivityEnvironment()
    await environment.run(connections.resume_connections, ConnectionSweep())
    first = await life(temporal, overdue)
    await environment.run(connections.resume_connections, ConnectionSweep())
    found = [await life(temporal, ref) for ref in refs]
    await temporal.get_workflow_handle(
        connection_workflow_id(overdue.tenant_id, overdue.connection_id)
    ).terminate()
    assert first is not None
    assert found == [first, None, None]


async def test_consents_that_came_to_nothing(
    database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """A consent that nobody can come back to any more is deleted with what was sealed for it."""
    insert = """
        INSERT INTO consents
          (id, tenant_id, user_id, provider, state_hash, browser_hash, sealed_verifier, return_to, expires_at)
        VALUES ($1, $2, $3, 'xero', $4, $4, '[]', '/', now() - $5::integer * interval '1 minute')
    """
    old, fresh = uuid.uuid4(), uuid.uuid4()
    for id, minutes in ((old, 70), (fresh, 30)):
        await admin.execute(insert, id, person.tenant_id, person.user_id, id.bytes * 2, minutes)
    async with database.transaction(sweeper(person.tenant_id)) as connection:
        assert await sweeps.forget_consents(connection, limit=10) == 1
    left = await admin.fetch("SELECT id FROM consents WHERE user_id = $1", person.user_id)
    assert [row["id"] for row in left] == [fresh]
