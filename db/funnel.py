"""How far runs came: read from `funnel_steps`, which a trigger on `onboarding_events` keeps."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from onboarding.payloads import Channel
from onboarding.windows import Window

_FIGURES = ("entered", "completed", "skipped", "edited", "abandoned")
_SUMS = ", ".join(f"sum({each})::bigint AS {each}" for each in _FIGURES)
_LEVELS = "((flow, flow_version, state, channel), (flow, flow_version, state))"


class Which(Struct, frozen=True, kw_only=True):
    """Which runs, by flow and by when they began; `channel`: what happened by that channel only."""

    flow: str | None = None
    flow_version: int | None = None
    channel: Channel | None = None
    window: Window = Window()


class Step(Struct, frozen=True, kw_only=True):
    """What became of a state, by one channel or (`channel` None) by all. State 0 is the run as a whole.

    `median_seconds` is from when the state became current to its first answer, of the run to its completion.
    """

    flow: str
    flow_version: int
    state: int
    channel: Channel | None
    entered: int
    completed: int
    skipped: int
    edited: int
    abandoned: int
    median_seconds: float | None


async def steps(conn: Connection, tenant_id: str, which: Which) -> list[Step]:
    """What became of each state of the tenant's runs, those in the archive too.

    The median is exact. Sorting all times would take long: by the counts of buckets one sees in which of them the
    middle lies, and only the times in that one are put in order.
    """
    chosen, arguments = _chosen(tenant_id, which)
    rows = await conn.fetch(
        f"""
        WITH counted AS MATERIALIZED (
          SELECT flow, flow_version, state, channel, bucket, count(seconds) AS times, {_SUMS}
          FROM funnel_steps AS f WHERE {chosen} GROUP BY flow, flow_version, state, channel, bucket
        ), summed AS (
          SELECT flow, flow_version, state, channel, {_SUMS} FROM counted GROUP BY GROUPING SETS {_LEVELS}
        ), bucketed AS (
          SELECT flow, flow_version, state, channel, bucket, sum(times) AS times FROM counted
          WHERE times > 0 GROUP BY bucket, GROUPING SETS {_LEVELS}
        ), placed AS (
          SELECT *, sum(times) OVER level AS upto, sum(times) OVER (level RANGE BETWEEN UNBOUNDED PRECEDING
            AND UNBOUNDED FOLLOWING) AS whole
          FROM bucketed WINDOW level AS (PARTITION BY flow, flow_version, state, channel ORDER BY bucket)
        ), middle AS MATERIALIZED (
          SELECT flow, flow_version, state, channel, bucket, upto - times AS below, whole FROM placed
          WHERE upto >= div(whole + 1, 2) AND upto - times < div(whole, 2) + 1
        ), timed AS (
          SELECT m.flow, m.flow_version, m.state, m.channel, f.seconds, m.whole,
            min(m.below) OVER (PARTITION BY m.flow, m.flow_version, m.state, m.channel) + row_number() OVER (
              PARTITION BY m.flow, m.flow_version, m.state, m.channel ORDER BY f.seconds
            ) AS place
          FROM middle AS m JOIN funnel_steps AS f ON f.flow = m.flow AND f.flow_version = m.flow_version
            AND f.state = m.state AND f.bucket = m.bucket AND (m.channel IS NULL OR f.channel = m.channel)
          WHERE {chosen}
        ), median AS (
          SELECT flow, flow_version, state, channel, avg(seconds) AS seconds FROM timed
          WHERE place IN (div(whole + 1, 2), div(whole, 2) + 1) GROUP BY flow, flow_version, state, channel
        )
        SELECT s.*, m.seconds AS median_seconds FROM summed AS s LEFT JOIN median AS m
          ON m.flow = s.flow AND m.flow_version = s.flow_version AND m.state = s.state
            AND m.channel IS NOT DISTINCT FROM s.channel
        ORDER BY s.flow, s.flow_version, s.state, s.channel
        """,
        *arguments,
    )
    return [msgspec.convert(dict(row), Step) for row in rows]


class Total(Struct, frozen=True, kw_only=True):
    """What became of a state by all channels."""

    flow: str
    flow_version: int
    state: int
    entered: int
    completed: int
    skipped: int
    edited: int
    abandoned: int


async def totals(conn: Connection, tenant_id: str, window: Window) -> list[Total]:
    """What became of each state of the tenant's runs, without what takes longer to count."""
    chosen, arguments = _chosen(tenant_id, Which(window=window))
    rows = await conn.fetch(
        f"""
        SELECT f.flow, f.flow_version, f.state, {_SUMS} FROM funnel_steps AS f WHERE {chosen}
        GROUP BY f.flow, f.flow_version, f.state ORDER BY f.flow, f.flow_version, f.state
        """,
        *arguments,
    )
    return [msgspec.convert(dict(row), Total) for row in rows]


async def median_seconds(conn: Connection, tenant_id: str, window: Window) -> float | None:
    """From start to completion, of the tenant's completed runs of all flows."""
    chosen, arguments = _chosen(tenant_id, Which(window=window))
    query = "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f.seconds) FROM funnel_steps AS f"
    return await conn.fetchval(f"{query} WHERE {chosen} AND f.state = 0", *arguments)


async def forget(conn: Connection, before: datetime, limit: int = 5000) -> int:
    """Drop what became of some old runs that left the archive (in `sweeper(tenant)`); returns how many rows."""
    status = await conn.execute(
        """
        DELETE FROM funnel_steps WHERE (run_id, state, channel) IN (
          SELECT f.run_id, f.state, f.channel FROM funnel_steps AS f
          WHERE f.started_at < $1
            AND NOT EXISTS (SELECT FROM onboarding_sessions AS s WHERE s.id = f.run_id)
            AND NOT EXISTS (SELECT FROM onboarding_archive AS a WHERE a.id = f.run_id)
          LIMIT $2
        )
        """,
        before,
        limit,
    )
    return rows_of(status)


def _chosen(tenant_id: str, which: Which) -> tuple[str, list[Any]]:
    """The condition, of what is asked for alone: so it may use an index, and need not."""
    given = {
        "f.tenant_id =": tenant_id,
        "f.flow =": which.flow,
        "f.flow_version =": which.flow_version,
        "f.channel =": which.channel,
        "f.started_at >=": which.window.since,
        "f.started_at <": which.window.until,
    }
    asked = {condition: value for condition, value in given.items() if value is not None}
    return " AND ".join(f"{condition} ${number}" for number, condition in enumerate(asked, 1)), [*asked.values()]
