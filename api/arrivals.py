"""People whom another issuer signs in: from what their token says to the account that they have here.

The first sign-in makes the account. Who is known is remembered, so that their next request looks up nothing.
"""

from hashlib import sha256
from typing import Any

from cachetools import LRUCache

from api.claims import Member, Told, Verified
from api.emails import email_of
from api.problems import Code, ProblemError
from api.tokens import unauthorised
from db import arrivals, erasures, tenants, users
from db.pool import Database
from db.tenant import SIGN_IN, Internal
from onboarding.access import Caller, Role
from onboarding.people import Person
from onboarding.reading import examine
from runtime.settings import Settings

REMEMBERED = 4096
TENANT_CHARACTERS = 200

_Key = tuple[object, ...]


class Arrivals:
    """Knows who is who."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._creates = settings.tenant_auto_create
        self._default_flow = settings.default_flow
        self._known = LRUCache[_Key, Member](REMEMBERED)

    def known(self, verified: Verified) -> Member | None:
        """The account of a person who is remembered."""
        return self._known.get(_key_of(verified))

    async def look_up(self, verified: Verified, *, welcome: bool = True) -> Member:
        """The account of a person, made when they come for the first time; it is remembered.

        Args:
            verified: their tokens.
            welcome: whether this request makes an account; otherwise it is 401 for who has none, and whoever
                was erased is who they were.

        Raises:
            ProblemError: 401 `auth_invalid_token`; 403 `tenant_required`, `tenant_unknown`, `tenant_mismatch` or
                `account_exists`.
        """
        member = await self._looked_up(verified, welcome)
        self._known[_key_of(verified)] = member
        return member

    def forget(self, verified: Verified) -> None:
        """Look this person up again next time."""
        self._known.pop(_key_of(verified), None)

    async def _looked_up(self, verified: Verified, welcome: bool) -> Member:
        name = _tenant_name(verified.told)
        if gone := await self._erased(verified):
            if welcome:
                raise _refused()
            return Member(tenant_id=gone.tenant_id, user_id=gone.user_id)
        tenant_id, user = await self._found(verified, name, creates=self._creates and welcome)
        email = _email(verified.told)
        if user is None and not welcome:
            raise _refused()
        if user is None:
            try:
                user = await self._added(verified, tenant_id, email)
            except users.EmailTaken:
                # By somebody else, or by this very person, who came twice at once.
                tenant_id, user = await self._found(verified, name, creates=False)
                if user is None:
                    detail = "This e-mail address has an account that is signed in to in another way."
                    raise ProblemError(403, Code.ACCOUNT_EXISTS, detail) from None
        if email and user.email is None:
            await self._fill_in(user, email)
        return Member(tenant_id=tenant_id, user_id=user.id)

    async def _erased(self, verified: Verified) -> erasures.Gone | None:
        """Whoever this was when the token was made, and is no more: it does not make them anew."""
        async with self._database.transaction(SIGN_IN) as connection:
            gone = await erasures.of_subject(connection, verified.issuer.name, verified.subject)
        before = gone and (verified.issued_at is None or verified.issued_at <= gone.completed_at)
        return gone if before else None

    async def _found(self, verified: Verified, name: str, *, creates: bool) -> tuple[str, users.User | None]:
        """The tenant of that name, and the person if they are known."""
        async with self._database.transaction(SIGN_IN) as connection:
            user = await arrivals.by_subject(connection, verified.issuer.name, verified.subject)
            tenant = await tenants.by_external_id(connection, name)
            if user is not None and (tenant is None or tenant.id != user.tenant_id):
                raise ProblemError(403, Code.TENANT_MISMATCH, "This account belongs to another tenant.")
            if tenant is None:
                if not creates:
                    raise _unknown_tenant()
                tenant = await tenants.ensure(connection, name, name, self._default_flow)
            return tenant.id, user

    async def _added(self, verified: Verified, tenant_id: str, email: str | None) -> users.User:
        async with self._database.transaction(Internal(role="issuer", tenant_id=tenant_id)) as connection:
            return await arrivals.arrive(
                connection,
                tenant_id=tenant_id,
                issuer=verified.issuer.name,
                subject=verified.subject,
                email=email,
                role=_role(verified.told),
                **_personal_data(verified.told),
            )

    async def _fill_in(self, user: users.User, email: str) -> None:
        caller = Caller(tenant_id=user.tenant_id, user_id=user.id, role=user.role)
        try:
            async with self._database.transaction(caller) as connection:
                await arrivals.fill_in_email(connection, user.id, email)
        except users.EmailTaken:
            return  # They have their account all the same.


def _refused() -> ProblemError:
    return unauthorised(Code.AUTH_INVALID_TOKEN, "The access token is not valid.")


def bucket_of(verified: Verified) -> str:
    """Where the requests of somebody who is not known yet are counted."""
    return "arrival/" + sha256(f"{verified.issuer.name}\0{verified.subject}".encode()).hexdigest()


def _key_of(verified: Verified) -> _Key:
    """With the e-mail: one that a later token brings may be filled in."""
    told = verified.told
    about = (told.get(name) for name in ("tenant", "email", "email_verified"))
    return (verified.issuer.name, verified.subject, *about)


def _tenant_name(told: Told) -> str:
    name = told.get("tenant")
    if not isinstance(name, str):
        raise ProblemError(403, Code.TENANT_REQUIRED, "The token does not say which tenant it is for.")
    if len(name) > TENANT_CHARACTERS or not name.isprintable():
        raise _unknown_tenant()
    return name


def _unknown_tenant() -> ProblemError:
    return ProblemError(403, Code.TENANT_UNKNOWN, "The tenant that the token names is not known here.")


def _role(told: Told) -> Role:
    role = told.get("role")
    return next((known for known in Role if known == role), Role.USER)


def _email(told: Told) -> str | None:
    """The address, unless the issuer says that it is not proved to be theirs. Some say that in words."""
    email = told.get("email")
    if not isinstance(email, str) or str(told.get("email_verified")).lower() == "false":
        return None
    return email_of(email)


def _personal_data(told: Told) -> dict[str, Any]:
    """As far as it is valid: nobody is kept out by their name."""
    locale = told.get("locale")
    fields = {
        "full_name": told.get("name"),
        "timezone": told.get("zoneinfo"),
        "locale": locale.replace("_", "-").partition("-")[0].lower() if isinstance(locale, str) else None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    examined = examine(Person, given)
    failed = {error.field for error in examined.errors}
    return {name: getattr(examined.answer, name) for name in given if name not in failed}
