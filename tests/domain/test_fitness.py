"""Each rule of the nine-state table at, just inside and just past its bounds."""

from typing import Any

import pytest

from onboarding.errors import InvalidAnswer
from onboarding.flows.fitness import FITNESS
from onboarding.reading import read
from tests.domain.given import after, answer, answered, errors, refused, save

Case = tuple[str, dict[str, Any]]


def ends(step: str, field: str, *values: Any) -> list[Case]:
    return [(step, {field: value}) for value in values]


def meals(*names: str) -> list[dict[str, Any]]:
    return [{"meal_name": name, "scheduled_time": "12:00"} for name in names]


def workout(day: Any = 0, time: str = "18:00", **more: Any) -> dict[str, Any]:
    return {"day_of_week": day, "scheduled_time": time, **more}


def shares(protein: float, carbs: float, fats: float) -> dict[str, Any]:
    return {"protein_percentage": protein, "carbs_percentage": carbs, "fats_percentage": fats}


LISTS = [("workout_constraints", f) for f in ("equipment", "injuries", "limitations")] + [
    ("dietary_preferences", f) for f in ("allergies", "intolerances", "dislikes")
]
GOALS = ["fat_loss", "muscle_gain", "general_fitness"]
FIFTY = [f"item {i}" for i in range(50)]

VALID: list[Case] = [
    *ends("fitness_level", "fitness_level", "beginner", "intermediate", "advanced"),
    *ends("fitness_goals", "goals", *[[{"goal_type": g} for g in GOALS[:n]] for n in (1, 2, 3)]),
    *[(step, {field: value}) for step, field in LISTS for value in ([], ["x"], ["x" * 200], FIFTY)],
    *ends("workout_constraints", "target_weight_kg", 30, 30.0, 30.01, 299.99, 300, None),
    *ends("workout_constraints", "target_body_fat_percentage", 3, 3.01, 49.99, 50, None),
    *ends("dietary_preferences", "diet_type", "omnivore", "vegetarian", "vegan"),
    *ends("dietary_preferences", "diet_type", "pescatarian", "keto", "paleo"),
    *ends("meal_plan", "daily_calorie_target", 1000, 1001, 4999, 5000),
    ("meal_plan", shares(100, 0, 0)),
    ("meal_plan", shares(0, 100, 0)),
    ("meal_plan", shares(0, 0, 100)),
    ("meal_plan", shares(33.33, 33.33, 33.34)),
    ("meal_plan", shares(33.33, 33.33, 33.33)),
    ("meal_plan", shares(30, 40, 29.99)),
    ("meal_plan", shares(30, 40, 30.01)),
    ("meal_plan", shares(0.1, 0.2, 99.7)),
    *ends("meal_schedule", "meals", meals("a"), meals(*"abcdefghijkl"), meals("x" * 200)),
    ("meal_schedule", {"meals": [{**meals("a")[0], "enable_notifications": False}]}),
    ("meal_schedule", {"meals": [{**meals("a")[0], "enable_notifications": None}]}),
    *ends("workout_schedule", "workouts", [workout(0)], [workout(6)]),
    ("workout_schedule", {"workouts": [workout(d, t) for d in range(7) for t in ("07:00", "18:00")]}),
    *ends("hydration_schedule", "daily_water_target_ml", 500, 501, 9999, 10_000),
    *ends("hydration_schedule", "reminder_frequency_minutes", 15, 16, 479, 480),
    *ends("supplement_preferences", "interested_in_supplements", True, False),
    *ends("supplement_preferences", "current_supplements", [], ["Zinc"], FIFTY, None),
]

