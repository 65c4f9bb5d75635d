"""Each rule of the nine states at and past its bounds, over HTTP."""

import json
from typing import Any

import httpx
import pytest

from tests.stack import EXAMPLES, Person, ok, sign_up, wrong

LONG = "x" * 201
DIET = EXAMPLES[4]
PLAN = EXAMPLES[5]
MEAL = {"meal_name": "Lunch", "scheduled_time": "12:00"}
WORKOUT = {"day_of_week": 0, "scheduled_time": "18:00"}
WATER = EXAMPLES[8]
LISTS = EXAMPLES[3]


def goals(*kinds: str) -> dict[str, Any]:
    """Goals in an order."""
    return {"goals": [{"goal_type": kind} for kind in kinds]}


def plan(calories: Any = 2200, protein: Any = 30, carbs: Any = 40, fats: Any = 30) -> dict[str, Any]:
    """A meal plan."""
    return {
        "daily_calorie_target": calories,
        "protein_percentage": protein,
        "carbs_percentage": carbs,
        "fats_percentage": fats,
    }


REFUSED: list[tuple[int, Any, dict[str, str]]] = [
    (1, {}, {"fitness_level": "required"}),
    (1, {"fitness_level": None}, {"fitness_level": "required"}),
    (1, {"fitness_level": "pro"}, {"fitness_level": "not_allowed"}),
    (1, {"fitness_level": "Beginner"}, {"fitness_level": "not_allowed"}),
    (1, {"fitness_level": 1}, {"fitness_level": "not_allowed"}),
    (1, {"fitness_level": ["beginner"]}, {"fitness_level": "not_allowed"}),
    (1, {"fitness_level": "beginner", "age": 3}, {"age": "unknown_field"}),
    (1, {"level": "x", "fitness_level": "pro"}, {"level": "unknown_field", "fitness_level": "not_allowed"}),
    (2, goals(), {"goals": "too_short"}),
    (2, goals("fat_loss", "muscle_gain", "general_fitness", "fat_loss"), {"goals": "too_long"}),
    (2, goals("fat_loss", "fat_loss"), {"goals[1].goal_type": "duplicate"}),
    (2, goals("fat_loss", "fame"), {"goals[1].goal_type": "not_allowed"}),
    (2, {"goals": ["fat_loss"]}, {"goals[0]": "wrong_type"}),
    (2, {"goals": {"goal_type": "fat_loss"}}, {"goals": "wrong_type"}),
    (2, {"goals": [{"goal_type": "fat_loss", "by": 2030}]}, {"goals[0].by": "unknown_field"}),
    (3, {}, {"equipment": "required", "injuries": "required", "limitations": "required"}),
    (3, {**LISTS, "target_weight_kg": 29.9}, {"target_weight_kg": "too_small"}),
    (3, {**LISTS, "target_weight_kg": 300.1}, {"target_weight_kg": "too_large"}),
    (3, {**LISTS, "target_weight_kg": "80"}, {"target_weight_kg": "wrong_type"}),
    (3, {**LISTS, "target_weight_kg": True}, {"target_weight_kg": "wrong_type"}),
    (3, {**LISTS, "target_body_fat_percentage": 2.9}, {"target_body_fat_percentage": "too_small"}),
    (3, {**LISTS, "target_body_fat_percentage": 50.1}, {"target_body_fat_percentage": "too_large"}),
    (3, {**LISTS, "equipment": ["ok", ""]}, {"equipment[1]": "too_short"}),
    (3, {**LISTS, "equipment": ["   "]}, {"equipment[0]": "too_short"}),
    (3, {**LISTS, "equipment": [LONG]}, {"equipment[0]": "too_long"}),
    (3, {**LISTS, "equipment": [str(i) for i in range(51)]}, {"equipment": "too_long"}),
    (3, {**LISTS, "equipment": ["Mat", "mat "]}, {"equipment[1]": "duplicate"}),
    (3, {**LISTS, "equipment": "mat"}, {"equipment": "wrong_type"}),
    (3, {**LISTS, "injuries": [3]}, {"injuries[0]": "wrong_type"}),
    (3, {**LISTS, "injuries": ["<b>knee</b>"]}, {"injuries[0]": "markup"}),
    (3, {**LISTS, "limitations": ["<script>alert(1)</script>"]}, {"limitations[0]": "markup"}),
    (3, {**LISTS, "limitations": ["<!-- -->"]}, {"limitations[0]": "markup"}),
    (3, {**LISTS, "limitations": ["a\u0000b"]}, {"limitations[0]": "control_character"}),
    (4, {**DIET, "diet_type": "carnivore"}, {"diet_type": "not_allowed"}),
    (4, {"diet_type": "vegan"}, {"allergies": "required", "intolerances": "required", "dislikes": "required"}),
    (4, {**DIET, "allergies": None}, {"allergies": "required"}),
    (4, {**DIET, "dislikes": ["Olives", "olives"]}, {"dislikes[1]": "duplicate"}),
    (5, plan(999), {"daily_calorie_target": "too_small"}),
    (5, plan(5001), {"daily_calorie_target": "too_large"}),
    (5, plan("2000"), {"daily_calorie_target": "wrong_type"}),
    (5, plan(2000.5), {"daily_calorie_target": "wrong_type"}),
    (5, plan(2000.0), {"daily_calorie_target": "wrong_type"}),
    (5, plan(True), {"daily_calorie_target": "wrong_type"}),
    (5, plan(2000, -0.1, 70.1, 30), {"protein_percentage": "too_small"}),
    (5, plan(2000, 100.1, 0, 0), {"protein_percentage": "too_large"}),
    (5, plan(2000, 30, 40, 29.98), {"macros": "sum"}),
    (5, plan(2000, 30, 40, 30.02), {"macros": "sum"}),
    (
        5,
        plan(0, -1, 101, True),
        {
            "daily_calorie_target": "too_small",
            "protein_percentage": "too_small",
            "carbs_percentage": "too_large",
            "fats_percentage": "wrong_type",
        },
    ),
    (6, {"meals": []}, {"meals": "too_short"}),
    (6, {"meals": [{**MEAL, "meal_name": str(i)} for i in range(13)]}, {"meals": "too_long"}),
    (6, {"meals": [MEAL, {**MEAL, "meal_name": "LUNCH"}]}, {"meals[1].meal_name": "duplicate"}),
    (6, {"meals": [{**MEAL, "scheduled_time": "24:00"}]}, {"meals[0].scheduled_time": "bad_format"}),
    (6, {"meals": [{**MEAL, "scheduled_time": "7:30"}]}, {"meals[0].scheduled_time": "bad_format"}),
    (6, {"meals": [{**MEAL, "scheduled_time": "07:60"}]}, {"meals[0].scheduled_time": "bad_format"}),
    (6, {"meals": [{**MEAL, "scheduled_time": "07:30\n"}]}, {"meals[0].scheduled_time": "bad_format"}),
    (6, {"meals": [{**MEAL, "scheduled_time": "٠٧:٣٠"}]}, {"meals[0].scheduled_time": "bad_format"}),
    (6, {"meals": [{**MEAL, "enable_notifications": "yes"}]}, {"meals[0].enable_notifications": "wrong_type"}),
    (6, {"meals": [{**MEAL, "enable_notifications": 1}]}, {"meals[0].enable_notifications": "wrong_type"}),
    (6, {"meals": [{"scheduled_time": "07:30"}]}, {"meals[0].meal_name": "required"}),
    (7, {"workouts": []}, {"workouts": "too_short"}),
    (
        7,
        {"workouts": [{"day_of_week": i % 7, "scheduled_time": f"{i:02}:00"} for i in range(15)]},
        {"workouts": "too_long"},
    ),
    (7, {"workouts": [WORKOUT, WORKOUT]}, {"workouts[1].scheduled_time": "duplicate"}),
    (7, {"workouts": [{**WORKOUT, "day_of_week": 7}]}, {"workouts[0].day_of_week": "too_large"}),
    (7, {"workouts": [{**WORKOUT, "day_of_week": -1}]}, {"workouts[0].day_of_week": "too_small"}),
    (7, {"workouts": [{**WORKOUT, "day_of_week": "monday"}]}, {"workouts[0].day_of_week": "wrong_type"}),
    (8, {**WATER, "daily_water_target_ml": 499}, {"daily_water_target_ml": "too_small"}),
    (8, {**WATER, "daily_water_target_ml": 10_001}, {"daily_water_target_ml": "too_large"}),
    (8, {**WATER, "reminder_frequency_minutes": 14}, {"reminder_frequency_minutes": "too_small"}),
    (8, {**WATER, "reminder_frequency_minutes": 481}, {"reminder_frequency_minutes": "too_large"}),
    (8, {**WATER, "reminder_frequency_minutes": None}, {"reminder_frequency_minutes": "required"}),
    (9, {"interested_in_supplements": "true"}, {"interested_in_supplements": "wrong_type"}),
    (9, {"interested_in_supplements": 1}, {"interested_in_supplements": "wrong_type"}),
    (
        9,
        {"interested_in_supplements": True, "current_supplements": ["a", "A"]},
        {"current_supplements[1]": "duplicate"},
    ),
]

