"""Registering: how a person gets an account of the own issuer."""

from collections.abc import Iterator
from typing import Annotated, Any

from litestar import Controller, Request, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.deps import Deps, WithDeps, tells_of
from api.emails import Email, email_of
from api.mailing import digest_of
from api.people import Secret, UserOut, given, shown
from api.problems import Code, ProblemError
from api.strength import strong_enough
from db import invitations, tenants, users
from db.pool import Connection
from db.tenant import SIGN_IN
from onboarding.payloads import FieldError
from onboarding.people import Person
from runtime.settings import Settings


class RegisterBody(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new account; with an invitation, in the tenant and with the role that it says."""

    email: Email
    password: Secret
    invitation: Annotated[str, Meta(max_length=200, extra={"verbatim": True})] | UnsetType | None = UNSET


def _strong_enough(settings: Settings, body: RegisterBody) -> Iterator[FieldError]:
    """What a password must be is a setting."""
    return strong_enough(settings, "password", body)


class RegistrationController(Controller):
    """New accounts."""

    path = "/auth"
    tags = ("auth",)

    @post("/register", opt={"entry": "sign_in", "rule": _strong_enough})
    async def register(
        self, data: JSONBody[RegisterBody], deps: WithDeps, request: Request[Any, Any, Any]
    ) -> UserOut:
        """Make an account: in the default tenant, or where an invitation leads."""
        hashed = await deps.passwords.hash(data.password)
        async with deps.database.transaction(SIGN_IN) as connection:
            if isinstance(data.invitation, str):
                user = await _invited(connection, data, data.invitation, hashed)
            else:
                user = await _uninvited(connection, deps, data, hashed)
        tells_of(request, user.id)
        return shown(user)


async def _uninvited(connection: Connection, deps: Deps, data: RegisterBody, hashed: str) -> users.User:
    name, flow = deps.settings.default_tenant, deps.settings.default_flow
    tenant = await tenants.ensure(connection, name, name, flow)
    user = await users.create(
        connection, tenant_id=tenant.id, email=_email(data), password_hash=hashed, **_personal(data)
    )
    await invitations.close_for(connection, tenant.id, _email(data), user.id)
    return user


async def _invited(connection: Connection, data: RegisterBody, token: str, hashed: str) -> users.User:
    """Take up the account that waits for the invitation, or make one; both or neither is marked."""
    invitation = await invitations.by_token(connection, digest_of(token))
    email = _email(data)
    if email != invitation.email:
        detail = "This invitation went to another e-mail address."
        raise ProblemError(403, Code.INVITATION_OTHER_EMAIL, detail)
    waiting = invitation.user_id and await users.by_id(connection, invitation.user_id)
    if waiting and not waiting.is_active:
        raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This account is not active.")
    user = waiting and await users.take_up(connection, waiting.id, hashed, **_personal(data))
    if not user:
        user = await users.create(
            connection,
            tenant_id=invitation.tenant_id,
            email=email,
            password_hash=hashed,
            role=invitation.role,
            **_personal(data),
        )
    await invitations.accept(connection, invitation.id, user.id)
    return user


def _email(data: RegisterBody) -> str:
    return email_of(data.email) or data.email


def _personal(data: RegisterBody) -> users.PersonalData:
    fields: Any = given(data, without=frozenset({"email", "password", "invitation"}))
    return fields
