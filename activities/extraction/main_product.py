"""Which of the products on a page it is about; none, where it is a list of them."""

from collections.abc import Iterator
from typing import Any, cast

from msgspec import Struct

from activities.extraction.json_ld import Node
from activities.extraction.page import Page
from activities.extraction.schema_org import first_text, many, types_of
from activities.extraction.texts import link, same_page
from onboarding.items import NAME_CHARACTERS, folded

_NODES = 3000
_EACH = 100
_DEPTH = 10
_SEVERAL = 3
"""So many products of which none is the page's own are a list."""

_PRODUCTS = frozenset(
    {
        "Product",
        "ProductGroup",
        "IndividualProduct",
        "SomeProducts",
        "ProductModel",
        "Vehicle",
        "Car",
        "Motorcycle",
    }
)
_PRODUCTS_IF_OFFERED = frozenset({"Book", "Audiobook", "Movie", "MusicAlbum", "VideoGame", "SoftwareApplication"})
_LISTS = frozenset({"CollectionPage", "SearchResultsPage", "ItemList", "OfferCatalog"})
_ARTICLES = frozenset({"Article", "BlogPosting", "NewsArticle", "Recipe", "TechArticle"})
_WAYS = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "itemOffered", "isVariantOf")
"""What leads from a page to what it is about. Not what leads on to other things, as `isRelatedTo`."""


class Candidate(Struct, frozen=True, kw_only=True):
    """A product on the page; `listed` if it is there as one of a list."""

    node: Node
    listed: bool


class Told(Struct, frozen=True, kw_only=True):
    """What structured data say the page is about.

    `many` if it is a list of products, `article` if it is something to read.
    """

    product: Node | None = None
    unsure: bool = False
    many: bool = False
    article: bool = False


def told_by(nodes: list[Node], page: Page) -> Told:
    """What these nodes say the page is about."""
    resolved = _resolver(nodes)
    seen = list(_walked(nodes, resolved))
    types = {name for node, _ in seen for name in types_of(node)}
    candidates = [found for node, listed in seen if (found := _candidate(node, resolved, listed=listed))]
    article = bool(types & _ARTICLES)
    if not candidates:
        return Told(many=bool(types & _LISTS), article=article)
    best = max(candidates, key=lambda each: _fits(each, page))
    own = _is_own(best.node, page)
    others = {first_text(NAME_CHARACTERS, *many(each.node.get("name"))) for each in candidates}
    if not own and (best.listed or len(others) >= _SEVERAL or (types & _LISTS and len(others) > 1)):
        return Told(many=True, article=article)
    if not own and _is_elsewhere(best.node, page):
        return Told(article=article)
    return Told(product=best.node, unsure=not own and (len(others) > 1 or bool(page.headings)), article=article)


def _walked(nodes: list[Node], resolved: dict[str, Node]) -> Iterator[tuple[Node, bool]]:
    waiting = [(node, 0, False) for node in reversed(nodes)]
    left = _NODES
    while waiting and left:
        node, depth, listed = waiting.pop()
        left -= 1
        node = _whole(node, resolved)
        yield node, listed
        if depth >= _DEPTH:
            continue
        for way in reversed(_WAYS):
            inside = listed or way == "itemListElement"
            parts = _nodes(node.get(way), _NODES if way == "@graph" else _EACH)
            waiting += [(part, depth + 1, inside) for part in reversed(parts)]


def _candidate(node: Node, resolved: dict[str, Node], *, listed: bool) -> Candidate | None:
    types = types_of(node)
    if not (types & _PRODUCTS or (types & _PRODUCTS_IF_OFFERED and node.get("offers"))):
        inside = [part for part in many(node.get("itemOffered")) if isinstance(part, dict)]
        if "Offer" not in types or len(inside) != 1 or inside[0].get("offers"):
            return None
        return Candidate(node={**_whole(inside[0], resolved), "offers": node}, listed=listed)
    names = ("offers", "brand", "manufacturer", "image", "hasVariant")
    return Candidate(
        node={**node, **{name: _resolved(node[name], resolved) for name in names if name in node}}, listed=listed
    )


def _fits(candidate: Candidate, page: Page) -> int:
    """How well a candidate is the page's own; of two that are alike, the first."""
    node = candidate.node
    address = any(
        whole and same_page(whole, address)
        for given in (*many(node.get("url")), *many(node.get("@id")))
        for whole in (link(given, page.base),)
        for address in (page.url, page.address)
    )
    name = first_text(NAME_CHARACTERS, *many(node.get("name")))
    headed = bool(name) and any(_alike(name, heading) for heading in page.headings)
    titled = bool(name) and folded(name) in folded(page.title)
    has = bool(node.get("offers") or node.get("hasVariant"))
    return 8 * address + 6 * headed + 3 * titled + has - 2 * candidate.listed


def _is_own(node: Node, page: Page) -> bool:
    return _fits(Candidate(node={**node, "offers": None, "hasVariant": None}, listed=False), page) > 0


def _is_elsewhere(node: Node, page: Page) -> bool:
    """Whether a product says of itself that it is on another page."""
    places = [whole for given in many(node.get("url")) if (whole := link(given, page.base))]
    return bool(places) and not any(same_page(whole, page.url) for whole in places)


def _alike(one: str | None, other: str) -> bool:
    """Whether two names are of the same thing: one within the other, and no more than half of it left over."""
    short, long = sorted((folded(one), folded(other)), key=len)
    return bool(short) and short in long and len(short) * 2 >= len(long)


def _resolver(nodes: list[Node]) -> dict[str, Node]:
    """Nodes by the ids that others refer to them by."""
    tops = [part for node in nodes for part in (node, *_nodes(node.get("@graph"), _NODES))]
    return {part["@id"]: part for part in tops[:_NODES] if isinstance(part.get("@id"), str) and len(part) > 1}


def _nodes(value: Any, at_most: int) -> list[Node]:
    """The nodes in a value, up to so many."""
    values = cast(list[Any], value)[:at_most] if isinstance(value, list) else [value]
    return [cast(Node, part) for part in values if isinstance(part, dict)]


def _whole(node: Node, resolved: dict[str, Node]) -> Node:
    given = node.get("@id")
    return resolved.get(given, node) if len(node) <= 2 and isinstance(given, str) else node


def _resolved(value: Any, resolved: dict[str, Node]) -> Any:
    return [_whole(cast(Node, part), resolved) if isinstance(part, dict) else part for part in many(value)]
