"""Answers of models that are given again, and who is asking for one at the moment.

A row is either an answer with its end, or the lease of who asks, which others wait for. A lease that is not
renewed ends by itself. No connection is held while a model works.
"""

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, Database, rows_of
from db.runs import PersonGone
from onboarding.access import Caller

LONGEST_VALUE = 65536
"""Bytes; what is longer is not kept."""


class Claim(Struct, frozen=True, kw_only=True):
    """The answer; or the lease of who may now ask for it; or neither, while somebody else does."""

    value: bytes | None
    lease: str | None


async def claim(database: Database, caller: Caller, key: bytes, purpose: str, lease_seconds: float) -> Claim:
    """The answer, or the right to ask for it, in one round trip. What is over is as good as not there.

    Raises:
        PersonGone: who asks was erased.
    """
    try:
        async with database.autocommit() as connection:
            row = await connection.fetchrow(
                "SELECT value, lease::text FROM ai_claim($1, $2, $3, $4, $5)",
                caller.tenant_id,
                caller.user_id,
                key,
                purpose,
                lease_seconds,
            )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    assert row is not None
    return msgspec.convert(dict(row), Claim)


async def renew(conn: Connection, key: bytes, lease: str, lease_seconds: float) -> bool:
    """Keep a lease for so long from now; False when it is somebody else's by now."""
    status = await conn.execute(
        """
        UPDATE ai_cache SET until = clock_timestamp() + make_interval(secs => $3) WHERE key = $1 AND lease = $2
        """,
        key,
        lease,
        lease_seconds,
    )
    return rows_of(status) == 1


async def keep(conn: Connection, key: bytes, lease: str, value: bytes, seconds: float) -> bool:
    """Put down the answer for so long; False when the lease is somebody else's by now."""
    status = await conn.execute(
        """
        UPDATE ai_cache SET value = $3, lease = NULL, until = clock_timestamp() + make_interval(secs => $4)
        WHERE key = $1 AND lease = $2
        """,
        key,
        lease,
        value,
        seconds,
    )
    return rows_of(status) == 1


async def release(conn: Connection, key: bytes, lease: str) -> None:
    """Give the lease back without an answer: the next one asks."""
    await conn.execute("DELETE FROM ai_cache WHERE key = $1 AND lease = $2", key, lease)


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some answers and leases that are over (in `sweeper(tenant)`); returns how many."""
    status = await conn.execute(
        """
        DELETE FROM ai_cache WHERE (tenant_id, key) IN (
          SELECT tenant_id, key FROM ai_cache WHERE until < now() LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)
