"""JSON-LD: what a page says in scripts for machines, read also where the JSON is a little broken.

One block at a time: a broken one does not cost the others.
"""

import html
import json
import re
from typing import Any, cast

from activities.extraction.page import Page

_BLOCKS = 40
_NODES = 3000
_CHARACTERS = 1024 * 1024
"""Of all blocks of a page."""

_JUNK = re.compile(
    r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|//[^\n]*|/\*.*?(?:\*/|\Z)|<!\[CDATA\[|\]\]>|<!--|-->', re.DOTALL
)
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|,(?=\s*+[}\]])', re.DOTALL)
_decoder = json.JSONDecoder(strict=False, parse_constant=lambda _: None)

Node = dict[str, Any]


def nodes_of(page: Page) -> list[Node]:
    """The objects that the page's blocks hold, in order."""
    found: list[Node] = []
    room = _CHARACTERS
    for script in page.root.css('script[type*="ld+json" i]')[:_BLOCKS]:
        text = script.text()
        room -= len(text)
        if room < 0:
            break
        found += [node for node in _read(text)[:_NODES] if isinstance(node, dict)]
    return found[:_NODES]


def _read(text: str) -> list[Any]:
    if text.lstrip()[:20].startswith(("{&quot;", "[{&quot;", "[&quot;")):
        text = html.unescape(text)
    try:
        values = [_decoder.decode(text)]
    except RecursionError:
        return []
    except ValueError:
        values = _mended(text)
    return [part for value in values for part in (cast(list[Any], value) if isinstance(value, list) else [value])]


def _mended(text: str) -> list[Any]:
    """The values in a text without its comments and commas too many; one after the other, as far as they go."""
    text = _JUNK.sub(lambda match: match[1] or " ", text)
    text = _COMMA.sub(lambda match: match[1] or "", text).strip().rstrip(";")
    values: list[Any] = []
    place = 0
    while place < len(text) and len(values) < _BLOCKS:
        try:
            value, place = _decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        values.append(value)
        rest = re.compile(r"[\s,;]*").match(text, place)
        place = rest.end() if rest else place
    return values
