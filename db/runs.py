"""Runs as PostgreSQL knows them: the projection that the workflow writes and everybody reads."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection
from onboarding.errors import GangwayError
from onboarding.payloads import Actor, Change, Channel, Event, EventKind, Run, Status
from onboarding.progress import current_state, flow_of

CHANNEL = "gangway_runs"
"""Where the id of each changed run is announced (LISTEN)."""

_SELECT = """
SELECT
  s.id::text, s.tenant_id::text, s.user_id::text, s.flow, s.flow_version, s.status, s.abandoned_reason,
  s.timezone, s.locale, s.step_data AS answers, s.skipped, s.needs_review, s.prefill, s.agent_history,
  s.reminders, s.version, s.seq, s.created_at, s.last_activity_at, s.expires_at, s.completed_at
"""
_GET = " FROM onboarding_sessions AS s WHERE s.id = $1"
_LATEST = """
FROM onboarding_sessions AS s
WHERE s.user_id = $1 AND s.flow = $2 ORDER BY s.created_at DESC, s.id DESC LIMIT 1
"""
_LATEST_ARCHIVED = """
FROM (
  SELECT run FROM onboarding_archive WHERE user_id = $1 AND flow = $2 ORDER BY ended_at DESC LIMIT 1
) AS a, jsonb_populate_record(NULL::onboarding_sessions, a.run) AS s
"""

# One statement for all that a change means, so that it is one round trip and one snapshot.
# The lock lets the writers of a person's flow pass one by one: two that insert the same new run at once would
# otherwise meet at the index of active runs, which ON CONFLICT (id) does not look after.
_PROJECT = """
WITH given AS MATERIALIZED (
  SELECT r.*, pg_advisory_xact_lock(hashtextextended(r.user_id || r.flow, 0))::text AS locked
  FROM jsonb_to_record($1) AS r (
    id uuid, tenant_id uuid, user_id uuid, flow text, flow_version integer, status text,
    abandoned_reason text, current_step integer, total_states integer, answers jsonb, skipped jsonb,
    needs_review jsonb, prefill jsonb, agent_history jsonb, reminders jsonb, timezone text, locale text,
    version bigint, seq bigint, completed_at timestamptz, ended_at timestamptz, created_at timestamptz,
    changed_at timestamptz, last_activity_at timestamptz, expires_at timestamptz, events jsonb
  )
), saved AS (
  INSERT INTO onboarding_sessions AS s (
    id, tenant_id, user_id, flow, flow_version, status, abandoned_reason, current_step, total_states,
    step_data, skipped, needs_review, prefill, agent_history, reminders, timezone, locale, version, seq,
    completed_at, ended_at, created_at, updated_at, last_activity_at, expires_at
  )
  SELECT
    id, tenant_id, user_id, flow, flow_version, status, abandoned_reason, current_step, total_states,
    answers, skipped, needs_review, prefill, agent_history, reminders, timezone, locale, version, seq,
    completed_at, ended_at, created_at, changed_at, last_activity_at, expires_at
  FROM given
  ON CONFLICT (id) DO UPDATE SET (
    flow_version, status, abandoned_reason, current_step, total_states, step_data, skipped, needs_review,
    prefill, agent_history, reminders, timezone, locale, version, seq, completed_at, ended_at, updated_at,
    last_activity_at, expires_at
  ) = ROW (
    EXCLUDED.flow_version, EXCLUDED.status, EXCLUDED.abandoned_reason, EXCLUDED.current_step,
    EXCLUDED.total_states, EXCLUDED.step_data, EXCLUDED.skipped, EXCLUDED.needs_review, EXCLUDED.prefill,
    EXCLUDED.agent_history, EXCLUDED.reminders, EXCLUDED.timezone, EXCLUDED.locale, EXCLUDED.version,
    EXCLUDED.seq, EXCLUDED.completed_at, EXCLUDED.ended_at, EXCLUDED.updated_at,
    EXCLUDED.last_activity_at, EXCLUDED.expires_at
  )
  WHERE s.seq < EXCLUDED.seq
  RETURNING s.id
), noted AS (
  INSERT INTO onboarding_events
    (tenant_id, user_id, run_id, seq, version, kind, state, actor, channel, created_at)
  SELECT g.tenant_id, g.user_id, g.id, e.seq, e.version, e.kind, e.state, e.actor, e.channel, e.at
  FROM given AS g, jsonb_to_recordset(g.events) AS e (
    seq bigint, version bigint, kind text, state integer, actor jsonb, channel text, at timestamptz
  )
  ON CONFLICT (run_id, seq) DO NOTHING
), profile AS (
  INSERT INTO profiles AS p
    (tenant_id, user_id, flow, flow_version, answers, run_id, completed_at, created_at, updated_at)
  SELECT g.tenant_id, g.user_id, g.flow, g.flow_version, g.answers, g.id, g.completed_at, now(), now()
  FROM given AS g JOIN saved USING (id)
  WHERE g.status = 'completed'
  ON CONFLICT (user_id, flow) DO UPDATE SET (flow_version, answers, version, run_id, completed_at, updated_at)
    = ROW (EXCLUDED.flow_version, EXCLUDED.answers, p.version + 1, EXCLUDED.run_id, EXCLUDED.completed_at, now())
  WHERE p.run_id <> EXCLUDED.run_id AND p.completed_at < EXCLUDED.completed_at
  RETURNING p.*
), profile_version AS (
  INSERT INTO profile_versions
    (tenant_id, user_id, profile_id, version, flow_version, answers, changed_by, created_at)
  SELECT tenant_id, user_id, id, version, flow_version, answers, user_id, completed_at FROM profile
), person AS (
  UPDATE users SET onboarding_completed = true, updated_at = now()
  FROM profile WHERE users.id = profile.user_id AND NOT users.onboarding_completed
)
SELECT pg_notify('gangway_runs', id::text) FROM saved
"""


class StoredEvent(Struct, frozen=True, kw_only=True):
    """An event as it stands in the history of a run."""

    id: str
    run_id: str
    seq: int
    version: int
    kind: EventKind
    state: int | None
    actor: Actor
    channel: Channel
    created_at: datetime


class PredecessorOpen(GangwayError):
    """The run that this one replaced is still active in the projection."""

    code: ClassVar[str] = "predecessor_open"
    detail: ClassVar[str] = "The run before this one has not ended yet."


class PersonGone(GangwayError):
    """The person was deleted, and their rows with them."""

    code: ClassVar[str] = "person_gone"
    detail: ClassVar[str] = "This person is no longer here."


async def project(conn: Connection, *changes: Change) -> None:
    """Write what happened to runs of the person whose transaction this is.

    Idempotent and in any order: the row follows the highest `seq` seen, each event is there once, each
    changed run is announced once. A run that is completed becomes the person's profile, version 1 or the
    next one, and marks the person as onboarded.

    Raises:
        PredecessorOpen: the person has another active run of that flow; give the change that ended it along,
            or before.
        PersonGone: the person was deleted; there is nobody whose row it could be.
    """
    for run, events in _in_order(changes):
        try:
            await conn.execute(_PROJECT, _row(run, events))
        except asyncpg.UniqueViolationError as error:
            raise PredecessorOpen from error
        except asyncpg.ForeignKeyViolationError as error:
            raise PersonGone from error


async def latest(conn: Connection, user_id: str, flow: str) -> Run | None:
    """The person's newest run of a flow, also when it has been archived."""
    row = await conn.fetchrow(_SELECT + _LATEST, user_id, flow)
    if row is None:
        row = await conn.fetchrow(_SELECT + _LATEST_ARCHIVED, user_id, flow)
    return msgspec.convert(dict(row), Run) if row else None


