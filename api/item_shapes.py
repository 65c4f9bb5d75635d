"""What is sent and answered about items of the review list."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from api.body import Body
from api.paging import Page
from api.parameters import UUID_PATTERN
from db.item_lists import Action, Item, SourceOf
from onboarding.flows.company import is_web_url
from onboarding.gtin import CODE_CHARACTERS, read_code
from onboarding.items import (
    NAME_CHARACTERS,
    SKU_CHARACTERS,
    TEXT_CHARACTERS,
    URL_CHARACTERS,
    Reason,
    Source,
    Status,
)
from onboarding.syncs import plain_number

AT_ONCE = 500
"""Items that are judged, or named for a sync."""

_OWN_IMAGE = re.compile(rf"/api/v1/images/{UUID_PATTERN.strip('^$')}")
_DECIMAL = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"


def _no_gtin(text: object) -> tuple[str, str] | None:
    is_one = isinstance(text, str) and read_code(text).gtin is not None
    return None if is_one else ("barcode_invalid", "must be a GTIN (EAN, UPC, ISBN) with its check digit")


def _no_url(text: object) -> tuple[str, str] | None:
    return None if isinstance(text, str) and is_web_url(text) else ("bad_url", "must be an http or https URL")


def _no_image(text: object) -> tuple[str, str] | None:
    return None if isinstance(text, str) and _OWN_IMAGE.fullmatch(text) else _no_url(text)


def _not_false(value: object) -> tuple[str, str] | None:
    return None if value is False else ("not_allowed", "can only be false: that somebody has looked at it")


Id = Annotated[str, Meta(pattern=UUID_PATTERN, extra_json_schema={"format": "uuid"})]
Ids = Annotated[
    list[Id],
    Meta(min_length=1, max_length=AT_ONCE, extra={"unique": True}, extra_json_schema={"uniqueItems": True}),
]
_Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS, extra={"as_said": True, "lines": True})]
_Description = Annotated[
    str, Meta(min_length=1, max_length=TEXT_CHARACTERS, extra={"as_said": True, "lines": True})
]
_Gtin = Annotated[str, Meta(min_length=1, max_length=CODE_CHARACTERS, extra={"check": _no_gtin})]
_Sku = Annotated[str, Meta(min_length=1, max_length=SKU_CHARACTERS)]
_Url = Annotated[str, Meta(min_length=1, max_length=URL_CHARACTERS, extra={"check": _no_url})]
_Image = Annotated[str, Meta(min_length=1, max_length=URL_CHARACTERS, extra={"check": _no_image})]
_Decimal = Annotated[str, Meta(pattern=_DECIMAL, description="A decimal, such as 12.50.")]
_Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.")]
_CLEARS = Meta(extra={"clears": True}, description="Null empties it.")


class ChangeItemBody(Body, frozen=True, kw_only=True):
    """Changes to an item; what is left out stays, and what is given no source overwrites any more.

    A null empties a field; of the quantity it gives back what the sources say.
    """

    name: Annotated[_Name | UnsetType | None, _CLEARS] = UNSET
    supplier: Annotated[_Name | UnsetType | None, _CLEARS] = UNSET
    description: Annotated[_Description | UnsetType | None, _CLEARS] = UNSET
    gtin: Annotated[_Gtin | UnsetType | None, _CLEARS] = UNSET
    sku: Annotated[_Sku | UnsetType | None, _CLEARS] = UNSET
    url: Annotated[_Url | UnsetType | None, _CLEARS] = UNSET
    image_url: Annotated[_Image | UnsetType | None, _CLEARS] = UNSET
    price: Annotated[_Decimal | UnsetType | None, _CLEARS] = UNSET
    currency: Annotated[_Currency | UnsetType | None, _CLEARS] = UNSET
    quantity: Annotated[_Decimal | UnsetType | None, _CLEARS] = UNSET
    needs_attention: Annotated[bool, Meta(extra={"check": _not_false})] | UnsetType | None = UNSET

    def fields(self) -> dict[str, Any]:
        """The new values of an item's own fields, by name."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        for name in ("quantity", "needs_attention"):
            del given[name]
        found = {name: value for name, value in given.items() if value is not UNSET}
        if found.get("price"):
            found["price"] = Decimal(found["price"])
        if found.get("gtin"):
            found["gtin"] = read_code(found["gtin"]).gtin
        return found

    def amount(self) -> Decimal | UnsetType | None:
        """The new quantity."""
        return Decimal(self.quantity) if isinstance(self.quantity, str) else self.quantity


class BulkBody(Body, frozen=True, kw_only=True):
    """What is to be done with some items."""

    item_ids: Ids
    action: Action


class ItemOut(Struct, frozen=True, kw_only=True):
    """An item. `price` and `quantity` are decimals; while `attention` has reasons, it is not sent on.

    `synced_at` is when a sink, or a table, last had it; `edited_at` when a person last wrote on it.
    """

    id: str
    name: str | None
    supplier: str | None
    description: str | None
    gtin: str | None
    sku: str | None
    url: str | None
    image_url: str | None
    price: str | None
    currency: str | None
    quantity: str
    status: Status
    needs_attention: bool
    attention: list[Reason]
    sources: list[Source]
    version: int
    synced_at: datetime | None
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None


class SourceOut(Struct, frozen=True, kw_only=True):
    """What one source said of an item: `ref` is what it calls it, `quantity` a decimal."""

    source: Source
    ref: str
    quantity: str
    created_at: datetime


class ItemDetailOut(ItemOut, frozen=True, kw_only=True):
    """An item with what its sources said, the latest hundred first."""

    offers: list[SourceOut]


class ItemPage(Page[ItemOut], frozen=True, kw_only=True):
    """A page of items."""


class JudgedOut(Struct, frozen=True, kw_only=True):
    """What became of one item: its new status, or an error."""

    item_id: str
    status: Literal["approved", "rejected", "removed"] | None = None
    error: Literal["not_found"] | None = None


class BulkOut(Struct, frozen=True, kw_only=True):
    """What became of each item, in the order that was asked for."""

    items: list[JudgedOut]


def item_out(item: Item) -> ItemOut:
    """An item as it is told."""
    return ItemOut(**_told(item))


def detail_out(item: Item, sources: list[SourceOf]) -> ItemDetailOut:
    """An item with its sources."""
    offers = [
        SourceOut(
            source=each.source, ref=each.ref, quantity=plain_number(each.quantity), created_at=each.created_at
        )
        for each in sources
    ]
    return ItemDetailOut(**_told(item), offers=offers)


def _told(item: Item) -> dict[str, Any]:
    fields = {name: getattr(item, name) for name in item.__struct_fields__}
    return fields | {
        "price": None if item.price is None else plain_number(item.price),
        "quantity": plain_number(item.quantity),
        "needs_attention": bool(item.attention),
        "attention": list(item.attention),
        "sources": list(item.sources),
    }
