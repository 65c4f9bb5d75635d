"""Flows are data that checks itself, in one registry."""

from typing import Any

import pytest
from msgspec.structs import replace

from onboarding.errors import UnknownFlow
from onboarding.flow import Dependency, Flow, Flows, State
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS


def state(number: int, key: str, *on: str) -> State:
    """A state that depends on others."""
    depends_on = tuple(Dependency(on=other, rules=(lambda _a, _b: (),)) for other in on)
    return replace(FITNESS.states[0], number=number, key=key, depends_on=depends_on)


def flow(*states: State, **fields: Any) -> Flow:
    """A flow for trial."""
    return Flow(key="trial", title="Trial", states=states, **{"version": 1, **fields})


@pytest.mark.parametrize(
    "states",
    [
        (state(2, "a"),),
        (state(1, "a"), state(3, "b")),
        (state(2, "a"), state(1, "b")),
        (state(1, "a"), state(2, "a")),
        (state(1, "a", "a"),),
        (state(1, "a", "b"), state(2, "b")),
        (state(1, "a"), state(2, "b", "nowhere")),
    ],
)
def test_a_flow_that_contradicts_itself_is_refused(states: tuple[State, ...]) -> None:
    """Numbers run from 1, keys are unique, and dependencies point backwards; else there is no flow."""
    with pytest.raises(ValueError, match="trial"):
        flow(*states)


def test_a_state_is_found_by_number_or_key() -> None:
    """A state answers to its number and to its key, and to nothing else."""
    trial = flow(state(1, "a"), state(2, "b", "a"))
    assert trial.find(2) is trial.find("b") is trial.states[1]
    assert [trial.find(step) for step in (0, 3, -1, "c", "1", "")] == [None] * 6


def test_dependants_are_the_states_that_name_a_state() -> None:
    """The dependants of a state are found from the declarations of the others."""
    trial = flow(state(1, "a"), state(2, "b", "a"), state(3, "c", "b"), state(4, "d", "a", "c"))
    assert [s.key for s in trial.dependants("a")] == ["b", "d"]
    assert [s.key for s in trial.dependants("d")] == []


def test_the_newest_version_is_the_one_that_is_got() -> None:
    """Without a version the newest is meant; an old one stays available to the runs that have it."""
    old, new = flow(state(1, "a")), flow(state(1, "b"), version=2)
    flows = Flows(new, old)
    assert flows.get("trial") is new
    assert flows.get("trial", 1) is old
    assert flows.newest() == [new]


@pytest.mark.parametrize(("key", "version"), [("nope", None), ("nope", 1), ("fitness", 99), ("fitness", 0)])
def test_an_unknown_flow_is_said_to_be_unknown(key: str, version: int | None) -> None:
    """A flow or version that nobody registered is one named error."""
    with pytest.raises(UnknownFlow):
        FLOWS.get(key, version)


def test_a_flow_is_registered_for_a_block_only() -> None:
    """After a trial the registry is as before, even if the trial took the place of a real flow."""
    with FLOWS.registered(flow(state(1, "a"))) as trial:
        assert FLOWS.get("trial") is trial
    with pytest.raises(UnknownFlow):
        FLOWS.get("trial")
    with FLOWS.registered(replace(FITNESS, title="Other")) as other:
        assert FLOWS.get("fitness") is other
    assert FLOWS.get("fitness") is FITNESS
