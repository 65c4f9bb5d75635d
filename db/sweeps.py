"""The clean-up of runs: overdue ones, finished ones, old archives. All of it in the context `sweeper(tenant)`."""

from datetime import date, datetime
from typing import NamedTuple

from db.pool import Connection, rows_of
from onboarding.payloads import SYSTEM, Channel, EventKind


class Overdue(NamedTuple):
    """A run that should have expired by now."""

    id: str
    user_id: str
    flow: str


async def expired(conn: Connection, now: datetime, after: str | None = None, limit: int = 100) -> list[Overdue]:
    """A page of the runs that should have expired by now, by id, after the one with the id `after`."""
    rows = await conn.fetch(
        """
        SELECT id::text, user_id::text, flow FROM onboarding_sessions
        WHERE status = 'in_progress' AND expires_at <= $1 AND ($2::uuid IS NULL OR id > $2)
        ORDER BY id LIMIT $3
        """,
        now,
        after,
        limit,
    )
    return [Overdue(row["id"], row["user_id"], row["flow"]) for row in rows]


async def mark_expired(conn: Connection, run_id: str, now: datetime) -> bool:
    """Abandon an overdue run whose workflow is gone; False when it is not overdue, or not active, any more.

    Only for those: a workflow that lives says so itself, with a `seq` of its own.
    """
    marked = await conn.fetchval(
        """
        WITH gone AS (
          UPDATE onboarding_sessions
          SET status = 'abandoned', abandoned_reason = 'expired', version = version + 1, seq = seq + 1,
            updated_at = $2, ended_at = $2
          WHERE id = $1 AND status = 'in_progress' AND expires_at <= $2
          RETURNING *
        ), noted AS (
          INSERT INTO onboarding_events
            (tenant_id, user_id, run_id, seq, version, kind, actor, channel, created_at)
          SELECT tenant_id, user_id, id, seq, version, $3, $4, $5, $2 FROM gone
        )
        SELECT pg_notify('gangway_runs', id::text) IS NOT NULL FROM gone
        """,
        run_id,
        now,
        EventKind.RUN_ABANDONED,
        SYSTEM,
        Channel.SYSTEM,
    )
    return marked is not None


async def archive(conn: Connection, before: datetime, limit: int = 500) -> int:
    """Move runs that ended before a time, with their events, to the archive; returns how many, oldest first."""
    span = await conn.fetchrow(
        """
        SELECT min(ended_at) AS first, max(ended_at) AS last FROM (
          SELECT ended_at FROM onboarding_sessions WHERE status <> 'in_progress' AND ended_at < $1
          ORDER BY ended_at, id LIMIT $2
        ) AS candidates
        """,
        before,
        limit,
    )
    if span is None or span["first"] is None:
        return 0
    await ensure_partitions(conn, span["first"].date(), span["last"].date())
    return await conn.fetchval(
        """
        WITH chosen AS (
          SELECT * FROM onboarding_sessions WHERE status <> 'in_progress' AND ended_at < $1 AND ended_at <= $3
          ORDER BY ended_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
        ), kept AS (
          INSERT INTO onboarding_archive (id, tenant_id, user_id, flow, status, ended_at, run, events)
          SELECT s.id, s.tenant_id, s.user_id, s.flow, s.status, s.ended_at, to_jsonb(s), coalesce(
            (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.seq) FROM onboarding_events AS e WHERE e.run_id = s.id),
            '[]'
          )
          FROM chosen AS s
          ON CONFLICT DO NOTHING
        ), gone AS (
          DELETE FROM onboarding_sessions WHERE id IN (SELECT id FROM chosen) RETURNING id
        )
        SELECT count(*) FROM gone
        """,
        before,
        limit,
        span["last"],
    )


async def forget_consents(conn: Connection, *, limit: int) -> int:
    """Delete some consents that nobody can come back to any more (in `sweeper(tenant)`); returns how many."""
    status = await conn.execute(
        """
        DELETE FROM consents WHERE id IN (
          SELECT id FROM consents WHERE expires_at < now() - interval '1 hour' LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)


async def ensure_partitions(conn: Connection, first: date, last: date) -> list[str]:
    """Make the archive's missing months from one day to another; returns their names.

    `archive` does this for what it moves. Readers of the archive wait for it; nobody else does.
    """
    return [row[0] for row in await conn.fetch("SELECT archive_ensure($1, $2)", first, last)]


async def drop_partitions(conn: Connection, before: date) -> list[str]:
    """Drop the archive's months that ended before a day, of all tenants, never the current one.

    Returns:
        The names of the partitions that are gone.
    """
    return [row[0] for row in await conn.fetch("SELECT archive_drop($1)", before)]
