"""The clean-up: overdue runs, finished runs, old archives."""

from datetime import UTC, date, datetime, timedelta

import asyncpg

from db import profiles, runs, sweeps
from db.pool import Database
from db.tenant import SIGN_IN, sweeper
from onboarding.payloads import AbandonedReason, ActorKind, EventKind, Status
from tests.db.given import Person, abandoned, answers, completed, register, started, then

WEEK = timedelta(days=7)


async def test_expired_in_pages(database: Database, person: Person) -> None:
    """Overdue runs of the tenant come page by page; those that are not overdue or not active do not."""
    now = datetime.now(UTC)
    people = [person]
    async with database.transaction(SIGN_IN) as conn:
        people += [await register(conn, person.tenant_id) for _ in range(4)]
    for somebody in people:
        changes = abandoned(somebody, now=now - 3 * WEEK) + [started(somebody, now - 2 * WEEK)]
        await runs.project(database, somebody.caller(), *changes)
    async with database.transaction(SIGN_IN) as conn:
        fresh = await register(conn, person.tenant_id)
    await runs.project(database, fresh.caller(), started(fresh, now))
    found: list[sweeps.Overdue] = []
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        while page := await sweeps.expired(conn, now, found[-1].id if found else None, 2):
            found += page
    assert [run.id for run in found] == sorted(run.id for run in found)
    assert {(run.user_id, run.flow) for run in found} == {(each.user_id, "fitness") for each in people}


async def test_mark_expired_once(database: Database, person: Person) -> None:
    """An overdue run becomes abandoned with an event, once; one that is not overdue stays."""
    now = datetime.now(UTC)
    change = then([started(person, now)], *answers(1, 2), now=now)[-1]
    await runs.project(database, person.caller(), change)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert not await sweeps.mark_expired(conn, change.run.id, now)
        assert await sweeps.mark_expired(conn, change.run.id, now + 2 * WEEK)
        assert not await sweeps.mark_expired(conn, change.run.id, now + 2 * WEEK)
    async with database.transaction(person.caller()) as conn:
        run = await runs.get(conn, change.run.id)
        events = await runs.events(conn, change.run.id)
    assert run is not None
    assert (run.status, run.abandoned_reason) == (Status.ABANDONED, AbandonedReason.EXPIRED)
    assert (run.seq, run.version) == (change.run.seq + 1, change.run.version + 1)
    assert events[0].kind is EventKind.RUN_ABANDONED
    assert (events[0].seq, events[0].version, events[0].actor.kind) == (run.seq, run.version, ActorKind.SYSTEM)


async def test_archive_moves(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """Runs that ended long ago move with their events, whose person still reads them; recent ones and the
    profile stay.
    """
    now = datetime.now(UTC)
    ended = completed(person, now - 9 * WEEK)
    given_up = abandoned(person, now=now - 12 * WEEK)
    recent = abandoned(person, now=now - WEEK)
    await runs.project(database, person.caller(), *given_up, *ended, *recent)
    before = now - timedelta(days=30)
    async with database.transaction(person.caller()) as conn:
        happened = await runs.events(conn, ended[-1].run.id)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, before, 1) == 1
        assert await sweeps.archive(conn, before, 10) == 1
        assert await sweeps.archive(conn, before, 10) == 0
    async with database.transaction(person.caller()) as conn:
        assert await runs.get(conn, ended[-1].run.id) is None
        assert await runs.events(conn, ended[-1].run.id) == happened != []
        assert await runs.events(conn, ended[-1].run.id, before=4, limit=2) == happened[-3:-1]
        assert await runs.events(conn, ended[-1].run.id, after=9) == happened[:2][::-1]
        assert await runs.latest(conn, person.user_id, "fitness") == recent[-1].run
        assert await profiles.get(conn, person.user_id, "fitness") is not None
    rows = await admin.fetch(
        "SELECT id::text, status, jsonb_array_length(events) AS events, ended_at FROM onboarding_archive "
        "WHERE user_id = $1 ORDER BY ended_at",
        person.user_id,
    )
    assert [(row["id"], row["status"], row["events"]) for row in rows] == [
        (given_up[-1].run.id, "abandoned", given_up[-1].run.seq),
        (ended[-1].run.id, "completed", ended[-1].run.seq),
    ]
    assert rows[1]["ended_at"] == ended[-1].run.completed_at


async def test_archived_runs_are_remembered(database: Database, person: Person, colleague: Person) -> None:
    """The newest run of somebody is read from the archive when it has gone there, by themselves only."""
    ended = completed(person, datetime.now(UTC) - 9 * WEEK)
    await runs.project(database, person.caller(), *ended)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, datetime.now(UTC)) == 1
    async with database.transaction(person.caller()) as conn:
        assert await runs.latest(conn, person.user_id, "fitness") == ended[-1].run
        assert await runs.latest(conn, person.user_id, "company") is None
    async with database.transaction(colleague.caller()) as conn:
        assert await runs.latest(conn, person.user_id, "fitness") is None


async def test_partitions_come_and_go(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """Months are made once, and dropped with all that is in them when they are past; the current one stays."""
    ended = abandoned(person, now=datetime(2013, 5, 20, 12, tzinfo=UTC))
    await runs.project(database, person.caller(), *ended)
    today = datetime.now(UTC).date()
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        await sweeps.drop_partitions(conn, date(2014, 1, 1))
        names = [f"onboarding_archive_2013_{month:02}" for month in (3, 4, 5, 6)]
        assert await sweeps.ensure_partitions(conn, date(2013, 3, 31), date(2013, 6, 1)) == names
        assert await sweeps.ensure_partitions(conn, date(2013, 3, 31), date(2013, 6, 1)) == []
        await sweeps.ensure_partitions(conn, today, today)
        assert await sweeps.archive(conn, datetime(2013, 6, 1, tzinfo=UTC)) == 1
    forced = "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = $1"
    assert await admin.fetchval(forced, names[0])
    async with database.transaction(sweeper()) as conn:
        assert await sweeps.drop_partitions(conn, date(2013, 5, 31)) == names[:2]
    assert await admin.fetchval("SELECT count(*) FROM onboarding_archive WHERE user_id = $1", person.user_id) == 1
    async with database.transaction(sweeper()) as conn:
        dropped = await sweeps.drop_partitions(conn, date(9999, 1, 1))
    assert set(names[2:]) <= set(dropped)
    assert f"onboarding_archive_{today:%Y_%m}" not in dropped
    assert await admin.fetchval("SELECT count(*) FROM onboarding_archive WHERE user_id = $1", person.user_id) == 0


async def test_partitions_go_whatever_the_plan(database: Database) -> None:
    """Old months are found too where the names of all relations are looked at before it is known what they are."""
    async with database.transaction(sweeper()) as conn:
        names = await sweeps.ensure_partitions(conn, date(2011, 3, 1), date(2011, 3, 1))
        for way in ("nestloop", "mergejoin", "indexscan", "bitmapscan", "indexonlyscan"):
            await conn.execute(f"SET LOCAL enable_{way} = off")
        assert await sweeps.drop_partitions(conn, date(2011, 4, 1)) == names
