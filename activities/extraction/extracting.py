"""The product of a page: what its sources say, put together by how far each is trusted."""

from collections import Counter
from collections.abc import Sequence

from activities.extraction import json_ld, markup, microdata, open_graph, schema_org
from activities.extraction.claims import Claims
from activities.extraction.main_product import told_by
from activities.extraction.page import Page
from activities.extraction.prices import Money
from activities.extraction.texts import plain
from onboarding.items import NAME_CHARACTERS, folded
from onboarding.scraping import Extracted, FoundBy

SURE = 0.7
"""With less confidence somebody should look at it."""

_TRUST: dict[FoundBy, float] = {"json_ld": 1.0, "microdata": 0.95, "open_graph": 0.8, "html": 0.6}
_SUPPORT = {"image_url": 0.3, "supplier": 0.15, "sku": 0.15, "gtin": 0.25, "description": 0.15}
_FIELDS = ("name", "price", *_SUPPORT)


def extract(html: bytes, url: str, charset: str | None) -> Extracted | None:
    """The product that a page sells; None if it sells none, or is a list of many.

    Blocks, for up to a second on the worst of 2 MB: call it in a thread. Nothing is fetched.

    Args:
        html: the page; what is beyond 2 MB is not looked at.
        url: where it was found, after redirects.
        charset: what the server said of it, if anything.
    """
    page = Page(html, url, charset)
    claims = _claims(page)
    return _merged(claims, page) if any(each.product for each in claims) else None


def page_text(html: bytes, charset: str | None, at_most: int) -> str:
    """What a page shows of text, for whoever reads it whole; blocks as `extract` does."""
    root = Page(html, "", charset).root
    for node in root.css("script, style, nav, footer, header nav, form select, title"):
        node.decompose()
    return plain(root.text(separator=" "), at_most) or ""


def _claims(page: Page) -> list[Claims]:
    """What each source says, the most trusted first; nothing for a page that is about many products or none."""
    social = open_graph.claims_of(page)
    linked = told_by(json_ld.nodes_of(page), page)
    marked = told_by(microdata.items_of(page), page)
    found: list[Claims] = []
    if linked.product:
        found.append(schema_org.claims_of(linked.product, page, "json_ld", unsure=linked.unsure))
    if marked.product and not linked.many:
        claims = schema_org.claims_of(marked.product, page, "microdata", unsure=marked.unsure)
        found += [claims] if not found or _same(found[0], claims) else []
    if not found and (linked.many or marked.many) and not social.product:
        return []
    if not found and not social.product and (linked.article or page.meta("og:type") == "article"):
        return []
    shown = markup.claims_of(page, whatever=bool(found) or social.product)
    return [*found, social, shown]


def _merged(claims: Sequence[Claims], page: Page) -> Extracted:
    told: dict[str, Claims] = {}
    for each in claims:
        for field in _FIELDS:
            if getattr(each, field) is not None and field not in told:
                told[field] = each
    # A source that knows the amount but not the currency may be helped by another that means the same amount.
    price = told["price"].price if "price" in told else None
    currency = _currency(price, claims, page)
    unsure = any(each.unsure for each in claims) or _contradicted(claims)
    confidence = _confidence(told, claims, currency)
    values = {field: getattr(each, field) for field, each in told.items() if field != "price"}
    values.setdefault("supplier", plain(page.meta("og:site_name"), NAME_CHARACTERS))
    complete = "name" in told and price is not None and currency is not None
    return Extracted(
        product_url=page.address,
        price=price.amount if price else None,
        currency=currency,
        confidence=confidence,
        needs_review=unsure or not complete or confidence < SURE,
        extraction_source=_most(told),
        **values,
    )


def _currency(price: Money | None, claims: Sequence[Claims], page: Page) -> str | None:
    if price is None:
        return None
    others = (each.price.currency for each in claims if each.price and each.price.amount == price.amount)
    return price.currency or next((code for code in others if code), None) or page.currency


def _confidence(told: dict[str, Claims], claims: Sequence[Claims], currency: str | None) -> float:
    """By how far those are trusted who told name and price, who agrees with them, and what else is known."""
    total = sum(0.36 * _sureness(field, told, claims) for field in ("name", "price"))
    total *= 0.9 if any(each.unsure for each in claims) or _contradicted(claims) else 1.0
    total += 0.08 * (currency is not None)
    total += 0.20 * sum(share for field, share in _SUPPORT.items() if field in told)
    return round(min(total, 1.0), 2)


def _sureness(field: str, told: dict[str, Claims], claims: Sequence[Claims]) -> float:
    teller = told.get(field)
    if teller is None:
        return 0.0
    agree = any(_agree(field, teller, each) for each in claims if each is not teller)
    return min(_TRUST[teller.source] + 0.2 * agree, 1.0)


def _agree(field: str, one: Claims, other: Claims) -> bool:
    if field == "price":
        return one.price is not None and other.price is not None and one.price.amount == other.price.amount
    return bool(other.name) and folded(one.name) == folded(other.name)


def _contradicted(claims: Sequence[Claims]) -> bool:
    """Whether two that tell machines of a price tell them of two."""
    amounts = {each.price.amount for each in claims if each.price and each.source != "html"}
    return len(amounts) > 1


def _same(one: Claims, other: Claims) -> bool:
    """Whether microdata are of the product that JSON-LD is of, and not of one beside it."""
    return (
        not other.name
        or not one.name
        or folded(one.name) in folded(other.name)
        or folded(other.name) in folded(one.name)
    )


def _most(told: dict[str, Claims]) -> FoundBy:
    counted = Counter[FoundBy](each.source for each in told.values())
    sources: list[FoundBy] = list(counted) or ["html"]
    return max(sources, key=lambda source: (counted[source], _TRUST[source]))
