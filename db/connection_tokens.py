"""The tokens of a connection: who exchanges them just now, and what came of it. Times are the database's own."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from db import events
from db.pool import Connection, rows_of
from db.runs import CHANNEL
from onboarding.connections import ProviderKey, Status
from onboarding.payloads import ConnectionRef, ConnectionState

REVOKED = "consent_revoked"
"""The provider does not know the refresh token any more."""

REFUSED = "client_refused"
"""The provider does not know our client, or its secret is another one."""

Reason = Literal["consent_revoked", "client_refused", "tokens_unreadable"]
_LIVE = "status IN ('connected', 'choose_account', 'error')"


class Held(Struct, frozen=True, kw_only=True):
    """What stands in a connection's row.

    Attributes:
        sealed: the tokens, as `runtime.encryption.Sealed` is in JSON.
        version: of the tokens, a number that grows.
        left: seconds until the access token expires; None where nobody said when.
        taken: seconds for which nobody else may exchange the refresh token; 0 when anybody may.
    """

    provider: ProviderKey
    status: Status
    reason: str | None
    sealed: Any
    version: int
    left: float | None
    taken: float


async def held(conn: Connection, connection_id: str, user_id: str) -> Held | None:
    """Somebody's tokens as they stand; None when there is no such connection."""
    row = await conn.fetchrow(
        """
        SELECT provider, status, reason, sealed_tokens AS sealed, token_version AS version,
          extract(epoch FROM token_expires_at - clock_timestamp())::float8 AS left,
          greatest(coalesce(extract(epoch FROM refresh_until - clock_timestamp())::float8, 0), 0) AS taken
        FROM connections WHERE id = $1 AND user_id = $2
        """,
        connection_id,
        user_id,
    )
    return msgspec.convert(dict(row), Held) if row else None


async def take(
    conn: Connection, connection_id: str, user_id: str, *, version: int, refresh_id: str, seconds: float
) -> int | None:
    """Write down that this version is being exchanged now, for so long at most.

    Returns:
        How often it was sent, this time included, without that an answer was kept. None when somebody else
        exchanges it, or there is nothing to exchange any more.
    """
    return await conn.fetchval(
        f"""
        UPDATE connections SET refresh_id = $4, refresh_tries = refresh_tries + 1,
          refresh_until = clock_timestamp() + make_interval(secs => $5)
        WHERE id = $1 AND user_id = $2 AND token_version = $3 AND {_LIVE}
          AND coalesce(refresh_until <= clock_timestamp(), true)
        RETURNING refresh_tries
        """,
        connection_id,
        user_id,
        version,
        refresh_id,
        seconds,
    )


async def keep(
    conn: Connection, connection_id: str, user_id: str, *, version: int, sealed: object, seconds: float
) -> bool:
    """Keep what came for a version, which lasts so many seconds; False when newer tokens are there.

    What was refused before, and is given now, was mended at the provider.
    """
    kept = await conn.execute(
        f"""
        UPDATE connections SET sealed_tokens = $4, token_version = token_version + 1,
          token_expires_at = clock_timestamp() + make_interval(secs => $5),
          status = CASE
            WHEN reason NOT IN ('{REVOKED}', '{REFUSED}') OR reason IS NULL THEN status
            WHEN account_id IS NULL THEN 'choose_account' ELSE 'connected'
          END,
          reason = CASE WHEN reason IN ('{REVOKED}', '{REFUSED}') THEN NULL ELSE reason END,
          refresh_id = NULL, refresh_until = NULL, refresh_tries = 0, updated_at = now()
        WHERE id = $1 AND user_id = $2 AND token_version = $3 AND status <> 'disconnected'
        """,
        connection_id,
        user_id,
        version,
        sealed,
        seconds,
    )
    return rows_of(kept) == 1


async def rest(
    conn: Connection, connection_id: str, user_id: str, *, refresh_id: str, seconds: float, sent: bool = True
) -> None:
    """An exchange came to nothing: for so long nobody tries again. What never was `sent` was no try."""
    await conn.execute(
        """
        UPDATE connections SET refresh_until = clock_timestamp() + make_interval(secs => $4),
          refresh_tries = refresh_tries - CASE WHEN $5 THEN 0 ELSE 1 END
        WHERE id = $1 AND user_id = $2 AND refresh_id = $3
        """,
        connection_id,
        user_id,
        refresh_id,
        seconds,
        sent,
    )


