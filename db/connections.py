"""Connections: which accounts somebody lets Gangway read, and how each stands. Tokens stay sealed throughout."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import asyncpg
import msgspec
from msgspec import Struct

from db.item_lists import Place
from db.pool import Connection as Conn
from db.runs import PersonGone
from onboarding.connections import LIVE_AT_MOST, Account, ProviderKey, RunKind, RunStatus, Status
from onboarding.errors import GangwayError
from onboarding.payloads import ConnectionRef

MERGED = "account_connected"
"""Why a connection went whose account another one has: that one has its tokens now."""

_CONNECTION = """
  SELECT c.id::text, c.provider, c.status, c.reason, c.account_id, c.account_label, c.accounts, c.scopes,
    c.token_expires_at, c.synced_at, c.created_at, c.disconnected_at, (
      SELECT jsonb_build_object('id', r.id, 'kind', r.kind, 'status', r.status, 'code', r.code,
        'fetched', r.fetched, 'added', r.added, 'changed', r.changed, 'removed', r.removed, 'failed', r.failed,
        'created_at', r.created_at, 'started_at', r.started_at, 'ended_at', r.ended_at)
      FROM connection_runs AS r WHERE r.tenant_id = c.tenant_id AND r.connection_id = c.id
      ORDER BY r.created_at DESC, r.id DESC LIMIT 1
    ) AS last_run
  FROM connections AS c
"""


class TooManyConnections(GangwayError):
    """The person has as many connections as one may have."""

    code: ClassVar[str] = "too_many_connections"
    detail: ClassVar[str] = f"There are {LIVE_AT_MOST} connections; disconnect one first."


class LastRun(Struct, frozen=True, kw_only=True):
    """The newest run of a connection; see `onboarding.connections.Counts`."""

    id: str
    kind: RunKind
    status: RunStatus
    code: str | None
    fetched: int
    added: int
    changed: int
    removed: int
    failed: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Connection(Struct, frozen=True, kw_only=True):
    """A connection; `accounts` are those from which one is to be chosen."""

    id: str
    provider: ProviderKey
    status: Status
    reason: str | None
    account_id: str | None
    account_label: str | None
    accounts: list[Account]
    scopes: list[str]
    token_expires_at: datetime | None
    synced_at: datetime | None
    created_at: datetime
    disconnected_at: datetime | None
    last_run: LastRun | None


class Tokens(Struct, frozen=True, kw_only=True):
    """What somebody consented to: tokens, sealed, for so many seconds, and for what."""

    sealed: Any
    seconds: float
    scopes: tuple[str, ...]


class Waiting(Struct, frozen=True, kw_only=True):
    """A connection whose account is to be chosen, with its tokens."""

    provider: ProviderKey
    accounts: list[Account]
    tokens: Tokens
    version: int


async def alone(conn: Conn, user_id: str) -> None:
    """Wait until nobody else adds to somebody's connections, and keep it so to the end of the transaction."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('connections' || $1::uuid::text, 0))"
    await conn.execute(lock, user_id)


async def get(conn: Conn, connection_id: str, user_id: str) -> Connection | None:
    """Somebody's connection; None when there is none."""
    row = await conn.fetchrow(f"{_CONNECTION} WHERE c.id = $1 AND c.user_id = $2", connection_id, user_id)
    return msgspec.convert(dict(row), Connection) if row else None


async def listed(conn: Conn, user_id: str, *, before: Place | None = None, limit: int = 20) -> list[Connection]:
    """Somebody's connections, also those that are disconnected, newest first, behind a place in the list."""
    created_at, id = before or (None, None)
    rows = await conn.fetch(
        f"""
        {_CONNECTION}
        WHERE c.user_id = $1 AND ($2::timestamptz IS NULL OR (c.created_at, c.id) < ($2, $3::uuid))
        ORDER BY c.created_at DESC, c.id DESC LIMIT $4
        """,
        user_id,
        created_at,
        id,
        limit,
    )
    return [msgspec.convert(dict(row), Connection) for row in rows]


async def count(conn: Conn, user_id: str) -> int:
    """How many there are."""
    return await conn.fetchval("SELECT count(*) FROM connections WHERE user_id = $1", user_id)


async def has_room(conn: Conn, user_id: str) -> bool:
    """Whether somebody may have one more."""
    query = "SELECT count(*) FROM connections WHERE user_id = $1 AND status <> 'disconnected'"
    return await conn.fetchval(query, user_id) < LIVE_AT_MOST


async def has_live(conn: Conn, user_id: str, provider: ProviderKey, *, but: str | None = None) -> bool:
    """Whether somebody has a connection at this provider, other than this one, that is not disconnected."""
    query = """
        SELECT EXISTS (
          SELECT FROM connections WHERE user_id = $1 AND provider = $2 AND status <> 'disconnected'
            AND id IS DISTINCT FROM $3
        )
    """
    return await conn.fetchval(query, user_id, provider, but)


async def of_account(conn: Conn, user_id: str, provider: ProviderKey, external_account: str) -> str | None:
    """Somebody's connection of an account that is not disconnected, locked; None when there is none."""
    return await conn.fetchval(
        """
        SELECT id::text FROM connections
        WHERE user_id = $1 AND provider = $2 AND account_id = $3 AND status <> 'disconnected'
        FOR NO KEY UPDATE
        """,
        user_id,
        provider,
        external_account,
    )


