"""Events in pages: every filter, order and way through the indexes gives what a plain reading gives."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, get_args

import asyncpg
import pytest

from db import event_lists, events
from db.event_lists import Filter, Order, Spot, spot_of
from db.events import Event
from db.pool import Connection, Database
from db.tenant import sweeper
from onboarding.access import Role
from onboarding.monitoring import LEVELS
from tests.db.given import Person

NOW = datetime(2026, 5, 1, tzinfo=UTC)
NIL = str(uuid.UUID(int=0))
SOURCES, TYPES, REGIONS = ("aws.a", "aws.b"), ("X Finding", "Y"), ("eu-1", "us-1", None)
ACCOUNTS = ("111111111111", "222222222222", None)
WORDS = ("CPUUtilization", "needle i-0abc", "größe", "")
FILTERS = [
    Filter(),
    Filter(source="aws.a"),
    Filter(source="aws.b", detail_type="Y"),
    Filter(account="111111111111", region="us-1"),
    Filter(severities=("critical",)),
    Filter(severities=("low", "critical")),
    Filter(severities=("unknown", "high"), source="aws.a"),
    Filter(since=NOW + timedelta(minutes=10), until=NOW + timedelta(minutes=40)),
    Filter(since=NOW + timedelta(minutes=10), severities=("medium",)),
    Filter(since=NOW + timedelta(minutes=10), until=NOW + timedelta(minutes=40), source="aws.a", search="cpu"),
    Filter(search="cpu"),
    Filter(search="Need I-0"),
    Filter(search="find utilization", source="aws.a"),
    Filter(search="GRÖSSE"),
    Filter(search="Größ", severities=("critical", "high", "low")),
    Filter(search="nothing of this"),
    Filter(search="--- ..."),
    Filter(source="nobody"),
]


async def planted(admin: asyncpg.Connection, tenant_id: str, how_many: int = 120) -> None:
    """Events of all kinds at few moments, so that many share one; some deleted."""
    chance = random.Random(7)
    for n in range(how_many):
        level = chance.choice(list(LEVELS))
        await admin.execute(
            """
            INSERT INTO events (tenant_id, id, account, region, source, detail_type, detail, severity,
              severity_level, resources, published_at, created_at, deleted_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '[]', $10, $11, $12)
            """,
            tenant_id,
            uuid.UUID(int=chance.getrandbits(128) if n > 3 else (0, 1, 2**128 - 2, 2**128 - 1)[n]),
            chance.choice(ACCOUNTS),
            chance.choice(REGIONS),
            chance.choice(SOURCES),
            chance.choice(TYPES),
            json.dumps({"text": chance.choice(WORDS)}),
            LEVELS[level],
            level,
            NOW + timedelta(minutes=chance.randrange(20)),
            NOW + timedelta(minutes=chance.randrange(60) if n > 3 else (10, 40)[n % 2]),
            NOW if n % 10 == 5 else None,
        )


def fits(event: Event, which: Filter) -> bool:
    """Whether an event is one of those, by a reading of its own."""
    equal = all(
        getattr(which, name) in (None, getattr(event, name))
        for name in ("account", "region", "source", "detail_type")
    )
    dates = (which.since or NOW) <= event.created_at <= (which.until or NOW + timedelta(days=1))
    severity = not which.severities or event.severity in which.severities
    return equal and dates and severity and (which.search is None or _has(event, which.search))


def _has(event: Event, search: str) -> bool:
    """By words that stand here as they must be found."""
    text = f"{event.source} {event.detail_type} {event.account} {event.region} {event.detail['text']}"
    parts = text.replace("CPUUtilization", "CPUUtilization CPU Utilization").lower()
    words = "".join(c if c.isalnum() else " " for c in parts).split()
    asked = "".join(c if c.isalnum() else " " for c in search.lower()).split()
    return bool(asked) and all(any(word.startswith(each) for word in words) for each in asked)


def in_order(found: list[Event], order: Order) -> list[str]:
    """The ids as a list has them."""
    return [e.id for e in sorted(found, key=lambda e: _key(e, order), reverse=order.startswith("-"))]


def _key(event: Event, order: Order) -> tuple[Any, ...]:
    moment = event.published_at if order.endswith("published_at") else event.created_at
    return (event.severity_level if order.endswith("severity") else 0, moment, uuid.UUID(event.id).int)


async def walked(conn: Connection, tenant_id: str, which: Filter, order: Order, limit: int) -> list[str]:
    """All pages of a list."""
    ids: list[str] = []
    after: Spot | None = None
    while True:
        page = await event_lists.listed(conn, tenant_id, which, order, after=after, limit=limit)
        ids += [event.id for event in page.events]
        if not page.more:
            return ids
        after = spot_of(page.events[-1], order)


@pytest.mark.parametrize(("near", "few"), [(2000, 10_000), (9, 10_000), (9, 0)])
async def test_every_way_finds_the_same(
    database: Database,
    admin: asyncpg.Connection,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    near: int,
    few: int,
) -> None:
    """Each filter in each order, page by page, is what a plain reading gives, found near, by word or far away."""
    monkeypatch.setattr(event_lists, "NEAR", near)
    monkeypatch.setattr(event_lists, "FEW", few)
    await planted(admin, person.tenant_id)
    async with database.transaction(person.caller()) as conn:
        every = (await event_lists.listed(conn, person.tenant_id, Filter(), limit=1000)).events
        assert len(every) == 108
        for which, order in product(FILTERS, get_args(Order)):
            expected = in_order([event for event in every if fits(event, which)], order)
            assert await walked(conn, person.tenant_id, which, order, 7) == expected, (which, order)
            assert await event_lists.count(conn, person.tenant_id, which) == len(expected), which
    assert sum(bool([e for e in every if fits(e, which)]) for which in FILTERS) == len(FILTERS) - 4


async def test_a_cursor_beyond_the_dates(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A cursor that lies before the first date, or behind the last, leaves the dates as they are."""
    await planted(admin, person.tenant_id)
    which = Filter(since=NOW + timedelta(minutes=20), until=NOW + timedelta(minutes=30))
    async with database.transaction(person.caller()) as conn:
        for order in get_args(Order):
            whole = (await event_lists.listed(conn, person.tenant_id, which, order, limit=200)).events
            for minutes in (-60, 120):
                after = Spot(
                    level=5 if order == "-severity" else 0, moment=NOW + timedelta(minutes=minutes), id=NIL
                )
                page = await event_lists.listed(conn, person.tenant_id, which, order, after=after, limit=200)
                expected = [event for event in whole if _is_behind(event, after, order)]
                assert page.events == expected, (order, minutes)
    assert whole


