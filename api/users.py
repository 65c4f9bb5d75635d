"""The people of a tenant: `/users`. Oneself as the signed-in person is in `api/people.py`."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from api.body import Body
from api.deps import SignedIn, WithDeps, tells_of
from api.emails import Email, email_of
from api.guards import forbidden, open_to, requires
from api.invitations import InvitedOut, Inviter
from api.mailing import post as post_mail
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, read_id_cursor
from api.people import Secret, UserOut, shown, tell_runs
from api.strength import strong_enough
from api.user_changes import (
    ChangeUserBody,
    RoleName,
    examined,
    fields_of,
    followed,
    found,
    nobody_elses,
    not_found,
    not_the_last,
    sign_out,
    warned,
)
from db import invitations, users
from onboarding.access import Role
from onboarding.answers import Text
from onboarding.payloads import FieldError
from runtime.settings import Settings

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
            rows = await users.listed(connection, tenant_id, which, before=before, limit=limit + 1)
            total = await users.count(connection, tenant_id, which) if with_total else UNSET
        page = page_of(rows, limit, lambda user: user.id)
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
            raise not_found()
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
        fields = fields_of(data)
        async with deps.database.transaction(caller) as connection:
            email = (await examined(connection, principal, who, data)).user.email
        if who == caller.user_id and fields.get("email", email) != email:
            await nobody_elses(deps, principal, fields["email"])
        if isinstance(data.password, str):
            fields["password_hash"] = await deps.passwords.hash(data.password)
        await tell_runs(deps, caller, who, data)
        key = await deps.keys.sealing(None)
        # Others may have changed something meanwhile: it is looked at again, with the row locked.
        async with deps.database.transaction(caller) as connection:
            await invitations.hold(connection, caller.tenant_id, who, None)
            before = await examined(connection, principal, who, data)
            user = await users.change(connection, who, **fields)
            await followed(connection, before, user, data)
            mail_ids = await warned(key, connection, before, user)
        await post_mail(deps, *mail_ids)
        tells_of(request, user.id)
        return shown(user)

    @delete("/{user_id:uuid}", guards=[requires("delete:users")])
    async def deactivate(self, user_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Deactivate somebody: they are signed out and stay out; their name stays. A repeat does nothing."""
        who = str(user_id)
        async with deps.database.transaction(principal.caller) as connection:
            before = await found(connection, who)
            if who == principal.caller.user_id:
                await not_the_last(connection, who)
                raise forbidden("Nobody deactivates themselves; another admin can.")
            if before.user.is_active:
                await users.change(connection, who, is_active=False)
                await sign_out(connection, who, "deactivated")
                await invitations.revoke_by(connection, who, None)
