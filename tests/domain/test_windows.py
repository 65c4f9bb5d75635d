"""Spans of time and what they are made of."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from onboarding.windows import DAY, HOUR, Unit, Window, pieces, timeline, unit_of, whole_days

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ENDLESS = datetime(2200, 1, 1, tzinfo=UTC)
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = st.integers(0, 35_000).map(lambda hours: BEGINNING + hours * HOUR)
MOMENTS = HOURS | st.timedeltas(timedelta(), 1460 * DAY).map(lambda later: BEGINNING + later)
UNITS = st.sampled_from(["hour", "day", "month"])


@given(MOMENTS, MOMENTS | st.none(), UNITS)
def test_pieces_are_the_whole(one: datetime, other: datetime | None, unit: Unit) -> None:
    """The pieces of a window follow one another from its beginning to its end, each of whole hours or days."""
    since, until = sorted([one, other]) if other else (one, None)
    if since == until:
        until = since + timedelta.resolution
    found = pieces(Window(since=since, until=until), unit)
    assert (found[0].since, found[-1].until) == (since, until)
    assert [each.until for each in found[:-1]] == [each.since for each in found[1:]]
    assert sum(each.grain == "event" for each in found) <= 2
    for each in found:
        assert each.since
        assert each.since < (each.until or ENDLESS)
        if each.grain != "event":
            size = HOUR if each.grain == "hour" else DAY
            assert all((at - BEGINNING) % size == timedelta() for at in _ends(each))
        else:
            assert each.until
            assert each.until - each.since < HOUR
        assert not (unit == "hour" and each.grain == "day")


@given(MOMENTS, MOMENTS | st.none())
def test_whole_days_are_as_many_as_there_are(one: datetime, other: datetime | None) -> None:
    """Beside whole days a window has at most two parts, each within a day or around one midnight."""
    since, until = sorted([one, other]) if other else (one, None)
    found = whole_days(Window(since=since, until=until))
    assert (found[0].since, found[-1].until) == (since, until)
    assert [each.until for each in found[:-1]] == [each.since for each in found[1:]]
    days = [each for each in found if each.grain == "day"]
    assert len(days) <= 1
    for each in days:
        assert all((at - BEGINNING) % DAY == timedelta() for at in _ends(each))
    for each in found:
        if each.grain == "event":
            assert each.since
            assert each.until
            assert each.until - each.since < (DAY if days else 2 * DAY)


def _ends(piece: object) -> list[datetime]:
    return [at for at in (piece.since, piece.until) if at]  # type: ignore[attr-defined]


def test_everything_is_days() -> None:
    """A window without a beginning and an end is all days there are."""
    assert [(each.grain, each.since, each.until) for each in pieces(Window(), "day")] == [("day", None, None)]


@given(MOMENTS, MOMENTS)
def test_a_timeline_has_no_gaps(one: datetime, other: datetime) -> None:
    """A timeline begins at or before its span, ends before the span does, and can be read."""
    since, until = sorted([one, other])
    unit = unit_of(since, until)
    found = timeline(since, until, unit)
    assert found[0] <= since
    assert found[-1] < until or len(found) == 1
    steps = {later - earlier for earlier, later in pairwise(found)}
    if unit == "month":
        assert {each.day for each in found} == {1}
        assert steps <= {timedelta(days=days) for days in (28, 29, 30, 31)}
    else:
        assert steps <= {HOUR if unit == "hour" else DAY}
    assert len(found) <= 402


def test_a_span_of_a_day_is_told_by_the_hour() -> None:
    """Two days are divided by hours, more by days, more than 400 days by months."""
    assert unit_of(NOON, NOON + 2 * DAY) == "hour"
    assert unit_of(NOON, NOON + 2 * DAY + HOUR) == "day"
    assert unit_of(NOON, NOON + 401 * DAY) == "month"
    assert timeline(NOON, NOON + 2 * HOUR, "hour") == [NOON, NOON + HOUR]
    assert len(timeline(NOON + HOUR / 2, NOON + 2 * HOUR + HOUR / 2, "hour")) == 3
