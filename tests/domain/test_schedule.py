"""The next week of workouts and meals on the person's own clock."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.flows.fitness import Goal, Meal, Workout
from onboarding.schedule import meals_view, occurrences, workouts_view
from onboarding.timing import zone_of
from tests.domain.given import NOW, answered

BOUNDED = settings(max_examples=60, deadline=None, database=None, derandomize=True)
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
CLOCKS = st.times().map(lambda t: f"{t:%H:%M}")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def meal(time: str, name: str = "Meal") -> Meal:
    return Meal(meal_name=name, scheduled_time=time)


def workout(day: int, time: str) -> Workout:
    return Workout(day_of_week=day, scheduled_time=time)


def test_a_meal_comes_every_day() -> None:
    """Seven days have seven of each meal, in order of time."""
    found = occurrences([meal("19:00", "Dinner"), meal("07:30", "Breakfast")], "UTC", NOW)
    assert [o.name for o in found] == ["Dinner", "Breakfast"] * 7
    assert found[0].at == at("2026-03-02T19:00Z")
    assert found[-1].at == at("2026-03-09T07:30Z")


def test_a_workout_comes_once_a_week_on_its_day() -> None:
    """Day 0 is Monday; each workout is there once."""
    found = occurrences([workout(0, "18:00"), workout(6, "09:00"), workout(0, "07:00")], "UTC", NOW)
    assert [(o.day_of_week, o.at) for o in found] == [
        (0, at("2026-03-02T18:00Z")),
        (6, at("2026-03-08T09:00Z")),
        (0, at("2026-03-09T07:00Z")),
    ]


def test_the_window_includes_now_and_not_its_end() -> None:
    """What starts right now counts, what starts a week from now does not."""
    found = occurrences([meal("12:00")], "UTC", NOW)
    assert (found[0].at, found[-1].at) == (NOW, NOW + timedelta(days=6))
    found = occurrences([meal("12:00")], "UTC", NOW + timedelta(microseconds=1))
    assert (found[0].at, found[-1].at) == (NOW + timedelta(days=1), NOW + timedelta(days=7))


def test_the_day_is_the_persons_day() -> None:
    """Monday 08:00 in Auckland is Sunday in UTC, and the local time says so with its offset."""
    (found,) = occurrences([workout(0, "08:00")], "Pacific/Auckland", NOW)
    assert found.at == at("2026-03-08T19:00Z")
    assert found.local_time.isoformat() == "2026-03-09T08:00:00+13:00"
    assert msgspec.json.decode(msgspec.json.encode(found)) == {
        "scheduled_time": "08:00",
        "local_time": "2026-03-09T08:00:00+13:00",
        "at": "2026-03-08T19:00:00Z",
        "day_of_week": 0,
    }


def test_monday_is_not_lost() -> None:
    """Day 0 is shown, though it is the smallest of numbers."""
    (found,) = occurrences([workout(0, "18:00")], "UTC", NOW)
    assert b'"day_of_week":0' in msgspec.json.encode(found)


SKIPPED = [
    ("America/New_York", "02:30", "2026-03-07T12:00Z", "2026-03-08T03:30:00-04:00", "2026-03-08T07:30Z"),
    ("America/New_York", "02:00", "2026-03-07T12:00Z", "2026-03-08T03:00:00-04:00", "2026-03-08T07:00Z"),
    ("America/New_York", "01:59", "2026-03-07T12:00Z", "2026-03-08T01:59:00-05:00", "2026-03-08T06:59Z"),
    ("America/New_York", "03:00", "2026-03-07T12:00Z", "2026-03-08T03:00:00-04:00", "2026-03-08T07:00Z"),
    ("Europe/Berlin", "02:30", "2026-03-28T12:00Z", "2026-03-29T03:30:00+02:00", "2026-03-29T01:30Z"),
    ("Australia/Lord_Howe", "02:15", "2026-10-03T12:00Z", "2026-10-04T02:45:00+11:00", "2026-10-03T15:45Z"),
]
REPEATED = [
    ("America/New_York", "01:30", "2026-10-31T12:00Z", "2026-11-01T01:30:00-04:00", "2026-11-01T05:30Z"),
    ("Europe/Berlin", "02:30", "2026-10-24T12:00Z", "2026-10-25T02:30:00+02:00", "2026-10-25T00:30Z"),
    ("Australia/Lord_Howe", "01:45", "2026-04-04T12:00Z", "2026-04-05T01:45:00+11:00", "2026-04-04T14:45Z"),
]


@pytest.mark.parametrize(("zone", "time", "now", "local", "utc"), SKIPPED + REPEATED)
def test_a_time_at_a_clock_change(zone: str, time: str, now: str, local: str, utc: str) -> None:
    """A skipped time moves forward by what is skipped; a repeated one is taken once, the first time."""
    found = occurrences([meal(time)], zone, at(now), days=1)
    assert [(o.local_time.isoformat(), o.at, o.scheduled_time) for o in found] == [(local, at(utc), time)]
    assert found[0].local_time == found[0].at


@pytest.mark.parametrize("entry", [meal("23:30"), workout(5, "23:30")], ids=["meal", "workout"])
def test_a_time_may_move_into_the_next_day(entry: Meal | Workout) -> None:
    """Where clocks go from 23:00 to midnight, Saturday 23:30 is Sunday 00:30, also when asked on Sunday."""
    found = occurrences([entry], "America/Nuuk", at("2024-03-31T01:00Z"), days=1)
    assert found[0].local_time.isoformat() == "2024-03-31T00:30:00-01:00"
    assert found[0].at == at("2024-03-31T01:30Z")


def test_the_second_time_round_is_not_taken_either() -> None:
    """When the first of a repeated hour is past, the meal of that day is past."""
    between = at("2026-11-01T06:00Z")  # 01:00 for the second time
    found = occurrences([meal("01:30")], "America/New_York", between, days=2)
    assert [o.at for o in found] == [at("2026-11-02T06:30Z")]


def test_the_clock_time_stays_through_a_clock_change() -> None:
    """18:00 stays 18:00 on the person's clock, and moves by an hour in UTC."""
    found = occurrences([meal("18:00")], "Europe/Berlin", at("2026-03-27T12:00Z"))
    assert {o.local_time.strftime("%H:%M") for o in found} == {"18:00"}
    assert [o.at.hour for o in found] == [17, 17, 16, 16, 16, 16, 16]


