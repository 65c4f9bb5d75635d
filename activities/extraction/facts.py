"""Facts in tables and lists: "Brand: Acme" and the like."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from activities.extraction.claims import gtin_of
from activities.extraction.surroundings import Surroundings, short_text
from activities.extraction.wording import labelled

_ROWS = 400
_LABEL_AT_MOST = 40
_VALUE_AT_MOST = 120
_NUMBER = re.compile(r"[\w#][\w./#-]{0,60}")
_IN_ONE = re.compile(r"\s*([^:：]{2,40}?)\s*[:：]\s*(.{1,120})", re.DOTALL)

_BESIDE = re.compile(r"\s*([^\W\d][^\d:：]{1,30}?)\s+([A-Z0-9][\w./#-]*\d[\w./#-]*)")


def facts_of(block: LexborNode, around: Surroundings) -> dict[str, str]:
    """Brand, number and GTIN by the labels they have in this part of the page; the first of each that is one."""
    found: dict[str, str] = {}
    for node, label, value in _pairs(block):
        field = labelled(label)
        if not field or field in found or around.is_aside(node):
            continue
        if field == "gtin":
            value = gtin_of([value]) or ""
        if field == "sku":
            # What follows upon a number in the same line is the next fact.
            value = match[0] if (match := _NUMBER.match(value)) else ""
        if value:
            found[field] = value
    return found


def _pairs(block: LexborNode) -> Iterator[tuple[LexborNode, str, str]]:
    for node in block.css("th, dt, td, .label, .attr-label")[:_ROWS]:
        label, other = short_text(node, _LABEL_AT_MOST), _following(node)
        value = short_text(other, _VALUE_AT_MOST * 3) if label and other else None
        if label and value:
            yield node, label, value[:_VALUE_AT_MOST]
    for node in block.css("li, p, span, div, td, font, small")[: _ROWS * 3]:
        text = short_text(node, _LABEL_AT_MOST + _VALUE_AT_MOST)
        if text and (match := _IN_ONE.fullmatch(text) or _BESIDE.fullmatch(text)):
            yield node, match[1], match[2]


def _following(node: LexborNode) -> LexborNode | None:
    other = node.next
    for _ in range(4):
        if other is None or not (other.tag or "").startswith("-"):
            return other
        other = other.next
    return None
