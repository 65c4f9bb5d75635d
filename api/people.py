"""Signing in, and the signed-in person: `/auth` and `/users/me`."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from litestar import Controller, get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from api.body import Body
from api.commands import percentage_of
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.problems import Code, ProblemError
from api.tokens import unauthorised
from db import runs, tenants, users
from db.tenant import SIGN_IN
from onboarding.access import PERMISSIONS, AccessControl, Role, access_control
from onboarding.answers import rule
from onboarding.payloads import Actor, ActorKind, FieldError, SetPlace, SnoozeReminders
from onboarding.people import Person
from runtime.addresses import RunAddress
from runtime.settings import Settings

Secret = Annotated[str, Meta(min_length=1, max_length=128, extra={"verbatim": True})]


def _no_address(text: str) -> tuple[str, str] | None:
    """Deliverability is not asked."""
    return None if _email(text) else ("bad_format", "must be an e-mail address")


class RegisterBody(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new account."""

    email: Annotated[str, Meta(min_length=3, max_length=254, extra={"check": _no_address})]
    password: Secret


def _long_enough(settings: Settings, body: RegisterBody) -> Iterator[FieldError]:
    """How long a password must be is a setting."""
    least = settings.password_min_length
    if len(body.password) < least:
        yield FieldError(field="password", code="too_short", detail=f"must have at least {least} characters")


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


class PatchMeBody(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to oneself."""

    reminders_enabled: bool | UnsetType | None = UNSET


class UserOut(Struct, frozen=True, kw_only=True):
    """A person as the API shows them."""

    id: str
    tenant_id: str
    email: str
    full_name: str | None
    role: Role
    timezone: str
    locale: str
    age: int | None
    sex: str | None
    height_cm: float | None
    weight_kg: float | None
    reminders_enabled: bool
    onboarding_completed: bool
    is_active: bool
    created_at: datetime


class MeOut(UserOut, frozen=True, kw_only=True):
    """The signed-in person, with what they may do and open."""

    permissions: list[str]
    access_control: AccessControl


class TokenOut(Struct, frozen=True, kw_only=True):
    """A signed-in session. `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    user: UserOut


class AuthController(Controller):
    """The own issuer."""

    path = "/auth"
    tags = ("auth",)

    @post("/register", opt={"entry": "sign_in", "rule": _long_enough})
    async def register(self, data: JSONBody[RegisterBody], deps: WithDeps) -> UserOut:
        """Make an account in the default tenant."""
        hashed = await deps.passwords.hash(data.password)
        fields = _given(data, without=frozenset({"email", "password"}))
        async with deps.database.transaction(SIGN_IN) as connection:
            tenant = await tenants.ensure(
                connection,
                deps.settings.default_tenant,
                deps.settings.default_tenant,
                deps.settings.default_flow,
            )
            user = await users.create(
                connection,
                tenant_id=tenant.id,
                email=_email(data.email) or data.email,
                password_hash=hashed,
                **fields,
            )
        return _shown(user)

    @post("/login", opt={"entry": "sign_in", "accepts_form": True}, status_code=200)
    async def login(self, data: JSONBody[LoginBody], deps: WithDeps) -> TokenOut:
        """Exchange e-mail and password for an access token."""
        email = _email(str(data.email or data.username)) or ""
        async with deps.database.transaction(SIGN_IN) as connection:
            known = await users.credentials_by_email(connection, email)
        right = await deps.passwords.verify(data.password, known.password_hash if known else None)
        if known is None or not right:
            raise unauthorised(Code.INVALID_CREDENTIALS, "E-mail or password is wrong.")
        if not known.user.is_active:
            raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This account is not active.")
        token = deps.tokens.issue(
            user_id=known.user.id, tenant_id=known.user.tenant_id, token_id=str(uuid.uuid4())
        )
        return TokenOut(
            access_token=token,
            token_type="bearer",  # noqa: S106 - the name of the scheme
            expires_in=int(deps.tokens.lifetime.total_seconds()),
            user=_shown(known.user),
        )

    @get("/me")
    async def me(self, deps: WithDeps, principal: SignedIn) -> MeOut:
        """The signed-in person."""
        return await _me(deps, principal)


class MeController(Controller):
    """The signed-in person."""

    path = "/users/me"
    tags = ("users",)

    @get("/")
    async def read(self, deps: WithDeps, principal: SignedIn) -> MeOut:
        """Profile, permissions, and which features are open."""
        return await _me(deps, principal)

    @patch("/")
    async def change(self, data: JSONBody[PatchMeBody], deps: WithDeps, principal: SignedIn) -> MeOut:
        """Change name, time zone, language, body data, reminders; open runs follow."""
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            flows = await runs.active_flows(connection, caller.user_id)
        actor = Actor(kind=ActorKind.PERSON, id=caller.user_id)
        for flow in flows:
            address = RunAddress(caller.tenant_id, caller.user_id, flow)
            if isinstance(data.timezone, str) or isinstance(data.locale, str):
                place = SetPlace(actor=actor, timezone=data.timezone or None, locale=data.locale or None)
                await deps.gateway.tell(address, place)
            if isinstance(data.reminders_enabled, bool):
                snooze = SnoozeReminders(actor=actor, muted=not data.reminders_enabled)
                await deps.gateway.tell(address, snooze)
        # The row comes last: with Temporal away nothing has changed, and the same request works later.
        async with deps.database.transaction(caller) as connection:
            await users.update(connection, caller.user_id, **_given(data))
        return await _me(deps, principal)


async def _me(deps: Deps, principal: Principal) -> MeOut:
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        user = await users.by_id(connection, caller.user_id)
        percentage = await percentage_of(connection, principal)
    if user is None:
        raise ProblemError(404, Code.NOT_FOUND, "There is no such person.")
    return MeOut(
        **asdict(_shown(user)),
        permissions=sorted(PERMISSIONS[caller.role]),
        access_control=access_control(caller.role, user.onboarding_completed, percentage),
    )


def _shown(user: users.User) -> UserOut:
    return UserOut(**{name: getattr(user, name) for name in UserOut.__struct_fields__})


def _given(data: Person, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields that were sent; a null says nothing, as everywhere."""
    sent = {k: v for k, v in asdict(data).items() if k not in without}
    return {k: v for k, v in sent.items() if v is not UNSET and v is not None}


def _email(text: str) -> str | None:
    """Trimmed and lower-cased, or None when it is no address."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()
