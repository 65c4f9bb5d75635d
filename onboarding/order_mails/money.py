"""Amounts of money in texts, by how numbers are written where the mail is from."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from onboarding.currencies import CODES, WRITTEN, Locale, code_of
from onboarding.imports import Mark
from onboarding.imports.amounts import mark_proved, read_amount

_SIGN = "|".join(
    re.escape(sign) if not sign[-1].isalpha() else re.escape(sign) + r"(?![^\W\d_])"
    for sign in sorted(set(WRITTEN), key=len, reverse=True)
)
_INDIAN = r"\d{1,2}(?:,\d\d){1,4},\d{3}(?:\.\d{1,2})?(?!\d)"
_PLAIN = r"\d{1,12}(?:[.,]\d{1,4}(?!\d))?"


def _pattern(groups: str) -> re.Pattern[str]:
    grouped = rf"\d{{1,3}}(?:[{groups}]\d{{3}}(?!\d)){{1,4}}(?:[.,]\d{{1,3}}(?!\d))?"
    return re.compile(
        rf"(?:(?<![^\W\d_])(?P<before>{_SIGN})(?P<inner>\s?-)?\s?)?"
        rf"(?<![\d.,])(?P<number>{_INDIAN}|{grouped}|"
        rf"{_PLAIN})(?![.,]?\d)(?:[.,]?[-\u2013\u2014]{{1,2}}(?![\d\w]))?"
        rf"(?:\s?(?P<after>{_SIGN}))?"
    )


_MONEY, _SPACED = _pattern(".,'"), _pattern(".,' ")
_TWO_DECIMALS = re.compile(r"[.,]\d\d$")
_NAMED = re.compile(
    r"(?:[(\[]|\b(?i:total|totale|amount|preis|price|prices? (?:are )?in|in|currency:?|währung:?|devise\s?:?|"
    r"moneda:?|valuta:?))\s?"
    r"([A-Z]{3})\b",
)
_AT_MOST = Decimal(10**9)
_SPACES = frozenset(["fr", "pl", "sv", "nb", "no", "fi", "cs", "hu", "ru", "uk"])
"""Languages that group digits by spaces; in others a number before an amount says how many."""

_COMMA = frozenset(["de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "no", "fi", "cs"])


class Money(Struct, frozen=True, kw_only=True):
    """An amount as it stands in a text, from `start` to `end`. Without a sign beside it, `sign` is None."""

    amount: Decimal
    sign: str | None
    start: int
    end: int


class Notation(Struct, frozen=True, kw_only=True):
    """How a mail writes numbers and means signs."""

    mark: Mark | None
    locale: Locale

    def currency(self, sign: str | None) -> str | None:
        """The code that a sign stands for here."""
        return code_of(sign, self.locale)


def notation_of(texts: Iterable[str], locale: Locale) -> Notation:
    """The notation of a mail: the mark that most of its amounts prove, else that of its language."""
    proved = Counter[Mark]()
    for text in texts:
        proved.update(
            mark for match in _matches(text, locale) if _is_money(match) and (mark := mark_proved(match["number"]))
        )
    if proved:
        return Notation(mark=proved.most_common(1)[0][0], locale=locale)
    return Notation(
        mark="," if locale.language in _COMMA else "." if locale.language == "en" else None, locale=locale
    )


def moneys(text: str, notation: Notation) -> list[Money]:
    """The amounts in a text: numbers with a currency beside them, and such as have two decimals.

    >>> [str(each.amount) for each in moneys("2 x Mug  9,90 EUR  19,80", Notation(mark=",", locale=Locale()))]
    ['9.90', '19.80']
    """
    found: list[Money] = []
    for match in _matches(text, notation.locale):
        amount = read_amount(match["number"], notation.mark) if _is_money(match) else None
        if amount is None or amount >= _AT_MOST:
            continue
        if match["inner"] or _negative(text[: match.start()]):
            amount = -amount
        sign = match["before"] or match["after"]
        found.append(Money(amount=amount, sign=sign, start=match.start(), end=match.end()))
    return found


def codes_in(text: str) -> set[str]:
    """The codes of currencies that a label or a note names: "Total (GBP)", "all prices in EUR".

    >>> codes_in("Amount (EUR)"), codes_in("CUP OF TEA")
    ({'EUR'}, set())
    """
    return {match[1] for match in _NAMED.finditer(text) if match[1] in CODES}


def without(text: str, found: Iterable[Money]) -> str:
    """The text without these amounts."""
    parts, place = list[str](), 0
    for each in found:
        parts.append(text[place : each.start])
        place = each.end
    return " ".join(" ".join([*parts, text[place:]]).split()).strip(" -:=|")


def _matches(text: str, locale: Locale) -> Iterator[re.Match[str]]:
    return (_SPACED if locale.language in _SPACES else _MONEY).finditer(text)


def _negative(before: str) -> bool:
    """Whether what stands before an amount takes it off: a minus right before it, or nothing else."""
    return before.strip() == "-" or (before.endswith("-") and not before[-2:-1].isalnum())


def _is_money(match: re.Match[str]) -> bool:
    after = match.string[match.end() : match.end() + 2].lstrip()
    if after.startswith("%"):
        return False
    return bool(match["before"] or match["after"] or _TWO_DECIMALS.search(match["number"]))