INVALID: list[tuple[str, dict[str, Any], str, str]] = [
    *[
        ("fitness_level", {"fitness_level": v}, "fitness_level", "not_allowed")
        for v in ("Beginner", "expert", "", " beginner", 1, True, [], {}, ["beginner"])
    ],
    ("fitness_level", {"fitness_level": None}, "fitness_level", "required"),
    ("fitness_goals", {"goals": []}, "goals", "too_short"),
    ("fitness_goals", {"goals": [{"goal_type": g} for g in [*GOALS, "fat_loss"]]}, "goals", "too_long"),
    ("fitness_goals", {"goals": [{"goal_type": "fat_loss"}] * 2}, "goals[1].goal_type", "duplicate"),
    ("fitness_goals", {"goals": [{"goal_type": "speed"}]}, "goals[0].goal_type", "not_allowed"),
    ("fitness_goals", {"goals": [{}]}, "goals[0].goal_type", "required"),
    ("fitness_goals", {"goals": ["fat_loss"]}, "goals[0]", "wrong_type"),
    ("fitness_goals", {"goals": "fat_loss"}, "goals", "wrong_type"),
    ("fitness_goals", {"goals": None}, "goals", "required"),
    *[(step, {field: None}, field, "required") for step, field in LISTS],
    *[(step, {field: [*FIFTY, "one more"]}, field, "too_long") for step, field in LISTS],
    *[(step, {field: ["a", "A"]}, f"{field}[1]", "duplicate") for step, field in LISTS],
    *[(step, {field: ["x" * 201]}, f"{field}[0]", "too_long") for step, field in LISTS],
    *[(step, {field: ["<i>x</i>"]}, f"{field}[0]", "markup") for step, field in LISTS],
    *[(step, {field: ["a", ""]}, f"{field}[1]", "too_short") for step, field in LISTS],
    *[(step, {field: "x"}, field, "wrong_type") for step, field in LISTS],
    ("workout_constraints", {"target_weight_kg": 29.99}, "target_weight_kg", "too_small"),
    ("workout_constraints", {"target_weight_kg": 300.01}, "target_weight_kg", "too_large"),
    ("workout_constraints", {"target_weight_kg": True}, "target_weight_kg", "wrong_type"),
    ("workout_constraints", {"target_weight_kg": "80"}, "target_weight_kg", "wrong_type"),
    *[
        ("workout_constraints", {"target_body_fat_percentage": v}, "target_body_fat_percentage", code)
        for v, code in ((2.99, "too_small"), (50.01, "too_large"))
    ],
    ("dietary_preferences", {"diet_type": "fruitarian"}, "diet_type", "not_allowed"),
    ("meal_plan", {"daily_calorie_target": 999}, "daily_calorie_target", "too_small"),
    ("meal_plan", {"daily_calorie_target": 5001}, "daily_calorie_target", "too_large"),
    ("meal_plan", {"daily_calorie_target": 2000.0}, "daily_calorie_target", "wrong_type"),
    ("meal_plan", {"daily_calorie_target": "2000"}, "daily_calorie_target", "wrong_type"),
    ("meal_plan", shares(30, 40, 29.98), "macros", "sum"),
    ("meal_plan", shares(30, 40, 30.02), "macros", "sum"),
    ("meal_plan", shares(30, 40, 29.989), "macros", "sum"),
    ("meal_plan", shares(30, 40, 30.011), "macros", "sum"),
    ("meal_plan", shares(0, 0, 0), "macros", "sum"),
    ("meal_plan", shares(-0.01, 50, 50), "protein_percentage", "too_small"),
    ("meal_plan", shares(0, 100.01, 0), "carbs_percentage", "too_large"),
    ("meal_plan", shares(0, 0, float("nan")), "fats_percentage", "wrong_type"),
    ("meal_schedule", {"meals": []}, "meals", "too_short"),
    ("meal_schedule", {"meals": meals(*"abcdefghijklm")}, "meals", "too_long"),
    ("meal_schedule", {"meals": meals("Lunch", "LUNCH ")}, "meals[1].meal_name", "duplicate"),
    ("meal_schedule", {"meals": meals("x" * 201)}, "meals[0].meal_name", "too_long"),
    ("meal_schedule", {"meals": meals("")}, "meals[0].meal_name", "too_short"),
    (
        "meal_schedule",
        {"meals": [{"meal_name": "a", "scheduled_time": "24:00"}]},
        "meals[0].scheduled_time",
        "bad_format",
    ),
    ("meal_schedule", {"meals": [{"meal_name": "a"}]}, "meals[0].scheduled_time", "required"),
    (
        "meal_schedule",
        {"meals": [{**meals("a")[0], "enable_notifications": 1}]},
        "meals[0].enable_notifications",
        "wrong_type",
    ),
    ("workout_schedule", {"workouts": []}, "workouts", "too_short"),
    (
        "workout_schedule",
        {"workouts": [workout(d % 7, f"{d:02}:00") for d in range(15)]},
        "workouts",
        "too_long",
    ),
    ("workout_schedule", {"workouts": [workout(-1)]}, "workouts[0].day_of_week", "too_small"),
    ("workout_schedule", {"workouts": [workout(7)]}, "workouts[0].day_of_week", "too_large"),
    ("workout_schedule", {"workouts": [workout(True)]}, "workouts[0].day_of_week", "wrong_type"),
    (
        "workout_schedule",
        {"workouts": [workout(), workout(1), workout(enable_notifications=False)]},
        "workouts[2].scheduled_time",
        "duplicate",
    ),
    ("hydration_schedule", {"daily_water_target_ml": 499}, "daily_water_target_ml", "too_small"),
    ("hydration_schedule", {"daily_water_target_ml": 10_001}, "daily_water_target_ml", "too_large"),
    ("hydration_schedule", {"reminder_frequency_minutes": 14}, "reminder_frequency_minutes", "too_small"),
    ("hydration_schedule", {"reminder_frequency_minutes": 481}, "reminder_frequency_minutes", "too_large"),
    *[
        (
            "supplement_preferences",
            {"interested_in_supplements": v},
            "interested_in_supplements",
            "wrong_type",
        )
        for v in (0, 1, "true", "yes", [])
    ],
    (
        "supplement_preferences",
        {"interested_in_supplements": None},
        "interested_in_supplements",
        "required",
    ),
    ("supplement_preferences", {"current_supplements": ["a", "A"]}, "current_supplements[1]", "duplicate"),
]


