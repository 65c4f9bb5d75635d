"""Open Graph: what a page says of itself to social networks. https://ogp.me, and `product:` as shops use it."""

import re

from activities.extraction.claims import Claims, gtin_of
from activities.extraction.page import Page
from activities.extraction.prices import Money, read_amount
from activities.extraction.texts import link, plain
from onboarding.currencies import code_of
from onboarding.items import NAME_CHARACTERS, SKU_CHARACTERS, TEXT_CHARACTERS, folded

_GTINS = ("product:ean", "product:gtin", "product:upc", "product:isbn", "og:ean", "og:upc")
_END = re.compile(r"\s+[|–—·:•-]\s+")


def claims_of(page: Page) -> Claims:
    """What the page's meta tags say."""
    kind = (page.meta("og:type") or "").lower()
    price = _price(page)
    images = [page.metas.get(name, []) for name in ("og:image", "og:image:secure_url", "twitter:image")]
    return Claims(
        source="open_graph",
        product=kind in ("product", "og:product", "product.item")
        or (price is not None and kind != "product.group"),
        name=_name(page),
        description=plain(page.meta("og:description", "twitter:description"), TEXT_CHARACTERS),
        image_url=next((whole for each in images for given in each if (whole := link(given, page.base))), None),
        price=price,
        supplier=plain(page.meta("product:brand", "og:brand"), NAME_CHARACTERS),
        sku=plain(
            page.meta("product:retailer_item_id", "product:retailer_part_no", "product:mfr_part_no"),
            SKU_CHARACTERS,
        ),
        gtin=gtin_of(value for name in _GTINS for value in page.metas.get(name, ())),
    )


def without_shop(title: str, page: Page) -> str:
    """A title without the shop's name at its end.

    It is at its end what the page calls itself, or what is left over once the heading has been said.
    """
    for match in reversed(list(_END.finditer(title))):
        front, end = title[: match.start()].strip(), title[match.end() :].strip()
        shop = folded(page.meta("og:site_name", "application-name"))
        if front and ((shop and folded(end) == shop) or folded(front) in [folded(each) for each in page.headings]):
            return front
    return title


def _name(page: Page) -> str | None:
    title = plain(page.meta("og:title", "twitter:title"), NAME_CHARACTERS)
    return without_shop(title, page) if title else None


def _price(page: Page) -> Money | None:
    for start in ("product:sale_price", "product:price", "og:price"):
        if amount := page.meta(f"{start}:amount"):
            currency = code_of(page.meta(f"{start}:currency"), page.locale)
            if money := read_amount(amount, currency or page.currency, page.locale):
                return money
    return None
