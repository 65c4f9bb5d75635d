"""A page within bounds: what is left of it can be parsed and walked in time that grows with its size alone.

Parsers of HTML are quadratic in how deep a page is nested and in how many attributes a tag has: 2 MB of `<div>`
keep one busy for minutes, and a thread that is busy cannot be stopped. The tokenizer of libxml2 alone is not, and
it loads nothing and knows no entities but those of HTML; so it goes first, and writes down what is within bounds.
"""

import re
from html import escape
from itertools import islice

import lxml.etree

CHARACTERS = 2 * 1024 * 1024
DEPTH = 150
"""Tags below that are left out, what is in them is not; a page twice as deep is read up to there."""

ELEMENTS = 40_000
ATTRIBUTES = 60
"""Of one tag."""

ATTRIBUTE_CHARACTERS = 4000

_PIECE = 16 * 1024
_NAME = re.compile(r"[a-zA-Z][\w:.-]{0,60}", re.ASCII)
_RAW = frozenset({"script", "style"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_UNSEEN = frozenset({"style", "svg", "noscript", "iframe", "object", "template"})
"""They tell nothing of goods, and make up half of many a page. `noscript` mostly repeats what scripts show."""


class _Full(Exception):
    """The page has more in it than is looked at."""


class _Writer:
    """Takes the tokens of a page, and writes those that are within bounds."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._open: list[str] = []
        self._elements = 0
        self._unseen = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """A tag begins."""
        self._elements += 1
        if self._elements > ELEMENTS or len(self._open) >= 2 * DEPTH:
            raise _Full
        if tag in _VOID:
            if not self._unseen:
                self.parts.append(f"<{tag}{_written(attributes)}>")
            return
        hidden = tag in _UNSEEN or len(self._open) >= DEPTH or not _NAME.fullmatch(tag)
        self._open.append("" if hidden else tag)
        if tag in _UNSEEN:
            self._unseen += 1
        if not hidden and not self._unseen:
            self.parts.append(f"<{tag}{_written(attributes)}>")

    def end(self, tag: str) -> None:
        """A tag ends; the tokenizer sees to it that each does."""
        if tag in _VOID or not self._open:
            return
        written = self._open.pop()
        if tag in _UNSEEN:
            self._unseen -= 1
        if written and not self._unseen:
            self.parts.append(f"</{written}>")

    def data(self, text: str) -> None:
        """Text, of a script too."""
        if self._unseen:
            return
        raw = bool(self._open) and self._open[-1] in _RAW
        self.parts.append(text.replace("</", "<\\/") if raw else escape(text, quote=False))

    def close(self) -> str:
        """All of it."""
        return "".join(self.parts)


def bounded(text: str) -> str:
    """The same page without what is too deep, too wide or too much, and without comments and styles."""
    writer = _Writer()
    clean = text[:CHARACTERS].replace("\x00", "")
    parser = lxml.etree.HTMLParser(target=writer, encoding="utf-8", no_network=True, huge_tree=False)
    try:
        # In pieces: one that is too much is tokenized to its end.
        for start in range(0, len(clean), _PIECE):
            parser.feed(clean[start : start + _PIECE].encode("utf-8", "replace"))
        parser.close()
    except (_Full, lxml.etree.XMLSyntaxError):
        # What came before is the page; the other error is that of a page with nothing on it.
        return writer.close()
    return writer.close()


def _written(attributes: dict[str, str]) -> str:
    kept = (
        f' {name}="{escape(value[:ATTRIBUTE_CHARACTERS])}"'
        for name, value in islice(attributes.items(), ATTRIBUTES)
        if _NAME.fullmatch(name)
    )
    return "".join(kept)
