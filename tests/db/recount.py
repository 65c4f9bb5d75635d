"""What the funnel is by its definitions, worked out from the events one after the other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

import asyncpg
from msgspec import Struct

from db.funnel import Which

Place = tuple[str, int, int, str | None]
"""Flow, version, state (0: the run), channel (None: all)."""


class Recount(Struct, frozen=True):
    """How often what happened at a place, and the seconds that it took there."""

    figures: Counter[tuple[Place, str]]
    times: dict[Place, list[float]]

    @property
    def medians(self) -> dict[Place, float]:
        """Of the seconds at each place."""
        return {place: median(found) for place, found in self.times.items()}


async def recounted(admin: asyncpg.Connection, tenant_id: str, which: Which | None = None) -> Recount:
    """Of all runs of a tenant that there are, those in the archive too; or of some of them."""
    which = which or Which()
    rows = await admin.fetch(
        """
        SELECT * FROM (
          SELECT s.flow, s.flow_version, s.total_states, s.created_at AS began,
            e.run_id, e.seq, e.kind, e.state, e.channel, e.created_at AS at
          FROM onboarding_sessions AS s JOIN onboarding_events AS e ON e.run_id = s.id WHERE s.tenant_id = $1
          UNION ALL
          SELECT a.flow, (a.run ->> 'flow_version')::integer, (a.run ->> 'total_states')::integer,
            (a.run ->> 'created_at')::timestamptz, e.run_id, e.seq, e.kind, e.state, e.channel, e.created_at
          FROM onboarding_archive AS a, jsonb_populate_recordset(NULL::onboarding_events, a.events) AS e
          WHERE a.tenant_id = $1
        ) AS happened
        WHERE flow = coalesce($2::text, flow) AND flow_version = coalesce($3::integer, flow_version)
          AND began >= coalesce($4::timestamptz, began) AND began < coalesce($5::timestamptz, 'infinity')
        """,
        tenant_id,
        which.flow,
        which.flow_version,
        which.window.since,
        which.window.until,
    )
    runs: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["seq"]):
        runs[row["run_id"]].append(row)
    figures = Counter[tuple[Place, str]]()
    times: defaultdict[Place, list[float]] = defaultdict(list)
    for events in runs.values():
        for state, channel, figure, seconds in _of_run(events):
            if channel != (which.channel or channel):
                continue
            for each in (channel, None):
                place = (events[0]["flow"], events[0]["flow_version"], state, each)
                figures[place, figure] += 1
                if seconds is not None:
                    times[place].append(seconds)
    return Recount(figures, dict(times))


def _of_run(events: Sequence[asyncpg.Record]) -> Iterable[tuple[int, str, str, float | None]]:
    """State, channel, what, and how long it took, of all that counts in a run."""
    start = next((event for event in events if event["kind"] == "run_started"), None)
    if start is None:
        return
    settled = set(range(1, start["state"] or 1))
    seen, came = set[tuple[str, int]](), dict[int, datetime]()
    yield 0, start["channel"], "entered", None

    def current() -> int | None:
        left = set(range(1, start["total_states"] + 1)) - settled
        return min(left, default=None)

    for event in events:
        kind, state, channel, at = event["kind"], event["state"], event["channel"], event["at"]
        before = None if event is start else current()
        if kind in ("state_completed", "state_skipped"):
            if (kind, state) not in seen:
                took = (at - came[state]).total_seconds() if state in came and kind == "state_completed" else None
                yield state, channel, kind.removeprefix("state_"), took
            seen.add((kind, state))
            settled.add(state)
        elif kind == "state_edited":
            yield state, channel, "edited", None
        elif kind == "run_completed":
            yield 0, channel, "completed", (at - start["at"]).total_seconds()
        elif kind == "run_abandoned":
            yield from ((each, channel, "abandoned", None) for each in (0, before) if each is not None)
        now = current()
        if now is not None and now != before:
            came[now] = at
            yield now, channel, "entered", None
