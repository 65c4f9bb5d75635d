"""Times of day as people write them, in 12 or 24 hours: 7am, 19h30, "half past seven", "las 8 y media de la
tarde".

>>> from onboarding.scripted.text import listen
>>> clock_at(listen("7:30 pm"), 0).at((6, 18))
'19:30'
>>> clock_at(listen("8"), 0).at((17, 24))
'20:00'
"""

from typing import NamedTuple

from onboarding.scripted.numbers import number_at
from onboarding.scripted.text import Match, Phrases, Spoken
from onboarding.scripted.words import listed

DAYTIME = (6, 18)
"""What is meant without morning or evening where nothing else is known: from 6 to before 18."""

AT = listed(
    "at, @, around, about, from, by, a las, a la, las, la, sobre las, hacia las, desde las, til, until, to, "
    "hasta las, between, entre las, after, before, at about, at around, de, cerca de las, ~, alrededor de "
    "las, opens, closes"
)
_PARTS = Phrases(
    {
        "am": "am", "a m": "am", "a . m .": "am", "a . m": "am", "pm": "pm", "p m": "pm", "p . m .": "pm",
        "p . m": "pm",
        "in the morning": "am", "morning": "am", "de la manana": "am", "por la manana": "am",
        "de la madrugada": "am",
        "after work": "pm", "before work": "am", "after school": "pm", "first thing": "am",
        "despues del trabajo": "pm", "al salir del trabajo": "pm",
        "antes del trabajo": "am", "antes de trabajar": "am",
        "in the afternoon": "pm", "afternoon": "pm", "in the evening": "pm", "evening": "pm", "tonight": "pm",
        "de la tarde": "pm", "por la tarde": "pm", "de la noche": "night", "por la noche": "night",
        "at night": "night",
        "night": "night", "del mediodia": "pm", "en la manana": "am", "en la tarde": "pm", "en la noche": "night",
        "del dia": "am",
    }.items()
)  # fmt: skip
_NAMED = Phrases({
    "noon": 12, "midday": 12, "mid day": 12, "mediodia": 12, "el mediodia": 12, "midnight": 0, "medianoche": 0,
    "al mediodia": 12,
}.items())  # fmt: skip
_OCLOCK = listed("oclock", "o clock", "en punto", "h", "hs", "hr", "hrs", "hours", "hour", "horas", "sharp", "ish")
_MINUTES = {"quarter": 15, "half": 30, "cuarto": 15, "media": 30, "y": 0}


class Clock(NamedTuple):
    """A time between two tokens. `part` is morning, evening or night where it is said; `plain` means that a bare
    number is all there is; `clear` that it was written in 24 hours.
    """

    start: int
    end: int
    hour: int
    minute: int
    part: str = ""
    plain: bool = False
    clear: bool = False

    @property
    def real(self) -> bool:
        """Whether a clock can show it."""
        return self.hour <= 23 and self.minute <= 59 and not (self.part and self.hour > 12 and self.part == "am")

    def at(self, window: tuple[int, int], part: str = "") -> str:
        """`HH:MM`, in the window of hours where it may be morning or evening."""
        return f"{self._hour(window, self.part or part):02d}:{self.minute:02d}"

    def _hour(self, window: tuple[int, int], part: str) -> int:
        hour = self.hour
        if hour > 12 or hour == 0:
            return hour
        if part == "am":
            return hour % 12
        if part == "pm":
            return hour % 12 + 12
        if part == "night":
            return (hour % 12 + 12) % 24 if hour >= 6 and hour != 12 else hour % 12
        if self.clear:
            return hour
        for candidate in (hour % 12, hour % 12 + 12) if hour != 12 else (12, 0):
            if window[0] <= candidate < window[1]:
                return candidate
        return hour


def day_part(spoken: Spoken, start: int, end: int) -> str:
    """Morning, evening or night, where one is named between two tokens."""
    found = _PARTS.find(spoken, start, end)
    return found[0].meaning if found else ""


def day_parts(spoken: Spoken, start: int, end: int) -> list[Match[str]]:
    """Where a part of the day is named between two tokens."""
    return _PARTS.find(spoken, start, end)


def clock_at(spoken: Spoken, index: int) -> Clock | None:
    """The time that begins at a token."""
    if index >= len(spoken.tokens):
        return None
    named = _NAMED.at(spoken, index)
    if named is not None:
        return Clock(index, named.end, named.meaning, 0, clear=True)
    return _past_or_to(spoken, index) or _hour_first(spoken, index)


