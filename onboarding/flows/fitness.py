"""The default flow: nine states from fitness level to supplements."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from onboarding.answers import Answer, Said, Shares, Text, Texts, TimeOfDay, repeats, rule
from onboarding.flow import Dependency, Flow, State
from onboarding.flows import fitness_words as words
from onboarding.flows.fitness_speech import AGENTS, SPANISH
from onboarding.payloads import FieldError

Percentage = Annotated[float, Meta(ge=0, le=100)]
KETO_MAX_CARBS_PERCENTAGE = 15
KETO_MIN_FATS_PERCENTAGE = 60
MACROS_TOLERANCE = 0.01


def _said(said: Said) -> Meta:
    return Meta(extra={"said": said})


class FitnessLevel(Answer, frozen=True, kw_only=True):
    """How used the person is to training."""

    fitness_level: Annotated[Literal["beginner", "intermediate", "advanced"], _said(words.FITNESS_LEVEL)]


class Goal(Struct, frozen=True, kw_only=True):
    """One goal."""

    goal_type: Annotated[Literal["fat_loss", "muscle_gain", "general_fitness"], _said(words.GOAL)]


class FitnessGoals(Answer, frozen=True, kw_only=True):
    """The order of `goals` is their priority."""

    goals: Annotated[list[Goal], Meta(min_length=1, max_length=3), _said(words.GOALS)]

    @rule
    def no_goal_twice(self) -> Iterator[FieldError]:
        """Each goal has one place."""
        return repeats("goals[{}].goal_type", self.goals, lambda goal: goal.goal_type)


class WorkoutConstraints(Answer, frozen=True, kw_only=True):
    """What a training plan must work with; weights in kilograms."""

    equipment: Annotated[Texts, _said(words.EQUIPMENT)]
    injuries: Annotated[Texts, _said(words.INJURIES)]
    limitations: Annotated[Texts, _said(words.LIMITATIONS)]
    target_weight_kg: Annotated[float, Meta(ge=30, le=300), _said(words.TARGET_WEIGHT)] | UnsetType | None = UNSET
    target_body_fat_percentage: Annotated[float, Meta(ge=3, le=50), _said(words.BODY_FAT)] | UnsetType | None = (
        UNSET
    )


class DietaryPreferences(Answer, frozen=True, kw_only=True):
    """How the person eats, and what is left out."""

    diet_type: Annotated[
        Literal["omnivore", "vegetarian", "vegan", "pescatarian", "keto", "paleo"], _said(words.DIET_TYPE)
    ]
    allergies: Annotated[Texts, _said(words.ALLERGIES)]
    intolerances: Annotated[Texts, _said(words.INTOLERANCES)]
    dislikes: Annotated[Texts, _said(words.DISLIKES)]


class MealPlan(Answer, frozen=True, kw_only=True):
    """Energy in kilocalories a day, and its shares in percent of energy."""

    shares: ClassVar[Shares | None] = words.MACROS

    daily_calorie_target: Annotated[int, Meta(ge=1000, le=5000), _said(words.CALORIES)]
    protein_percentage: Annotated[Percentage, _said(words.PROTEIN)]
    carbs_percentage: Annotated[Percentage, _said(words.CARBS)]
    fats_percentage: Annotated[Percentage, _said(words.FATS)]

    @rule
    def shares_of_a_whole(self) -> Iterator[FieldError]:
        """The three shares add up to 100."""
        total = self.protein_percentage + self.carbs_percentage + self.fats_percentage
        # Rounded: 33.33 x 3 is 99.99 in decimals and a hair less in binary.
        if round(abs(total - 100), 6) > MACROS_TOLERANCE:
            yield FieldError(
                field="macros",
                code="sum",
                detail=f"the shares must add up to 100, not {total:g}",
            )


class Meal(Struct, frozen=True, kw_only=True):
    """A meal at a local time of day."""

    meal_name: Annotated[Text, _said(words.MEAL_NAME)]
    scheduled_time: Annotated[TimeOfDay, _said(words.MEAL_TIME)]
    enable_notifications: Annotated[bool, _said(words.REMINDERS)] = True


class MealSchedule(Answer, frozen=True, kw_only=True):
    """The meals of a day."""

    meals: Annotated[list[Meal], Meta(min_length=1, max_length=12), _said(words.MEALS)]

    @rule
    def no_name_twice(self) -> Iterator[FieldError]:
        """However it is written."""
        return repeats("meals[{}].meal_name", self.meals, lambda meal: meal.meal_name.casefold())


class Workout(Struct, frozen=True, kw_only=True):
    """`day_of_week` counts from 0, Monday."""

    day_of_week: Annotated[int, Meta(ge=0, le=6), _said(words.WORKOUT_DAY)]
    scheduled_time: Annotated[TimeOfDay, _said(words.WORKOUT_TIME)]
    enable_notifications: Annotated[bool, _said(words.REMINDERS)] = True


class WorkoutSchedule(Answer, frozen=True, kw_only=True):
    """The workouts of a week."""

    workouts: Annotated[list[Workout], Meta(min_length=1, max_length=14), _said(words.WORKOUTS)]

    @rule
    def no_two_at_once(self) -> Iterator[FieldError]:
        """Each workout has a time of its own in the week."""
        return repeats("workouts[{}].scheduled_time", self.workouts, lambda w: (w.day_of_week, w.scheduled_time))


class HydrationSchedule(Answer, frozen=True, kw_only=True):
    """Water in millilitres a day, reminders in minutes apart."""

    daily_water_target_ml: Annotated[int, Meta(ge=500, le=10_000), _said(words.WATER)]
    reminder_frequency_minutes: Annotated[int, Meta(ge=15, le=480), _said(words.FREQUENCY)]


class SupplementPreferences(Answer, frozen=True, kw_only=True):
    """Interest in supplements, and those taken now."""

    interested_in_supplements: Annotated[bool, _said(words.INTERESTED)]
    current_supplements: Annotated[Texts, _said(words.SUPPLEMENTS)] = field(default_factory=list)


def few_carbs_with_keto(plan: MealPlan, diet: DietaryPreferences) -> Iterator[FieldError]:
    """A ketogenic diet has few carbohydrates; other diets bind nothing."""
    if diet.diet_type == "keto" and plan.carbs_percentage > KETO_MAX_CARBS_PERCENTAGE:
        detail = f"must be at most {KETO_MAX_CARBS_PERCENTAGE} with a keto diet"
        yield FieldError(field="carbs_percentage", code="too_large", detail=detail)


def much_fat_with_keto(plan: MealPlan, diet: DietaryPreferences) -> Iterator[FieldError]:
    """A ketogenic diet has much fat; other diets bind nothing."""
    if diet.diet_type == "keto" and plan.fats_percentage < KETO_MIN_FATS_PERCENTAGE:
        detail = f"must be at least {KETO_MIN_FATS_PERCENTAGE} with a keto diet"
        yield FieldError(field="fats_percentage", code="too_small", detail=detail)


def _state(number: int, key: str, answer: type[Answer], **texts: Any) -> State:
    return State(number=number, key=key, answer=answer, wordings={"es": SPANISH[key]}, **texts)


FITNESS = Flow(
    key="fitness",
    version=1,
    title="Fitness onboarding",
    agents=AGENTS,
    states=(
        _state(
            1,
            "fitness_level",
            FitnessLevel,
            title="Fitness level assessment",
            agent="workout_planning",
            description="How used you are to training.",
            opener="Welcome! What would you call your fitness level: beginner, intermediate or advanced?",
            why_we_ask="Training that is too hard hurts, and training that is too easy changes nothing.",
            example={"fitness_level": "beginner"},
        ),
        _state(
            2,
            "fitness_goals",
            FitnessGoals,
            title="Primary fitness goals",
            agent="workout_planning",
            description="What you want to reach, most important first.",
            opener="What do you want: fat loss, muscle gain, general fitness? Up to three, in order.",
            why_we_ask="Your goals decide the mix of strength, endurance and food.",
            example={"goals": [{"goal_type": "general_fitness"}]},
        ),
        _state(
            3,
            "workout_constraints",
            WorkoutConstraints,
            title="Workout preferences and constraints",
            agent="workout_planning",
            description="Your equipment, and what your training must respect.",
            opener="Which equipment do you have, and are there injuries or limitations to respect?",
            why_we_ask="A plan must work with what you have and spare what hurts.",
            example={"equipment": ["dumbbells"], "injuries": [], "limitations": []},
        ),
        _state(
            4,
            "dietary_preferences",
            DietaryPreferences,
            title="Diet preferences and restrictions",
            agent="diet_planning",
            description="How you eat, and what you cannot or will not eat.",
            opener="How do you eat, and are there allergies, intolerances or dislikes?",
            why_we_ask="What you cannot eat is left out of every proposal.",
            example={"diet_type": "omnivore", "allergies": [], "intolerances": [], "dislikes": []},
        ),
        _state(
            5,
            "meal_plan",
            MealPlan,
            title="Fixed meal plan selection",
            agent="diet_planning",
            description="Your daily energy and how it is shared between protein, carbs and fats.",
            opener="How many calories a day, and which shares of protein, carbs and fats?",
            why_we_ask="Meals are portioned to these figures.",
            depends_on=(Dependency(on="dietary_preferences", rules=(few_carbs_with_keto, much_fat_with_keto)),),
            example={
                "daily_calorie_target": 2200,
                "protein_percentage": 30,
                "carbs_percentage": 40,
                "fats_percentage": 30,
            },
        ),
        _state(
            6,
            "meal_schedule",
            MealSchedule,
            title="Meal timing schedule",
            agent="scheduling",
            description="Your meals and their times.",
            opener="Which meals do you have, and when?",
            why_we_ask="Reminders come when you eat, not when we guess.",
            example={"meals": [{"meal_name": "Breakfast", "scheduled_time": "07:30"}]},
        ),
        _state(
            7,
            "workout_schedule",
            WorkoutSchedule,
            title="Workout schedule",
            agent="scheduling",
            description="The days and times of your workouts.",
            opener="On which days, and when, do you want to train?",
            why_we_ask="A fixed time is the best promise of a workout.",
            example={"workouts": [{"day_of_week": 0, "scheduled_time": "18:00"}]},
        ),
        _state(
            8,
            "hydration_schedule",
            HydrationSchedule,
            title="Hydration schedule",
            agent="scheduling",
            description="How much you want to drink, and how often to be reminded.",
            opener="How much water a day, and how often shall I remind you?",
            why_we_ask="Small and regular beats a litre at once.",
            example={"daily_water_target_ml": 2000, "reminder_frequency_minutes": 60},
        ),
        _state(
            9,
            "supplement_preferences",
            SupplementPreferences,
            title="Supplement preferences (optional)",
            agent="supplement_guidance",
            description="Whether supplements interest you, and which you take.",
            opener="Are you interested in supplements, and do you take any? You can skip this.",
            why_we_ask="Some supplements do not go together.",
            optional=True,
            example={"interested_in_supplements": False, "current_supplements": []},
        ),
    ),
)
