"""A product that a page shows to people alone: its heading, the price near it, and what one presses to buy."""

from collections import Counter

from selectolax.lexbor import LexborNode

from activities.extraction.claims import Claims
from activities.extraction.facts import facts_of
from activities.extraction.open_graph import without_shop
from activities.extraction.page import Page
from activities.extraction.pictures import picture_of
from activities.extraction.shown_prices import shown_price, shown_prices
from activities.extraction.surroundings import Surroundings, short_text
from activities.extraction.texts import plain
from activities.extraction.wording import BUY
from onboarding.items import NAME_CHARACTERS, SKU_CHARACTERS, TEXT_CHARACTERS

_SHORT = 100
_PRESSABLE = "button, input[type=submit], input[type=button], input[type=image], a"
_PRESSED = 1500
_CLIMB = 9
"""From the heading up to what holds the product."""

_WIDER = 3
"""Steps from there to what may hold its picture and its table."""

_BUYS = 3
"""So many to press are a list."""

_NAME = "[id*=producttitle i], [class*=product-name i], [class*=product_title i], [class*=product-title i]"
_DESCRIPTION = (
    "[itemprop=description], #description, #productDescription, [class*=product-description i], "
    "[class*=product__description i], [class*=short-description i], .description"
)
_BRAND = (
    "[itemprop=brand], [class*=product-brand i], [class*=product__vendor i], [class*=manufacturer i], #bylineInfo"
)
_SKU = "[itemprop=sku], .sku, [class*=product-sku i], [class*=product__sku i]"


def claims_of(page: Page, *, whatever: bool) -> Claims:
    """What the page shows.

    Args:
        page: the page.
        whatever: it has a product, others said so; it need not be proved here.
    """
    heading = _heading(page)
    around = Surroundings(page.root, heading)
    block = _block(heading, around) if heading else None
    price = shown_price(block, page, around) if block else None
    part = block or page.root.css_first("main, #main, [role=main], #content") or page.root
    parts = _wider(part) if price or whatever else []
    facts = {name: value for each in reversed(parts) for name, value in facts_of(each, around).items()}
    return Claims(
        source="html",
        product=price is not None,
        name=_name(heading, page),
        description=_first(part, _DESCRIPTION, TEXT_CHARACTERS, around)
        or plain(page.meta("description"), TEXT_CHARACTERS),
        image_url=next((url for each in parts if (url := picture_of(each, page, around))), None),
        price=price or (shown_price(part, page, around) if whatever else None),
        supplier=plain(facts.get("brand"), NAME_CHARACTERS) or _first(part, _BRAND, _SHORT, around),
        sku=plain(facts.get("sku"), SKU_CHARACTERS) or _first(part, _SKU, SKU_CHARACTERS, around),
        gtin=facts.get("gtin"),
    )


def _heading(page: Page) -> LexborNode | None:
    nowhere = Surroundings(page.root, None)
    for selector in ("h1", _NAME):
        for node in page.root.css(selector)[:20]:
            if short_text(node, NAME_CHARACTERS) and (node.tag == "h1" or not nowhere.is_aside(node)):
                return node
    return None


def _name(heading: LexborNode | None, page: Page) -> str | None:
    if heading:
        return plain(short_text(heading, NAME_CHARACTERS), NAME_CHARACTERS)
    return without_shop(page.title, page) if page.title else None


def _block(heading: LexborNode, around: Surroundings) -> LexborNode | None:
    """The smallest part of the page with the heading, a price and something to press; None if it is a list."""
    node = heading.parent
    for _ in range(_CLIMB):
        if node is None or node.tag in ("html", "-document"):
            return None
        if (buys := _buys(node, around)) and shown_prices(node, around):
            return node if buys < _BUYS else None
        node = node.parent
    return None


def _wider(block: LexborNode) -> list[LexborNode]:
    """This part of the page and those around it, for pictures and tables stand beside the price."""
    found = [block]
    while len(found) <= _WIDER and (parent := found[-1].parent) and parent.tag not in ("html", "-document"):
        found.append(parent)
    return found


def _buys(block: LexborNode, around: Surroundings) -> int:
    """How often one can press the same to buy in this part of the page."""
    said = (
        said
        for node in around.within(block, _PRESSABLE, _PRESSED)
        if (said := _buy(node)) and not around.is_aside(node)
    )
    return max(Counter(said).values(), default=0)


def _buy(node: LexborNode) -> str | None:
    """What a button to buy says; None for another."""
    attributes = node.attributes
    given = [attributes.get(name) for name in ("value", "id", "name", "class", "title", "aria-label", "alt")]
    texts = [text for text in (short_text(node, _SHORT), *(each[:200] for each in given if each)) if text]
    return texts[0] if any(BUY.search(text) for text in texts) else None


def _first(block: LexborNode, selector: str, at_most: int, around: Surroundings) -> str | None:
    for node in block.css(selector)[:10]:
        text = plain(node.attributes.get("content") or node.text(separator=" "), at_most)
        if text and not around.is_aside(node):
            return text
    return None
