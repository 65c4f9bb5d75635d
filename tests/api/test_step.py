"""Saving an answer: order, repeats, versions, races, and runs that have ended."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from tests.stack import EXAMPLES, RUNS, Person, ok, problem, sign_up, wrong


async def kinds(person: Person) -> list[str]:
    """The kinds of events of their run, newest first."""
    return [event["kind"] for event in ok(await person.get(f"{RUNS}/history"))["items"]]


async def test_save(person: Person) -> None:
    """A saved answer moves the run on, is readable at once, and says so."""
    await person.start()
    answer = await person.save(1)
    assert answer.status_code == 200
    saved = answer.json()
    assert (saved["current_step"], saved["is_complete"], saved["projected"]) == (2, False, True)
    assert saved["next_state"] == saved["next_state_info"]["state_number"] == 3
    assert saved["next_state_info"]["key"] == "workout_constraints"
    assert saved["message"]
    assert saved["progress"] == await person.progress()
    state = ok(await person.get(f"{RUNS}/state"))
    assert state["step_data"] == {"fitness_level": {"fitness_level": "beginner"}}
    assert [turn["agent"] for turn in state["agent_history"]] == ["workout_planning"]


async def test_save_by_key(person: Person) -> None:
    """A state has a number and a key, and answers to both."""
    await person.start()
    assert ok(await person.save("fitness_level", EXAMPLES[1]))["current_step"] == 2


async def test_the_last_state_leaves_none(person: Person) -> None:
    """With all states answered none is current, and the run can be completed but is not."""
    await person.saved_until(8)
    saved = ok(await person.save(9))
    assert (saved["current_step"], saved["next_state"], saved["next_state_info"]) == (None, None, None)
    assert (saved["is_complete"], saved["progress"]["can_complete"]) == (False, True)


async def test_the_same_again(person: Person) -> None:
    """The same answer again changes nothing: no event, no version, no later expiry."""
    await person.start()
    first = ok(await person.save(1))["progress"]
    assert ok(await person.save(1))["progress"] == first
    assert await kinds(person) == ["state_completed", "run_started"]


async def test_an_edit_moves_nothing_back(person: Person) -> None:
    """Another answer to an earlier state is an edit: one event, one version, later expiry, same position."""
    before = await person.saved_until(3)
    after = ok(await person.save(1, {"fitness_level": "advanced"}))["progress"]
    assert (after["current_state"], after["version"]) == (4, before["version"] + 1)
    assert datetime.fromisoformat(after["expires_at"]) > datetime.fromisoformat(before["expires_at"])
    assert (await kinds(person))[0] == "state_edited"


@pytest.mark.parametrize("step", [2, 9, "meal_plan"])
@pytest.mark.parametrize("data", [{}, {"nonsense": 1}])
async def test_out_of_order(person: Person, step: int | str, data: dict[str, Any]) -> None:
    """A later state than the current one is 409 with the current one, also when the answer is wrong."""
    await person.start()
    refused = problem(await person.save(step, data), 409, "state_mismatch")
    assert refused["current_state"] == 1
    assert refused["errors"] == []
    assert await kinds(person) == ["run_started"]


@pytest.mark.parametrize("step", [0, 10, -1, "nowhere", 10**30, "1"])
async def test_no_such_state(person: Person, step: int | str) -> None:
    """A state that the flow has not is 400 on `step`."""
    await person.start()
    assert wrong(await person.save(step, {})) == {"step": "unknown_state"}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"step": "required", "data": "required"}),
        ({"step": None, "data": {}}, {"step": "required"}),
        ({"step": True, "data": {}}, {"step": "wrong_type"}),
        ({"step": 1.0, "data": {}}, {"step": "wrong_type"}),
        ({"step": [1], "data": {}}, {"step": "wrong_type"}),
        ({"step": 1, "data": {}, "user_id": "x"}, {"user_id": "unknown_field"}),
        ({"step": 1, "data": {}, "flow": 5}, {"flow": "wrong_type"}),
    ],
)
async def test_a_malformed_request(person: Person, body: dict[str, Any], errors: dict[str, str]) -> None:
    """The request around the answer is read as strictly as the answer."""
    await person.start()
    assert wrong(await person.post(f"{RUNS}/step", body)) == errors


async def test_before_the_start(person: Person) -> None:
    """Without a run there is nothing to answer: 404."""
    problem(await person.save(1), 404, "run_not_found")


async def test_an_unknown_flow(person: Person) -> None:
    """A flow that does not exist is 404, before and after a start."""
    body = {"step": 1, "data": EXAMPLES[1], "flow": "yoga"}
    assert (await person.post(f"{RUNS}/step", body)).status_code == 404
    await person.start()
    assert (await person.post(f"{RUNS}/step", body)).status_code == 404


async def test_twenty_saves_at_once(person: Person) -> None:
    """Twenty clicks on one button are one event, and all are told that it is saved."""
    await person.start()
    answers = await asyncio.gather(*(person.save(1) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["progress"]["version"] for answer in answers} == {2}
    assert await kinds(person) == ["state_completed", "run_started"]


async def test_two_tabs_that_differ(person: Person) -> None:
    """Two tabs that save different answers at once both land, in some order, as two events."""
    await person.start()
    levels = ["beginner", "advanced"]
    answers = await asyncio.gather(*(person.save(1, {"fitness_level": level}) for level in levels))
    assert {answer.status_code for answer in answers} == {200}
    assert await kinds(person) == ["state_edited", "state_completed", "run_started"]


async def test_of_two_tabs_with_if_match_one_is_stale(person: Person) -> None:
    """With `If-Match`, one of two tabs at the same version saves, the other is 412."""
    await person.start()
    version = (await person.progress())["version"]
    levels = ["beginner", "advanced"]
    headers = {"If-Match": f'"{version}"'}
    answers = await asyncio.gather(
        *(person.save(1, {"fitness_level": level}, headers=headers) for level in levels)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    stale = next(answer for answer in answers if answer.status_code == 412)
    problem(stale, 412, "version_conflict")


@pytest.mark.parametrize("sent", ['"{}"', "{}", "*"])
async def test_if_match_that_holds(person: Person, sent: str) -> None:
    """The version that was seen, in each of its spellings, and `*` let the answer in."""
    await person.start()
    version = (await person.progress())["version"]
    ok(await person.save(1, headers={"If-Match": sent.format(version)}))


@pytest.mark.parametrize("sent", ['W/"{}"', "9" * 10, "9" * 40])
async def test_if_match_that_cannot_hold(person: Person, sent: str) -> None:
    """A weak tag never matches (RFC 9110, 13.1.1), nor does a number that no run reaches: 412."""
    await person.start()
    version = (await person.progress())["version"]
    problem(await person.save(1, headers={"If-Match": sent.format(version)}), 412, "version_conflict")


@pytest.mark.parametrize("sent", ["abc", '"x"', '"-1"', '"1", "2"', "1.5", "٣", 'w/"1"'])
async def test_if_match_that_is_none(person: Person, sent: str) -> None:
    """What is no version is 400 on `If-Match`."""
    await person.start()
    assert wrong(await person.save(1, headers={"If-Match": sent.encode()})).keys() == {"If-Match"}


async def test_the_agent_context_is_a_claim(person: Person) -> None:
    """`X-Agent-Context` is taken, however long, and changes nothing about who acted."""
    await person.start()
    ok(await person.save(1, headers={"X-Agent-Context": "diet_planning" * 40}))
    event = ok(await person.get(f"{RUNS}/history"))["items"][0]
    assert event["actor"] == {"kind": "person", "id": person.id, "agent": None}


async def test_after_completion(person: Person) -> None:
    """Every write to a completed run is 409; reading goes on."""
    await person.completed()
    before = await person.progress()
    problem(await person.save(1), 409, "onboarding_already_complete")
    problem(await person.save(9, {"nonsense": 1}), 409, "onboarding_already_complete")
    problem(await person.post(f"{RUNS}/skip", {"step": 9}), 409, "onboarding_already_complete")
    steps = {"steps": [{"step": 1, "data": EXAMPLES[1]}]}
    problem(await person.post(f"{RUNS}/steps", steps), 409, "onboarding_already_complete")
    problem(await person.send("DELETE", f"{RUNS}/"), 409, "onboarding_already_complete")
    problem(await person.post(f"{RUNS}/accept-prefilled"), 409, "onboarding_already_complete")
    assert await person.progress() == before
    assert (before["is_complete"], before["current_state"], before["status"]) == (True, None, "completed")


async def test_nobody_reaches_the_run_of_another(person: Person, other: Person) -> None:
    """Runs have no address but their person: with another token there is none, and nothing leaks."""
    await person.saved_until(3)
    problem(await other.get(f"{RUNS}/state"), 404, "run_not_found")
    problem(await other.get(f"{RUNS}/history"), 404, "run_not_found")
    problem(await other.save(1), 404, "run_not_found")
    problem(await other.send("DELETE", f"{RUNS}/"), 404, "run_not_found")
    stranger = await sign_up(person.client)
    problem(await stranger.post(f"{RUNS}/complete"), 404, "run_not_found")
    assert (await person.progress())["current_state"] == 4


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/start"),
        ("GET", "/progress"),
        ("GET", "/state"),
        ("GET", "/states"),
        ("GET", "/history"),
        ("GET", "/events"),
        ("POST", "/step"),
        ("POST", "/steps"),
        ("POST", "/skip"),
        ("POST", "/accept-prefilled"),
        ("POST", "/complete"),
        ("DELETE", "/"),
    ],
)
async def test_nothing_without_a_token(person: Person, method: str, path: str) -> None:
    """Each route of a run asks for a token first, whatever the body."""
    problem(await person.client.request(method, f"{RUNS}{path}"), 401, "auth_missing_token")