def test_a_day_that_a_zone_left_out_has_no_meals() -> None:
    """Samoa had no 30 December 2011: breakfast is not eaten twice on the 31st."""
    found = occurrences([meal("08:00")], "Pacific/Apia", at("2011-12-29T12:00Z"), days=4)
    assert [f"{o.local_time:%d}" for o in found] == ["29", "31", "01", "02"]


@BOUNDED
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
    st.lists(CLOCKS, min_size=1, max_size=4, unique=True),
    st.integers(0, 6),
)
def test_a_week_is_complete_in_any_zone(now: datetime, zone: str, times: list[str], day: int) -> None:
    """Whatever the zone and week: sorted, inside the window, each clock time once a local day."""
    found = occurrences([meal(t, t) for t in times], zone, now)
    assert [o.at for o in found] == sorted(o.at for o in found)
    assert all(now <= o.at < now + timedelta(days=7) for o in found)
    assert all(o.at == o.local_time for o in found)
    dated = [(o.name, o.local_time.date()) for o in found]
    assert len(dated) == len(set(dated))
    assert 6 * len(times) <= len(found) <= 8 * len(times)
    for shown in occurrences([workout(day, t) for t in times], zone, now):
        shifted = shown.local_time.date() - timedelta(days=1)
        assert day in (shown.local_time.weekday(), shifted.weekday())


def test_an_unknown_zone_is_read_as_utc() -> None:
    """A zone that nobody knows gives UTC, and says so in the view."""
    assert occurrences([meal("12:00")], "Mars/Base", NOW) == occurrences([meal("12:00")], "UTC", NOW)
    assert workouts_view({}, "Mars/Base", NOW).timezone == "UTC"


def test_the_views_of_a_fitness_profile() -> None:
    """Workouts and meals show their part of the profile with the next week's occurrences."""
    answers = answered(9).answers
    workouts, meals = workouts_view(answers, "Europe/Berlin", NOW), meals_view(answers, "UTC", NOW)
    assert (workouts.fitness_level, workouts.goals) == ("beginner", [Goal(goal_type="general_fitness")])
    assert workouts.constraints is not None
    assert workouts.constraints.equipment == ["dumbbells"]
    assert [(o.day_of_week, o.at) for o in workouts.occurrences] == [(0, at("2026-03-02T17:00Z"))]
    assert (workouts.schedule, workouts.timezone) == ([workout(0, "18:00")], "Europe/Berlin")
    assert (meals.diet, meals.plan) != (None, None)
    assert (len(meals.occurrences), meals.schedule[0].meal_name) == (7, "Breakfast")


def test_a_profile_of_another_flow_has_empty_views() -> None:
    """A profile without these states gives nothing, and no error."""
    other = {"company": {"name": "Acme"}}
    workouts, meals = workouts_view(other, "UTC", NOW), meals_view(other, "UTC", NOW)
    assert (workouts.fitness_level, workouts.goals, workouts.constraints) == (None, [], None)
    assert (meals.diet, meals.plan) == (None, None)
    assert workouts.occurrences == workouts.schedule == meals.occurrences == meals.schedule == []


def test_every_zone_of_these_tests_exists() -> None:
    """The zones above are known here, so that none is silently read as UTC."""
    assert all(zone_of(zone) for zone in ZONES)
