"""The back office of a tenant that has been busy for long: dashboard, lists of events, funnel."""

import time
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
from msgspec import Struct

from api.event_shapes import position_of
from api.paging import page_with
from cli.embedded.postgres import ADMIN, embedded_url
from db import events
from db.pool import Database
from onboarding.access import Caller, Role
from tests.bench.filling import fill_events, fill_runs
from tests.bench.load import Sample, Work, closed_loop
from tests.bench.people import People, Person
from tests.bench.report import Target, table, times
from tests.bench.stack import Stack

EVENTS, RUNS = 1_000_000, 100_000
UNCACHED = {"dashboard_cache_seconds": 0}
_NTH_OLDEST = "SELECT id::text FROM events WHERE tenant_id = $1 ORDER BY created_at, id OFFSET $2 LIMIT 1"
_PAGE = 20


class Asked(Struct, frozen=True):
    """A request, and the time in ms that its p95 may take."""

    name: str
    path: str
    bound: float


class Operations(Struct, frozen=True):
    """What was measured, by request, and how long the rows took to write, in seconds."""

    rows: dict[str, int]
    seconds: dict[str, float]
    samples: list[tuple[Asked, Sample]]


async def measure(stack: Stack, *, quick: bool) -> Operations:
    """On a stack that gives no figure twice."""
    rows = {"events": EVENTS // 20 if quick else EVENTS, "runs": RUNS // 20 if quick else RUNS}
    (person,) = await People(stack.settings).new(1)
    admin = await asyncpg.connect(embedded_url(stack.home, ADMIN))
    try:
        await admin.execute("UPDATE users SET role = 'admin' WHERE id = $1", person.id)
        now = datetime.now(UTC)
        seconds: dict[str, float] = {}
        for what, fill in (("events", fill_events), ("runs", fill_runs)):
            began = time.perf_counter()
            await fill(admin, person.tenant_id, rows[what], now)
            seconds[what] = time.perf_counter() - began
        await admin.execute("VACUUM (ANALYZE)")
        last = await admin.fetchval(_NTH_OLDEST, person.tenant_id, _PAGE)
    finally:
        await admin.close()
    asked = _asked(await _cursor(stack, person, last))
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=stack.url, headers=headers, trust_env=False, timeout=60) as client:
        total = 30 if quick else 100
        samples = [(each, await closed_loop([_asking(client, each.path)], total)) for each in asked]
    return Operations(rows=rows, seconds=seconds, samples=samples)


def _asked(last: str) -> list[Asked]:
    month, listed = "time_period=last_30d", f"/api/v1/events?limit={_PAGE}"
    return [
        *(Asked(f"dashboard: {name}", f"/api/v1/dashboard/{name}?{month}", 50) for name in _FIGURES),
        Asked("events, first page", listed, 50),
        Asked("events, last page", f"{listed}&cursor={quote(last)}", 50),
        Asked("events, by severity and source", f"{listed}&severity=critical,high&source=aws.health", 50),
        Asked("events, by a word", f"{listed}&search=guardduty", 50),
        Asked("runs, first page", f"/api/v1/admin/runs?limit={_PAGE}", 50),
        Asked("funnel", "/api/v1/admin/funnel", 500),
    ]


_FIGURES = ("overview", "events-stats", "tasks-stats", "users-stats", "onboarding-stats")


async def _cursor(stack: Stack, person: Person, event_id: str) -> str:
    """Of the page that the last `_PAGE` events are on."""
    assert stack.settings.database_url
    database = await Database.open(stack.settings.database_url, min_size=1, max_size=1)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.ADMIN)
    async with database.transaction(caller) as connection:
        event = await events.get(connection, person.tenant_id, event_id)
    await database.close()
    assert event
    cursor = page_with([event], True, partial(position_of, order="-created_at")).next_cursor
    assert cursor
    return cursor


def _asking(client: httpx.AsyncClient, path: str) -> Work:
    async def work() -> None:
        (await client.get(path)).raise_for_status()

    return work


def print_operations(measured: Operations) -> None:
    """The rows that there are, and what asking for them takes."""
    rows = [(each.name, *times(sample)) for each, sample in measured.samples]
    filled = ", ".join(
        f"{count:,} {what} in {measured.seconds[what]:.0f} s" for what, count in measured.rows.items()
    )
    table(f"The back office, nothing cached; written: {filled}", ("", "p50 ms", "p95 ms", "p99 ms", "per s"), rows)


def targets_of_operations(measured: Operations) -> list[Target]:
    """The promises to staff."""
    return [
        Target(f"{each.name}, p95", sample.percentile(95), "ms", each.bound) for each, sample in measured.samples
    ]


def operations_as_json(measured: Operations) -> dict[str, Any]:
    """For the file."""
    return {
        "rows": measured.rows,
        "written_seconds": measured.seconds,
        **{
            each.name: {
                "p50_ms": sample.percentile(50),
                "p95_ms": sample.percentile(95),
                "errors": sample.errors[:3],
            }
            for each, sample in measured.samples
        },
    }
