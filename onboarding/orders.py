"""Orders that connections bring, and what they offer to the review list."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from onboarding.connections import Cursor
from onboarding.items import NAME_CHARACTERS, PLACES, SKU_CHARACTERS, Offer, Source, folded, plain

EXTERNAL_ID_CHARACTERS = 100
NUMBER_CHARACTERS = 100
LINE_REF_CHARACTERS = 50
LINES_AT_MOST = 500
"""Of an order; what comes behind them is left out."""

ORDERS_AT_ONCE = 100
ROWS_AT_MOST = 1000
"""In an answer of a provider, whatever was asked for: reading millions of them would hold up everybody else."""

AMOUNT_AT_MOST = Decimal(10**12)
YEARS = range(1900, 2200)
"""Other dates are somebody's mistake, and unknown."""

OrderStatus = Literal["open", "voided", "deleted"]
ReadBy = Literal["api", "rules", "model"]


class Line(Struct, frozen=True, kw_only=True):
    """A line of an order. `ref` is its name within the order; prices and quantities are decimals, None unknown."""

    ref: str
    name: str | None = None
    sku: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    amount: Decimal | None = None


class Order(Struct, frozen=True, kw_only=True):
    """An order as a provider has it, or a mail tells of it.

    `ordered_on` None is unknown. `changed_at` is when it changed at the provider, or the mail came: an older one
    changes nothing.
    """

    external_id: str
    status: OrderStatus = "open"
    read_by: ReadBy = "api"
    supplier: str | None = None
    number: str | None = None
    ordered_on: date | None = None
    total: Decimal | None = None
    currency: str | None = None
    changed_at: datetime | None = None
    lines: tuple[Line, ...] = ()


class Batch(Struct, frozen=True, kw_only=True):
    """Some orders of a provider, those that are `gone` there, and the cursor once all of these are stored.

    Without a cursor that of the connection stays where it is. `failed` could not be read.
    """

    orders: tuple[Order, ...] = ()
    gone: tuple[str, ...] = ()
    failed: int = 0
    cursor: Cursor | None = None


def ref_of(connection_id: str, external_id: str, line: str) -> str:
    """The name that the offer of a line has on the review list."""
    return f"{connection_id}/{external_id}/{line}"


def offers_of(connection_id: str, order: Order) -> list[Offer]:
    """What the lines of an order offer: nothing where it is void, and nothing of what goes back or names no thing.

    A line without a quantity is one of its thing.
    """
    if order.status != "open":
        return []
    return [
        Offer(
            source=Source.CONNECTION,
            ref=ref_of(connection_id, order.external_id, line.ref),
            name=line.name,
            supplier=order.supplier,
            sku=line.sku,
            price=line.unit_price,
            currency=order.currency,
            quantity=Decimal(1) if line.quantity is None else line.quantity,
            unsure=order.read_by == "model",
        )
        for line in order.lines
        if (line.name or line.sku) and (line.quantity is None or line.quantity > 0)
    ]


class OfferChanges(Struct, frozen=True, kw_only=True):
    """What an order that changed means to the review list, in this order.

    `renamed` name another thing now and are taken back before they are offered anew; those that are `gone` are
    taken back last, so that an item which only got another line stays the item that it is.
    """

    renamed: tuple[str, ...] = ()
    offered: tuple[Offer, ...] = ()
    gone: tuple[str, ...] = ()


def offer_changes(connection_id: str, before: Order | None, after: Order) -> OfferChanges:
    """What an order offers now that it did not offer before, and what it offers no more."""
    old = {each.ref: each for each in offers_of(connection_id, before)} if before else {}
    new = {each.ref: each for each in offers_of(connection_id, after)}
    return OfferChanges(
        renamed=tuple(ref for ref, each in new.items() if ref in old and _thing(old[ref]) != _thing(each)),
        offered=tuple(each for ref, each in new.items() if old.get(ref) != each),
        gone=tuple(ref for ref in old if ref not in new),
    )


def _thing(offer: Offer) -> tuple[str, ...]:
    """What the offer is of: the supplier's number for it, or where there is none its name."""
    supplier, sku = folded(offer.supplier), folded(offer.sku)
    return ("sku", supplier, sku) if supplier and sku else ("name", folded(offer.name), sku)


def supersedes(order: Order, stored: Order | None) -> bool:
    """Whether an order takes the place of what is stored of it.

    One that is older does not, and one that is deleted comes back only by a later change.
    """
    if stored is None:
        return True
    if stored.status == "deleted":
        return order.changed_at is not None and (stored.changed_at is None or order.changed_at > stored.changed_at)
    return order.changed_at is None or stored.changed_at is None or order.changed_at >= stored.changed_at


def tidied(order: Order) -> Order | None:
    """The order as it can be stored: what does not fit is unknown; None where it has no usable name.

    >>> made = tidied(Order(external_id="7", total=Decimal("1e30"), currency="eur", supplier=" ACME\\n "))
    >>> made and (made.total, made.currency, made.supplier)
    (None, None, 'ACME')
    """
    if not order.external_id or plain(order.external_id) != order.external_id:
        return None
    if len(order.external_id) > EXTERNAL_ID_CHARACTERS:
        return None
    return replace(
        order,
        supplier=_cut(order.supplier, NAME_CHARACTERS),
        number=_cut(order.number, NUMBER_CHARACTERS),
        ordered_on=order.ordered_on if order.ordered_on and order.ordered_on.year in YEARS else None,
        total=_amount(order.total),
        currency=order.currency if re.fullmatch(r"[A-Z]{3}", order.currency or "") else None,
        changed_at=_moment(order.changed_at),
        lines=tuple(_lines(order.lines[:LINES_AT_MOST])),
    )


def latest(orders: Iterable[Order]) -> dict[str, Order]:
    """The orders by their names; of several with the same name the one that changed last."""
    found: dict[str, Order] = {}
    for order in orders:
        if supersedes(order, found.get(order.external_id)):
            found[order.external_id] = order
    return found


def _lines(lines: Iterable[Line]) -> Iterable[Line]:
    """Each under a name of its own: where the provider gives none that is one, its place."""
    names: set[str] = set()
    for place, line in enumerate(lines, 1):
        ref = plain(line.ref)
        if ref is None or ref != line.ref or len(ref) > LINE_REF_CHARACTERS or ref in names:
            ref = f"#{place}"
        if ref in names:
            continue
        names.add(ref)
        sku = plain(line.sku)
        yield Line(
            ref=ref,
            name=_cut(line.name, NAME_CHARACTERS),
            sku=sku if sku and len(sku) <= SKU_CHARACTERS else None,
            quantity=_amount(line.quantity),
            unit_price=_amount(line.unit_price),
            amount=_amount(line.amount),
        )


def _cut(text: str | None, characters: int) -> str | None:
    return (plain(text) or "")[:characters].strip() or None


def _amount(number: Decimal | None) -> Decimal | None:
    if number is None or not number.is_finite() or not number.copy_abs() < AMOUNT_AT_MOST:
        return None
    rounded = number.quantize(PLACES)
    return rounded.normalize() if abs(rounded) < AMOUNT_AT_MOST else None


def _moment(at: datetime | None) -> datetime | None:
    if at is None or at.year not in YEARS:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
