"""Approved items on their way out: which ones a sync takes, and what became of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.item_lists import OFFERED, QUANTITY, Place
from db.items import alone
from db.pool import Connection, rows_of
from db.runs import PersonGone
from onboarding.syncs import ITEMS_AT_MOST, ResultStatus, Sent, Status, Target

NAMED_AT_MOST = 100
"""Items that are named where a sync does not begin."""

GONE = "item_not_approved"
"""Why an item was not sent: it was removed, is not approved any more, or somebody must look at it."""

Obstacle = Literal["not_found", "not_approved", "no_name", "unsure"]


class Blocking(Struct, frozen=True, kw_only=True):
    """An item that keeps a sync from beginning, and why."""

    item_id: str
    why: Obstacle


class NotBegun(Struct, frozen=True, kw_only=True):
    """Why no sync began: another one is `running`, items are `blocking`, or there is nothing to send."""

    running: str | None = None
    blocking: tuple[Blocking, ...] = ()


class Sync(Struct, frozen=True, kw_only=True):
    """A sync as it stands; `code` says why it failed."""

    id: str
    target: Target
    status: Status
    code: str | None
    total: int
    sent: int
    failed: int
    created_at: datetime
    ended_at: datetime | None


class Result(Struct, frozen=True, kw_only=True):
    """What became of one item; `attempts` is how often it was sent."""

    item_id: str
    number: int
    status: ResultStatus
    code: str | None
    attempts: int


_STANDS = "(i.removed_at IS NULL AND i.status = 'approved' AND i.attention = '{}')"
_SENT = ", ".join(f"i.{name}" for name in Sent.__struct_fields__ if name not in ("id", "quantity"))
_ITEM = f"i.id::text AS id, {_SENT}, {QUANTITY} AS quantity"
_SYNC = """
  SELECT s.id::text, s.target, s.status, s.code, s.created_at, s.ended_at, counted.* FROM item_syncs AS s
  CROSS JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE r.status = 'sent') AS sent,
      count(*) FILTER (WHERE r.status = 'failed') AS failed
    FROM item_sync_results AS r WHERE r.tenant_id = s.tenant_id AND r.sync_id = s.id
  ) AS counted
"""
_CHOSEN = """
  SELECT id, version, created_at, synced_version IS DISTINCT FROM version AS due,
    CASE WHEN status <> 'approved' THEN 'not_approved' ELSE attention[1] END AS why
  FROM items WHERE user_id = $1 AND removed_at IS NULL AND
    CASE WHEN $2::uuid[] IS NULL THEN status = 'approved' AND synced_version IS DISTINCT FROM version
      ELSE id = ANY($2) END
