"""The number of an order."""

import re
from collections.abc import Sequence

from onboarding.order_mails.labels import MENTIONED, NUMBER, OURS, beside
from onboarding.order_mails.rows import Row

NUMBER_CHARACTERS = 40
_CODE = re.compile(
    r"(?:(?:is|lautet|ist|est|es|è|número|nummer|numer|number|nr\.?|no\.?|n\.?\s?[°ºo]\.?)\s?)?[:#\s(]{0,4}"
    r"(?P<code>[A-Z0-9](?:[A-Z0-9/_-]|\.(?=[A-Z0-9])){1,38}[A-Z0-9])(?![A-Z0-9])",
    re.IGNORECASE,
)
_SHAPES_OF_OTHER_THINGS = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|\d{1,3}[.,]\d\d")


def number_of(subject: str, rows: Sequence[Row]) -> str | None:
    """The number that the mail calls that of the order; None where it calls two so, and the subject neither."""
    ours = {code for text in beside(rows, OURS) if (code := code_at(text))}
    if len(ours) == 1:
        return next(iter(ours))
    labelled = list(dict.fromkeys(code for text in beside(rows, NUMBER) if (code := code_at(text))))
    named = _mentioned(subject)
    if named and (not labelled or _has(rows, named)):
        return named
    if len(labelled) == 1:
        return labelled[0]
    if labelled:
        return next((code for code in labelled if code in subject), None)
    return next((code for row in rows[:40] if (code := _mentioned(row.text))), None)


def code_at(text: str) -> str | None:
    """The code that a text begins with; something with a digit in it that is no date and no amount.

    >>> code_at("is #A-1001."), code_at("has arrived"), code_at("03.04.2026")
    ('A-1001', None, None)
    """
    match = _CODE.match(text.strip())
    code = match["code"] if match else ""
    if not any(character.isdigit() for character in code) or _SHAPES_OF_OTHER_THINGS.fullmatch(code):
        return None
    return code


def _mentioned(text: str) -> str | None:
    """A number right behind the word for an order, of so many digits that it is no count."""
    for match in (*NUMBER.finditer(text), *MENTIONED.finditer(text)):
        code = code_at(text[match.end() :][:80].strip(" :-"))
        if code and _telling(code) and not _year(code, text, match.end()):
            return code
    return None


def _telling(code: str) -> bool:
    """Whether it is a name rather than a count: some digits, or capitals with one."""
    return sum(character.isdigit() for character in code) >= 3 or (code.isupper() and len(code) >= 3)


def _has(rows: Sequence[Row], code: str) -> bool:
    whole = re.compile(rf"(?<![\w-]){re.escape(code)}(?![\w-])")
    return any(whole.search(row.text) for row in rows)


def _year(code: str, text: str, place: int) -> bool:
    return len(code) == 4 and code.startswith("20") and "#" not in text[place : place + 3]
