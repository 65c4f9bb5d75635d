"""What the dashboard counts. Events are counted from `event_counts`, which triggers on events keep."""

from datetime import datetime

import msgspec
from msgspec import Struct

from db.pool import Connection
from onboarding.access import Role
from onboarding.monitoring import Severity
from onboarding.windows import Piece, Unit, Window, pieces

MOST_NAMES = 100
"""Sources and accounts that are told apart; there may be as many as somebody sends."""

RECENT = 10
_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "unknown")
_OF_A_COUNT = ", ".join(f"c.{each}" for each in _SEVERITIES)
_OF_AN_EVENT = ", ".join(f"(e.severity = '{each}')::integer" for each in _SEVERITIES)
_SUMS = ", ".join(f"sum({each})::bigint AS {each}" for each in _SEVERITIES)
_WITHIN = "{0} >= coalesce({1}, '-infinity') AND {0} < coalesce({2}, 'infinity')"


class Sum(Struct, frozen=True, kw_only=True):
    """How many events of each severity: of a source, of an account (empty: of none), or of a part of the time."""

    source: str | None
    account: str | None
    at: datetime | None
    critical: int
    high: int
    medium: int
    low: int
    unknown: int

    @property
    def by_severity(self) -> dict[Severity, int]:
        """The counts by name."""
        return {each: getattr(self, each) for each in _SEVERITIES}

    @property
    def total(self) -> int:
        """Of all severities."""
        return sum(self.by_severity.values())


class Recent(Struct, frozen=True, kw_only=True):
    """An event without what is long about it."""

    id: str
    account: str | None
    region: str | None
    source: str
    detail_type: str
    severity: Severity
    severity_level: int
    run_id: str | None
    acknowledged_at: datetime | None
    published_at: datetime
    created_at: datetime


class TaskCounts(Struct, frozen=True, kw_only=True):
    """Tasks by status and by priority; `mine` are assigned to whoever asks, `overdue` are due and not closed."""

    total: int
    open: int
    in_progress: int
    closed: int
    critical: int
    high: int
    medium: int
    low: int
    mine: int
    overdue: int


class People(Struct, frozen=True, kw_only=True):
    """How many accounts have a role."""

    role: Role
    is_active: bool
    count: int


async def first_event(conn: Connection, tenant_id: str) -> datetime | None:
    """The beginning of the day (UTC) of the tenant's first event."""
    return await conn.fetchval(
        "SELECT min(starts_at) FROM event_counts WHERE tenant_id = $1 AND grain = 'day'", tenant_id
    )


async def events(conn: Connection, tenant_id: str, window: Window, unit: Unit) -> list[Sum]:
    """The tenant's events that came in a window: by hour, day or month, by source, and by account.

    The most frequent sources and accounts only; the sums over time are of all of them.
    """
    # One statement has them all, each with bounds of its own: joined to a list of bounds, no index would be used.
    parts = pieces(window, unit)
    counted = " UNION ALL ".join(_part(piece, 2 * number) for number, piece in enumerate(parts, 2))
    rows = await conn.fetch(
        f"""
        WITH counted (at, source, account, {", ".join(_SEVERITIES)}) AS ({counted}), summed AS (
          SELECT source, account, date_trunc($2, at, 'UTC') AS at, {_SUMS}
          FROM counted GROUP BY GROUPING SETS (source, account, date_trunc($2, at, 'UTC'))
        ), placed AS (
          SELECT *, row_number() OVER (
            PARTITION BY source IS NULL, account IS NULL
            ORDER BY {" + ".join(_SEVERITIES)} DESC, source, account
          ) AS place FROM summed
        )
        SELECT source, account, at, {", ".join(_SEVERITIES)} FROM placed
        WHERE at IS NOT NULL OR place <= $3 OR account = ''
        ORDER BY at, place
        """,
        tenant_id,
        unit,
        MOST_NAMES,
        *(bound for piece in parts for bound in (piece.since, piece.until)),
    )
    return [msgspec.convert(dict(row), Sum) for row in rows]


