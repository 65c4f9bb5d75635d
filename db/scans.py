"""Risk scans: ordered, sent once, answered or failed."""

from datetime import datetime

import asyncpg
import msgspec
from msgspec import Struct

from db import events
from db.pool import Connection, rows_of
from db.runs import PersonGone
from onboarding.scans import AWAY, Failure, Found, Risk, Source

OUTAGE = "Scan service down"
OUTAGE_HOURS = 1
"""One event tells a tenant of so much of an outage."""

PAGE_BYTES = 4_000_000
"""Of findings after which a page of a list ends."""


class Scan(Struct, frozen=True, kw_only=True):
    """A scan that was answered. `filename` is None for a text."""

    id: str
    filename: str | None
    data: tuple[Risk, ...]
    source: Source
    created_at: datetime


class Order(Struct, frozen=True, kw_only=True):
    """A scan that is under way; with a `failure`, one that has failed."""

    id: str
    filename: str | None
    force_llm: bool | None
    created_at: datetime
    failure: Failure | None


class Left(Struct, frozen=True, kw_only=True):
    """What is left of a scan, and whose it is."""

    id: str
    user_id: str


class Listed(Struct, frozen=True, kw_only=True):
    """A page of somebody's scans, and whether there are more."""

    scans: list[Scan]
    more: bool


_SCAN = "id::text, filename, data, source, created_at"


async def begin(
    conn: Connection,
    *,
    scan_id: str,
    tenant_id: str,
    user_id: str,
    filename: str | None,
    force_llm: bool | None,
) -> None:
    """Write down what is to be scanned. One that has failed begins anew; one that is under way goes on.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    try:
        await conn.execute(
            """
            INSERT INTO scan_orders AS o (id, tenant_id, user_id, filename, force_llm) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (id) DO UPDATE SET created_at = now(), sent_at = NULL, failure = NULL
            WHERE o.failure IS NOT NULL
            """,
            scan_id,
            tenant_id,
            user_id,
            filename,
            force_llm,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error


async def standing(conn: Connection, scan_id: str, user_id: str) -> Scan | Order | None:
    """Where somebody's scan stands: answered, under way or failed; None when there is none."""
    row = await conn.fetchrow(
        """
        SELECT coalesce(s.id, o.id)::text AS id, coalesce(s.filename, o.filename) AS filename, s.data, s.source,
          coalesce(s.created_at, o.created_at) AS created_at, o.force_llm, o.failure
        FROM (SELECT * FROM scans WHERE id = $1 AND user_id = $2) AS s
        FULL JOIN (SELECT * FROM scan_orders WHERE id = $1 AND user_id = $2) AS o ON o.id = s.id
        """,
        scan_id,
        user_id,
    )
    if row is None:
        return None
    return msgspec.convert(dict(row), Order if row["source"] is None else Scan)


async def claim(conn: Connection, scan_id: str, user_id: str) -> bool:
    """Say that the service is asked now; False when somebody has said so before, or there is nothing to ask."""
    status = await conn.execute(
        """
        UPDATE scan_orders SET sent_at = now()
        WHERE id = $1 AND user_id = $2 AND sent_at IS NULL AND failure IS NULL
        """,
        scan_id,
        user_id,
    )
    return rows_of(status) == 1


async def settle(conn: Connection, scan_id: str, user_id: str, found: Found) -> bool:
    """Keep the answer to a scan that is under way, once; False when it is not, or its person is gone."""
    data = msgspec.to_builtins(found.data)
    try:
        status = await conn.execute(
            """
            INSERT INTO scans (id, tenant_id, user_id, filename, data, size, source)
            SELECT id, tenant_id, user_id, filename, $3, $4, $5 FROM scan_orders
            WHERE id = $1 AND user_id = $2 AND failure IS NULL
            ON CONFLICT (id) DO NOTHING
            """,
            scan_id,
            user_id,
            data,
            len(msgspec.json.encode(data)),
            found.source,
        )
    except asyncpg.ForeignKeyViolationError:
        return False
    return rows_of(status) == 1


