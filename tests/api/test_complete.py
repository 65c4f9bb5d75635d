"""Completing, and what it leaves."""

import asyncio
from typing import Any

import pytest

from tests.stack import RUNS, Person, ok, problem


async def test_complete(person: Person) -> None:
    """Completion is 201 with the profile, locks the run, and marks the person."""
    await person.saved_until(9)
    answer = await person.post(f"{RUNS}/complete")
    assert answer.status_code == 201
    profile = answer.json()
    assert (profile["version"], profile["locked"], profile["flow_version"]) == (1, True, 1)
    assert profile["user_id"] == person.id
    state = ok(await person.get(f"{RUNS}/state"))
    assert (state["status"], state["current_step"], profile["run_id"]) == ("completed", None, state["id"])
    assert state["completed_at"]
    assert ok(await person.get("/api/v1/users/me"))["onboarding_completed"]


async def test_complete_twice(person: Person) -> None:
    """A repeat answers the same and makes nothing."""
    first = await person.completed()
    again = await person.post(f"{RUNS}/complete")
    assert (again.status_code, again.json()) == (201, first)
    assert len(ok(await person.get("/api/v1/profile/versions"))["items"]) == 1


async def test_a_repeat_after_an_edit(person: Person) -> None:
    """A repeat completes nothing: it answers with the profile as its person has edited it since."""
    await person.completed()
    edit = {"answers": {"fitness_level": {"fitness_level": "advanced"}}}
    edited = ok(await person.patch("/api/v1/profile", edit))
    assert ok(await person.post(f"{RUNS}/complete")) == edited


@pytest.mark.parametrize(("method", "path"), [("POST", f"{RUNS}/complete"), ("DELETE", f"{RUNS}/")])
async def test_a_stale_page_ends_nothing(person: Person, method: str, path: str) -> None:
    """Who saw an older version neither completes nor deletes the run; who saw this one does."""
    version = (await person.saved_until(9))["version"]
    stale = await person.send(method, path, headers={"If-Match": f'"{version - 1}"'})
    problem(stale, 412, "version_conflict")
    assert (await person.progress())["status"] == "in_progress"
    assert (await person.send(method, path, headers={"If-Match": f'"{version}"'})).is_success


async def test_ten_at_once(person: Person) -> None:
    """Ten completions at once are one: one event, one profile version, one answer."""
    await person.saved_until(9)
    answers = await asyncio.gather(*(person.post(f"{RUNS}/complete") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.text for answer in answers}) == 1
    history = ok(await person.get(f"{RUNS}/history"))["items"]
    assert [event["kind"] for event in history].count("run_completed") == 1


@pytest.mark.parametrize(("saved", "due"), [(0, list(range(1, 10))), (4, [5, 6, 7, 8, 9]), (8, [9])])
async def test_too_early(person: Person, saved: int, due: list[int]) -> None:
    """With states open it is 400 with what is missing, also when only the optional one is."""
    await person.start()
    if saved:
        await person.saved(1, saved)
    refused = problem(await person.post(f"{RUNS}/complete"), 400, "onboarding_incomplete")
    assert refused["requirements"] == {"currently_due": due, "needs_review": [], "errors": []}
    assert refused["requirements"] == (await person.progress())["requirements"]


async def test_without_a_run(person: Person) -> None:
    """There is nothing to complete before the start, and nothing after DELETE."""
    problem(await person.post(f"{RUNS}/complete"), 404, "run_not_found")
    await person.start()
    await person.send("DELETE", f"{RUNS}/")
    problem(await person.post(f"{RUNS}/complete"), 409, "run_abandoned")


@pytest.mark.parametrize("body", [None, {}, {"flow": "fitness"}, {"flow": None}])
async def test_the_body_is_optional(person: Person, body: Any) -> None:
    """No body, an empty one and one with the flow mean the same."""
    await person.saved_until(9)
    assert (await person.post(f"{RUNS}/complete", body)).status_code == 201
