"""Invitations: `/invitations`, and how their tokens are made."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Literal, Self
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct

from api.body import Body
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.emails import email_of
from api.guards import requires
from api.mailing import INVITATION, digest_of, link_to, new_token
from api.mailing import post as post_mail
from api.mailing import write as write_mail
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, read_id_cursor
from api.problems import Code, ProblemError
from db import invitations, tenants, users
from db.pool import Connection
from onboarding.access import PERMISSIONS, Role
from onboarding.payloads import FieldError
from runtime.encryption import DataKey

Write = Callable[[Connection, bytes], Awaitable[invitations.Invitation]]


class InviteBody(Body, frozen=True, kw_only=True):
    """Whom to invite, and as what."""

    emails: Annotated[list[Annotated[str, Meta(min_length=1, max_length=254)]], Meta(min_length=1, max_length=50)]
    role: Literal["user", "manager", "admin"]


class InvitedOut(Struct, frozen=True, kw_only=True):
    """An invitation with its link, which is told this once; `token` is what the link carries."""

    id: str
    email: str
    role: Role
    link: str
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"InvitedOut(id={self.id!r})"


class InvitedListOut(Struct, frozen=True, kw_only=True):
    """The invitations that were made, in the order of the e-mails."""

    items: list[InvitedOut]


class InvitationOut(Struct, frozen=True, kw_only=True):
    """An invitation; `user_id` is the account that waits for it, then the one that took it up."""

    id: str
    email: str
    role: Role
    status: Literal["open", "accepted", "expired", "revoked"]
    invited_by: str | None
    user_id: str | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class InvitationPage(Page[InvitationOut], frozen=True, kw_only=True):
    """A page of a tenant's invitations."""


class InvitationsController(Controller):
    """Who is asked to join the tenant."""

    path = "/invitations"
    tags = ("users",)
    guards = (requires("read:users"),)

    @post("/")
    async def invite(self, data: JSONBody[InviteBody], deps: WithDeps, principal: SignedIn) -> InvitedListOut:
        """Invite people; an invitation that is open for an e-mail is replaced, and its link is dead."""
        caller, role = principal.caller, Role(data.role)
        key = await deps.keys.sealing(None)
        if not PERMISSIONS[role] <= principal.permissions:
            raise invitations.RoleAbove
        async with deps.database.transaction(caller) as connection:
            emails = [email_of(text) for text in data.emails]
            known = await users.accounts(connection, caller.tenant_id, [email for email in emails if email])
            if errors := _not_invitable(emails, known, role):
                raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=errors)
            inviter = await Inviter.of(deps, key, connection, principal)
            made: dict[str | None, Handed] = {}
            # In one order for all: two who invite the same people at once wait for each other, and not in a ring.
            for email in sorted(email for email in emails if email):
                waiting = known.get(email)
                write = partial(
                    invitations.make,
                    tenant_id=caller.tenant_id,
                    email=email,
                    role=role,
                    invited_by=caller.user_id,
                    user_id=waiting.user.id if waiting else None,
                )
                made[email] = await inviter.hand_over(write)
        await post_mail(deps, *(handed.mail_id for handed in made.values()))
        return InvitedListOut(items=[made[email].invited for email in emails])

    @get("/")
    async def read(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> InvitationPage:
        """The tenant's invitations and what became of them, newest first."""
        before, tenant_id = read_id_cursor(cursor), principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await invitations.listed(connection, tenant_id, before=before, limit=limit + 1)
            total = await invitations.count(connection, tenant_id) if with_total else UNSET
        page = page_of(found, limit, lambda invitation: invitation.id)
        names = InvitationOut.__struct_fields__
        items = [InvitationOut(**{name: getattr(one, name) for name in names}) for one in page.items]
        return InvitationPage(items=items, next_cursor=page.next_cursor, total=total)

    @delete("/{invitation_id:uuid}")
    async def revoke(self, invitation_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Withdraw an invitation that nobody has taken up."""
        async with deps.database.transaction(principal.caller) as connection:
            await invitations.revoke(connection, str(invitation_id))

    @post("/{invitation_id:uuid}/resend", status_code=200)
    async def resend(self, invitation_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> InvitedOut:
        """A new link, for the whole time again; the one before is dead."""
        caller, key = principal.caller, await deps.keys.sealing(None)
        async with deps.database.transaction(caller) as connection:
            write = partial(invitations.renew, invitation_id=str(invitation_id))
            renewed = await (await Inviter.of(deps, key, connection, principal)).hand_over(write)
            known = await users.accounts(connection, caller.tenant_id, [renewed.invited.email])
            if any(not account.waits for account in known.values()):
                raise users.EmailTaken
        await post_mail(deps, renewed.mail_id)
        return renewed.invited


class Handed(Struct, frozen=True, kw_only=True):
    """An invitation as whoever asked for it is told, and the mail that goes out once it is committed."""

    invited: InvitedOut
    mail_id: str


class Inviter(Struct, frozen=True, kw_only=True):
    """Whoever asks people to join, in a transaction; `key` seals the mails."""

    deps: Deps
    key: DataKey
    connection: Connection
    principal: Principal
    tenant: str

    @classmethod
    async def of(cls, deps: Deps, key: DataKey, connection: Connection, principal: Principal) -> Self:
        """With the tenant's name, for the mails."""
        tenant = await tenants.get(connection, principal.caller.tenant_id)
        name = tenant.name if tenant else ""
        return cls(deps=deps, key=key, connection=connection, principal=principal, tenant=name)

    async def hand_over(self, write: Write) -> Handed:
        """Make a token, write its hash with the invitation and the link into a mail, and tell it whoever asked."""
        token = new_token()
        invitation = await write(self.connection, digest_of(token))
        link = link_to(self.deps, "invitation", token)
        mail_id = await write_mail(
            self.key,
            self.connection,
            INVITATION,
            to=invitation.email,
            tenant_id=self.principal.caller.tenant_id,
            invitation_id=invitation.id,
            locale=self.principal.locale,
            tenant=self.tenant,
            link=link,
        )
        invited = InvitedOut(
            id=invitation.id,
            email=invitation.email,
            role=invitation.role,
            link=link,
            token=token,
            expires_at=invitation.expires_at,
        )
        return Handed(invited=invited, mail_id=mail_id)


def _not_invitable(
    emails: list[str | None], known: dict[str, users.Account], role: Role
) -> tuple[FieldError, ...]:
    found = (_wrong(email, emails[:index], known, role) for index, email in enumerate(emails))
    return tuple(
        FieldError(field=f"emails[{index}]", code=wrong[0], detail=wrong[1])
        for index, wrong in enumerate(found)
        if wrong
    )


def _wrong(
    email: str | None, before: list[str | None], known: dict[str, users.Account], role: Role
) -> tuple[str, str] | None:
    if email is None:
        return "bad_format", "must be an e-mail address"
    if email in before:
        return "duplicate", "is there already"
    account = known.get(email)
    if account is None:
        return None
    if not account.waits:
        return "email_taken", "has an account"
    if not account.user.is_active:
        return "account_inactive", "has an account that is not active"
    if account.user.role is not role:
        return "role_differs", f"has an account that waits, with the role {account.user.role.value}"
    return None
