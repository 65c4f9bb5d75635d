"""Dates as mails write them; one that could be two days is none, unless the mail's place tells which."""

import re
from datetime import date

from onboarding.currencies import Locale

_MONTHS = (
    "january jan januar jän jänner januari janvier janv enero ene gennaio gen janeiro stycznia styczeń",
    "february feb februar februari février févr fév febrero febbraio fevereiro fev lutego luty",
    "march mar märz mär mrz maart mrt mars marzo março marca marzec",
    "april apr avril avr abril abr aprile kwietnia kwiecień",
    "may mai mei mayo maggio mag maio maj maja",
    "june jun juni juin junio giugno giu junho czerwca czerwiec",
    "july jul juli juillet juil julio luglio lug julho lipca lipiec",
    "august aug augustus augusti août agosto ago sierpnia sierpień",
    "september sep sept septembre septiembre settembre set setembro września wrzesień",
    "october oct oktober okt octobre octubre ottobre ott outubro out października październik",
    "november nov novembre noviembre novembro listopada listopad",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia grudzień",
)
_MONTH = {name: place for place, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAME = "|".join(sorted(map(re.escape, _MONTH), key=len, reverse=True))
_PATTERNS = (
    re.compile(r"(?<!\d)(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d{4})年\s?(?P<m>\d{1,2})月\s?(?P<d>\d{1,2})日"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th|er|º|°)?[\s-](?:de\s|of\s)?(?P<n>{_NAME})\b\.?,?[\s-]"
        r"(?:de\s|del\s)?(?P<y>\d{4})(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?P<n>{_NAME})\b\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})(?!\d)", re.IGNORECASE),
    re.compile(r"(?<![\d.])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d\d)(?!\d)"),
    re.compile(r"(?<![\d/-])(?P<a>\d{1,2})(?P<s>[/-])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4}|\d\d)(?![\d/-])"),
)
_MONTH_FIRST = frozenset({"US", "PH"})
_EITHER = frozenset({"CA"})


def dates_in(text: str, locale: Locale) -> tuple[date, ...]:
    """What the first date in a text may mean: nothing, one day, or two where day and month could be swapped.

    >>> dates_in("on 3 de marzo de 2026", Locale()), dates_in("03/04/26", Locale(language="fr"))
    ((datetime.date(2026, 3, 3),), (datetime.date(2026, 4, 3),))
    >>> len(dates_in("03/04/2026", Locale(language="en"))), dates_in("31/12/2026", Locale(language="en"))
    (2, (datetime.date(2026, 12, 31),))
    """
    matches = [match for pattern in _PATTERNS if (match := pattern.search(text))]
    return _meant(min(matches, key=lambda match: match.start()), locale) if matches else ()


def is_date(text: str) -> bool:
    """Whether a text is a date and nothing else.

    >>> is_date("Mar 3, 2026"), is_date("Mars bar 2026")
    (True, False)
    """
    return any(pattern.fullmatch(text.strip()) for pattern in _PATTERNS)


def _meant(match: re.Match[str], locale: Locale) -> tuple[date, ...]:
    parts = match.groupdict()
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    if "a" not in parts:
        month = _MONTH[parts["n"].lower()] if "n" in parts else int(parts["m"])
        found = [_day(year, month, int(parts["d"]))]
    else:
        one, other = int(parts["a"]), int(parts["b"])
        found = [_day(year, other, one), _day(year, one, other)]
        if (first := _day_first(locale)) is not None:
            found = [found[0] or found[1]] if first else [found[1] or found[0]]
    return tuple(dict.fromkeys(day for day in found if day))


def _day_first(locale: Locale) -> bool | None:
    if locale.country in _MONTH_FIRST:
        return False
    if locale.country in _EITHER:
        return None
    return True if locale.country or locale.language not in ("", "en") else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