async def test_pages_of_large_events(
    database: Database, admin: asyncpg.Connection, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page ends with the event that fills it, and so does what is related; the pages together have all."""
    await planted(admin, person.tenant_id)
    of = person.tenant_id, Filter()
    async with database.transaction(person.caller()) as conn:
        whole = await walked(conn, *of, "-created_at", 200)
        # A detail is `{"text": "..."}`, 12 bytes at least.
        monkeypatch.setattr(event_lists, "PAGE_BYTES", 1)
        first = await event_lists.listed(conn, *of, limit=50)
        assert ([event.id for event in first.events], first.more) == (whole[:1], True)
        last = await event_lists.listed(conn, *of, "created_at", after=spot_of(first.events[0], "created_at"))
        assert (last.events, last.more) == ([], False)
        assert len(await event_lists.related(conn, person.tenant_id, first.events[0], limit=50)) == 1
        for order in get_args(Order):
            monkeypatch.setattr(event_lists, "PAGE_BYTES", 1)
            one_by_one = await walked(conn, *of, order, 7)
            monkeypatch.setattr(event_lists, "PAGE_BYTES", 10**9)
            assert one_by_one == await walked(conn, *of, order, 200)


def _is_behind(event: Event, after: Spot, order: Order) -> bool:
    level = after.level if order.endswith("severity") else 0
    spot = (level, after.moment, uuid.UUID(after.id).int)
    return _key(event, order) < spot if order.startswith("-") else _key(event, order) > spot


async def test_a_count_ends(
    database: Database, admin: asyncpg.Connection, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than is counted is told as that many."""
    monkeypatch.setattr(event_lists, "TOTAL_AT_MOST", 50)
    await planted(admin, person.tenant_id)
    async with database.transaction(person.caller()) as conn:
        assert await event_lists.count(conn, person.tenant_id, Filter()) == 50
        assert await event_lists.count(conn, person.tenant_id, Filter(search="x")) == 50


async def test_words_follow_the_notes(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """What staff note is found, until they note something else; a purged event leaves no word behind."""
    await planted(admin, person.tenant_id, 4)

    async def found(search: str) -> int:
        async with database.transaction(person.caller()) as conn:
            return await event_lists.count(conn, person.tenant_id, Filter(search=search))

    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        event = (await event_lists.listed(conn, person.tenant_id, Filter())).events[0]
        await events.remark(conn, person.tenant_id, event.id, person.user_id, notes="Called the landlord")
    assert (await found("landlord"), await found("aws")) == (1, 4)
    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        await events.remark(conn, person.tenant_id, event.id, person.user_id, notes=None)
    assert (await found("landlord"), await found("aws")) == (0, 4)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        await conn.execute("DELETE FROM events WHERE tenant_id = $1", person.tenant_id)
    assert await admin.fetchval("SELECT count(*) FROM event_words WHERE tenant_id = $1", person.tenant_id) == 0


async def test_related(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Related are those of the same resource, run, or kind and account, newest first; no others, nor itself."""
    run_id = str(uuid.uuid4())
    kinds = {
        "itself": ("aws.a", "X", "111111111111", ["r1", "r2"], run_id),
        "resource": ("aws.z", "Z", None, ["r9", "r2"], None),
        "run": ("aws.z", "Z", None, [], run_id),
        "kind": ("aws.a", "X", "111111111111", [], None),
        "another account": ("aws.a", "X", "222222222222", [], None),
        "another source": ("aws.b", "X", "111111111111", [], None),
        "part of a name": ("aws.z", "r2", None, ["r22", "r"], None),
    }
    ids: dict[str, str] = {}
    for n, (name, (source, kind, account, resources, run)) in enumerate(kinds.items()):
        ids[name] = await admin.fetchval(
            """
            INSERT INTO events (tenant_id, id, source, detail_type, account, resources, run_id, severity,
              severity_level, created_at)
            VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, $6, 'low', 1, $7) RETURNING id::text
            """,
            person.tenant_id,
            source,
            kind,
            account,
            json.dumps(resources),
            run,
            NOW + timedelta(minutes=n),
        )
    async with database.transaction(person.caller()) as conn:
        event = await events.get(conn, person.tenant_id, ids["itself"])
        assert event is not None
        found = await event_lists.related(conn, person.tenant_id, event)
        assert [each.id for each in found] == [ids["kind"], ids["run"], ids["resource"]]
        assert [e.id for e in await event_lists.related(conn, person.tenant_id, event, limit=1)] == [ids["kind"]]
