"""How often models may be asked: buckets that fill up again, of a person and of their tenant."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from db import ai_rates
from db.ai_rates import Taken
from db.pool import Database
from onboarding.ai_limits import RATES

BURSTS = [("chat", 10), ("suggestions", 20), ("industry", 20), ("photo", 30), ("scan", 30)]


CLOCK = """
CREATE SCHEMA still;
CREATE FUNCTION still.clock_timestamp() RETURNS timestamptz STABLE RETURN timestamptz '2026-05-01 12:00Z';
GRANT USAGE ON SCHEMA still TO gangway_app;
"""


@pytest.fixture(scope="module")
async def database(stack: EmbeddedStack, app_url: str) -> AsyncIterator[Database]:
    """A pool in which the clock stands still: buckets fill up when a test lets time pass, and not meanwhile."""
    superuser = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await superuser.execute(CLOCK)
    still = f"{app_url}&search_path=still,pg_catalog,public"
    database = await Database.open(still, min_size=1, max_size=12, timeout=30)
    yield database
    await database.close()
    await superuser.execute("DROP SCHEMA still CASCADE")
    await superuser.close()


def an_id() -> str:
    return str(uuid.uuid4())


async def taken(database: Database, tenant_id: str, user_id: str, purpose: str, times: int) -> list[Taken]:
    """Take so often at the same time."""
    calls = (ai_rates.take(database, tenant_id, user_id, purpose) for _ in range(times))
    return list(await asyncio.gather(*calls))


async def age(admin: asyncpg.Connection, tenant_id: str, user_id: str, seconds: float) -> None:
    """Let time pass for both buckets."""
    await admin.execute(
        """
        UPDATE ai_rates SET at = at - make_interval(secs => $3)
        WHERE bucket LIKE '%' || $1 OR bucket LIKE '%' || $2
        """,
        tenant_id,
        user_id,
        seconds,
    )


@pytest.mark.parametrize(("purpose", "burst"), BURSTS)
async def test_a_burst(database: Database, purpose: str, burst: int) -> None:
    """Of many at once a bucketful is let through, and the next is told when to come again."""
    tenant_id, user_id = an_id(), an_id()
    results = await taken(database, tenant_id, user_id, purpose, burst + 5)
    assert sum(each.ok for each in results) == burst
    refused = [each for each in results if not each.ok]
    rate = refused[0].rate
    assert {each.remaining for each in refused} == {0}
    assert all(0 < each.retry_after_seconds <= rate.window_seconds / rate.calls for each in refused)
    # Other kinds of calls have buckets of their own, an industry that of the suggestions.
    alike = {"suggestions", "industry"}
    others = {name for name, _ in BURSTS} - (alike if purpose in alike else {purpose})
    for other in others:
        assert (await ai_rates.take(database, tenant_id, user_id, other)).ok


async def test_it_fills_up(database: Database, admin: asyncpg.Connection) -> None:
    """With time come calls, as many as the rate says and never more than a bucketful."""
    tenant_id, user_id = an_id(), an_id()
    await taken(database, tenant_id, user_id, "suggestions", 20)
    empty = await ai_rates.take(database, tenant_id, user_id, "suggestions")
    assert (empty.ok, empty.retry_after_seconds, empty.reset_seconds) == (False, 180, 3600)
    await age(admin, tenant_id, user_id, 180 * 3)
    assert sum(each.ok for each in await taken(database, tenant_id, user_id, "suggestions", 5)) == 3
    await age(admin, tenant_id, user_id, 1_000_000)
    assert sum(each.ok for each in await taken(database, tenant_id, user_id, "suggestions", 25)) == 20


async def test_a_tenant_has_five_times_as_much(database: Database) -> None:
    """The sixth person finds the tenant's bucket empty, and nothing is taken out of their own."""
    tenant_id, people = an_id(), [an_id() for _ in range(6)]
    for user_id in people[:5]:
        assert all(each.ok for each in await taken(database, tenant_id, user_id, "suggestions", 20))
    for _ in range(3):
        sixth = await ai_rates.take(database, tenant_id, people[5], "suggestions")
        assert (sixth.ok, sixth.remaining, sixth.reset_seconds) == (False, 0, 0)
        assert sixth.retry_after_seconds == 36
    assert (await ai_rates.take(database, an_id(), people[5], "suggestions")).remaining == 19


