"""Numbers as people write them: 2200, 2,200, 2.2k, "two and a half", "dos mil doscientas", "1 1/2".

A point or comma in front of three digits may group thousands or begin a fraction, by the country; both readings
are kept, thousands first, and the field's bounds decide.
"""

from typing import NamedTuple

from onboarding.scripted.text import Spoken

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70,
    "eighty": 80, "ninety": 90, "dozen": 12, "cero": 0, "un": 1, "una": 1, "uno": 1, "dos": 2, "tres": 3,
    "cuatro": 4,
    "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "once": 11, "doce": 12, "trece": 13,
    "catorce": 14,
    "quince": 15, "dieciseis": 16, "diecisiete": 17, "dieciocho": 18, "diecinueve": 19, "veinte": 20,
    "veintiuno": 21,
    "veintiun": 21, "veintidos": 22, "veintitres": 23, "veinticuatro": 24, "veinticinco": 25, "veintiseis": 26,
    "veintisiete": 27, "veintiocho": 28, "veintinueve": 29, "treinta": 30, "cuarenta": 40, "cincuenta": 50,
    "doscientos": 200, "doscientas": 200, "trescientos": 300, "trescientas": 300, "cuatrocientos": 400,
    "cuatrocientas": 400, "quinientos": 500, "quinientas": 500, "seiscientos": 600, "seiscientas": 600,
    "setecientos": 700, "setecientas": 700, "ochocientos": 800, "ochocientas": 800, "novecientos": 900,
    "novecientas": 900, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90, "cien": 100, "ciento": 100,
    "docena": 12,
}  # fmt: skip
_TIMES = {"hundred": 100, "thousand": 1000, "mil": 1000}
_WEAK = {
    "a": 1.0,
    "an": 1.0,
    "un": 1.0,
    "una": 1.0,
    "one": 1.0,
    "uno": 1.0,
    "half": 0.5,
    "medio": 0.5,
    "media": 0.5,
}
_MOST_DIGITS = 12
_MOST_WORDS = 8


class Number(NamedTuple):
    """A number up to a token, in all the ways it can be read.

    Words that are `weak`, like "a", are a number only in front of a unit.
    """

    values: tuple[float, ...]
    end: int
    weak: bool = False
    digits: bool = False


def number_at(spoken: Spoken, index: int) -> Number | None:
    """The number that begins at a token.

    >>> from onboarding.scripted.text import listen
    >>> number_at(listen("2,400"), 0).values
    (2400.0, 2.4)
    >>> number_at(listen("two thousand two hundred"), 0).values
    (2200.0,)
    """
    word = spoken.word(index)
    if word.isdigit():
        return _in_digits(spoken, index)
    if word in {"-", "−", "minus"} and spoken.word(index + 1).isdigit():
        alone = not spoken.glued(index) and (word == "minus" or spoken.glued(index + 1))
        found = _in_digits(spoken, index + 1) if alone else None
        return found and found._replace(values=tuple(-value for value in found.values))
    if word in _TIMES or word in _SMALL or word in _WEAK or word in {"couple", "par"}:
        return _in_words(spoken, index)
    return None


def _in_digits(spoken: Spoken, index: int) -> Number:
    first = spoken.word(index)
    groups, seps, at = [first], "", index + 1
    while (
        spoken.word(at) in {".", ",", "'"}
        and spoken.glued(at)
        and spoken.word(at + 1).isdigit()
        and spoken.glued(at + 1)
        and len(groups) < 5
    ):
        seps += spoken.word(at)
        groups.append(spoken.word(at + 1))
        at += 2
    values = _readings(groups, seps)
    if not values:
        values, at = (_whole(first),), index + 1
    if spoken.word(at) == "k" and spoken.glued(at):
        return Number((values[-1] * 1000,), at + 1, digits=True)
    if spoken.word(at) in {"mil", "thousand"}:
        return Number((values[-1] * 1000,), at + 1, digits=True)
    if at == index + 1:
        fraction = _fraction(spoken, index)
        if fraction is not None:
            return Number((fraction,), index + 3, digits=True)
        rest = _fraction(spoken, at)
        if rest is not None and not spoken.glued(at):
            return Number((values[0] + rest,), at + 3, digits=True)
    return Number(values, at, digits=True)


