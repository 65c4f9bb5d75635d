"""Runs as staff look for them: those of a whole tenant, without any answer."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from db.pool import Connection
from onboarding.payloads import AbandonedReason, Status


class Filter(Struct, frozen=True, kw_only=True):
    """Which runs of a tenant. `state` is where a run stands, `silent_for` the time since its last answer."""

    statuses: tuple[Status, ...] = ()
    flow: str | None = None
    state: int | None = None
    silent_for: timedelta | None = None
    user_id: str | None = None

    @property
    def asked(self) -> tuple[Status, ...]:
        """Their statuses: all of them unless some are named; only an open run is stuck, or stands anywhere now."""
        of_open_ones = self.silent_for is not None or (self.state is not None and not self.statuses)
        among = (Status.IN_PROGRESS,) if of_open_ones else tuple(Status)
        return tuple(status for status in among if not self.statuses or status in self.statuses)


class ListedRun(Struct, frozen=True, kw_only=True):
    """A run and whose it is; `done` counts its states that are answered or skipped."""

    id: str
    user_id: str
    full_name: str | None
    email: str | None
    flow: str
    flow_version: int
    status: Status
    abandoned_reason: AbandonedReason | None
    current_step: int
    total_states: int
    done: int
    needs_review: int
    version: int
    staff: str | None
    forked_from: str | None
    created_at: datetime
    last_activity_at: datetime
    expires_at: datetime
    completed_at: datetime | None


async def listed(
    conn: Connection, tenant_id: str, which: Filter, *, before: tuple[datetime, str] | None = None, limit: int = 20
) -> list[ListedRun]:
    """A page of the tenant's runs, newest first, after the place `before`. Archived ones are not among them."""
    if not which.asked:
        return []
    filters, arguments = _where(tenant_id, which)
    if before is not None:
        arguments += before
        filters += f" AND (created_at, id) < (${len(arguments) - 1}::timestamptz, ${len(arguments)}::uuid)"
    arguments.append(limit)
    # A page of each status, in the order of its index, rather than all rows of several to sort.
    pages = (
        f"(SELECT * FROM onboarding_sessions WHERE status = '{status.value}' AND {filters}"
        f" ORDER BY created_at DESC, id DESC LIMIT ${len(arguments)})"
        for status in which.asked
    )
    rows = await conn.fetch(
        f"""
        SELECT s.id::text, s.user_id::text, u.full_name, u.email, s.flow, s.flow_version, s.status,
          s.abandoned_reason, s.current_step, s.total_states, s.version, s.staff::text, s.forked_from::text,
          (SELECT count(*) FROM jsonb_object_keys(s.step_data)) + jsonb_array_length(s.skipped) AS done,
          jsonb_array_length(s.needs_review) AS needs_review, s.created_at, s.last_activity_at, s.expires_at,
          s.completed_at
        FROM (
          SELECT * FROM ({" UNION ALL ".join(pages)}) AS each
          ORDER BY created_at DESC, id DESC LIMIT ${len(arguments)}
        ) AS s
        JOIN users AS u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        ORDER BY s.created_at DESC, s.id DESC
        """,
        *arguments,
    )
    return [msgspec.convert(dict(row), ListedRun) for row in rows]


async def count(conn: Connection, tenant_id: str, which: Filter) -> int:
    """How many runs that are."""
    filters, arguments = _where(tenant_id, which)
    arguments.append([status.value for status in which.asked])
    query = f"SELECT count(*) FROM onboarding_sessions WHERE {filters} AND status = ANY(${len(arguments)})"
    return await conn.fetchval(query, *arguments)


def _where(tenant_id: str, which: Filter) -> tuple[str, list[Any]]:
    """Conditions, and their arguments. Only those that are asked for, so that an index serves each."""
    filters = ["tenant_id = $1"]
    arguments: list[Any] = [tenant_id]
    for condition, value in (
        ("flow = ${}", which.flow),
        ("current_step = ${}", which.state),
        ("last_activity_at <= now() - ${}::interval", which.silent_for),
        ("user_id = ${}", which.user_id),
    ):
        if value is not None:
            arguments.append(value)
            filters.append(condition.format(len(arguments)))
    return " AND ".join(filters), arguments
