"""Idempotency keys: the first request with a key does the work, its answer is everybody's.

Reserve in a transaction of its own: the reservation counts once it is committed, and a second request with
the key waits for that.
"""

from datetime import datetime

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from db.runs import PersonGone

KEPT_HOURS = 24
"""Page 00: how long an answer is given again."""

_RESERVE = f"""
INSERT INTO idempotency_keys AS k (scope, key, body_hash, locked_until)
VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (scope, key) DO UPDATE SET
  body_hash = EXCLUDED.body_hash, locked_until = EXCLUDED.locked_until,
  created_at = CASE WHEN k.created_at < now() - interval '{KEPT_HOURS} hours' THEN now() ELSE k.created_at END,
  status = NULL, headers = NULL, body = NULL
WHERE k.created_at < now() - interval '{KEPT_HOURS} hours'
  OR (k.status IS NULL AND k.locked_until < clock_timestamp() AND k.body_hash = EXCLUDED.body_hash)
RETURNING locked_until, created_at
"""


class Fresh(Struct, frozen=True, kw_only=True):
    """The work is the caller's, who settles or releases the key with this lease. `since` is the same for each
    attempt at the work, and another when the key is used again after it was forgotten.
    """

    lease: datetime
    since: datetime


class Replay(Struct, frozen=True, kw_only=True):
    """The first answer; `body` is as it was stored."""

    status: int
    headers: dict[str, str]
    body: bytes


class OtherBody(Struct, frozen=True, kw_only=True):
    """The key belongs to another request."""


class InProgress(Struct, frozen=True, kw_only=True):
    """The first request with this key is still running."""


Reservation = Fresh | Replay | OtherBody | InProgress


async def reserve(conn: Connection, scope: str, key: str, body_hash: bytes, lease_seconds: float) -> Reservation:
    """Take the key, or learn what became of it. A lease that ran out is taken over by the same body.

    Raises:
        PersonGone: the caller was erased since they were let in.
    """
    for _ in range(3):
        try:
            taken = await conn.fetchrow(_RESERVE, scope, key, body_hash, lease_seconds)
        except asyncpg.ForeignKeyViolationError as error:
            raise PersonGone from error
        if taken is not None:
            return Fresh(lease=taken["locked_until"], since=taken["created_at"])
        row = await conn.fetchrow(
            """
            SELECT body_hash, status, headers, body
            FROM idempotency_keys WHERE scope = $1 AND key = $2
            """,
            scope,
            key,
        )
        if row is None:  # purged in between
            continue
        if row["body_hash"] != body_hash:
            return OtherBody()
        return InProgress() if row["status"] is None else msgspec.convert(dict(row), Replay)
    return InProgress()


async def settle(
    conn: Connection,
    scope: str,
    key: str,
    lease: datetime,
    *,
    status: int,
    headers: dict[str, str],
    body: bytes,
    about_user: str | None = None,
) -> bool:
    """Keep the answer, until its time or its person is gone; False when another request has the key by now.

    Raises:
        PersonGone: of whom it tells.
    """
    query = """
        UPDATE idempotency_keys SET status = $4, headers = $5, body = $6, about_user = $7
        WHERE scope = $1 AND key = $2 AND locked_until = $3 AND status IS NULL
    """
    try:
        done = await conn.execute(query, scope, key, lease, status, headers, body, about_user)
    except asyncpg.ForeignKeyViolationError:
        raise PersonGone from None
    return done == "UPDATE 1"


async def release(conn: Connection, scope: str, key: str, lease: datetime) -> None:
    """Give the key back without an answer, so that the same request, and no other, can be tried again."""
    await conn.execute(
        """
        UPDATE idempotency_keys SET locked_until = '-infinity'
        WHERE scope = $1 AND key = $2 AND locked_until = $3 AND status IS NULL
        """,
        scope,
        key,
        lease,
    )


async def purge(conn: Connection, older_than: datetime, limit: int = 5000) -> int:
    """Drop some old keys of the sweeper's tenant, or without a tenant those of nobody; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM idempotency_keys WHERE (scope, key) IN (
          SELECT scope, key FROM idempotency_keys WHERE created_at < $1 LIMIT $2
        )
        """,
        older_than,
        limit,
    )
    return rows_of(status)
