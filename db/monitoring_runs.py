"""What staff should know of the runs of a tenant. In the context `monitor(tenant)`."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from db.pool import Connection

RUN_STUCK, RATE_HIGH = "run_stuck", "refusal_rate_high"


class Quiet(NamedTuple):
    """An open run in which nothing has happened for long."""

    last_activity_at: datetime
    id: str


FIRST = Quiet(datetime.fromtimestamp(0, UTC), str(UUID(int=0)))
"""Before every run."""


async def tell_stuck(
    conn: Connection, tenant_id: str, before: datetime, after: Quiet = FIRST, limit: int = 500
) -> list[Quiet]:
    """Write an event for each open run in which nothing has happened since a time, once for each silence.

    Args:
        conn: a transaction.
        tenant_id: whose runs.
        before: the time; a run that moved later is not stuck.
        after: the last run of the page before; they come by how long they have been quiet.
        limit: of the page.

    Returns:
        The runs that were told now. Less than a page is all of them.
    """
    rows = await conn.fetch(
        """
        WITH quiet AS MATERIALIZED (
          SELECT s.tenant_id, s.id, s.flow, s.current_step, s.last_activity_at
          FROM onboarding_sessions AS s
          WHERE s.tenant_id = $1 AND s.status = 'in_progress' AND s.last_activity_at <= $2
            AND (s.last_activity_at, s.id) > ($3, $4::uuid)
            -- Looked up run by run: a join would be planned by statistics that know nothing of this morning.
            AND s.last_activity_at IS DISTINCT FROM (
              SELECT t.last_activity_at FROM stuck_runs AS t WHERE t.run_id = s.id
            )
          ORDER BY s.last_activity_at, s.id LIMIT $5
        ), marked AS (
          INSERT INTO stuck_runs AS t (run_id, tenant_id, last_activity_at)
          SELECT id, tenant_id, last_activity_at FROM quiet
          ON CONFLICT (run_id) DO UPDATE SET last_activity_at = EXCLUDED.last_activity_at
            WHERE t.last_activity_at <> EXCLUDED.last_activity_at
          RETURNING run_id
        ), told AS (
          INSERT INTO events (tenant_id, source, detail_type, severity, severity_level, detail, run_id)
          SELECT q.tenant_id, 'gangway.onboarding', $6, 'medium', 2, jsonb_build_object(
            'flow', q.flow, 'current_step', q.current_step, 'last_activity_at', q.last_activity_at,
            'hours_quiet', floor(extract(epoch FROM now() - q.last_activity_at) / 3600)
          ), q.id
          FROM quiet AS q JOIN marked AS m ON m.run_id = q.id
        )
        SELECT last_activity_at, id::text FROM quiet ORDER BY last_activity_at, id
        """,
        tenant_id,
        before,
        after.last_activity_at,
        after.id,
        limit,
        RUN_STUCK,
    )
    return [Quiet(*row) for row in rows]


async def told_of_refusals(conn: Connection, tenant_id: str, since: datetime) -> bool:
    """Whether staff were told of refusals since a time; whoever asks this at once waits for this transaction."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('refusal rate' || $1::uuid::text, 0))"
    await conn.execute(lock, tenant_id)
    query = "SELECT EXISTS (SELECT FROM events WHERE tenant_id = $1 AND created_at > $2 AND detail_type = $3)"
    return await conn.fetchval(query, tenant_id, since, RATE_HIGH)


async def accepted_saves(conn: Connection, tenant_id: str, since: datetime) -> int:
    """How many saves were accepted since a time, of those that refusals are counted of: not by chat."""
    return await conn.fetchval(
        """
        SELECT count(DISTINCT (run_id, version)) FROM onboarding_events
        WHERE tenant_id = $1 AND created_at >= $2 AND channel IN ('form', 'api')
          AND kind IN ('state_completed', 'state_edited', 'state_confirmed')
          -- Ids begin with the time when they were made: no index of its own is needed.
          AND id >= (SELECT uuidv7($2 - clock_timestamp() - interval '1 minute'))
        """,
        tenant_id,
        since,
    )
