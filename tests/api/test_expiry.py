"""A run that expired, and the one that takes its answers over."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus

from onboarding.flow import Flow, Timing
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from runtime.addresses import RunAddress, workflow_id
from tests.stack import EXAMPLES, RUNS, Person, ok, problem, until

LASTING = Flow(key="brief", version=1, title="Brief", states=FITNESS.states[:3])
BRIEF = replace(LASTING, timing=Timing(expires_after=timedelta(seconds=1)))
STEP = {"flow": "brief", "step": 1, "data": EXAMPLES[1]}


@pytest.fixture
async def expired(person: Person, temporal: Client) -> AsyncIterator[Person]:
    """Somebody whose run of `brief` has one answer and expired; a new one lasts."""
    with FLOWS.registered(LASTING):
        with FLOWS.registered(BRIEF):
            await person.start(flow="brief")
            # On a slow machine a run may expire before its answer comes: then it takes another one.
            while (answer := await person.post(f"{RUNS}/step", STEP)).status_code == 410:
                await person.start(flow="brief", restart=True)
            ok(answer)

            async def is_over() -> bool:
                return (await person.progress("brief"))["status"] == "abandoned"

            await until(is_over)
        yield person
        await person.send("DELETE", f"{RUNS}/?flow=brief")
        handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "brief")))

        async def closed() -> bool:
            return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING

        await until(closed)


async def test_every_write_is_gone(expired: Person) -> None:
    """After the expiry each write is 410, and reads show why the run ended."""
    state = ok(await expired.get(f"{RUNS}/state?flow=brief"))
    assert (state["status"], state["abandoned_reason"]) == ("abandoned", "expired")
    problem(await expired.post(f"{RUNS}/step", STEP), 410, "run_expired")
    problem(
        await expired.post(f"{RUNS}/steps", {"flow": "brief", "steps": [{"step": 1, "data": {}}]}),
        410,
        "run_expired",
    )
    problem(await expired.post(f"{RUNS}/skip", {"flow": "brief", "step": 1}), 410, "run_expired")
    problem(await expired.post(f"{RUNS}/complete", {"flow": "brief"}), 410, "run_expired")
    problem(await expired.post(f"{RUNS}/accept-prefilled", {"flow": "brief"}), 410, "run_expired")


async def test_the_successor_offers_the_answers(expired: Person) -> None:
    """A start makes another run that offers the old answers; one call takes them over."""
    old = ok(await expired.get(f"{RUNS}/state?flow=brief"))
    answer = await expired.post(f"{RUNS}/start", {"flow": "brief"})
    run = ok(answer)
    assert (answer.status_code, run["current_step"], run["step_data"]) == (201, 1, {})
    assert run["id"] != old["id"]
    assert (run["prefilled"], run["prefill"]) == (True, old["step_data"])
    assert (await expired.progress("brief"))["prefilled"]
    accept = f"{RUNS}/accept-prefilled"
    problem(await expired.post(accept, {"flow": "brief"}, headers={"If-Match": '"9"'}), 412, "version_conflict")
    taken = ok(await expired.post(accept, {"flow": "brief"}))
    assert (taken["current_step"], taken["progress"]["prefilled"]) == (2, False)
    state = ok(await expired.get(f"{RUNS}/state?flow=brief"))
    assert (state["step_data"], state["prefill"]) == (old["step_data"], {})
    again = ok(await expired.post(f"{RUNS}/accept-prefilled", {"flow": "brief"}))
    assert again["progress"] == taken["progress"]


async def test_offers_outlive_another_expiry(expired: Person) -> None:
    """What is offered and not taken up before the successor expires too, the next one offers again."""
    old = ok(await expired.get(f"{RUNS}/state?flow=brief"))
    with FLOWS.registered(BRIEF):
        second = await expired.start(flow="brief")

        async def is_over() -> bool:
            return (await expired.progress("brief"))["status"] == "abandoned"

        await until(is_over)
    third = await expired.start(flow="brief")
    assert len({old["id"], second["id"], third["id"]}) == 3
    assert (third["prefilled"], third["prefill"]) == (True, old["step_data"])


async def test_the_successor_can_be_answered_anew(expired: Person) -> None:
    """What is answered is offered no longer."""
    await expired.start(flow="brief")
    ok(await expired.post(f"{RUNS}/step", {**STEP, "data": {"fitness_level": "advanced"}}))
    state = ok(await expired.get(f"{RUNS}/state?flow=brief"))
    assert (state["prefilled"], state["step_data"]["fitness_level"]) == (False, {"fitness_level": "advanced"})


async def test_a_restart_offers_nothing(expired: Person) -> None:
    """`restart` after the expiry begins with nothing."""
    run = await expired.start(flow="brief", restart=True)
    assert (run["prefilled"], run["prefill"]) == (False, {})


async def test_an_expired_run_is_not_deleted(expired: Person) -> None:
    """DELETE is a write like any, and comes too late; the successor still offers the answers."""
    problem(await expired.send("DELETE", f"{RUNS}/?flow=brief"), 410, "run_expired")
    assert (await expired.start(flow="brief"))["prefilled"]
