"""How far runs came: read from `funnel_counts` where whole days are asked for, and else from `funnel_steps`.

A trigger on `onboarding_events` keeps the steps, and triggers on these keep the counts.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from onboarding.payloads import Channel
from onboarding.windows import Piece, Window, whole_days

_FIGURES = ("entered", "completed", "skipped", "edited", "abandoned")
_SUMS = ", ".join(f"sum({each})::bigint AS {each}" for each in _FIGURES)
_ANYTHING = " OR ".join(f"sum({each}) <> 0" for each in _FIGURES)
_OF_A_RUN = f"{', '.join(_FIGURES)}, (seconds IS NOT NULL)::integer AS times"
# Of n times in order those in the middle are the ones at (n + 1) / 2 and n / 2 + 1: one, or two that are averaged.
_IN_THE_MIDDLE = "upto >= div(whole + 1, 2) AND upto - times < div(whole, 2) + 1"
_MIDDLE = "min(bucket) AS first, max(bucket) AS last, min(upto - times) AS below, min(whole) AS whole"
_THE_MIDDLE = """
  f.bucket BETWEEN m.first AND m.last AND f.seconds IS NOT NULL
  ORDER BY f.seconds OFFSET div(m.whole + 1, 2) - 1 - m.below LIMIT 2 - m.whole % 2
"""
_STATE = "flow, flow_version, state, channel"
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
    asked = _Asked(tenant_id, which)
    rows = await conn.fetch(
        f"""
        WITH counted AS MATERIALIZED (
          SELECT {_STATE}, bucket, sum(times) AS times, {_SUMS}
          FROM ({asked.counts()}) AS f GROUP BY {_STATE}, bucket
        ), summed AS (
          SELECT {_STATE}, {_SUMS} FROM counted GROUP BY GROUPING SETS {_LEVELS} HAVING {_ANYTHING}
        ), bucketed AS (
          SELECT {_STATE}, bucket, sum(times) AS times FROM counted
          WHERE times <> 0 GROUP BY bucket, GROUPING SETS {_LEVELS}
        ), placed AS (
          SELECT *, sum(times) OVER level AS upto, sum(times) OVER (level RANGE BETWEEN UNBOUNDED PRECEDING
            AND UNBOUNDED FOLLOWING) AS whole
          FROM bucketed WINDOW level AS (PARTITION BY flow, flow_version, state, channel ORDER BY bucket)
        ), middle AS MATERIALIZED (
          SELECT {_STATE}, {_MIDDLE} FROM placed WHERE {_IN_THE_MIDDLE} GROUP BY {_STATE}
        )
        SELECT s.*, (
          SELECT avg(seconds) FROM (
            SELECT f.seconds FROM funnel_steps AS f
            WHERE {asked.steps()} AND f.flow = m.flow AND f.flow_version = m.flow_version AND f.state = m.state
              AND (m.channel IS NULL OR f.channel = m.channel) AND {_THE_MIDDLE}
          ) AS f
        ) AS median_seconds
        FROM summed AS s LEFT JOIN middle AS m
          ON m.flow = s.flow AND m.flow_version = s.flow_version AND m.state = s.state
            AND m.channel IS NOT DISTINCT FROM s.channel
        ORDER BY s.flow, s.flow_version, s.state, s.channel
        """,
        *asked.arguments,
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
    asked = _Asked(tenant_id, Which(window=window))
    rows = await conn.fetch(
        f"""
        SELECT flow, flow_version, state, {_SUMS} FROM ({asked.counts("bucket = -1", "true")}) AS f
        GROUP BY flow, flow_version, state HAVING {_ANYTHING} ORDER BY flow, flow_version, state
        """,
        *asked.arguments,
    )
    return [msgspec.convert(dict(row), Total) for row in rows]


async def median_seconds(conn: Connection, tenant_id: str, window: Window) -> float | None:
    """From start to completion, of the tenant's completed runs of all flows."""
    asked = _Asked(tenant_id, Which(window=window))
    counted = asked.counts("state = 0 AND bucket >= 0", "state = 0 AND seconds IS NOT NULL")
    return await conn.fetchval(
        f"""
        WITH placed AS (
          SELECT bucket, sum(times) AS times, sum(sum(times)) OVER (ORDER BY bucket) AS upto,
            sum(sum(times)) OVER () AS whole
          FROM ({counted}) AS f GROUP BY bucket HAVING sum(times) <> 0
        ), middle AS MATERIALIZED (SELECT {_MIDDLE} FROM placed WHERE {_IN_THE_MIDDLE})
        SELECT (
          SELECT avg(seconds) FROM (
            SELECT f.seconds FROM funnel_steps AS f WHERE {asked.steps()} AND f.state = 0 AND {_THE_MIDDLE}
          ) AS f
        ) FROM middle AS m
        """,
        *asked.arguments,
    )


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


class _Asked:
    """The conditions of a query, of what is asked for alone: so it may use an index, and need not."""

    def __init__(self, tenant_id: str, which: Which) -> None:
        self._which = which
        self.arguments: list[Any] = []
        given = {
            "f.tenant_id =": tenant_id,
            "f.flow =": which.flow,
            "f.flow_version =": which.flow_version,
            "f.channel =": which.channel,
        }
        self._chosen = self._conditions(given)

    def steps(self) -> str:
        """Of `funnel_steps AS f`."""
        return self._within("f.started_at", self._which.window)

    def counts(self, of_counts: str = "true", of_steps: str = "true") -> str:
        """The query for all that is counted: whole days as they are counted, of the others each step.

        Args:
            of_counts: which of the counts; those of no bucket have the figures, and the others the times.
            of_steps: which of the steps; each has both.
        """
        return " UNION ALL ".join(
            self._piece(each, of_counts if each.grain == "day" else of_steps)
            for each in whole_days(self._which.window)
        )

    def _piece(self, piece: Piece, condition: str) -> str:
        window = Window(since=piece.since, until=piece.until)
        if piece.grain == "day":
            return f"""
              SELECT {_STATE}, bucket, {", ".join(_FIGURES)}, times FROM funnel_counts AS f
              WHERE {self._within("f.starts_at", window)} AND {condition}
            """
        return f"""
          SELECT {_STATE}, bucket, {_OF_A_RUN} FROM funnel_steps AS f
          WHERE {self._within("f.started_at", window)} AND {condition}
        """

    def _within(self, column: str, window: Window) -> str:
        bounds = self._conditions({f"{column} >=": window.since, f"{column} <": window.until})
        return " AND ".join(filter(None, (self._chosen, bounds)))

    def _conditions(self, given: dict[str, Any]) -> str:
        asked = {condition: value for condition, value in given.items() if value is not None}
        first = len(self.arguments) + 1
        self.arguments.extend(asked.values())
        return " AND ".join(f"{condition} ${number}" for number, condition in enumerate(asked, first))
