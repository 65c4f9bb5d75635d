"""Events as they leave the API, and what may be asked of a list of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, get_args
from uuid import UUID

from litestar import Request
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from api.body import Body
from api.deps import Principal
from api.filters import many, one, span
from api.paging import Page, read_day_cursor
from api.parameters import together
from api.problems import Code, ProblemError
from db.event_lists import Filter, Order, Spot, spot_of
from db.events import Event
from onboarding.monitoring import Severity
from onboarding.payloads import FieldError

PLAIN = r"^[^\x00]*$"
Account = Annotated[str | None, QueryParameter(pattern="^[0-9]{12}$", description="Twelve digits.")]
Name = Annotated[str | None, QueryParameter(min_length=1, max_length=200, pattern=PLAIN)]
Search = Annotated[
    str | None,
    QueryParameter(
        min_length=1,
        max_length=100,
        pattern=PLAIN,
        description="Words; each begins one of the event: of its source, its type, its notes or its details.",
    ),
]
Severities = Annotated[
    list[str] | None,
    QueryParameter(name="severity", description="critical, high, medium, low, unknown: one or several."),
]
Sort = Annotated[Order, QueryParameter(description="Of one severity level, the order is that of `created_at`.")]

Notes = Annotated[str, Meta(max_length=2000, extra={"lines": True, "as_said": True})]


class RemarkBody(Body, frozen=True, kw_only=True):
    """What to change of an event. `notes` null, or without text, removes them."""

    acknowledged: bool | UnsetType | None = UNSET
    notes: Annotated[Notes | UnsetType | None, Meta(extra={"clears": True})] = UNSET


class EventOut(Struct, frozen=True, kw_only=True):
    """Something that staff should know. `severity_level` is 0 to 5. At `expires_at` it is dropped."""

    id: str
    account: str | None
    region: str | None
    source: str
    detail_type: str
    detail: dict[str, Any]
    severity: Severity
    severity_level: int
    resources: list[str]
    run_id: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    notes: str | None
    published_at: datetime
    created_at: datetime
    expires_at: datetime
    deleted_at: datetime | None


class EventPage(Page[EventOut], frozen=True, kw_only=True):
    """A page of a tenant's events. `total` ends at 100 000: more are not counted."""


class RelatedOut(Struct, frozen=True, kw_only=True):
    """Events that may have to do with one, newest first."""

    items: list[EventOut]


def shown(event: Event, retention_days: int) -> EventOut:
    """An event as people see it."""
    return EventOut(**asdict(event), expires_at=event.created_at + timedelta(days=retention_days))


def filter_of(request: Request[Any, Any, Any]) -> Filter:
    """What a query asks for, as far as the framework has not read it.

    Raises:
        ProblemError: 400 with all that is wrong in it.
    """
    principal: Principal = request.scope["user"]
    readings: list[Callable[[], Any]] = [
        lambda: many(request, "severity", Severity),
        lambda: span(one(request, "start_date"), one(request, "end_date"), principal.timezone),
    ]
    severities, (since, until) = together(*readings)
    names = ("account", "region", "source", "detail_type", "search")
    return Filter(**{name: one(request, name) for name in names}, severities=severities, since=since, until=until)


def position_of(event: Event, order: Order) -> str:
    """Where a page ends. It says of what order, so that no other list goes on there."""
    spot = spot_of(event, order)
    return f"{spot.moment:%Y-%m-%d}/{order}/{spot.level}/{spot.moment.isoformat()}/{spot.id}"


def read_spot(cursor: str | None, order: Order) -> Spot | None:
    """Where a page begins.

    Raises:
        ProblemError: 400 for a cursor that is none of this list in this order.
    """
    found = read_day_cursor(cursor)
    if found is None:
        return None
    try:
        level, moment, id = found[2].split("/")
        spot = Spot(level=int(level), moment=datetime.fromisoformat(moment), id=str(UUID(id)))
    except ValueError:
        raise _no_cursor() from None
    known = found[1] == order and order in get_args(Order) and 0 <= spot.level <= 5
    if not known or spot.moment.tzinfo is None or not 1 < spot.moment.year < 9999:
        raise _no_cursor()
    return spot


def _no_cursor() -> ProblemError:
    error = FieldError(field="cursor", code="bad_format", detail="is not a cursor of this list")
    return ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
