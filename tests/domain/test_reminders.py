"""What a run remembers of its reminders, and that they disturb nobody's page."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from onboarding.advance import advance
from onboarding.errors import AlreadyComplete, RemindedRecently, RemindersOff, RunAbandoned, RunExpired
from onboarding.flow import Timing
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    Actor,
    ActorKind,
    Channel,
    Complete,
    EventKind,
    Nudge,
    Remind,
    Reminders,
    SetPlace,
    SnoozeReminders,
)
from onboarding.timing import next_reminder, wake_at
from tests.domain.given import NOW, PERSON, after, answer, answered, fresh, kinds, refused, save

REMIND = Remind(actor=PERSON)
NUDGE = Nudge(actor=Actor(kind=ActorKind.STAFF, id="00000000-0000-7000-8000-00000000000f"), channel=Channel.API)
LATER = NOW + timedelta(days=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NAIVE = [at.replace(tzinfo=None) for at in (LATER, LAST, FIRST)]


def snooze(**fields: object) -> SnoozeReminders:
    return SnoozeReminders(actor=PERSON, **fields)  # type: ignore[arg-type]


def test_a_reminder_is_an_event_and_no_new_version() -> None:
    """A reminder is recorded and counted, but makes no page stale and moves no expiry."""
    before = answered(2)
    run, events = advance(before, REMIND, LATER)
    assert kinds(events) == [(EventKind.RUN_REMINDED, None)]
    assert (run.version, events[0].version) == (before.version, before.version)
    assert (run.seq, run.reminders.sent) == (before.seq + 1, 1)
    assert (run.expires_at, run.last_activity_at) == (before.expires_at, before.last_activity_at)
    after(run, save((3, answer(3)), expected_version=before.version))


def test_an_answer_after_a_reminder_starts_the_count_anew() -> None:
    """Reminders count from the last answer."""
    run = after(answered(2), REMIND, REMIND)
    assert run.reminders.sent == 2
    assert after(run, save((3, answer(3)))).reminders.sent == 0


def test_the_same_answer_again_does_not_reset_the_reminders() -> None:
    """A save that changes nothing is no sign of life."""
    run = after(answered(2), REMIND)
    assert after(run, save((2, answer(2)))).reminders.sent == 1


def test_snoozing_and_muting_keep_the_version() -> None:
    """What a person wishes of reminders changes no page."""
    before = fresh()
    for command in (snooze(until=LATER), snooze(muted=True)):
        run = after(before, command)
        assert run.reminders != before.reminders
        assert run.version == before.version
        assert advance(run, command, LATER) == (run, ())


def test_whoever_opted_out_stays_out_when_a_snooze_is_set() -> None:
    """Only the bare wake-up brings reminders back; a snooze of a muted run leaves it muted."""
    muted = after(fresh(), snooze(muted=True))
    assert after(muted, snooze(until=LATER)).reminders.muted is True
    assert after(muted, snooze()).reminders == Reminders()


@pytest.mark.parametrize(
    "until",
    [
        *NAIVE,
        FIRST,
        LAST,
        LAST.replace(tzinfo=timezone(timedelta(hours=-12))),
        FIRST.replace(tzinfo=timezone(timedelta(hours=14))),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_any_time_can_be_asked_for(until: datetime, zone: str) -> None:
    """A snooze until any moment, with a zone or without, leaves a run whose timers can be worked out."""
    run = after(fresh(timezone=zone), snooze(until=until))
    assert next_reminder(run, Timing()) is None or next_reminder(run, Timing()) < run.expires_at
    assert NOW < wake_at(run, Timing()) <= run.expires_at


def test_a_place_is_taken_over_without_a_new_version() -> None:
    """Time zone and language can be set at any time; an unknown zone is ignored, a repeat changes nothing."""
    before = fresh()
    command = SetPlace(actor=PERSON, timezone="Europe/Berlin", locale="es")
    run = after(before, command)
    assert (run.timezone, run.locale, run.version) == ("Europe/Berlin", "es", before.version)
    assert advance(run, command, LATER) == (run, ())
    assert after(run, SetPlace(actor=PERSON, timezone="Mars/Base")) == run
    assert after(run, SetPlace(actor=PERSON)) == run


def test_a_nudge_is_a_reminder_that_does_not_count() -> None:
    """A reminder that staff ask for is recorded as theirs; the flow's own are counted without it."""
    before = answered(2)
    run, events = advance(before, NUDGE, LATER)
    assert kinds(events) == [(EventKind.RUN_REMINDED, None)]
    assert (events[0].actor, events[0].channel) == (NUDGE.actor, NUDGE.channel)
    assert (run.reminders.sent, run.reminders.nudged_at) == (0, LATER)
    assert (run.version, run.expires_at, run.last_activity_at) == (
        before.version,
        before.expires_at,
        before.last_activity_at,
    )


def test_a_nudge_an_hour() -> None:
    """Within an hour of one there is no other, also after an answer, and the refusal says for how long."""
    run = after(answered(2), NUDGE)
    run = after(run, save((3, answer(3))))
    early = refused(RemindedRecently, lambda: advance(run, NUDGE, NOW + timedelta(minutes=59, seconds=30.5)))
    assert early.retry_after_seconds == early.refusal.retry_after_seconds == 30
    assert after(run, NUDGE, now=NOW + timedelta(hours=1)).reminders.nudged_at == NOW + timedelta(hours=1)


def test_nobody_is_nudged_who_wants_no_reminders() -> None:
    """Who opted out, and who snoozes, is not reminded by staff either; after the snooze they are."""
    for wish in (snooze(muted=True), snooze(until=LATER)):
        refused(RemindersOff, lambda wish=wish: advance(after(fresh(), wish), NUDGE, NOW))
    assert after(after(fresh(), snooze(until=LATER)), NUDGE, now=LATER).reminders.nudged_at == LATER


def test_a_snooze_does_not_forget_the_nudge() -> None:
    """Whoever changes their reminders can still be nudged once an hour only."""
    run = after(fresh(), NUDGE, snooze(until=LATER), snooze())
    refused(RemindedRecently, lambda: advance(run, NUDGE, NOW + timedelta(minutes=1)))


def test_the_flows_reminder_keeps_away_from_a_nudge() -> None:
    """One that was due right after a nudge comes an hour after it, and the ones after that when they would."""
    run = answered(2)
    due = next_reminder(run, Timing())
    assert due is not None
    nudged = after(run, NUDGE, now=due - timedelta(minutes=5))
    assert next_reminder(nudged, Timing()) == due + timedelta(minutes=55)
    early = after(run, NUDGE, now=NOW)
    assert next_reminder(early, Timing()) == due


def test_nobody_is_nudged_about_a_run_that_is_over() -> None:
    """A completed, an abandoned and an overdue run refuse as they do everything."""
    run = answered(9)
    refused(AlreadyComplete, lambda: advance(after(run, Complete(actor=PERSON)), NUDGE, NOW))
    given_up = after(run, Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    refused(RunAbandoned, lambda: advance(given_up, NUDGE, NOW))
    refused(RunExpired, lambda: advance(run, NUDGE, run.expires_at))
