"""People to measure with: rows in `users`, and access tokens of the API's own kind."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from api.tokens import Tokens
from db import sessions, tenants, users
from db.pool import Database
from db.tenant import SIGN_IN
from onboarding.access import Caller, Role
from runtime.settings import Settings

_AT_ONCE = 500


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    tenant_id: str
    id: str
    token: str
    session_id: str = ""


class People:
    """Makes new people; each measurement gets runs that nobody has used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tokens = Tokens(settings)

    async def new(self, count: int) -> list[Person]:
        """Register so many, straight in the database: signing in is not what is measured."""
        assert self._settings.database_url is not None
        database = await Database.open(self._settings.database_url, min_size=1, max_size=1)
        signed_up: list[tuple[str, str]] = []
        try:
            for batch in _batches(count):
                async with database.transaction(SIGN_IN) as connection:
                    tenant = await tenants.ensure(
                        connection, self._settings.default_tenant, self._settings.default_tenant
                    )
                    for _ in range(batch):
                        user = await users.create(
                            connection,
                            tenant_id=tenant.id,
                            email=f"{uuid.uuid4().hex}@example.com",
                            password_hash="none",
                        )
                        signed_up.append((tenant.id, user.id))
            return [await self._signed_in(database, *ids) for ids in signed_up]
        finally:
            await database.close()

    async def _signed_in(self, database: Database, tenant_id: str, user_id: str) -> Person:
        caller = Caller(tenant_id=tenant_id, user_id=user_id, role=Role.USER)
        async with database.transaction(caller) as connection:
            session = await sessions.begin(
                connection,
                id=str(uuid.uuid4()),
                tenant_id=tenant_id,
                user_id=user_id,
                lifetime_seconds=86_400,
                user_agent=None,
                address=None,
                now=datetime.now(UTC),
            )
        return Person(tenant_id, user_id, self._tokens.issue(session).access_token, session.id)


def _batches(count: int) -> list[int]:
    return [min(_AT_ONCE, count - done) for done in range(0, count, _AT_ONCE)]
