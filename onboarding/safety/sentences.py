"""Sentences out of a stream, and an end for a text that is too long. Both decide character by character."""

from collections.abc import Iterator

from onboarding.safety.words import word_set

SENTENCE_AT_MOST = 2000
"""Characters. Nobody's advice is longer; what is, is not looked into but taken for the worst."""

TAIL = 64
"""How many characters wait when a text comes near its limit, so that it can end at a word."""

_ENDS = frozenset(".!?…")
_CLOSERS = frozenset("\"'”’»)*_›")
_SHORT = word_set("e.g. i.e. eg. ie. vs. approx. aprox. ca. dr. dra. mr. mrs. ms. sr. sra. p. ej.")


class Sentences:
    """Sentences with the spaces around them, as soon as each is whole. A line is over where it breaks.

    >>> sentences = Sentences()
    >>> list(sentences.feed("1. Eat, e.g. at 7, today. Then sle")), sentences.end()
    (['1. Eat, e.g. at 7, today. '], 'Then sle')
    """

    def __init__(self) -> None:
        self._chars: list[str] = []
        self._ended = False

    def feed(self, text: str) -> Iterator[str]:
        """The sentences that are whole with these characters; one that is too long lacks its middle."""
        for char in text:
            if len(self._chars) > SENTENCE_AT_MOST:
                self._chars.pop()
            self._chars.append(char)
            if char == "\n" or (self._ended and char.isspace() and not self._goes_on()):
                yield self.end()
            else:
                self._ended = char in _ENDS or (self._ended and char in _CLOSERS)

    def end(self) -> str:
        """What there is of a sentence that has not ended."""
        sentence, self._chars, self._ended = "".join(self._chars), [], False
        return sentence

    def _goes_on(self) -> bool:
        """Whether the stop belongs to an abbreviation, or to the number in front of a line."""
        before = "".join(self._chars[-12:-1]).rpartition(" ")[2].lower().lstrip("(\"'“«")
        return before in _SHORT or (len(self._chars) < 8 and before[:-1].isdigit() and before.endswith("."))


class Limit:
    """At most so many characters, the last of them an ellipsis when some are missing."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("a text needs room for a character")
        self._tail_at_most = min(TAIL, limit)
        self._free = limit - self._tail_at_most
        self._tail = ""
        self._over = False

    def feed(self, text: str) -> str:
        """What has room for sure."""
        if self._over:
            return ""
        out, rest = text[: self._free], text[self._free :]
        self._free -= len(out)
        self._tail += rest[: self._tail_at_most + 1]
        if len(self._tail) <= self._tail_at_most:
            return out
        self._over = True
        cut = self._tail[: self._tail_at_most]
        words = cut.rsplit(None, 1)
        return out + (words[0] if len(words) > 1 else cut[:-1]).rstrip() + "…"

    def end(self) -> str:
        """The rest."""
        return "" if self._over else self._tail
