"""Purchase orders of Xero: those that were changed in the last twelve months, then what has changed since.

There is no difference between the two: orders are read by when they changed, the oldest first, and one that
changes meanwhile moves to the end, where it is read again. Xero keeps deleted orders, with that status.
"""

from collections.abc import AsyncGenerator
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from onboarding.connections import Cursor
from onboarding.orders import ORDERS_AT_ONCE, ROWS_AT_MOST, Batch, Line, Order, OrderStatus
from runtime.providers.asking import Api, Refused
from runtime.providers.reading import Reader, Unreadable, at, day, moment, newest_of, number, shaped, text

BACKFILL = timedelta(days=365)
OVERLAP = timedelta(minutes=2)
"""Changes are asked for again from so long before the last one: they do not come to light in their order."""

PAGES_AT_MOST = 1000
_PATH = "/api.xro/2.0/PurchaseOrders"
_STATUSES: dict[object, OrderStatus] = {"VOIDED": "voided", "DELETED": "deleted"}


class _Order(Struct, frozen=True, kw_only=True):
    id: Any = field(name="PurchaseOrderID", default=None)
    status: Any = field(name="Status", default=None)
    number: Any = field(name="PurchaseOrderNumber", default=None)
    date: Any = field(name="Date", default=None)
    date_text: Any = field(name="DateString", default=None)
    contact: Any = field(name="Contact", default=None)
    currency: Any = field(name="CurrencyCode", default=None)
    total: Any = field(name="Total", default=None)
    updated: Any = field(name="UpdatedDateUTC", default=None)
    lines: Any = field(name="LineItems", default=None)


class _Line(Struct, frozen=True, kw_only=True):
    id: Any = field(name="LineItemID", default=None)
    description: Any = field(name="Description", default=None)
    code: Any = field(name="ItemCode", default=None)
    item: Any = field(name="Item", default=None)
    quantity: Any = field(name="Quantity", default=None)
    price: Any = field(name="UnitAmount", default=None)
    amount: Any = field(name="LineAmount", default=None)


class _Page(Struct, frozen=True, kw_only=True):
    orders: Annotated[list[msgspec.Raw], Meta(max_length=ROWS_AT_MOST)] = field(
        name="PurchaseOrders", default_factory=list[msgspec.Raw]
    )


class _Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far it is: orders that changed before `since` are stored.

    While a run is at it (`underway`), also the pages before `page` of those that changed since then; it is more
    than the first one only where a whole page is of one second.
    """

    since: datetime
    page: int = 1
    underway: bool = False


_READER = Reader(_Order)


async def batches(api: Api, tenant: str, cursor: Cursor | None, now: datetime) -> AsyncGenerator[Batch]:
    """All that an organisation has behind the cursor; see `Provider.batches`."""
    place, before = _begun(cursor, now), list[str | None]()
    for _ in range(PAGES_AT_MOST):
        rows = await _page(api, tenant, place)
        read = [_order(row) for row in rows]
        names = [each.external_id if each else None for each in read]
        if place.page > 1 and names and names == before:
            raise Refused("no_progress")
        before = names
        orders = tuple(each for each in read if each)
        place = _behind(place, orders, len(rows), now)
        yield Batch(orders=orders, failed=read.count(None), cursor=msgspec.to_builtins(place))
        if not place.underway:
            return


async def _page(api: Api, tenant: str, place: _Place) -> list[msgspec.Raw]:
    params = {"order": "UpdatedDateUTC ASC", "page": str(place.page), "pageSize": str(ORDERS_AT_ONCE)}
    # A second earlier: whether the time itself counts as since then is not said.
    since = place.since - timedelta(seconds=1)
    headers = {"Xero-tenant-id": tenant, "If-Modified-Since": f"{since:%Y-%m-%dT%H:%M:%S}"}
    try:
        return (await api.get(_PATH, _Page, params=params, headers=headers)).orders
    except Refused as refused:
        if refused.code == "http_304":
            return []
        raise


def _begun(cursor: Cursor | None, now: datetime) -> _Place:
    try:
        place = msgspec.convert(cursor, _Place) if cursor else None
    except msgspec.ValidationError:
        place = None  # written by another version: what is there stays, and is read once more
    if place is None:
        return _Place(since=now - BACKFILL, underway=True)
    return place if place.underway else _Place(since=place.since - OVERLAP, underway=True)


def _behind(place: _Place, orders: tuple[Order, ...], rows: int, now: datetime) -> _Place:
    """How far it is behind a page. A change that is still to come would hide all others until then."""
    last = newest_of(orders)
    since = max(place.since, min(last, now + timedelta(days=1)).replace(microsecond=0)) if last else place.since
    if rows < ORDERS_AT_ONCE:
        return _Place(since=since)
    return _Place(since=since, underway=True) if since > place.since else replace(place, page=place.page + 1)


def _order(raw: msgspec.Raw) -> Order | None:
    """None where it cannot be known which order it is."""
    try:
        row = _READER.read(raw)
    except Unreadable:
        return None
    if not (name := text(row.id)):
        return None
    return Order(
        external_id=name,
        status=_STATUSES.get(text(row.status), "open"),
        supplier=text(at(row.contact, "Name")),
        number=text(row.number),
        ordered_on=day(row.date_text) or _day_of(moment(row.date)),
        total=number(row.total),
        currency=text(row.currency),
        changed_at=moment(row.updated),
        lines=tuple(_line(each) for each in shaped(row.lines, _Line)),
    )


def _day_of(time: datetime | None) -> date | None:
    return time.date() if time else None


def _line(line: _Line) -> Line:
    return Line(
        ref=text(line.id) or "",
        name=text(line.description) or text(at(line.item, "Name")),
        sku=text(line.code),
        quantity=number(line.quantity),
        unit_price=number(line.price),
        amount=number(line.amount),
    )
