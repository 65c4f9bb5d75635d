"""Counts of events: whatever is written, they are what counting the events gives, and nobody waits for them."""

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from db import dashboard, events, migrate
from db.pool import Database
from db.tenant import SIGN_IN, Context, Internal, ingest, monitor, operator, sweeper
from onboarding.access import Role
from onboarding.monitoring import LEVELS
from onboarding.windows import DAY, HOUR, Window, unit_of
from tests.db.full import empty
from tests.db.given import Person
from tests.db.test_migrations import empty_database

NOW = datetime(2026, 3, 20, 17, 42, 11, 5, tzinfo=UTC)
SOURCES = ("aws.guardduty", "aws.health", "monitoring.api", "gangway.ai")
ACCOUNTS = ("111111111111", "222222222222", None)
_RECOUNT = """
SELECT coalesce(sum(critical + high + medium + low + unknown), 0) FROM event_counts
WHERE tenant_id = $1 AND grain = $2
"""
_ONE = (
    "INSERT INTO events (tenant_id, source, detail_type, severity, severity_level) VALUES ($1, $2, 'x', 'low', 1)"
)


async def add(admin: asyncpg.Connection, chance: random.Random, tenant_id: str, count: int) -> None:
    """So many events of the last 40 days, in one statement."""
    rows = [
        (
            *(uuid.UUID(int=chance.getrandbits(128)), tenant_id, chance.choice(SOURCES), chance.choice(ACCOUNTS)),
            *(LEVELS[level := chance.randint(0, 5)], level, NOW - chance.random() * 40 * DAY),
        )
        for _ in range(count)
    ]
    await admin.executemany(
        """
        INSERT INTO events (id, tenant_id, source, account, severity, severity_level, created_at, detail_type)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'x')
        """,
        rows,
    )


async def agree(database: Database, admin: asyncpg.Connection, person: Person, window: Window) -> None:
    """What the dashboard counts in a window is a recount of the events."""
    unit = unit_of(window.since or NOW - 50 * DAY, window.until or NOW)
    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        sums = await dashboard.events(conn, person.tenant_id, window, unit)
        recent = await dashboard.recent_events(conn, person.tenant_id, window)
    rows = await admin.fetch(
        """
        SELECT id::text, source, coalesce(account, '') AS account, severity, created_at,
          date_trunc($4, created_at, 'UTC') AS at
        FROM events WHERE tenant_id = $1 AND deleted_at IS NULL
          AND created_at >= coalesce($2::timestamptz, '-infinity')
          AND created_at < coalesce($3::timestamptz, 'infinity')
        ORDER BY events.created_at DESC, events.id DESC
        """,
        person.tenant_id,
        window.since,
        window.until,
        unit,
    )
    for name in ("source", "account", "at"):
        found = {getattr(each, name): each.by_severity for each in sums if getattr(each, name) is not None}
        assert {
            (value, severity): count
            for value, by_severity in found.items()
            for severity, count in by_severity.items()
            if count
        } == _counted([(row[name], row["severity"]) for row in rows])
    assert [each.id for each in recent] == [row["id"] for row in rows[:10]]