async def fail(conn: Connection, scan_id: str, tenant_id: str, user_id: str, failure: Failure) -> bool:
    """Write down why there is no answer, and tell staff of it, once; False when the scan is not under way.

    The first of an hour that finds the service away tells them of that, too.
    """
    status = await conn.execute(
        """
        UPDATE scan_orders SET failure = $3 WHERE id = $1 AND user_id = $2 AND failure IS NULL
          AND NOT EXISTS (SELECT FROM scans AS s WHERE s.id = scan_orders.id)
        """,
        scan_id,
        user_id,
        msgspec.to_builtins(failure),
    )
    if rows_of(status) == 0:
        return False
    detail = {"scan_id": scan_id, "reason": failure.code}
    await events.note(
        conn,
        tenant_id=tenant_id,
        source="gangway.ai",
        detail_type="Scan failed",
        severity="low",
        detail=detail,
    )
    if failure == AWAY:
        await _tell_of_outage(conn, tenant_id, scan_id)
    return True


async def listed(
    conn: Connection, user_id: str, *, before: tuple[datetime, str] | None = None, limit: int = 20
) -> Listed:
    """A page of somebody's scans, newest first, older than the place `before`; fewer where they are large."""
    time, place = before or (None, None)
    rows = await conn.fetch(
        f"""
        SELECT {_SCAN}, found FROM (
          SELECT *, count(*) OVER () AS found,
            coalesce(sum(size) OVER (
              ORDER BY created_at DESC, id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0) AS before
          FROM (
            SELECT * FROM scans
            WHERE user_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
            ORDER BY created_at DESC, id DESC LIMIT $4
          ) AS page
        ) AS counted
        WHERE before <= {PAGE_BYTES} ORDER BY created_at DESC, id DESC
        """,
        user_id,
        time,
        place,
        limit + 1,
    )
    shown = [msgspec.convert(dict(row), Scan) for row in rows[:limit]]
    return Listed(scans=shown, more=bool(rows) and rows[0]["found"] > len(shown))


async def total(conn: Connection, user_id: str) -> int:
    """How many scans somebody has."""
    return await conn.fetchval("SELECT count(*) FROM scans WHERE user_id = $1", user_id)


async def remove(conn: Connection, scan_id: str, user_id: str) -> bool:
    """Delete somebody's scan; one that is under way is not kept then. False when there is none."""
    gone = 0
    for table in ("scans", "scan_orders"):
        gone += rows_of(
            await conn.execute(f"DELETE FROM {table} WHERE id = $1 AND user_id = $2", scan_id, user_id)
        )
    return gone > 0


async def close(conn: Connection, scan_id: str, user_id: str, *, told: bool = False) -> None:
    """Forget the order of a scan that was answered; of one that failed only once somebody was told."""
    await conn.execute(
        """
        DELETE FROM scan_orders WHERE id = $1 AND user_id = $2
          AND (($3 AND failure IS NOT NULL) OR EXISTS (SELECT FROM scans AS s WHERE s.id = scan_orders.id))
        """,
        scan_id,
        user_id,
        told,
    )


async def left(conn: Connection, older_than_seconds: int, limit: int = 500) -> list[Left]:
    """Some orders that are long over, whose uploads may be there still (in `sweeper(tenant)`)."""
    rows = await conn.fetch(
        """
        SELECT id::text, user_id::text FROM scan_orders
        WHERE created_at < now() - make_interval(secs => $1::integer) ORDER BY created_at, id LIMIT $2
        """,
        older_than_seconds,
        limit,
    )
    return [msgspec.convert(dict(row), Left) for row in rows]


async def drop(conn: Connection, scan_id: str) -> None:
    """Forget an order whose upload is gone (in `sweeper(tenant)`)."""
    await conn.execute("DELETE FROM scan_orders WHERE id = $1", scan_id)


async def _tell_of_outage(conn: Connection, tenant_id: str, scan_id: str) -> None:
    # One after the other, or many scans that fail at once would each tell.
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{OUTAGE} {tenant_id}")
    told = await conn.fetchval(
        f"""
        SELECT EXISTS (
          SELECT FROM events WHERE tenant_id = $1 AND source = 'gangway.ai' AND detail_type = $2
            AND created_at > now() - interval '{OUTAGE_HOURS} hours'
        )
        """,
        tenant_id,
        OUTAGE,
    )
    if not told:
        await events.note(
            conn,
            tenant_id=tenant_id,
            source="gangway.ai",
            detail_type=OUTAGE,
            severity="high",
            detail={"scan_id": scan_id},
        )
