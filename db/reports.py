"""What staff are told of an hour or a day, counted (in `monitor(tenant)`)."""

from datetime import date

import msgspec

from db.alerts import LEFT_OUT, FullHour
from db.pool import Connection
from onboarding.alerting import DayFigures, Figures

SOURCES = 5
GROUPS = 10

_DAY = "$2::date::timestamp AT TIME ZONE 'UTC'"
_NEXT_DAY = "($2::date + 1)::timestamp AT TIME ZONE 'UTC'"


async def of_hour(conn: Connection, hour: FullHour) -> Figures:
    """What was left out in a full hour."""
    return await _figures(conn, LEFT_OUT, hour)


async def of_day(conn: Connection, tenant_id: str, day: date) -> DayFigures:
    """What happened in a day (UTC)."""
    events = f"""
      FROM events AS e
      WHERE e.tenant_id = $1 AND e.created_at >= {_DAY} AND e.created_at < {_NEXT_DAY} AND e.deleted_at IS NULL
    """
    row = await conn.fetchrow(
        f"""
        SELECT
          (SELECT count(*) FROM onboarding_sessions
           WHERE tenant_id = $1 AND status IN ('in_progress', 'completed', 'abandoned')
             AND created_at >= {_DAY} AND created_at < {_NEXT_DAY}) AS started,
          count(*) FILTER (WHERE status = 'completed') AS completed,
          count(*) FILTER (WHERE status = 'abandoned') AS abandoned,
          (SELECT coalesce(sum(cost_micros), 0)::bigint FROM ai_usage
           WHERE tenant_id = $1 AND outcome <> 'reserved'
             AND created_at >= {_DAY} AND created_at < {_NEXT_DAY}) AS ai_cost_micros
        FROM onboarding_sessions
        WHERE tenant_id = $1 AND status <> 'in_progress' AND ended_at >= {_DAY} AND ended_at < {_NEXT_DAY}
        """,
        tenant_id,
        day,
    )
    assert row is not None
    figures = await _figures(conn, events, (tenant_id, day))
    return msgspec.convert({**row, "events": figures}, DayFigures)


async def _figures(conn: Connection, events: str, arguments: tuple[object, ...]) -> Figures:
    """Events grouped once, and the groups shown from three sides."""
    row = await conn.fetchrow(
        f"""
        WITH g AS (
          SELECT e.severity, max(e.severity_level) AS level, e.source, e.detail_type, count(*) AS n {events}
          GROUP BY e.severity, e.source, e.detail_type
        )
        SELECT
          (SELECT coalesce(sum(n), 0)::bigint FROM g) AS total,
          (SELECT coalesce(jsonb_object_agg(severity, n), '{{}}') FROM (
             SELECT severity, sum(n) AS n FROM g GROUP BY severity) AS s) AS severities,
          (SELECT coalesce(jsonb_agg(jsonb_build_array(source, n) ORDER BY n DESC, source), '[]') FROM (
             SELECT source, sum(n) AS n FROM g GROUP BY source ORDER BY n DESC, source LIMIT {SOURCES}
           ) AS s) AS sources,
          (SELECT coalesce(jsonb_agg(to_jsonb(w) ORDER BY level DESC, count DESC, detail_type), '[]') FROM (
             SELECT severity, level, source, detail_type, n AS count FROM g
             ORDER BY level DESC, n DESC, detail_type LIMIT {GROUPS}) AS w) AS groups
        """,
        *arguments,
    )
    assert row is not None
    return msgspec.convert(dict(row), Figures)
