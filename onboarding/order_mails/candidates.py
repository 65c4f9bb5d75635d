"""Rows that may be lines of an order, and what may be meant by their numbers."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from onboarding.imports.amounts import read_amount
from onboarding.order_mails.columns import Column, columns_of, columns_said
from onboarding.order_mails.money import Notation, moneys
from onboarding.order_mails.naming import SKU_CHARACTERS, code_like, count_in, named
from onboarding.order_mails.rows import Row
from onboarding.order_mails.shapes import Shape, shape_of


class Candidate(Struct, frozen=True, kw_only=True):
    """A row that may be a line. `price` is of the whole line or of one piece, who knows.

    `sure` is True where headers say what each number is.
    """

    place: int
    table: int = 0
    name: str | None
    sku: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    each: bool = False
    sure: bool = False


def candidates_of(rows: Sequence[Row], taken: frozenset[int], notation: Notation) -> list[Candidate]:
    """The rows that may be lines.

    Args:
        rows: of the mail.
        taken: places of rows that are known to tell of something else.
        notation: how the mail writes numbers.
    """
    found: list[Candidate] = []
    columns: tuple[Column, ...] = ()
    table = 0
    for place, row in enumerate(rows):
        if headers := columns_of(row.cells) or _said(row):
            columns, table = headers, row.table
            continue
        if row.table != table or (place in taken and not row.table):
            columns = ()
        if place in taken:
            continue
        line = _by_columns(row, place, columns, notation) if columns and len(columns) == len(row.cells) else None
        line = line or _shaped(shape_of(rows, place, columns, taken, notation), place, row.table)
        if line:
            found.append(line)
    return found


def _said(row: Row) -> tuple[Column, ...] | None:
    return columns_said(row.text) if not row.table and len(row.cells) == 1 else None


def _shaped(shape: Shape | None, place: int, table: int) -> Candidate | None:
    if shape is None:
        return None
    return Candidate(
        place=place,
        table=table,
        name=shape.name,
        sku=shape.sku,
        quantity=shape.quantity,
        unit_price=shape.unit_price,
        amount=shape.amount,
        price=shape.price,
        each=shape.each,
    )


def _by_columns(row: Row, place: int, columns: Sequence[Column], notation: Notation) -> Candidate | None:
    cells: dict[Column, str] = dict(zip(columns, row.cells, strict=True))
    name, sku, quantity = named(cells.get("name", ""))
    sku = " ".join(cells.get("sku", "").split())[:SKU_CHARACTERS] or sku
    if thing := cells.get("thing"):
        name, sku = (name, sku or thing) if code_like(thing) else (named(thing)[0] or name, sku)
    own = count_in(cells.get("quantity", ""), notation)
    unit, amount = _amount(cells.get("unit_price", ""), notation), _amount(cells.get("amount", ""), notation)
    if (not name and not sku) or (own is None and unit is None and amount is None):
        return None
    # "Price" beside "Quantity", without a column for the line, may be either.
    either = "amount" not in columns and "quantity" in columns
    return Candidate(
        place=place,
        table=row.table,
        name=name,
        sku=sku,
        quantity=own if own is not None else quantity,
        unit_price=None if either else unit,
        amount=amount,
        price=unit if either else None,
        sure=True,
    )


def _amount(text: str, notation: Notation) -> Decimal | None:
    found = moneys(text, notation)
    if found:
        return found[-1].amount if found[-1].amount >= 0 else None
    bare = " ".join(text.split())
    value = read_amount(bare, notation.mark) if 0 < len(bare) <= 15 else None
    return value if value is not None and value >= 0 else None
