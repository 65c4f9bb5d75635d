"""An order out of the rows of a mail, by rules."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from msgspec import Struct

from onboarding.currencies import Locale
from onboarding.items import PLACES, PRICE_AT_MOST
from onboarding.order_mails.believing import Believed, believed
from onboarding.order_mails.candidates import candidates_of
from onboarding.order_mails.dates import dates_in
from onboarding.order_mails.kinds import Kind, kind_of
from onboarding.order_mails.labels import DATE, DATED, PLAIN_DATE, beside
from onboarding.order_mails.money import Money, Notation, codes_in, moneys, notation_of
from onboarding.order_mails.numbers import number_of
from onboarding.order_mails.rows import Row
from onboarding.order_mails.totals import said_total, sums_of, told_by
from onboarding.orders import LINES_AT_MOST, Line

EARLIEST = date(1995, 1, 1)
AHEAD = timedelta(days=2)
"""A mail may be dated so far behind its receipt: clocks and zones differ."""

_OPENING_ROWS = 40
_DATE_CHARACTERS = 120
_STATED = 500
"""Places where a mail may state its day, of which no more are looked at."""


class Mail(Struct, frozen=True, kw_only=True):
    """A mail as rules see it: `sent_on` is its own date, if that is one; `rows` are of one of its texts."""

    subject: str
    sent_on: date | None
    received: datetime
    locale: Locale
    rows: tuple[Row, ...]


class Reading(Struct, frozen=True, kw_only=True):
    """What was read.

    `dated` says that the mail states a day of its own, `proved` that the lines make up the total.
    """

    kind: Kind
    number: str | None = None
    ordered_on: date | None = None
    dated: bool = False
    total: Decimal | None = None
    currency: str | None = None
    lines: tuple[Line, ...] = ()
    proved: bool = False

    @property
    def is_order(self) -> bool:
        """Whether it says that it is an order, and shows one; what only speaks of an order must show all of it."""
        if self.kind == "mentioned":
            return self.number is not None and self.total is not None and self.proved
        return self.kind == "order" and (self.number is not None or (self.total is not None and bool(self.lines)))


def read(mail: Mail) -> Reading:
    """What the mail tells of an order. Pure, and linear in the mail's size."""
    rows = mail.rows
    kind = kind_of(mail.subject, "\n".join(row.text for row in rows[:_OPENING_ROWS]))
    if kind == "other":
        return Reading(kind=kind)
    notation = notation_of((row.text for row in rows), mail.locale)
    told = told_by(rows, notation)
    sums = sums_of(told)
    taken = frozenset(each.place for each in told)
    end = next(
        (each.place for each in reversed(told) if sums.total and each.money.amount == sums.total.amount), len(rows)
    )
    lines = believed(candidates_of(rows, taken, notation), sums, end)
    total = sums.total or said_total(rows, notation)
    currency = _currency(rows, total, notation)
    days = _stated_days(mail, currency)
    return Reading(
        kind=kind,
        number=number_of(mail.subject, rows),
        ordered_on=_ordered_on(mail, days),
        dated=bool(days),
        total=total.amount if total else None,
        currency=currency,
        lines=_lines(lines),
        proved=lines.proved,
    )


def plausible(day: date, received: datetime) -> bool:
    """Whether an order of this day can have been told of by then."""
    return EARLIEST <= day <= received.date() + AHEAD


def _currency(rows: Sequence[Row], total: Money | None, notation: Notation) -> str | None:
    """That of the total, else the only one in the mail, by sign or by code."""
    if total and (code := notation.currency(total.sign)):
        return code
    signs = {money.sign for row in rows for money in moneys(row.text, notation) if money.sign}
    codes = {code for sign in signs if (code := notation.currency(sign))}
    codes = codes or {code for row in rows for code in codes_in(row.text)}
    return next(iter(codes)) if len(codes) == 1 else None


def _ordered_on(mail: Mail, days: Sequence[date]) -> date | None:
    """The day that the mail states, else its own; None where what it states could be two days."""
    if len(days) == 1:
        return days[0]
    return mail.sent_on if not days or mail.sent_on in days else None


def _stated_days(mail: Mail, currency: str | None) -> list[date]:
    """What the mail states may mean; nothing where it states no day that can be."""
    locale = _placed(mail.locale, currency)
    for text in islice(_stated(mail), _STATED):
        if days := [day for day in dates_in(text[:_DATE_CHARACTERS], locale) if plausible(day, mail.received)]:
            return days
    return []


def _stated(mail: Mail) -> Iterator[str]:
    yield from beside(mail.rows, DATE)
    for text in (mail.subject, *(row.text for row in mail.rows[:_OPENING_ROWS])):
        for match in DATED.finditer(text):
            yield text[match.end() : match.end() + _DATE_CHARACTERS]
    for row in mail.rows[:_OPENING_ROWS]:
        for place, cell in enumerate(row.cells):
            for line in cell.split("\n"):
                if match := PLAIN_DATE.match(line):
                    yield line[match.end() :]
                    yield from row.cells[place + 1 : place + 2]


_COUNTRY = {"GBP": "GB", "AUD": "AU", "NZD": "NZ", "INR": "IN", "ZAR": "ZA", "EUR": "IE"}


def _placed(locale: Locale, currency: str | None) -> Locale:
    """The locale with the country that a currency tells, which counts where English leaves it open."""
    if locale.country or not currency:
        return locale
    country = "US" if currency == "USD" and locale.language == "en" else _COUNTRY.get(currency)
    return Locale(language=locale.language, country=country)


def _lines(found: Believed) -> tuple[Line, ...]:
    return tuple(
        Line(
            ref=str(place),
            name=line.name,
            sku=line.sku,
            quantity=_storable(line.quantity),
            unit_price=_storable(line.unit_price),
            amount=_storable(line.amount),
        )
        for place, line in enumerate(found.lines[:LINES_AT_MOST], 1)
    )


def _storable(value: Decimal | None) -> Decimal | None:
    """The number, if it is one that orders have: at most six decimals."""
    return value if value is None or (value < PRICE_AT_MOST and value == value.quantize(PLACES)) else None
