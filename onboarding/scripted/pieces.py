"""The pieces of a message between commas and joining words."""

from collections.abc import Container, Iterator
from typing import NamedTuple

from onboarding.scripted.text import Spoken
from onboarding.scripted.words import LIST_BREAKS, SENTENCE


class Piece(NamedTuple):
    """Tokens between two breaks; `fresh` when a sentence begins with it."""

    start: int
    end: int
    fresh: bool


def pieces(
    spoken: Spoken, taken: bytearray, breaks: set[str] = LIST_BREAKS, held: Container[int] = ()
) -> Iterator[Piece]:
    """The pieces of a message, without the tokens that mean something already; `held` tokens are no breaks."""
    start, fresh = 0, True
    for index in range(len(spoken.tokens) + 1):
        ends = index == len(spoken.tokens)
        if not ends and not taken[index] and (index in held or not _is_break(spoken, index, breaks)):
            continue
        if start < index:
            yield Piece(start, index, fresh)
            fresh = False
        start = index + 1
        if not ends and not taken[index] and spoken.word(index) in SENTENCE:
            fresh = True


def _is_break(spoken: Spoken, index: int, breaks: set[str]) -> bool:
    word = spoken.word(index)
    if word not in breaks:
        return False
    return word not in {".", ",", "/", ":"} or not (spoken.glued(index + 1) and spoken.word(index + 1).isdigit())
