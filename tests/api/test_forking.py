"""Staff begin a run anew in the middle."""

import asyncio
import uuid

import pytest
from temporalio.client import Client

from db.pool import Database
from onboarding.flows.fitness import FITNESS
from runtime.addresses import RunAddress, workflow_id
from tests.api.company import Company
from tests.api.test_admin_runs import ADMIN, archived, run_id_of
from tests.api.test_nudging import Notified
from tests.stack import EXAMPLES, RUNS, Json, Person, ok, problem, wrong


async def history(person: Person) -> list[Json]:
    """Of their latest run, oldest first."""
    return ok(await person.get(f"{RUNS}/history", params={"limit": 100}))["items"][::-1]


async def test_a_fork_of_an_open_run(company: Company, notified: Notified) -> None:
    """The new run stands at the state with the answers before it; the old one has ended, as its history says."""
    person, manager = await company.hire("user"), await company.hire("manager")
    await person.saved_until(5)
    source = ok(await person.get(f"{RUNS}/state"))
    answer = await manager.post(f"{ADMIN}/{source['id']}/fork", {"from_state": 3})
    assert answer.status_code == 201
    fork = ok(answer)
    assert (fork["current_step"], fork["completion_percentage"], fork["status"]) == (3, 22, "in_progress")
    assert (fork["forked_from"], fork["user"]["id"]) == (source["id"], person.id)
    state = ok(await person.get(f"{RUNS}/state"))
    assert state["id"] == fork["id"] != source["id"]
    kept = [state.key for state in FITNESS.states[:2]]
    assert state["step_data"] == {key: source["step_data"][key] for key in kept}
    (started,) = await history(person)
    assert (started["kind"], started["state"], started["forked_from"]) == ("run_started", 3, source["id"])
    assert (started["actor"]["kind"], started["actor"]["id"]) == ("staff", manager.id)
    old = ok(await manager.get(f"{ADMIN}/{source['id']}"))
    assert (old["status"], old["abandoned_reason"]) == ("abandoned", "restarted")
    assert old["history"]["items"][0]["actor"]["id"] == manager.id
    assert await notified(person) == []
    await person.saved(3, 9)
    ok(await person.post(f"{RUNS}/complete"))
    assert [event["kind"] for event in await history(person)].count("state_completed") == 7


async def test_a_fork_of_a_completed_run(company: Company) -> None:
    """The profile stays as it is until the fork is completed, whose answers are its next version."""
    person = await company.hire("user")
    profile = await person.completed()
    source = await run_id_of(person)
    body = {"from_state": FITNESS.states[8].key}
    fork = ok(await company.admin.post(f"{ADMIN}/{source}/fork", body))
    assert (fork["completion_percentage"], fork["current_step"]) == (88, 9)
    assert ok(await person.get("/api/v1/profile")) == profile
    assert ok(await company.admin.get(f"{ADMIN}/{source}"))["status"] == "completed"
    me = ok(await person.get("/api/v1/users/me"))
    assert me["onboarding_completed"] is True
    ok(await person.save(9))
    after = ok(await person.post(f"{RUNS}/complete"))
    assert (after["version"], after["run_id"]) == (profile["version"] + 1, fork["id"])


async def test_a_fork_of_an_archived_run(company: Company, app_database: Database, temporal: Client) -> None:
    """A run that is in the archive is forked, too, and stays there."""
    person = await company.hire("user")
    await person.saved_until(4)
    await person.send("DELETE", f"{RUNS}/")
    source = await run_id_of(person)
    run = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))
    await asyncio.wait_for(run.result(), 15)  # before that, it may write the row once more
    await archived(app_database, person.tenant_id)
    fork = ok(await company.admin.post(f"{ADMIN}/{source}/fork", {"from_state": 5}))
    assert (fork["current_step"], fork["forked_from"]) == (5, source)
    assert (await person.progress())["completed_states"] == [1, 2, 3, 4]
    assert ok(await company.admin.get(f"{ADMIN}/{source}"))["archived"] is True


