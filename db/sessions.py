"""Sessions: where people are signed in, and which of their refresh tokens counts."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of

GRACE_SECONDS = 10
"""Page 30: how long a refresh token that was just exchanged still gives the same new pair."""

Because = Literal["logout", "ended", "reuse", "password", "deactivated"]

_GOES_ON = "ended_at IS NULL AND expires_at > now()"
_COLUMNS = """
  id::text, tenant_id::text, user_id::text, generation, lifetime_seconds, user_agent, address, created_at,
  rotated_at, expires_at
"""


class Session(Struct, frozen=True, kw_only=True):
    """A session that goes on. `generation` counts exchanges of its refresh token, `rotated_at` is the last."""

    id: str
    tenant_id: str
    user_id: str
    generation: int
    lifetime_seconds: int
    user_agent: str | None
    address: str | None
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime


async def begin(
    conn: Connection,
    *,
    id: str,
    tenant_id: str,
    user_id: str,
    lifetime_seconds: int,
    user_agent: str | None,
    address: str | None,
    now: datetime,
) -> Session:
    """Begin a session of the caller's."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO sessions
          (id, tenant_id, user_id, lifetime_seconds, user_agent, address, created_at, rotated_at, expires_at)
        VALUES ($1, $2, $3, $4::integer, $5, $6, $7::timestamptz, $7, $7 + make_interval(secs => $4))
        RETURNING {_COLUMNS}
        """,
        id,
        tenant_id,
        user_id,
        lifetime_seconds,
        user_agent,
        address,
        now,
    )
    assert row is not None
    return msgspec.convert(dict(row), Session)


async def rotate(conn: Connection, session_id: str, generation: int, now: datetime) -> Session | None:
    """Exchange the refresh token of a generation for the next one.

    Returns:
        The session in its next generation, also for the one before within `GRACE_SECONDS`; None when the session
        has ended or expired. A generation that was spent longer ago ends the session, and so gives None.
    """
    row = await conn.fetchrow(
        f"""
        UPDATE sessions SET generation = generation + 1, rotated_at = $3,
          expires_at = $3::timestamptz + make_interval(secs => lifetime_seconds)
        WHERE id = $1 AND generation = $2 AND ended_at IS NULL AND expires_at > $3 RETURNING {_COLUMNS}
        """,
        session_id,
        generation,
        now,
    )
    if row is None:
        row = await conn.fetchrow(
            f"""
            SELECT {_COLUMNS} FROM sessions
            WHERE id = $1 AND generation = $2 + 1
              AND rotated_at > $3::timestamptz - make_interval(secs => $4::integer)
              AND ended_at IS NULL AND expires_at > $3
            """,
            session_id,
            generation,
            now,
            GRACE_SECONDS,
        )
    return msgspec.convert(dict(row), Session) if row else None


async def end_reused(conn: Connection, session_id: str, generation: int, now: datetime) -> bool:
    """End a session of which a token that was spent is used again; False when it has ended, or is not that far."""
    status = await conn.execute(
        """
        UPDATE sessions SET ended_at = $3::timestamptz, ended_because = 'reuse'
        WHERE id = $1 AND generation > $2 AND ended_at IS NULL AND expires_at > $3
        """,
        session_id,
        generation,
        now,
    )
    return status == "UPDATE 1"


async def end(conn: Connection, session_id: str, because: Because) -> bool:
    """End a session; False when it is not the caller's, or has ended."""
    status = await conn.execute(
        """
        UPDATE sessions SET ended_at = now(), ended_because = $2
        WHERE id = $1 AND ended_at IS NULL AND expires_at > now()
        """,
        session_id,
        because,
    )
    return status == "UPDATE 1"


async def end_all(conn: Connection, user_id: str, because: Because, *, but: str | None = None) -> int:
    """End every session of a person, but one; returns how many. One's own, or as an admin of the tenant."""
    status = await conn.execute(
        """
        UPDATE sessions SET ended_at = now(), ended_because = $2
        WHERE user_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3
        """,
        user_id,
        because,
        but,
    )
    return rows_of(status)


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some sessions whose last token has expired, of the sweeper's tenant; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM sessions WHERE id IN (
          SELECT id FROM sessions WHERE expires_at < now() - interval '1 day' LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)


async def count(conn: Connection, user_id: str) -> int:
    """How many sessions of the person go on."""
    return await conn.fetchval(f"SELECT count(*) FROM sessions WHERE user_id = $1 AND {_GOES_ON}", user_id)


async def listed(conn: Connection, user_id: str, *, before: str | None = None, limit: int = 20) -> list[Session]:
    """A page of the person's sessions that go on, newest first, older than the one with the id `before`."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM sessions
        WHERE user_id = $1 AND {_GOES_ON}
          AND ($2::uuid IS NULL OR id < $2)
        ORDER BY id DESC LIMIT $3
        """,
        user_id,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Session) for row in rows]