async def refuse(conn: Connection, connection_id: str, user_id: str) -> None:
    """The provider does not let us in, whoever consented: it is for an operator to mend."""
    await conn.execute(
        f"""
        UPDATE connections SET status = 'error', reason = '{REFUSED}', updated_at = now()
        WHERE id = $1 AND user_id = $2 AND status = 'connected'
        """,
        connection_id,
        user_id,
    )


async def lose(
    conn: Connection, tenant_id: str, connection_id: str, user_id: str, *, version: int, reason: Reason
) -> bool:
    """Somebody must consent anew, unless newer tokens than that version came meanwhile; staff hear of it, once.

    A run that waits to be taken up fails with it; one that is under way finds out by itself.
    """
    provider: ProviderKey | None = await conn.fetchval(
        f"""
        UPDATE connections SET status = 'reauth_required', reason = $4, updated_at = now(),
          refresh_id = NULL, refresh_until = NULL
        WHERE id = $1 AND user_id = $2 AND token_version = $3 AND {_LIVE} RETURNING provider
        """,
        connection_id,
        user_id,
        version,
        reason,
    )
    if provider is None:
        return False
    await conn.execute(
        """
        UPDATE connection_runs SET status = 'failed', code = 'needs_consent', ended_at = now()
        WHERE connection_id = $1 AND user_id = $2 AND status = 'queued'
        """,
        connection_id,
        user_id,
    )
    await events.note(
        conn,
        tenant_id=tenant_id,
        source="gangway.connection",
        detail_type="Connection needs consent",
        severity="medium",
        detail={"connection_id": connection_id, "provider": provider, "reason": reason},
    )
    return True


async def look(conn: Connection, connection_id: str, user_id: str) -> ConnectionState | None:
    """How a connection stands; None when there is none."""
    row = await conn.fetchrow(
        """
        SELECT c.provider, c.status, c.token_expires_at, c.synced_at, r.kind AS open_kind FROM connections AS c
        LEFT JOIN connection_runs AS r ON r.tenant_id = c.tenant_id AND r.connection_id = c.id
          AND r.status IN ('queued', 'running')
        WHERE c.id = $1 AND c.user_id = $2
        """,
        connection_id,
        user_id,
    )
    return msgspec.convert(dict(row), ConnectionState) if row else None


async def destroy(conn: Connection, connection_id: str, user_id: str, *, version: int) -> bool:
    """Disconnect: the tokens are gone, and whatever is under way is cancelled; what was brought stays.

    False where the tokens are not of this version, or gone already: nothing is done.
    """
    # The connection first, as everybody who writes to both.
    status = await conn.execute(
        """
        UPDATE connections SET status = 'disconnected', disconnected_at = now(), updated_at = now(), reason = NULL,
          sealed_tokens = NULL, token_version = token_version + 1, token_expires_at = NULL,
          refresh_id = NULL, refresh_until = NULL, refresh_tries = 0
        WHERE id = $1 AND user_id = $2 AND token_version = $3 AND status <> 'disconnected'
        """,
        connection_id,
        user_id,
        version,
    )
    if rows_of(status) == 0:
        return False
    await conn.execute(
        f"""
        WITH left_behind AS (
          UPDATE connection_runs SET status = 'cancelled', ended_at = now()
          WHERE connection_id = $1 AND user_id = $2 AND status IN ('queued', 'running')
        ), jobs AS (
          UPDATE mail_jobs SET status = 'cancelled', ended_at = now(), version = version + 1
          WHERE connection_id = $1 AND user_id = $2 AND status IN ('queued', 'running') RETURNING id
        )
        SELECT pg_notify('{CHANNEL}', id::text) FROM jobs
        """,
        connection_id,
        user_id,
    )
    return True


async def of_person(conn: Connection, user_id: str) -> list[str]:
    """The ids of somebody's connections that are not disconnected."""
    query = "SELECT id::text FROM connections WHERE user_id = $1 AND status <> 'disconnected' ORDER BY id"
    return [row["id"] for row in await conn.fetch(query, user_id)]


async def overdue(
    conn: Connection, older_than_seconds: int, after: str | None = None, limit: int = 100
) -> list[ConnectionRef]:
    """A page of the connections, of all tenants (as `CONNECTOR`), whose token ran out and nobody saw to it."""
    rows = await conn.fetch(
        """
        SELECT tenant_id::text, user_id::text, id::text AS connection_id FROM connections
        WHERE status IN ('connected', 'error') AND token_expires_at < now() - make_interval(secs => $1)
          AND ($2::uuid IS NULL OR id > $2)
        ORDER BY id LIMIT $3
        """,
        older_than_seconds,
        after,
        limit,
    )
    return [msgspec.convert(dict(row), ConnectionRef) for row in rows]
