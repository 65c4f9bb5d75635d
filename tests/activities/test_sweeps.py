"""The clean-up end to end: real PostgreSQL, real Temporal, more rows than a page."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.worker import Worker

from activities.ai.ledger import Books
from activities.ai.protocol import Payer
from activities.projection import Projection
from activities.reminders import Reminders
from activities.sweeps import Sweeps
from api.gateway import Gateway
from db import ai_cache, ai_rates, runs
from db.pool import Database
from onboarding.payloads import (
    AbandonedReason,
    ArchiveSweep,
    Begin,
    Change,
    ExpireSweep,
    RequestSweep,
    Run,
    RunView,
    SetPlace,
    Status,
    SweepReport,
)
from runtime.addresses import RunAddress, workflow_id
from runtime.settings import Settings
from tests.db.given import ACTOR, Person, abandoned, completed, started
from tests.stack import until
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests

WEEK = timedelta(days=7)


@asynccontextmanager
async def sweeping(
    temporal: Client, database: Database, queue: str, *, client: Any = None, page: int = 2
) -> AsyncGenerator[None]:
    """A worker with small pages on a queue of its own; `client` is what its sweeps signal through."""
    sweeps = Sweeps(database, client or temporal, page=page)
    activities = [
        sweeps.sweep_expired,
        sweeps.sweep_archive,
        sweeps.sweep_requests,
        Projection(database).settle,
        Reminders(database).remind,
    ]
    async with Worker(temporal, task_queue=queue, activities=activities):
        yield


async def sweep(temporal: Client, queue: str, workflow: Any, argument: Any) -> SweepReport:
    """Run a sweep to its end."""
    async with asyncio.timeout(30):
        return await temporal.execute_workflow(workflow, argument, id=f"sweep-{uuid.uuid4()}", task_queue=queue)


async def written(database: Database, person: Person, *changes: Change) -> Run:
    """Put a run of theirs into the database, without a workflow."""
    await runs.project(database, person.caller(), *changes)
    return changes[-1].run


async def row(database: Database, person: Person, run_id: str) -> Run | None:
    """The run as it is read."""
    async with database.transaction(person.caller()) as conn:
        return await runs.get(conn, run_id)


def queue_of_its_own() -> str:
    """A task queue that nobody else uses."""
    return f"sweeps-{uuid.uuid4()}"


async def test_marks_runs_whose_workflow_is_gone(
    temporal: Client, database: Database, people: list[Person]
) -> None:
    """Overdue runs without a workflow are abandoned as expired, over several pages; a second sweep finds none."""
    now, queue = datetime.now(UTC), queue_of_its_own()
    overdue = [await written(database, each, started(each, now - 2 * WEEK)) for each in people[:4]]
    fresh = await written(database, people[4], started(people[4], now))
    async with sweeping(temporal, database, queue):
        report = await sweep(temporal, queue, AbandonExpiredRuns.run, ExpireSweep())
        assert report.changed >= len(overdue)
        for person, run in zip(people, overdue, strict=False):
            found = await row(database, person, run.id)
            assert found is not None
            assert (found.status, found.abandoned_reason) == (Status.ABANDONED, AbandonedReason.EXPIRED)
        assert await row(database, people[4], fresh.id) == fresh
        again = await sweep(temporal, queue, AbandonExpiredRuns.run, ExpireSweep())
    assert again == SweepReport()


async def test_a_key_that_is_gone(
    temporal: Client, database: Database, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """A run whose person's key cannot be had is left where it is, and keeps nobody else's from being ended."""
    now, queue = datetime.now(UTC), queue_of_its_own()
    first, *others = [await written(database, each, started(each, now - 2 * WEEK)) for each in people[:4]]
    await admin.execute(
        "INSERT INTO data_keys (id, tenant_id, user_id, key_id, wrapped) VALUES ($1, $2, $3, 'local:gone', 'x')",
        uuid.uuid4(),
        people[0].tenant_id,
        people[0].user_id,
    )
    async with sweeping(temporal, database, queue):
        await sweep(temporal, queue, AbandonExpiredRuns.run, ExpireSweep())
    assert await row(database, people[0], first.id) == first
    for person, run in zip(people[1:], others, strict=False):
        found = await row(database, person, run.id)
        assert found is not None
        assert found.status is Status.ABANDONED


async def test_tells_runs_that_live(temporal: Client, database: Database, person: Person) -> None:
    """An overdue run whose workflow lives is told and not marked: it ends by itself, once, when it can."""
    runs_queue, queue = queue_of_its_own(), queue_of_its_own()
    soon = datetime.now(UTC) + timedelta(seconds=6)  # its worker has stopped by then
    change = started(person, datetime.now(UTC))
    change = Change(run=replace(change.run, expires_at=soon), events=change.events)
    run = await written(database, person, change)
    async with sweeping(temporal, database, runs_queue):
        gateway = Gateway(temporal, Settings(task_queue=runs_queue))
        await gateway.begin(Begin(run=run, place=SetPlace(actor=ACTOR)), resume=run)
    await until(lambda: datetime.now(UTC) > soon)
    async with sweeping(temporal, database, queue):
        report = await sweep(temporal, queue, AbandonExpiredRuns.run, ExpireSweep(grace_seconds=0))
    assert report.changed >= 1
    assert await row(database, person, run.id) == run
    async with sweeping(temporal, database, runs_queue):
        await until(lambda: _has_status(database, person, run.id, Status.ABANDONED))
    found = await row(database, person, run.id)
    assert found is not None
    assert (found.abandoned_reason, found.seq) == (AbandonedReason.EXPIRED, run.seq + 1)


async def test_a_signal_that_is_not_true(temporal: Client, database: Database, person: Person) -> None:
    """A run that was answered since the sweep looked is told that it expired, and goes on."""
    queue = queue_of_its_own()
    change = started(person, datetime.now(UTC))
    long_ago = datetime.now(UTC) - WEEK
    stale = Change(run=replace(change.run, expires_at=long_ago), events=change.events)
    await written(database, person, stale)
    async with sweeping(temporal, database, queue):
        gateway = Gateway(temporal, Settings(task_queue=queue))
        await gateway.begin(Begin(run=change.run, place=SetPlace(actor=ACTOR)), resume=change.run)
        await sweep(temporal, queue, AbandonExpiredRuns.run, ExpireSweep())
        handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.user_id, "fitness")))
        view = await handle.query("view", result_type=RunView)
        assert view.status is Status.IN_PROGRESS
        await handle.terminate()


async def test_archives(
    temporal: Client, database: Database, people: list[Person], admin: asyncpg.Connection
) -> None:
    """Ended runs of long ago go to the archive over several pages, recent ones stay; a second sweep finds none."""
    now, queue = datetime.now(UTC), queue_of_its_own()
    old = [await written(database, each, *completed(each, now - 9 * WEEK)) for each in people[:3]]
    recent = await written(database, people[3], *abandoned(people[3], now=now - WEEK))
    async with sweeping(temporal, database, queue):
        report = await sweep(temporal, queue, ArchiveRuns.run, ArchiveSweep())
        assert report.changed >= len(old)
        assert await sweep(temporal, queue, ArchiveRuns.run, ArchiveSweep()) == SweepReport()
    assert await row(database, people[3], recent.id) == recent
    kept = await admin.fetch(
        "SELECT id::text FROM onboarding_archive WHERE id = ANY($1::uuid[])", [run.id for run in old]
    )
    assert len(kept) == len(old)


async def test_calls_of_models(
    temporal: Client, database: Database, people: list[Person], admin: asyncpg.Connection
) -> None:
    """Calls that nobody came back from are written off over several pages, old ones go with all that is over."""
    queue, caller = queue_of_its_own(), people[0].caller()
    books = Books(database, Settings())
    payer = Payer(tenant_id=caller.tenant_id, user_id=caller.user_id)
    lost = [await books.reserve(payer, "chat", "m", 100, 100) for _ in range(3)]
    ages_ago = await books.reserve(payer, "chat", "m", 100, 100)
    await books.settle(ages_ago, "ok", input_tokens=1, output_tokens=1, estimated=False, latency_ms=1)
    under_way = await books.reserve(payer, "chat", "m", 100, 100)
    await ai_cache.claim(database, caller, b"k" * 32, "industry", 1)
    await ai_rates.take(database, caller.tenant_id, caller.user_id, "chat")
    age = "UPDATE ai_usage SET created_at = now() - make_interval(secs => $2) WHERE id = ANY($1::uuid[])"
    await admin.execute(age, lost, 310)
    await admin.execute(age, [ages_ago], 401 * 86400)
    await admin.execute("UPDATE ai_cache SET until = now() - interval '1 s' WHERE user_id = $1", caller.user_id)
    await admin.execute("UPDATE ai_rates SET at = at - interval '2 h' WHERE bucket LIKE '%' || $1", caller.user_id)
    async with sweeping(temporal, database, queue):
        report = await sweep(temporal, queue, PruneRequests.run, RequestSweep())
    assert report.changed >= 6
    found = await admin.fetch("SELECT id::text, outcome FROM ai_usage WHERE user_id = $1", caller.user_id)
    assert {row["id"]: row["outcome"] for row in found} == {
        **dict.fromkeys(lost, "lost"),
        under_way: "reserved",
    }
    for query in (
        "SELECT count(*) FROM ai_cache WHERE user_id = $1::text::uuid",
        "SELECT count(*) FROM ai_rates WHERE bucket LIKE '%' || $1",
    ):
        assert await admin.fetchval(query, caller.user_id) == 0


async def test_goes_on_after_a_restart(temporal: Client, database: Database, people: list[Person]) -> None:
    """A worker that stops in the middle of a sweep is followed by one that goes on there, and counts all once."""
    now, queue = datetime.now(UTC), queue_of_its_own()
    for each in people:
        await written(database, each, started(each, now - 2 * WEEK))
    stuck = _StuckAt(temporal, people[0].tenant_id, after=3)
    async with sweeping(temporal, database, queue, client=stuck):
        handle = await temporal.start_workflow(
            AbandonExpiredRuns.run, ExpireSweep(), id=f"sweep-{uuid.uuid4()}", task_queue=queue
        )
        await asyncio.wait_for(stuck.reached.wait(), 20)
    second = _StuckAt(temporal, people[0].tenant_id, after=99)
    async with sweeping(temporal, database, queue, client=second), asyncio.timeout(30):
        report = await handle.result()
    told = stuck.told + second.told
    assert sorted(told) == sorted(set(told))
    assert len(told) == len(people)
    assert report.seen >= len(people)
    assert report.seen == report.changed


class _StuckAt:
    """A client whose signals to one tenant's runs stop after a few, as if the network had."""

    def __init__(self, client: Client, tenant_id: str, *, after: int) -> None:
        self._client = client
        self._tenant_id = tenant_id
        self._after = after
        self.told: list[str] = []
        self.reached = asyncio.Event()

    def get_workflow_handle(self, workflow_id: str) -> Any:
        handle = self._client.get_workflow_handle(workflow_id)
        return handle if self._tenant_id not in workflow_id else _Counting(self, workflow_id, handle)

    async def count(self, workflow_id: str) -> None:
        if len(self.told) >= self._after:
            self.reached.set()
            await asyncio.Event().wait()
        self.told.append(workflow_id)


class _Counting:
    def __init__(self, client: _StuckAt, workflow_id: str, handle: Any) -> None:
        self._client = client
        self._workflow_id = workflow_id
        self._handle = handle

    async def signal(self, name: str, command: object) -> None:
        await self._client.count(self._workflow_id)
        await self._handle.signal(name, command)


async def _has_status(database: Database, person: Person, run_id: str, status: Status) -> bool:
    found = await row(database, person, run_id)
    return found is not None and found.status is status
