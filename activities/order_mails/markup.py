"""HTML of a mail as rows: tables as rows and cells, the rest as lines."""

import re

from selectolax.lexbor import LexborNode

from activities.extraction.page import Page
from onboarding.order_mails.rows import CELL_CHARACTERS, CELLS, ROWS, Row, clean

_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "td",
        "th",
        "section",
        "article",
        "header",
        "footer",
        "center",
        "blockquote",
        "pre",
        "form",
        "fieldset",
        "address",
        "hr",
        "main",
        "body",
    ]
)
_SKIPPED = frozenset(["script", "style", "head", "title", "template", "noscript", "select", "textarea"])
_ROW_CHARACTERS = 350
_LINES = 40
_NODES = 400
"""Of a cell."""

_BREAK = "\n"


def rows_in(page: Page) -> tuple[Row, ...]:
    """What a mail shows, row by row."""
    body = page.root.css_first("body") or page.root
    writer = _Writer()
    writer.walk(body)
    writer.flush()
    return tuple(writer.rows[:ROWS])


class _Writer:
    """Walks the tree, which is bounded in depth, and writes rows."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._line: list[str] = []
        self._tables = 0
        self.left = _NODES

    def walk(self, node: LexborNode, table: int = 0) -> None:
        """What is in a node."""
        child = node.first_child
        while child is not None and len(self.rows) < ROWS:
            self._take(child, table)
            child = child.next

    def flush(self) -> None:
        """End the line of text."""
        text = " ".join(clean(" ".join(self._line)).split())
        self._line = []
        if text:
            self.rows.append(Row((text[: CELL_CHARACTERS * 4],)))

    def flat(self, node: LexborNode) -> None:
        """What is in a node, tables in it as lines."""
        child = node.first_child
        while child is not None and len(self.rows) < _LINES and self.left:
            self.left -= 1
            tag = child.tag or ""
            if tag == "-text":
                self._line.append(child.text_content or "")
            elif tag == "br":
                self.flush()
            elif tag not in _SKIPPED and not tag.startswith("-") and not _hidden(child):
                if tag in _BLOCKS:
                    self.flush()
                self.flat(child)
                if tag in _BLOCKS:
                    self.flush()
            child = child.next

    def _take(self, node: LexborNode, table: int) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self._line.append(node.text_content or "")
        elif tag == "br":
            self.flush()
        elif tag in _SKIPPED or tag.startswith("-") or _hidden(node) or _quoted(node):
            return
        elif tag == "table":
            self.flush()
            self._tables += 1
            self.walk(node, self._tables)
            self.flush()
        elif tag == "tr" and (cells := _cells(node)) is not None:
            self.flush()
            if any(cells):
                self.rows.append(Row(cells, table))
        elif tag in _BLOCKS:
            self.flush()
            self.walk(node, table)
            self.flush()
        else:
            self.walk(node, table)


def _cells(row: LexborNode) -> tuple[str, ...] | None:
    """The cells of a row; None where it lays out parts of the mail, and is none of a table."""
    found: list[str] = []
    child = row.first_child
    size = 0
    while child is not None:
        if child.tag in ("td", "th") and not _hidden(child):
            text = _cell(child)
            size += len(text or "")
            if text is None or size > CELL_CHARACTERS * 4:
                return None
            found.append(text[:CELL_CHARACTERS])
        child = child.next
    filled = sum(map(bool, found))
    if row.css_first("table") is not None and (filled < 2 or size > _ROW_CHARACTERS or _columns_inside(row)):
        return None
    if len(found) == 1 and _BREAK in found[0]:
        return None
    return tuple(found[:CELLS]) if found else None


def _columns_inside(row: LexborNode) -> bool:
    """Whether a table in the row has several rows of several filled cells: it is one of its own."""
    for inner in row.css("tr")[1:60]:
        child, filled = inner.first_child, 0
        while child is not None:
            filled += child.tag in ("td", "th") and bool(child.text(strip=True))
            child = child.next
        if filled > 1:
            return True
    return False


def _cell(node: LexborNode) -> str | None:
    """The lines of a cell; None for one that has more in it than cells have."""
    writer = _Writer()
    writer.flat(node)
    writer.flush()
    if not writer.left:
        return None
    return _BREAK.join(row.text for row in writer.rows)


def _hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDDEN.search((attributes.get("style") or "")[:400]))


def _quoted(node: LexborNode) -> bool:
    """Whether it repeats the mail that this one answers."""
    return "gmail_quote" in (node.attributes.get("class") or "")[:200] and node.tag == "blockquote"
