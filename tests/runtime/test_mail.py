"""Mails leave by SMTP, or into a folder."""

import email
from collections.abc import AsyncIterator
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from msgspec.structs import replace

from cli.embedded.ports import free_ports
from runtime.mail import Mail, MailRefused, MailSender, MailServerAway
from runtime.settings import InvalidSettings, Settings

MAIL = Mail(
    id="0193", to="ada@example.org", subject="Señal: ✓", text="Línea 1\n.\nhttps://x.example/#token=a_b-c\n"
)
SETTINGS = Settings(mail_from="Gangway <no-reply@gangway.example>")


class Mailbox:
    """An SMTP server's handler that keeps what it takes, and refuses as it is told."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.answer = "250 OK"
        self.to_recipient = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """To whom."""
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """What."""
        if self.answer.startswith("250"):
            self.taken.append(email.message_from_bytes(envelope.content, policy=default))
        return self.answer


@pytest.fixture
def mailbox() -> Mailbox:
    """What the server took."""
    return Mailbox()


@pytest.fixture
async def url(mailbox: Mailbox) -> AsyncIterator[str]:
    """A mail server over real SMTP."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_ports(1)[0], ready_timeout=30)
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


async def test_by_smtp(mailbox: Mailbox, url: str) -> None:
    """A mail arrives whole, in any script, with a sender, a date and an id that stays the same."""
    sender = MailSender(replace(SETTINGS, smtp_url=url))
    await sender.send(MAIL)
    await sender.send(MAIL)
    first, second = mailbox.taken
    assert (first["To"], first["Subject"]) == (MAIL.to, MAIL.subject)
    assert first["From"] == "Gangway <no-reply@gangway.example>"
    assert first["Date"]
    assert first["Message-ID"] == second["Message-ID"] == "<0193@gangway.example>"
    body: Any = first
    assert body.get_content().replace("\r\n", "\n") == MAIL.text


@pytest.mark.parametrize("step", ["to_recipient", "answer"])
async def test_refused_for_good(mailbox: Mailbox, url: str, step: str) -> None:
    """5xx is final, 4xx is not; neither error names the person."""
    sender = MailSender(replace(SETTINGS, smtp_url=url))
    for answer, error in (("550 no such ada@example.org", MailRefused), ("451 later, ada", MailServerAway)):
        setattr(mailbox, step, answer)
        with pytest.raises(error) as raised:
            await sender.send(MAIL)
        assert "ada" not in str(raised.value)
    assert mailbox.taken == []


async def test_nobody_there() -> None:
    """A server that does not answer is away."""
    sender = MailSender(replace(SETTINGS, smtp_url=f"smtp://127.0.0.1:{free_ports(1)[0]}"))
    with pytest.raises(MailServerAway):
        await sender.send(MAIL)


async def test_a_password_is_not_sent_in_the_clear(mailbox: Mailbox, url: str, monkeypatch: Any) -> None:
    """To a server elsewhere that offers no TLS, a password is not sent and the mail stays."""
    monkeypatch.setattr("runtime.mail.LOOPBACK", ())
    sender = MailSender(replace(SETTINGS, smtp_url=url.replace("//", "//gangway:canary@")))
    with pytest.raises(MailServerAway):
        await sender.send(MAIL)
    assert mailbox.taken == []


async def test_into_a_folder(tmp_path: Path) -> None:
    """Without a server each mail is one file, private, whole, and once."""
    sender = MailSender(replace(SETTINGS, mail_folder=tmp_path / "mail"))
    await sender.send(MAIL)
    await sender.send(MAIL)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    content: Any = email.message_from_bytes(file.read_bytes(), policy=default)
    assert content.get_content() == MAIL.text


async def test_a_header_cannot_be_broken() -> None:
    """A line break in an address or subject is refused rather than sent."""
    sender = MailSender(replace(SETTINGS, mail_folder=Path("/nowhere")))
    encoded = (
        "=?x?q?a=40x.org=2C=20b?=@x.org",
        "=?utf-8?q?=0d=0aBcc?=@x.org",
        "=?utf-8?q??=@x.org",
        "nobody",
        "a@b@c",
    )
    for broken in (
        replace(MAIL, to="a@x.org\nBcc: b@x.org"),
        replace(MAIL, subject="a\r\nBcc: b@x.org"),
        *(replace(MAIL, to=address) for address in encoded),
    ):
        with pytest.raises(MailRefused):
            await sender.send(broken)


@pytest.mark.parametrize("url", ["canary", "http://canary@x", "smtp://", "smtp://x:canary", "smtps://x:0"])
def test_settings_that_lead_nowhere(url: str) -> None:
    """An `SMTP_URL` that is none is refused at start-up, without what it holds."""
    with pytest.raises(InvalidSettings, match="SMTP_URL") as raised:
        MailSender(replace(SETTINGS, smtp_url=url))
    assert "canary" not in str(raised.value)


def test_nothing_is_shown() -> None:
    """What lands in a log names neither the person nor the text."""
    assert repr(MAIL) == "Mail(id='0193')"
