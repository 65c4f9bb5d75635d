"""Spans of time that are counted, and the whole hours and days they are made of."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

Grain = Literal["event", "hour", "day"]
Unit = Literal["hour", "day", "month"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_BY_HOUR, _BY_DAY = 2 * DAY, 400 * DAY


class Window(Struct, frozen=True, kw_only=True):
    """From `since` on, up to and without `until`; None where it is open."""

    since: datetime | None = None
    until: datetime | None = None


class Piece(Struct, frozen=True, kw_only=True):
    """A part of a window that is counted by days, by hours, or event by event."""

    grain: Grain
    since: datetime | None
    until: datetime | None


def pieces(window: Window, unit: Unit) -> list[Piece]:
    """What a window is made of: its whole days, the whole hours around these, and what is left at its ends.

    Where it is to be divided by hours, no day is taken as a whole. Days and hours are of UTC.

    >>> day = datetime(2026, 5, 1, tzinfo=UTC)
    >>> [each.grain for each in pieces(Window(since=day, until=day + DAY), "day")]
    ['day']
    >>> [each.grain for each in pieces(Window(since=day + HOUR / 2, until=day + 2 * HOUR), "day")]
    ['event', 'hour']
    """
    grains: tuple[Grain, ...] = ("hour", "event") if unit == "hour" else ("day", "hour", "event")
    return list(_parts(window.since, window.until, grains))


def whole_days(window: Window) -> list[Piece]:
    """What a window is made of: its whole days (of UTC), and what is left at its ends.

    >>> day = datetime(2026, 5, 1, tzinfo=UTC)
    >>> [each.grain for each in whole_days(Window(since=day + HOUR, until=day + 2 * DAY))]
    ['event', 'day']
    """
    return list(_parts(window.since, window.until, ("day", "event")))


def _parts(since: datetime | None, until: datetime | None, grains: tuple[Grain, ...]) -> Iterator[Piece]:
    """The middle by the coarsest grain, and both ends by the finer ones."""
    grain, finer = grains[0], grains[1:]
    if grain == "event":
        yield Piece(grain=grain, since=since, until=until)
        return
    first, last = since and _up(since, grain), until and _down(until, grain)
    if first and last and first >= last:
        yield from _parts(since, until, finer)
        return
    if since != first:
        yield from _parts(since, first, finer)
    yield Piece(grain=grain, since=first, until=last)
    if until != last:
        yield from _parts(last, until, finer)


def unit_of(since: datetime, until: datetime) -> Unit:
    """How a timeline is divided: a span of two days by hours, of 400 days by days, a longer one by months."""
    length = until - since
    return "hour" if length <= _BY_HOUR else "day" if length <= _BY_DAY else "month"


def timeline(since: datetime, until: datetime, unit: Unit) -> list[datetime]:
    """The beginnings of all hours, days or months that a span touches, without a gap."""
    at, found = _down(since, unit), list[datetime]()
    while at < until or not found:
        found.append(at)
        at = _next(at, unit)
    return found


def _down(at: datetime, unit: Unit) -> datetime:
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if unit != "hour":
        at = at.replace(hour=0)
    return at.replace(day=1) if unit == "month" else at


def _up(at: datetime, unit: Unit) -> datetime:
    down = _down(at, unit)
    return at if at == down else _next(down, unit)


def _next(at: datetime, unit: Unit) -> datetime:
    if unit == "month":
        return _down(at + timedelta(days=31), unit)
    return at + (HOUR if unit == "hour" else DAY)
