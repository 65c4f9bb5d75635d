"""Times as people give them: one with its zone, or a day, which begins and ends where they are."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from onboarding.timing import zone_of

FIRST, LAST = 1970, 2099
"""The years that a time may lie in."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_END_OF_DAY = time(23, 59, 59, 999999, fold=1)


class NoMoment(ValueError):
    """A text that is no time, or one that nobody means; `code` and `detail` are for whoever sent it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def moment(text: str, timezone: str, *, at_end: bool = False) -> datetime:
    """A time in UTC.

    >>> moment("2026-05-01T12:30:00+02:00", "UTC").isoformat()
    '2026-05-01T10:30:00+00:00'
    >>> moment("2026-05-01", "Europe/Berlin").isoformat()
    '2026-04-30T22:00:00+00:00'

    Args:
        text: RFC 3339 with a zone, or a day as 2026-12-31.
        timezone: IANA, where a day begins and ends; UTC when there is none of that name.
        at_end: of a day, its last microsecond instead of its first.

    Raises:
        NoMoment: it is neither, or lies before 1970 or after 2099.
    """
    text = text.upper()
    try:
        if _DAY.fullmatch(text):
            zone = zone_of(timezone) or ZoneInfo("UTC")
            at = datetime.combine(date.fromisoformat(text), _END_OF_DAY if at_end else time(), zone)
        elif _TIME.fullmatch(text):
            at = datetime.fromisoformat(text)
        else:
            raise ValueError(text)
    except ValueError:
        detail = "must be a time with its zone such as 2026-12-31T18:00:00Z, or a day such as 2026-12-31"
        raise NoMoment("bad_format", detail) from None
    if at.year < FIRST:
        raise NoMoment("too_small", f"must not be before {FIRST}")
    if at.year > LAST:
        raise NoMoment("too_large", f"must not be after {LAST}")
    return at.astimezone(UTC)


def no_moment(text: str) -> tuple[str, str] | None:
    """What is wrong with a text, wherever its day may end: for a field's `check`."""
    try:
        moment(text, "UTC")
    except NoMoment as error:
        return error.code, error.detail
    return None