TAKEN: list[tuple[int, Any]] = [
    (1, {"fitness_level": "advanced"}),
    (2, goals("general_fitness", "fat_loss", "muscle_gain")),
    (3, {**LISTS, "target_weight_kg": 30, "target_body_fat_percentage": 3}),
    (3, {**LISTS, "target_weight_kg": 300, "target_body_fat_percentage": 50}),
    (3, {**LISTS, "target_weight_kg": None}),
    (3, {**LISTS, "equipment": [str(i) for i in range(50)], "injuries": ["x" * 200]}),
    (3, {**LISTS, "limitations": ["5 < 6 & 7 > 3", "Знеболення", "膝の痛み"]}),
    (4, {"diet_type": "paleo", "allergies": [], "intolerances": [], "dislikes": ["liver"]}),
    (5, plan(1000, 0, 0, 100)),
    (5, plan(5000, 33.33, 33.33, 33.33)),
    (5, plan(2000, 33.34, 33.33, 33.34)),
    (6, {"meals": [{"meal_name": str(i), "scheduled_time": "00:00"} for i in range(12)]}),
    (6, {"meals": [{"meal_name": "Supper", "scheduled_time": "23:59", "enable_notifications": False}]}),
    (7, {"workouts": [{"day_of_week": i % 7, "scheduled_time": f"{i:02}:30"} for i in range(14)]}),
    (8, {"daily_water_target_ml": 500, "reminder_frequency_minutes": 480}),
    (8, {"daily_water_target_ml": 10_000, "reminder_frequency_minutes": 15}),
    (9, {"interested_in_supplements": True}),
]


