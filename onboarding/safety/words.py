"""Text as words and numbers, however it is written: without accents, in English and Spanish.

>>> [token.text for token in tokens("Avoid Cacahuètes: 1,500-1.600 kcal, at 7:30")]
['avoid', 'cacahuetes', ':', '1500', '1600', 'kcal', ',', 'at', '7:30']
>>> [token.text for token in tokens("mil quinientas, twelve hundred and 2k")]
['1500', ',', '1200', 'and', '2000']
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from onboarding.safety.numerals import HUNDRED, NUMERALS, ONCE_COUNTS, THOUSAND

INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Control characters, and what shows nothing or turns the direction of the text: it hides words from a reader."""

DIGITS_AT_MOST = 12
"""A longer number means nothing here, and is taken for the largest."""

_MARKS = {"’": "'", "ʼ": "'", "⁄": "/", "−": "-", "‐": "-", "‑": "-"}
_TOKEN = re.compile(
    r"(?P<time>(?<![\d:.,])(?:[01]?\d|2[0-4])(?::[0-5]\d|h[0-5]\d)(?![\d:]))"
    r"|(?P<number>(?<![^\W_])(?:\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*))(?P<kilo>k(?![^\W_]))?"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<hyphen>(?<=[^\W_])-(?=[^\W_]))"
    r"|(?P<mark>[^\w\s])"
)
_QUIET = frozenset('*`"“”«»‹›#\ufe0f')
"""Marks of emphasis, which part nothing."""


class Token(NamedTuple):
    """A word, a mark, a time of day, or a number; a number's `text` is its plain spelling: `1500`, `72.5`."""

    kind: Literal["word", "mark", "time", "number"]
    text: str
    value: float = 0


def fold(text: str) -> str:
    r"""Lower case, without accents and invisible characters.

    >>> fold("Ánimo, piña 500㎎ \uff12\u200b\uff13")
    'animo, pina 500mg 23'
    """
    if text.isascii():
        return text.lower()
    return "".join(map(_fold, INVISIBLE.sub("", text)))


@lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    # One by one: a long run of accents would be sorted at quadratic cost if the whole text was taken apart.
    apart = unicodedata.normalize("NFKD", char.casefold())
    return "".join(_MARKS.get(c, c) for c in apart if not unicodedata.combining(c))


def tokens(text: str) -> list[Token]:
    """The words, numbers and marks of a text, folded; numbers in words are numbers."""
    return list(_spoken(list(_written(fold(text)))))


def spelled(value: float) -> str:
    """A number's plain spelling.

    >>> spelled(1500.0), spelled(72.50)
    ('1500', '72.5')
    """
    return f"{value:.3f}".rstrip("0").rstrip(".")


def said_numbers(text: str) -> frozenset[str]:
    """The numbers that a person says, in their plain spelling; times of day are none.

    >>> sorted(said_numbers("2,400 or 2.400 kcal, 1,5 litros, 2k, twenty, at 19:30"))
    ['1.5', '20', '2000', '2400']
    """
    return frozenset(token.text for token in tokens(text) if token.kind == "number")


@lru_cache(maxsize=4096)
def forms(word: str) -> frozenset[str]:
    """The word, and what it may be the plural of.

    >>> sorted(forms("nueces"))
    ['nuec', 'nuece', 'nueces', 'nuez']
    """
    found = {word, word.removesuffix("'s")}
    if len(word) > 3 and word.endswith("s"):
        found.add(word[:-1])
        if len(word) > 4 and word.endswith("es"):
            found.add(word[:-2])
        if word.endswith("ies"):
            found.add(word[:-3] + "y")
        if word.endswith("ces"):
            found.add(word[:-3] + "z")
    return frozenset(found)


@cache
def phrase(text: str) -> tuple[str, ...]:
    """The words of a phrase of a vocabulary."""
    return tuple(token.text for token in tokens(text))


