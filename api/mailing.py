"""What mails say, and how one is written in the transaction of what it tells about."""

import asyncio
import hashlib
import secrets

import structlog
from msgspec import Struct, json
from uuid_utils.compat import uuid7

from api.deps import Deps
from api.gateway import WorkflowsUnavailable
from db import mails
from db.pool import Connection
from runtime import mail
from runtime.encryption import DataKey
from runtime.mail import Mail

log = structlog.get_logger()

TOKEN_BYTES = 32


class Letter(Struct, frozen=True, kw_only=True):
    """A subject, and a text with places to fill in."""

    subject: str
    text: str


RESET = {
    "en": Letter(
        subject="A new password",
        text=(
            "Somebody, most likely you, asked for a new password for this e-mail address.\n\n"
            "Choose it here within an hour:\n{link}\n\n"
            "If that was not you, there is nothing to do: the old password stays.\n"
        ),
    ),
    "es": Letter(
        subject="Una nueva contraseña",
        text=(
            "Alguien, probablemente usted, pidió una nueva contraseña para esta dirección.\n\n"
            "Elíjala aquí en el plazo de una hora:\n{link}\n\n"
            "Si no fue usted, no hay nada que hacer: la contraseña anterior sigue valiendo.\n"
        ),
    ),
}
INVITATION = {
    "en": Letter(
        subject="An invitation",
        text=(
            "You have been invited to {tenant}.\n\n"
            "Register with this e-mail address within seven days:\n{link}\n\n"
            "If you do not know why, there is nothing to do.\n"
        ),
    ),
    "es": Letter(
        subject="Una invitación",
        text=(
            "Le han invitado a {tenant}.\n\n"
            "Regístrese con esta dirección de correo en el plazo de siete días:\n{link}\n\n"
            "Si no sabe por qué, no hay nada que hacer.\n"
        ),
    ),
}
EMAIL_CHANGED = {
    "en": Letter(
        subject="Your e-mail address was changed",
        text=(
            "Your account now has another e-mail address, and this one is no longer used to sign in.\n\n"
            "If that was not you, tell whoever runs this service at once.\n"
        ),
    ),
    "es": Letter(
        subject="Su dirección de correo ha cambiado",
        text=(
            "Su cuenta tiene ahora otra dirección de correo; esta ya no sirve para iniciar sesión.\n\n"
            "Si no fue usted, avise de inmediato a quien administra este servicio.\n"
        ),
    ),
}


def link_to(deps: Deps, page: str, token: str) -> str:
    """A page of the frontend with a token in the fragment, which a browser sends to no server."""
    return f"{deps.settings.app_url.rstrip('/')}/{page}#token={token}"


def new_token() -> str:
    """A token for a link: 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """What is stored of such a token: it is random, so there is nothing to guess from its hash."""
    return hashlib.sha256(token.encode()).digest()


async def write(
    key: DataKey,
    connection: Connection,
    letters: dict[str, Letter],
    *,
    to: str,
    tenant_id: str | None,
    locale: str = "en",
    user_id: str | None = None,
    invitation_id: str | None = None,
    **filled: str,
) -> str:
    """Write a mail; it goes out with `post` once the transaction is committed.

    Args:
        key: nobody's data key, fetched before the transaction: that may take a connection, and AWS KMS.
        connection: the transaction.
        letters: the text in each language.
        to: the address, a valid one.
        tenant_id: whose it is; without one it is to nobody, and costs as much.
        locale: of the person.
        user_id: the person, with whom it goes.
        invitation_id: the invitation, with which it goes.
        filled: what stands in the text's braces.

    Returns:
        The mail's id.
    """
    letter = letters.get(locale, letters["en"])
    content = Mail(id=str(uuid7()), to=to, subject=letter.subject, text=letter.text.format(**filled))
    sealed = key.seal(mail.encoded(content), mail.place(content.id))
    await mails.write(
        connection,
        id=content.id,
        sealed=json.encode(sealed),
        tenant_id=tenant_id,
        user_id=user_id,
        invitation_id=invitation_id,
    )
    return content.id


async def post(deps: Deps, *mail_ids: str) -> None:
    """Have written mails sent. With Temporal away they go out when it is back."""
    orders = (deps.gateway.send_mail(mail_id) for mail_id in mail_ids)
    failures = [each for each in await asyncio.gather(*orders, return_exceptions=True) if each]
    if any(not isinstance(each, WorkflowsUnavailable) for each in failures):
        raise BaseExceptionGroup("mails", failures)
    if failures:
        log.warning("mails wait", mails=len(failures))
