"""A flow is data: one file makes it, and a client that knows no step names finishes it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from onboarding.advance import advance
from onboarding.errors import Refused
from onboarding.flow import Flow
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from onboarding.forms import state_forms
from onboarding.payloads import Command, Complete, Run, Status
from onboarding.progress import progress
from tests.clients import generic
from tests.domain.given import NOW, PERSON, after, fresh, save
from tests.flows.ten import TEN


class InMemory:
    """The five endpoints that the client calls, over `advance` alone; JSON at the border as on the wire."""

    def __init__(self, flow: Flow, run: Run | None = None) -> None:
        self.flow = flow
        self.run = run
        self.calls: list[tuple[str, int]] = []

    async def __call__(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        status, answer = self.respond(method, path.removeprefix("/api/v1/onboarding"), body)
        self.calls.append((f"{method} {path}", status))
        return status, msgspec.json.decode(msgspec.json.encode(answer))

    def respond(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        match method, path.split("?"):
            case "POST", ["/start"]:
                self.run = self.run or fresh(FLOWS.get(body["flow"]))
                return 201, progress(self.run)
            case "GET", ["/states", _]:
                return 200, {"items": state_forms(self.flow)}
            case "GET", ["/progress", _]:
                assert self.run is not None
                return 200, progress(self.run)
            case "POST", ["/step"]:
                return self.follow(save((body["step"], body["data"])))
            case "POST", ["/complete"]:
                return self.follow(Complete(actor=PERSON))
            case _:
                return 404, {"code": "not_found"}

    def follow(self, command: Command) -> tuple[int, Any]:
        assert self.run is not None
        try:
            self.run, _ = advance(self.run, command, NOW)
        except Refused as refused:
            return (400 if refused.code == "validation_error" else 409), refused.refusal
        return 200, progress(self.run)


async def test_a_tenth_state_flow_is_finished_by_the_generic_client() -> None:
    """Registered for a block, a flow of ten states of every kind of field is completed, skipping nothing."""
    with FLOWS.registered(TEN):
        api = InMemory(TEN)
        answer = await generic.finish(api, "ten")
        assert (answer["status"], answer["completed_states"]) == ("completed", list(range(1, 11)))
        assert api.run is not None
        assert api.run.status is Status.COMPLETED


async def test_the_client_uses_the_example_only_where_the_form_does_not_tell() -> None:
    """Only the rule between fields, the dependency and the pattern make the client fall back on an example."""
    with FLOWS.registered(TEN):
        api = InMemory(TEN)
        await generic.finish(api, "ten")
        assert api.run is not None
        assert sum(status == 400 for _, status in api.calls) == 3
        assert api.run.answers["listed"]["topics"] != TEN.states[5].example["topics"]
        assert api.run.answers["coded"] == TEN.states[9].example


async def test_the_client_finishes_the_default_flow_too() -> None:
    """The same client completes `fitness`."""
    assert (await generic.finish(InMemory(FITNESS), "fitness"))["status"] == "completed"


async def test_the_client_follows_what_needs_review() -> None:
    """A re-opened state is answered again before completion."""
    with FLOWS.registered(TEN):
        run = fresh(TEN)
        for state in TEN.states:
            run = after(run, save((state.number, dict(state.example))))
        run = after(run, save((9, {"amount": 800})), save((2, {"rooms": 13})))
        assert progress(run).requirements.needs_review == [9]
        answer = await generic.finish(InMemory(TEN, run), "ten")
        assert answer["status"] == "completed"


async def test_the_client_gives_up_on_what_it_cannot_do() -> None:
    """A refusal without a way around is an error, not a loop."""
    broken = replace(TEN, states=(replace(TEN.states[6], number=1, example={"opens": "09:00"}),))
    with FLOWS.registered(broken), pytest.raises(generic.Stuck, match="400"):
        await generic.finish(InMemory(broken), "ten")


def test_the_client_is_short_and_knows_no_step() -> None:
    """The client has at most 100 lines, and no state of any flow is named in it."""
    text = Path(generic.__file__).read_text()
    assert len(text.splitlines()) <= 100
    names = {state.key for flow in (TEN, *FLOWS.newest()) for state in flow.states}
    fields = {name for state in TEN.states for name in state.answer.__struct_fields__}
    assert not [name for name in names | fields if f'"{name}"' in text]
