"""Times as people give them."""

from datetime import UTC, date, datetime, time, timedelta
from datetime import timezone as datetimezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.moments import NoMoment, moment, no_moment

FROM, UNTIL = date(1971, 1, 1), date(2099, 1, 1)
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Kiritimati", "America/Havana", "Asia/Kathmandu"]


@pytest.mark.parametrize(
    ("text", "timezone", "begins", "ends"),
    [
        ("2026-05-01", "UTC", "2026-05-01T00:00:00", "2026-05-01T23:59:59.999999"),
        ("2026-05-01", "Europe/Berlin", "2026-04-30T22:00:00", "2026-05-01T21:59:59.999999"),
        ("2026-05-01", "Pacific/Kiritimati", "2026-04-30T10:00:00", "2026-05-01T09:59:59.999999"),
        ("2026-05-01", "Mars/Olympus", "2026-05-01T00:00:00", "2026-05-01T23:59:59.999999"),
        # Clocks go forward at midnight, so the day begins at one; and back at midnight, so it has 25 hours.
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00", "2018-11-05T01:59:59.999999"),
        ("2018-02-17", "America/Sao_Paulo", "2018-02-17T02:00:00", "2018-02-18T02:59:59.999999"),
        ("2028-02-29", "UTC", "2028-02-29T00:00:00", "2028-02-29T23:59:59.999999"),
    ],
)
def test_a_day(text: str, timezone: str, begins: str, ends: str) -> None:
    """A day begins and ends where the person is, also where clocks change at midnight."""
    assert moment(text, timezone) == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert moment(text, timezone, at_end=True) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize("timezone", ZONES)
@given(day=st.dates(FROM, UNTIL), clock=st.times(), offset=st.integers(-14 * 60, 14 * 60))
def test_a_time_is_itself(timezone: str, day: date, clock: time, offset: int) -> None:
    """A time with its zone is the same wherever it is read, as a beginning or as an end."""
    at = datetime.combine(day, clock, datetimezone(timedelta(minutes=offset)))
    text = at.isoformat()
    for at_end in (False, True):
        assert moment(text, timezone, at_end=at_end) == at
        assert moment(text.lower(), timezone, at_end=at_end).tzinfo is UTC


@pytest.mark.parametrize("timezone", ZONES)
@given(day=st.dates(FROM, UNTIL))
def test_days_do_not_overlap(timezone: str, day: date) -> None:
    """Each day ends a microsecond before the next one begins."""
    tomorrow = moment(str(day + timedelta(days=1)), timezone)
    assert moment(str(day), timezone, at_end=True) == tomorrow - timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "x", "now", "tomorrow", "2026", "20260501", "2026-5-1", "2026-05", "2026-W18-5", "2026-02-29"),
        *("2026-13-01", "2026-05-32", "2026-05-01T", "2026-05-01T12:30", "2026-05-01T12:30:00", "01.05.2026"),
        *("2026-05-01T25:00:00Z", "2026-05-01T12:60:00Z", "2026-05-01 12:30:00Z", "2026-05-01T12:30:00+25:00"),
        *(
            "2026-05-01T12:30:00Zx",
            "2026-05-01\n",
            "٢٠٢٦-05-01",
            "2026-05-01T12:30:00.Z",
            "0000-01-01",
            "-2026-05-01",
        ),
    ],
)
def test_what_is_none(text: str) -> None:
    """A time without a zone, a day that is none, and other ways to write are refused."""
    with pytest.raises(NoMoment) as refused:
        moment(text, "UTC")
    assert refused.value.code == "bad_format"
    assert no_moment(text) == ("bad_format", refused.value.detail)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1969-12-31", "too_small"),
        ("0001-01-01T00:00:00+14:00", "too_small"),
        ("2100-01-01", "too_large"),
        ("9999-12-31", "too_large"),
        ("9999-12-31T23:59:59-12:00", "too_large"),
    ],
)
def test_what_nobody_means(text: str, code: str) -> None:
    """Years that no calendar of a zone reaches are refused and overflow nothing."""
    for timezone in ZONES:
        with pytest.raises(NoMoment) as refused:
            moment(text, timezone, at_end=True)
        assert refused.value.code == code
    assert no_moment("2099-12-31") is None
