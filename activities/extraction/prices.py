"""Prices as shops write them, "1.299,00 €" and "CHF 1'299.-", and as they tell them to machines."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from msgspec import Struct
from price_parser import Price

from onboarding.currencies import THREE_DECIMALS, WRITTEN, Locale, code_of
from onboarding.items import PRICE_AT_MOST

_TEXT_AT_MOST = 200
_CENT = Decimal("0.01")
_SIGN = "|".join(
    re.escape(sign) if not sign[-1].isalpha() else re.escape(sign) + r"(?![^\W\d_])"
    for sign in sorted(set(WRITTEN), key=len, reverse=True)
)
_GROUP = r"(?:[.,'](?=\d)|\s(?=\d{3}(?!\d)))"
_PRICE = re.compile(
    rf"(?:(?<![^\W\d_])(?P<before>{_SIGN})\s?)?"
    rf"(?<![\d.,])(?P<number>\d{{1,12}}(?:{_GROUP}\d{{1,12}}){{0,5}}(?:(?P<within>€)\d\d(?!\d))?)"
    rf"(?!\d|\s?%)(?:[.,:]?\s?[-–—]{{1,2}}(?!\s?\d))?(?:\s?(?P<after>{_SIGN}))?",
)
_RANGE = re.compile(r"\s*(?:[-–—~]|to|bis|à|a|al|até|till|do)\s*", re.IGNORECASE)
_DONE = re.compile(r"[^€]*[.,]\d{1,2}€")
_MACHINE = re.compile(r"\d{1,15}(?:\.\d{1,20})?")


class Money(Struct, frozen=True, kw_only=True):
    """An amount, and its currency where that is known."""

    amount: Decimal
    currency: str | None = None


def read_price(text: str, locale: Locale) -> Money | None:
    """The price in a text; of a range the lower one. A number without a currency is one only if it stands alone.

    >>> read_price("ab 1.299,00 €*", Locale())
    Money(amount=Decimal('1299.00'), currency='EUR')
    >>> read_price("CHF 1'299.-", Locale()).amount, read_price("1 299:-", Locale()).amount
    (Decimal('1299'), Decimal('1299'))
    >>> read_price("12 Stück", Locale()), read_price("20 %", Locale())
    (None, None)
    """
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text[:_TEXT_AT_MOST])).replace("’", "'").strip()
    text = re.sub(r"(?<=\d):(?=\d\d(?!\d))", ",", text)
    matches = list(_PRICE.finditer(text))
    signed = [match for match in matches if match["before"] or match["after"] or match["within"]]
    if signed:
        return _chosen(signed, matches, text, locale)
    alone = [match for match in matches if not re.search(r"[^\W\d_]", text.replace(match[0], "", 1))]
    return _money(alone[0], locale) if len(alone) == 1 and len(matches) == 1 else None


def read_amount(value: object, currency: str | None, locale: Locale) -> Money | None:
    """A price that is told to machines: a number, or a text that should be one with a decimal point.

    >>> read_amount("1299.00", "EUR", Locale()).amount, read_amount(19.989999771118164, "USD", Locale()).amount
    (Decimal('1299.00'), Decimal('19.99'))
    >>> read_amount("1.299,00 €", None, Locale()).amount, read_amount("1.299", "EUR", Locale(language="de")).amount
    (Decimal('1299.00'), Decimal('1299'))
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = str(value)[:_TEXT_AT_MOST].strip()
    grouped = re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text) and isinstance(value, str)
    if _MACHINE.fullmatch(text) and not (grouped and currency not in THREE_DECIMALS):
        return _bounded(Decimal(text), currency)
    found = read_price(text, locale)
    return _bounded(found.amount, currency or found.currency) if found else None


def signs_in(text: str) -> list[str]:
    """The signs of currencies that stand beside numbers, those too that stand for several."""
    return [
        sign for match in _PRICE.finditer(text) if (sign := match["before"] or match["after"] or match["within"])
    ]


def _chosen(signed: list[re.Match[str]], matches: list[re.Match[str]], text: str, locale: Locale) -> Money | None:
    first = signed[0]
    place = matches.index(first)
    if place and _RANGE.fullmatch(text[matches[place - 1].end() : first.start()]):
        low = _money(matches[place - 1], locale)
        high = _money(first, locale)
        if low and high:
            return Money(amount=min(low.amount, high.amount), currency=high.currency)
    return _money(first, locale)


def _money(match: re.Match[str], locale: Locale) -> Money | None:
    sign = match["before"] or match["after"] or match["within"]
    number = match["number"]
    if _DONE.match(number):
        # "34.99€34,99€" is one price said twice, "35€99" is one with the sign for a point.
        number = number.split("€")[0]
    amount = Price.fromstring(number).amount
    return None if amount is None else _bounded(amount, code_of(sign, locale) if sign else None)


def _bounded(amount: Decimal, currency: str | None) -> Money | None:
    """The amount, where it is one that something may cost; what a computer counted beyond cents is rounded."""
    try:
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -4:
            amount = amount.quantize(_CENT)
    except InvalidOperation:
        return None
    return Money(amount=amount, currency=currency) if 0 < amount <= PRICE_AT_MOST else None