def word_set(text: str) -> frozenset[str]:
    """A vocabulary of words, folded as they are in tokens."""
    return frozenset(text.split())


def phrase_list(text: str) -> tuple[str, ...]:
    """A vocabulary of phrases with commas between them."""
    return tuple(" ".join(item.split()) for item in text.split(","))


def stands(words: tuple[str, ...], found: Sequence[Token], at: int) -> bool:
    """Whether these words stand there, in singular or plural."""
    return 0 <= at <= len(found) - len(words) and all(
        word in forms(found[at + i].text) for i, word in enumerate(words)
    )


def _written(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if match["time"]:
            yield Token("time", match["time"])
        elif match["number"]:
            for value in _values(match["number"]):
                times = value * 1000 if match["kilo"] else value
                yield Token("number", spelled(times), times)
        elif match["word"]:
            yield Token("word", match["word"])
        elif kind == "mark" and match["mark"] not in _QUIET:
            yield Token("mark", match["mark"])


def _values(text: str) -> list[float]:
    """The number, or several where the marks between the digits cannot belong to one: `30,40,30`."""
    text = text.replace(" ", "")
    first, *rest = re.split("[.,]", text)
    if sum(map(len, (first, *rest))) > DIGITS_AT_MOST:
        return [float(part) if len(part) <= DIGITS_AT_MOST else 10.0**DIGITS_AT_MOST for part in (first, *rest)]
    grouped = 0 < len(first) <= 3 and first.lstrip("0") != ""
    if rest and grouped and all(len(part) == 3 for part in rest):
        return [float(first + "".join(rest))]
    if len(rest) > 1 and grouped and all(len(part) == 3 for part in rest[:-1]):
        marks = re.findall("[.,]", text)
        if marks[-1] not in marks[:-1]:
            return [float(first + "".join(rest[:-1]) + "." + rest[-1])]
    if len(rest) == 1:
        return [float(f"{first}.{rest[0]}")]
    return [float(part) for part in (first, *rest)]


def _spoken(found: list[Token]) -> Iterator[Token]:
    """The tokens with numbers in words put together."""
    at = 0
    while at < len(found):
        value, after = _numeral(found, at)
        if after > at:
            yield found[at] if after == at + 1 and found[at].kind == "number" else _number(value)
            at = after
        else:
            yield found[at]
            at += 1


def _number(value: float) -> Token:
    return Token("number", spelled(value), value)


def _numeral(found: list[Token], at: int) -> tuple[float, int]:
    """The value of the numeral there, and where it ends: where it begins when there is none.

    `room` is what a next part must be less than: after twenty comes five, after five nothing.
    """
    total, group, room, end = 0.0, 0.0, 1000.0, at
    while at < len(found):
        token = found[at]
        if token.text in THOUSAND and total == 0:
            total, group, room = max(group, 1) * 1000, 0, 1000
        elif token.text == HUNDRED and group < (10 if total else 100):
            group, room = max(group, 1) * 100, 100
        elif token.kind == "number" and (group or (total and token.value >= room)):
            break
        elif token.kind == "number":
            group, room = token.value, 1
        elif (part := _part(found, at)) is not None and part < room:
            group, room = group + part, 100 if part >= 100 else 10 if part >= 20 else 1
        elif token.text in ("and", "y") and end == at and end and 1 < room < 1000 and _part(found, at + 1):
            if (_part(found, at + 1) or 0) >= room:
                break
            at += 1
            continue
        else:
            break
        at = end = at + 1
    return total + group, end


def _part(found: list[Token], at: int) -> float | None:
    """The value of a word that is a numeral: `once` is eleven in Spanish only, and `por ciento` a share."""
    if at >= len(found) or found[at].kind != "word":
        return None
    text = found[at].text
    if text == "ciento" and at and found[at - 1].text == "por":
        return None
    if text == "once":
        return 11 if at + 1 < len(found) and found[at + 1].text in ONCE_COUNTS else None
    return NUMERALS.get(text)
