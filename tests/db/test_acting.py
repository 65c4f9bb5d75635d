"""A caller in the middle of a request is asked again at the beginning of each transaction."""

import asyncio
import random
import uuid
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg
import pytest
from msgspec.structs import replace

from db import refused_tokens, sessions
from db.pool import Database
from db.tenant import Acting, CallerChanged, Deactivated, RoleChanged, SignedOut
from onboarding.access import Role
from tests.db.given import Person


async def signed_in(database: Database, person: Person) -> Acting:
    """Them, with a session."""
    session_id = str(uuid.uuid4())
    async with database.transaction(person.caller()) as conn:
        await sessions.begin(
            conn,
            id=session_id,
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            lifetime_seconds=60,
            user_agent=None,
            address=None,
            now=datetime.now(UTC),
        )
    return Acting(tenant_id=person.tenant_id, user_id=person.user_id, role=Role.USER, session_id=session_id)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("UPDATE users SET is_active = false WHERE id = $1", Deactivated),
        ("UPDATE users SET role = 'manager' WHERE id = $1", RoleChanged),
        ("UPDATE sessions SET ended_at = now(), ended_because = 'logout' WHERE user_id = $1", SignedOut),
        ("DELETE FROM sessions WHERE user_id = $1", SignedOut),
        ("DELETE FROM users WHERE id = $1", SignedOut),
    ],
)
async def test_who_has_changed(
    database: Database, admin: asyncpg.Connection, person: Person, query: str, error: type[CallerChanged]
) -> None:
    """No transaction begins for who was made inactive, given another role, signed out or erased meanwhile."""
    acting = await signed_in(database, person)
    async with database.transaction(acting) as conn:
        assert await conn.fetchval("SELECT count(*) FROM users") == 1
    await admin.execute(query, person.user_id)
    with pytest.raises(error):
        async with database.transaction(acting):
            raise AssertionError("it has begun")


async def test_a_token_without_a_session(database: Database, person: Person) -> None:
    """A token of another issuer counts until it was signed out with."""
    digest = uuid.uuid4().bytes
    acting = Acting(tenant_id=person.tenant_id, user_id=person.user_id, role=Role.USER, token_digest=digest)
    async with database.transaction(acting) as conn:
        await refused_tokens.refuse(
            conn, digest=digest, tenant_id=person.tenant_id, user_id=person.user_id, until=datetime.now(UTC)
        )
    with pytest.raises(SignedOut):
        async with database.transaction(acting):
            raise AssertionError("it has begun")
    async with database.transaction(replace(acting, token_digest=uuid.uuid4().bytes)) as conn:
        assert await conn.fetchval("SELECT count(*) FROM users") == 1


async def test_a_session_of_somebody_else(database: Database, person: Person, colleague: Person) -> None:
    """Another person's session is none of theirs."""
    acting = await signed_in(database, colleague)
    with pytest.raises(SignedOut):
        async with database.transaction(replace(acting, user_id=person.user_id)):
            raise AssertionError("it has begun")


async def test_a_refusal_costs_no_connection(app_url: str, person: Person) -> None:
    """The connection that heard the refusal goes on, and knows nobody."""
    database = await Database.open(app_url, min_size=1, max_size=1)
    try:
        async with database.autocommit() as conn:
            pid = await conn.fetchval("SELECT pg_backend_pid()")
        gone = Acting(tenant_id=person.tenant_id, user_id=str(uuid.uuid4()), role=Role.USER)
        for _ in range(3):
            with pytest.raises(SignedOut):
                async with database.transaction(gone):
                    raise AssertionError("it has begun")
        async with database.autocommit() as conn:
            assert await conn.fetchval("SELECT pg_backend_pid()") == pid
            assert await conn.fetchval("SELECT count(*) FROM users") == 0
    finally:
        await database.close()


async def test_a_refusal_that_is_cancelled(app_url: str, person: Person) -> None:
    """Whoever gives up at any moment of a refusal leaves the pool whole."""
    database = await Database.open(app_url, min_size=1, max_size=2)
    gone = Acting(tenant_id=person.tenant_id, user_id=str(uuid.uuid4()), role=Role.USER)

    async def ask() -> None:
        async with database.transaction(gone):
            raise AssertionError("it has begun")

    chance = random.Random(1)
    try:
        for _ in range(300):
            asking = asyncio.create_task(ask())
            await asyncio.sleep(chance.random() * 0.003)
            asking.cancel()
            with suppress(asyncio.CancelledError, SignedOut):
                await asking
        async with asyncio.timeout(30):
            await asyncio.gather(*(database.ping() for _ in range(4)))
    finally:
        await database.close()
