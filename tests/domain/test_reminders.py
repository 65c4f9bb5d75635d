"""What a run remembers of its reminders, and that they disturb nobody's page."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from onboarding.advance import advance
from onboarding.flow import Timing
from onboarding.payloads import EventKind, Remind, Reminders, SetPlace, SnoozeReminders
from onboarding.timing import next_reminder, wake_at
from tests.domain.given import NOW, PERSON, after, answer, answered, fresh, kinds, save

REMIND = Remind(actor=PERSON)
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
