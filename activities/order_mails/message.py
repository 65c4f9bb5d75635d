"""The parts of a mail, within bounds, whatever its bytes say of themselves."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from typing import Any, cast

from msgspec import Struct

from activities.extraction.charsets import decoded
from onboarding.order_mails.rows import clean

BYTES = 30 * 1024 * 1024
"""Of a mail; Gmail takes 25 MB in, and base64 makes more of it. What is beyond is not looked at."""

PARTS = 100
DEPTH = 12
"""Parts within parts: the parser takes time that grows with both depth and lines."""

LINES = 500_000
DASHED = 2000
"""Lines that begin with two dashes, as those between parts do."""

HEADER_CHARACTERS = 2000
TEXT_BYTES = 2 * 1024 * 1024
PDF_BYTES = 5 * 1024 * 1024
"""Of all that are read."""

PDFS = 3

_MARKS = ((b"boundary=", DEPTH), (b"message/rfc822", DEPTH), (b"\n--", DASHED))
_ADDRESS = re.compile(r"[^\s<>\"(),;:@]{1,100}@[^\s<>\"(),;:@]{1,200}")
_PARSED = ("from", "subject")
_NAMES = ("from", "to", "subject", "date", "message-id", "received", "mime-version", "content-type")


class Unreadable(Exception):
    """It is no mail."""


class Part(Struct, frozen=True, kw_only=True):
    """The texts and the PDFs of a mail; `sent_at` is what its header says, None where that is no date."""

    subject: str
    sender: str
    address: str
    sent_at: datetime | None
    language: str
    html: tuple[str, ...]
    plain: tuple[str, ...]
    pdfs: tuple[bytes, ...]

    @property
    def sent_on(self) -> date | None:
        """The day it was sent, where it was sent."""
        return self.sent_at.date() if self.sent_at else None


class _Mail(EmailMessage):
    """A mail whose parameters break nobody: what the standard library fails over is not there.

    It compares what cannot be compared (`name*` beside `name*0`), and decodes by whatever is called a charset.
    """

    def get_param(
        self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True
    ) -> Any:
        """The parameter, if it can be put together."""
        return _tried(lambda: super(_Mail, self).get_param(param, failobj, header, unquote), failobj)

    def get_filename(self, failobj: Any = None) -> Any:
        """The name of a file, if it can be decoded."""
        return _tried(lambda: super(_Mail, self).get_filename(failobj), failobj)

    def get_boundary(self, failobj: Any = None) -> Any:
        """What stands between parts, if it can be decoded."""
        return _tried(lambda: super(_Mail, self).get_boundary(failobj), failobj)

    def get_content_charset(self, failobj: Any = None) -> Any:
        """The charset, if it can be decoded."""
        return _tried(lambda: super(_Mail, self).get_content_charset(failobj), failobj)

    def get_payload(self, *given: Any, **named: Any) -> Any:
        """What is in it, if that can be decoded."""
        return _tried(lambda: super(_Mail, self).get_payload(*given, **named), None)


def _tried(read: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return read()
    # The standard library raises whatever a hostile header runs it into.
    except Exception:  # noqa: BLE001
        return otherwise


class _Bounded(EmailPolicy):
    """Headers are cut before they are parsed; one that the parser cannot cope with is taken as a text."""

    message_factory = _Mail

    def header_source_parse(self, sourcelines: Any) -> tuple[str, str]:
        """Take no more of the header than is looked at."""
        name, _, first = sourcelines[0][: 2 * HEADER_CHARACTERS].partition(":")
        value = first.lstrip(" \t") + "".join(line[:HEADER_CHARACTERS] for line in sourcelines[1:40])
        return name[:100], value[:HEADER_CHARACTERS].rstrip("\r\n")

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """The header, parsed if it can be and people see it; the others are taken as they are, which is fast."""
        if name.lower() not in _PARSED:
            return value.encode("ascii", "replace").decode()
        try:
            return super().header_fetch_parse(name, value)
        # The parser of the standard library raises whatever a hostile header runs it into.
        except Exception:  # noqa: BLE001
            return value.encode("ascii", "replace").decode()


_POLICY = _Bounded(raise_on_defect=False)


def parsed(raw: bytes) -> Part:
    """The mail; that which was forwarded, where one is attached and nothing else is in it.

    Raises:
        Unreadable: these bytes are no mail.
    """
    message = cast(EmailMessage, message_from_bytes(_shallow(raw[:BYTES]), policy=_POLICY))
    if not any(name.lower() in _NAMES for name in message.keys()[:200]):
        raise Unreadable("no header of a mail")
    attached = next((part for part in _walked(message) if part.get_content_type() == "message/rfc822"), None)
    inner = attached.get_payload() if attached is not None else None
    if isinstance(inner, list) and inner and isinstance(inner[0], EmailMessage):
        return _part(inner[0])
    return _part(message)


def header(message: Message, name: str) -> str:
    """A header in one line, without what nobody sees."""
    return " ".join(clean(str(message.get(name) or ""))[:HEADER_CHARACTERS].split())


def who(sender: str) -> tuple[str, str]:
    """The name and the address of a sender.

    >>> who('"Acme, Inc." <Orders@acme.example>'), who("orders@acme.example")
    (('Acme, Inc.', 'orders@acme.example'), ('', 'orders@acme.example'))
    """
    found = list(_ADDRESS.finditer(sender[:HEADER_CHARACTERS]))
    if not found:
        return sender.strip(" \"'<>"), ""
    return sender[: found[-1].start()].strip(" \"'<([,;:"), found[-1][0].lower()


def _part(message: EmailMessage) -> Part:
    html, plain, pdfs = list[str](), list[str](), list[bytes]()
    for part in _walked(message):
        kind = part.get_content_type()
        if kind in ("text/html", "text/plain"):
            if part.get_content_disposition() != "attachment":
                (html if kind == "text/html" else plain).append(_text(part))
        elif len(pdfs) < PDFS and (body := _pdf(part, kind)) and sum(map(len, pdfs)) + len(body) <= PDF_BYTES:
            pdfs.append(body)
    name, address = who(header(message, "from"))
    return Part(
        subject=header(message, "subject"),
        sender=name,
        address=address,
        sent_at=_date(header(message, "date")),
        language=header(message, "content-language")[:20],
        html=tuple(html),
        plain=tuple(plain),
        pdfs=tuple(pdfs),
    )


def _walked(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are no containers, in order; not those of a mail within the mail."""
    waiting = [message]
    for _ in range(PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = [each for each in cast(Sequence[Any], payload)[:PARTS] if isinstance(each, EmailMessage)]
        else:
            yield part


def _text(part: EmailMessage) -> str:
    body = part.get_payload(decode=True)
    charset = part.get_content_charset()
    return decoded(body[:TEXT_BYTES], charset) if isinstance(body, bytes) else ""


def _pdf(part: EmailMessage, kind: str) -> bytes | None:
    name = (part.get_filename() or "").lower()
    if kind not in ("application/pdf", "application/x-pdf") and not name.endswith(".pdf"):
        return None
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes) or len(body) > PDF_BYTES:
        return None
    return body if b"%PDF-" in body[:1024] else None


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _shallow(raw: bytes) -> bytes:
    """The mail up to where it is too deep or too much; each level must name its boundary."""
    lower = raw.lower()
    for mark, count in (*_MARKS, (b"\n", LINES)):
        if lower.count(mark) >= count:
            place = _place(lower, mark, count)
            raw, lower = raw[:place], lower[:place]
    return raw


def _place(text: bytes, mark: bytes, count: int) -> int:
    place = -1
    for _ in range(count):
        place = text.find(mark, place + 1)
    return place
