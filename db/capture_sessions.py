"""Capture sessions: opened by a person, shared with a phone by its token, ended by them or by time.

Expiry is judged by the database's clock, whatever any workflow has written. Items are in `db/captures.py`.
"""

from datetime import datetime
from typing import ClassVar, Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from db.runs import PersonGone
from onboarding.errors import GangwayError

Kind = Literal["barcode", "photo"]
State = Literal["active", "expired", "closed"]

ACTIVE_AT_MOST = 20
"""Sessions of one person at once."""

LIFE_DAYS = 7
"""After so many a session ends, however often it is used."""

KEPT_DAYS = 30
"""After its end a session and what was captured in it are kept so long; the review list keeps its items."""

_LASTS = "least(clock_timestamp() + make_interval(secs => ttl_seconds), ends_at)"
_OPEN = "status = 'active' AND expires_at > clock_timestamp()"
_SESSION = f"""
  id::text, tenant_id::text, user_id::text, run_id::text, kinds, version, barcodes, photos, created_at,
  expires_at, ends_at, closed_at, CASE WHEN status <> 'active' OR {_OPEN} THEN status ELSE 'expired' END AS status
"""


class CaptureSession(Struct, frozen=True, kw_only=True):
    """A session. `version` is the number of its last change, `barcodes` and `photos` how many there are now."""

    id: str
    tenant_id: str
    user_id: str
    run_id: str | None
    kinds: list[Kind]
    status: State
    version: int
    barcodes: int
    photos: int
    created_at: datetime
    expires_at: datetime
    ends_at: datetime
    closed_at: datetime | None

    @property
    def active(self) -> bool:
        """Whether anything can be captured in it."""
        return self.status == "active"


class Holder(Struct, frozen=True, kw_only=True):
    """The session that a phone's token is for, and whose it is."""

    session_id: str
    tenant_id: str
    user_id: str
    token_hash: bytes
    ends_at: datetime
    active: bool


class Overdue(Struct, frozen=True, kw_only=True):
    """A session whose end nobody has seen to."""

    id: str
    user_id: str


class SessionNotFound(GangwayError):
    """There is no such session, or it is somebody else's."""

    code: ClassVar[str] = "not_found"
    detail: ClassVar[str] = "There is no such capture session."


class SessionEnded(GangwayError):
    """The session was closed, or has expired."""

    code: ClassVar[str] = "session_expired"
    detail: ClassVar[str] = "This capture session has ended; open another one."


class TooManySessions(GangwayError):
    """The person has as many active sessions as one may have."""

    code: ClassVar[str] = "too_many_sessions"
    detail: ClassVar[str] = f"There are {ACTIVE_AT_MOST} active capture sessions; close one first."


