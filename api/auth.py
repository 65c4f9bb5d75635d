"""Signing in with e-mail and password, and what comes of it: `/auth`."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from litestar import Controller, Request, get, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from uuid_utils.compat import uuid7

from api.alerts import post_alerts
from api.body import Body
from api.deps import Deps, SignedIn, WithDeps, tells_of
from api.emails import email_of
from api.entry import address_of
from api.people import MeOut, Secret, UserOut, me_of, shown
from api.problems import Code, ProblemError
from api.tokens import Refresh, refresh_refused, unauthorised
from api.verifier import LEEWAY_SECONDS
from db import credentials, events, refused_tokens, runs, sessions, users
from db.pool import Connection
from db.tenant import SIGN_IN
from onboarding.access import Caller, Role
from onboarding.answers import rule
from onboarding.payloads import FieldError

USER_AGENT_CHARACTERS = 200
UNREMEMBERED_SECONDS = 86_400
"""How long a refresh token lives for who does not want to be remembered."""


RefreshToken = Annotated[str, Meta(min_length=1, max_length=500, extra={"verbatim": True})]


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


class RefreshBody(Body, frozen=True, kw_only=True):
    """The refresh token of a pair, to be exchanged for the next."""

    refresh_token: RefreshToken


class LogoutBody(Body, frozen=True, kw_only=True):
    """With the refresh token of another session that one ends too."""

    refresh_token: RefreshToken | UnsetType | None = UNSET


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
        """Exchange e-mail and password for a session: an access token and a refresh token.

        With `remember_me: false` the refresh token lives for a day.
        """
        said = str(data.email or data.username)
        known = await _proven(deps, said, data.password, address_of(request.scope))
        if not known.user.is_active:
            raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This account is not active.")
        seconds = deps.settings.refresh_token_expire_days * 86_400
        if data.remember_me is False:
            seconds = min(seconds, UNREMEMBERED_SECONDS)
        tells_of(request, known.user.id)
        told = await _begin(deps, known, request, seconds)
        if deps.passwords.is_outdated(known.password_hash):
            await _hash_anew(deps, known, data.password)
        return told

    @post("/refresh", opt={"entry": "sign_in"}, status_code=200)
    async def refresh(
        self, data: JSONBody[RefreshBody], deps: WithDeps, request: Request[Any, Any, Any]
    ) -> TokenOut:
        """Exchange a refresh token for a new pair; the old one is spent.

        Within ten seconds the spent one gives the same new pair, for the tab beside. Later it ends the session:
        somebody else may have it.
        """
        refresh = deps.tokens.read_refresh(data.refresh_token)
        caller = Caller(tenant_id=refresh.tenant_id, user_id=refresh.user_id, role=Role.USER)
        reused = False
        async with deps.database.transaction(caller) as connection:
            now = datetime.now(UTC)
            session = await sessions.rotate(connection, refresh.session_id, refresh.generation, now)
            if session is None and await sessions.end_reused(
                connection, refresh.session_id, refresh.generation, now
            ):
                await _tell_of_reuse(connection, refresh)
                reused = True
            user = await users.by_id(connection, refresh.user_id)
        if reused:
            await post_alerts(deps)
        if session is None or user is None:
            raise refresh_refused()
        if not user.is_active:
            raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This account is not active.")
        tells_of(request, user.id)
        return _told(deps, session, user)

    @post("/logout", status_code=204)
    async def logout(self, deps: WithDeps, principal: SignedIn, data: JSONBody[LogoutBody | None] = None) -> None:
        """End this session: from the next request on its tokens are refused everywhere.

        Of another issuer it is this access token that is refused; its session there goes on.
        """
        caller, token = principal.caller, principal.token
        ended = {token.session_id} if token.session_id else set[str]()
        if data is not None and isinstance(data.refresh_token, str):
            ended |= _session_of(deps, data.refresh_token, caller)
        async with deps.database.transaction(caller) as connection:
            for session_id in sorted(ended):
                await sessions.end(connection, session_id, "logout")
            if token.digest:
                await refused_tokens.refuse(
                    connection,
                    digest=token.digest,
                    tenant_id=caller.tenant_id,
                    user_id=caller.user_id,
                    until=token.expires_at + timedelta(seconds=LEEWAY_SECONDS),
                )
            await runs.wake(connection, caller.user_id)

    @get("/me")
    async def me(self, deps: WithDeps, principal: SignedIn) -> MeOut:
        """The signed-in person."""
        return await me_of(deps, principal)


async def _proven(deps: Deps, said: str, password: str, address: str) -> credentials.Credentials:
    """The person with this e-mail and password. What is no e-mail is nobody's, and counted all the same.

    The count of failures, the look at the password and the next failure are one transaction, and those at one
    e-mail wait for each other. It is open for long, by few at once.

    Raises:
        ProblemError: 401 without saying what was wrong, 429 after too many failures.
        TooBusy: too many sign in at this moment.
    """
    email = email_of(said) or ""
    attempt = deps.lockout.attempt(email or said, address)
    async with deps.passwords.turn(), deps.database.transaction(SIGN_IN) as connection:
        standing = await deps.lockout.admit(connection, attempt)
        known = await credentials.by_email(connection, email)
        right = await deps.passwords.verify(password, known.password_hash if known else None)
        if known and right:
            await deps.lockout.succeeded(connection, attempt, standing)
        else:
            await deps.lockout.failed(connection, attempt, standing, known.user if known else None)
    if not known or not right:
        raise _wrong_credentials()
    return known


def _wrong_credentials() -> ProblemError:
    return unauthorised(Code.INVALID_CREDENTIALS, "E-mail or password is wrong.")


async def _hash_anew(deps: Deps, known: credentials.Credentials, password: str) -> None:
    user = known.user
    hashed = await deps.passwords.hash(password)
    caller = Caller(tenant_id=user.tenant_id, user_id=user.id, role=Role.USER)
    async with deps.database.transaction(caller) as connection:
        await credentials.set_password(connection, user.id, hashed, instead_of=known.password_hash)


async def _tell_of_reuse(connection: Connection, refresh: Refresh) -> None:
    await events.note(
        connection,
        tenant_id=refresh.tenant_id,
        source="gangway.auth",
        detail_type="refresh_token_reused",
        severity="high",
        detail={"user_id": refresh.user_id, "session_id": refresh.session_id},
    )


def _session_of(deps: Deps, refresh_token: str, caller: Caller) -> set[str]:
    """The session of a refresh token, if it is one of the caller's; to sign out is never refused."""
    try:
        refresh = deps.tokens.read_refresh(refresh_token)
    except ProblemError:
        return set()
    return {refresh.session_id} if refresh.user_id == caller.user_id else set()


async def _begin(
    deps: Deps, known: credentials.Credentials, request: Request[Any, Any, Any], lifetime_seconds: int
) -> TokenOut:
    """Begin a session, unless the password became another one while it was looked at, or the person is gone."""
    user = known.user
    caller = Caller(tenant_id=user.tenant_id, user_id=user.id, role=user.role)
    async with deps.database.transaction(caller) as connection:
        if not await credentials.holds(connection, user.id, known.password_hash):
            raise _wrong_credentials()
        session = await sessions.begin(
            connection,
            id=str(uuid7()),
            tenant_id=user.tenant_id,
            user_id=user.id,
            lifetime_seconds=lifetime_seconds,
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
        expires_in=math.ceil((pair.expires_at - datetime.now(UTC)).total_seconds()),
        user=shown(user),
    )
