"""What QuickBooks sends of purchase orders, read field by field."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from onboarding.orders import ROWS_AT_MOST, Line, Order
from runtime.providers.reading import Reader, Unreadable, at, day, moment, number, shaped, text


class _Order(Struct, frozen=True, kw_only=True):
    id: Any = field(name="Id", default=None)
    status: Any = None
    meta: Any = field(name="MetaData", default=None)
    number: Any = field(name="DocNumber", default=None)
    date: Any = field(name="TxnDate", default=None)
    vendor: Any = field(name="VendorRef", default=None)
    currency: Any = field(name="CurrencyRef", default=None)
    total: Any = field(name="TotalAmt", default=None)
    note: Any = field(name="PrivateNote", default=None)
    lines: Any = field(name="Line", default=None)


class _Line(Struct, frozen=True, kw_only=True):
    id: Any = field(name="Id", default=None)
    kind: Any = field(name="DetailType", default=None)
    description: Any = field(name="Description", default=None)
    amount: Any = field(name="Amount", default=None)
    detail: Any = field(name="ItemBasedExpenseLineDetail", default=None)


class _Item(Struct, frozen=True, kw_only=True):
    id: Any = field(name="Id", default=None)
    sku: Any = field(name="Sku", default=None)


_Rows = Annotated[list[msgspec.Raw], Meta(max_length=ROWS_AT_MOST)]
_PARTS = Meta(max_length=10)
"""Of an answer about one entity there is one."""


class Found(Struct, frozen=True, kw_only=True):
    """Rows of one kind."""

    orders: _Rows = field(name="PurchaseOrder", default_factory=list[msgspec.Raw])
    items: _Rows = field(name="Item", default_factory=list[msgspec.Raw])


class Page(Struct, frozen=True, kw_only=True):
    """The answer to a query, and the time there."""

    found: Found = field(name="QueryResponse", default=Found())
    time: Any = None


class _Answer(Struct, frozen=True, kw_only=True):
    found: Annotated[list[Found], _PARTS] = field(name="QueryResponse", default_factory=list[Found])


class Changes(Struct, frozen=True, kw_only=True):
    """The answer of change data capture: one of an array, which has an array, which has orders."""

    answers: Annotated[list[_Answer], _PARTS] = field(name="CDCResponse", default_factory=list[_Answer])
    time: Any = None

    @property
    def orders(self) -> list[msgspec.Raw]:
        """Changed and deleted ones."""
        return [order for answer in self.answers for found in answer.found for order in found.orders]


class Entry(Struct, frozen=True, kw_only=True):
    """A row as far as it can be read. Without a name it cannot be known which order it is."""

    name: str | None = None
    deleted: bool = False
    made: datetime | None = None
    changed: datetime | None = None
    row: Any = None

    @property
    def item_ids(self) -> set[str]:
        """The items that its lines are of."""
        found = (text(at(line.detail, "ItemRef", "value")) for line in self._lines)
        return {each for each in found if each}

    @property
    def _lines(self) -> list[_Line]:
        return shaped(self.row.lines, _Line) if isinstance(self.row, _Order) else []

    def order(self, skus: Mapping[str, str]) -> Order:
        """The order; `skus` are the numbers of items by their ids."""
        row, total = self.row, number(self.row.total)
        # QuickBooks keeps a voided one as it is, but for its figures and a note that begins with the word.
        voided = total == 0 and (text(row.note) or "").startswith("Voided")
        return Order(
            external_id=self.name or "",
            status="voided" if voided else "open",
            supplier=text(at(row.vendor, "name")),
            number=text(row.number),
            ordered_on=day(row.date),
            total=total,
            currency=text(at(row.currency, "value")),
            changed_at=self.changed,
            lines=tuple(_line(each, skus) for each in self._lines if _is_of_goods(each)),
        )


def entries(rows: Iterable[msgspec.Raw]) -> list[Entry]:
    """The rows, one by one."""
    return [_entry(row) for row in rows]


def skus_of(rows: Iterable[msgspec.Raw]) -> dict[str, str]:
    """The numbers of items, by their ids, of those that have one."""
    found: dict[str, str] = {}
    for row in rows:
        try:
            item = _ITEMS.read(row)
        except Unreadable:
            continue
        if (name := text(item.id)) and (sku := text(item.sku)):
            found[name] = sku
    return found


def is_in_order(entries: Sequence[Entry]) -> bool:
    """Whether they are told by when they changed, so that what is cut off changed later than these."""
    times = [each.changed for each in entries]
    known = [each for each in times if each]
    return len(known) == len(times) and known == sorted(known)


_ORDERS, _ITEMS = Reader(_Order), Reader(_Item)


def _entry(raw: msgspec.Raw) -> Entry:
    try:
        row = _ORDERS.read(raw)
    except Unreadable:
        return Entry()
    return Entry(
        name=text(row.id),
        deleted=row.status == "Deleted",
        made=moment(at(row.meta, "CreateTime")),
        changed=moment(at(row.meta, "LastUpdatedTime")),
        row=row,
    )


def _is_of_goods(line: _Line) -> bool:
    """Not a subtotal, nor a remark."""
    return line.kind in ("ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail")


def _line(line: _Line, skus: Mapping[str, str]) -> Line:
    item = text(at(line.detail, "ItemRef", "name"))
    return Line(
        ref=text(line.id) or "",
        name=text(line.description) or item,
        sku=skus.get(text(at(line.detail, "ItemRef", "value")) or "", item),
        quantity=number(at(line.detail, "Qty")),
        unit_price=number(at(line.detail, "UnitPrice")),
        amount=number(line.amount),
    )