async def begin(
    conn: Connection,
    *,
    session_id: str,
    tenant_id: str,
    user_id: str,
    run_id: str | None,
    kinds: list[Kind],
    token_hash: bytes,
    ttl_seconds: int,
) -> CaptureSession:
    """Open a session; one after the other for each person, so that these are counted exactly.

    Raises:
        TooManySessions: as its name says.
        PersonGone: they were erased since they were let in.
    """
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('captures' || $1::uuid::text, 0))", user_id)
    active = await conn.fetchval(f"SELECT count(*) FROM capture_sessions WHERE user_id = $1 AND {_OPEN}", user_id)
    if active >= ACTIVE_AT_MOST:
        raise TooManySessions
    try:
        row = await conn.fetchrow(
            f"""
            INSERT INTO capture_sessions
              (id, tenant_id, user_id, run_id, kinds, token_hash, ttl_seconds, ends_at, expires_at)
            SELECT $1, $2, $3, $4, $5, $6, $7::integer, ends_at,
              least(now() + make_interval(secs => $7::integer), ends_at)
            FROM (SELECT now() + interval '{LIFE_DAYS} days' AS ends_at) AS life
            RETURNING {_SESSION}
            """,
            session_id,
            tenant_id,
            user_id,
            run_id,
            kinds,
            token_hash,
            ttl_seconds,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    return _read(row)


async def read(conn: Connection, session_id: str, user_id: str) -> CaptureSession:
    """Somebody's session, which lasts on by being read.

    That is written only when a twentieth of its time is used up: most readings write nothing.

    Raises:
        SessionNotFound: there is none.
    """
    row = await conn.fetchrow(
        f"""
        SELECT {_SESSION},
          expires_at < least(clock_timestamp() + 0.95 * make_interval(secs => ttl_seconds), ends_at) AS worn
        FROM capture_sessions WHERE id = $1 AND user_id = $2
        """,
        session_id,
        user_id,
    )
    session = _read(row)
    if row and row["worn"] and session.active:
        lasting = await conn.fetchrow(
            f"""
            UPDATE capture_sessions SET expires_at = {_LASTS} WHERE id = $1 AND user_id = $2 AND {_OPEN}
            RETURNING {_SESSION}
            """,
            session_id,
            user_id,
        )
        # It may have ended in between; then it is read again.
        return _read(lasting) if lasting else await read(conn, session_id, user_id)
    return session


async def current(conn: Connection, user_id: str) -> CaptureSession:
    """The newest of somebody's active sessions.

    Raises:
        SessionNotFound: there is none.
    """
    newest = await conn.fetchval(
        f"""
        SELECT id::text FROM capture_sessions WHERE user_id = $1 AND {_OPEN}
        ORDER BY created_at DESC, id DESC LIMIT 1
        """,
        user_id,
    )
    if newest is None:
        raise SessionNotFound
    return await read(conn, newest, user_id)


async def renew(
    conn: Connection, session_id: str, user_id: str, token_hash: bytes | None = None
) -> CaptureSession:
    """Let an active session last on, with a new token where one is given: the one before is refused then.

    Raises:
        SessionNotFound: there is none.
        SessionEnded: it lasts no more.
    """
    row = await conn.fetchrow(
        f"""
        UPDATE capture_sessions
        SET expires_at = {_LASTS}, token_hash = coalesce($3, token_hash), version = version + 1
        WHERE id = $1 AND user_id = $2 AND {_OPEN} RETURNING {_SESSION}
        """,
        session_id,
        user_id,
        token_hash,
    )
    if row is None:
        await read(conn, session_id, user_id)
        raise SessionEnded
    return _read(row)


async def close(conn: Connection, session_id: str, user_id: str) -> CaptureSession | None:
    """End a session before its time; None when it had ended.

    Raises:
        SessionNotFound: there is none.
    """
    row = await conn.fetchrow(
        f"""
        UPDATE capture_sessions SET status = 'closed', closed_at = now(), version = version + 1
        WHERE id = $1 AND user_id = $2 AND {_OPEN} RETURNING {_SESSION}
        """,
        session_id,
        user_id,
    )
    if row is None:
        await read(conn, session_id, user_id)
        return None
    return _read(row)


async def expire(conn: Connection, session_id: str, user_id: str) -> CaptureSession | None:
    """Write down that a session has expired, if it has; gives the session as it is, None when it is gone."""
    await conn.execute(
        """
        UPDATE capture_sessions SET status = 'expired', closed_at = now(), version = version + 1
        WHERE id = $1 AND user_id = $2 AND status = 'active' AND expires_at <= clock_timestamp()
        """,
        session_id,
        user_id,
    )
    row = await conn.fetchrow(
        f"SELECT {_SESSION} FROM capture_sessions WHERE id = $1 AND user_id = $2", session_id, user_id
    )
    return _read(row) if row else None


async def settle(conn: Connection, session_id: str, user_id: str) -> None:
    """Say that nothing is left to do for a session that has ended."""
    await conn.execute(
        "UPDATE capture_sessions SET settled_at = now() WHERE id = $1 AND user_id = $2 AND status <> 'active'",
        session_id,
        user_id,
    )


async def by_token(conn: Connection, token_hash: bytes) -> Holder | None:
    """The session that a token is for, also when it has ended (in `SIGN_IN`)."""
    row = await conn.fetchrow(
        f"""
        SELECT id::text AS session_id, tenant_id::text, user_id::text, token_hash, ends_at, {_OPEN} AS active
        FROM capture_sessions WHERE token_hash = $1
        """,
        token_hash,
    )
    return msgspec.convert(dict(row), Holder) if row else None


async def overdue(conn: Connection, older_than_seconds: int, limit: int = 500) -> list[Overdue]:
    """Some sessions that ended so long ago, whose end nobody has seen to (in `sweeper(tenant)`)."""
    rows = await conn.fetch(
        """
        SELECT id::text, user_id::text FROM capture_sessions
        WHERE settled_at IS NULL AND least(expires_at, closed_at) < now() - make_interval(secs => $1::integer)
        ORDER BY expires_at, id LIMIT $2
        """,
        older_than_seconds,
        limit,
    )
    return [msgspec.convert(dict(row), Overdue) for row in rows]


async def purge(conn: Connection, *, limit: int) -> int:
    """Delete some sessions that ended long ago, with what was captured in them (in `sweeper(tenant)`)."""
    status = await conn.execute(
        f"""
        DELETE FROM capture_sessions WHERE id IN (
          SELECT id FROM capture_sessions
          WHERE settled_at IS NOT NULL AND ends_at < now() - interval '{KEPT_DAYS} days' LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)


def _read(row: asyncpg.Record | None) -> CaptureSession:
    if row is None:
        raise SessionNotFound
    return msgspec.convert(dict(row), CaptureSession)
