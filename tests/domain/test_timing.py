"""When reminders come and runs expire, in every zone and through every clock change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from onboarding.flow import Timing
from onboarding.payloads import AbandonedReason, Reminders, Run, Status
from onboarding.timing import after_quiet_hours, next_reminder, wake_at, zone_of
from tests.domain.given import NOW, answered, fresh

TIMING = Timing()
BOUNDED = settings(max_examples=200, deadline=None, database=None, derandomize=True)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# asked for, in UTC -> given, in UTC
QUIET = [
    ("UTC", "2026-06-01T20:59:59Z", "2026-06-01T20:59:59Z"),
    ("UTC", "2026-06-01T21:00:00Z", "2026-06-02T08:00:00Z"),
    ("UTC", "2026-06-01T23:59:59Z", "2026-06-02T08:00:00Z"),
    ("UTC", "2026-06-02T00:00:00Z", "2026-06-02T08:00:00Z"),
    ("UTC", "2026-06-02T07:59:59Z", "2026-06-02T08:00:00Z"),
    ("UTC", "2026-06-02T08:00:00Z", "2026-06-02T08:00:00Z"),
    ("UTC", "2026-12-31T22:00:00Z", "2027-01-01T08:00:00Z"),
    ("Asia/Kathmandu", "2026-06-01T15:15:00Z", "2026-06-02T02:15:00Z"),
    ("Asia/Kathmandu", "2026-06-01T15:14:59Z", "2026-06-01T15:14:59Z"),
    ("Pacific/Kiritimati", "2026-06-01T08:00:00Z", "2026-06-01T18:00:00Z"),
    # The clock goes forward in the night: it is an hour shorter.
    ("America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T12:00:00Z"),
    ("America/New_York", "2026-03-08T07:30:00Z", "2026-03-08T12:00:00Z"),
    ("Europe/Berlin", "2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T21:00:00Z"),
    # The clock goes back in the night: it is longer, at Lord Howe by half an hour.
    ("America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T13:00:00Z"),
    ("America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T13:00:00Z"),
    ("Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T12:00:00Z", "2026-04-04T21:30:00Z"),
    ("Nowhere/At_All", "2026-06-01T21:00:00Z", "2026-06-02T08:00:00Z"),
]


@pytest.mark.parametrize(("zone", "asked", "given_"), QUIET)
def test_quiet_hours_end_at_eight_on_the_persons_clock(zone: str, asked: str, given_: str) -> None:
    """From 21:00 to 08:00 local a moment waits for 08:00 local, whatever the clock does in that night."""
    assert after_quiet_hours(at(asked), zone, TIMING) == at(given_)


@BOUNDED
@given(INSTANTS, st.sampled_from(ZONES))
def test_no_moment_is_quiet_after_waiting(moment: datetime, zone: str) -> None:
    """In any zone at any time the result is outside quiet hours, not earlier, and no later than needed."""
    result = after_quiet_hours(moment, zone, TIMING)
    local = result.astimezone(ZoneInfo(zone))
    assert time(8) <= local.time() < time(21)
    if result != moment:
        assert local.time() == time(8)
        assert timedelta() < result - moment <= timedelta(hours=11 + 2)
    assert result.tzinfo is moment.tzinfo


@BOUNDED
@given(INSTANTS, st.sampled_from(ZONES), st.times(), st.times())
def test_quiet_hours_may_be_any_part_of_the_day(moment: datetime, zone: str, start: time, end: time) -> None:
    """Quiet hours within one day work as those over midnight; from a time to the same time is never."""
    timing = Timing(quiet_from=start, quiet_until=end)

    def quiet(when: datetime) -> bool:
        clock = when.astimezone(ZoneInfo(zone)).time()
        return start <= clock < end if start <= end else clock >= start or clock < end

    result = after_quiet_hours(moment, zone, timing)
    if quiet(moment):
        assert moment < result <= moment + timedelta(hours=24 + 2)
    else:
        assert result == moment


WAITS = [timedelta(hours=24), timedelta(hours=72)]


@pytest.mark.parametrize("sent", [0, 1])
def test_reminders_come_after_a_day_and_after_three(sent: int) -> None:
    """The first two reminders are due 24 and 72 hours after the last answer."""
    run = replace(answered(2), reminders=Reminders(sent=sent))
    assert next_reminder(run, TIMING) == NOW + WAITS[sent]
    assert wake_at(run, TIMING) == NOW + WAITS[sent]


@pytest.mark.parametrize("sent", [2, 3, 50])
def test_after_the_last_reminder_only_the_end_is_waited_for(sent: int) -> None:
    """When all reminders went out, the next thing that happens is the expiry."""
    run = replace(answered(2), reminders=Reminders(sent=sent))
    assert next_reminder(run, TIMING) is None
    assert wake_at(run, TIMING) == run.expires_at


def test_there_are_at_most_so_many_reminders() -> None:
    """A flow may list more waits than it sends reminders."""
    timing = Timing(reminders_after=tuple(timedelta(hours=h) for h in (9, 24, 33, 48)), max_reminders=3)
    due = [next_reminder(replace(fresh(), reminders=Reminders(sent=n)), timing) for n in range(5)]
    assert [d is not None for d in due] == [True, True, True, False, False]


def test_nobody_who_opted_out_is_reminded() -> None:
    """A muted run has no reminders and sleeps until it expires."""
    run = replace(answered(2), reminders=Reminders(muted=True))
    assert next_reminder(run, TIMING) is None
    assert wake_at(run, TIMING) == run.expires_at


@pytest.mark.parametrize(
    ("snoozed", "due"),
    [
        (timedelta(hours=1), timedelta(hours=24)),
        (timedelta(hours=24), timedelta(hours=24)),
        (timedelta(hours=30), timedelta(hours=30)),
        (timedelta(hours=34), timedelta(hours=44)),  # 22:00 waits for 08:00
        (timedelta(days=7), None),
        (timedelta(days=8), None),
        (timedelta(days=2_000_000), None),
    ],
)
def test_a_snooze_puts_the_reminder_off(snoozed: timedelta, due: timedelta | None) -> None:
    """A reminder waits for the end of the snooze, then for the morning, and not beyond the expiry."""
    run = replace(answered(2), reminders=Reminders(snoozed_until=NOW + snoozed))
    assert next_reminder(run, TIMING) == (NOW + due if due else None)


def test_a_morning_after_the_expiry_is_too_late() -> None:
    """A reminder that quiet hours push to or past the expiry does not come."""
    evening = NOW.replace(hour=22)
    run = replace(fresh(), last_activity_at=evening, expires_at=evening + timedelta(hours=34))
    assert next_reminder(run, TIMING) is None
    later = replace(run, expires_at=evening + timedelta(hours=34, microseconds=1))
    assert next_reminder(later, TIMING) == evening + timedelta(hours=34)


@pytest.mark.parametrize(
    "ended",
    [
        {"status": Status.COMPLETED},
        {"status": Status.ABANDONED, "abandoned_reason": AbandonedReason.EXPIRED},
    ],
)
def test_a_finished_run_reminds_nobody(ended: dict[str, object]) -> None:
    """A run that ended has no next reminder."""
    assert next_reminder(replace(answered(2), **ended), TIMING) is None


RUNS = st.builds(
    lambda last, zone, sent, muted, snooze, lives: replace(
        fresh(timezone=zone),
        last_activity_at=last,
        expires_at=last + lives,
        reminders=Reminders(sent=sent, muted=muted, snoozed_until=last + snooze if snooze else None),
    ),
    INSTANTS,
    st.sampled_from([*ZONES, "", "No/Zone"]),
    st.integers(0, 4),
    st.sampled_from([False, False, False, True]),
    st.none() | st.timedeltas(timedelta(days=-10), timedelta(days=10)),
    st.timedeltas(timedelta(minutes=1), timedelta(days=8)),
)


@BOUNDED
@given(RUNS)
def test_a_reminder_is_never_at_night_never_late_never_unwanted(run: Run) -> None:
    """Of any run in any zone: a reminder is by day, after its wait and snooze, before expiry, and wanted."""
    due = next_reminder(run, TIMING)
    assert wake_at(run, TIMING) == (due or run.expires_at)
    if due is None:
        return
    local = due.astimezone(zone_of(run.timezone) or UTC)
    assert time(8) <= local.time() < time(21)
    assert run.last_activity_at + WAITS[run.reminders.sent] <= due < run.expires_at
    assert run.reminders.snoozed_until is None or due >= run.reminders.snoozed_until
    assert not run.reminders.muted


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Base", "../etc/passwd", "/etc/localtime", "Europe", "Europe/../Europe/Berlin", ".", "..", "a" * 65]
    + ["Europe/Berlin\n", "\x00", "\ud800", "Europe/Berlin/", "tzdata.zi", "zone.tab", "__init__.py", "Ünknown"],
)
def test_what_is_no_time_zone(name: str) -> None:
    """Names that are paths, folders, other files or nonsense are no zones, and do no harm."""
    assert zone_of(name) is None


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+12"])
def test_what_is_a_time_zone(name: str) -> None:
    """An IANA name gives its zone."""
    zone = zone_of(name)
    assert zone is not None
    assert zone.key == name


@BOUNDED
@given(st.text(max_size=80))
def test_any_text_may_be_asked_for_as_a_zone(name: str) -> None:
    """No text makes the look-up fail."""
    assert zone_of(name) is None or zone_of(name) == ZoneInfo(name)
