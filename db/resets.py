"""Ways to a new password for who forgot theirs: single use, for an hour, known by a hash only."""

import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of

KEPT_MINUTES = 60
OPEN_AT_MOST = 5
"""In an hour for one person: asking again and again fills nobody's mailbox."""


class Person(Struct, frozen=True, kw_only=True):
    """Whose password it is."""

    tenant_id: str
    user_id: str
    locale: str


async def add(conn: Connection, token_hash: bytes, email: str) -> Person | None:
    """Make a way for the person who signs in with this e-mail (in `SIGN_IN`): one statement, whoever that is.

    Returns:
        None when nobody signs in with it, or they have asked too often.
    """
    row = await conn.fetchrow(
        """
        WITH person AS (
          SELECT id, tenant_id, locale FROM users AS u
          WHERE email = $2 AND password_hash IS NOT NULL AND is_active AND (
            SELECT count(*) FROM password_resets AS r
            WHERE r.user_id = u.id AND r.created_at > now() - make_interval(mins => $3::integer)
          ) < $4
        ), added AS (
          INSERT INTO password_resets (token_hash, tenant_id, user_id, expires_at)
          SELECT $1, tenant_id, id, now() + make_interval(mins => $3) FROM person
        )
        SELECT id::text AS user_id, tenant_id::text, locale FROM person
        """,
        token_hash,
        email,
        KEPT_MINUTES,
        OPEN_AT_MOST,
    )
    return msgspec.convert(dict(row), Person) if row else None


class Reset(Struct, frozen=True, kw_only=True):
    """A way that is there; `expired` once its hour is over."""

    tenant_id: str
    user_id: str
    email: str
    expired: bool


async def find(conn: Connection, token_hash: bytes) -> Reset | None:
    """The way that a token opens (in `SIGN_IN`)."""
    row = await conn.fetchrow(
        """
        SELECT r.tenant_id::text, r.user_id::text, u.email, r.expires_at <= now() AS expired
        FROM password_resets AS r JOIN users AS u ON u.id = r.user_id
        WHERE r.token_hash = $1 AND u.email IS NOT NULL AND u.is_active
        """,
        token_hash,
    )
    return msgspec.convert(dict(row), Reset) if row else None


async def take(conn: Connection, token_hash: bytes) -> bool:
    """Use a way up, as its person; False when somebody was faster."""
    status = await conn.execute("DELETE FROM password_resets WHERE token_hash = $1", token_hash)
    return status == "DELETE 1"


async def close(conn: Connection, user_id: str) -> None:
    """Close every other way of a person whose password is new."""
    await conn.execute("DELETE FROM password_resets WHERE user_id = $1", user_id)


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some ways that ended a day ago, of the sweeper's tenant; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM password_resets WHERE token_hash IN (
          SELECT token_hash FROM password_resets WHERE expires_at < now() - interval '1 day' LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)
