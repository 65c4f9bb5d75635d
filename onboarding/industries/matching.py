"""Which industry somebody speaks of, in their own words.

No word counts twice: of several ways to read a place, the longest known name wins. What stands after "for" or
"para", or after "helping" in the middle of a sentence, is whom a company serves, and counts half; what is denied
counts nothing.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from onboarding.industries.catalogue import INDUSTRIES, OTHER, Term, misspelt, official, terms, without_one
from onboarding.industries.entries import Industry
from onboarding.industries.words import STOP_WORDS, fold, folded_words, stem

MOST_LETTERS = 600
"""Of a text this much is read."""

SURE = 0.55
"""From this confidence on, and well before the next one, an industry counts as named."""

GUESSES = 4
"""So many are offered where it is not clear which is meant."""

_SERVED = {"for", "para"}
_HELPED = {"help", "helps", "helping", "serving", "serves", "ayuda", "ayudan", "ayudamos", "ayudando"}
_DENIED = {"not", "no", "never", "isn", "aren", "don", "doesn", "nunca", "ni", "without", "sin"}
_TURNS = {"but", "rather", "sino", "pero", "only", "just", "solo", "solamente"}
_SOLD = {"sell", "sells", "selling", "resell", "vendemos", "vendo", "vende", "venden", "vendiendo"}
_MADE = {
    *("make", "makes", "making", "build", "builds", "produce", "produces", "bake", "bakes", "manufacture", "own"),
    *("hacemos", "hago", "fabricamos", "fabrica", "fabrico", "producimos", "elaboramos", "propia", "propios"),
}
_GOODS = {"A", "C"}
"""Sections of what is grown and made: who only sells it is in trade."""
_TRADE = "retail_trade"
_MARKS = re.compile(r"[,:()/]|[.;!?\n]")
_NONE_OF_THEM = {
    *("other", "others", "another", "other industry", "something else", "none", "none of these", "none of them"),
    *("none fits", "none of them fits", "none of these fits", "another one", "not listed", "ninguna encaja"),
    *("ninguno de esos", "ninguno de estos", "ninguno encaja", "ninguna de esas"),
    *("otra", "otro", "otros", "otras", "otra industria", "otra cosa", "ninguna", "ninguna de estas", "ninguno"),
}


class _Word(Struct, frozen=True):
    """A word that tells something, or a mark."""

    text: str
    stem: str


_FOR, _PAUSE, _END = (_Word(mark, mark) for mark in ("<for>", "<,>", "<.>"))
"""Marks between words, where the meaning of what follows changes."""


class _Heard(Struct, frozen=True):
    """An industry that was named, how sure that is, and how many words it took."""

    key: str
    quality: float
    words: float


def match(text: str, locale: str = "en", limit: int = 4) -> list[tuple[Industry, float]]:
    """The industries that a text speaks of, best first, each with a confidence above 0 and up to 1.

    Args:
        text: a word, a name or a description, in English or Spanish; the first 600 letters are read.
        locale: of two equal readings, the one in this language is surer.
        limit: at most so many.
    """
    read = text[:MOST_LETTERS]
    if exact := _named(fold(read)):
        return [(exact, 1.0)]
    words = list(_words(read))
    heard, known = _heard(words, locale)
    said = set(folded_words(read))
    if said & _SOLD and not said & _MADE:
        heard = [each for goods in heard for each in _sold(goods)]
    unknown = sum(word not in (_FOR, _PAUSE, _END) for word in words) - known
    keys = {each.key: None for each in heard}
    found = [(INDUSTRIES[key], _confidence(key, heard, unknown)) for key in keys]
    # Of two equals, the one that was named first.
    return sorted(found, key=lambda each: -each[1])[:limit]


def hear_industry(text: str, locale: str) -> str | None:
    """The key of the industry that a person names; `other` when they say none fits, None when it is not clear."""
    if fold(text[:MOST_LETTERS]) in _NONE_OF_THEM:
        return OTHER
    found = match(text, locale, limit=2)
    if not found or found[0][1] < SURE:
        return None
    if len(found) > 1 and found[0][1] < 1.5 * found[1][1]:
        return None
    return found[0][0].key


def guess_industry(text: str, locale: str) -> tuple[str, ...]:
    """The keys of what a person may mean, best first, and `other`; none when nothing comes near."""
    keys = [industry.key for industry, _ in match(text, locale, limit=GUESSES)]
    if not keys and set(folded_words(text[:MOST_LETTERS])) & _SOLD:
        keys = [_TRADE, "wholesale_trade"]
    return (*keys, OTHER) if keys else ()


def _named(text: str) -> Industry | None:
    """By its key, its code with or without the letter, or its official name, folded."""
    return official().get(text)


def _words(text: str) -> Iterator[_Word]:
    start = 0
    for mark in _MARKS.finditer(text):
        yield from _telling(text[start : mark.start()])
        yield _PAUSE if mark[0] in ",:()/" else _END
        start = mark.end()
    yield from _telling(text[start:])


def _telling(text: str) -> Iterator[_Word]:
    for word in folded_words(text):
        if word in _SERVED:
            yield _FOR
        elif word in _TURNS:
            yield _PAUSE
        elif word not in STOP_WORDS:
            yield _Word(word, stem(word))


def _heard(words: list[_Word], locale: str) -> tuple[list[_Heard], int]:
    """What is named, and how many words that took."""
    heard: list[_Heard] = []
    served = denied = False
    at = known = 0
    while at < len(words):
        found, length, quality = _longest(words, at)
        if found:
            quality *= 0.5 if served else 1.0
            known += length
            for key, own in {} if denied else _owners(found, locale).items():
                heard.append(_Heard(key, quality * own, length * quality))
            at = _after(words, at, length)
            continue
        word = words[at]
        served = word == _FOR or (word.text in _HELPED and bool(heard)) or (served and word != _END)
        denied = word.text in _DENIED or (denied and word not in (_PAUSE, _END))
        at += 1
    return heard, known


def _sold(heard: _Heard) -> Iterator[_Heard]:
    """Goods that somebody sells and does not make: they are in trade, and less surely in making them."""
    if INDUSTRIES[heard.key].section in _GOODS:
        yield replace(heard, key=_TRADE)
        yield replace(heard, quality=heard.quality / 2, words=heard.words / 4)
    else:
        yield heard


def _longest(words: list[_Word], at: int) -> tuple[list[Term], int, float]:
    """The longest names that begin at a word, how many words they take, and how sure it is that they are meant."""
    said = _until_pause(words, at)
    if not said:
        return [], 0, 0.0
    stems = [word.stem for word in said]
    for read, quality in ((stems, 1.0), ([_nearest(each) for each in stems], 0.75)):
        fitting = [term for term in terms().get(read[0], ()) if tuple(read[: len(term.stems)]) == term.stems]
        if fitting:
            length = len(fitting[0].stems)
            longest = [term for term in fitting if len(term.stems) == length]
            spelt = tuple(word.text for word in said[:length])
            exact = [term for term in longest if spelt in term.spelt]
            is_all = length == len(said) == len(words)
            return exact or longest, length, quality * (1.0 if is_all else 0.95 if length > 1 else 0.85)
    return [], 0, 0.0


def _until_pause(words: list[_Word], at: int) -> list[_Word]:
    """The next words up to a pause, "for" left out; none when it is a mark that stands here."""
    said: list[_Word] = []
    for word in words[at : at + 12]:
        if word in (_PAUSE, _END) or (word == _FOR and not said):
            break
        if word != _FOR:
            said.append(word)
    return said


def _after(words: list[_Word], at: int, length: int) -> int:
    """Where it goes on after so many words."""
    while length:
        length -= words[at] != _FOR
        at += 1
    return at


def _nearest(word: str) -> str:
    """The known stem with one letter more, less or another; the word itself when there is none."""
    if word in terms() or len(word) < 6:
        return word
    known = misspelt()
    return next((known[each] for each in (word, *without_one(word)) if each in known), word)


def _owners(found: Sequence[Term], locale: str) -> dict[str, float]:
    """By industry, how much of the names is its own; less in the other language."""
    shares: dict[str, float] = {}
    several = len({term.industry for term in found})
    for term in found:
        share = (1.0 if term.locale == locale else 0.95) / several
        shares[term.industry] = max(share, shares.get(term.industry, 0.0))
    return shares


def _confidence(key: str, heard: list[_Heard], unknown: int) -> float:
    """How sure the best mention is, less for what else is spoken of, a little less for unknown words."""
    own = [each for each in heard if each.key == key]
    words = sum(each.words for each in own)
    others = sum(each.words for each in heard) - words
    share = words / (words + others + 0.15 * unknown)
    return round(max(each.quality for each in own) * (0.4 + 0.6 * share), 3)
