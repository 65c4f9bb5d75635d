"""The readers of microdata and JSON-LD against a library that has read them for years.

The library itself reads no pages here: fifty kilobytes of items in items keep it busy for minutes.
"""

from typing import Any

import lxml.html
import pytest
from extruct.jsonld import JsonLdExtractor
from extruct.w3cmicrodata import MicrodataExtractor

from activities.extraction.json_ld import nodes_of
from activities.extraction.microdata import items_of
from activities.extraction.page import Page
from tests.corpus.pages import NAMES, SHOPS, saved

BROKEN = {"broken-json-it", "quotes-in-json-en"}
"""Pages whose JSON is none; the library gives up on them."""


def page_of(name: str) -> Page:
    return Page((SHOPS / f"{name}.html").read_bytes(), saved(name).url, saved(name).charset)


def texts(value: Any) -> Any:
    """What the library has for an item, in the form that ours has; texts without runs of space."""
    if isinstance(value, list):
        return [texts(part) for part in value]
    if not isinstance(value, dict):
        return "".join(str(value).split())
    ours = "@type" in value
    kinds = value["@type"] if ours else value.get("type", [])
    properties = value if ours else value.get("properties", {})
    found = {
        key: texts(part if isinstance(part, list) else [part])
        for key, part in properties.items()
        if key != "@type"
    }
    return {"@type": [kind.rsplit("/", 1)[-1] for kind in ([kinds] if isinstance(kinds, str) else kinds)], **found}


def without_addresses(value: Any) -> Any:
    """The library makes addresses absolute at once, and of a link with a text its address."""
    if isinstance(value, list):
        return [without_addresses(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_addresses(part) for key, part in value.items() if key not in ("url", "image", "availability")
    }


@pytest.mark.parametrize("name", [name for name in NAMES if b"itemscope" in (SHOPS / f"{name}.html").read_bytes()])
def test_microdata_are_read_alike(name: str) -> None:
    """Items, their types, their properties and what is nested in what are those that the library finds."""
    page = page_of(name)
    document = lxml.html.document_fromstring(
        (SHOPS / f"{name}.html").read_bytes(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    theirs = MicrodataExtractor().extract_items(document, page.url)
    assert theirs
    assert without_addresses(texts(items_of(page))) == without_addresses(texts(theirs))


@pytest.mark.parametrize(
    "name", [name for name in NAMES if b"ld+json" in (SHOPS / f"{name}.html").read_bytes() and name not in BROKEN]
)
def test_json_ld_is_read_alike(name: str) -> None:
    """The objects are those that the library finds, in the same order."""
    assert nodes_of(page_of(name)) == JsonLdExtractor().extract((SHOPS / f"{name}.html").read_bytes())
