"""Thirty days in seconds: reminders, quiet hours, expiry."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from api.gateway import RefusedByRun
from onboarding.flow import Timing
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import AbandonedReason, Complete, Event, EventKind, SnoozeReminders, Status
from runtime.addresses import RunAddress
from tests.domain.given import PERSON, answer
from tests.workflows.given import Someone, World, until, zone_at

MINUTE, HOUR, DAY, MONTH = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=30)
NEARLY = timedelta(minutes=2)


def of_kind(someone: Someone, kind: EventKind) -> list[Event]:
    """The settled events of one kind."""
    return [event for event in someone.outside.events(someone.user_id) if event.kind is kind]


def reminded_at(someone: Someone) -> list[datetime]:
    """When reminders went out."""
    return [event.at for event in of_kind(someone, EventKind.RUN_REMINDED)]


def numbers(someone: Someone) -> list[int]:
    """The numbers of the reminders that went out."""
    return [reminder.number for reminder in someone.outside.reminders[someone.user_id]]


async def test_thirty_days_of_silence(someone: Someone) -> None:
    """Silence is reminded of after 24 and 72 hours and ends after seven days as expired, settled and closed."""
    begun = (await someone.begin()).change.run.last_activity_at
    assert not await someone.forward(MONTH)
    closed = await someone.closed()
    assert closed.status is Status.ABANDONED
    assert numbers(someone) == [1, 2]
    due = [begun + 24 * HOUR, begun + 72 * HOUR]
    assert all(timedelta() <= at - then < NEARLY for at, then in zip(reminded_at(someone), due, strict=True))
    (ended,) = of_kind(someone, EventKind.RUN_ABANDONED)
    assert timedelta() <= ended.at - begun - 7 * DAY < NEARLY
    (row,) = someone.outside.rows(someone.user_id).values()
    assert (row.status, row.abandoned_reason) == (Status.ABANDONED, AbandonedReason.EXPIRED)


@pytest.mark.parametrize("hour", [21, 2, 7])
async def test_quiet_hours(someone: Someone, hour: int) -> None:
    """A reminder that falls between 21:00 and 08:00 where the person is waits for 08:00."""
    zone = zone_at(hour)
    await someone.begin(someone.fresh(timezone=zone))
    await someone.forward(MONTH)
    await someone.closed()
    local = [at.astimezone(ZoneInfo(zone)) for at in reminded_at(someone)]
    assert [(at.hour, at.minute < 3) for at in local] == [(8, True)] * 2


async def test_quiet_hours_after_an_outage(someone: Someone) -> None:
    """A reminder that nobody was there to send at 20:00 is not sent at 22:00, but in the morning."""
    zone = zone_at(22)
    await someone.begin(resume=someone.silent(26 * HOUR, timezone=zone))
    await someone.forward(8 * HOUR)
    assert numbers(someone) == []
    await someone.forward(3 * HOUR)
    await until(lambda: numbers(someone) == [1])
    await until(lambda: len(reminded_at(someone)) == 1)
    local = reminded_at(someone)[0].astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute < 3) == (8, True)


async def test_snoozed_past_the_end(someone: Someone) -> None:
    """Who snoozes past the expiry is not reminded, and expires all the same."""
    begun = (await someone.begin()).change.run.last_activity_at
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON, until=begun + 9 * DAY))
    await someone.forward(MONTH)
    assert (await someone.closed()).status is Status.ABANDONED
    assert numbers(someone) == []


async def test_muted(someone: Someone) -> None:
    """Who wants no reminders gets none; waking them up again brings them back."""
    await someone.begin()
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON, muted=True))
    await someone.forward(48 * HOUR)
    assert numbers(someone) == []
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON))
    await until(lambda: numbers(someone) == [1])
    await someone.forward(MONTH)
    assert numbers(someone) == [1, 2]


async def test_at_most_so_many(shared: World) -> None:
    """No more reminders go out than the flow allows, however many times it names."""
    timing = Timing(reminders_after=tuple(n * HOUR for n in range(1, 7)), max_reminders=3)
    with FLOWS.registered(msgspec.structs.replace(FITNESS, key="often", timing=timing)) as often:
        someone = shared.someone()
        someone = Someone(shared, someone.gateway, RunAddress(someone.address.tenant_id, someone.user_id, "often"))
        await someone.begin(someone.fresh(flow=often))
        await someone.forward(MONTH)
        await someone.closed()
    assert numbers(someone) == [1, 2, 3]


async def test_an_answer_resets_reminders(someone: Someone) -> None:
    """After an answer the reminders are counted from it, even where the next one is due earlier than the end
    that was waited for.
    """
    await someone.begin()
    await someone.forward(78 * HOUR)
    assert numbers(someone) == [1, 2]
    answered = (await someone.save(1)).run.last_activity_at
    await someone.forward(25 * HOUR)
    await until(lambda: numbers(someone) == [1, 2, 1])
    assert someone.outside.reminders[someone.user_id][-1].since == answered
    await until(lambda: len(reminded_at(someone)) == 3)
    assert timedelta() <= reminded_at(someone)[-1] - answered - 24 * HOUR < NEARLY


async def test_sliding_expiry(someone: Someone) -> None:
    """Seven days are counted from the last answer."""
    await someone.begin()
    for step in (1, 2):
        assert await someone.forward(6 * DAY)
        await someone.save(step)
    assert await someone.forward(6 * DAY)
    assert (await someone.view()).status is Status.IN_PROGRESS
    assert not await someone.forward(2 * DAY)
    (row,) = someone.outside.rows(someone.user_id).values()
    assert (len(row.answers), row.abandoned_reason) == (2, AbandonedReason.EXPIRED)


async def test_expired_but_not_settled(someone: Someone) -> None:
    """An expired run stays open until its end is written, and refuses to be written to meanwhile."""
    await someone.begin()
    await someone.forward(7 * DAY - MINUTE)
    before = someone.outside.attempts[someone.user_id]
    someone.outside.away[someone.user_id] = "away"
    await someone.forward(MINUTE)  # and no further: time does not move while an activity is tried again
    await until(lambda: someone.outside.attempts[someone.user_id] > before)
    assert await someone.is_open()
    with pytest.raises(RefusedByRun) as caught:
        await someone.save(1)
    assert caught.value.refusal.code == "run_expired"
    del someone.outside.away[someone.user_id]
    assert (await someone.closed()).status is Status.ABANDONED
    assert [event.at for event in of_kind(someone, EventKind.RUN_ABANDONED)]


async def test_begin_after_expiry_before_closing(someone: Someone) -> None:
    """Who starts again while an expired run waits to be settled gets a new run that offers the answers of the
    old one, and both are written.
    """
    first = await someone.begin()
    await someone.save(1)
    await someone.forward(7 * DAY - MINUTE)
    before = someone.outside.attempts[someone.user_id]
    someone.outside.away[someone.user_id] = "away"
    await someone.forward(MINUTE)  # and no further: time does not move while an activity is tried again
    await until(lambda: someone.outside.attempts[someone.user_id] > before)
    second = await someone.begin()
    assert (second.created, second.replaced) == (True, None)
    assert second.change.run.prefill == {"fitness_level": answer(1)}
    del someone.outside.away[someone.user_id]
    rows = someone.outside.rows
    await until(lambda: len(rows(someone.user_id)) == 2)
    assert rows(someone.user_id)[first.change.run.id].abandoned_reason is AbandonedReason.EXPIRED
    assert (await someone.view()).run_id == second.change.run.id


async def test_begin_before_a_late_timer(someone: Someone) -> None:
    """Who starts again does not find a run that should have expired while nobody was there to see it: it expires
    at that moment, and the new run offers its answers.
    """
    forgotten = someone.silent(10 * DAY)
    opened = await someone.begin(resume=forgotten)
    assert opened.created
    assert opened.replaced is not None
    assert opened.replaced.run.id == forgotten.id
    assert opened.replaced.run.abandoned_reason is AbandonedReason.EXPIRED
    assert (opened.change.run.answers, opened.change.run.prefill) == ({}, forgotten.answers)
    await until(lambda: len(someone.outside.rows(someone.user_id)) == 2)
    assert (await someone.save(1)).run.id == opened.change.run.id


async def test_completed_while_a_reminder_is_under_way(someone: Someone) -> None:
    """A run that is completed while its reminder cannot be sent closes all the same."""
    await someone.begin()
    someone.outside.silent.add(someone.user_id)
    await someone.forward(24 * HOUR)
    await until(lambda: someone.outside.attempts[f"remind {someone.user_id}"] > 0)
    await someone.save_all()
    await someone.send(Complete(actor=PERSON))
    assert (await someone.closed()).status is Status.COMPLETED
    someone.outside.silent.discard(someone.user_id)
