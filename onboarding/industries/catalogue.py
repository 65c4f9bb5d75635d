"""All industries, and what they are called."""

from collections.abc import Iterator, Mapping
from functools import cache

from msgspec import Struct

from onboarding.industries.entries import Industry
from onboarding.industries.making import MAKING
from onboarding.industries.serving import SERVING
from onboarding.industries.words import fold, stem, telling_words

INDUSTRIES: Mapping[str, Industry] = {industry.key: industry for industry in (*MAKING, *SERVING)}
"""By key, in the order of their codes."""

OTHER = "other"
"""What is stored for an industry that is none of these."""


def known(key: str) -> bool:
    """Whether an industry has this key; `other` is no industry."""
    return key in INDUSTRIES


class Term(Struct, frozen=True, kw_only=True):
    """A way to call an industry in a language: its stems, and how their words are spelt."""

    stems: tuple[str, ...]
    spelt: frozenset[tuple[str, ...]]
    locale: str
    industry: str


@cache
def terms() -> Mapping[str, tuple[Term, ...]]:
    """Every name and synonym by its first stem, longest first.

    What differs in endings only is one term for an industry, and one for each of several industries.
    """
    spelt: dict[tuple[tuple[str, ...], str, str], set[tuple[str, ...]]] = {}
    for industry in INDUSTRIES.values():
        for locale, name in industry.name.items():
            # "Other manufacturing" would be read where somebody says "manufacturing".
            names = () if name.startswith(("Other ", "Otras ")) else (name,)
            for text in (*names, *industry.synonyms[locale]):
                words = telling_words(text)
                spelt.setdefault((tuple(map(stem, words)), locale, industry.key), set()).add(words)
    found: dict[str, list[Term]] = {}
    for (stems, locale, key), words in spelt.items():
        found.setdefault(stems[0], []).append(
            Term(stems=stems, spelt=frozenset(words), locale=locale, industry=key)
        )
    return {first: tuple(sorted(each, key=lambda term: -len(term.stems))) for first, each in found.items()}


@cache
def official() -> Mapping[str, Industry]:
    """By what an industry is officially called: key, code with and without its letter, names; all folded."""
    return {
        fold(called): industry
        for industry in INDUSTRIES.values()
        for called in (industry.key, industry.code, industry.section + industry.code, *industry.name.values())
    }


@cache
def misspelt() -> Mapping[str, str]:
    """For each known stem of five letters or more, what is left of it with one letter missing, or none."""
    whole = sorted({word for each in terms().values() for term in each for word in term.stems if len(word) > 4})
    left: dict[str, str] = {}
    for word in whole:
        for short in without_one(word):
            left.setdefault(short, word)
    return left | {word: word for word in whole}


def without_one(word: str) -> Iterator[str]:
    """A word without each of its letters in turn; the first one is never wrong."""
    return (word[:at] + word[at + 1 :] for at in range(1, len(word)))
