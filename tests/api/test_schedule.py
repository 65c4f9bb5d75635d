"""Workouts and meals: the features behind a completed onboarding."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.stack import Person, ok, problem


@pytest.mark.parametrize("path", ["/api/v1/workouts", "/api/v1/meals", "/api/workouts", "/api/meals"])
async def test_the_guard(person: Person, path: str) -> None:
    """Until the onboarding is complete it is 403 with the progress; then it is open at once."""
    problem(await person.get(path), 403, "onboarding_required")
    await person.saved_until(9)
    assert problem(await person.get(path), 403, "onboarding_required")["onboarding_progress"] == 100
    ok(await person.post("/api/v1/onboarding/complete"))
    ok(await person.get(path))


async def test_workouts(person: Person) -> None:
    """The next week holds the Monday workout once, at 18:00 of the person's own clock."""
    await person.completed()
    ok(await person.patch("/api/v1/users/me", {"timezone": "Asia/Kathmandu"}))
    view = ok(await person.get("/api/v1/workouts"))
    assert (view["timezone"], view["fitness_level"]) == ("Asia/Kathmandu", "beginner")
    (workout,) = view["occurrences"]
    local = datetime.fromisoformat(workout["local_time"])
    assert (local.weekday(), f"{local:%H:%M}", local.utcoffset()) == (0, "18:00", timedelta(hours=5, minutes=45))
    at = datetime.fromisoformat(workout["at"])
    assert at == local
    assert timedelta(0) <= at - datetime.now(UTC) + timedelta(minutes=1) <= timedelta(days=7, minutes=1)


async def test_meals(person: Person) -> None:
    """The next week holds each meal seven times, in order of time."""
    await person.completed()
    view = ok(await person.get("/api/v1/meals"))
    assert view["diet"]["diet_type"] == "omnivore"
    assert view["plan"]["daily_calorie_target"] == 2200
    times = [meal["at"] for meal in view["occurrences"]]
    assert len(times) == 7
    assert times == sorted(times)
    assert {meal["name"] for meal in view["occurrences"]} == {"Breakfast"}


async def test_they_follow_the_profile(person: Person) -> None:
    """A changed profile changes the schedule."""
    await person.completed()
    meals = {"meals": [{"meal_name": "Brunch", "scheduled_time": "11:00"}]}
    ok(await person.patch("/api/v1/profile", {"answers": {"meal_schedule": meals}}))
    assert ok(await person.get("/api/v1/meals"))["schedule"][0]["meal_name"] == "Brunch"
