"""Runs: when a connection was read, and what that brought. One of a connection is open at a time."""

from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from db.item_lists import Place
from db.pool import Connection, rows_of
from onboarding.connections import Counts, Cursor, ProviderKey, RunKind, RunStatus, Status

KEPT_DAYS = 90
"""How long a run that ended is kept; the newest of a connection stays as long as the connection."""

_WANTED = """
  SELECT u.is_active AND c.provider = ANY(t.allowed_connections) FROM connections AS c
  JOIN users AS u ON u.tenant_id = c.tenant_id AND u.id = c.user_id JOIN tenants AS t ON t.id = c.tenant_id
  WHERE c.id = $1 AND c.user_id = $2
"""


class Run(Struct, frozen=True, kw_only=True):
    """A run as it stands; see `onboarding.connections.Counts`. `code` says why it failed."""

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


class Taken(Struct, frozen=True, kw_only=True):
    """A run that is under way, and from where it reads."""

    run_id: str
    provider: ProviderKey
    account_id: str | None
    status: Status
    cursor: Cursor | None


_RUN = "id::text, kind, status, code, fetched, added, changed, removed, failed, created_at, started_at, ended_at"
_COUNTS = Counts.__struct_fields__


async def queue(
    conn: Connection, *, new_id: str, tenant_id: str, user_id: str, connection_id: str, kind: RunKind
) -> Run | None:
    """The open run of somebody's connection, which this makes where there is none; it waits to be taken up.

    Returns:
        None where there is no such connection, or it was removed.
    """
    return await _open(conn, new_id, tenant_id, user_id, connection_id, kind)


async def take(
    conn: Connection, *, new_id: str, tenant_id: str, user_id: str, connection_id: str, kind: RunKind
) -> Taken | None:
    """Take up the open run of somebody's connection, or a new one: also one that a worker left behind.

    Returns:
        None where there is no such connection, or it was removed; and nothing is read for somebody who is not
        active, or that their tenant does not allow.
    """
    if not await conn.fetchval(_WANTED, connection_id, user_id):
        return None
    run = await _open(conn, new_id, tenant_id, user_id, connection_id, kind)
    if run is None:
        return None
    row = await conn.fetchrow(
        """
        WITH taken AS (
          UPDATE connection_runs SET status = 'running', started_at = coalesce(started_at, now())
          WHERE id = $1 AND user_id = $2 RETURNING id::text AS run_id, connection_id
        )
        SELECT run_id, c.provider, c.account_id, c.status, c.cursor FROM taken
        JOIN connections AS c ON c.id = taken.connection_id AND c.user_id = $2
        """,
        run.id,
        user_id,
    )
    return msgspec.convert(dict(row), Taken) if row else None


async def is_mine(
    conn: Connection, fetch_id: str, user_id: str, connection_id: str, cursor: Cursor | None
) -> bool:
    """Whether nobody else has gone on with a run since its connection had this cursor, nor does until the end of
    the transaction.

    A worker that was thought dead may still be at it.
    """
    found = await conn.fetchval(
        """
        SELECT cursor IS NOT DISTINCT FROM $3::jsonb FROM connections WHERE id = $1 AND user_id = $2
          FOR NO KEY UPDATE
        """,
        connection_id,
        user_id,
        cursor,
    )
    running = "SELECT true FROM connection_runs WHERE id = $1 AND user_id = $2 AND status = 'running'"
    return bool(found) and bool(await conn.fetchval(running, fetch_id, user_id))


async def add(conn: Connection, fetch_id: str, user_id: str, counts: Counts) -> None:
    """Count what a batch brought, in the transaction that stored it."""
    await conn.execute(
        f"""
        UPDATE connection_runs SET {", ".join(f"{name} = {name} + ${n}" for n, name in enumerate(_COUNTS, 3))}
        WHERE id = $1 AND user_id = $2 AND status = 'running'
        """,
        fetch_id,
        user_id,
        *astuple(counts),
    )