def kind_of(step: str) -> Any:
    state = FITNESS.find(step)
    assert state is not None
    return state.answer


def test_the_flow_is_the_table() -> None:
    """Keys, agents, optional states and dependencies stand as in the contract."""
    assert [(s.number, s.key, s.agent) for s in FITNESS.states] == [
        (1, "fitness_level", "workout_planning"),
        (2, "fitness_goals", "workout_planning"),
        (3, "workout_constraints", "workout_planning"),
        (4, "dietary_preferences", "diet_planning"),
        (5, "meal_plan", "diet_planning"),
        (6, "meal_schedule", "scheduling"),
        (7, "workout_schedule", "scheduling"),
        (8, "hydration_schedule", "scheduling"),
        (9, "supplement_preferences", "supplement_guidance"),
    ]
    assert [s.number for s in FITNESS.states if s.optional] == [9]
    assert {s.number: [d.on for d in s.depends_on] for s in FITNESS.states if s.depends_on} == {
        5: ["dietary_preferences"]
    }


@pytest.mark.parametrize(("step", "change"), VALID)
def test_what_the_table_allows(step: str, change: dict[str, Any]) -> None:
    """Every value at or just inside a bound is taken."""
    read(kind_of(step), answer(step, **change))


@pytest.mark.parametrize(("step", "change", "field", "code"), INVALID)
def test_what_the_table_forbids(step: str, change: dict[str, Any], field: str, code: str) -> None:
    """Every value just past a bound or of a wrong type is refused, and only the field at fault is named."""
    error = refused(InvalidAnswer, lambda: read(kind_of(step), answer(step, **change)))
    assert errors(error) == [(field, code)]


