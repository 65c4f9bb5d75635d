"""Registering: how a person gets an account of the own issuer."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

from litestar import Controller, post
from litestar.params import JSONBody
from msgspec import Meta

from api.deps import WithDeps
from api.people import Secret, UserOut, email_of, given, shown
from api.strength import weaknesses
from db import tenants, users
from db.tenant import SIGN_IN
from onboarding.answers import NotThere
from onboarding.payloads import FieldError
from onboarding.people import Person
from runtime.settings import Settings


def _no_address(text: str) -> tuple[str, str] | None:
    """Deliverability is not asked."""
    return None if email_of(text) else ("bad_format", "must be an e-mail address")


class RegisterBody(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new account."""

    email: Annotated[str, Meta(min_length=3, max_length=254, extra={"check": _no_address})]
    password: Secret


def _strong_enough(settings: Settings, body: RegisterBody) -> Iterator[FieldError]:
    """What a password must be is a setting."""
    return weaknesses(settings, "password", body.password, *_told(body))


def _told(body: RegisterBody) -> Iterator[str]:
    """What is known of the person, as far as it can be read."""
    for field in ("email", "full_name"):
        with suppress(NotThere):
            if isinstance(value := getattr(body, field), str):
                yield value


class RegistrationController(Controller):
    """New accounts."""

    path = "/auth"
    tags = ("auth",)

    @post("/register", opt={"entry": "sign_in", "rule": _strong_enough})
    async def register(self, data: JSONBody[RegisterBody], deps: WithDeps) -> UserOut:
        """Make an account in the default tenant."""
        async with deps.passwords.turn():
            hashed = await deps.passwords.hash(data.password)
        fields = given(data, without=frozenset({"email", "password"}))
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
                email=email_of(data.email) or data.email,
                password_hash=hashed,
                **fields,
            )
        return shown(user)