async def get(conn: Connection, run_id: str) -> Run | None:
    """The run, when it is visible to whoever asks."""
    row = await conn.fetchrow(_SELECT + _GET, run_id)
    return msgspec.convert(dict(row), Run) if row else None


async def active_flows(conn: Connection, user_id: str) -> list[str]:
    """The flows of which the person has an active run, by name."""
    query = "SELECT flow FROM onboarding_sessions WHERE user_id = $1 AND status = 'in_progress' ORDER BY flow"
    return [row["flow"] for row in await conn.fetch(query, user_id)]


async def latest_flow(conn: Connection, user_id: str) -> str | None:
    """The flow of the person's newest run."""
    query = "SELECT flow FROM onboarding_sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1"
    return await conn.fetchval(query, user_id)


async def events(
    conn: Connection, run_id: str, *, before: int | None = None, after: int | None = None, limit: int = 20
) -> list[StoredEvent]:
    """A page of a run's history.

    Args:
        conn: from `Database.transaction`.
        run_id: the run.
        before: events with a lower `seq`, newest first; the default, from the newest on.
        after: events with a higher `seq`, oldest first.
        limit: events at most.
    """
    bound, order = ("seq > $2", "ASC") if after is not None else ("($2::bigint IS NULL OR seq < $2)", "DESC")
    rows = await conn.fetch(
        f"""
        SELECT id::text, run_id::text, seq, version, kind, state, actor, channel, created_at
        FROM onboarding_events WHERE run_id = $1 AND {bound} ORDER BY seq {order} LIMIT $3
        """,
        run_id,
        after if after is not None else before,
        limit,
    )
    return [msgspec.convert(dict(row), StoredEvent) for row in rows]


def _in_order(changes: Iterable[Change]) -> list[tuple[Run, list[Event]]]:
    """Each run once, in its newest form with all its events; those that ended first, to make room."""
    newest: dict[str, tuple[Run, list[Event]]] = {}
    for change in changes:
        run, events = newest.get(change.run.id, (change.run, []))
        newest[run.id] = (max(change.run, run, key=lambda each: each.seq), [*events, *change.events])
    return sorted(newest.values(), key=lambda each: (each[0].status is Status.IN_PROGRESS, each[0].id))


def _row(run: Run, events: list[Event]) -> dict[str, object]:
    flow = flow_of(run)
    current = current_state(run, flow)
    changed_at = max((event.at for event in events), default=run.last_activity_at)
    ended_at = None if run.status is Status.IN_PROGRESS else run.completed_at or changed_at
    return {
        **msgspec.structs.asdict(run),
        "events": events,
        "current_step": current.number if current else 0,
        "total_states": len(flow.states),
        "changed_at": changed_at,
        "ended_at": ended_at,
    }
