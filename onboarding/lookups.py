"""What a code of goods stands for: a product as somebody else's catalogue has it, and how a look-up may end."""

import html
import re
import unicodedata
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from onboarding.items import NAME_CHARACTERS, URL_CHARACTERS

Provider = Literal["barcode_lookup", "open_food_facts", "upcitemdb"]
PROVIDERS: tuple[Provider, ...] = ("barcode_lookup", "open_food_facts", "upcitemdb")
"""In the order in which they are asked."""

Outcome = Literal["found", "unknown", "away"]
"""`unknown` is what all of them said; `away` is that some did not say anything, and the others did not know."""

FOUND_SECONDS = 7 * 24 * 3600
UNKNOWN_SECONDS = 3600
"""How long an answer is good for."""

CATEGORY_CHARACTERS = 300
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


class Product(Struct, frozen=True, kw_only=True):
    """A product by its GTIN, of fourteen digits; `source` is who knew it."""

    name: str
    gtin: str
    source: Provider
    brand: str | None = None
    image_url: str | None = None
    category: str | None = None


class Limits(Struct, frozen=True, kw_only=True):
    """How often a provider may be asked, by all processes together."""

    per_minute: int
    per_day: int


def product_of(
    source: Provider, gtin: str, *, name: object, brand: object, image_url: object, category: object
) -> Product | None:
    """A product of what a provider says, of which nothing is trusted; None for one without a name.

    >>> said = {"name": " Nut&nbsp;spread ", "brand": 7, "image_url": "javascript:x", "category": None}
    >>> found = product_of("upcitemdb", "03017620422003", **said)
    >>> found.name, found.brand, found.image_url
    ('Nut spread', None, None)
    """
    called = tidy_text(_plain(name), NAME_CHARACTERS)
    if called is None:
        return None
    return Product(
        name=called,
        gtin=gtin,
        source=source,
        brand=tidy_text(_plain(brand), NAME_CHARACTERS),
        image_url=tidy_link(image_url),
        category=tidy_text(_plain(category), CATEGORY_CHARACTERS),
    )


def tidy_text(given: object, at_most: int) -> str | None:
    """A text in one line that shows what it holds; None when there is nothing in it, or it is no text."""
    if not isinstance(given, str):
        return None
    # Of what is very long no more is looked at than could stay.
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", given[: 20 * at_most]))
    shown = "".join(char for char in text if unicodedata.category(char) not in _INVISIBLE)
    return shown.strip()[:at_most].strip() or None


def tidy_link(given: object) -> str | None:
    """An address of the web, without a password in it; None for any other."""
    text = given.strip() if isinstance(given, str) else ""
    if not text or len(text) > URL_CHARACTERS or not (text.isascii() and text.isprintable()) or " " in text:
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    safe = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    return text if safe else None


def _plain(given: object) -> object:
    """What a text for web pages says."""
    return html.unescape(given[:5000]) if isinstance(given, str) else given


def trade_number(gtin: str) -> str:
    """A GTIN as it is printed: of 8, 12, 13 or 14 digits.

    >>> trade_number("00036000291452"), trade_number("04006381333931"), trade_number("00000096385074")
    ('036000291452', '4006381333931', '96385074')
    """
    for zeros, digits in (("000000", 8), ("00", 12), ("0", 13)):
        if gtin.startswith(zeros):
            return gtin[-digits:]
    return gtin