async def end(conn: Connection, fetch_id: str, user_id: str, status: RunStatus, code: str | None = None) -> bool:
    """End a run, once; of one that is completed the connection says that it is synced.

    Returns:
        False where it had ended, or there is none.
    """
    # The connection first, as everybody who writes to both.
    await conn.execute(
        """
        UPDATE connections SET synced_at = CASE $3 WHEN 'completed' THEN now() ELSE synced_at END
        WHERE user_id = $2 AND id = (
          SELECT connection_id FROM connection_runs WHERE id = $1 AND user_id = $2 AND status <> ALL($4)
        )
        """,
        fetch_id,
        user_id,
        status,
        ["completed", "failed", "cancelled"],
    )
    ended = await conn.execute(
        """
        UPDATE connection_runs SET status = $3, code = $4, ended_at = now()
        WHERE id = $1 AND user_id = $2 AND status IN ('queued', 'running')
        """,
        fetch_id,
        user_id,
        status,
        code,
    )
    return rows_of(ended) == 1


async def get(conn: Connection, fetch_id: str, user_id: str, connection_id: str) -> Run | None:
    """A run of somebody's connection; None when there is none."""
    row = await conn.fetchrow(
        f"SELECT {_RUN} FROM connection_runs WHERE id = $1 AND user_id = $2 AND connection_id = $3",
        fetch_id,
        user_id,
        connection_id,
    )
    return msgspec.convert(dict(row), Run) if row else None


async def listed(
    conn: Connection, user_id: str, connection_id: str, *, before: Place | None = None, limit: int = 20
) -> list[Run]:
    """The runs of somebody's connection, newest first, older than the place `before`."""
    time, place = before or (None, None)
    rows = await conn.fetch(
        f"""
        SELECT {_RUN} FROM connection_runs WHERE connection_id = $2 AND user_id = $1
          AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $5
        """,
        user_id,
        connection_id,
        time,
        place,
        limit,
    )
    return [msgspec.convert(dict(row), Run) for row in rows]


async def count(conn: Connection, user_id: str, connection_id: str) -> int:
    """How many runs somebody's connection had."""
    query = "SELECT count(*) FROM connection_runs WHERE connection_id = $2 AND user_id = $1"
    return await conn.fetchval(query, user_id, connection_id)


async def _open(
    conn: Connection, new_id: str, tenant_id: str, user_id: str, connection_id: str, kind: RunKind
) -> Run | None:
    # Whoever opens or ends a run has the connection's row first: the open one stays the open one.
    live = await conn.fetchval(
        """
        SELECT true FROM connections WHERE id = $1 AND user_id = $2 AND status <> 'disconnected' FOR NO KEY UPDATE
        """,
        connection_id,
        user_id,
    )
    if not live:
        return None
    await conn.execute(
        """
        INSERT INTO connection_runs (id, tenant_id, user_id, connection_id, kind) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, connection_id) WHERE status IN ('queued', 'running') DO NOTHING
        """,
        new_id,
        tenant_id,
        user_id,
        connection_id,
        kind,
    )
    row = await conn.fetchrow(
        f"""
        SELECT {_RUN} FROM connection_runs
        WHERE connection_id = $1 AND user_id = $2 AND status IN ('queued', 'running')
        """,
        connection_id,
        user_id,
    )
    return msgspec.convert(dict(row), Run) if row else None


async def purge(conn: Connection, *, limit: int) -> int:
    """Delete some runs that ended long ago and are not their connection's last one (in `sweeper(tenant)`)."""
    status = await conn.execute(
        f"""
        DELETE FROM connection_runs WHERE id IN (
          SELECT r.id FROM connection_runs AS r
          WHERE r.ended_at < now() - interval '{KEPT_DAYS} days' AND EXISTS (
            SELECT FROM connection_runs AS n
            WHERE n.tenant_id = r.tenant_id AND n.connection_id = r.connection_id
              AND (n.created_at, n.id) > (r.created_at, r.id)
          ) LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)
