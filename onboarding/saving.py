"""Answers: saved, skipped, taken over from an expired run."""

from contextlib import suppress
from typing import Any

from msgspec import ValidationError
from msgspec.structs import replace

from onboarding.answers import Answer, plain, recall
from onboarding.changing import Changing
from onboarding.errors import InvalidAnswer, Refused, StateMismatch, StateNotOptional
from onboarding.flow import State
from onboarding.payloads import AcceptPrefilled, Channel, EventKind, FieldError, SaveSteps, SkipStep
from onboarding.progress import current_state, misfits, open_states
from onboarding.reading import examine, read


def save(change: Changing, command: SaveSteps) -> None:
    """Save every answer of the command or none, all failing fields named."""
    _refuse_out_of_order(change, command)
    errors: list[FieldError] = []
    failed: dict[str, Answer] = {}
    for index, step in enumerate(command.steps):
        state = change.flow.find(step.step)
        assert state is not None
        prefix = f"steps[{index}].data." if command.batch else ""
        examined = examine(state.answer, step.data, prefix=prefix, whole_floats=command.channel is Channel.CHAT)
        # An earlier answer of the batch binds a later one as far as it is valid, though it is not kept.
        unfit = misfits(change.flow, state, change.run.answers, {**failed, state.key: examined.answer})
        unfit += state.not_owned(examined.answer, change.run.tenant_id, change.run.user_id)
        errors += examined.errors
        errors += (replace(error, field=prefix + error.field.removeprefix(f"{state.key}.")) for error in unfit)
        if examined.errors or unfit:
            failed[state.key] = examined.answer
        else:
            _keep(change, state, plain(examined.answer))
    if errors:
        raise InvalidAnswer(tuple(errors))


def _refuse_out_of_order(change: Changing, command: SaveSteps) -> None:
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


def _keep(change: Changing, state: State, value: dict[str, Any]) -> None:
    """Make a valid answer the state's."""
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


def _review_dependants(change: Changing, state: State) -> None:
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


def skip(change: Changing, command: SkipStep) -> None:
    """Leave an optional state out."""
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


def accept_prefilled(change: Changing, _: AcceptPrefilled) -> None:
    """Take the offered answers that are still valid; the first state without one is the current one."""
    for state in open_states(change.run, change.flow):
        if (offered := change.run.prefill.get(state.key)) is not None:
            # Recalled first: an older version of the flow may have had fields that this one dropped.
            with suppress(InvalidAnswer, ValidationError):
                answer = read(state.answer, plain(recall(state.answer, offered)))
                unfit = misfits(change.flow, state, change.run.answers, {state.key: answer})
                if not unfit and not state.not_owned(answer, change.run.tenant_id, change.run.user_id):
                    _keep(change, state, plain(answer))
    if change.events:
        change.set(prefill={})


def _mismatch(change: Changing) -> Refused:
    current = current_state(change.run, change.flow)
    return StateMismatch(current_state=current.number if current else None)


def _unknown_state(field: str) -> FieldError:
    return FieldError(field=field, code="unknown_state", detail="is no state of this flow")


def _misplaced(field: str) -> FieldError:
    return FieldError(field=field, code="out_of_order", detail="must come after the states before it, and once")