async def test_repeats(company: Company) -> None:
    """The same key gets the first answer; without one an untouched fork is found, a touched one is in the way."""
    person = await company.hire("user")
    await person.saved_until(4)
    source = await run_id_of(person)
    path, key = f"{ADMIN}/{source}/fork", {"Idempotency-Key": uuid.uuid4().hex}
    first = ok(await company.admin.post(path, {"from_state": 3}, headers=key))
    again = await company.admin.post(path, {"from_state": 3}, headers=key)
    assert (again.status_code, ok(again)) == (201, first)
    found = await company.admin.post(path, {"from_state": 3})
    assert (found.status_code, ok(found)["id"]) == (200, first["id"])
    ok(await person.save(3))
    problem(await company.admin.post(path, {"from_state": 3}), 409, "another_run_open")
    assert (await person.progress())["current_state"] == 4


async def test_forks_at_once(company: Company) -> None:
    """Several at the same moment make one run."""
    person = await company.hire("user")
    await person.saved_until(4)
    path = f"{ADMIN}/{await run_id_of(person)}/fork"
    answers = await asyncio.gather(*(company.admin.post(path, {"from_state": 2}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({ok(answer)["id"] for answer in answers}) == 1


async def test_as_far_as_it_got(company: Company) -> None:
    """Beyond the states that the run has answers to it is 409, with how far it got; nothing has changed then."""
    person = await company.hire("user")
    await person.saved_until(3)
    source = await run_id_of(person)
    body = problem(await company.admin.post(f"{ADMIN}/{source}/fork", {"from_state": 5}), 409, "state_mismatch")
    assert body["current_state"] == 4
    await person.send("DELETE", f"{RUNS}/")
    body = problem(await company.admin.post(f"{ADMIN}/{source}/fork", {"from_state": 5}), 409, "state_mismatch")
    assert body["current_state"] == 4
    assert ok(await person.get(f"{RUNS}/state"))["id"] == source


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"from_state": 0}, "from_state", "unknown_state"),
        ({"from_state": 10}, "from_state", "unknown_state"),
        ({"from_state": 10**30}, "from_state", "unknown_state"),
        ({"from_state": "nowhere"}, "from_state", "unknown_state"),
        ({"from_state": ""}, "from_state", "too_short"),
        ({"from_state": "x" * 65}, "from_state", "too_long"),
        ({"from_state": None}, "from_state", "required"),
        ({"from_state": True}, "from_state", "wrong_type"),
        ({"from_state": 1.5}, "from_state", "wrong_type"),
        ({"from_state": [1]}, "from_state", "wrong_type"),
        ({}, "from_state", "required"),
        ({"from_state": 1, "to_state": 2}, "to_state", "unknown_field"),
    ],
)
async def test_bodies_that_are_refused(company: Company, body: Json, field: str, code: str, is_open: bool) -> None:
    """A state that is none is a failing field, for an open run as for one that is over."""
    person = await company.hire("user")
    await person.saved_until(1)
    source = await run_id_of(person)
    if not is_open:
        await person.send("DELETE", f"{RUNS}/")
    assert wrong(await company.admin.post(f"{ADMIN}/{source}/fork", body)) == {field: code}


async def test_beside_another_run(company: Company) -> None:
    """An earlier run is not forked while the person is in the middle of another, which goes on."""
    person = await company.hire("user")
    await person.saved_until(5)
    source = await run_id_of(person)
    await person.start(restart=True)
    ok(await person.save(1, {**EXAMPLES[1], "fitness_level": "advanced"}))
    path = f"{ADMIN}/{source}/fork"
    problem(await company.admin.post(path, {"from_state": 3}), 409, "another_run_open")
    assert (await person.progress())["current_state"] == 2
    ok(await company.admin.post(f"{ADMIN}/{await run_id_of(person)}/abandon"))
    assert ok(await company.admin.post(path, {"from_state": 3}))["current_step"] == 3
