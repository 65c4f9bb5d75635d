"""What a run's answers amount to: position, requirements, percentage. All of it derived, none stored."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from onboarding.answers import Answer, followed, recall
from onboarding.flow import Flow, State
from onboarding.flows import FLOWS
from onboarding.payloads import FieldError, Run, RunView, StateView, Status
from onboarding.timing import next_reminder

Answers = Mapping[str, Mapping[str, Any]]
"""Validated answers by state key."""


class StateInfo(Struct, frozen=True, kw_only=True):
    """A state as a frontend shows it."""

    state_number: int
    key: str
    name: str
    agent: str
    description: str
    required_fields: list[str]
    optional: bool


class Requirements(Struct, frozen=True, kw_only=True):
    """What stands between a run and its completion, as state numbers, and why a state needs review."""

    currently_due: list[int]
    needs_review: list[int]
    errors: list[FieldError]


class Progress(Struct, frozen=True, kw_only=True):
    """The progress of a run. `current_state` is None when no state is open."""

    run_id: str
    flow: str
    current_state: int | None
    total_states: int
    completed_states: list[int]
    skipped_states: list[int]
    current_state_info: StateInfo | None
    next_state_info: StateInfo | None
    is_complete: bool
    completion_percentage: int
    can_complete: bool
    requirements: Requirements
    status: Status
    expires_at: datetime
    prefilled: bool
    version: int


def flow_of(run: Run) -> Flow:
    """The flow in the version that the run started with."""
    return FLOWS.get(run.flow, run.flow_version)


def open_states(run: Run, flow: Flow) -> list[State]:
    """The states neither completed nor skipped, in order; the first is the current one."""
    return [s for s in flow.states if s.key not in run.answers and s.key not in run.skipped]


def current_state(run: Run, flow: Flow) -> State | None:
    """The first state neither completed nor skipped."""
    return next(iter(open_states(run, flow)), None)


def can_complete(run: Run, flow: Flow) -> bool:
    """Whether every state is answered or skipped and nothing needs review."""
    return run.status is Status.IN_PROGRESS and not run.needs_review and not open_states(run, flow)


def requirements(run: Run, flow: Flow) -> Requirements:
    """What is due, what needs review, and why."""
    review = [s for s in flow.states if s.key in run.needs_review]
    return Requirements(
        currently_due=[s.number for s in open_states(run, flow)],
        needs_review=[s.number for s in review],
        errors=[e for s in review for e in misfits(flow, s, run.answers)],
    )


def misfits(
    flow: Flow, state: State, answers: Answers, examined: Mapping[str, Answer] | None = None
) -> list[FieldError]:
    """Where a state's answer does not fit the earlier ones; paths start with the state's key.

    Args:
        flow: the flow.
        state: the state.
        answers: stored answers by state key.
        examined: answers that are not stored yet, perhaps valid in part only; they go before stored ones.
    """

    def found(of: State) -> Answer | None:
        if examined and of.key in examined:
            return examined[of.key]
        return recall(of.answer, answers[of.key]) if of.key in answers else None

    answer = found(state)
    if answer is None:
        return []
    return [
        msgspec.structs.replace(error, field=f"{state.key}.{error.field}")
        for dependency in state.depends_on
        if (on := flow.find(dependency.on)) and (earlier := found(on)) is not None
        for rule in dependency.rules
        for error in followed(rule, answer, earlier)
    ]


def state_info(state: State) -> StateInfo:
    """The state as a frontend shows it."""
    return StateInfo(
        state_number=state.number,
        key=state.key,
        name=state.title,
        agent=state.agent,
        description=state.description,
        required_fields=list(_required_fields(state.answer)),
        optional=state.optional,
    )


@cache
def _required_fields(answer: type[Answer]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(answer) if field.required)


def progress(run: Run) -> Progress:
    """Where the run stands."""
    flow = flow_of(run)
    left = open_states(run, flow)
    infos = [state_info(state) for state in left[:2]] + [None, None]
    done = len(flow.states) - len(left)
    return Progress(
        run_id=run.id,
        flow=run.flow,
        current_state=left[0].number if left else None,
        total_states=len(flow.states),
        completed_states=[s.number for s in flow.states if s.key in run.answers],
        skipped_states=[s.number for s in flow.states if s.key in run.skipped],
        current_state_info=infos[0],
        next_state_info=infos[1],
        is_complete=run.status is Status.COMPLETED,
        completion_percentage=100 * done // len(flow.states),
        can_complete=can_complete(run, flow),
        requirements=requirements(run, flow),
        status=run.status,
        expires_at=run.expires_at,
        prefilled=bool(run.prefill),
        version=run.version,
    )


def view(run: Run) -> RunView:
    """The run as support staff see it, without any answer's text."""
    flow = flow_of(run)
    current = current_state(run, flow)

    def status(state: State) -> str:
        if state.key in run.needs_review:
            return "needs_review"
        if state.key in run.answers:
            return "completed"
        return "skipped" if state.key in run.skipped else "open"

    return RunView(
        run_id=run.id,
        flow=f"{run.flow}@{run.flow_version}",
        status=run.status,
        current_state=current.number if current else None,
        version=run.version,
        states=tuple(StateView(number=s.number, key=s.key, title=s.title, status=status(s)) for s in flow.states),
        needs_review=tuple(s.number for s in flow.states if s.key in run.needs_review),
        agent_history=run.agent_history,
        expires_at=run.expires_at,
        next_reminder_at=next_reminder(run, flow.timing),
        forked_from=run.forked_from,
    )
