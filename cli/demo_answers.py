"""The nine answers of the person whom the demo takes through `fitness`, and the words for the first four."""

from typing import Any

ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("fitness_level", {"fitness_level": "intermediate"}),
    ("fitness_goals", {"goals": [{"goal_type": "muscle_gain"}, {"goal_type": "general_fitness"}]}),
    (
        "workout_constraints",
        {
            "equipment": ["dumbbells", "pull-up bar"],
            "injuries": [],
            "limitations": ["45 minutes at most"],
            "target_weight_kg": 78.5,
        },
    ),
    (
        "dietary_preferences",
        {"diet_type": "vegetarian", "allergies": ["peanuts"], "intolerances": [], "dislikes": ["olives"]},
    ),
    (
        "meal_plan",
        {
            "daily_calorie_target": 2400,
            "protein_percentage": 30,
            "carbs_percentage": 45,
            "fats_percentage": 25,
        },
    ),
    (
        "meal_schedule",
        {
            "meals": [
                {"meal_name": "Breakfast", "scheduled_time": "07:30"},
                {"meal_name": "Lunch", "scheduled_time": "12:30"},
                {"meal_name": "Dinner", "scheduled_time": "19:00", "enable_notifications": False},
            ]
        },
    ),
    (
        "workout_schedule",
        {
            "workouts": [
                {"day_of_week": 0, "scheduled_time": "18:00"},
                {"day_of_week": 2, "scheduled_time": "18:00"},
                {"day_of_week": 5, "scheduled_time": "10:00"},
            ]
        },
    ),
    ("hydration_schedule", {"daily_water_target_ml": 2500, "reminder_frequency_minutes": 90}),
    ("supplement_preferences", {"interested_in_supplements": True, "current_supplements": ["creatine"]}),
]

SAID: dict[str, str] = {
    "fitness_level": "I'd say I'm intermediate",
    "fitness_goals": "Mostly I want to build muscle, then general fitness",
    "workout_constraints": "Dumbbells and a pull-up bar, no injuries, 45 minutes at most, target weight 78.5 kg",
    "dietary_preferences": "I'm vegetarian, allergic to peanuts, no intolerances, and I don't like olives",
}
"""How the person puts the answers that they give by talking."""
