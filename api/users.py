"""The people of a tenant: `/users`. Oneself as the signed-in person is in `api/people.py`."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, delete, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from api.body import Body
from api.deps import Deps, Principal, SignedIn, WithDeps, tells_of
from api.emails import Email, email_of
from api.guards import forbidden, open_to, requires
from api.invitations import InvitedOut, Inviter
from api.mailing import EMAIL_CHANGED
from api.mailing import post as post_mail
from api.mailing import write as write_mail
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, read_id_cursor
from api.people import PatchMeBody, Secret, UserOut, given, shown, tell_runs
from api.problems import Code, ProblemError
from api.strength import strong_enough
from db import invitations, resets, runs, sessions, users
from db.pool import Connection
from db.sessions import Because
from db.tenant import SIGN_IN
from onboarding.access import Role
from onboarding.answers import Text
from onboarding.payloads import FieldError
from runtime.encryption import DataKey
from runtime.settings import Settings

RoleName = Literal["user", "manager", "admin"]
Search = Annotated[
    str | None,
    QueryParameter(max_length=100, pattern=r"^[^\x00]*$", description="Part of the e-mail or the name."),
]


class CreateUserBody(Body, frozen=True, kw_only=True):
    """Somebody new. Without a password the account waits for them, and an invitation is made."""

    email: Email
    full_name: Text | UnsetType | None = UNSET
    role: RoleName
    password: Secret | UnsetType | None = UNSET


class ChangeUserBody(PatchMeBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to a person; what is left out stays. Role, active or not, and password are an admin's, of others."""

    email: Email | UnsetType | None = UNSET
    role: RoleName | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET
    password: Secret | UnsetType | None = UNSET


class CreatedUserOut(UserOut, frozen=True, kw_only=True):
    """Somebody new; `invitation` is there when their account waits for them."""

    invitation: InvitedOut | None


class UserPage(Page[UserOut], frozen=True, kw_only=True):
    """A page of a tenant's people."""


def _new_password(settings: Settings, body: CreateUserBody | ChangeUserBody) -> Iterator[FieldError]:
    return strong_enough(settings, "password", body)


