"""People to measure with: rows in `users`, and access tokens of the API's own kind."""

import uuid
from dataclasses import dataclass

from api.tokens import Tokens
from db import tenants, users
from db.pool import Database
from db.tenant import SIGN_IN
from runtime.settings import Settings

_AT_ONCE = 500


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    tenant_id: str
    id: str
    token: str


class People:
    """Makes new people; each measurement gets runs that nobody has used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tokens = Tokens(settings)

    async def new(self, count: int) -> list[Person]:
        """Register so many, straight in the database: signing in is not what is measured."""
        assert self._settings.database_url is not None
        database = await Database.open(self._settings.database_url, min_size=1, max_size=1)
        made: list[Person] = []
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
                        made.append(Person(tenant.id, user.id, self._token(tenant.id, user.id)))
        finally:
            await database.close()
        return made

    def _token(self, tenant_id: str, user_id: str) -> str:
        return self._tokens.issue(user_id=user_id, tenant_id=tenant_id, token_id=uuid.uuid4().hex)


def _batches(count: int) -> list[int]:
    return [min(_AT_ONCE, count - done) for done in range(0, count, _AT_ONCE)]
