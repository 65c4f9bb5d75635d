"""Lists: `limit`, an opaque `cursor`, newest first.

Ids of ours are UUIDs of version 7, which sort by the time when they were made: by id is by (created_at, id). Where
ids may come from elsewhere, a list goes by both.
"""

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from litestar import Request
from litestar.params import QueryParameter
from msgspec import UNSET, Struct, UnsetType

from api.problems import Code, ProblemError
from onboarding.payloads import FieldError

ItemT = TypeVar("ItemT")
PositionT = TypeVar("PositionT")
DEFAULT_LIMIT = 20
CURSOR_CHARACTERS = 200
_NO_CURSOR = FieldError(field="cursor", code="bad_format", detail="is not a cursor of this list")

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="Items on a page.")]
Cursor = Annotated[
    str | None, QueryParameter(max_length=CURSOR_CHARACTERS, description="`next_cursor` of the page before.")
]


WithTotal = Annotated[bool, QueryParameter(description="Count the whole list too.")]


class Page(Struct, Generic[ItemT], frozen=True, kw_only=True):
    """A page of a list; `next_cursor` is None on the last one, `total` there only when asked for."""

    items: list[ItemT]
    next_cursor: str | None
    total: int | UnsetType = UNSET


def page_of(found: list[ItemT], limit: int, position: Callable[[ItemT], int | str]) -> Page[ItemT]:
    """Cut a page from `limit + 1` found items; the one too many says that there are more."""
    return page_with(found[:limit], len(found) > limit, position)


def page_with(items: list[ItemT], more: bool, position: Callable[[ItemT], int | str]) -> Page[ItemT]:
    """A page of these items, with a cursor when there are more."""
    return Page(items=items, next_cursor=_encode(position(items[-1])) if more else None)


def read_cursor(cursor: str | None) -> int | None:
    """The position that a cursor of a list by number stands for.

    Raises:
        ProblemError: 400 when it is none of ours.
    """
    return None if cursor is None else _decode(cursor, _position)


def read_id_cursor(cursor: str | None) -> str | None:
    """The id that a cursor of a list by id stands for.

    Raises:
        ProblemError: 400 when it is none of ours.
    """
    return None if cursor is None else _decode(cursor, lambda text: str(UUID(text)))


def read_day_cursor(cursor: str | None) -> tuple[date, str, str] | None:
    """The day and the two names that a cursor of a list by day stands for.

    Raises:
        ProblemError: 400 when it is none of ours.
    """
    return None if cursor is None else _decode(cursor, _day)


def read_place_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """The time and the id that a cursor of a list by both stands for.

    Raises:
        ProblemError: 400 when it is none of ours.
    """
    return None if cursor is None else _decode(cursor, _place)


def place_of(created_at: datetime, id: str) -> str:
    """The place in a list by time and id."""
    return f"{created_at.isoformat()}/{id}"


def day_position(day: date, name: str, other: str) -> str:
    """The place in a list by day and two names, the first without a slash."""
    return f"{day}/{name}/{other}"


def _day(text: str) -> tuple[date, str, str]:
    day, name, other = text.split("/", 2)
    if not text.isprintable():
        raise ValueError(text)
    return date.fromisoformat(day), name, other


def _place(text: str) -> tuple[datetime, str]:
    at, id = text.split("/")
    created_at = datetime.fromisoformat(at)
    if created_at.tzinfo is None or not 1 < created_at.year < 9999:
        raise ValueError(text)
    return created_at, str(UUID(id))


def _position(text: str) -> int:
    position = int(text)
    if not 0 <= position < 2**31:
        raise ValueError(position)
    return position


def cursor_error(request: Request[Any, Any, Any]) -> tuple[FieldError, ...]:
    """What is wrong with the cursor of a request that is refused for other parameters already."""
    takes_one = "cursor" in request.route_handler.parsed_fn_signature.parameters
    cursor = request.query_params.get("cursor") if takes_one else None
    if not isinstance(cursor, str) or len(cursor) > CURSOR_CHARACTERS:
        return ()
    for read in (_position, UUID, _place, _day):
        with suppress(binascii.Error, ValueError):
            _read(cursor, read)
            return ()
    return (_NO_CURSOR,)


def _decode(cursor: str, read: Callable[[str], PositionT]) -> PositionT:
    try:
        return _read(cursor, read)
    except (binascii.Error, ValueError):
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(_NO_CURSOR,)) from None


def _read(cursor: str, read: Callable[[str], PositionT]) -> PositionT:
    return read(base64.urlsafe_b64decode(cursor.encode()).decode())


def _encode(position: int | str) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()