"""


async def begin(
    conn: Connection,
    *,
    sync_id: str,
    tenant_id: str,
    user_id: str,
    target: Target,
    item_ids: Sequence[str] | None = None,
) -> NotBegun | None:
    """Write down what is to be sent: these items, or all that are approved and have changed since they were sent.

    At most `ITEMS_AT_MOST`, the oldest first. Of those named, the ones that were sent as they are stay out. A sync
    that has this id already has begun.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    await alone(conn, user_id)
    if await conn.fetchval("SELECT true FROM item_syncs WHERE id = $1 AND user_id = $2", sync_id, user_id):
        return None
    if other := await _running(conn, user_id):
        return NotBegun(running=other)
    ids = None if item_ids is None else [each.lower() for each in item_ids]
    if blocking := await _blocking(conn, user_id, ids):
        return NotBegun(blocking=blocking)
    try:
        status = await conn.execute(
            f"""
            WITH due AS (
              SELECT id, version, row_number() OVER (ORDER BY created_at, id) AS number
              FROM ({_CHOSEN}) AS chosen WHERE due
            ), begun AS (
              INSERT INTO item_syncs (id, tenant_id, user_id, target)
              SELECT $3, $4, $1, $5 WHERE EXISTS (SELECT FROM due) RETURNING id
            )
            INSERT INTO item_sync_results (tenant_id, sync_id, item_id, user_id, number, version)
            SELECT $4, $3, due.id, $1, number, version FROM due, begun WHERE number <= {ITEMS_AT_MOST}
            """,
            user_id,
            ids,
            sync_id,
            tenant_id,
            target,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    return None if rows_of(status) else NotBegun()


async def _blocking(conn: Connection, user_id: str, ids: Sequence[str] | None) -> tuple[Blocking, ...]:
    """Chosen items that keep a sync from beginning: the missing first, then by age."""
    rows = await conn.fetch(
        f"""
        SELECT id::text AS item_id, why FROM ({_CHOSEN}) AS chosen WHERE why IS NOT NULL OR $2::uuid[] IS NOT NULL
        ORDER BY created_at, id LIMIT {NAMED_AT_MOST} + coalesce(cardinality($2), 0)
        """,
        user_id,
        ids,
    )
    there = {row["item_id"] for row in rows}
    missing = [Blocking(item_id=each, why="not_found") for each in ids or () if each not in there]
    others = [msgspec.convert(dict(row), Blocking) for row in rows if row["why"]]
    return (*missing, *others)[:NAMED_AT_MOST]


async def _running(conn: Connection, user_id: str) -> str | None:
    query = "SELECT id::text FROM item_syncs WHERE user_id = $1 AND status = 'running'"
    return await conn.fetchval(query, user_id)


async def get(conn: Connection, sync_id: str, user_id: str) -> Sync | None:
    """Somebody's sync; None when there is none."""
    row = await conn.fetchrow(f"{_SYNC} WHERE s.id = $1 AND s.user_id = $2", sync_id, user_id)
    return msgspec.convert(dict(row), Sync) if row else None


async def listed(conn: Connection, user_id: str, *, before: Place | None = None, limit: int = 20) -> list[Sync]:
    """Somebody's syncs, newest first, older than the place `before`."""
    time, place = before or (None, None)
    rows = await conn.fetch(
        f"""
        {_SYNC} WHERE s.user_id = $1 AND ($2::timestamptz IS NULL OR (s.created_at, s.id) < ($2, $3::uuid))
        ORDER BY s.created_at DESC, s.id DESC LIMIT $4
        """,
        user_id,
        time,
        place,
        limit,
    )
    return [msgspec.convert(dict(row), Sync) for row in rows]


async def count(conn: Connection, user_id: str) -> int:
    """How many syncs somebody has."""
    return await conn.fetchval("SELECT count(*) FROM item_syncs WHERE user_id = $1", user_id)


async def results(
    conn: Connection, sync_id: str, user_id: str, *, after: int | None = None, limit: int = 20
) -> list[Result]:
    """What became of the items of a sync, in their order, behind the one with the number `after`."""
    rows = await conn.fetch(
        """
        SELECT item_id::text, number, status, code, attempts FROM item_sync_results
        WHERE sync_id = $1 AND user_id = $2 AND number > $3 ORDER BY number LIMIT $4
        """,
        sync_id,
        user_id,
        after or 0,
        limit,
    )
    return [msgspec.convert(dict(row), Result) for row in rows]


async def pending(conn: Connection, sync_id: str, user_id: str, limit: int) -> list[str]:
    """The ids of some items that nothing is known of yet; none where the sync has ended."""
    rows = await conn.fetch(
        """
        SELECT r.item_id::text FROM item_sync_results AS r JOIN item_syncs AS s ON s.id = r.sync_id
        WHERE r.sync_id = $1 AND r.user_id = $2 AND r.status = 'pending' AND s.status = 'running'
        ORDER BY r.number LIMIT $3
        """,
        sync_id,
        user_id,
        limit,
    )
    return [row["item_id"] for row in rows]


async def claim(conn: Connection, sync_id: str, user_id: str, item_id: str) -> Sent | None:
    """An item as it is now, to be sent once more; None where nothing is to be sent any more.

    An item that was removed meanwhile, or is not approved any more, has failed.
    """
    row = await conn.fetchrow(
        f"""
        WITH claimed AS (
          UPDATE item_sync_results AS r SET
            version = i.version,
            attempts = attempts + CASE WHEN {_STANDS} THEN 1 ELSE 0 END,
            status = CASE WHEN {_STANDS} THEN r.status ELSE 'failed' END,
            code = CASE WHEN {_STANDS} THEN r.code ELSE '{GONE}' END
          FROM items AS i, item_syncs AS s
          WHERE r.sync_id = $1 AND r.user_id = $2 AND r.item_id = $3 AND r.status = 'pending'
            AND i.id = r.item_id AND s.id = r.sync_id AND s.status = 'running'
          RETURNING r.item_id, r.status
        )
        SELECT {_ITEM} FROM claimed JOIN items AS i ON i.id = claimed.item_id {OFFERED}
        WHERE claimed.status = 'pending'
        """,
        sync_id,
        user_id,
        item_id,
    )
    return msgspec.convert(dict(row), Sent) if row else None


async def settle(
    conn: Connection, sync_id: str, user_id: str, item_id: str, *, version: int, refused: str | None = None
) -> None:
    """Write down what became of an item, once: the sink has this version of it, or why it does not."""
    await conn.execute(
        """
        WITH settled AS (
          UPDATE item_sync_results SET code = $5, status = CASE WHEN $5::text IS NULL THEN 'sent' ELSE 'failed' END
          WHERE sync_id = $1 AND user_id = $2 AND item_id = $3 AND status = 'pending' RETURNING item_id
        )
        UPDATE items SET synced_version = $4, synced_at = now()
        WHERE user_id = $2 AND id = (SELECT item_id FROM settled) AND $5::text IS NULL
          AND coalesce(synced_version, 0) < $4
        """,
        sync_id,
        user_id,
        item_id,
        version,
        refused,
    )


async def page(conn: Connection, sync_id: str, user_id: str, *, after: int, limit: int) -> list[tuple[int, Sent]]:
    """Pending items as they are now, with their numbers, behind the number `after`; without those removed."""
    rows = await conn.fetch(
        f"""
        SELECT r.number, {_ITEM} FROM item_sync_results AS r JOIN item_syncs AS s ON s.id = r.sync_id
        JOIN items AS i ON i.id = r.item_id {OFFERED}
        WHERE r.sync_id = $1 AND r.user_id = $2 AND r.status = 'pending' AND s.status = 'running'
          AND r.number > $3 AND {_STANDS} ORDER BY r.number LIMIT $4
        """,
        sync_id,
        user_id,
        after,
        limit,
    )
    return [(row["number"], msgspec.convert(dict(row), Sent)) for row in rows]


async def deliver(
    conn: Connection, sync_id: str, user_id: str, numbers: Sequence[int], versions: Sequence[int]
) -> None:
    """Write down that these items were sent in these versions, and that the others which are pending were not."""
    await alone(conn, user_id)
    await conn.execute(
        f"""
        WITH given AS (
          SELECT * FROM unnest($3::integer[], $4::integer[]) AS g (number, version)
        ), settled AS (
          UPDATE item_sync_results AS r SET attempts = 1, version = coalesce(g.version, r.version),
            status = CASE WHEN g.number IS NULL THEN 'failed' ELSE 'sent' END,
            code = CASE WHEN g.number IS NULL THEN '{GONE}' END
          FROM item_sync_results AS p LEFT JOIN given AS g ON g.number = p.number
          WHERE p.sync_id = $1 AND p.user_id = $2 AND p.status = 'pending'
            AND r.tenant_id = p.tenant_id AND r.sync_id = p.sync_id AND r.item_id = p.item_id
          RETURNING r.item_id, r.version, r.status
        )
        UPDATE items AS i SET synced_version = s.version, synced_at = now() FROM settled AS s
        WHERE i.user_id = $2 AND i.id = s.item_id AND s.status = 'sent'
          AND coalesce(i.synced_version, 0) < s.version
        """,
        sync_id,
        user_id,
        list(numbers),
        list(versions),
    )


async def end(conn: Connection, sync_id: str, user_id: str, status: Status, code: str | None = None) -> bool:
    """End a sync, once; what it has not sent stays to be sent. False when it had ended, or there is none."""
    ended = await conn.execute(
        """
        UPDATE item_syncs SET status = $3, code = $4, ended_at = now()
        WHERE id = $1 AND user_id = $2 AND status = 'running'
        """,
        sync_id,
        user_id,
        status,
        code,
    )
    return rows_of(ended) == 1
