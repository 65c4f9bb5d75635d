"""The corpus of mails: what invented suppliers write in the shapes that real ones do, and the order in each."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from activities.ai.models import Models
from activities.order_mails import read_order
from onboarding.access import Caller, Role
from onboarding.orders import Order
from tests.corpus.pages import Counted

MAILS = Path(__file__).parent
NAMES = sorted(path.stem for path in MAILS.glob("*.eml"))
FIELDS = ("is an order", "number", "ordered_on", "total", "currency", "supplier", "lines")
SOMEBODY = Caller(
    tenant_id="00000000-0000-4000-8000-000000000001",
    user_id="00000000-0000-4000-8000-000000000002",
    role=Role.USER,
)


class ExpectedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line; None is for what the mail does not say."""

    name: str | None
    sku: str | None
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal | None


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The order of a mail."""

    number: str | None
    ordered_on: date | None
    total: Decimal | None
    currency: str | None
    supplier: str | None
    lines: tuple[ExpectedLine, ...]


class Saved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail; without `expected` it confirms no order.

    Those `held_out`, and the orders in them, were written without looking at what is read, and the code was not
    changed for them since; `misses` are the fields that it gets wrong there.
    """

    received: datetime
    expected: Expected | None
    about: str = ""
    held_out: bool = False
    misses: tuple[str, ...] = ()


SAVED = {name: msgspec.json.decode((MAILS / f"{name}.json").read_bytes(), type=Saved) for name in NAMES}


async def found(name: str, models: Models | None = None) -> Order | None:
    """The order that is read from a mail."""
    raw = (MAILS / f"{name}.eml").read_bytes()
    return await read_order(raw, message_id=name, received=SAVED[name].received, models=models, caller=SOMEBODY)


def values(order: Order | Expected | None) -> dict[str, frozenset[object]]:
    """What an order says, as sets: one value each, or none; lines with their places."""
    if order is None:
        return dict.fromkeys(FIELDS, frozenset())
    single = {field: getattr(order, field) for field in FIELDS[1:-1]}
    lines = [
        (place, line.name, line.sku, line.quantity, line.unit_price, line.amount)
        for place, line in enumerate(order.lines)
    ]
    said = {field: frozenset() if value is None else frozenset({value}) for field, value in single.items()}
    return {"is an order": frozenset({True}), **said, "lines": frozenset(lines)}


def differences(name: str, order: Order | None) -> dict[str, tuple[frozenset[object], frozenset[object]]]:
    """The fields in which what is read is not what is there: read, there."""
    ours, there = values(order), values(SAVED[name].expected)
    return {field: (ours[field], there[field]) for field in FIELDS if ours[field] != there[field]}


def counted(orders: Mapping[str, Order | None]) -> dict[str, Counted]:
    """How each field did. A value that is wrong is not there, and missed as well."""
    table = {field: Counted() for field in FIELDS}
    for name, order in orders.items():
        ours, there = values(order), values(SAVED[name].expected)
        for field, counts in table.items():
            counts.right += len(ours[field] & there[field])
            counts.wrong += len(ours[field] - there[field])
            counts.missed += len(there[field] - ours[field])
    return table
