"""The picture of a product that a page shows."""

import re

from selectolax.lexbor import LexborNode

from activities.extraction.page import Page
from activities.extraction.surroundings import Surroundings
from activities.extraction.texts import link

_IMAGES = 40
_SOURCES = (
    "data-zoom-image",
    "data-large_image",
    "data-large",
    "data-old-hires",
    "data-src",
    "data-original",
    "src",
)
_GOOD = re.compile(r"product|main|zoom|gallery|hero|photo|foto|landing|detail|large", re.IGNORECASE)
_BAD = re.compile(
    r"logo|icon|sprite|pixel|spacer|blank|placeholder|flag|badge|payment|avatar|banner|1x1|star", re.IGNORECASE
)


def picture_of(block: LexborNode, page: Page, around: Surroundings) -> str | None:
    """The address of the picture that most likely is the product's."""
    images = [node for node in block.css("img")[:_IMAGES] if not around.is_aside(node)]
    found = [(_worth(node), url) for node in images if (url := _source(node, page))]
    best = max(found, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] >= 0 else None


def _source(node: LexborNode, page: Page) -> str | None:
    for name in _SOURCES:
        given = node.attributes.get(name)
        if given and not given.startswith("data:") and (url := link(given, page.base)):
            return url
    first = (node.attributes.get("srcset") or "").split(",")[0].split()
    return link(first[0], page.base) if first else None


def _worth(node: LexborNode) -> int:
    attributes = node.attributes
    parent = node.parent.attributes if node.parent else {}
    said = " ".join(
        part or ""
        for part in (attributes.get("class"), attributes.get("id"), attributes.get("src"), attributes.get("alt"))
    )[:500]
    around = f"{parent.get('class') or ''} {parent.get('id') or ''}"[:200]
    bad = _BAD.search(said) or (attributes.get("width") or "").strip() in ("1", "16", "24", "32")
    return 2 * ("itemprop" in attributes) + bool(_GOOD.search(said)) + bool(_GOOD.search(around)) - 5 * bool(bad)
