"""Every failing field is named at once, by whichever rule it fails."""

from typing import Any

import pytest

from onboarding.errors import InvalidAnswer
from onboarding.flows.fitness import FITNESS
from onboarding.profile import edit
from tests.domain.given import after, answer, answered, errors, refused, save

KETO = answer(4, diet_type="keto")


def goals(*kinds: object) -> dict[str, Any]:
    return {"goals": [{"goal_type": kind} for kind in kinds]}


def meal(name: object, time: object) -> dict[str, Any]:
    return {"meal_name": name, "scheduled_time": time}


def plan(calories: object, protein: object, carbs: object, fats: object) -> dict[str, Any]:
    return {
        "daily_calorie_target": calories,
        "protein_percentage": protein,
        "carbs_percentage": carbs,
        "fats_percentage": fats,
    }


@pytest.mark.parametrize(
    ("step", "data", "expected"),
    [
        (
            2,
            goals("fat_loss", "fat_loss", "x"),
            [("goals[2].goal_type", "not_allowed"), ("goals[1].goal_type", "duplicate")],
        ),
        (
            2,
            {"goals": [7, *goals("fat_loss", "fat_loss")["goals"]]},
            [("goals[0]", "wrong_type"), ("goals[2].goal_type", "duplicate")],
        ),
        (5, plan(10, 30, 30, 30), [("daily_calorie_target", "too_small"), ("macros", "sum")]),
        (5, plan(2000, "x", 30, 30), [("protein_percentage", "wrong_type")]),
        (
            6,
            {"meals": [meal("A", "07:30"), meal("a", "7:30")]},
            [("meals[1].scheduled_time", "bad_format"), ("meals[1].meal_name", "duplicate")],
        ),
        (
            6,
            {"meals": [meal("", "07:30"), meal("", "07:30")]},
            [("meals[0].meal_name", "too_short"), ("meals[1].meal_name", "too_short")],
        ),
        (
            3,
            {"equipment": ["mat", "Mat ", "<b>"], "injuries": [], "limitations": 1},
            [("equipment[2]", "markup"), ("equipment[1]", "duplicate"), ("limitations", "wrong_type")],
        ),
    ],
    ids=str,
)
def test_rules_between_fields_speak_beside_rules_of_one(step: int, data: Any, expected: list[Any]) -> None:
    """A rule between fields is heard when another field fails, and is silent about fields that failed."""
    error = refused(InvalidAnswer, lambda: after(answered(step - 1), save((step, data))))
    assert errors(error) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (plan(2000, 30, 30, 30), ["macros", "carbs_percentage", "fats_percentage"]),
        (plan(2000, 30, "x", 30), ["carbs_percentage", "fats_percentage"]),
        (plan(9999, 30, 40, 101), ["daily_calorie_target", "fats_percentage", "carbs_percentage"]),
    ],
)
def test_rules_between_states_speak_too(data: Any, expected: list[str]) -> None:
    """What does not fit an earlier state is named along with what fails in itself."""
    run = after(answered(3), save((4, KETO)))
    error = refused(InvalidAnswer, lambda: after(run, save((5, data))))
    assert [field for field, _ in errors(error)] == expected


def test_a_batch_is_measured_by_its_own_answers() -> None:
    """A later answer of a batch must fit an earlier one of it, though that one fails in another field."""
    keto = after(answered(3), save((4, KETO)))
    vegan = {**answer(4, diet_type="vegan"), "allergies": 7}
    batch = save((4, vegan), (5, plan(2000, 30, 40, 30)), batch=True)
    assert errors(refused(InvalidAnswer, lambda: after(keto, batch))) == [
        ("steps[0].data.allergies", "wrong_type")
    ]
    wrong_keto = save((4, {**KETO, "allergies": 7}), (5, plan(2000, 30, 40, 30)), batch=True)
    assert [field for field, _ in errors(refused(InvalidAnswer, lambda: after(answered(4), wrong_keto)))] == [
        "steps[0].data.allergies",
        "steps[1].data.carbs_percentage",
        "steps[1].data.fats_percentage",
    ]


def test_an_edit_of_the_profile_tells_everything_too() -> None:
    """Edits of a profile are measured in the same way, and against each other."""
    changes = {"dietary_preferences": {**KETO, "dislikes": 1}, "meal_plan": plan(10, 30, 40, 30), "nonsense": {}}
    error = refused(InvalidAnswer, lambda: edit(FITNESS, answered(9).answers, changes, tenant_id="t", user_id="u"))
    assert {field for field, _ in errors(error)} == {
        "answers.dietary_preferences.dislikes",
        "answers.meal_plan.daily_calorie_target",
        "answers.meal_plan.carbs_percentage",
        "answers.meal_plan.fats_percentage",
        "answers.nonsense",
    }
