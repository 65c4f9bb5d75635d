"""What may be changed of a person, by whom, and what a change brings with it."""

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from api.deps import Deps, Principal
from api.emails import Email, email_of
from api.guards import forbidden
from api.mailing import EMAIL_CHANGED
from api.mailing import write as write_mail
from api.people import PatchMeBody, Secret, given
from api.problems import Code, ProblemError
from db import entry, invitations, resets, runs, sessions, users
from db.pool import Connection
from db.sessions import Because
from db.tenant import SIGN_IN
from onboarding.access import Role
from onboarding.payloads import FieldError
from runtime.encryption import DataKey

CHANGES_PER_HOUR = 5
"""Of one's own e-mail."""

RoleName = Literal["user", "manager", "admin"]


class ChangeUserBody(PatchMeBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to a person; what is left out stays. Role, active or not, and password are an admin's, of others."""

    email: Email | UnsetType | None = UNSET
    role: RoleName | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET
    password: Secret | UnsetType | None = UNSET


async def nobody_elses(deps: Deps, principal: Principal, email: str) -> None:
    """Nobody takes the address that somebody else was invited with: it is not proved to be theirs.

    Raises:
        EmailTaken: it was given away.
        ProblemError: 429 for too many changes: each has the old address told, which may be anybody's.
    """
    caller = principal.caller
    changes = await entry.count(deps.database, f"email/{caller.user_id}", CHANGES_PER_HOUR, 3600)
    if changes.exceeded:
        headers = {"Retry-After": str(max(changes.reset_seconds, 1))}
        raise ProblemError(429, Code.RATE_LIMITED, "The e-mail was changed too often.", headers=headers)
    async with deps.database.transaction(SIGN_IN) as connection:
        if await invitations.is_open(connection, caller.tenant_id, email, caller.user_id):
            raise users.EmailTaken


async def found(connection: Connection, user_id: str) -> users.Account:
    """The account of somebody in the caller's tenant.

    Raises:
        ProblemError: 404.
    """
    account = await users.account(connection, user_id)
    if account is None:
        raise not_found()
    return account


async def examined(
    connection: Connection, principal: Principal, user_id: str, data: ChangeUserBody
) -> users.Account:
    """The account as it is, when this change of it is allowed.

    Raises:
        OwnRole, LastAdmin, EmailTaken, ProblemError: it is not.
    """
    account = await found(connection, user_id)
    if user_id == principal.caller.user_id:
        await _examine_own(connection, account.user, data)
    elif isinstance(data.password, str) and account.issuer is not None:
        error = FieldError(field="password", code="not_allowed", detail="this person signs in elsewhere")
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
    email = fields_of(data).get("email", account.user.email)
    # Looked up here too, so that no run is told of a change that then fails.
    if email != account.user.email and await users.accounts(connection, account.user.tenant_id, [email]):
        raise users.EmailTaken
    return account


async def _examine_own(connection: Connection, user: users.User, data: ChangeUserBody) -> None:
    if isinstance(data.role, str) and data.role != user.role:
        raise users.OwnRole
    if isinstance(data.is_active, bool) and data.is_active != user.is_active:
        await not_the_last(connection, user.id)
        raise users.OwnRole
    if isinstance(data.password, str):
        raise forbidden("Your own password is changed at /auth/password, with the one that you have.")


async def not_the_last(connection: Connection, user_id: str) -> None:
    """Make sure that another admin is left.

    Raises:
        LastAdmin: none would be.
    """
    if await users.is_last_admin(connection, user_id):
        raise users.LastAdmin


async def followed(connection: Connection, before: users.Account, user: users.User, data: ChangeUserBody) -> None:
    """What a change brings with it: sessions that end, an invitation that no longer fits."""
    if before.user.is_active and not user.is_active:
        await sign_out(connection, user.id, "deactivated")
    if not user.is_active or user.role is not before.user.role:
        await invitations.revoke_by(connection, user.id, Role(user.role) if user.is_active else None)
    if isinstance(data.password, str):
        await sign_out(connection, user.id, "password")
    if isinstance(data.password, str) or user.email != before.user.email:
        await resets.close(connection, user.id)
    # Also with another role: whoever has the link would get it.
    differs = (user.email, user.role) != (before.user.email, before.user.role)
    if before.waits and before.user.email is not None and (isinstance(data.password, str) or differs):
        await invitations.revoke_of(connection, user.tenant_id, before.user.email)


async def warned(key: DataKey, connection: Connection, before: users.Account, user: users.User) -> tuple[str, ...]:
    """Tell the old address that it is no longer the account's: whoever stole a session cannot hide that."""
    old = before.user.email
    if old is None or user.email == old or before.waits:
        return ()
    to = {"to": old, "tenant_id": user.tenant_id, "user_id": user.id, "locale": user.locale}
    return (await write_mail(key, connection, EMAIL_CHANGED, **to),)


async def sign_out(connection: Connection, user_id: str, because: Because) -> None:
    """End every session and stream of a person."""
    await sessions.end_all(connection, user_id, because)
    await runs.wake(connection, user_id)


def fields_of(data: ChangeUserBody) -> dict[str, Any]:
    """The columns that a body changes, but the password."""
    fields = given(data, without=frozenset({"password"}))
    if "email" in fields:
        fields["email"] = email_of(fields["email"])
    return fields


def not_found() -> ProblemError:
    """404 for who is nobody of the tenant."""
    return ProblemError(404, Code.NOT_FOUND, "There is no such person.")
