"""Microdata: items and their properties in the markup, as the objects that JSON-LD would have.

https://html.spec.whatwg.org/multipage/microdata.html, in one walk over the tree.
"""

from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborNode

from activities.extraction.json_ld import Node
from activities.extraction.page import Page

_VALUES_AT_MOST = 5000
_TEXT_AT_MOST = 6000
_DEPTH = 8
"""Of items in items."""

_ADDRESS = {"a": "href", "area": "href", "link": "href", "object": "data"} | dict.fromkeys(
    ("audio", "embed", "iframe", "img", "source", "track", "video"), "src"
)
_VALUE = {"data": "value", "meter": "value", "time": "datetime"}
_LAZY = ("data-src", "data-original", "data-lazy-src")


def items_of(page: Page) -> list[Node]:
    """The items that are no property of another, in order."""
    return _Reader(page).items()


class _Reader:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._left = _VALUES_AT_MOST
        self._seen: set[int] = set()

    def items(self) -> list[Node]:
        if not self._page.root.css_first("[itemscope]"):
            return []
        tops = self._page.root.css("[itemscope]:not([itemprop])")
        return [self._item(top, 0) for top in tops if top.mem_id not in self._seen and self._left > 0]

    def _item(self, scope: LexborNode, depth: int) -> Node:
        self._seen.add(scope.mem_id)
        types = [name.rsplit("/", 1)[-1] for name in (scope.attributes.get("itemtype") or "").split()[:5]]
        node: Node = {"@type": types}
        referred = [
            found for name in (scope.attributes.get("itemref") or "").split()[:10] if (found := self._by_id(name))
        ]
        for root in (scope, *referred):
            for found in self._properties(root, inside=root.mem_id == scope.mem_id):
                self._left -= 1
                if self._left <= 0:
                    return node
                names = (found.attributes.get("itemprop") or "").split()[:5]
                if value := self._value(found, depth):
                    for name in names:
                        node.setdefault(name, []).append(value)
        return node

    def _properties(self, root: LexborNode, *, inside: bool) -> Iterator[LexborNode]:
        """The properties of an item in the markup, not those of the items in it."""
        waiting = _children(root) if inside else [root]
        while waiting:
            node = waiting.pop()
            if node.attributes.get("itemprop"):
                yield node
            if "itemscope" not in node.attributes:
                waiting += _children(node)

    def _value(self, node: LexborNode, depth: int) -> Any:
        attributes = node.attributes
        if "itemscope" in attributes:
            return None if depth >= _DEPTH or node.mem_id in self._seen else self._item(node, depth + 1)
        tag = node.tag or ""
        if attributes.get("content"):
            return attributes["content"]
        if tag in _ADDRESS:
            lazy = next((attributes[name] for name in _LAZY if attributes.get(name)), None)
            # A name is now and then put on a link: then it is its text that is meant.
            return lazy or attributes.get(_ADDRESS[tag]) if tag != "a" else _text(node) or attributes.get("href")
        if tag in _VALUE and attributes.get(_VALUE[tag]):
            return attributes[_VALUE[tag]]
        return _text(node)

    def _by_id(self, name: str) -> LexborNode | None:
        if not name.replace("-", "").replace("_", "").isalnum():
            return None
        return self._page.root.css_first(f'[id="{name}"]')


def _children(node: LexborNode) -> list[LexborNode]:
    """Elements, last first."""
    found: list[LexborNode] = []
    child = node.last_child
    while child is not None:
        if child.tag and not child.tag.startswith("-"):
            found.append(child)
        child = child.prev
    return found


def _text(node: LexborNode) -> str:
    return node.text(separator=" ")[:_TEXT_AT_MOST]
