"""What staff are told of runs: real PostgreSQL, real Temporal, more runs than a page."""

import asyncio
import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.monitoring_runs import RunsMonitor
from activities.sweeps import Place
from db import monitoring, monitoring_runs, refusals, runs, sweeps
from db.pool import Database
from db.tenant import monitor, sweeper
from onboarding.access import Role
from onboarding.monitoring import GlobalSettings, Monitoring, Service
from onboarding.payloads import Abandon, AbandonedReason, Actor, ActorKind, Change, Channel, RunWatch, SweepReport
from tests.db.given import ACTOR, Person, answers, completed, started, then
from workflows.monitoring_runs import MonitorRuns

HOUR = timedelta(hours=1)
AGENT = Actor(kind=ActorKind.AGENT, agent="scheduling")


async def watch(database: Database, times: int = 1, after: Place | None = None) -> SweepReport:
    """Walk over all tenants some times, in small pages, and give the last report; `after` is where one stopped."""
    report = SweepReport()
    for _ in range(times):
        environment = ActivityEnvironment()
        details = [after] if after else []
        environment.info = dataclasses.replace(environment.info, heartbeat_details=details)
        report = await environment.run(RunsMonitor(database, page=2).watch_runs, RunWatch())
    return report


async def told(admin: asyncpg.Connection, person: Person, kind: str = monitoring_runs.RUN_STUCK) -> list[Any]:
    """The events of one kind in a tenant, oldest first."""
    query = """
        SELECT source, severity, severity_level, run_id::text, detail::text FROM events
        WHERE tenant_id = $1 AND detail_type = $2 ORDER BY created_at, id
    """
    return await admin.fetch(query, uuid.UUID(person.tenant_id), kind)


async def configured(database: Database, person: Person, config: Monitoring) -> None:
    """What the tenant's admins set."""
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        await monitoring.put(conn, person.tenant_id, config, sealed_webhook=None, changed_by=person.user_id)


async def written(database: Database, person: Person, *changes: Change) -> str:
    """Put a run of theirs into the database; gives its id."""
    await runs.project(database, person.caller(), *changes)
    return changes[-1].run.id


def quiet_for(hours: float, person: Person) -> Change:
    """A run of theirs in which nothing has happened for so long."""
    return started(person, datetime.now(UTC) - hours * HOUR)


def service(**thresholds: float) -> Monitoring:
    """A configuration of the service that watches runs."""
    return Monitoring(version=1, services=(Service(service_name="onboarding", thresholds=thresholds),))


async def refused(database: Database, person: Person, times: int) -> None:
    """So many saves were refused."""
    for _ in range(times):
        async with database.transaction(person.caller()) as conn:
            await refusals.note(conn, person.tenant_id)


