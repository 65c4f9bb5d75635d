"""Codes of goods: what a scanner or a person gives, and the one number that the goods are known by.

Rules: GS1 General Specifications (check digit: section 7.9; application identifiers: 3; UPC-E: 5.2.2.4.2;
symbology identifiers: ISO/IEC 15424), ISO 2108 for ISBN.
"""

import re
from typing import Literal

from msgspec import Struct

CODE_CHARACTERS = 200
"""Of a code as it is given; the longest that a Code 128 of a shop has are far below."""

Kind = Literal["gtin", "other"]

_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_BETWEEN = re.compile(r"[\s-]+")
_LENGTHS = (8, 12, 13, 14)
_FNC1 = "\x1d"
_GS1 = ("]C1", "]e0", "]d2", "]Q3", "]J1")
"""What scanners put in front of an element string."""

_SIZES = {
    "00": 20,
    "02": 16,
    "03": 16,
    "04": 18,
    "20": 4,
    "41": 16,
    **dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 8),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 10),
}
"""Of elements that end without a separator, by how they begin, both together (figure 7.8.5-2)."""


class Code(Struct, frozen=True, kw_only=True):
    """A code that was read. `gtin` has fourteen digits; None for one that names no goods, as a serial number."""

    text: str
    gtin: str | None

    @property
    def key(self) -> str:
        """By which two codes are the same thing."""
        return self.gtin or self.text


def read_code(given: str, symbology: str | None = None) -> Code:
    """What a code says, without what the scanner adds and without what stands beside the number.

    Args:
        given: as it was scanned or typed.
        symbology: how the bars were drawn, where that is known: `upc_e` and `ean_8` both have eight digits.
            Where it is not, those that begin with 0 are a UPC-E if they can be: no goods of the trade have such
            an EAN-8.

    >>> read_code("]E04006381333931").gtin, read_code("036000291452").gtin
    ('04006381333931', '00036000291452')
    >>> read_code("(01)09506000134352(17)261231").gtin, read_code("0-306-40615-2").gtin
    ('09506000134352', '09780306406157')
    >>> read_code("04252614", "upc_e").gtin, read_code("SN-1234").gtin
    ('00042100005264', None)
    """
    text = _AIM.sub("", given.strip()).strip()
    if inside := _of_element_string(text, told=given.strip().startswith(_GS1)):
        return Code(text=inside, gtin=_padded(inside))
    bare = _BETWEEN.sub("", text).upper()
    if _is_isbn10(bare):
        number = "978" + bare[:9]
        return Code(text=bare, gtin="0" + number + check_digit(number))
    short = _expanded(bare) if symbology in (None, "upc_e") else None
    if short and (symbology or bare.startswith("0")):
        return Code(text=bare, gtin=_padded(short))
    if gtin := _padded(bare) or (_padded(short) if short else None):
        return Code(text=bare, gtin=gtin)
    return Code(text=text, gtin=None)


def check_digit(number: str) -> str:
    """The digit that belongs after these: from the right, every second one counts three times.

    >>> check_digit("400638133393")
    '1'
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number)))
    return str(-total % 10)


def _padded(number: str) -> str | None:
    """Fourteen digits, where these are a GTIN with its right check digit; one of nothing but zeros is none."""
    if len(number) not in _LENGTHS or not (number.isascii() and number.isdigit()) or not number.strip("0"):
        return None
    return number.zfill(14) if check_digit(number[:-1]) == number[-1] else None


def _of_element_string(text: str, *, told: bool) -> str | None:
    """The digits after the application identifier 01, of a GS1 element string that has it.

    Other elements are looked behind only where it was `told`, or a separator tells, that it is such a string.
    """
    if match := re.search(r"\(01\)(\d{14})(?!\d)", text):
        return match[1]
    bare = text.lstrip(_FNC1)
    for part in bare.split(_FNC1):
        while size := _SIZES.get(part[:2]) if told or _FNC1 in text else None:
            part = part[size:]
        if len(part) >= 16 and part.startswith("01") and _padded(part[2:16]):
            return part[2:16]
    return None


def _is_isbn10(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{9}[0-9X]", text):
        return False
    values = [10 if char == "X" else int(char) for char in text]
    return sum(value * (10 - place) for place, value in enumerate(values)) % 11 == 0


def _expanded(number: str) -> str | None:
    """The UPC-A that a UPC-E of eight digits is short for; None when it is none."""
    if not re.fullmatch(r"[01][0-9]{7}", number):
        return None
    system, body, check = number[0], number[1:7], number[7]
    last = body[5]
    if last in "012":
        middle = body[:2] + last + "0000" + body[2:5]
    elif last == "3":
        middle = body[:3] + "00000" + body[3:5]
    elif last == "4":
        middle = body[:4] + "00000" + body[4]
    else:
        middle = body[:5] + "0000" + last
    whole = system + middle
    return whole + check if check_digit(whole) == check else None
