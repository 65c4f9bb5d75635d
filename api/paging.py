"""Lists: `limit`, an opaque `cursor`, newest first."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

from litestar.params import QueryParameter
from msgspec import UNSET, Struct, UnsetType

from api.problems import Code, ProblemError
from onboarding.payloads import FieldError

ItemT = TypeVar("ItemT")
DEFAULT_LIMIT = 20

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="Items on a page.")]
Cursor = Annotated[str | None, QueryParameter(max_length=200, description="`next_cursor` of the page before.")]


WithTotal = Annotated[bool, QueryParameter(description="Count the whole list too.")]


class Page(Struct, Generic[ItemT], frozen=True, kw_only=True):
    """A page of a list; `next_cursor` is None on the last one, `total` there only when asked for."""

    items: list[ItemT]
    next_cursor: str | None
    total: int | UnsetType = UNSET


def page_of(found: list[ItemT], limit: int, position: Callable[[ItemT], int]) -> Page[ItemT]:
    """Cut a page from `limit + 1` found items; the one too many says that there are more."""
    items = found[:limit]
    more = len(found) > limit
    return Page(items=items, next_cursor=_encode(position(items[-1])) if more else None)


def read_cursor(cursor: str | None) -> int | None:
    """The position that a cursor stands for.

    Raises:
        ProblemError: 400 when it is none of ours.
    """
    if cursor is None:
        return None
    try:
        position = int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except (binascii.Error, ValueError):
        position = -1
    if not 0 <= position < 2**31:
        error = FieldError(field="cursor", code="bad_format", detail="is not a cursor of this list")
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
    return position


def _encode(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()
