"""Beginning anew in the middle: a run that takes over what an earlier one had up to a state."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import ValidationError
from msgspec.structs import replace

from onboarding.answers import plain, recall
from onboarding.errors import AnotherRunOpen, InvalidAnswer, StateMismatch, UnknownFlow
from onboarding.flow import Flow, State
from onboarding.flows import FLOWS
from onboarding.payloads import FieldError, Fork, Run, Status
from onboarding.progress import current_state, flow_of, misfits
from onboarding.reading import read


def flow_for(source: Run) -> Flow:
    """The flow of a fork: the version of its source while there is one, else the newest.

    Raises:
        UnknownFlow: there is none by that name any more.
    """
    with suppress(UnknownFlow):
        return flow_of(source)
    return FLOWS.get(source.flow)


def fork(source: Run, run: Run, from_state: int | str) -> Run:
    """`run`, before its first event, standing at a state with what `source` has of those before.

    Answers are taken over as they are, also one that needs review. Where the flow has another version by now, only
    such as that one would take, to be reviewed where they do not fit together there.

    Raises:
        InvalidAnswer: there is no such state.
        StateMismatch: the source did not get so far; `current_state` is how far it can be taken over.
    """
    flow = flow_of(run)
    state = flow.find(from_state)
    if state is None:
        error = FieldError(field="from_state", code="unknown_state", detail="is no state of this flow")
        raise InvalidAnswer((error,))
    skipped = tuple(each.key for each in flow.states if each.optional and each.key in source.skipped)
    taken = replace(run, answers=_answers(source, flow), skipped=skipped, forked_from=source.id)
    reached = current_state(taken, flow) or flow.states[-1]
    if state.number > reached.number:
        raise StateMismatch(current_state=reached.number)
    before = flow.states[: state.number - 1]
    answers = {each.key: taken.answers[each.key] for each in before if each.key in taken.answers}
    unfit = (each for each in before if each.key in source.needs_review or misfits(flow, each, answers))
    return replace(
        taken,
        answers=answers,
        skipped=tuple(each.key for each in before if each.key in skipped),
        needs_review=tuple(each.key for each in unfit if each.key in answers),
    )


def forked(current: Run | None, message: Fork, now: datetime) -> Run:
    """The run that a fork begins with, where `current` is the run that there is.

    Raises:
        AnotherRunOpen: the person is in the middle of one that is not the source.
        InvalidAnswer, StateMismatch: as `fork` does.
    """
    is_source = current is not None and current.id == message.source.id
    is_open = current is not None and current.status is Status.IN_PROGRESS and now < current.expires_at
    if is_open and not is_source:
        raise AnotherRunOpen
    return fork(current if current and is_source else message.source, message.run, message.from_state)


def is_same_fork(run: Run, message: Fork) -> bool:
    """Whether a run is what a fork would give, and nothing has happened in it since."""
    current = current_state(run, flow_of(run))
    return (
        run.status is Status.IN_PROGRESS
        and run.forked_from == message.source.id
        and run.version == 1
        and current is not None
        and message.from_state in (current.number, current.key)
    )


def _answers(source: Run, flow: Flow) -> dict[str, dict[str, Any]]:
    if source.flow_version == flow.version:
        return source.answers
    found = ((state, source.answers[state.key]) for state in flow.states if state.key in source.answers)
    return {state.key: kept for state, answer in found if (kept := _readable(state, answer)) is not None}


def _readable(state: State, answer: dict[str, Any]) -> dict[str, Any] | None:
    """An answer to another version's state, when this one would take it."""
    with suppress(InvalidAnswer, ValidationError):
        return plain(read(state.answer, plain(recall(state.answer, answer))))
    return None
