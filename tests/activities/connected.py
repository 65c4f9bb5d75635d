"""Connections to the fake, and what stands in their rows while time passes."""

from datetime import timedelta
from typing import Any

import asyncpg

from activities.refreshing import caller_of
from db import connections
from db.pool import Database
from onboarding.connections import Account, Kept, ProviderKey
from onboarding.payloads import ConnectionRef
from runtime.addresses import Owner
from runtime.encryption import Keys
from runtime.providers import keeping
from runtime.settings import Settings
from tests import connected as consenting
from tests.db.given import Person
from tests.providers import Providers


async def connected(
    database: Database, keys: Keys, fake: Providers, settings: Settings, person: Person, key: ProviderKey
) -> ConnectionRef:
    """A connection of somebody."""
    order = await consenting.connected(database, keys, fake, settings, person.caller(), key)
    return ConnectionRef(tenant_id=order.tenant_id, user_id=order.user_id, connection_id=order.connection_id)


async def reconsented(
    database: Database, keys: Keys, fake: Providers, settings: Settings, ref: ConnectionRef
) -> None:
    """Another consent to the account of a connection to Xero."""
    given = await consenting.consented(fake, settings, "xero")
    kept = Kept(access=given.access, refresh=given.refresh)
    sealed = keeping.sealed(await keys.sealing(Owner(ref.tenant_id, ref.user_id)), ref.connection_id, kept)
    tokens = connections.Tokens(sealed=sealed, seconds=float(given.expires_in), scopes=given.scopes or ())
    account = Account(id=fake.xero.account, label="An account")
    async with database.transaction(caller_of(ref)) as connection:
        await connections.renew(connection, ref.connection_id, ref.user_id, tokens=tokens, account=account)


class Row:
    """What stands in the row of a connection."""

    def __init__(self, admin: asyncpg.Connection, ref: ConnectionRef) -> None:
        self._admin = admin
        self._ref = ref

    async def now(self) -> dict[str, Any]:
        """All of it."""
        row = await self._admin.fetchrow("SELECT * FROM connections WHERE id = $1", self._ref.connection_id)
        assert row is not None
        return dict(row)

    async def expires_in(self, seconds: float) -> None:
        """Let time pass, or turn it back: the access token lasts so long."""
        await self._admin.execute(
            "UPDATE connections SET token_expires_at = now() + make_interval(secs => $2) WHERE id = $1",
            self._ref.connection_id,
            seconds,
        )

    async def let_pass(self, time: timedelta) -> None:
        """Let time pass: what is in the row comes nearer."""
        await self._admin.execute(
            """
            UPDATE connections SET token_expires_at = token_expires_at - $2::interval,
              refresh_until = refresh_until - $2::interval, synced_at = synced_at - $2::interval
            WHERE id = $1
            """,
            self._ref.connection_id,
            time,
        )

    async def may_be_asked(self) -> None:
        """Let the pause after a failure pass."""
        await self._admin.execute(
            "UPDATE connections SET refresh_until = now() WHERE id = $1 AND refresh_id IS NOT NULL",
            self._ref.connection_id,
        )

    async def events(self) -> list[str]:
        """What staff were told of it, with the reasons."""
        rows = await self._admin.fetch(
            "SELECT detail_type, detail->>'reason' AS reason FROM events WHERE detail->>'connection_id' = $1",
            self._ref.connection_id,
        )
        return [f"{row['detail_type']}: {row['reason']}" for row in rows]
