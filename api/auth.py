"""Signing in with e-mail and password, and what comes of it: `/auth`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from litestar import Controller, Request, get, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from uuid_utils.compat import uuid7

from api.body import Body
from api.deps import Deps, SignedIn, WithDeps
from api.entry import address_of
from api.people import MeOut, Secret, UserOut, email_of, me_of, shown
from api.problems import Code, ProblemError
from api.tokens import unauthorised
from db import sessions, users
from db.tenant import SIGN_IN
from onboarding.access import Caller
from onboarding.answers import rule
from onboarding.payloads import FieldError

USER_AGENT_CHARACTERS = 200


class LoginBody(Body, frozen=True, kw_only=True):
    """JSON `{email, password}`, or the OAuth2 password form `username=&password=`."""

    email: Annotated[str, Meta(max_length=254, extra={"verbatim": True})] | UnsetType | None = UNSET
    username: Annotated[str, Meta(max_length=254, extra={"verbatim": True})] | UnsetType | None = UNSET
    password: Secret
    remember_me: bool | UnsetType | None = UNSET
    grant_type: Literal["password"] | UnsetType | None = UNSET
    scope: Annotated[str, Meta(max_length=254, extra={"verbatim": True})] | UnsetType | None = UNSET
    client_id: Annotated[str, Meta(max_length=254, extra={"verbatim": True})] | UnsetType | None = UNSET
    client_secret: Annotated[str, Meta(max_length=254, extra={"verbatim": True})] | UnsetType | None = UNSET

    @rule
    def has_a_name(self) -> Iterator[FieldError]:
        """One of the two names must be there."""
        if not isinstance(self.email, str) and not isinstance(self.username, str):
            yield FieldError(field="email", code="required", detail="is required")


class TokenOut(Struct, frozen=True, kw_only=True):
    """A signed-in session. `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: int
    user: UserOut


class AuthController(Controller):
    """The own issuer."""

    path = "/auth"
    tags = ("auth",)

    @post("/login", opt={"entry": "sign_in", "accepts_form": True}, status_code=200)
    async def login(self, data: JSONBody[LoginBody], deps: WithDeps, request: Request[Any, Any, Any]) -> TokenOut:
        """Exchange e-mail and password for a session: an access token and a refresh token."""
        email = email_of(str(data.email or data.username)) or ""
        async with deps.database.transaction(SIGN_IN) as connection:
            known = await users.credentials_by_email(connection, email)
        right = await deps.passwords.verify(data.password, known.password_hash if known else None)
        if known is None or not right:
            raise unauthorised(Code.INVALID_CREDENTIALS, "E-mail or password is wrong.")
        if not known.user.is_active:
            raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This account is not active.")
        return await _begin(deps, known.user, request)

    @get("/me")
    async def me(self, deps: WithDeps, principal: SignedIn) -> MeOut:
        """The signed-in person."""
        return await me_of(deps, principal)


async def _begin(deps: Deps, user: users.User, request: Request[Any, Any, Any]) -> TokenOut:
    caller = Caller(tenant_id=user.tenant_id, user_id=user.id, role=user.role)
    async with deps.database.transaction(caller) as connection:
        session = await sessions.begin(
            connection,
            id=str(uuid7()),
            tenant_id=user.tenant_id,
            user_id=user.id,
            lifetime_seconds=deps.settings.refresh_token_expire_days * 86400,
            user_agent=request.headers.get("user-agent", "")[:USER_AGENT_CHARACTERS] or None,
            address=address_of(request.scope),
            now=datetime.now(UTC),
        )
    return _told(deps, session, user)


def _told(deps: Deps, session: sessions.Session, user: users.User) -> TokenOut:
    pair = deps.tokens.issue(session)
    return TokenOut(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        token_type="bearer",  # noqa: S106 - the name of the scheme
        expires_in=int((pair.expires_at - datetime.now(UTC)).total_seconds()) + 1,
        user=shown(user),
    )
