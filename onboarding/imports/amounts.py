"""Numbers as people write them: `1.299,00`, `1,299.00`, `1 299`, `12,50 €`."""

import re
from decimal import Decimal

from onboarding.imports import Mark
from onboarding.imports.currencies import CURRENCIES, SYMBOLS

_DASHES = re.compile(r"[.,][-\u2013\u2014]+$")
_SPACES = re.compile(r"[\s'\u2019]+")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*|[+-]?[.,][0-9]+")
_GROUPS = {",": re.compile(r"[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}"), ".": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+")}
_MONEY = re.compile(r"^(?P<before>[^0-9+.,-]*)(?P<number>[-+]?.*?)(?P<after>[^0-9.,-]*)$", re.DOTALL)
_PLAIN = re.compile(r"[+-]?([0-9]+|[0-9]*\.[0-9]+)")
_DIGITS = 40
_CHARACTERS = 100
"""What is longer is no number; trying to find one in it would take long."""


def read_amount(text: str, mark: Mark | None = None) -> Decimal | None:
    """A number; None when it is none.

    Args:
        text: as it was written; spaces and apostrophes between its digits group them.
        mark: what stands before the fraction in its column, where that is known. It decides what three digits
            after the only mark are; where it is not known they are a group of thousands.

    >>> [str(read_amount(each)) for each in ("1.299,00", "1,299.00", "1.299", "0.125", "12,5", "1 299", "7,-")]
    ['1299.00', '1299.00', '1299', '0.125', '12.5', '1299', '7']
    >>> str(read_amount("1.299", ".")), read_amount("1.2.3"), read_amount("twelve")
    ('1.299', None, None)
    """
    bare = _bare(text)
    if bare is None:
        return None
    fraction = _mark_in(bare) or _single(bare, mark)
    whole, _, rest = bare.partition(fraction) if fraction else (bare, "", "")
    grouping = {",": ".", ".": ","}.get(fraction or "") or ("," if "," in whole else ".")
    if grouping in whole:
        if not _GROUPS[grouping].fullmatch(whole.lstrip("+-")):
            return None
        whole = whole.replace(grouping, "")
    number = f"{whole}.{rest}" if rest else whole
    return Decimal(number) if _PLAIN.fullmatch(number) else None


def mark_proved(text: str) -> Mark | None:
    """What a number shows to stand before fractions where it is written; None when it could be read either way.

    >>> mark_proved("1.299,00"), mark_proved("12.50"), mark_proved("1.299"), mark_proved("1,299,000")
    (',', '.', None, '.')
    """
    bare = _bare(split_money(text)[0])
    return _mark_in(bare) if bare else None


def split_money(text: str) -> tuple[str, str | None]:
    """The number in a price, and its currency where that is told beside it.

    >>> split_money("12,50 \N{EURO SIGN}"), split_money("USD 7"), split_money("7")
    (('12,50', 'EUR'), ('7', 'USD'), ('7', None))
    """
    found = _MONEY.match(text.strip()) if len(text) <= _CHARACTERS else None
    if found is None:
        return text, None
    said = [each.strip() for each in (found["before"], found["after"]) if each.strip()]
    if not said:
        return text.strip(), None
    currency = currency_of(said[0]) if len(said) == 1 else None
    return (found["number"].strip(), currency) if currency else (text.strip(), None)


def currency_of(text: str) -> str | None:
    """The ISO 4217 code that a word or a sign stands for."""
    word = text.strip().upper()
    return word if word in CURRENCIES else SYMBOLS.get(word)


def _bare(text: str) -> str | None:
    if len(text) > _CHARACTERS:
        return None
    text = _DASHES.sub("", _SPACES.sub("", text.strip()))
    return text if len(text) <= _DIGITS and text.isascii() and _NUMBER.fullmatch(text) else None


def _mark_in(bare: str) -> Mark | None:
    """The mark before the fraction, where no other reading makes sense."""
    commas, dots = bare.count(","), bare.count(".")
    if commas and dots:
        return "," if bare.rfind(",") > bare.rfind(".") else "."
    if commas > 1 or dots > 1:
        return "." if commas else ","
    if commas + dots == 0:
        return None
    mark: Mark = "," if commas else "."
    whole, _, rest = bare.lstrip("+-").partition(mark)
    return mark if len(rest) != 3 or not 1 <= len(whole) <= 3 or whole.startswith("0") else None


def _single(bare: str, mark: Mark | None) -> Mark | None:
    return mark if mark and bare.count(mark) == 1 else None