@pytest.fixture(scope="module")
async def answered(api: httpx.AsyncClient) -> Person:
    """Somebody with an answer to each state: editing one is measured by the same rules."""
    person = await sign_up(api)
    await person.saved_until(9)
    return person


@pytest.mark.parametrize(("step", "data", "errors"), REFUSED)
async def test_refused(answered: Person, step: int, data: Any, errors: dict[str, str]) -> None:
    """An answer past a bound is 400, names every failing field exactly, and changes nothing."""
    before = await answered.progress()
    assert wrong(await answered.save(step, data)) == errors
    assert await answered.progress() == before


@pytest.mark.parametrize(("step", "data"), TAKEN)
async def test_taken(answered: Person, step: int, data: Any) -> None:
    """An answer at its bound is saved."""
    assert ok(await answered.save(step, data))["progress"]["current_state"] is None


@pytest.mark.parametrize("data", [None, [], "beginner", 1, True])
async def test_an_answer_is_an_object(answered: Person, data: Any) -> None:
    """Data that is no object is 400 on the field `data`."""
    body = {"step": 1, "data": data}
    expected = "required" if data is None else "wrong_type"
    assert wrong(await answered.post("/api/v1/onboarding/step", body)) == {"data": expected}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-Infinity"])
async def test_numbers_are_finite(answered: Person, number: str) -> None:
    """What is no finite number is 400, and never reaches the run."""
    body = json.dumps({"step": 3, "data": {**LISTS, "target_weight_kg": 80}}).replace("80", number)
    headers = {"Content-Type": "application/json"}
    answer = await answered.send("POST", "/api/v1/onboarding/step", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"malformed_json", "validation_error"}


async def test_texts_are_trimmed(answered: Person) -> None:
    """White space around a text is not part of it."""
    ok(await answered.save(3, {**LISTS, "equipment": ["  mat \n"]}))
    state = ok(await answered.get("/api/v1/onboarding/state"))
    assert state["step_data"]["workout_constraints"]["equipment"] == ["mat"]


async def test_keto_binds_the_plan(person: Person) -> None:
    """With `keto`, too many carbs and too little fat are each named; a plan that fits is saved."""
    await person.saved_until(3)
    ok(await person.save(4, {**DIET, "diet_type": "keto"}))
    errors = {"carbs_percentage": "too_large", "fats_percentage": "too_small"}
    assert wrong(await person.save(5, plan(2000, 25, 15.5, 59.5))) == errors
    ok(await person.save(5, plan(2000, 25, 15, 60)))


async def test_a_changed_diet_reopens_the_plan(person: Person) -> None:
    """A plan that no longer fits the diet needs review, holds completion up, and a plan that fits closes it."""
    await person.saved_until(9)
    changed = ok(await person.save(4, {**DIET, "diet_type": "keto"}))["progress"]
    assert changed["requirements"]["needs_review"] == [5]
    assert {error["field"] for error in changed["requirements"]["errors"]} == {
        "meal_plan.carbs_percentage",
        "meal_plan.fats_percentage",
    }
    assert changed["completion_percentage"] == 100
    assert not changed["can_complete"]
    incomplete = await person.post("/api/v1/onboarding/complete")
    assert incomplete.json()["requirements"]["needs_review"] == [5]
    closed = ok(await person.save(5, plan(2000, 25, 15, 60)))["progress"]
    assert closed["requirements"]["needs_review"] == []
    assert closed["can_complete"]
