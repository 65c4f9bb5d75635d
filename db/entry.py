"""The entrance of every request: who it is, and how often they came, in one round trip."""

import msgspec
from msgspec import Struct

from db.pool import Connection, Database, rows_of
from onboarding.access import Role


class Count(Struct, frozen=True, kw_only=True):
    """Where a bucket stands: requests in this window, with this one, and seconds until the next window."""

    hits: int
    limit: int
    reset_seconds: int

    @property
    def exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.hits > self.limit

    @property
    def remaining(self) -> int:
        """Requests left in this window."""
        return max(self.limit - self.hits, 0)


class Entry(Count, frozen=True, kw_only=True):
    """The count of a signed-in caller, and what their row says at this moment, whatever their token says."""

    found: bool = False
    role: Role = Role.USER
    is_active: bool = False
    onboarding_completed: bool = False
    timezone: str = "UTC"
    locale: str = "en"
    default_flow: str = ""
    reminders_enabled: bool = True
    signed_out: bool = False


async def enter(
    database: Database,
    tenant_id: str,
    user_id: str,
    limit: int,
    window_seconds: int = 60,
    *,
    session_id: str | None = None,
    token_digest: bytes | None = None,
    bucket: str | None = None,
) -> Entry:
    """Count a request of a signed-in caller and read who they are now.

    Args:
        database: where to look.
        tenant_id: of the caller.
        user_id: the caller.
        limit: requests in a window.
        window_seconds: how long a window is.
        session_id: the session that the token belongs to; one that has ended makes the caller `signed_out`.
        token_digest: for a token without a session; one that was signed out with makes the caller `signed_out`.
        bucket: where to count; the caller's own by default.

    Raises:
        DatabaseUnavailable: nothing is counted then.
    """
    async with database.autocommit() as connection:
        row = await connection.fetchrow(
            "SELECT * FROM enter($1, $2, $3, $4, $5, $6)",
            tenant_id,
            user_id,
            session_id,
            token_digest,
            bucket or f"user/{user_id}",
            window_seconds,
        )
    assert row is not None
    known = {name: value for name, value in row.items() if value is not None}
    return msgspec.convert({**known, "limit": limit, "found": "role" in known}, Entry)


async def count(database: Database, bucket: str, limit: int, window_seconds: int = 60) -> Count:
    """Count a request in a bucket, for routes where nobody is signed in yet."""
    async with database.autocommit() as connection:
        row = await connection.fetchrow("SELECT * FROM rate_hit($1, $2)", bucket, window_seconds)
    assert row is not None
    return Count(hits=row["hits"], limit=limit, reset_seconds=row["reset_seconds"])


async def forget(conn: Connection, older_than_seconds: int, limit: int = 5000) -> int:
    """Drop some counts of windows that began longer ago, `limit` at most; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM rate_counters WHERE bucket IN (
          SELECT bucket FROM rate_counters WHERE window_start < now() - make_interval(secs => $1) LIMIT $2
        )
        """,
        older_than_seconds,
        limit,
    )
    return rows_of(status)
