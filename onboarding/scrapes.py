"""Scrape jobs: which pages are meant, and what becomes of what was found on one."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from onboarding.items import (
    NAME_CHARACTERS,
    PLACES,
    PRICE_AT_MOST,
    SKU_CHARACTERS,
    TEXT_CHARACTERS,
    Offer,
    Source,
)
from onboarding.scraping import Extracted
from onboarding.urls import BadUrl, read, tidy

URLS_AT_MOST = 50
"""Of a job."""

JobStatus = Literal["queued", "running", "completed", "cancelled"]
Outcome = Literal["success", "partial", "failed"]


class Wanted(Struct, frozen=True, kw_only=True):
    """An address of a request. Those that lead to the same page have the same number of a `page`."""

    source_url: str
    normalized_url: str
    page: int


def wanted(urls: Sequence[str]) -> list[Wanted]:
    """What a request asks for, each page numbered as it first comes.

    Raises:
        BadUrl: one of them is no address of a page.

    >>> [each.page for each in wanted(["http://a.example", "http://b.example", "HTTP://a.example/?gclid=1"])]
    [0, 1, 0]
    """
    pages: dict[str, int] = {}
    found: list[Wanted] = []
    for url in urls:
        address = tidy(url)
        page = pages.setdefault(address, len(pages))
        found.append(Wanted(source_url=url, normalized_url=address, page=page))
    return found


def outcome_of(item: Extracted) -> Outcome:
    """A thing with a name and a price is a success; one without either is found in part."""
    return "success" if item.name and item.price is not None and item.currency else "partial"


def within_bounds(item: Extracted, page_url: str) -> Extracted:
    """The same with texts as long as the review list has them, and nothing in it that could not stand there."""
    price = _price(item.price)
    return replace(
        item,
        product_url=_address(item.product_url) or page_url,
        name=_text(item.name, NAME_CHARACTERS),
        supplier=_text(item.supplier, NAME_CHARACTERS),
        description=_text(item.description, TEXT_CHARACTERS),
        sku=_text(item.sku, SKU_CHARACTERS),
        image_url=_address(item.image_url),
        price=price,
        currency=item.currency if price is not None and re.fullmatch("[A-Z]{3}", item.currency or "") else None,
        gtin=item.gtin if re.fullmatch("[0-9]{14}", item.gtin or "") else None,
    )


def offer_of(item: Extracted, job_id: str, page: int) -> Offer:
    """What the review list is told of a page: that there is such a thing, not how many."""
    return Offer(
        source=Source.URL,
        ref=f"{job_id}/{page}",
        quantity=Decimal(0),
        name=item.name,
        supplier=item.supplier,
        description=item.description,
        gtin=item.gtin,
        sku=item.sku,
        url=item.product_url,
        image_url=item.image_url,
        price=item.price,
        currency=item.currency,
        unsure=item.needs_review,
    )


def _text(text: str | None, at_most: int) -> str | None:
    # What is not Unicode nobody can write down, and PostgreSQL takes every character but one.
    whole = (text or "").encode(errors="ignore").decode().replace("\0", "")
    return whole.strip()[:at_most].strip() or None


def _address(url: str | None) -> str | None:
    try:
        return read(url) if url else None
    except BadUrl:
        return None


def _price(price: Decimal | None) -> Decimal | None:
    if price is None or not price.is_finite() or not 0 <= price < PRICE_AT_MOST:
        return None
    plain = Decimal(f"{price:f}")
    return plain.quantize(PLACES) if -int(plain.as_tuple().exponent) > 6 else plain