def _part(piece: Piece, bounds: int) -> str:
    """What counts a piece, whose bounds are the parameters from this number on."""
    since, until = f"${bounds}::timestamptz", f"${bounds + 1}::timestamptz"
    if piece.grain == "event":
        return f"""
          SELECT e.created_at, e.source, coalesce(e.account, ''), {_OF_AN_EVENT} FROM events AS e
          WHERE e.tenant_id = $1 AND e.deleted_at IS NULL AND {_WITHIN.format("e.created_at", since, until)}
        """
    return f"""
          SELECT c.starts_at, c.source, c.account, {_OF_A_COUNT} FROM event_counts AS c
          WHERE c.tenant_id = $1 AND c.grain = '{piece.grain}' AND {_WITHIN.format("c.starts_at", since, until)}
    """


async def recent_events(conn: Connection, tenant_id: str, window: Window) -> list[Recent]:
    """The tenant's latest events of a window, newest first."""
    rows = await conn.fetch(
        f"""
        SELECT id::text, account, region, source, detail_type, severity, severity_level, run_id::text,
          acknowledged_at, published_at, created_at
        FROM events AS e
        WHERE e.tenant_id = $1 AND e.deleted_at IS NULL
          AND {_WITHIN.format("e.created_at", "$2::timestamptz", "$3::timestamptz")}
        ORDER BY e.created_at DESC, e.id DESC LIMIT $4
        """,
        tenant_id,
        window.since,
        window.until,
        RECENT,
    )
    return [msgspec.convert(dict(row), Recent) for row in rows]


async def tasks(
    conn: Connection, tenant_id: str, user_id: str, window: Window, now: datetime, *, own_only: bool
) -> TaskCounts:
    """The tasks that were made in a window; `own_only`, those assigned to the person alone."""

    def count(condition: str, name: str) -> str:
        return f"count(*) FILTER (WHERE {condition}) AS {name}"

    counts = [
        *(count(f"t.status = '{each}'", each) for each in ("open", "in_progress", "closed")),
        *(count(f"t.priority = '{each}'", each) for each in ("critical", "high", "medium", "low")),
        count("t.assigned_user_id = $2", "mine"),
        count("t.due_date < $5 AND t.status <> 'closed'", "overdue"),
    ]
    row = await conn.fetchrow(
        f"""
        SELECT count(*) AS total, {", ".join(counts)} FROM tasks AS t
        WHERE t.tenant_id = $1 AND t.deleted_at IS NULL AND (NOT $6 OR t.assigned_user_id = $2)
          AND {_WITHIN.format("t.created_at", "$3::timestamptz", "$4::timestamptz")}
        """,
        tenant_id,
        user_id,
        window.since,
        window.until,
        now,
        own_only,
    )
    assert row is not None
    return msgspec.convert(dict(row), TaskCounts)


async def people(conn: Connection, tenant_id: str) -> list[People]:
    """The tenant's accounts, by role and whether they are active."""
    rows = await conn.fetch(
        "SELECT role, is_active, count(*) AS count FROM users WHERE tenant_id = $1 GROUP BY role, is_active",
        tenant_id,
    )
    return [msgspec.convert(dict(row), People) for row in rows]


async def ai_cost(conn: Connection, tenant_id: str, window: Window) -> int:
    """Micro-dollars that the tenant's calls of models cost which are settled, by when they were made."""
    return await conn.fetchval(
        f"""
        SELECT coalesce(sum(u.cost_micros), 0)::bigint FROM ai_usage AS u
        WHERE u.tenant_id = $1 AND u.outcome <> 'reserved'
          AND {_WITHIN.format("u.created_at", "$2::timestamptz", "$3::timestamptz")}
        """,
        tenant_id,
        window.since,
        window.until,
    )