class UsersController(Controller):
    """The people of a tenant."""

    path = "/users"
    tags = ("users",)

    @get("/", guards=[requires("read:users")])
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        search: Search = None,
        role: FromQuery[Role | None] = None,
        is_active: FromQuery[bool | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> UserPage:
        """The tenant's people, newest first."""
        before, tenant_id = read_id_cursor(cursor), principal.caller.tenant_id
        which = users.Filter(search=search or None, role=role, is_active=is_active)
        async with deps.database.transaction(principal.caller) as connection:
            found = await users.listed(connection, tenant_id, which, before=before, limit=limit + 1)
            total = await users.count(connection, tenant_id, which) if with_total else UNSET
        page = page_of(found, limit, lambda user: user.id)
        return UserPage(items=[shown(user) for user in page.items], next_cursor=page.next_cursor, total=total)

    @post("/", guards=[requires("create:users")], opt={"rule": _new_password})
    async def create(
        self,
        data: JSONBody[CreateUserBody],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
    ) -> CreatedUserOut:
        """Add somebody: with a password at once, without one their account waits and they are invited."""
        caller, email, role = principal.caller, email_of(data.email) or data.email, Role(data.role)
        hashed = await deps.passwords.hash(data.password) if isinstance(data.password, str) else None
        key = await deps.keys.sealing(None)
        async with deps.database.transaction(caller) as connection:
            await invitations.hold(connection, caller.tenant_id, None, email)
            user = await users.create(
                connection,
                tenant_id=caller.tenant_id,
                email=email,
                password_hash=hashed,
                role=role,
                full_name=data.full_name or None,
            )
            invited = None
            if hashed:
                await invitations.revoke_of(connection, caller.tenant_id, email)
            else:
                write = partial(
                    invitations.make,
                    tenant_id=caller.tenant_id,
                    email=email,
                    role=role,
                    invited_by=caller.user_id,
                    user_id=user.id,
                )
                inviter = await Inviter.of(deps, key, connection, principal)
                invited = await inviter.hand_over(write)
        tells_of(request, user.id)
        if invited:
            await post_mail(deps, invited.mail_id)
        return CreatedUserOut(**asdict(shown(user)), invitation=invited and invited.invited)

    @get("/{user_id:uuid}")
    async def read(self, user_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> UserOut:
        """One person: oneself, or as a manager or admin anybody of the tenant."""
        await open_to(deps, principal, str(user_id), "read:users")
        async with deps.database.transaction(principal.caller) as connection:
            user = await users.by_id(connection, str(user_id))
        if user is None:
            raise _not_found()
        return shown(user)

    @route(
        "/{user_id:uuid}",
        http_method=[HttpMethod.PUT, HttpMethod.PATCH],
        status_code=200,
        opt={"rule": _new_password},
    )
    async def change(
        self,
        user_id: FromPath[UUID],
        data: JSONBody[ChangeUserBody],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
    ) -> UserOut:
        """Change what is given, with PUT as with PATCH: of oneself, or as an admin of anybody."""
        caller, who = principal.caller, str(user_id)
        await open_to(deps, principal, who, "update:users")
        fields = _fields(data)
        if who == caller.user_id and "email" in fields:
            await _nobody_elses(deps, principal, fields["email"])
        async with deps.database.transaction(caller) as connection:
            await _examined(connection, principal, who, data)
        if isinstance(data.password, str):
            fields["password_hash"] = await deps.passwords.hash(data.password)
        await tell_runs(deps, caller, who, data)
        key = await deps.keys.sealing(None)
        # Others may have changed something meanwhile: it is looked at again, with the row locked.
        async with deps.database.transaction(caller) as connection:
            await invitations.hold(connection, caller.tenant_id, who, None)
            before = await _examined(connection, principal, who, data)
            user = await users.change(connection, who, **fields)
            await _followed(connection, before, user, data)
            warned = await _warned(key, connection, before, user)
        await post_mail(deps, *warned)
        tells_of(request, user.id)
        return shown(user)

    @delete("/{user_id:uuid}", guards=[requires("delete:users")])
    async def deactivate(self, user_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Deactivate somebody: they are signed out and stay out; their name stays. A repeat does nothing."""
        who = str(user_id)
        async with deps.database.transaction(principal.caller) as connection:
            before = await _found(connection, who)
            if who == principal.caller.user_id:
                await _not_the_last(connection, who)
                raise forbidden("Nobody deactivates themselves; another admin can.")
            if before.user.is_active:
                await users.change(connection, who, is_active=False)
                await _sign_out(connection, who, "deactivated")
                await invitations.revoke_by(connection, who, None)


async def _nobody_elses(deps: Deps, principal: Principal, email: str) -> None:
    """Nobody takes the address that somebody else was invited with: it is not proved to be theirs.

    Raises:
        EmailTaken: it was given away.
    """
    caller = principal.caller
    async with deps.database.transaction(SIGN_IN) as connection:
        if await invitations.is_open(connection, caller.tenant_id, email, caller.user_id):
            raise users.EmailTaken


async def _found(connection: Connection, user_id: str) -> users.Account:
    account = await users.account(connection, user_id)
    if account is None:
        raise _not_found()
    return account


async def _examined(
    connection: Connection, principal: Principal, user_id: str, data: ChangeUserBody
) -> users.Account:
    """The account as it is, when this change of it is allowed.

    Raises:
        OwnRole, LastAdmin, EmailTaken, ProblemError: it is not.
    """
    account = await _found(connection, user_id)
    if user_id == principal.caller.user_id:
        await _examine_own(connection, account.user, data)
    elif isinstance(data.password, str) and account.issuer is not None:
        error = FieldError(field="password", code="not_allowed", detail="this person signs in elsewhere")
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
    email = _fields(data).get("email", account.user.email)
    # Looked up here too, so that no run is told of a change that then fails.
    if email != account.user.email and await users.accounts(connection, account.user.tenant_id, [email]):
        raise users.EmailTaken
    return account


async def _examine_own(connection: Connection, user: users.User, data: ChangeUserBody) -> None:
    if isinstance(data.role, str) and data.role != user.role:
        raise users.OwnRole
    if isinstance(data.is_active, bool) and data.is_active != user.is_active:
        await _not_the_last(connection, user.id)
        raise users.OwnRole
    if isinstance(data.password, str):
        raise forbidden("Your own password is changed at /auth/password, with the one that you have.")


async def _not_the_last(connection: Connection, user_id: str) -> None:
    if await users.is_last_admin(connection, user_id):
        raise users.LastAdmin


async def _followed(connection: Connection, before: users.Account, user: users.User, data: ChangeUserBody) -> None:
    """What a change brings with it: sessions that end, an invitation that no longer fits."""
    if before.user.is_active and not user.is_active:
        await _sign_out(connection, user.id, "deactivated")
    if not user.is_active or user.role is not before.user.role:
        await invitations.revoke_by(connection, user.id, Role(user.role) if user.is_active else None)
    if isinstance(data.password, str):
        await _sign_out(connection, user.id, "password")
    if isinstance(data.password, str) or user.email != before.user.email:
        await resets.close(connection, user.id)
    # Also with another role: whoever has the link would get it.
    differs = (user.email, user.role) != (before.user.email, before.user.role)
    if before.waits and before.user.email is not None and (isinstance(data.password, str) or differs):
        await invitations.revoke_of(connection, user.tenant_id, before.user.email)


async def _warned(
    key: DataKey, connection: Connection, before: users.Account, user: users.User
) -> tuple[str, ...]:
    """Tell the old address that it is no longer the account's: whoever stole a session cannot hide that."""
    old = before.user.email
    if old is None or user.email == old or before.waits:
        return ()
    to = {"to": old, "tenant_id": user.tenant_id, "user_id": user.id, "locale": user.locale}
    return (await write_mail(key, connection, EMAIL_CHANGED, **to),)


async def _sign_out(connection: Connection, user_id: str, because: Because) -> None:
    await sessions.end_all(connection, user_id, because)
    await runs.wake(connection, user_id)


def _fields(data: ChangeUserBody) -> dict[str, Any]:
    fields = given(data, without=frozenset({"password"}))
    if "email" in fields:
        fields["email"] = email_of(fields["email"])
    return fields


def _not_found() -> ProblemError:
    return ProblemError(404, Code.NOT_FOUND, "There is no such person.")
