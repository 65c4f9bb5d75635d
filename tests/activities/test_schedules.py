"""The schedules: applied as often as you like, visible, and what they start really runs."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus

from db import runs
from db.pool import Database
from onboarding.payloads import Status
from runtime.settings import Settings
from tests.db.given import Person, completed, started
from tests.stack import until
from worker.schedules import apply, recurring


@pytest.fixture
async def applied(temporal: Client, settings: Settings) -> AsyncIterator[list[str]]:
    """The schedules, gone again afterwards."""
    ids = await apply(temporal, settings)
    yield ids
    for each in ids:
        await temporal.get_schedule_handle(each).delete()


async def test_applied_twice(temporal: Client, settings: Settings, applied: list[str]) -> None:
    """Applying again does not touch a schedule that is as it should be."""
    before = [await temporal.get_schedule_handle(each).describe() for each in applied]
    assert await apply(temporal, settings) == applied
    after = [await temporal.get_schedule_handle(each).describe() for each in applied]
    assert [each.info.last_updated_at for each in after] == [each.info.last_updated_at for each in before]
    assert [each.schedule.spec for each in after] == [each.schedule.spec for each in before]


async def test_a_change_is_applied(temporal: Client, settings: Settings, applied: list[str]) -> None:
    """A setting that changed reaches the schedule, and it is still one schedule."""
    await apply(temporal, replace(settings, archive_after_days=7))
    description = await temporal.get_schedule_handle("archive-runs").describe()
    assert description.info.last_updated_at is not None

    async def listed() -> bool:
        found = [each.id async for each in await temporal.list_schedules()]
        return sorted(set(found) & set(applied)) == sorted(applied)

    await until(listed)


async def test_paused_stays_paused(temporal: Client, settings: Settings, applied: list[str]) -> None:
    """A schedule that somebody paused stays paused, with their note, also when it changes."""
    handle = temporal.get_schedule_handle("archive-runs")
    await handle.pause(note="somebody looks into it")
    await apply(temporal, replace(settings, retention_days=99))
    state = (await handle.describe()).schedule.state
    assert (state.paused, state.note) == (True, "somebody looks into it")
    await handle.unpause()
    await apply(temporal, settings)
    assert not (await handle.describe()).schedule.state.paused


async def test_visible(temporal: Client, settings: Settings, applied: list[str]) -> None:
    """Each schedule shows what it is for and when it comes next."""
    for item in recurring(settings):
        description = await temporal.get_schedule_handle(item.id).describe()
        assert description.schedule.state.note == item.note
        assert description.info.next_action_times


async def test_reports_at_midnight(temporal: Client, applied: list[str]) -> None:
    """The report of a day is written as the day ends, in UTC, whatever zone the server is in."""
    description = await temporal.get_schedule_handle("daily-report").describe()
    times = [each.astimezone(UTC) for each in description.info.next_action_times[:3]]
    assert {(each.hour, each.minute, each.second) for each in times} == {(0, 0, 0)}
    assert times[1] - times[0] == timedelta(days=1)


async def test_what_it_starts_runs(
    temporal: Client,
    worker: None,
    applied: list[str],
    database: Database,
    people: list[Person],
) -> None:
    """Triggered, each schedule's workflow reads its argument and does its work, with a time in its id."""
    now = datetime.now(UTC)
    overdue, ended = people[0], people[1]
    await _write(database, overdue, started(overdue, now - timedelta(days=20)))
    old = completed(ended, now - timedelta(days=60))
    await _write(database, ended, *old)
    for each in applied:
        await temporal.get_schedule_handle(each).trigger()
    for each in applied:
        await until(lambda each=each: _done(temporal, each))
    async with database.transaction(overdue.caller()) as conn:
        run = await runs.latest(conn, overdue.user_id, "fitness")
    assert run is not None
    assert run.status is Status.ABANDONED
    async with database.transaction(ended.caller()) as conn:
        assert await runs.get(conn, old[-1].run.id) is None


async def _write(database: Database, person: Person, *changes: object) -> None:
    await runs.project(database, person.caller(), *changes)  # type: ignore[arg-type]


async def _done(temporal: Client, schedule_id: str) -> bool:
    actions = (await temporal.get_schedule_handle(schedule_id).describe()).info.recent_actions
    if not actions:
        return False
    execution = actions[-1].action
    handle = temporal.get_workflow_handle(execution.workflow_id)  # type: ignore[attr-defined]
    return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
