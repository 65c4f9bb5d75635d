"""The review list: what all sources found, the same thing once, until somebody approves it.

A source makes offers. An offer joins the item that is the same thing: by GTIN, else by the supplier's own number,
else by the page it is sold on. What it knows fills gaps; what a person wrote is never overwritten.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import asdict, replace

from onboarding.errors import InvalidAnswer
from onboarding.payloads import FieldError

NAME_CHARACTERS = 300
TEXT_CHARACTERS = 5000
SKU_CHARACTERS = 100
URL_CHARACTERS = 2000
REF_CHARACTERS = 200
QUANTITY_AT_MOST = Decimal(10**12)
PRICE_AT_MOST = Decimal(10**12)
PLACES = Decimal("0.000001")
"""Of a price or a quantity: six decimals."""

_CUT = {"name": NAME_CHARACTERS, "supplier": NAME_CHARACTERS, "description": TEXT_CHARACTERS}
_WHOLE = {"sku": SKU_CHARACTERS, "url": URL_CHARACTERS, "image_url": URL_CHARACTERS}
"""Texts that are cut where they are too long, and those of which a part says nothing."""


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Source(StrEnum):
    """Where an offer comes from."""

    URL = "url"
    BARCODE = "barcode"
    PHOTO = "photo"
    CSV = "csv"
    CONNECTION = "connection"


Status = Literal["pending", "approved", "rejected"]
Reason = Literal["no_name", "unsure"]
"""Why somebody must look at an item: it has no name, or its source was not sure of what it saw."""

TEXTS = ("name", "supplier", "description", "sku", "url", "image_url", "currency")
FIELDS = (*TEXTS, "gtin", "price")
"""What is known of an item, beside how many there are."""


class Offer(Struct, frozen=True, kw_only=True):
    """What one source knows of one thing.

    `ref` is this offer's name within its source: the same one again counts once, with its latest quantity.
    `gtin` has fourteen digits; `url` is tidied; `price` goes with `currency` (ISO 4217). An `unsure` offer makes
    an item that somebody must look at. `written` names the fields that a person has just written where it comes
    from.
    """

    source: Source
    ref: str
    name: str | None = None
    supplier: str | None = None
    description: str | None = None
    gtin: str | None = None
    sku: str | None = None
    url: str | None = None
    image_url: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    quantity: Decimal = Decimal(1)
    unsure: bool = False
    written: tuple[str, ...] = ()


class Known(Struct, frozen=True, kw_only=True):
    """An item as far as merging goes by it; `edited` names the fields that a person wrote."""

    id: str
    name: str | None = None
    supplier: str | None = None
    description: str | None = None
    gtin: str | None = None
    sku: str | None = None
    url: str | None = None
    image_url: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    attention: tuple[Reason, ...] = ()
    edited: tuple[str, ...] = ()


class Keys(Struct, frozen=True, kw_only=True):
    """By what a thing is known, the strongest first. `url` is a digest of the page's address."""

    gtin: str | None
    sku: str | None
    url: str | None


def keys_of(thing: Offer | Known) -> Keys:
    """The keys of an offer or an item. A supplier's number is one only together with the supplier.

    >>> keys_of(Offer(source=Source.CSV, ref="1", supplier=" ACME  Ltd", sku="a-1")).sku
    'acme ltd|a-1'
    """
    supplier, sku = folded(thing.supplier), folded(thing.sku)
    return Keys(
        gtin=thing.gtin,
        sku=f"{supplier}|{sku}" if supplier and sku else None,
        url=_url_key(thing.url),
    )


def match(offer: Offer, items: Iterable[Known]) -> Known | None:
    """The item that is the same thing: the first by the strongest key. What has another GTIN is another thing.

    >>> mug = Known(id="1", gtin="04006381333931", url="https://shop.example/mug")
    >>> match(Offer(source=Source.URL, ref="1", url="http://shop.example/mug/"), [mug]) == mug
    True
    """
    mine = keys_of(offer)
    theirs = [(item, keys_of(item)) for item in items]
    for name in ("gtin", "sku", "url"):
        wanted = getattr(mine, name)
        if wanted is None:
            continue
        for item, keys in theirs:
            if getattr(keys, name) == wanted and not (mine.gtin and keys.gtin and mine.gtin != keys.gtin):
                return item
    return None


