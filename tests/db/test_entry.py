"""The count and the caller of every request."""

import asyncio
import uuid

import asyncpg

from db import entry
from db.pool import Database
from onboarding.access import Role
from tests.db.given import Person


async def test_enter(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """One call counts and tells what the row says now, not what a token said when it was issued."""
    first = await entry.enter(database, person.tenant_id, person.user_id, 2)
    assert (first.hits, first.limit, first.exceeded, first.remaining) == (1, 2, False, 1)
    assert 0 < first.reset_seconds <= 60
    assert (first.found, first.is_active, first.role) == (True, True, Role.USER)
    assert (first.timezone, first.locale, first.default_flow) == ("UTC", "en", "fitness")
    assert not first.onboarding_completed
    await admin.execute("UPDATE users SET is_active = false, role = 'manager' WHERE id = $1", person.user_id)
    second = await entry.enter(database, person.tenant_id, person.user_id, 1)
    assert (second.hits, second.exceeded, second.remaining) == (2, True, 0)
    assert (second.is_active, second.role) == (False, Role.MANAGER)


async def test_who_is_not_there(database: Database, person: Person, stranger: Person) -> None:
    """Nobody is found under an unknown id, nor under another tenant's."""
    assert not (await entry.enter(database, person.tenant_id, str(uuid.uuid4()), 1)).found
    assert not (await entry.enter(database, stranger.tenant_id, person.user_id, 1)).found


async def test_the_context_ends_with_the_call(app_url: str, person: Person) -> None:
    """After the call the connection knows nobody."""
    database = await Database.open(app_url, min_size=1, max_size=1)
    try:
        assert (await entry.enter(database, person.tenant_id, person.user_id, 1)).found
        async with database.autocommit() as conn:
            assert await conn.fetchval("SELECT count(*) FROM users") == 0
    finally:
        await database.close()


async def test_exact_under_concurrency(database: Database) -> None:
    """Thirty at once are counted as thirty, each with a number of its own."""
    bucket = f"test/{uuid.uuid4()}"
    counts = await asyncio.gather(*(entry.count(database, bucket, 20) for _ in range(30)))
    assert sorted(each.hits for each in counts) == list(range(1, 31))
    assert sum(each.exceeded for each in counts) == 10


async def test_windows_end(database: Database, admin: asyncpg.Connection) -> None:
    """A window that is over begins anew, and old counts can be forgotten."""
    bucket = f"test/{uuid.uuid4()}"
    await entry.count(database, bucket, 20)
    await entry.count(database, bucket, 20)
    age = "UPDATE rate_counters SET window_start = window_start - interval '61 seconds' WHERE bucket = $1"
    await admin.execute(age, bucket)
    assert (await entry.count(database, bucket, 20)).hits == 1
    await admin.execute(age, bucket)
    async with database.autocommit() as conn:
        assert await entry.forget(conn, 60) >= 1
    assert await admin.fetchval("SELECT count(*) FROM rate_counters WHERE bucket = $1", bucket) == 0
