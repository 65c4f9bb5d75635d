"""What the tests of the domain start from: a moment, a person, runs that are some way along, and commands."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from onboarding.advance import advance, begin, new_run
from onboarding.errors import Refused
from onboarding.flow import Flow
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import (
    Actor,
    ActorKind,
    Channel,
    Command,
    Event,
    EventKind,
    Run,
    SaveSteps,
    Say,
    SkipStep,
    StepAnswer,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
PERSON = Actor(kind=ActorKind.PERSON, id="00000000-0000-7000-8000-000000000003")


def answer(step: int | str, **changes: Any) -> dict[str, Any]:
    """The example answer of a state of `fitness`, with some fields changed."""
    state = FITNESS.find(step)
    assert state is not None
    return {**copy.deepcopy(dict(state.example)), **changes}


def save(*steps: tuple[int | str, dict[str, Any]], batch: bool = False, **command: Any) -> SaveSteps:
    """Save one answer, or several as a batch."""
    answers = tuple(StepAnswer(step=step, data=data) for step, data in steps)
    return SaveSteps(actor=PERSON, steps=answers, batch=batch or len(steps) > 1, **command)


def skip(step: int | str, **command: Any) -> SkipStep:
    """Skip a state."""
    return SkipStep(actor=PERSON, step=step, **command)


def say(number: int) -> Say:
    """A turn of the chat, by a number of its own."""
    turn_id = f"00000000-0000-7000-8000-{number:012x}"
    return Say(actor=PERSON, channel=Channel.CHAT, message_id=turn_id, turn_id=turn_id)


def fresh(flow: Flow = FITNESS, **fields: Any) -> Run:
    """A run that has just begun."""
    run = new_run(
        id="00000000-0000-7000-8000-000000000001",
        tenant_id="00000000-0000-7000-8000-000000000002",
        user_id="00000000-0000-7000-8000-000000000003",
        flow=flow,
        now=NOW,
        **fields,
    )
    return begin(run, PERSON, Channel.FORM, NOW)[0]


def answered(upto: int, flow: Flow = FITNESS, **fields: Any) -> Run:
    """A run whose first states are answered with their examples."""
    run = fresh(flow, **fields)
    for state in flow.states[:upto]:
        run = after(run, save((state.number, dict(state.example))))
    return run


def after(run: Run, *commands: Command, now: datetime = NOW) -> Run:
    """The run after some commands."""
    for command in commands:
        run = advance(run, command, now)[0]
    return run


def kinds(events: tuple[Event, ...]) -> list[tuple[EventKind, int | None]]:
    """What happened, to which states."""
    return [(event.kind, event.state) for event in events]


def refused(kind: type[Refused], call: Callable[[], object]) -> Refused:
    """The refusal with which a call must end."""
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    return caught.value


def errors(error: Refused) -> list[tuple[str, str]]:
    """The fields that failed, with the codes of why."""
    return [(e.field, e.code) for e in error.errors]
