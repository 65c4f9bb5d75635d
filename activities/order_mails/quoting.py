"""Mails in mails: what is answered is left out, what is forwarded is the mail."""

import re
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from onboarding.currencies import Locale
from onboarding.order_mails.dates import dates_in
from onboarding.order_mails.rows import Row

_FORWARD = re.compile(r"^\s*(?:fwd?|wg|tr|rv|i|doorst|enc|pd|vs|vb)\s*:", re.IGNORECASE)
_ANSWER = re.compile(r"^\s*(?:re|aw|sv|antw|rif|odp|res)\s*:", re.IGNORECASE)
_PREFIX = re.compile(
    r"^(?:\s*(?:fwd?|wg|tr|rv|i|doorst|enc|pd|vs|vb|re|aw|sv|antw|rif|odp|res)\s*(?:\[\d+\])?\s*:)+\s*",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"^-{2,}\s?.{0,40}(?:forwarded message|weitergeleitete nachricht|original(?: message|nachricht)|"
    r"message transféré|"
    r"mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem (?:reencaminhada|encaminhada)|"
    r"przekazana wiadomość|ursprüngliche nachricht|message d'origine).{0,20}-{2,}|^begin forwarded message|"
    r"^anfang der weitergeleiteten",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"^(?:on|am|le|el|il|op|em|w dniu|den)\s.{5,120}(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|"
    r"escreveu|"
    r"napisał\(?a?\)?|skrev).{0,60}:\s*$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^\*?(?P<name>from|von|de|da|van|od|från|date|sent|datum|gesendet|envoyé|fecha|enviado|data|inviato|"
    r"verzonden|subject|betreff|"
    r"objet|asunto|oggetto|onderwerp|assunto|temat|to|an|à|para|a|aan|do|cc)\s?:\*?\s*(?P<value>.{1,300})$",
    re.IGNORECASE,
)
_HEAD_ROWS = 12
_FROM = frozenset(["from", "von", "de", "da", "van", "od", "från"])
_DATE = frozenset(
    ["date", "sent", "datum", "gesendet", "envoyé", "fecha", "enviado", "data", "inviato", "verzonden"]
)
_SUBJECT = frozenset(["subject", "betreff", "objet", "asunto", "oggetto", "onderwerp", "assunto", "temat"])


class Forwarded(Struct, frozen=True, kw_only=True):
    """A mail within a mail: who sent it, when and what it is called, as far as its head tells."""

    rows: tuple[Row, ...]
    sender: str = ""
    subject: str = ""
    sent_on: date | None = None


def is_forward(subject: str) -> bool:
    """Whether somebody sends on what they got."""
    return bool(_FORWARD.match(subject))


def bare_subject(subject: str) -> str:
    """The subject without what mail programs put before it.

    >>> bare_subject("WG: Fwd: Your order")
    'Your order'
    """
    return _PREFIX.sub("", subject)


def without_quotes(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows up to the mail that is answered."""
    kept: list[Row] = []
    for row in rows:
        if _BEGINS.match(row.text) or _WROTE.match(row.text):
            break
        if not row.text.startswith(">"):
            kept.append(row)
    return tuple(kept)


def forwarded(rows: Sequence[Row], locale: Locale) -> Forwarded:
    """The mail that was sent on, with the head that the mail program wrote above it."""
    start = next((place + 1 for place, row in enumerate(rows) if _BEGINS.match(row.text)), 0)
    told, end = _head(rows, start)
    if not told:
        return Forwarded(rows=tuple(rows))
    days = dates_in(told.get("date", ""), locale)
    bare = tuple(Row(tuple(cell.lstrip("> ") for cell in row.cells), row.table) for row in rows[end:])
    return Forwarded(
        rows=bare,
        sender=told.get("from", ""),
        subject=told.get("subject", ""),
        sent_on=days[0] if len(days) == 1 else None,
    )


def _head(rows: Sequence[Row], start: int) -> tuple[dict[str, str], int]:
    """What the first lines that look like headers tell, and where they end."""
    told: dict[str, str] = {}
    for place in range(start, min(start + _HEAD_ROWS, len(rows))):
        match = _HEADER.match(rows[place].text.lstrip("> "))
        if match:
            told.setdefault(_kind(match["name"].lower()), match["value"].strip())
        elif told:
            return told, place
    return told, min(start + _HEAD_ROWS, len(rows))


def _kind(name: str) -> str:
    return "from" if name in _FROM else "date" if name in _DATE else "subject" if name in _SUBJECT else "to"