def _readings(groups: list[str], seps: str) -> tuple[float, ...]:
    """All readings of groups of digits; none where the signs between them make no number."""
    if not seps:
        return (_whole(groups[0]),)
    threes = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3 and groups[0][0] != "0"
    if "'" in seps and not threes:
        return ()
    decimal = float(f"{_whole(''.join(groups[:-1])):.0f}.{groups[-1][:_MOST_DIGITS]}")
    if len(seps) == 1:
        return (_whole("".join(groups)), decimal) if threes else (decimal,)
    if threes and len(set(seps)) == 1:
        return (_whole("".join(groups)),)
    grouped = all(len(group) == 3 for group in groups[1:-1]) and seps[-1] not in seps[:-1]
    return (decimal,) if grouped else ()


def _whole(digits: str) -> float:
    return float(digits) if len(digits) <= _MOST_DIGITS else 10.0**_MOST_DIGITS


def _fraction(spoken: Spoken, index: int) -> float | None:
    """A half, thirds and quarters; "30/40" is none, nor is "1/2/3"."""
    above, sign, below = (spoken.word(index + i) for i in range(3))
    small = above in {"1", "2", "3"} and below in {"2", "3", "4"} and above < below
    if sign not in {"/", "⁄"} or not small or spoken.word(index + 3) == "/":
        return None
    return int(above) / int(below)


def _in_words(spoken: Spoken, index: int) -> Number | None:
    word = spoken.word(index)
    if word in {"couple", "par"}:
        return Number((2.0,), index + (2 if spoken.word(index + 1) in {"of", "de"} else 1))
    if word in {"a", "an"} and spoken.word(index + 1) == "couple":
        return Number((2.0,), index + (3 if spoken.word(index + 2) == "of" else 2))
    if word in {"a", "an", "un"} and spoken.word(index + 1) in {"dozen", "hundred", "thousand", "par"}:
        if spoken.word(index + 1) == "par":
            return Number((2.0,), index + (3 if spoken.word(index + 2) == "de" else 2))
        index += 1
        word = spoken.word(index)
    total, current, at = 0.0, 0.0, index
    while at < index + _MOST_WORDS:
        word = spoken.word(at)
        if word in _SMALL:
            current += _SMALL[word]
        elif word in _TIMES:
            if word == "hundred":
                current = (current or 1) * 100
            else:
                total, current = total + (current or 1) * 1000, 0
        else:
            break
        at += 1
        # "twenty-five", "treinta y cinco", "two hundred and fifty"
        hyphen = spoken.word(at) == "-" and spoken.glued(at) and spoken.glued(at + 1)
        tens = spoken.word(at) in {"y", "-"} and 30 <= current % 100 <= 90 and current % 10 == 0
        hundreds = spoken.word(at) == "and" and word in _TIMES
        following = _SMALL.get(spoken.word(at + 1), 0)
        if (
            (hyphen and 20 <= current <= 90 and 0 < following < 10)
            or (tens and 0 < following < 10)
            or (hundreds and 0 < following < 100)
        ):
            at += 1
        elif not _goes_on(current, spoken.word(at)):
            break
    if at > index + 1 or word not in _WEAK:
        return Number((total + current,), at) if at > index else _weak(spoken, index)
    return _weak(spoken, index)


def _goes_on(current: float, word: str) -> bool:
    """Whether another word of a number belongs to this one: "two hundred fifty" does, "two six" does not."""
    if word in _TIMES:
        return word != "hundred" or 0 < current < 100
    following = _SMALL.get(word)
    if following is None:
        return False
    if current % 1000 == 0 or (current % 100 == 0 and current):
        return following < (100 if current % 1000 else 1000)
    return 20 <= current % 100 <= 90 and current % 10 == 0 and following < 10


def _weak(spoken: Spoken, index: int) -> Number | None:
    """A or one, unless a unit follows, are only words; half is half of something."""
    word = spoken.word(index)
    if word not in _WEAK:
        return None
    end = index + 1
    if word == "half" and spoken.word(end) in {"a", "an"}:
        end += 1
    if word in {"a", "un", "una"} and spoken.word(end) in {"half", "medio", "media"}:
        return Number((0.5,), end + 1, weak=True)
    return Number((_WEAK[word],), end, weak=True)
