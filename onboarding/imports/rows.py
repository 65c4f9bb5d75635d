"""What a row says: an offer to the review list, or everything that is wrong with it."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from onboarding.gtin import CODE_CHARACTERS
from onboarding.imports import NAMING, Mark, RowError, Shape
from onboarding.imports.amounts import currency_of, read_amount, split_money
from onboarding.imports.mapping import gtin_of
from onboarding.items import (
    NAME_CHARACTERS,
    PLACES,
    PRICE_AT_MOST,
    QUANTITY_AT_MOST,
    SKU_CHARACTERS,
    TEXT_CHARACTERS,
    URL_CHARACTERS,
    Offer,
    Source,
)
from onboarding.lookups import tidy_link, tidy_text

_TEXTS = {"name": NAME_CHARACTERS, "supplier": NAME_CHARACTERS, "sku": SKU_CHARACTERS}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class _Wrong(ValueError):
    """A cell that holds nothing of its kind: the code, and what is told."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


class Rows:
    """Reads the rows of one file."""

    def __init__(self, import_id: str, columns: Sequence[str], mapping: Mapping[str, str], shape: Shape) -> None:
        """Every column of `mapping` is one of `columns`."""
        self._import_id = import_id
        self._width = len(columns)
        self._places = {field: columns.index(column) for field, column in mapping.items()}
        self._marks: dict[str, Mark] = {
            field: mark for field, column in mapping.items() if (mark := shape.marks.get(column))
        }
        self._currency = _currency_in(mapping.get("price", ""))

    def read(self, row: int, cells: Sequence[str]) -> Offer | tuple[RowError, ...]:
        """A row as an offer, or what is wrong with it, all of it."""
        errors: list[RowError] = []
        found: dict[str, Any] = {}
        for field, place in self._places.items():
            cell = cells[place].strip() if place < len(cells) else ""
            try:
                value = self._value(field, cell) if cell else None
            except _Wrong as wrong:
                errors.append(RowError(row=row, field=field, code=wrong.code, detail=wrong.detail))
                continue
            if value is not None:
                found[field] = value
        if any(cell.strip() for cell in cells[self._width :]):
            errors.append(
                RowError(row=row, field="", code="too_many_cells", detail="has more cells than the header")
            )
        if not errors and not any(name in found for name in NAMING):
            needed = next(name for name in NAMING if name in self._places)
            errors.append(RowError(row=row, field=needed, code="required", detail="has nothing to be known by"))
        return tuple(errors) or self._offer(row, found)

    def _offer(self, row: int, found: dict[str, Any]) -> Offer:
        price = found.pop("price", None)
        if price is not None:
            amount, beside = price
            found |= {"price": amount, "currency": found.get("currency") or beside or self._currency}
        else:
            found.pop("currency", None)
        return Offer(source=Source.CSV, ref=f"{self._import_id}/{row}", **found)

    def _value(self, field: str, cell: str) -> object:
        if reader := _READERS.get(field):
            return reader(cell)
        if field == "description":
            return _bounded(_CONTROLS.sub("", cell.replace("\r\n", "\n").replace("\r", "\n")), TEXT_CHARACTERS)
        if field == "price":
            number, currency = split_money(cell)
            return _amount(number, self._marks.get(field), PRICE_AT_MOST, least=Decimal(0)), currency
        if field == "quantity":
            return _amount(cell, self._marks.get(field), QUANTITY_AT_MOST, least=PLACES)
        at_most = _TEXTS[field]
        return _bounded(tidy_text(cell, 2 * at_most) or "", at_most)


def _bounded(text: str, at_most: int) -> str | None:
    if len(text) > at_most:
        raise _Wrong("too_long", f"must have at most {at_most} characters")
    return text.strip() or None


def _amount(text: str, mark: Mark | None, at_most: Decimal, *, least: Decimal) -> Decimal:
    amount = read_amount(text, mark)
    if amount is None:
        raise _Wrong("not_a_number", "is no number")
    if amount < least:
        raise _Wrong("too_small", "must be more than 0" if least else "must not be negative")
    if amount >= at_most:
        raise _Wrong("too_large", "is too large a number")
    amount = amount.normalize()
    if amount != amount.quantize(PLACES):
        raise _Wrong("too_many_decimals", "must have at most 6 decimals")
    return amount


def _gtin(cell: str) -> str:
    if found := gtin_of(cell[: CODE_CHARACTERS + 1]):
        return found
    if re.fullmatch(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+", cell):
        raise _Wrong("bad_gtin", "was cut short by a spreadsheet; make the column a text before saving it")
    raise _Wrong("bad_gtin", "is no GTIN: its length or its check digit is wrong")


def _link(cell: str) -> str:
    if found := tidy_link(cell):
        return found
    raise _Wrong("bad_url", f"must be an address with http or https, of at most {URL_CHARACTERS} characters")


def _currency(cell: str) -> str:
    if found := currency_of(cell):
        return found
    raise _Wrong("unknown_currency", "must be a currency such as EUR")


_READERS: dict[str, Callable[[str], object]] = {
    "gtin": _gtin,
    "url": _link,
    "image_url": _link,
    "currency": _currency,
}


def _currency_in(column: str) -> str | None:
    """The currency that the name of the column with the prices tells: `Preis (EUR)`."""
    # In capitals: "try" and "all" are currencies too.
    words = (currency_of(word) for word in re.split(r"[\s()\[\]/,:_-]+", column) if word and word == word.upper())
    return next((each for each in words if each), None)
