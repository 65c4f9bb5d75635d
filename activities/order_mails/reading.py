"""A mail to the order that it confirms: its texts, rules, what it tells machines, and a model for the gaps."""

import asyncio
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog
from msgspec import Struct

from activities.ai.models import Models
from activities.extraction.page import Page
from activities.order_mails.asking import TEXT_CHARACTERS, asked, merged
from activities.order_mails.linked import linked
from activities.order_mails.markup import rows_in
from activities.order_mails.merging import together, with_linked
from activities.order_mails.message import Part, Unreadable, parsed, who
from activities.order_mails.pdf import pdf_texts
from activities.order_mails.quoting import bare_subject, forwarded, is_forward, without_quotes
from activities.order_mails.suppliers import supplier_of
from onboarding.access import Caller
from onboarding.currencies import Locale, locale_of
from onboarding.order_mails import Mail, Reading, Row, read, rows_of
from onboarding.order_mails.languages import language_of
from onboarding.order_mails.reading import plausible
from onboarding.orders import EXTERNAL_ID_CHARACTERS, Order

READERS = 2
"""Mails that are read at a time: it is all computing."""

log = structlog.get_logger()
_readers = ThreadPoolExecutor(READERS, "read-mail")


class Understood(Struct, frozen=True, kw_only=True):
    """What rules made of a mail, and its text for whoever reads more out of it."""

    reading: Reading
    supplier: str | None
    text: str
    locale: Locale


async def read_order(
    raw: bytes, *, message_id: str, received: datetime, models: Models | None, caller: Caller
) -> Order | None:
    """The order that a mail confirms; None for a mail that confirms none.

    Args:
        raw: the mail, as it came; nothing of it is kept.
        message_id: its name at the provider, which becomes the order's.
        received: when the provider took it in; an order from later is not believed.
        models: asked for what rules cannot tell surely; None, away or out of budget leaves rules alone.
        caller: whose mail it is, and who pays for the model.

    Raises:
        Unreadable: these bytes are no mail, or one that nobody can read.
        PersonGone: who should pay has been erased.
    """
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_readers, _understood, raw, received)
    if found.reading.kind == "other":
        return None
    said = None
    if models is not None and models.configured and _worth_asking(found.reading):
        said = await asked(models, found.text, found.supplier, caller)
    reading, by_model = merged(found.reading, said, found.text, found.locale, received)
    if not reading.is_order:
        return None
    return Order(
        external_id=message_id[:EXTERNAL_ID_CHARACTERS],
        read_by="model" if by_model else "rules",
        supplier=found.supplier,
        number=reading.number,
        ordered_on=reading.ordered_on,
        total=reading.total,
        currency=reading.currency,
        lines=reading.lines,
    )


def _understood(raw: bytes, received: datetime) -> Understood:
    """The same, but that a mail which breaks a reader is unreadable: it must not hold up those behind it."""
    try:
        return understood(raw, received)
    except Unreadable:
        raise
    # Mails are read by libraries that a hostile one breaks wherever it likes. What is said may quote the mail.
    except Exception as error:  # noqa: BLE001
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a mail broke its reader", reason=type(error).__name__, place=f"{place.name}:{place.lineno}")
        raise Unreadable("broke its reader") from None


def understood(raw: bytes, received: datetime) -> Understood:
    """What rules make of a mail; blocks.

    Raises:
        Unreadable: these bytes are no mail.
    """
    part = parsed(raw)
    domain = part.address.rpartition("@")[2]
    pages = [Page(text.encode("utf-8", "replace"), f"https://{_host(domain)}/", "utf-8") for text in part.html[:3]]
    texts = [
        tuple(row for page in pages for row in rows_in(page)),
        tuple(row for text in part.plain[:3] for row in rows_of(text)),
    ]
    texts = [rows for rows in texts if rows]
    texts += [rows for text in pdf_texts(part.pdfs) if (rows := rows_of(text))]
    locale = _locale(part, pages, texts, domain)
    mails, sender = _mails(part, texts, locale, received)
    told = next((found for page in pages if (found := linked(page))), None)
    reading = with_linked(together([read(mail) for mail in mails]), told, received)
    return Understood(
        reading=reading,
        supplier=(told.supplier if told else None) or supplier_of(*sender),
        text=_shown(mails),
        locale=locale,
    )


def _mails(
    part: Part, texts: Sequence[tuple[Row, ...]], locale: Locale, received: datetime
) -> tuple[list[Mail], tuple[str, str]]:
    """One for each text of the mail, as it was first sent, and who sent it."""
    subject, sender = bare_subject(part.subject), (part.sender, part.address)
    sent_on = part.sent_on if part.sent_on and plausible(part.sent_on, received) else None
    found: list[Mail] = []
    away = is_forward(part.subject)
    for place, rows in enumerate(texts or [()]):
        day, title = sent_on, subject
        if away and place == 0:
            inner = forwarded(rows, locale)
            rows, title = inner.rows, bare_subject(inner.subject) or subject
            sent_on = day = inner.sent_on if inner.sent_on and plausible(inner.sent_on, received) else None
            subject = title
            sender = who(inner.sender) if inner.sender else ("", "")
        elif not away:
            rows = without_quotes(rows)
        found.append(Mail(subject=title, sent_on=day, received=received, locale=locale, rows=rows))
    return found, sender


def _worth_asking(reading: Reading) -> bool:
    """Whether a model could tell more: not of what is complete, nor where nothing speaks of an order."""
    if reading.is_order and reading.number and reading.proved and reading.currency and reading.ordered_on:
        return False
    return reading.kind == "order" or reading.number is not None or reading.total is not None


def _locale(part: Part, pages: Sequence[Page], texts: Sequence[tuple[Row, ...]], domain: str) -> Locale:
    tag = next((page.locale for page in pages if page.locale.language), None)
    stated = locale_of(f"https://{_host(domain)}/", part.language)
    text = "\n".join([part.subject, *(row.text for rows in texts[:2] for row in rows[:150])])
    language = language_of(text) or (tag.language if tag else "") or stated.language
    country = stated.country or (tag.country if tag else None)
    return Locale(language=language, country=country)


def _shown(mails: Sequence[Mail]) -> str:
    """The text that a model is shown, one row a line."""
    texts = (
        "\n".join(" | ".join(" / ".join(cell.split("\n")) for cell in row.cells) for row in mail.rows)
        for mail in mails
    )
    whole = "\n\n".join([mails[0].subject, *texts])
    return whole[:TEXT_CHARACTERS]


def _host(domain: str) -> str:
    return domain if domain.isascii() and domain.replace(".", "").replace("-", "").isalnum() else "mail.invalid"