def cleaned(offer: Offer) -> Offer:
    """The offer as a list can hold it: what no item may say is left out or cut, and the rest is taken.

    >>> kept = cleaned(Offer(source=Source.URL, ref="1", name=" A mug\\n ", gtin="12", quantity=Decimal("NaN")))
    >>> kept.name, kept.gtin, kept.quantity
    ('A mug', None, Decimal('1'))
    """
    texts = {name: plain(getattr(offer, name)) for name in (*TEXTS, "gtin")}
    texts |= {name: text[:length].strip() for name, length in _CUT.items() if (text := texts[name])}
    texts |= {name: None for name, length in _WHOLE.items() if len(texts[name] or "") > length}
    if not re.fullmatch(r"[0-9]{14}", texts["gtin"] or "", re.ASCII):
        texts["gtin"] = None
    if not re.fullmatch(r"[A-Z]{3}", texts["currency"] or ""):
        texts["currency"] = None
    quantity = _amount(offer.quantity, QUANTITY_AT_MOST)
    return replace(
        offer,
        price=_amount(offer.price, PRICE_AT_MOST),
        quantity=Decimal(1) if quantity is None else quantity,
        **texts,
    )


def merged(item: Known, offer: Offer) -> Known:
    """The item with its gaps filled, and with what a person wrote at the source, unless they wrote here as well.

    A price is taken together with its currency, or not at all; a supplier's number together with the supplier, or
    the two would name a third thing.
    """
    found = {
        name: getattr(offer, name)
        for name in FIELDS
        if name not in ("price", "currency", "sku")
        and getattr(item, name) is None
        and name not in item.edited
        and getattr(offer, name) is not None
    }
    found |= {name: getattr(offer, name) for name in offer.written if name not in item.edited}
    if item.price is None and offer.price is not None and not {"price", "currency"} & set(item.edited):
        found |= {"price": offer.price, "currency": offer.currency}
    filled = replace(item, **found)
    if item.sku is None and "sku" not in item.edited and folded(filled.supplier) == folded(offer.supplier):
        filled = replace(filled, sku=offer.sku)
    unsure = "unsure" in item.attention and offer.unsure
    return replace(filled, attention=reasons(filled.name, unsure=unsure))


def edited(item: Known, changes: Mapping[str, Any], *, looked_at: bool = False) -> Known:
    """The item as a person wants it: these fields are theirs from now on, those that they emptied too.

    Args:
        item: as it is.
        changes: new values by field, of `FIELDS`.
        looked_at: they have seen that nothing is wrong with it.

    Raises:
        InvalidAnswer: a price of no currency, or nothing wrong with what has no name.
    """
    after = replace(item, **changes, edited=tuple(sorted({*item.edited, *changes})))
    if after.price is not None and after.currency is None and {"price", "currency"} & set(changes):
        raise InvalidAnswer((FieldError(field="currency", code="required", detail="is required with a price"),))
    if looked_at and after.name is None:
        raise InvalidAnswer((FieldError(field="name", code="required", detail="is required to go on"),))
    unsure = "unsure" in item.attention and not looked_at
    return replace(after, attention=reasons(after.name, unsure=unsure))


def begun(item_id: str, offer: Offer) -> Known:
    """A new item, of one offer."""
    fields = {name: value for name, value in asdict(offer).items() if name in FIELDS}
    return Known(id=item_id, attention=reasons(offer.name, unsure=offer.unsure), **fields)


def reasons(name: str | None, *, unsure: bool) -> tuple[Reason, ...]:
    """Why somebody must look at it; none, if nobody must."""
    no_name: Sequence[Reason] = () if name else ("no_name",)
    return (*no_name, *(("unsure",) if unsure else ()))


def folded(text: str | None) -> str:
    """A text by which two are the same, however they are written."""
    return re.sub(r"\s+", " ", text or "").strip().casefold()


def plain(text: str | None) -> str | None:
    """Without what no text may have in it; None where nothing is left."""
    return _CONTROLS.sub("", text or "").strip() or None


def _amount(number: Decimal | None, at_most: Decimal) -> Decimal | None:
    if number is None or not number.is_finite() or not 0 <= number < at_most:
        return None
    rounded = number.quantize(PLACES)
    return rounded.normalize() if rounded < at_most else None


def _url_key(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    address = f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}{query}"
    return hashlib.sha256(address.encode()).hexdigest()
