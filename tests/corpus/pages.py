"""The corpus: pages of invented shops in the shapes that real ones have, and what is to be found on each."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from activities.extraction import extract
from onboarding.scraping import Extracted

SHOPS = Path(__file__).parent / "shops"
FIELDS = ("product_url", "name", "price", "currency", "image_url", "supplier", "description", "sku", "gtin")


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The item of a page. None is for what is not on it."""

    product_url: str
    name: str | None
    price: Decimal | None
    currency: str | None
    image_url: str | None
    supplier: str | None
    description: str | None
    sku: str | None
    gtin: str | None


class Saved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of the corpus; without `expected` it sells nothing, or many things.

    Those `held_out`, and what is to be found on them, were written without looking at what is found, and the code
    was not changed for them since; `misses` are the fields that it gets wrong there.
    """

    url: str
    expected: Expected | None
    charset: str | None = None
    held_out: bool = False
    misses: tuple[str, ...] = ()


class Counted(Struct, kw_only=True):
    """How a field did: found rightly, found wrongly, not found though it is there."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Of what was found, how much is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Of what is there, how much was found."""
        there = self.right + self.missed
        return self.right / there if there else 1.0


NAMES = sorted(path.stem for path in SHOPS.glob("*.html"))


@cache
def saved(name: str) -> Saved:
    """A page's address, and what is on it."""
    return msgspec.json.decode((SHOPS / f"{name}.json").read_bytes(), type=Saved)


@cache
def found(name: str) -> Extracted | None:
    """What is found on a page."""
    page = saved(name)
    return extract((SHOPS / f"{name}.html").read_bytes(), page.url, page.charset)


def differences(name: str) -> dict[str, tuple[Any, Any]]:
    """The fields in which what is found is not what is there: found, there."""
    item, there = found(name), saved(name).expected
    pairs = {field: (getattr(item, field, None), getattr(there, field, None)) for field in FIELDS}
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


def counted(names: list[str]) -> dict[str, Counted]:
    """How each field did on these pages. A value that is wrong is not there, and missed as well."""
    table = {field: Counted() for field in FIELDS}
    for name in names:
        item, there = found(name), saved(name).expected
        for field, counts in table.items():
            value, wanted = getattr(item, field, None), getattr(there, field, None)
            counts.right += value is not None and value == wanted
            counts.wrong += value is not None and value != wanted
            counts.missed += wanted is not None and value != wanted
    return table
