"""Mailboxes that somebody has connected, at the fake of Gmail, and mails in them."""

from collections.abc import Iterable
from email.message import EmailMessage
from uuid import uuid4

import asyncpg
import msgspec
from msgspec import Struct

from onboarding.connections import Kept
from runtime.addresses import Owner
from runtime.encryption import Keys
from runtime.providers import keeping
from runtime.settings import Settings
from tests.connected import consented
from tests.providers import Providers


class Connected(Struct, frozen=True, kw_only=True):
    """A mailbox that is connected: its connection's id, and its address."""

    id: str
    address: str


async def connected(
    admin: asyncpg.Connection,
    keys: Keys,
    fake: Providers,
    settings: Settings,
    *,
    tenant_id: str,
    user_id: str,
) -> Connected:
    """A new mailbox whose owner has consented; `settings` lead to the fake."""
    address, id = f"{uuid4()}@mail.example", str(uuid4())
    tokens = await consented(fake, settings, "gmail", address)
    key = await keys.sealing(Owner(tenant_id, user_id))
    sealed = keeping.sealed(key, id, Kept(access=tokens.access, refresh=tokens.refresh))
    await admin.execute(
        """
        INSERT INTO connections (id, tenant_id, user_id, provider, status, account_id, sealed_tokens,
          token_expires_at)
        VALUES ($1, $2, $3, 'gmail', 'connected', $4, $5::text::jsonb, now() + interval '1 hour')
        """,
        id,
        tenant_id,
        user_id,
        address,
        msgspec.json.encode(sealed).decode(),
    )
    return Connected(id=id, address=address)


def mail(
    sender: str = "Beans <orders@mail.beans.example>",
    subject: str = "Thank you for your order",
    lines: Iterable[str] = (),
    **headers: str,
) -> bytes:
    """A message in plain text."""
    message = EmailMessage()
    message["From"], message["Subject"] = sender, subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("\n".join(lines) + "\n")
    return message.as_bytes()


def order(number: str | int | None, *goods: str, **more: str) -> bytes:
    """The confirmation of an order."""
    named = [] if number is None else [f"Order number: B-{number}"]
    return mail(lines=("Thank you for your order!", *named, *goods), **more)
