"""The reducer: `advance` is the only way in which a run changes.

It is pure and total: the same run, command and time give the same answer, and every command on every run
gives either a new run with its events or a `Refused`.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from msgspec import ValidationError
from msgspec.structs import replace

from onboarding.answers import plain, read, recall
from onboarding.errors import (
    AlreadyComplete,
    Incomplete,
    InvalidAnswer,
    Refused,
    RunAbandoned,
    RunExpired,
    StateMismatch,
    StateNotOptional,
    VersionConflict,
)
from onboarding.flow import Flow, State
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Actor,
    AgentTurn,
    Channel,
    Command,
    Complete,
    Event,
    EventKind,
    FieldError,
    Remind,
    Reminders,
    Run,
    SaveSteps,
    SetPlace,
    SkipStep,
    SnoozeReminders,
    Status,
)
from onboarding.progress import can_complete, current_state, flow_of, misfits, open_states
from onboarding.timing import zone_of


def new_run(
    *,
    id: str,
    tenant_id: str,
    user_id: str,
    flow: Flow,
    now: datetime,
    timezone: str = "UTC",
    locale: str = "en",
    prefill: dict[str, dict[str, Any]] | None = None,
) -> Run:
    """A run before its first event."""
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
        prefill=prefill or {},
    )


def begin(run: Run, actor: Actor, channel: Channel, now: datetime) -> tuple[Run, tuple[Event, ...]]:
    """The first event of a run."""
    change = _Changing(run, flow_of(run), actor, channel, now)
    change.note(EventKind.RUN_STARTED)
    return change.done()


def advance(run: Run, command: Command, now: datetime) -> tuple[Run, tuple[Event, ...]]:
    """Apply a command at a time.

    Returns:
        The run afterwards, and its events in order; the run itself and no events when nothing changes.

    Raises:
        Refused: when the rules do not allow it; each subclass says which rule.
    """
    if isinstance(command, Abandon) and run.status is Status.ABANDONED:
        return run, ()
    if isinstance(command, Complete) and run.status is Status.COMPLETED:
        return run, ()
    refuse_if_finished(run)
    if isinstance(command, _WRITES) and now >= run.expires_at:  # its timer is late, the person is not early
        raise RunExpired
    if command.expected_version is not None and command.expected_version != run.version:
        raise VersionConflict
    change = _Changing(run, flow_of(run), command.actor, command.channel, now)
    _HANDLERS[type(command)](change, command)
    return change.done()


def refuse_if_finished(run: Run) -> None:
    """Raise what a write to a finished run is answered with."""
    if run.status is Status.COMPLETED:
        raise AlreadyComplete
    if run.abandoned_reason is AbandonedReason.EXPIRED:
        raise RunExpired
    if run.status is Status.ABANDONED:
        raise RunAbandoned


class _Changing:
    """A run while a command is applied to it."""

    def __init__(self, run: Run, flow: Flow, actor: Actor, channel: Channel, now: datetime) -> None:
        self.before = run
        self.run = run
        self.flow = flow
        self.actor = actor
        self.channel = channel
        self.now = now
        self.events: list[Event] = []

    def set(self, **fields: Any) -> None:
        self.run = replace(self.run, **fields)

    def note(self, kind: EventKind, state: State | None = None, *, visible: bool = True) -> None:
        """Record an event. All visible events of one command are one version."""
        version = self.before.version + 1 if visible else self.run.version
        self.set(seq=self.run.seq + 1, version=version)
        self.events.append(
            Event(
                seq=self.run.seq,
                version=version,
                kind=kind,
                state=state.number if state else None,
                actor=self.actor,
                channel=self.channel,
                at=self.now,
            )
        )

    def answered(self) -> None:
        """An answer slides the expiry and starts the reminders anew."""
        reminders = replace(self.run.reminders, sent=0)
        self.set(
            last_activity_at=self.now,
            expires_at=self.now + self.flow.timing.expires_after,
            reminders=reminders,
        )

    def done(self) -> tuple[Run, tuple[Event, ...]]:
        current = current_state(self.run, self.flow)
        history = self.run.agent_history
        if current and self.events and (not history or history[-1].agent != current.agent):
            turn = AgentTurn(agent=current.agent, state=current.number, at=self.now)
            self.set(agent_history=(*history, turn)[-50:])
        return self.run, tuple(self.events)


def _save(change: _Changing, command: SaveSteps) -> None:
    _refuse_out_of_order(change, command)
    errors: list[FieldError] = []
    for index, step in enumerate(command.steps):
        state = change.flow.find(step.step)
        assert state is not None
        prefix = f"steps[{index}].data." if command.batch else ""
        try:
            _save_one(change, state, step.data, prefix, whole_floats=command.channel is Channel.CHAT)
        except InvalidAnswer as refused:
            errors.extend(refused.errors)
    if errors:
        raise InvalidAnswer(tuple(errors))


def _refuse_out_of_order(change: _Changing, command: SaveSteps) -> None:
    """Order comes before content: a wrong answer for a wrong step is a wrong step.

    A batch names each state once and in order, else saving it again would not be the same.
    """
    last = 0
    open_keys = [s.key for s in open_states(change.run, change.flow)]
    for index, step in enumerate(command.steps):
        state = change.flow.find(step.step)
        if state is None:
            raise InvalidAnswer((_unknown_state(f"steps[{index}].step" if command.batch else "step"),))
        if state.key in open_keys[1:]:
            raise _mismatch(change)
        if state.number <= last:
            raise InvalidAnswer((_misplaced(f"steps[{index}].step"),))
        last = state.number
        if state.key in open_keys:
            open_keys.remove(state.key)


def _save_one(change: _Changing, state: State, data: object, prefix: str, *, whole_floats: bool = False) -> None:
    value = plain(read(state.answer, data, prefix=prefix, whole_floats=whole_floats))
    if errors := _unfit(change, state, value, prefix):
        raise InvalidAnswer(errors)
    old = change.run.answers.get(state.key)
    reviewed = state.key in change.run.needs_review
    if old == value and not reviewed:
        return
    change.set(
        answers={**change.run.answers, state.key: value},
        skipped=tuple(key for key in change.run.skipped if key != state.key),
        needs_review=tuple(key for key in change.run.needs_review if key != state.key),
        prefill={key: kept for key, kept in change.run.prefill.items() if key != state.key},
    )
    if old is None:
        change.note(EventKind.STATE_COMPLETED, state)
    else:
        change.note(EventKind.STATE_EDITED if old != value else EventKind.STATE_CONFIRMED, state)
    change.answered()
    _review_dependants(change, state)


def _unfit(change: _Changing, state: State, value: dict[str, Any], prefix: str) -> tuple[FieldError, ...]:
    answers = {**change.run.answers, state.key: value}
    return tuple(
        replace(error, field=prefix + error.field.removeprefix(f"{state.key}."))
        for error in misfits(change.flow, state, answers)
    )


def _review_dependants(change: _Changing, state: State) -> None:
    """Re-open what no longer fits, and close what fits again."""
    for dependant in change.flow.dependants(state.key):
        if dependant.key not in change.run.answers:
            continue
        review = change.run.needs_review
        if not misfits(change.flow, dependant, change.run.answers):
            change.set(needs_review=tuple(key for key in review if key != dependant.key))
        elif dependant.key not in review:
            change.set(needs_review=(*review, dependant.key))
            change.note(EventKind.STATE_REOPENED, dependant)


def _skip(change: _Changing, command: SkipStep) -> None:
    state = change.flow.find(command.step)
    if state is None:
        raise InvalidAnswer((_unknown_state("step"),))
    current = current_state(change.run, change.flow)
    if current and state.number > current.number and state in open_states(change.run, change.flow):
        raise _mismatch(change)
    if not state.optional:
        raise StateNotOptional
    if state.key in change.run.skipped:
        return
    change.set(
        answers={key: value for key, value in change.run.answers.items() if key != state.key},
        skipped=(*change.run.skipped, state.key),
        needs_review=tuple(key for key in change.run.needs_review if key != state.key),
    )
    change.note(EventKind.STATE_SKIPPED, state)
    change.answered()
    _review_dependants(change, state)


def _accept(change: _Changing, _: AcceptPrefilled) -> None:
    """Take the offered answers that are still valid; the first state without one is the current one."""
    for state in open_states(change.run, change.flow):
        if (offered := change.run.prefill.get(state.key)) is not None:
            # Recalled first: an older version of the flow may have had fields that this one dropped.
            with suppress(InvalidAnswer, ValidationError):
                _save_one(change, state, plain(recall(state.answer, offered)), "")
    if change.events:
        change.set(prefill={})


def _complete(change: _Changing, _: Complete) -> None:
    if not can_complete(change.run, change.flow):
        raise Incomplete
    change.set(status=Status.COMPLETED, completed_at=change.now, prefill={})
    change.note(EventKind.RUN_COMPLETED)


def _abandon(change: _Changing, command: Abandon) -> None:
    change.set(status=Status.ABANDONED, abandoned_reason=command.reason)
    change.note(EventKind.RUN_ABANDONED)


def _remind(change: _Changing, _: Remind) -> None:
    change.set(reminders=replace(change.run.reminders, sent=change.run.reminders.sent + 1))
    # A reminder changes nothing that a person could be looking at, so their page does not become stale.
    change.note(EventKind.RUN_REMINDED, visible=False)


def _snooze(change: _Changing, command: SnoozeReminders) -> None:
    before, until = change.run.reminders, command.until
    if until and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    # Whoever opted out stays out when a snooze is set: only the bare wake-up brings reminders back.
    muted = command.muted or (before.muted and until is not None)
    reminders = Reminders(sent=before.sent, muted=muted, snoozed_until=until)
    if reminders != change.run.reminders:
        change.set(reminders=reminders)
        change.note(EventKind.REMINDERS_CHANGED, visible=False)


def _place(change: _Changing, command: SetPlace) -> None:
    timezone, locale = change.run.timezone, change.run.locale
    if command.timezone and zone_of(command.timezone):
        timezone = command.timezone
    locale = command.locale or locale
    if (timezone, locale) != (change.run.timezone, change.run.locale):
        change.set(timezone=timezone, locale=locale)
        change.note(EventKind.PLACE_CHANGED, visible=False)


_HANDLERS: dict[type[Command], Callable[[_Changing, Any], None]] = {
    SaveSteps: _save,
    SkipStep: _skip,
    AcceptPrefilled: _accept,
    Complete: _complete,
    Abandon: _abandon,
    Remind: _remind,
    SnoozeReminders: _snooze,
    SetPlace: _place,
}


_WRITES = (SaveSteps, SkipStep, AcceptPrefilled, Complete)


def _mismatch(change: _Changing) -> Refused:
    current = current_state(change.run, change.flow)
    return StateMismatch(current_state=current.number if current else None)


def _unknown_state(field: str) -> FieldError:
    return FieldError(field=field, code="unknown_state", detail="is no state of this flow")


def _misplaced(field: str) -> FieldError:
    return FieldError(field=field, code="out_of_order", detail="must come after the states before it, and once")
