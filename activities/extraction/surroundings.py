"""What stands around a part of a page, and how much it says, in bounded time.

Each element's names are looked at once, however often it is on the way up; a text is read until it is too long.
"""

from msgspec import Struct
from selectolax.lexbor import LexborNode

from activities.extraction.wording import ASIDE, NOT_THE_PRICE, NOW, PERHAPS_NOT_THE_PRICE

_UP = 20
_DEEPEST = 200
_NAMES_AT_MOST = 300
_PARTS = 120
"""Nodes of a text; one with more is no short one."""

_STRUCK = frozenset({"del", "s", "strike"})
_APART = frozenset({"nav", "aside", "footer", "select"})


class Marks(Struct, frozen=True, kw_only=True):
    """What an element's tag, class and id say of what is in it.

    Attributes:
        aside: it stands beside the product.
        former: a price that is not to be paid.
        doubtful: a price that is not to be paid where there is another.
        now: the price to pay.
    """

    aside: bool
    former: bool
    doubtful: bool
    now: bool


class Surroundings:
    """The marks of a page's elements."""

    def __init__(self, root: LexborNode, heading: LexborNode | None) -> None:
        """Of the page with this heading: what that is in stands beside nothing."""
        self._root = root
        self._found: dict[str, list[tuple[LexborNode, frozenset[int]]]] = {}
        self._spine = (
            frozenset(node.mem_id for node in _up(heading, None, _DEEPEST)) if heading else frozenset[int]()
        )
        self._marks: dict[int, Marks] = {}

    def within(self, block: LexborNode, selector: str, at_most: int) -> list[LexborNode]:
        """What a selector finds in a part of the page, of the first so many on it: looked for once."""
        if selector not in self._found:
            nodes = self._root.css(selector)[:at_most]
            self._found[selector] = [
                (node, frozenset(each.mem_id for each in _up(node, None, _DEEPEST))) for node in nodes
            ]
        return [node for node, around in self._found[selector] if block.mem_id in around]

    def is_aside(self, node: LexborNode) -> bool:
        """Whether a node stands beside the product."""
        return any(self._of(each).aside for each in _up(node, None))

    def is_former(self, node: LexborNode, until: LexborNode) -> bool:
        """Whether a price is struck out, or one of shipping, or the like."""
        return any(self._of(each).former for each in _up(node, until))

    def is_doubtful(self, node: LexborNode, until: LexborNode) -> bool:
        """Whether a price is one to pay only where there is no other."""
        return any(self._of(each).doubtful for each in _up(node, until))

    def is_now(self, node: LexborNode) -> bool:
        """Whether a price is said to be the one to pay."""
        return self._of(node).now or (node.parent is not None and self._of(node.parent).now)

    def price_text(self, node: LexborNode, at_most: int) -> str:
        """What a node says, without what is struck out; nothing, where it is longer."""
        parts: list[str] = []
        waiting, left = [node], at_most * 2
        for _ in range(_PARTS):
            if not waiting:
                return " ".join("".join(parts).split())
            each = waiting.pop()
            if each.tag == "-text":
                text = each.text()
                # Digits may go on in the next element, words do not: "899 kr" and "Price" beside it are two.
                apart = parts and parts[-1][-1:].isalpha() and text[:1].isalpha()
                parts.append(f" {text}" if apart else text)
                left -= len(text.strip())
                if left < 0:
                    return ""
            elif each.mem_id == node.mem_id or not self._of(each).former:
                waiting += _children(each)
        return ""

    def _of(self, node: LexborNode) -> Marks:
        if (marks := self._marks.get(node.mem_id)) is None:
            marks = self._marks[node.mem_id] = self._looked_at(node)
        return marks

    def _looked_at(self, node: LexborNode) -> Marks:
        tag = node.tag or ""
        if tag.startswith("-") or tag in ("body", "html"):
            return Marks(aside=False, former=False, doubtful=False, now=False)
        attributes = node.attributes
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:_NAMES_AT_MOST]
        style = (attributes.get("style") or "")[:_NAMES_AT_MOST].lower()
        top = tag == "header" and node.parent is not None and node.parent.tag == "body"
        return Marks(
            aside=node.mem_id not in self._spine and (tag in _APART or top or bool(ASIDE.search(names))),
            former=tag in _STRUCK or "line-through" in style or bool(NOT_THE_PRICE.search(names)),
            doubtful=bool(PERHAPS_NOT_THE_PRICE.search(names)),
            now=bool(NOW.search(names)),
        )


def short_text(node: LexborNode, at_most: int) -> str | None:
    """What a node says; None where it is longer, or nothing."""
    parts: list[str] = []
    waiting, left = [node], at_most
    for _ in range(_PARTS):
        if not waiting:
            return " ".join(" ".join(parts).split()) or None
        each = waiting.pop()
        if each.tag == "-text":
            text = each.text().strip()
            left -= len(text)
            if left < 0:
                return None
            parts.append(text)
        elif each.tag not in ("script", "style"):
            waiting += _children(each)
    return None


def _children(node: LexborNode) -> list[LexborNode]:
    """The nodes in a node, the last first, and no more of them than are looked at."""
    found: list[LexborNode] = []
    child = node.first_child
    while child is not None and len(found) <= _PARTS:
        found.append(child)
        child = child.next
    return found[::-1]


def _up(node: LexborNode, until: LexborNode | None, at_most: int = _UP) -> list[LexborNode]:
    found: list[LexborNode] = []
    each: LexborNode | None = node
    while each is not None and len(found) < at_most and not (until and each.mem_id == until.mem_id):
        found.append(each)
        each = each.parent
    return found
