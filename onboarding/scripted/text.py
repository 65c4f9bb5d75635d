"""A message cut into tokens, and words looked up in them.

Everything here is linear in the message: each token is read once, a phrase is found by its first word, and no
pattern can backtrack. What a token means is for others; a token knows only how it is compared.

>>> [token.word for token in tokens("I'm 80kg, ¡más o menos!")]
['im', '80', 'kg', ',', '¡', 'mas', 'o', 'menos', '!']
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

MESSAGE_AT_MOST = 2000
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:['’`´][^\W\d_]+)*|\S")
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}
_INVISIBLE = {"Cf", "Cs", "Cn", "Co"}
_TYPO_FROM = 6


class Token(NamedTuple):
    """A run of letters, a run of digits, or another sign; `glued` means that no space stands in front of it."""

    word: str
    stem: str
    start: int
    end: int
    glued: bool


class Spoken(NamedTuple):
    """A message and its tokens."""

    text: str
    tokens: tuple[Token, ...]

    def raw(self, start: int, end: int) -> str:
        """What the person wrote from one token up to another, as they wrote it."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end] if start < end else ""

    def word(self, index: int) -> str:
        """The word there; none before the first and after the last."""
        return self.tokens[index].word if 0 <= index < len(self.tokens) else ""

    def glued(self, index: int) -> bool:
        """Whether a token is there with no space in front of it."""
        return 0 <= index < len(self.tokens) and self.tokens[index].glued


class Match(NamedTuple, Generic[T]):
    """A phrase found at tokens `start` up to `end`."""

    start: int
    end: int
    meaning: T


def listen(message: str) -> Spoken:
    """A message, cleaned of what cannot be seen, and at most as long as a message may be."""
    text = _clean(message[:MESSAGE_AT_MOST])
    return Spoken(text, tuple(tokens(text)))


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text in order."""
    last = 0
    for found in _TOKEN.finditer(text):
        word = fold(found.group())
        yield Token(word, stem(word), found.start(), found.end(), found.start() == last and last > 0)
        last = found.end()


def fold(word: str) -> str:
    """Lower case, without accents and apostrophes: as two people compare who do not care how it is typed.

    >>> fold("Jamás") + " " + fold("don't")
    'jamas dont'
    """
    letters = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(c for c in letters if not unicodedata.combining(c) and c not in "'’`´")
    return plain or word


def stem(word: str) -> str:
    """A word without the ending of a plural, in the same rough way for what is said and what is looked for.

    >>> stem("allergies"), stem("lunes"), stem("las")
    ('allergy', 'lune', 'las')
    """
    if len(word) < 4:
        return word
    if word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-2] + "y" if word.endswith("ie") else word


def _clean(text: str) -> str:
    whole: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if char in "\n\r\u2028\u2029":
            whole.append("\n")
        elif char in _FRACTIONS:
            whole.append(("." if whole and whole[-1].isdigit() else "0.") + _FRACTIONS[char])
        elif category == "Cc":
            whole.append(" ")
        elif category == "Nd":
            whole.append(str(unicodedata.digit(char)))
        elif category not in _INVISIBLE:
            whole.append(char)
    # A line is a sentence: the sign is one that no sentence needs inside.
    return "".join(whole).strip().replace("\n", " ; ")


class Phrases(Generic[T]):
    """Phrases of one or more words, each with a meaning; the longest one counts."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        self._nearly: dict[str, tuple[str, T]] = {}
        for phrase, meaning in entries:
            words = tuple(token.stem for token in tokens(phrase) if token.word != "-")
            if not words:
                continue
            self._by_first.setdefault(words[0], []).append((words, meaning))
            if len(words) == 1 and len(words[0]) >= _TYPO_FROM:
                for spelled in _shortened(words[0]):
                    self._nearly.setdefault(spelled, (words[0], meaning))
        for group in self._by_first.values():
            group.sort(key=lambda entry: -len(entry[0]))

    def __bool__(self) -> bool:
        return bool(self._by_first)

    def at(self, spoken: Spoken, index: int, last: int | None = None) -> Match[T] | None:
        """The longest phrase that begins at a token, and ends before another one where that is given."""
        for words, meaning in self._by_first.get(spoken.tokens[index].stem, ()):
            end = _follows(spoken, index, words)
            if end is not None and (last is None or end <= last):
                return Match(index, end, meaning)
        return None

    def ending(self, spoken: Spoken, end: int) -> Match[T] | None:
        """The longest phrase that ends before a token."""
        for start in range(max(0, end - 5), end):
            found = self.at(spoken, start)
            if found is not None and found.end == end:
                return found
        return None

    def find(self, spoken: Spoken, start: int = 0, end: int | None = None) -> list[Match[T]]:
        """The phrases between two tokens, none inside another."""
        found: list[Match[T]] = []
        index, last = start, len(spoken.tokens) if end is None else end
        while index < last:
            if spoken.tokens[index].stem not in self._by_first:
                index += 1
                continue
            match = self.at(spoken, index)
            if match is not None and match.end <= last:
                found.append(match)
                index = match.end
            else:
                index += 1
        return found

    def misspelled(self, spoken: Spoken) -> list[Match[T]]:
        """Long single words with one letter wrong, missing, too many, or changed places with its neighbour."""
        found: list[Match[T]] = []
        for index, token in enumerate(spoken.tokens):
            if not _TYPO_FROM - 1 <= len(token.stem) <= 20:
                continue
            for spelled in _shortened(token.stem):
                near = self._nearly.get(spelled)
                if near is not None and _is_typo(token.stem, near[0]):
                    found.append(Match(index, index + 1, near[1]))
                    break
        return found


def _is_typo(said: str, meant: str) -> bool:
    """Whether a word is another with a slip; what only ends otherwise is a word of its own."""
    ends = said != meant and (said.startswith(meant) or meant.startswith(said))
    return abs(len(said) - len(meant)) <= 1 and not ends


@lru_cache(maxsize=4096)
def _shortened(word: str) -> tuple[str, ...]:
    return (word, *dict.fromkeys(word[:i] + word[i + 1 :] for i in range(len(word))))


def _follows(spoken: Spoken, index: int, words: tuple[str, ...]) -> int | None:
    """Where a phrase that begins at a token ends; a hyphen between its words does not count."""
    at = index
    for position, word in enumerate(words):
        if position and spoken.word(at) == "-" and spoken.glued(at) and spoken.glued(at + 1):
            at += 1
        if at >= len(spoken.tokens) or spoken.tokens[at].stem != word:
            return None
        at += 1
    return at