async def test_stuck_runs_are_told_once(
    database: Database, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """Each run that is quiet for a day is told once, over several pages; those that move or have ended are not."""
    stuck = [await written(database, each, quiet_for(25 + n, each)) for n, each in enumerate(people[:3])]
    await written(database, people[3], quiet_for(23, people[3]))
    await written(database, people[4], *completed(people[4], datetime.now(UTC) - 48 * HOUR))
    assert (await watch(database, times=3)).changed == 0
    events = await told(admin, people[0])
    assert sorted(each["run_id"] for each in events) == sorted(stuck)
    assert {tuple(each)[:3] for each in events} == {("gangway.onboarding", "medium", 2)}
    assert '"flow": "fitness"' in events[0]["detail"]
    assert people[0].email not in str(events)


async def test_a_run_that_gets_stuck_again(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A run that moves and falls silent again is told again; deleting the event does not tell it twice."""
    first = quiet_for(100, person)
    run_id = await written(database, person, first)
    await watch(database)
    await admin.execute("DELETE FROM events WHERE tenant_id = $1", uuid.UUID(person.tenant_id))
    await watch(database)
    assert await told(admin, person) == []
    moved = then([first], *answers(1, 1), now=datetime.now(UTC) - 50 * HOUR)
    await written(database, person, *moved)
    await watch(database, times=2)
    assert [each["run_id"] for each in await told(admin, person)] == [run_id]


async def test_how_long_is_set_by_the_tenant(
    database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """`stuck_after_hours` decides what is stuck, from the next walk on."""
    config = Monitoring(version=1, global_settings=GlobalSettings(stuck_after_hours=72))
    await configured(database, person, config)
    await written(database, person, quiet_for(48, person))
    await watch(database)
    assert await told(admin, person) == []
    await configured(database, person, replace(config, global_settings=GlobalSettings(stuck_after_hours=2)))
    await watch(database)
    assert len(await told(admin, person)) == 1


async def test_two_walks_at_once(database: Database, admin: asyncpg.Connection, people: list[Person]) -> None:
    """Walks that overlap, as after a time-out, tell each silence once between them."""
    for each in people:
        await written(database, each, quiet_for(30, each))
    tenant_id, before = people[0].tenant_id, datetime.now(UTC) - 24 * HOUR

    async def walk() -> int:
        async with database.transaction(monitor(tenant_id)) as conn:
            return len(await monitoring_runs.tell_stuck(conn, tenant_id, before))

    await asyncio.gather(*(walk() for _ in range(4)))
    assert len(await told(admin, people[0])) == len(people)


async def test_what_was_told_goes_with_the_run(
    database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """Once a run is archived nothing of it is remembered here."""
    change = quiet_for(24 * 40, person)
    await written(database, person, change)
    await watch(database)
    gone = Abandon(actor=ACTOR, reason=AbandonedReason.DELETED)
    await written(database, person, *then([change], gone, now=datetime.now(UTC) - 24 * 35 * HOUR))
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, datetime.now(UTC)) == 1
    left = "SELECT count(*) FROM stuck_runs WHERE tenant_id = $1"
    assert await admin.fetchval(left, uuid.UUID(person.tenant_id)) == 0


async def test_many_refusals_are_told_once(
    database: Database, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """Half of at least twenty saves in an hour: one event an hour, with the counts."""
    now = datetime.now(UTC) - timedelta(minutes=30)
    for each in people[:2]:
        await written(database, each, *then([started(each, now)], *answers(1, 5), now=now))
    await refused(database, people[0], 9)
    await watch(database)
    assert await told(admin, people[0], monitoring_runs.RATE_HIGH) == []
    await refused(database, people[0], 1)
    await watch(database, times=3)
    [event] = await told(admin, people[0], monitoring_runs.RATE_HIGH)
    assert tuple(event)[:4] == ("gangway.onboarding", "medium", 2, None)
    for part in ('"refused": 10', '"attempts": 20', '"rate": 0.5', '"threshold": 0.5', '"window_minutes": 60'):
        assert part in event["detail"]
    await admin.execute(
        "UPDATE events SET created_at = created_at - interval '61 minutes' WHERE tenant_id = $1",
        uuid.UUID(people[0].tenant_id),
    )
    await watch(database, times=2)
    assert len(await told(admin, people[0], monitoring_runs.RATE_HIGH)) == 2


async def test_what_counts_as_accepted(database: Database, person: Person) -> None:
    """Saves count by command and not by answer; those of agents, of long ago, and what is no save do not."""
    now = datetime.now(UTC)
    by_agent = [replace(each, actor=AGENT, channel=Channel.CHAT) for each in answers(6, 7)]
    first, *rest = answers(1, 5)
    batch = replace(first, steps=tuple(step for each in answers(1, 3) for step in each.steps), batch=True)
    await written(database, person, *then([started(person, now)], batch, *rest[2:], *by_agent, now=now))
    async with database.transaction(monitor(person.tenant_id)) as conn:
        assert await monitoring_runs.accepted_saves(conn, person.tenant_id, now - HOUR) == 3
        assert await monitoring_runs.accepted_saves(conn, person.tenant_id, now + HOUR) == 0


@pytest.mark.parametrize(
    ("config", "events"),
    [
        (service(), 0),
        (service(min_attempts=6), 1),
        (service(min_attempts=6, refusal_rate=0.8), 0),
        (service(min_attempts=1, refusal_rate=0.75), 1),
        (service(min_attempts=9), 0),
    ],
)
async def test_thresholds(
    database: Database,
    admin: asyncpg.Connection,
    person: Person,
    config: Monitoring,
    events: int,
) -> None:
    """Six of eight saves are refused: the share and the number that are set decide whether that is told."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    await written(database, person, *then([started(person, now)], *answers(1, 2), now=now))
    await refused(database, person, 6)
    await configured(database, person, config)
    await watch(database)
    assert len(await told(admin, person, monitoring_runs.RATE_HIGH)) == events


async def test_a_service_that_is_off(database: Database, admin: asyncpg.Connection, people: list[Person]) -> None:
    """Where the service `onboarding` is disabled nobody is told anything of it."""
    await written(database, people[0], quiet_for(48, people[0]))
    await refused(database, people[0], 30)
    off = Monitoring(version=1, services=(Service(service_name="onboarding", enabled=False),))
    await configured(database, people[0], off)
    await watch(database)
    assert await told(admin, people[0]) == []
    await configured(database, people[0], replace(off, services=()))
    await watch(database)
    assert len(await told(admin, people[0])) == 1
    assert len(await told(admin, people[0], monitoring_runs.RATE_HIGH)) == 1


async def test_refusals_long_ago(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Counts are of steps of five minutes, and are forgotten after a day."""
    await refused(database, person, 3)
    await admin.execute(
        "UPDATE refused_saves SET bucket = bucket - interval '2 hours' WHERE tenant_id = $1",
        uuid.UUID(person.tenant_id),
    )
    await refused(database, person, 2)
    now = datetime.now(UTC)
    async with database.transaction(monitor(person.tenant_id)) as conn:
        assert await refusals.since(conn, person.tenant_id, now - HOUR) == 2
        assert await refusals.since(conn, person.tenant_id, now - 3 * HOUR) == 5
    await admin.execute(
        "UPDATE refused_saves SET bucket = bucket - interval '23 hours' WHERE tenant_id = $1",
        uuid.UUID(person.tenant_id),
    )
    # One, or two where a step ended between two refusals.
    over = "SELECT count(*) FROM refused_saves WHERE tenant_id = $1 AND bucket < now() - interval '24 hours'"
    old = await admin.fetchval(over, uuid.UUID(person.tenant_id))
    assert old
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await refusals.purge(conn) == old
        assert await refusals.purge(conn) == 0
        assert await refusals.since(conn, person.tenant_id, now - 24 * HOUR) == 2


async def test_a_walk_goes_on_where_it_stopped(
    database: Database, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """An attempt after a crash counts on from the heartbeat, and leaves the tenants before it behind."""
    await written(database, people[0], quiet_for(48, people[0]))
    report = SweepReport(seen=7, changed=5)
    last = "ffffffff-ffff-ffff-ffff-ffffffffffff"
    assert await watch(database, after=Place(report=report, tenant_id=last)) == report
    assert await told(admin, people[0]) == []
    report = await watch(database, after=Place(report=report, tenant_id=people[0].tenant_id))
    assert report.seen > 7
    assert len(await told(admin, people[0])) == 1


async def test_the_workflow(
    temporal: Client, database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """The scheduled workflow walks, and reports what it found."""
    await written(database, person, quiet_for(48, person))
    queue = f"monitoring-{uuid.uuid4()}"
    async with (
        asyncio.timeout(30),
        Worker(temporal, task_queue=queue, activities=[RunsMonitor(database).watch_runs]),
    ):
        report = await temporal.execute_workflow(
            MonitorRuns.run, RunWatch(), id=f"watch-{uuid.uuid4()}", task_queue=queue
        )
    assert report.changed >= 1
    assert len(await told(admin, person)) == 1
