"""Sends mails: by SMTP, or into a folder where somebody looks at them."""

import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec
import structlog
from msgspec import Struct

from runtime.settings import InvalidSettings, Settings

TIMEOUT_SECONDS = 10.0
PLACE = "mails.sealed"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_log = structlog.get_logger(__name__)


class Mail(Struct, frozen=True, kw_only=True):
    """A mail to one person, in plain text."""

    id: str
    to: str
    subject: str
    text: str

    def __repr__(self) -> str:
        return f"Mail(id={self.id!r})"


class MailRefused(Exception):
    """The server will not take this mail, however often it is asked."""


class MailServerAway(Exception):
    """The server could not be reached, or asks to come back later."""


class MailSender:
    """By `SMTP_URL`; without it into `MAIL_FOLDER`; without both a mail is dropped, and the log says so.

    Raises:
        InvalidSettings: when `SMTP_URL` leads nowhere.
    """

    def __init__(self, settings: Settings) -> None:
        self._from = settings.mail_from
        self._folder = settings.mail_folder
        self._server = _server_of(settings.smtp_url) if settings.smtp_url else None

    @property
    def is_configured(self) -> bool:
        """Whether mails go anywhere."""
        return self._server is not None or self._folder is not None

    async def send(self, mail: Mail) -> None:
        """Send a mail. Sent twice it has the same `Message-ID`, by which servers know it again.

        Raises:
            MailRefused, MailServerAway: it has not gone out.
        """
        if self._server:
            await self._server.send(self._message(mail), mail.to)
        elif self._folder:
            _write(self._folder / f"{mail.id}.eml", bytes(self._message(mail)))
        else:
            _log.warning("mail_not_configured", mail_id=mail.id)

    def _message(self, mail: Mail) -> EmailMessage:
        try:
            return self._composed(mail)
        except (ValueError, IndexError, MessageError) as error:
            # An address or subject that is none cannot be sent, ever.
            raise MailRefused(type(error).__name__) from None

    def _composed(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._from
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{mail.id}@{self._from.rpartition('@')[2]}>"
        # Not quoted-printable: a link stays in one piece for whoever reads the source.
        message.set_content(mail.text, cte="7bit" if mail.text.isascii() else "8bit")
        return message


class _Server(Struct, frozen=True, kw_only=True):
    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None

    def __repr__(self) -> str:
        return f"_Server({self.host}:{self.port})"

    @property
    def _must_encrypt(self) -> bool:
        """A password leaves this machine over TLS only."""
        return self.password is not None and self.host not in LOOPBACK

    async def send(self, message: EmailMessage, to: str) -> None:
        try:
            await aiosmtplib.send(
                message,
                recipients=[to],
                hostname=self.host,
                port=self.port,
                username=self.username,
                password=self.password,
                use_tls=self.tls,
                start_tls=None if self.tls or not self._must_encrypt else True,
                timeout=TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            if _is_final(error):
                raise MailRefused(type(error).__name__) from None
            raise MailServerAway(type(error).__name__) from None
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            raise MailServerAway(type(error).__name__) from None


def _is_final(error: aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException) -> bool:
    """RFC 5321, 4.2.1: 5xx is for good. A sign-in that is refused is our settings' fault, which somebody mends."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return False
    refused = error.recipients if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else [error]
    return all(500 <= each.code < 600 for each in refused)


def _server_of(url: str) -> _Server:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == 0:
        # Without what it holds, which may be a password.
        raise InvalidSettings("SMTP_URL: Expected `smtp://user:password@host:port` or `smtps://...`")
    tls = parts.scheme == "smtps"
    return _Server(
        host=parts.hostname,
        port=port or (465 if tls else 587),
        tls=tls,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".part")
    draft.write_bytes(content)
    draft.chmod(0o600)
    draft.replace(path)


def encoded(mail: Mail) -> bytes:
    """A mail as it is sealed."""
    return msgspec.json.encode(mail)


def decoded(content: bytes) -> Mail:
    """The inverse of `encoded`."""
    return msgspec.json.decode(content, type=Mail)


def place(mail_id: str) -> bytes:
    """Where a sealed mail belongs."""
    return f"{PLACE}/{mail_id}".encode()
