"""The time that the dashboard and the funnel are asked about."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

from litestar import Request
from litestar.params import QueryParameter
from msgspec import Struct

from api.deps import Principal
from api.filters import one, span
from api.parameters import together
from api.problems import Code, ProblemError
from onboarding.payloads import FieldError
from onboarding.windows import Window

TimePeriod = Literal["last_24h", "last_7d", "last_30d"]
Named = Annotated[
    TimePeriod | None, QueryParameter(name="time_period", description="Up to now; not together with dates.")
]
MOST_DAYS = 3660
"""Longer than anything is kept."""

_LENGTHS = {"last_24h": timedelta(hours=24), "last_7d": timedelta(days=7), "last_30d": timedelta(days=30)}


class PeriodOut(Struct, frozen=True, kw_only=True):
    """What was counted: from `start_date` to `end_date`, both included; null where it is open."""

    time_period: TimePeriod | None
    start_date: datetime | None
    end_date: datetime | None


class Period(Struct, frozen=True, kw_only=True):
    """A named period, or dates, or neither: all there is."""

    name: TimePeriod | None = None
    since: datetime | None = None
    last: datetime | None = None

    def window(self, now: datetime) -> Window:
        """It as a window at a moment. One that has a name is open: what comes until it is counted counts too."""
        if self.name:
            return Window(since=now - _LENGTHS[self.name])
        return Window(since=self.since, until=self.last and self.last + timedelta(microseconds=1))

    def shown(self, window: Window) -> PeriodOut:
        """It as answers tell it."""
        return PeriodOut(time_period=self.name, start_date=window.since, end_date=self.last)


def period_of(request: Request[Any, Any, Any]) -> Period:
    """What `time_period`, `start_date` and `end_date` of a request say; a day is one where the person is.

    Raises:
        ProblemError: 400 for what is none, both at once, a start after the end or after now, or too much at once.
    """
    zone = _principal(request).timezone
    name, start, end = (one(request, each) for each in ("time_period", "start_date", "end_date"))
    with_dates = start is not None or end is not None
    found, (since, last) = together(lambda: _named(name, with_dates), lambda: _dates(start, end, zone))
    return Period(name=found, since=since, last=last)


def _named(name: str | None, with_dates: bool) -> str | None:
    if name is not None and name not in get_args(TimePeriod):
        raise _wrong("time_period", "not_allowed", "must be one of " + ", ".join(get_args(TimePeriod)))
    if name is not None and with_dates:
        raise _wrong("time_period", "not_allowed", "goes without `start_date` and `end_date`")
    return name


def _dates(start: str | None, end: str | None, zone: str) -> tuple[datetime | None, datetime | None]:
    since, last = span(start, end, zone)
    now = datetime.now(UTC)
    if last and last > now + timedelta(days=366):
        raise _wrong("end_date", "too_large", "is in the future")
    if since and since > (last or now):
        raise _wrong("start_date", "too_large", "is in the future")
    if since and (last or now) - since > timedelta(days=MOST_DAYS):
        raise _wrong("start_date", "too_small", f"must be at most {MOST_DAYS} days before the end")
    return since, last


def _principal(request: Request[Any, Any, Any]) -> Principal:
    return request.scope["user"]


def _wrong(field: str, code: str, detail: str) -> ProblemError:
    error = FieldError(field=field, code=code, detail=detail)
    return ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
