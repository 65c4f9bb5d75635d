"""What goes out to staff: written with the events that it is about, by the trigger of m0020, or for a whole day.

Whoever looks for what waits does so over all tenants, as `POSTMAN`; all else is done in `monitor(tenant)`.
"""

from datetime import date, datetime
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from onboarding.alerting import DETAIL_CHARACTERS, EventText

Channel = Literal["email", "slack"]
Kind = Literal["event", "digest", "report"]
Status = Literal["waiting", "sent", "failed"]

KEPT_DAYS = 90
GIVEN_UP_AFTER = "interval '1 day'"
DIGEST_AFTER = "interval '2 minutes'"
"""Until then those who wrote events of the hour have committed."""

_COLUMNS = """
  id::text, kind, event_id::text, since, channel, recipient, status, attempts, last_error, created_at, sent_at
"""

LEFT_OUT = """
  FROM events AS e
  WHERE e.tenant_id = $1 AND e.severity_level >= 3 AND e.deleted_at IS NULL
    AND e.created_at < $4::timestamptz + interval '1 hour'
    AND e.created_at >= (
      SELECT min(a.created_at) FROM alerts AS a
      WHERE a.tenant_id = $1 AND a.kind = 'event' AND a.channel = $2
        AND coalesce(a.recipient, '') = coalesce($3::text, '') AND a.since = $4
    )
    AND NOT EXISTS (
      SELECT FROM alerts AS a
      WHERE a.tenant_id = $1 AND a.event_id = e.id AND a.channel = $2 AND a.recipient IS NOT DISTINCT FROM $3
    )
"""
"""What belongs to the digest of tenant $1, channel $2, recipient $3 and hour $4: alerting events without an alert.

From the recipient's first alert on: before it they may not have been one.
"""


class Alert(Struct, frozen=True, kw_only=True):
    """One of them. `since` is the beginning of its hour, or of the day of a report."""

    id: str
    kind: Kind
    event_id: str | None
    since: datetime
    channel: Channel
    recipient: str | None
    status: Status
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    overdue: bool = False


class Waiting(NamedTuple):
    """One that nobody has sent."""

    id: str
    tenant_id: str


class FullHour(NamedTuple):
    """An hour in which a recipient got as many alerts as there may be."""

    tenant_id: str
    channel: Channel
    recipient: str | None
    since: datetime


async def claim(conn: Connection, limit: int, again_after_seconds: int) -> list[Waiting]:
    """Some that wait and are due, those that nobody has tried yet first (in `POSTMAN`).

    They are due again after some seconds, for whoever claims them may die.
    """
    rows = await conn.fetch(
        """
        UPDATE alerts SET due_at = now() + make_interval(secs => $2::integer)
        WHERE id = ANY (ARRAY(
          SELECT id FROM alerts WHERE status = 'waiting' AND due_at <= now()
          ORDER BY (attempts > 0), due_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ))
        RETURNING id::text, tenant_id::text
        """,
        limit,
        again_after_seconds,
    )
    return [Waiting(row["id"], row["tenant_id"]) for row in rows]


async def take(conn: Connection, tenant_id: str, alert_id: str, again_after_seconds: int) -> Alert | None:
    """One that is about to be tried (in `monitor(tenant)`); None when it is settled, or gone with its event."""
    row = await conn.fetchrow(
        f"""
        UPDATE alerts SET attempts = attempts + 1, due_at = now() + make_interval(secs => $3::integer)
        WHERE tenant_id = $1 AND id = $2 AND status = 'waiting'
        RETURNING {_COLUMNS}, created_at < now() - {GIVEN_UP_AFTER} AS overdue
        """,
        tenant_id,
        alert_id,
        again_after_seconds,
    )
    return msgspec.convert(dict(row), Alert) if row else None


async def sent(conn: Connection, tenant_id: str, alert_id: str) -> None:
    """It has gone out (in `monitor(tenant)`)."""
    await conn.execute(
        """
        UPDATE alerts SET status = 'sent', sent_at = clock_timestamp(), last_error = NULL
        WHERE tenant_id = $1 AND id = $2 AND status = 'waiting'
        """,
        tenant_id,
        alert_id,
    )