@pytest.mark.parametrize("state", FITNESS.states, ids=lambda s: s.key)
def test_no_state_takes_an_unknown_field_or_misses_a_required_one(state: Any) -> None:
    """Each state refuses a made-up field and names every required field that is not there."""
    extra = refused(InvalidAnswer, lambda: read(state.answer, {**state.example, "surprise": 1}))
    assert errors(extra) == [("surprise", "unknown_field")]
    empty = refused(InvalidAnswer, lambda: read(state.answer, {}))
    assert {code for _, code in errors(empty)} == {"required"}


@pytest.mark.parametrize("state", FITNESS.states, ids=lambda s: s.key)
def test_every_example_is_valid(state: Any) -> None:
    """The example of a state is an answer to it."""
    read(state.answer, state.example)


def test_the_order_of_goals_is_kept() -> None:
    """Goals are priorities: they come back in the order in which they were given."""
    given = [{"goal_type": "muscle_gain"}, {"goal_type": "fat_loss"}]
    run = after(answered(1), save((2, {"goals": given})))
    assert run.answers["fitness_goals"]["goals"] == given


def test_defaults_are_filled_in() -> None:
    """A saved answer shows the defaults of what was left out, and no absent optional field."""
    run = answered(9)
    assert run.answers["meal_schedule"]["meals"][0]["enable_notifications"] is True
    assert "target_weight_kg" not in run.answers["workout_constraints"]
    run = after(answered(8), save((9, {"interested_in_supplements": True})))
    assert run.answers["supplement_preferences"]["current_supplements"] == []


@pytest.mark.parametrize(
    ("plan", "wrong"),
    [
        (shares(25, 15, 60), []),
        (shares(24.99, 15, 60.01), []),
        (shares(0, 0, 100), []),
        (shares(24.99, 15.01, 60), ["carbs_percentage:too_large"]),
        (shares(25.01, 15, 59.99), ["fats_percentage:too_small"]),
        (shares(30, 40, 30), ["carbs_percentage:too_large", "fats_percentage:too_small"]),
    ],
)
def test_a_keto_diet_binds_the_plan(plan: dict[str, Any], wrong: list[str]) -> None:
    """With keto, carbs are at most 15 and fats at least 60 percent, and each field at fault is named."""
    run = after(answered(3), save((4, answer(4, diet_type="keto"))))
    command = save((5, answer(5, **plan)))
    if not wrong:
        after(run, command)
    else:
        error = refused(InvalidAnswer, lambda: after(run, command))
        assert [f"{f}:{c}" for f, c in errors(error)] == wrong


@pytest.mark.parametrize("diet", ["omnivore", "vegetarian", "vegan", "pescatarian", "paleo"])
def test_other_diets_bind_nothing(diet: str) -> None:
    """Without keto any shares that make a whole are fine."""
    run = after(answered(3), save((4, answer(4, diet_type=diet))))
    after(run, save((5, answer(5, **shares(0, 100, 0)))))


def test_several_fields_fail_at_once() -> None:
    """One save names every field at fault by its exact path."""
    data = {
        "meals": [
            {"meal_name": "", "scheduled_time": "7:30"},
            {"scheduled_time": "25:00", "enable_notifications": "no", "kcal": 5},
        ],
        "surprise": True,
    }
    error = refused(InvalidAnswer, lambda: after(answered(5), save((6, data))))
    assert errors(error) == [
        ("meals[0].meal_name", "too_short"),
        ("meals[0].scheduled_time", "bad_format"),
        ("meals[1].meal_name", "required"),
        ("meals[1].scheduled_time", "bad_format"),
        ("meals[1].enable_notifications", "wrong_type"),
        ("meals[1].kcal", "unknown_field"),
        ("surprise", "unknown_field"),
    ]
