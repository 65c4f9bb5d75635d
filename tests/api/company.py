"""A tenant of its own for a test, with people of every role."""

import asyncio
import uuid
from typing import Any

import httpx
from msgspec import Struct

from api.passwords import Passwords
from db import tenants, users
from db.pool import Database
from db.tenant import OPERATOR, operator
from onboarding.access import Role
from runtime.settings import Settings
from tests.stack import PASSWORD, Json, Person, ok, signed_in

USERS = "/api/v1/users"
INVITATIONS = "/api/v1/invitations"
AUTH = "/api/v1/auth"


def an_email() -> str:
    """An address that nobody has."""
    return f"{uuid.uuid4().hex}@example.org"


class Company(Struct, frozen=True, kw_only=True):
    """A tenant, and the admin with whom it began."""

    client: httpx.AsyncClient
    admin: Person

    async def hire(self, role: str, **fields: Any) -> Person:
        """Somebody with a role, whom the admin makes, signed in."""
        body = {"email": an_email(), "role": role, "password": PASSWORD, **fields}
        ok(await self.admin.post(USERS, body))
        return await signed_in(self.client, body["email"])

    async def awaits(self, role: str = "user", **fields: Any) -> Json:
        """Somebody whose account waits, with the invitation."""
        return ok(await self.admin.post(USERS, {"email": an_email(), "role": role, **fields}))

    async def invited(self, role: str = "user") -> Json:
        """An invitation of somebody without an account."""
        body = {"emails": [an_email()], "role": role}
        return ok(await self.admin.post(INVITATIONS, body))["items"][0]

    async def register(self, invitation: Json, /, **fields: Any) -> httpx.Response:
        """Take up an invitation."""
        body = {"email": invitation["email"], "password": PASSWORD, "invitation": invitation["token"], **fields}
        return await self.client.post(f"{AUTH}/register", json=body)


async def found(client: httpx.AsyncClient, database: Database, settings: Settings) -> Company:
    """A new tenant with an admin, as the command line makes them."""
    passwords = Passwords(settings)
    hashed = await passwords.hash(PASSWORD)
    passwords.close()
    async with database.transaction(OPERATOR) as connection:
        tenant = await tenants.create(connection, uuid.uuid4().hex, "A company", "fitness")
    email = an_email()
    async with database.transaction(operator(tenant.id)) as connection:
        await users.create(connection, tenant_id=tenant.id, email=email, password_hash=hashed, role=Role.ADMIN)
    return Company(client=client, admin=await signed_in(client, email))


async def at_once(*requests: Any) -> list[httpx.Response]:
    """Several requests that run at the same time."""
    return list(await asyncio.gather(*requests))