def _past_or_to(spoken: Spoken, index: int) -> Clock | None:
    """Half past seven, quarter to eight, ten past 7."""
    word = spoken.word(index)
    at, minutes = index + 1, float(_MINUTES.get(word, 0))
    if word in {"a", "an"} and spoken.word(index + 1) == "quarter":
        at, minutes = index + 2, 15.0
    elif word not in {"half", "quarter"}:
        number = number_at(spoken, index)
        if number is None or number.weak:
            return None
        at, minutes = number.end, max(number.values)
        at += spoken.word(at) in {"minutes", "min"}
    sign = spoken.word(at)
    hour = number_at(spoken, at + 1) if sign in {"past", "to", "after", "before"} else None
    if hour is None or not 1 <= hour.values[0] <= 12 or not 1 <= minutes <= 59:
        return None
    # "8 to 17" is a stretch of the day, "ten to eight" a time: minutes before an hour come in fives, and in words.
    if word not in _MINUTES and word != "a" and sign != "past" and (word.isdigit() or minutes % 5):
        return None
    end, part = _part(spoken, hour.end)
    whole = int(hour.values[0])
    if sign in {"past", "after"}:
        return Clock(index, end, whole, int(minutes), part)
    return Clock(index, end, whole - 1 or 12, 60 - int(minutes), part)


def _hour_first(spoken: Spoken, index: int) -> Clock | None:
    first = spoken.word(index)
    minute, clear, plain = 0, False, False
    if first.isdigit():
        if len(first) > 4:
            return None
        hour, end = int(first), index + 1
        clear = len(first) == 2 and first[0] == "0"
        if len(first) == 4:
            hour, minute, clear = int(first[:2]), int(first[2:]), True
            plain = _OCLOCK.at(spoken, end) is None if end < len(spoken.tokens) else True
        elif len(first) == 3:
            return None
    else:
        number = number_at(spoken, index)
        if number is None or not number.values[0].is_integer() or not 1 <= number.values[0] <= 24:
            return None
        if number.weak and first not in {"one", "una"}:
            return None
        hour, end = int(number.values[0]), number.end
    if _is_minutes(spoken, end):
        minute, end = int(spoken.word(end + 1)), end + 2
        end += spoken.word(end) in {"h", "hs", "hrs"}
        if spoken.word(end) == ":" and spoken.glued(end) and spoken.word(end + 1).isdigit():
            end += 2
        end, part = _part(spoken, end)
        return Clock(index, end, hour, minute, part, clear=clear)
    end, more = _spanish_minutes(spoken, end)
    oclock = _OCLOCK.at(spoken, end) if end < len(spoken.tokens) else None
    if oclock is not None:
        end = oclock.end
    end, part = _part(spoken, end)
    if more < 0:
        hour, minute = (hour - 1 or 12), 60 + more
    elif more:
        minute = more
    plain = plain or not (part or more or oclock or (first.isdigit() and len(first) == 4 and not plain))
    return Clock(index, end, hour, minute, part, plain=plain, clear=clear)


def _is_minutes(spoken: Spoken, end: int) -> bool:
    """Whether `:30`, `.30` or `h30` follows; `.5` does not count, that is a fraction."""
    minutes = spoken.word(end + 1)
    glued = spoken.glued(end) and spoken.glued(end + 1)
    return spoken.word(end) in {":", ".", "h"} and glued and minutes.isdigit() and len(minutes) == 2


def _spanish_minutes(spoken: Spoken, end: int) -> tuple[int, int]:
    """Y media, y cuarto, menos diez; and seven thirty."""
    sign, word = spoken.word(end), spoken.word(end + 1)
    if sign in {"y", "menos"} and word in {"media", "cuarto"}:
        return end + 2, (1 if sign == "y" else -1) * _MINUTES[word]
    if sign == "menos":
        number = number_at(spoken, end + 1)
        if number is not None and number.values[0] in {5, 10, 20, 25}:
            return number.end, -int(number.values[0])
    if sign == "y":
        number = number_at(spoken, end + 1)
        named = number is not None and not spoken.word(end + 1).isdigit()
        if number is not None and named and number.values[0] in {10, 20, 25, 35, 40, 45, 50, 55}:
            return number.end, int(number.values[0])
    if sign in {"thirty", "fifteen", "forty", "treinta", "quince"}:
        number = number_at(spoken, end)
        if number is not None and number.values[0] < 60:
            return number.end, int(number.values[0])
    return end, 0


def _part(spoken: Spoken, end: int) -> tuple[int, str]:
    found = _PARTS.at(spoken, end) if end < len(spoken.tokens) else None
    return (found.end, found.meaning) if found else (end, "")