async def test_a_refusal_takes_nothing(database: Database, admin: asyncpg.Connection) -> None:
    """Who goes on asking with an empty bucket does not empty the tenant's, and waits no longer for it."""
    tenant_id, user_id = an_id(), an_id()
    await taken(database, tenant_id, user_id, "suggestions", 60)
    left = "SELECT tokens FROM ai_rates WHERE bucket = 'suggestions/tenant/' || $1"
    assert round(await admin.fetchval(left, tenant_id)) == 80
    assert (await ai_rates.take(database, tenant_id, user_id, "suggestions")).retry_after_seconds == 180


async def test_given_back(database: Database, admin: asyncpg.Connection) -> None:
    """A call that came to nothing is given back to both, and a full bucket does not run over."""
    tenant_id, user_id = an_id(), an_id()
    await taken(database, tenant_id, user_id, "suggestions", 20)
    await ai_rates.give_back(database, tenant_id, user_id, "suggestions")
    again = await ai_rates.take(database, tenant_id, user_id, "suggestions")
    assert (again.ok, again.remaining) == (True, 0)
    for _ in range(25):
        await ai_rates.give_back(database, tenant_id, user_id, "suggestions")
    assert sum(each.ok for each in await taken(database, tenant_id, user_id, "suggestions", 25)) == 20
    left = "SELECT tokens FROM ai_rates WHERE bucket = 'suggestions/tenant/' || $1"
    assert round(await admin.fetchval(left, tenant_id)) == 80


async def test_a_look_takes_nothing(database: Database, admin: asyncpg.Connection) -> None:
    """Where somebody stands can be asked as often as one likes, and makes no bucket."""
    tenant_id, user_id = an_id(), an_id()
    fresh = await ai_rates.peek(database, tenant_id, user_id)
    assert {name: each.remaining for name, each in fresh.items()} == {
        "chat": 10,
        "suggestions": 20,
        "photo": 30,
        "scan": 30,
    }
    assert {each.reset_seconds for each in fresh.values()} == {0}
    count = "SELECT count(*) FROM ai_rates WHERE bucket LIKE '%' || $1"
    assert await admin.fetchval(count, user_id) == 0
    await taken(database, tenant_id, user_id, "industry", 3)
    for _ in range(3):
        standing = (await ai_rates.peek(database, tenant_id, user_id))["suggestions"]
        assert (standing.remaining, standing.reset_seconds, standing.rate) == (17, 540, RATES["suggestions"])


async def test_what_is_full_is_forgotten(database: Database, admin: asyncpg.Connection) -> None:
    """Buckets that nobody took from for long go, a page at most, and others stay."""
    tenant_id, old, new = an_id(), an_id(), an_id()
    for user_id in (old, new):
        await ai_rates.take(database, tenant_id, user_id, "chat")
    await admin.execute(
        """
        UPDATE ai_rates SET at = at - interval '2 hours'
        WHERE bucket IN ('chat/user/' || $1, 'chat/tenant/' || $2)
        """,
        old,
        tenant_id,
    )
    async with database.autocommit() as conn:
        assert await ai_rates.forget(conn, 3600, limit=1) == 1
        assert await ai_rates.forget(conn, 3600) >= 1
    left = await admin.fetch(
        "SELECT bucket FROM ai_rates WHERE bucket = ANY($1)", [f"chat/user/{old}", f"chat/user/{new}"]
    )
    assert [row[0] for row in left] == [f"chat/user/{new}"]


async def test_an_unknown_purpose(database: Database) -> None:
    """What has no limit is not let through by mistake."""
    with pytest.raises(KeyError):
        await ai_rates.take(database, an_id(), an_id(), "everything")