def _counted(pairs: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    return {pair: pairs.count(pair) for pair in set(pairs)}


WINDOWS = [
    Window(),
    Window(since=NOW - DAY),
    Window(since=NOW - 7 * DAY),
    Window(since=NOW - 30 * DAY),
    Window(since=NOW - 30 * DAY, until=NOW - 3 * DAY),
    Window(since=NOW - 2 * HOUR, until=NOW - HOUR),
    Window(since=NOW - 20 * timedelta(minutes=1), until=NOW),
    Window(since=NOW.replace(hour=0, minute=0, second=0, microsecond=0) - 5 * DAY),
    Window(since=NOW - 400 * DAY, until=NOW - 300 * DAY),
]


async def test_whatever_happens_it_is_a_recount(
    database: Database, admin: asyncpg.Connection, person: Person, stranger: Person
) -> None:
    """After events were added, deleted softly, taken back, acknowledged and purged, every window agrees."""
    chance = random.Random(3)
    for tenant in (person, stranger):
        await add(admin, chance, tenant.tenant_id, 300)
    some = "SELECT id FROM events WHERE tenant_id = $1 AND get_byte(uuid_send(id), 3) < 60"
    for change in (
        f"UPDATE events SET deleted_at = now() WHERE id IN ({some})",
        f"UPDATE events SET acknowledged_at = now(), notes = 'x' WHERE id IN ({some})",
        "UPDATE events SET deleted_at = NULL WHERE tenant_id = $1 AND get_byte(uuid_send(id), 3) < 30",
        "DELETE FROM events WHERE tenant_id = $1 AND get_byte(uuid_send(id), 4) < 40",
    ):
        await admin.execute(change, person.tenant_id)
        for window in WINDOWS:
            await agree(database, admin, person, window)
    for window in WINDOWS:
        await agree(database, admin, stranger, window)


async def test_nothing_is_left_of_what_is_gone(
    database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """When the last event of an hour is purged there is no count of it any more, nor when a tenant goes."""
    chance = random.Random(6)
    await add(admin, chance, person.tenant_id, 100)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await conn.execute("DELETE FROM events") == "DELETE 100"
    rows = "SELECT count(*) FROM event_counts WHERE tenant_id = $1"
    assert await admin.fetchval(rows, person.tenant_id) == 0
    await add(admin, chance, person.tenant_id, 100)
    await empty(admin, person.tenant_id)
    assert await admin.fetchval(rows, person.tenant_id) == 0


async def test_a_tenant_goes_whatever_goes_first(admin: asyncpg.Connection, person: Person) -> None:
    """A tenant whose counts are deleted before its events, as after a restore, can be deleted too."""
    await add(admin, random.Random(8), person.tenant_id, 50)
    await admin.execute("DELETE FROM event_counts WHERE tenant_id = $1", person.tenant_id)
    await empty(admin, person.tenant_id)
    assert not await admin.fetchval("SELECT EXISTS (SELECT FROM tenants WHERE id = $1)", person.tenant_id)


async def test_nobody_waits(database: Database, person: Person) -> None:
    """Transactions that write events of the same hour at once go on side by side, and the sum is right."""
    writing, written = 8, asyncio.Barrier(8)

    async def write() -> None:
        async with database.transaction(ingest(person.tenant_id)) as conn:
            await conn.execute("SET LOCAL lock_timeout = '10s'")
            for _ in range(3):
                await conn.execute(_ONE, person.tenant_id, "aws.x")
            # All of them have written and nobody has committed: whoever waited for a lock would still be waiting.
            await asyncio.wait_for(written.wait(), 25)
            await conn.execute(_ONE, person.tenant_id, "aws.y")

    async def total(grain: str) -> int:
        async with database.transaction(person.caller()) as conn:
            return await conn.fetchval(_RECOUNT, person.tenant_id, grain)

    await asyncio.gather(*(write() for _ in range(writing)))
    assert [await total(grain) for grain in ("hour", "day")] == [4 * writing] * 2
    async with database.transaction(ingest(person.tenant_id)) as conn:
        await conn.execute(_ONE, person.tenant_id, "aws.x")
    async with database.transaction(person.caller()) as conn:
        slots = "SELECT count(*) FROM event_counts WHERE tenant_id = $1 AND grain = 'day' AND source = 'aws.x'"
        assert await conn.fetchval(slots, person.tenant_id) == 1, "the next writer makes one of all slots"
    assert await total("day") == 4 * writing + 1


async def test_what_is_rolled_back_never_counted(database: Database, person: Person) -> None:
    """An event whose transaction fails is in no count."""

    async def fail() -> None:
        async with database.transaction(ingest(person.tenant_id)) as conn:
            await conn.execute(_ONE, person.tenant_id, "aws.x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction(person.caller()) as conn:
        assert await conn.fetchval(_RECOUNT, person.tenant_id, "day") == 0


async def test_everybody_who_writes_events_is_counted(database: Database, person: Person) -> None:
    """Whoever adds an event in whatever role counts it, and goes on in that role."""
    tenant_id = person.tenant_id
    contexts: list[Context] = [
        *(person.caller(role) for role in Role),
        *(SIGN_IN, operator(tenant_id), ingest(tenant_id), monitor(tenant_id), sweeper(tenant_id)),
        Internal(role="issuer", tenant_id=tenant_id),
        Internal(role="eraser", tenant_id=tenant_id, user_id=person.user_id),
    ]
    for context in contexts:
        async with database.transaction(context) as conn:
            await events.note(
                conn, tenant_id=tenant_id, source="gangway.auth", detail_type="x", severity="low", detail={}
            )
            assert await conn.fetchval("SELECT current_setting('app.role')") == str(context.role)
    async with database.transaction(person.caller()) as conn:
        assert await conn.fetchval(_RECOUNT, tenant_id, "hour") == len(contexts)


async def test_the_app_cannot_write_counts(database: Database, person: Person) -> None:
    """Counts follow from events alone: nobody writes, changes or deletes one, whatever role they claim."""

    async def forge(role: str, statement: str, *arguments: str) -> None:
        async with database.transaction(person.caller(Role.ADMIN)) as conn:
            await conn.execute(f"SET LOCAL app.role = '{role}'")
            await conn.execute(statement, *arguments)

    for role in ("admin", "sweeper", "counter"):
        for statement, *arguments in (
            (
                "INSERT INTO event_counts VALUES ($1, 'day', now(), 'x', '', uuidv7(), 1, 1, 1, 1, 1)",
                person.tenant_id,
            ),
            ("UPDATE event_counts SET low = 0",),
            ("DELETE FROM event_counts",),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await forge(role, statement, *arguments)


async def test_many_sources_are_bounded(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Of more sources than anybody looks at, the most frequent are told; what is of no account always is."""
    await admin.execute(
        """
        INSERT INTO events (tenant_id, source, detail_type, severity, severity_level, account)
        SELECT $1, 'aws.' || n, 'x', 'low', 1, lpad(n::text, 12, '0')
        FROM generate_series(1, 150) AS n, generate_series(1, 2)
        """,
        person.tenant_id,
    )
    async with database.transaction(ingest(person.tenant_id)) as conn:
        await conn.execute(_ONE, person.tenant_id, "aws.1")
    async with database.transaction(person.caller()) as conn:
        sums = await dashboard.events(conn, person.tenant_id, Window(), "day")
    sources = [each for each in sums if each.source is not None]
    assert len(sources) == dashboard.MOST_NAMES
    assert sources[0].source == "aws.1"
    assert {each.total for each in sources[1:]} == {2}
    accounts = [each.account for each in sums if each.account is not None]
    assert (len(accounts), "" in accounts) == (dashboard.MOST_NAMES + 1, True)
    assert sum(each.total for each in sums if each.at) == 301


async def test_events_from_before_are_counted(stack: EmbeddedStack) -> None:
    """The migration counts the events that there are, but for those that were deleted."""
    async with empty_database(stack) as urls:
        await migrate.migrate(urls["gangway_owner"])
        steps = [name for name, _ in await migrate.status(urls["gangway_owner"])]
        await migrate.rollback(urls["gangway_owner"], len(steps) - steps.index("0018_counts"))
        admin = await asyncpg.connect(urls["gangway_admin"])
        tenant_id = await admin.fetchval(
            "INSERT INTO tenants (external_id, name) VALUES ('x', 'x') RETURNING id::text"
        )
        await add(admin, random.Random(2), tenant_id, 60)
        await admin.execute("UPDATE events SET deleted_at = now() WHERE id IN (SELECT id FROM events LIMIT 20)")
        await migrate.migrate(urls["gangway_owner"])
        assert [await admin.fetchval(_RECOUNT, tenant_id, grain) for grain in ("hour", "day")] == [40, 40]
        await admin.close()
