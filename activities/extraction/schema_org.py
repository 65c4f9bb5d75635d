"""A product in the words of schema.org, whichever syntax it came in.

https://schema.org/Product, https://schema.org/Offer, and how shops bend them.
"""

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from activities.extraction.claims import Claims, gtin_of
from activities.extraction.json_ld import Node
from activities.extraction.page import Page
from activities.extraction.prices import Money, read_amount
from activities.extraction.texts import link, plain, same_page
from onboarding.currencies import code_of
from onboarding.items import NAME_CHARACTERS, SKU_CHARACTERS, TEXT_CHARACTERS
from onboarding.scraping import FoundBy

_OFFERS = 50
_VALUES = 20
_GTINS = ("gtin13", "gtin14", "gtin12", "gtin", "isbn", "ean", "upc", "productID")
_FORMER = ("ListPrice", "StrikethroughPrice", "MSRP", "SRP", "RegularPrice")


def claims_of(node: Node, page: Page, source: FoundBy, *, unsure: bool = False) -> Claims:
    """What the node says of its product."""
    variants = [part for part in many(node.get("hasVariant")) if isinstance(part, dict)]
    variant = _meant(variants, page)
    offers = _offers(variant) or _offers(node) or [offer for part in variants for offer in _offers(part)]
    offer = _meant(offers, page)
    # What several offers have in common is the product's: numbers and sellers of one of them are not.
    single = [offer] if offer else offers if len(offers) == 1 else []
    own = [part for part in (variant, node, *single) if part]
    return Claims(
        source=source,
        unsure=unsure,
        name=first_text(NAME_CHARACTERS, *_each((variant, node), "name")),
        description=first_text(TEXT_CHARACTERS, *_each((node, variant), "description")),
        image_url=_image([*_each((variant, node, *variants[:1]), "image")], page),
        price=_price([offer] if offer else offers, page),
        supplier=first_text(NAME_CHARACTERS, *_each((node, variant, *variants[:1]), "brand", "manufacturer"))
        or first_text(NAME_CHARACTERS, *_each(single, "seller", "offeredBy")),
        sku=first_text(SKU_CHARACTERS, *_each(own, "sku", "mpn")),
        gtin=gtin_of((value for part in own for value in _each([part], "gtin8")), "ean_8")
        or gtin_of(value for part in own for value in _each([part], *_GTINS)),
    )


def types_of(node: Node) -> set[str]:
    """The types of a node, without what they are prefixed with."""
    return {
        name.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for name in many(node.get("@type")) if isinstance(name, str)
    }


def many(value: Any) -> list[Any]:
    """One or several values, as a list of bounded length."""
    return cast(list[Any], value)[:_VALUES] if isinstance(value, list) else [] if value is None else [value]


def first_text(at_most: int, *values: Any) -> str | None:
    """The first text, or the name of the first thing that has one."""
    for value in values:
        if isinstance(value, dict):
            value = first_text(at_most, *_each([cast(Node, value)], "name", "@value"))
        if text := plain(value, at_most):
            return text
    return None


def _each(nodes: Iterable[Node | None], *names: str) -> list[Any]:
    return [value for node in nodes if node for name in names for value in many(node.get(name))]


def _meant(nodes: list[Node], page: Page) -> Node | None:
    """The variant or offer that the address of the page is of; the only one, if there is one only."""
    if len(nodes) == 1:
        return nodes[0]
    wanted = set(parse_qsl(urlsplit(page.url).query))
    for node in nodes if wanted else ():
        for given in _each([node], "url", "@id"):
            whole = link(given, page.base)
            query = set(parse_qsl(urlsplit(whole).query)) if whole else set[tuple[str, str]]()
            if whole and query and query <= wanted and same_page(whole, page.url):
                return node
    return None


def _offers(node: Node | None) -> list[Node]:
    """The offers of a product, those within others too."""
    found: list[Node] = []
    waiting = many(node.get("offers")) if node else []
    for offer in waiting:
        if isinstance(offer, dict) and len(found) < _OFFERS:
            found.append(cast(Node, offer))
            waiting += many(cast(Node, offer).get("offers"))
    return found


def _price(offers: list[Node], page: Page) -> Money | None:
    """The lowest that is asked for one piece, new where both new and used are offered."""
    new = [offer for offer in offers if not any("Used" in str(name) for name in many(offer.get("itemCondition")))]
    found = [money for offer in new or offers if (money := _asked(offer, page))]
    return min(found, key=lambda money: money.amount) if found else None


def _asked(offer: Node, page: Page) -> Money | None:
    for name in ("lowPrice", "price"):
        for value in many(offer.get(name)):
            if money := _money(value, offer, page):
                return money
    specifications = [part for part in many(offer.get("priceSpecification")) if isinstance(part, dict)]
    found = [
        money
        for part in specifications
        if not any(str(kind).endswith(_FORMER) for kind in many(part.get("priceType")))
        and not {"referenceQuantity", "eligibleQuantity", "validForMemberTier"} & set(part)
        for name in ("price", "minPrice")
        for value in many(part.get(name))
        if (money := _money(value, {**offer, **part}, page))
    ]
    return min(found, key=lambda money: money.amount) if found else None


def _money(value: Any, offer: Node, page: Page) -> Money | None:
    currency = next(
        (code for given in many(offer.get("priceCurrency")) if (code := code_of(given, page.locale))), None
    )
    return read_amount(value, currency, page.locale)


def _image(values: list[Any], page: Page) -> str | None:
    for value in values:
        inside = (
            _each([cast(Node, value)], "contentUrl", "contentURL", "url", "@id")
            if isinstance(value, dict)
            else [value]
        )
        for given in inside:
            if whole := link(given, page.base):
                return whole
    return None
