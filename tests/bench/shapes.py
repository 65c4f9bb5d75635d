"""What is sent: answers to the nine states, and how many bytes a bare update must carry to compare."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from onboarding.advance import advance, begin, new_run
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import Actor, ActorKind, Change, Channel, Run, SaveSteps, StepAnswer
from tests.bench.http import encoded

_ID = "00000000-0000-7000-8000-000000000000"
_PERSON = Actor(kind=ActorKind.PERSON, id=_ID)

ANSWERS: list[tuple[int, dict[str, Any]]] = [(state.number, dict(state.example)) for state in FITNESS.states]
LEVELS = ("beginner", "intermediate", "advanced")

START = encoded({"flow": "fitness"})
COMPLETE = encoded({"flow": "fitness"})
STEPS = [encoded({"step": number, "data": data, "flow": "fitness"}) for number, data in ANSWERS]


def alternating_steps() -> Iterator[bytes]:
    """`POST /step` bodies that change the first state each time."""
    bodies = [encoded({"step": 1, "data": {"fitness_level": level}, "flow": "fitness"}) for level in LEVELS]
    return itertools.cycle(bodies)


def alternating_steps_alone() -> Iterator[bytes]:
    """The same without a flow, as a frontend that knows only one sends them."""
    return itertools.cycle(encoded({"step": 1, "data": {"fitness_level": level}}) for level in LEVELS)


def alternating_batches() -> Iterator[bytes]:
    """`POST /steps` bodies with all nine states, of which the first changes each time."""
    return itertools.cycle(
        encoded(
            {
                "steps": [
                    {"step": number, "data": {"fitness_level": level} if number == 1 else data}
                    for number, data in ANSWERS
                ],
                "flow": "fitness",
            }
        )
        for level in LEVELS
    )


def step_sizes() -> tuple[int, int]:
    """JSON bytes of the update that saves one step, and of its answer."""
    return _sizes(_command(ANSWERS[:1]))


def batch_sizes() -> tuple[int, int]:
    """JSON bytes of the update that saves all nine, and of its answer."""
    return _sizes(_command(ANSWERS))


def _command(answers: list[tuple[int, dict[str, Any]]]) -> SaveSteps:
    steps = tuple(StepAnswer(step=number, data=data) for number, data in answers)
    return SaveSteps(actor=_PERSON, steps=steps, batch=len(steps) > 1)


def _sizes(command: SaveSteps) -> tuple[int, int]:
    now = datetime.now(UTC)
    run: Run = new_run(id=_ID, tenant_id=_ID, user_id=_ID, flow=FITNESS, now=now)
    run, _ = begin(run, _PERSON, Channel.FORM, now)
    run, events = advance(run, command, now)
    return len(msgspec.json.encode(command)), len(msgspec.json.encode(Change(run=run, events=events)))