async def ever_of_account(conn: Conn, user_id: str, provider: ProviderKey, external_account: str) -> str | None:
    """Somebody's connection of an account, locked: the live one, else the last that was disconnected.

    That one goes on where it was, so that no order and no mail counts twice. None when there never was one.
    """
    return await conn.fetchval(
        f"""
        SELECT id::text FROM connections
        WHERE user_id = $1 AND provider = $2 AND account_id = $3 AND reason IS DISTINCT FROM '{MERGED}'
        ORDER BY status = 'disconnected', disconnected_at DESC LIMIT 1
        FOR NO KEY UPDATE
        """,
        user_id,
        provider,
        external_account,
    )


async def by_accounts(
    conn: Conn, provider: ProviderKey, external_accounts: Sequence[str], *, limit: int = 500
) -> list[ConnectionRef]:
    """Everybody's connections of these accounts that can be read (as `CONNECTOR`), so many at most."""
    rows = await conn.fetch(
        """
        SELECT tenant_id::text, user_id::text, id::text AS connection_id FROM connections
        WHERE provider = $1 AND account_id = ANY($2) AND status = 'connected' ORDER BY id LIMIT $3
        """,
        provider,
        external_accounts,
        limit,
    )
    return [msgspec.convert(dict(row), ConnectionRef) for row in rows]


async def keep_consented(
    conn: Conn,
    connection_id: str,
    user_id: str,
    *,
    tenant_id: str,
    provider: ProviderKey,
    tokens: Tokens,
    accounts: Sequence[Account],
) -> None:
    """Add a connection: to the one account, or to that of several which is still to be chosen; twice is once.

    Inside of `alone`.

    Raises:
        TooManyConnections: as its name says.
        PersonGone: they were erased since they consented.
    """
    if not await has_room(conn, user_id) and await get(conn, connection_id, user_id) is None:
        raise TooManyConnections
    one = accounts[0] if len(accounts) == 1 else None
    try:
        await conn.execute(
            """
            INSERT INTO connections (id, tenant_id, user_id, provider, status, account_id, account_label, accounts,
              scopes, sealed_tokens, token_expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + make_interval(secs => $11))
            ON CONFLICT (id) DO NOTHING
            """,
            connection_id,
            tenant_id,
            user_id,
            provider,
            "connected" if one else "choose_account",
            one.id if one else None,
            one.label if one else None,
            [] if one else msgspec.to_builtins(accounts),
            list(tokens.scopes),
            tokens.sealed,
            tokens.seconds,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error


async def renew(conn: Conn, connection_id: str, user_id: str, *, tokens: Tokens, account: Account) -> None:
    """Give a connection the tokens of a new consent to its account: whatever was wrong with it is over.

    Also where it was disconnected. Inside of `alone`.

    Raises:
        TooManyConnections: it was, and there is no room for one more.
    """
    gone = "SELECT true FROM connections WHERE id = $1 AND user_id = $2 AND status = 'disconnected'"
    if await conn.fetchval(gone, connection_id, user_id) and not await has_room(conn, user_id):
        raise TooManyConnections
    await conn.execute(
        """
        UPDATE connections SET status = 'connected', reason = NULL, account_label = $3, scopes = $4,
          sealed_tokens = $5, token_version = token_version + 1,
          token_expires_at = clock_timestamp() + make_interval(secs => $6),
          refresh_id = NULL, refresh_until = NULL, refresh_tries = 0, updated_at = now(), disconnected_at = NULL
        WHERE id = $1 AND user_id = $2
        """,
        connection_id,
        user_id,
        account.label,
        list(tokens.scopes),
        tokens.sealed,
        tokens.seconds,
    )


async def waiting(conn: Conn, connection_id: str, user_id: str) -> Waiting | None:
    """A connection whose account is to be chosen, locked; None when there is no such one."""
    row = await conn.fetchrow(
        """
        SELECT provider, accounts, sealed_tokens, scopes, token_version,
          greatest(coalesce(extract(epoch FROM token_expires_at - clock_timestamp())::float8, 0), 0) AS seconds
        FROM connections WHERE id = $1 AND user_id = $2 AND status = 'choose_account' FOR NO KEY UPDATE
        """,
        connection_id,
        user_id,
    )
    if row is None:
        return None
    return Waiting(
        provider=row["provider"],
        accounts=msgspec.convert(row["accounts"], list[Account]),
        tokens=Tokens(sealed=row["sealed_tokens"], seconds=row["seconds"], scopes=tuple(row["scopes"])),
        version=row["token_version"],
    )


async def choose(conn: Conn, connection_id: str, user_id: str, account: Account) -> None:
    """Say which account a connection is of that waits for it."""
    await conn.execute(
        """
        UPDATE connections SET status = 'connected', reason = NULL, account_id = $3, account_label = $4,
          accounts = '[]', updated_at = now()
        WHERE id = $1 AND user_id = $2 AND status = 'choose_account'
        """,
        connection_id,
        user_id,
        account.id,
        account.label,
    )


async def give_way(conn: Conn, connection_id: str, user_id: str, account: Account) -> None:
    """End a connection whose tokens another one of the same account has now."""
    await conn.execute(
        f"""
        UPDATE connections SET status = 'disconnected', reason = '{MERGED}', account_id = $3, account_label = $4,
          accounts = '[]', sealed_tokens = NULL, token_expires_at = NULL, refresh_id = NULL, refresh_until = NULL,
          refresh_tries = 0, disconnected_at = now(), updated_at = now()
        WHERE id = $1 AND user_id = $2 AND status = 'choose_account'
        """,
        connection_id,
        user_id,
        account.id,
        account.label,
    )
