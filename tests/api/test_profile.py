"""The profile and its versions."""

import asyncio
from typing import Any

import pytest

from tests.stack import EXAMPLES, RUNS, Person, ok, problem, wrong

PROFILE = "/api/v1/profile"


async def test_before_completion(person: Person) -> None:
    """Until the onboarding is complete the profile is shut, and says how far it is."""
    for method, path in [("GET", PROFILE), ("PATCH", PROFILE), ("GET", f"{PROFILE}/versions")]:
        refused = problem(await person.send(method, path), 403, "onboarding_required")
        assert refused["onboarding_progress"] is None
    await person.saved_until(8)
    assert problem(await person.get(PROFILE), 403, "onboarding_required")["onboarding_progress"] == 88


async def test_change(person: Person) -> None:
    """A changed answer is a new version; the others stay, and the run does."""
    first = await person.completed()
    run = ok(await person.get(f"{RUNS}/state"))
    water = {"daily_water_target_ml": 3000, "reminder_frequency_minutes": 90}
    changed = ok(await person.patch(PROFILE, {"answers": {"hydration_schedule": water}}))
    assert changed["version"] == 2
    assert changed["answers"] == {**first["answers"], "hydration_schedule": water}
    assert changed == ok(await person.get(PROFILE))
    assert ok(await person.get(f"{RUNS}/state")) == run


async def test_the_same_again(person: Person) -> None:
    """The answers that are there already make no version."""
    first = await person.completed()
    same = {"answers": {"fitness_level": EXAMPLES[1]}}
    assert ok(await person.patch(PROFILE, same)) == first
    assert ok(await person.patch(PROFILE, {"answers": {}})) == first


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"fitness_level": {"fitness_level": "pro"}}, {"answers.fitness_level.fitness_level": "not_allowed"}),
        ({"shoe_size": {}}, {"answers.shoe_size": "unknown_state"}),
        ({"fitness_goals": None}, {"answers.fitness_goals": "wrong_type"}),
        (
            {"hydration_schedule": {}, "meal_schedule": {"meals": [{"meal_name": "<p>"}]}},
            {
                "answers.hydration_schedule.daily_water_target_ml": "required",
                "answers.hydration_schedule.reminder_frequency_minutes": "required",
                "answers.meal_schedule.meals[0].meal_name": "markup",
                "answers.meal_schedule.meals[0].scheduled_time": "required",
            },
        ),
        (
            {"dietary_preferences": {**EXAMPLES[4], "diet_type": "keto"}},
            {
                "answers.meal_plan.carbs_percentage": "too_large",
                "answers.meal_plan.fats_percentage": "too_small",
            },
        ),
    ],
)
async def test_change_refuses(person: Person, answers: Any, errors: dict[str, str]) -> None:
    """Edits are measured by the state's own rules, also where an untouched answer no longer fits."""
    before = await person.completed()
    assert wrong(await person.patch(PROFILE, {"answers": answers})) == errors
    assert ok(await person.get(PROFILE)) == before


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"answers": "required"}),
        ({"answers": []}, {"answers": "wrong_type"}),
        ({"answers": {}, "version": 7}, {"version": "unknown_field"}),
    ],
)
async def test_a_malformed_change(person: Person, body: Any, errors: dict[str, str]) -> None:
    """The request around the answers is read strictly."""
    await person.completed()
    assert wrong(await person.patch(PROFILE, body)) == errors


async def test_versions(person: Person) -> None:
    """Every version can be read, newest first and by pages, with who made it."""
    await person.completed()
    for level in ("intermediate", "advanced"):
        ok(await person.patch(PROFILE, {"answers": {"fitness_level": {"fitness_level": level}}}))
    found, cursor = [], None
    for _ in range(3):
        query = {"limit": 1, "cursor": cursor} if cursor else {"limit": 1}
        page = ok(await person.get(f"{PROFILE}/versions", params=query))
        found += page["items"]
        cursor = page["next_cursor"]
    assert cursor is None
    assert [version["version"] for version in found] == [3, 2, 1]
    levels = [version["answers"]["fitness_level"]["fitness_level"] for version in found]
    assert levels == ["advanced", "intermediate", "beginner"]
    assert {version["changed_by"] for version in found} == {person.id}


async def test_a_stale_change(person: Person) -> None:
    """`If-Match` lets the version that was seen be changed, and no other."""
    await person.completed()
    body = {"answers": {"fitness_level": {"fitness_level": "advanced"}}}
    ok(await person.patch(PROFILE, body, headers={"If-Match": '"1"'}))
    body = {"answers": {"fitness_level": {"fitness_level": "beginner"}}}
    problem(await person.patch(PROFILE, body, headers={"If-Match": '"1"'}), 412, "version_conflict")


async def test_changes_at_once(person: Person) -> None:
    """Changes of different states at once lose nothing: each is a version of its own on top of the other."""
    await person.completed()
    edits: list[dict[str, Any]] = [
        {"fitness_level": {"fitness_level": "advanced"}},
        {"hydration_schedule": {"daily_water_target_ml": 3000, "reminder_frequency_minutes": 90}},
        {"supplement_preferences": {"interested_in_supplements": True, "current_supplements": ["zinc"]}},
    ]
    answers = await asyncio.gather(*(person.patch(PROFILE, {"answers": edit}) for edit in edits))
    assert [answer.status_code for answer in answers] == [200] * 3, [answer.text for answer in answers]
    profile = ok(await person.get(PROFILE))
    assert profile["version"] == 4
    assert all(profile["answers"][key] == value for edit in edits for key, value in edit.items())


async def test_of_another_flow(person: Person) -> None:
    """There is no profile of a flow that was not completed: 404."""
    await person.completed()
    problem(await person.get(f"{PROFILE}?flow=yoga"), 404, "profile_not_found")
    problem(await person.patch(PROFILE, {"answers": {}, "flow": "yoga"}), 404, "profile_not_found")


async def test_of_another_person(person: Person, other: Person) -> None:
    """A completed person sees their own profile, whoever else has one."""
    await person.completed()
    await other.completed()
    assert ok(await person.get(PROFILE))["user_id"] == person.id
    assert ok(await other.get(PROFILE))["user_id"] == other.id
