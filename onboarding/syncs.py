"""Approved items on their way out: under which key each is sent, and how a table of them is written."""

import csv
import io
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from msgspec import Struct

ITEMS_AT_MOST = 20_000
"""Of one sync."""

Target = Literal["sink", "csv"]
Status = Literal["running", "completed", "failed", "cancelled"]
ResultStatus = Literal["pending", "sent", "failed"]

_ITEMS = uuid.UUID("0d6d2b1e-6d1f-5c5b-9a44-6b2f0b1d3f57")
"""The name space of the keys that items are sent under."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take a cell that begins so for (OWASP, CSV Injection)."""


class Sent(Struct, frozen=True, kw_only=True):
    """An item as a sink gets it. `price` and `quantity` are decimals."""

    id: str
    version: int
    name: str | None
    supplier: str | None
    description: str | None
    gtin: str | None
    sku: str | None
    url: str | None
    image_url: str | None
    price: Decimal | None
    currency: str | None
    quantity: Decimal


COLUMNS = tuple(name for name in Sent.__struct_fields__ if name != "version")
"""Of the table."""


def key_of(item_id: str, version: int) -> str:
    """The `Idempotency-Key` of a version of an item: the same one again is the same request.

    >>> key_of("0198a0e0-0000-7000-8000-000000000001", 3) == key_of("0198a0e0-0000-7000-8000-000000000001", 3)
    True
    """
    return str(uuid.uuid5(_ITEMS, f"{item_id}/{version}"))


def plain_number(number: Decimal) -> str:
    """A decimal as people write it: no exponent, no zeros at its end.

    >>> plain_number(Decimal("1E+2")), plain_number(Decimal("2.500000"))
    ('100', '2.5')
    """
    return format(number.normalize(), "f")


def cell(value: str | Decimal | None) -> str:
    """A cell of a table; a text that a spreadsheet would calculate has an apostrophe in front.

    >>> cell("=1+1"), cell("ok"), cell(Decimal("12.50")), cell(None)
    ("'=1+1", 'ok', '12.5', '')
    """
    if isinstance(value, Decimal):
        return plain_number(value)
    text = value or ""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def table(items: Iterable[Sent]) -> str:
    """Rows of a table (RFC 4180), without a head."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([cell(getattr(item, name)) for name in COLUMNS] for item in items)
    return written.getvalue()


HEAD = "\ufeff" + ",".join(COLUMNS) + "\r\n"
"""The first row, behind the mark by which spreadsheets know UTF-8."""
