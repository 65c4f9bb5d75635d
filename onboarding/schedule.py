"""Weekly workouts and daily meals as moments: the next week in a person's own time zone.

A local time that a clock change leaves out moves forward by what the clock skips; one that a clock change
repeats is taken once, the first time round.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from onboarding.answers import AnswerT, recall
from onboarding.flows.fitness import (
    DietaryPreferences,
    FitnessGoals,
    FitnessLevel,
    Goal,
    Meal,
    MealPlan,
    MealSchedule,
    Workout,
    WorkoutConstraints,
    WorkoutSchedule,
)
from onboarding.timing import zone_of


class Occurrence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A meal (with `name`) or workout (with `day_of_week`, 0 = Monday) at a moment.

    `scheduled_time` is what the person asked for, `local_time` what their clock shows then, with its offset;
    the two differ where a clock change leaves the asked time out. `at` is the same moment in UTC.
    """

    scheduled_time: str
    local_time: datetime
    at: datetime
    name: str | None = None
    day_of_week: int | None = None


class WorkoutsView(Struct, frozen=True, kw_only=True):
    """The training part of a profile, and its next week."""

    fitness_level: str | None
    goals: list[Goal]
    constraints: WorkoutConstraints | None
    schedule: list[Workout]
    timezone: str
    occurrences: list[Occurrence]


class MealsView(Struct, frozen=True, kw_only=True):
    """The eating part of a profile, and its next week."""

    diet: DietaryPreferences | None
    plan: MealPlan | None
    schedule: list[Meal]
    timezone: str
    occurrences: list[Occurrence]


def workouts_view(answers: Mapping[str, Mapping[str, Any]], timezone: str, now: datetime) -> WorkoutsView:
    """The training part of a profile's answers by state key; what is not there is empty."""
    level = _answer(answers, "fitness_level", FitnessLevel)
    goals = _answer(answers, "fitness_goals", FitnessGoals)
    schedule = _answer(answers, "workout_schedule", WorkoutSchedule)
    workouts = schedule.workouts if schedule else []
    return WorkoutsView(
        fitness_level=level.fitness_level if level else None,
        goals=goals.goals if goals else [],
        constraints=_answer(answers, "workout_constraints", WorkoutConstraints),
        schedule=workouts,
        timezone=_zone(timezone).key,
        occurrences=occurrences(workouts, timezone, now),
    )


def meals_view(answers: Mapping[str, Mapping[str, Any]], timezone: str, now: datetime) -> MealsView:
    """The eating part of a profile's answers by state key; what is not there is empty."""
    schedule = _answer(answers, "meal_schedule", MealSchedule)
    meals = schedule.meals if schedule else []
    return MealsView(
        diet=_answer(answers, "dietary_preferences", DietaryPreferences),
        plan=_answer(answers, "meal_plan", MealPlan),
        schedule=meals,
        timezone=_zone(timezone).key,
        occurrences=occurrences(meals, timezone, now),
    )


def occurrences(
    schedule: Iterable[Workout | Meal], timezone: str, now: datetime, days: int = 7
) -> list[Occurrence]:
    """When the workouts or meals take place in [now, now + days), in order of time.

    Args:
        schedule: workouts, once a week each, or meals, once a day each.
        timezone: the IANA zone of their times; an unknown one is read as UTC.
        now: timezone-aware.
        days: how far to look, in days of 24 hours.
    """
    zone = _zone(timezone)
    start, end = now.astimezone(UTC), now.astimezone(UTC) + timedelta(days=days)
    # A day more on either side: a moment's local date can differ from the date that it was asked for.
    first = start.astimezone(zone).date() - timedelta(days=1)
    found = [
        occurrence
        for entry in schedule
        for offset in range(days + 3)
        for occurrence in _on(first + timedelta(days=offset), entry, zone)
        if start <= occurrence.at < end
    ]
    return sorted(found, key=lambda o: o.at)


def _on(day: date, entry: Workout | Meal, zone: ZoneInfo) -> Iterator[Occurrence]:
    if isinstance(entry, Workout) and entry.day_of_week != day.weekday():
        return
    asked = datetime.combine(day, time.fromisoformat(entry.scheduled_time))
    # Fold 0 of a skipped time has the offset from before the change: in UTC and back, it has moved forward.
    at = asked.replace(tzinfo=zone).astimezone(UTC)
    local = at.astimezone(zone)
    # A fixed offset: with the zone itself, Python holds a repeated time unequal to the same moment in UTC.
    local = local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)
    if isinstance(entry, Meal):
        if local.replace(tzinfo=None) - asked >= timedelta(days=1):
            return  # the zone left out the whole day, and the next one has its own meal
        named: dict[str, Any] = {"name": entry.meal_name}
    else:
        named = {"day_of_week": entry.day_of_week}
    yield Occurrence(scheduled_time=entry.scheduled_time, local_time=local, at=at, **named)


def _zone(name: str) -> ZoneInfo:
    return zone_of(name) or ZoneInfo("UTC")


def _answer(answers: Mapping[str, Mapping[str, Any]], key: str, kind: type[AnswerT]) -> AnswerT | None:
    return recall(kind, answers[key]) if key in answers else None
