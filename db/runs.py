"""Runs as PostgreSQL knows them: the projection that the workflow writes and everybody reads."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, Database
from onboarding.access import Caller
from onboarding.errors import GangwayError
from onboarding.payloads import Actor, Change, Channel, Event, EventKind, Run, Status
from onboarding.progress import current_state, flow_of

CHANNEL = "gangway_runs"
"""Where the id of each changed run, and of each changed capture session, is announced (LISTEN)."""

_SELECT = """
SELECT
  s.id::text, s.tenant_id::text, s.user_id::text, s.flow, s.flow_version, s.status, s.abandoned_reason,
  s.timezone, s.locale, s.step_data AS answers, s.skipped, s.needs_review, s.prefill, s.agent_history,
  s.reminders, s.staff::text, s.forked_from::text, s.version, s.seq, s.created_at,
  s.last_activity_at, s.expires_at, s.completed_at
"""
_GET = " FROM onboarding_sessions AS s WHERE s.id = $1"
_GET_ARCHIVED = """
FROM (SELECT run FROM onboarding_archive WHERE id = $1) AS a,
  jsonb_populate_record(NULL::onboarding_sessions, a.run) AS s
"""
_LATEST = """
FROM onboarding_sessions AS s
WHERE s.user_id = $1 AND s.flow = $2
ORDER BY s.status = 'in_progress' DESC, s.created_at DESC, s.id DESC LIMIT 1
"""
_LATEST_ARCHIVED = """
FROM (
  SELECT run FROM onboarding_archive WHERE user_id = $1 AND flow = $2 ORDER BY ended_at DESC LIMIT 1
) AS a, jsonb_populate_record(NULL::onboarding_sessions, a.run) AS s
"""

_STORED = ", s.updated_at, s.ai_recommendations FROM onboarding_sessions AS s WHERE s.id = $1 AND s.user_id = $2"
_STORED_ARCHIVED = """
, s.updated_at, s.ai_recommendations
FROM (SELECT run FROM onboarding_archive WHERE id = $1 AND user_id = $2) AS a,
  jsonb_populate_record(NULL::onboarding_sessions, a.run) AS s
"""

_EVENTS = "FROM onboarding_events AS e WHERE e.run_id = $1"
_EVENTS_ARCHIVED = """
FROM (SELECT events FROM onboarding_archive WHERE id = $1) AS a,
  jsonb_populate_recordset(NULL::onboarding_events, a.events) AS e
WHERE true
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
    forked_from: str | None


class Stored(Struct, frozen=True, kw_only=True):
    """A run with what is kept beside it."""

    run: Run
    updated_at: datetime
    ai_recommendations: dict[str, Any] | None


class PredecessorOpen(GangwayError):
    """The run that this one replaced is still active in the projection."""

    code: ClassVar[str] = "predecessor_open"
    detail: ClassVar[str] = "The run before this one has not ended yet."


class PersonGone(GangwayError):
    """The person was deleted, and their rows with them."""

    code: ClassVar[str] = "person_gone"
    detail: ClassVar[str] = "This person is no longer here."


async def project(database: Database, caller: Caller, *changes: Change, durable: bool = True) -> None:
    """Write what happened to runs of one person: one round trip, all of it or nothing.

    Idempotent and in any order: the row follows the highest `seq` seen, each event is there once, each
    changed run is announced once. A run that is completed becomes the person's profile, version 1 or the
    next one, and marks the person as onboarded.

    Args:
        database: where to.
        caller: the person.
        changes: to their runs.
        durable: wait until it is on disk. Without, a crash of the server may undo it within a second.

    Raises:
        PredecessorOpen: the person has another active run of that flow; give the change that ended it along,
            or before.
        PersonGone: the person was deleted; there is nobody whose row it could be.
    """
    rows = [_row(run, events) for run, events in _in_order(changes)]
    try:
        async with database.autocommit() as connection:
            await connection.execute(
                "SELECT project($1, $2, $3, $4)", caller.tenant_id, caller.user_id, durable, rows
            )
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


async def anywhere(conn: Connection, run_id: str) -> tuple[Run, bool] | None:
    """The run, when it is visible to whoever asks, and whether it has been archived."""
    for source in (_GET, _GET_ARCHIVED):
        if row := await conn.fetchrow(_SELECT + source, run_id):
            return msgspec.convert(dict(row), Run), source is _GET_ARCHIVED
    return None


async def stored(conn: Connection, run_id: str, user_id: str) -> Stored | None:
    """A run of this person with what is kept beside it, also when it has been archived."""
    for source in (_STORED, _STORED_ARCHIVED):
        if row := await conn.fetchrow(_SELECT + source, run_id, user_id):
            found = dict(row)
            beside = {name: found.pop(name) for name in ("updated_at", "ai_recommendations")}
            return Stored(run=msgspec.convert(found, Run), **beside)
    return None


async def active_flows(conn: Connection, user_id: str) -> list[str]:
    """The flows of which the person has an active run, by name."""
    query = "SELECT flow FROM onboarding_sessions WHERE user_id = $1 AND status = 'in_progress' ORDER BY flow"
    return [row["flow"] for row in await conn.fetch(query, user_id)]


async def wake(conn: Connection, user_id: str) -> None:
    """Let the streams of a person's open runs look, once this is committed, whether they may go on."""
    query = f"""
        SELECT count(pg_notify('{CHANNEL}', id::text)) FROM onboarding_sessions
        WHERE user_id = $1 AND status = 'in_progress'
    """
    await conn.fetchval(query, user_id)


async def events(
    conn: Connection, run_id: str, *, before: int | None = None, after: int | None = None, limit: int = 20
) -> list[StoredEvent]:
    """A page of a run's history, also when it has been archived.

    Args:
        conn: from `Database.transaction`.
        run_id: the run.
        before: events with a lower `seq`, newest first; the default, from the newest on.
        after: events with a higher `seq`, oldest first.
        limit: events at most.
    """
    bound, order = ("e.seq > $2", "ASC") if after is not None else ("($2::bigint IS NULL OR e.seq < $2)", "DESC")
    for source in (_EVENTS, _EVENTS_ARCHIVED):
        rows = await conn.fetch(
            f"""
            SELECT e.id::text, e.run_id::text, e.seq, e.version, e.kind, e.state, e.actor, e.channel, e.created_at,
              e.forked_from::text
            {source} AND {bound} ORDER BY e.seq {order} LIMIT $3
            """,
            run_id,
            after if after is not None else before,
            limit,
        )
        if rows:
            break
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
