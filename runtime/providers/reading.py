"""Reading what a provider sends: a field that is missing, or something else than it should be, is unknown."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar, cast

import msgspec

from onboarding.orders import LINES_AT_MOST, Order

NUMBER_CHARACTERS = 40
T = TypeVar("T")
_MS_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    """It cannot be known which order this is."""


class Reader(Generic[T]):
    """Reads objects of a shape whose fields are `Any`, and looked at one by one; numbers keep all their digits."""

    def __init__(self, kind: type[T]) -> None:
        """Of this shape."""
        self._decoder = msgspec.json.Decoder(kind, float_hook=_decimal)

    def read(self, raw: msgspec.Raw) -> T:
        """An object.

        Raises:
            Unreadable: it is none.
        """
        try:
            return self._decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Unreadable from None


def shaped(values: object, kind: type[T]) -> list[T]:
    """Those of some values that are objects, in a shape whose fields are `Any`; as many as an order has."""
    if not isinstance(values, list):
        return []
    found = cast("list[object]", values)[:LINES_AT_MOST]
    return [msgspec.convert(each, kind) for each in found if isinstance(each, dict)]


def at(value: object, *path: str) -> object:
    """What stands at a path in nested objects; None where nothing does."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(name)
    return value


def text(value: object) -> str | None:
    """A text, or a whole number as one; None where it is neither, or empty."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.strip() or None if isinstance(value, str) else None


def number(value: object) -> Decimal | None:
    """A number, also where it is written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal | int):
        return Decimal(value)
    return _decimal(value.strip()) if isinstance(value, str) else None


def day(value: object) -> date | None:
    """The day of a date or a time, which begins with it."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """A time, as RFC 3339 has them or as `/Date(1551747281053+0000)/`; without an offset it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        if found := _MS_DATE.fullmatch(value):
            return _EPOCH + timedelta(milliseconds=int(found[1]))
        read = datetime.fromisoformat(value)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def newest(*times: datetime | None) -> datetime | None:
    """The last of those that are known."""
    return max((each for each in times if each), default=None)


def newest_of(orders: Iterable[Order]) -> datetime | None:
    """When the last of these changed."""
    return newest(*(order.changed_at for order in orders))


def parts(values: Sequence[T], size: int) -> list[Sequence[T]]:
    """The values in parts of so many; one empty part where there are none."""
    return [values[start : start + size] for start in range(0, len(values), size)] or [()]


def _decimal(value: str) -> Any:
    if len(value) > NUMBER_CHARACTERS:
        return None
    try:
        read = Decimal(value)
    except InvalidOperation:
        return None
    # What is no number, or has an exponent that arithmetic cannot bear, fails whoever compares it.
    return read if read.is_finite() and abs(read.adjusted()) <= NUMBER_CHARACTERS else None
