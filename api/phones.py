"""Phones that capture for somebody: who they are, by the token of a capture session.

A handler with `opt={"phone": True}` is open to them. They are its session's owner there, in role `user`, for that
session alone.
"""

import hmac
from typing import Any

from litestar import Request

from api.claims import TokenRef
from api.deps import Deps, Principal
from api.mailing import digest_of
from api.problems import Code, ProblemError
from db import capture_sessions, entry
from db.capture_sessions import Holder, SessionEnded
from db.tenant import SIGN_IN, Capturing
from onboarding.access import Role

SCHEME = "Capture"
TOKEN_CHARACTERS = 200


def session_of(request: Request[Any, Any, Any]) -> str | None:
    """The session that the phone is for; None when it is a person who has signed in."""
    user = request.scope.get("user")
    return user.phone_of if isinstance(user, Principal) else None


def is_phone(authorization: str) -> bool:
    """Whether a request says that it comes from a phone."""
    return authorization.strip().partition(" ")[0].lower() == SCHEME.lower()


async def holder_of(deps: Deps, authorization: str) -> Holder:
    """The session that a token is for, also when it has ended.

    Raises:
        ProblemError: 401 for a token that is none, or was replaced.
    """
    token = authorization.strip().partition(" ")[2].strip()
    if not token:
        raise refused(Code.AUTH_MISSING_TOKEN, "Send the token of the link: `Authorization: Capture <token>`.")
    holder = None
    digest = digest_of(token)
    if len(token) <= TOKEN_CHARACTERS:
        async with deps.database.transaction(SIGN_IN) as connection:
            holder = await capture_sessions.by_token(connection, digest)
    if holder is None or not hmac.compare_digest(holder.token_hash, digest):
        raise refused(Code.AUTH_INVALID_TOKEN, "This token is none of a capture session.")
    return holder


async def enter(deps: Deps, holder: Holder, window_seconds: int) -> entry.Entry:
    """Count a request of a phone, by its session, and read who its owner is now."""
    return await entry.enter(
        deps.database,
        holder.tenant_id,
        holder.user_id,
        deps.settings.capture_limit_per_minute,
        window_seconds,
        bucket=f"capture/{holder.session_id}",
    )


def let_in(holder: Holder, owner: entry.Entry) -> Principal:
    """The owner as the phone is one, once it was counted.

    Raises:
        ProblemError: 401 when the owner was erased meanwhile, 403 when they are not active.
        SessionEnded: there is nothing to capture for any more.
    """
    if not owner.found:
        raise refused(Code.AUTH_INVALID_TOKEN, "This token is none of a capture session.")
    if not owner.is_active:
        raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This account is not active.")
    if not holder.active:
        raise SessionEnded
    return Principal(
        caller=Capturing(
            tenant_id=holder.tenant_id,
            user_id=holder.user_id,
            role=Role.USER,
            token_hash=holder.token_hash,
        ),
        phone_of=holder.session_id,
        onboarding_completed=owner.onboarding_completed,
        timezone=owner.timezone,
        locale=owner.locale,
        default_flow=owner.default_flow,
        reminders_enabled=owner.reminders_enabled,
        token=TokenRef(expires_at=holder.ends_at),
    )


def refused(code: Code, detail: str) -> ProblemError:
    """401, with the challenge that the standard asks for."""
    return ProblemError(401, code, detail, headers={"WWW-Authenticate": SCHEME})
