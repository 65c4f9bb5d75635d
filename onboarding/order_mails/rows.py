"""A text as rows of cells: tables as they are, lines of text by the gaps in them."""

import re
import unicodedata

from msgspec import Struct

ROWS = 1500
CELLS = 30
CELL_CHARACTERS = 400
"""Bounds of what is looked at; rules take time that grows with them, and no order needs more."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_MINUS = re.compile("[\u2010-\u2012\u2212]")
_QUOTES = re.compile("[\u2018\u2019\u00b4\u02bc]")
_GAP = re.compile(r"\t+| {2,}| ?\| ?")


class Row(Struct, frozen=True):
    """Cells beside each other; a cell may have lines. `table` is which table it is of, 0 for a line of text."""

    cells: tuple[str, ...]
    table: int = 0

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " ".join(" ".join(self.cells).split())


def clean(text: str) -> str:
    """The text with one kind of space, of minus and of apostrophe, and without what nobody sees.

    >>> clean("1\u00a0299,00\u200b \u20ac"), clean("\uff13")
    ('1 299,00 \u20ac', '3')
    """
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    return _QUOTES.sub("'", _MINUS.sub("-", text.replace("\u00a0", " ")))


def rows_of(text: str) -> tuple[Row, ...]:
    """The lines of a text, each with the cells that gaps, tabs or bars make of it.

    >>> [row.cells for row in rows_of("2 x Mug      9,90 EUR\\n\\n| a | b |")]
    [('2 x Mug', '9,90 EUR'), ('a', 'b')]
    """
    found: list[Row] = []
    for line in clean(text).splitlines():
        parts = _GAP.split(line.strip()[: CELLS * CELL_CHARACTERS])
        cells = tuple(bare[:CELL_CHARACTERS] for part in parts[:CELLS] if (bare := part.strip()))
        if cells:
            found.append(Row(cells))
        if len(found) >= ROWS:
            break
    return tuple(found)