async def not_sent(conn: Connection, tenant_id: str, alert_id: str, error: str, *, final: bool) -> None:
    """It has not gone out, and if that is final never will (in `monitor(tenant)`). `error` is a word of ours."""
    await conn.execute(
        """
        UPDATE alerts SET last_error = $3, status = CASE WHEN $4::boolean THEN 'failed' ELSE status END
        WHERE tenant_id = $1 AND id = $2 AND status = 'waiting'
        """,
        tenant_id,
        alert_id,
        error,
        final,
    )


async def event(conn: Connection, tenant_id: str, event_id: str) -> EventText | None:
    """What an alert says of its event, and no more of its detail than that (in `monitor(tenant)`)."""
    row = await conn.fetchrow(
        """
        SELECT id::text, source, detail_type, left(detail::text, $3) AS detail, severity, severity_level, account,
          region, run_id::text, published_at,
          ARRAY(SELECT left(r, 200) FROM jsonb_array_elements_text(resources) AS r LIMIT 10) AS resources
        FROM events WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
        """,
        tenant_id,
        event_id,
        DETAIL_CHARACTERS + 1,
    )
    return msgspec.convert(dict(row), EventText) if row else None


async def full_hours(conn: Connection) -> list[FullHour]:
    """Hours of the last day that are over, were full, and have no digest (in `POSTMAN`)."""
    rows = await conn.fetch(
        f"""
        SELECT DISTINCT h.tenant_id::text, h.channel, h.recipient, h.since FROM alerts AS h
        WHERE h.number >= alerts_an_hour() AND h.since >= now() - interval '1 day'
          AND h.since < date_trunc('hour', now() - {DIGEST_AFTER}, 'UTC') AND NOT EXISTS (
            SELECT FROM alerts AS d
            WHERE d.kind = 'digest' AND d.tenant_id = h.tenant_id AND d.since = h.since
              AND d.channel = h.channel AND d.recipient IS NOT DISTINCT FROM h.recipient
          )
        """
    )
    return [FullHour(*row) for row in rows]


async def add_digest(conn: Connection, hour: FullHour) -> bool:
    """Write the digest of a full hour, if anything was left out in it (in `monitor(tenant)`).

    Returns:
        Whether there is one now that was not there.
    """
    status = await conn.execute(
        f"""
        INSERT INTO alerts (tenant_id, kind, since, channel, recipient)
        SELECT $1, 'digest', $4::timestamptz, $2, $3::text WHERE EXISTS (SELECT {LEFT_OUT}) ON CONFLICT DO NOTHING
        """,
        *hour,
    )
    return rows_of(status) == 1


async def add_reports(conn: Connection, tenant_id: str, day: date) -> int:
    """Write the report of a day to everybody who gets alerts (in `monitor(tenant)`); twice is once.

    Returns:
        How many there are now that were not there.
    """
    status = await conn.execute(
        """
        INSERT INTO alerts (tenant_id, kind, since, channel, recipient)
        SELECT $1, 'report', $2::date::timestamp AT TIME ZONE 'UTC', r.channel, r.recipient
        FROM alert_recipients($1) AS r ON CONFLICT DO NOTHING
        """,
        tenant_id,
        day,
    )
    return rows_of(status)


async def listed(
    conn: Connection, tenant_id: str, *, statuses: tuple[Status, ...], before: str | None, limit: int
) -> list[Alert]:
    """A tenant's alerts with these statuses, or with any, newest first; `before` is the last of the page before.

    Their ids are made here, of version 7: by id is by time.
    """
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM alerts
        WHERE tenant_id = $1 AND (cardinality($2::text[]) = 0 OR status = ANY ($2))
          AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4
        """,
        tenant_id,
        statuses,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Alert) for row in rows]


async def count(conn: Connection, tenant_id: str, *, statuses: tuple[Status, ...]) -> int:
    """How many `listed` has in all."""
    return await conn.fetchval(
        """
        SELECT count(*) FROM alerts WHERE tenant_id = $1 AND (cardinality($2::text[]) = 0 OR status = ANY ($2))
        """,
        tenant_id,
        statuses,
    )


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some old ones, whatever became of them (in `sweeper(tenant)`); returns how many."""
    status = await conn.execute(
        """
        DELETE FROM alerts WHERE id IN (
          SELECT id FROM alerts WHERE created_at < now() - make_interval(days => $1::integer) LIMIT $2
        )
        """,
        KEPT_DAYS,
        limit,
    )
    return rows_of(status)
