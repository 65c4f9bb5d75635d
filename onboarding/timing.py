"""When a silent run reminds its person, and when it expires."""

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from onboarding.flow import Timing
from onboarding.payloads import Run, Status


def zone_of(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, or None. The host's own `localtime` is no name."""
    return ZoneInfo(name) if name in _names() else None


NUDGE_EVERY = timedelta(hours=1)
"""Between a reminder that somebody of the staff asks for and any other one."""


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})


def next_reminder(run: Run, timing: Timing) -> datetime | None:
    """When the next reminder is due, or None when none is to come before the run expires.

    The nth reminder is due `reminders_after[n]` after the last answer, but not while the person snoozes, not right
    after a nudge, and never in quiet hours.
    """
    sent = run.reminders.sent
    waits = timing.reminders_after[: timing.max_reminders]
    if run.status is not Status.IN_PROGRESS or run.reminders.muted or sent >= len(waits):
        return None
    due = run.last_activity_at + waits[sent]
    if run.reminders.snoozed_until:
        due = max(due, run.reminders.snoozed_until)
    if run.reminders.nudged_at:
        due = max(due, run.reminders.nudged_at + NUDGE_EVERY)
    if due >= run.expires_at:  # somebody may snooze until the year 9999, where zones overflow
        return None
    due = after_quiet_hours(due, run.timezone, timing)
    return due if due < run.expires_at else None


def after_quiet_hours(at: datetime, timezone: str, timing: Timing) -> datetime:
    """`at`, or the end of the quiet hours that it falls into; they may span midnight."""
    zone = zone_of(timezone) or ZoneInfo("UTC")
    local = at.astimezone(zone)
    clock = local.time()
    begun, over = clock >= timing.quiet_from, clock >= timing.quiet_until
    spans_midnight = timing.quiet_from > timing.quiet_until
    if not (begun or not over if spans_midnight else begun and not over):
        return at
    day = local.date() + timedelta(days=1) if over else local.date()
    return datetime.combine(day, timing.quiet_until, zone).astimezone(at.tzinfo)


def wake_at(run: Run, timing: Timing) -> datetime:
    """The next moment at which something is due: a reminder, or the end."""
    return min(next_reminder(run, timing) or run.expires_at, run.expires_at)
