"""A client that knows no step names finishes any flow over HTTP."""

from typing import Any

import pytest
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus

from onboarding.flows import FLOWS
from onboarding.flows.inventory import INVENTORY
from runtime.addresses import RunAddress, workflow_id
from tests.clients import generic
from tests.flows.ten import TEN
from tests.stack import RUNS, Person, ok, until

OVER_HTTP = replace(TEN, key="ten_over_http")


class Calling:
    """The generic client's way to the API."""

    def __init__(self, person: Person) -> None:
        self.person = person

    async def __call__(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Send a request; the status and the body of the answer."""
        given = {} if body is None else {"json": body}
        answer = await self.person.send(method, path, **given)
        return answer.status_code, answer.json()


async def test_fitness(person: Person) -> None:
    """The client completes the default flow, and the profile holds nine answers."""
    profile = await generic.finish(Calling(person), "fitness")
    assert len(profile["answers"]) == 9
    assert ok(await person.get("/api/v1/profile")) == profile


async def test_company(person: Person) -> None:
    """The client completes the company flow, in which one field knows values that no form shows."""
    profile = await generic.finish(Calling(person), "company")
    assert profile["answers"].keys() == {"welcome", "company", "organization"}
    assert ok(await person.get("/api/v1/profile?flow=company")) == profile


async def test_inventory(person: Person) -> None:
    """The client completes the inventory flow, whose first answers name a connection as no form could."""
    profile = await generic.finish(Calling(person), "inventory")
    assert profile["answers"].keys() == {state.key for state in INVENTORY.states}


@pytest.mark.parametrize("flow", [OVER_HTTP.key])
async def test_ten_states(person: Person, temporal: Client, flow: str) -> None:
    """A flow of ten states, registered for the test alone, is completed by the same client."""
    with FLOWS.registered(OVER_HTTP):
        profile = await generic.finish(Calling(person), flow)
        assert profile["answers"].keys() == {state.key for state in TEN.states}
        assert (await person.progress(flow))["completion_percentage"] == 100
        assert ok(await person.get(f"/api/v1/profile?flow={flow}")) == profile
        handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, flow)))

        async def closed() -> bool:
            return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

        await until(closed)


async def test_two_flows_side_by_side(person: Person, temporal: Client) -> None:
    """A person has a run of each flow; without `flow` the default one is meant, and neither disturbs the other."""
    with FLOWS.registered(OVER_HTTP):
        await person.start()
        await person.start(flow=OVER_HTTP.key)
        first = OVER_HTTP.states[0]
        body = {"flow": OVER_HTTP.key, "step": 1, "data": dict(first.example)}
        ok(await person.post(f"{RUNS}/step", body))
        assert (await person.progress())["current_state"] == 1
        assert (await person.progress(OVER_HTTP.key))["current_state"] == 2
        assert (await person.send("DELETE", f"{RUNS}/?flow={OVER_HTTP.key}")).status_code == 204
        assert (await person.progress())["status"] == "in_progress"
        address = RunAddress(person.tenant_id, person.id, OVER_HTTP.key)

        async def closed() -> bool:
            described = await temporal.get_workflow_handle(workflow_id(address)).describe()
            return described.status is WorkflowExecutionStatus.COMPLETED

        await until(closed)
