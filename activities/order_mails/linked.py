"""Orders that mails tell to machines: https://schema.org/Order, as JSON-LD or microdata."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct

from activities.extraction import json_ld, microdata
from activities.extraction.json_ld import Node
from activities.extraction.page import Page
from activities.extraction.prices import read_amount
from activities.extraction.schema_org import first_text, many, types_of
from onboarding.currencies import Locale, code_of
from onboarding.items import NAME_CHARACTERS, SKU_CHARACTERS
from onboarding.order_mails.numbers import NUMBER_CHARACTERS
from onboarding.orders import LINES_AT_MOST, Line

_OVER = (
    "OrderInTransit",
    "OrderDelivered",
    "OrderCancelled",
    "OrderReturned",
    "OrderProblem",
    "OrderPickupAvailable",
)


class Linked(Struct, frozen=True, kw_only=True):
    """An order as machines are told. `over` says that the mail is about what came after it."""

    over: bool
    number: str | None = None
    supplier: str | None = None
    ordered_on: date | None = None
    total: Decimal | None = None
    currency: str | None = None
    lines: tuple[Line, ...] = ()


def linked(page: Page) -> Linked | None:
    """The one order that the mail names; None where it names none, or several."""
    nodes = [*json_ld.nodes_of(page), *microdata.items_of(page)]
    nodes += [part for node in nodes for part in many(node.get("@graph")) if isinstance(part, dict)]
    if any("ParcelDelivery" in types_of(node) for node in nodes):
        return Linked(over=True)
    orders = {str(_first(node, "orderNumber")): node for node in nodes if "Order" in types_of(node)}
    return _linked(next(iter(orders.values())), page) if len(orders) == 1 else None


def _linked(node: Node, page: Page) -> Linked:
    currency = code_of(_first(node, "priceCurrency"), page.locale)
    found = [line for offer in _offers(node) if (line := _line(offer, currency, page))]
    if currency is None:
        told = {code_of(_first(offer, "priceCurrency"), page.locale) for offer in _offers(node)} - {None}
        currency = next(iter(told)) if len(told) == 1 else None
    return Linked(
        over=any(str(status).endswith(_OVER) for status in many(node.get("orderStatus"))),
        number=first_text(
            NUMBER_CHARACTERS, *many(node.get("orderNumber")), *many(node.get("confirmationNumber"))
        ),
        supplier=first_text(NAME_CHARACTERS, *many(node.get("merchant")), *many(node.get("seller"))),
        ordered_on=_day(_first(node, "orderDate")),
        total=_total(node, currency, page),
        currency=currency,
        lines=tuple(
            Line(
                ref=str(place),
                name=line.name,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                amount=line.amount,
            )
            for place, line in enumerate(found[:LINES_AT_MOST], 1)
        ),
    )


def _line(offer: Node, currency: str | None, page: Page) -> Line | None:
    item = _node(offer, "itemOffered") or _node(offer, "orderedItem")
    name = first_text(NAME_CHARACTERS, item.get("name"), offer.get("name"))
    sku = first_text(SKU_CHARACTERS, item.get("sku"), offer.get("sku"))
    if not name and not sku:
        return None
    given = _first(offer, "eligibleQuantity") or _first(offer, "orderQuantity")
    quantity = _number(_first(cast(Node, given), "value") if isinstance(given, dict) else given)
    price = _number(_first(offer, "price"), currency, page)
    return Line(
        ref="",
        name=name,
        sku=sku,
        quantity=quantity,
        unit_price=price if quantity == 1 else None,
        amount=price if quantity == 1 else None,
    )


def _offers(node: Node) -> list[Node]:
    """What was ordered; an item stands in an offer, or in a list of its own."""
    values: Iterable[Any] = [*many(node.get("acceptedOffer")), *many(node.get("orderedItem"))]
    return [cast(Node, value) for value in values if isinstance(value, dict)]


def _total(node: Node, currency: str | None, page: Page) -> Decimal | None:
    for value in (
        _first(node, "price"),
        _first(node, "total"),
        _first(_node(node, "partOfInvoice"), "totalPaymentDue"),
    ):
        inside = _first(cast(Node, value), "price") if isinstance(value, dict) else value
        if (amount := _number(inside, currency, page)) is not None:
            return amount
    return None


def _number(value: object, currency: str | None = None, page: Page | None = None) -> Decimal | None:
    money = read_amount(value, currency, page.locale if page else Locale())
    return money.amount if money else None


def _day(value: object) -> date | None:
    try:
        return datetime.fromisoformat(str(value)[:40].strip()).date()
    except ValueError:
        return None


def _first(node: Node, name: str) -> Any:
    return next(iter(many(node.get(name))), None)


def _node(node: Node, name: str) -> Node:
    value = _first(node, name)
    return cast(Node, value) if isinstance(value, dict) else {}
