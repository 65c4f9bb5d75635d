"""The reducer: `advance` is the only way in which a run changes.

It is pure and total: the same run, command and time give the same answer, and every command on every run
gives either a new run with its events or a `Refused`.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from onboarding.changing import Changing
from onboarding.errors import (
    AlreadyComplete,
    Incomplete,
    RemindedRecently,
    RemindersOff,
    RunAbandoned,
    RunExpired,
    VersionConflict,
)
from onboarding.flow import Flow
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Actor,
    Channel,
    Command,
    Complete,
    Event,
    EventKind,
    HandBack,
    Nudge,
    Remind,
    Reminders,
    Run,
    SaveSteps,
    Say,
    SetPlace,
    SkipStep,
    SnoozeReminders,
    Status,
    TakeOver,
)
from onboarding.progress import can_complete, current_state, flow_of
from onboarding.saving import accept_prefilled, save, skip
from onboarding.timing import NUDGE_EVERY, zone_of


def new_run(
    *,
    id: str,
    tenant_id: str,
    user_id: str,
    flow: Flow,
    now: datetime,
    timezone: str = "UTC",
    locale: str = "en",
    muted: bool = False,
    prefill: dict[str, dict[str, Any]] | None = None,
) -> Run:
    """A run before its first event; `muted` for who wants no reminders."""
    return Run(
        id=id,
        tenant_id=tenant_id,
        user_id=user_id,
        flow=flow.key,
        flow_version=flow.version,
        created_at=now,
        last_activity_at=now,
        expires_at=now + flow.timing.expires_after,
        timezone=timezone,
        locale=locale,
        reminders=Reminders(muted=muted),
        prefill=prefill or {},
    )


def offered(run: Run) -> dict[str, dict[str, Any]]:
    """What the successor of an expired run offers for reuse: its answers, and what it offered itself in vain."""
    return {**run.prefill, **run.answers} if run.abandoned_reason is AbandonedReason.EXPIRED else {}


def is_untouched(run: Run) -> bool:
    """Whether beginning anew would give the same run again."""
    return run.status is Status.IN_PROGRESS and not (run.answers or run.skipped or run.prefill)


def begin(run: Run, actor: Actor, channel: Channel, now: datetime) -> tuple[Run, tuple[Event, ...]]:
    """The first event of a run, whose times are counted from here: runs are in the order of their beginnings.

    That of a fork says where it comes from, and at which state it begins; nothing that led there happens again.
    """
    flow = flow_of(run)
    run = replace(run, created_at=now, last_activity_at=now, expires_at=now + flow.timing.expires_after)
    change = Changing(run, flow, actor, channel, now)
    change.note(EventKind.RUN_STARTED, current_state(run, flow) if run.forked_from else None)
    return change.done()


def advance(run: Run, command: Command, now: datetime) -> tuple[Run, tuple[Event, ...]]:
    """Apply a command at a time.

    Returns:
        The run afterwards, and its events in order; the run itself and no events when nothing changes.

    Raises:
        Refused: when the rules do not allow it; each subclass says which rule.
    """
    if command.run_id not in (None, run.id):
        raise RunAbandoned  # Where there is another one, the one that was meant has ended.
    if isinstance(command, Abandon) and run.status is Status.ABANDONED:
        if _is_deletion(command) and run.abandoned_reason is AbandonedReason.EXPIRED:
            raise RunExpired
        return run, ()
    if isinstance(command, Complete) and run.status is Status.COMPLETED:
        return run, ()
    refuse_if_finished(run)
    # Its timer may be late; the person is not early.
    if now >= run.expires_at and (isinstance(command, _WRITES) or _is_deletion(command)):
        raise RunExpired
    if command.expected_version is not None and command.expected_version != run.version:
        raise VersionConflict
    change = Changing(run, flow_of(run), command.actor, command.channel, now)
    _HANDLERS[type(command)](change, command)
    return change.done()


def _is_deletion(command: Command) -> bool:
    return isinstance(command, Abandon) and command.reason is AbandonedReason.DELETED


def refuse_if_finished(run: Run) -> None:
    """Raise what a write to a finished run is answered with."""
    if run.status is Status.COMPLETED:
        raise AlreadyComplete
    if run.abandoned_reason is AbandonedReason.EXPIRED:
        raise RunExpired
    if run.status is Status.ABANDONED:
        raise RunAbandoned


def _complete(change: Changing, _: Complete) -> None:
    if not can_complete(change.run, change.flow):
        raise Incomplete
    change.set(status=Status.COMPLETED, completed_at=change.now, prefill={})
    change.note(EventKind.RUN_COMPLETED)


def _abandon(change: Changing, command: Abandon) -> None:
    if command.reason is AbandonedReason.EXPIRED and change.now < change.run.expires_at:
        return  # Whoever says so looked at an old projection, or at the run before this one.
    change.set(status=Status.ABANDONED, abandoned_reason=command.reason)
    change.note(EventKind.RUN_ABANDONED)


def _remind(change: Changing, _: Remind) -> None:
    """One reminder stands for all that are due by now: after an outage they do not come in a row."""
    waits = change.flow.timing.reminders_after
    due = sum(change.run.last_activity_at + wait <= change.now for wait in waits)
    sent = max(change.run.reminders.sent + 1, due)
    change.set(reminders=replace(change.run.reminders, sent=sent))
    # A reminder changes nothing that a person could be looking at, so their page does not become stale.
    change.note(EventKind.RUN_REMINDED, visible=False)


def _nudge(change: Changing, _: Nudge) -> None:
    """It counts as none of the reminders that the flow sends by itself."""
    reminders, now = change.run.reminders, change.now
    if reminders.muted or (reminders.snoozed_until and now < reminders.snoozed_until):
        raise RemindersOff
    if reminders.nudged_at and (wait := reminders.nudged_at + NUDGE_EVERY - now) > timedelta():
        raise RemindedRecently(retry_after_seconds=math.ceil(wait.total_seconds()))
    change.set(reminders=replace(reminders, nudged_at=now))
    change.note(EventKind.RUN_REMINDED, visible=False)


def _snooze(change: Changing, command: SnoozeReminders) -> None:
    before, until = change.run.reminders, command.until
    if until and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    # Whoever opted out stays out when a snooze is set: only the bare wake-up brings reminders back.
    muted = command.muted or (before.muted and until is not None)
    reminders = replace(before, muted=muted, snoozed_until=until)
    if reminders != change.run.reminders:
        change.set(reminders=reminders)
        change.note(EventKind.REMINDERS_CHANGED, visible=False)


def _place(change: Changing, command: SetPlace) -> None:
    timezone, locale = change.run.timezone, change.run.locale
    if command.timezone and zone_of(command.timezone):
        timezone = command.timezone
    locale = command.locale or locale
    if (timezone, locale) != (change.run.timezone, change.run.locale):
        change.set(timezone=timezone, locale=locale)
        change.note(EventKind.PLACE_CHANGED, visible=False)


def _say(change: Changing, command: Say) -> None:
    """Talk changes nothing; what it leads to comes as commands of its own."""
    del change, command


def _take_over(change: Changing, command: TakeOver) -> None:
    """Whoever takes over from a colleague is the one who answers then."""
    if change.run.staff != command.actor.id:
        change.set(staff=command.actor.id)
        change.note(EventKind.TAKEN_OVER)


def _hand_back(change: Changing, _: HandBack) -> None:
    if change.run.staff is not None:
        change.set(staff=None)
        change.note(EventKind.HANDED_BACK)


_HANDLERS: dict[type[Command], Callable[[Changing, Any], None]] = {
    SaveSteps: save,
    SkipStep: skip,
    AcceptPrefilled: accept_prefilled,
    Complete: _complete,
    Abandon: _abandon,
    Remind: _remind,
    Nudge: _nudge,
    SnoozeReminders: _snooze,
    SetPlace: _place,
    Say: _say,
    TakeOver: _take_over,
    HandBack: _hand_back,
}


_WRITES = (SaveSteps, SkipStep, AcceptPrefilled, Complete, Say, TakeOver, HandBack, Nudge)
