"""Access tokens of other issuers that somebody signed out with, until they expire."""

from datetime import datetime

from db.pool import Connection, rows_of


async def refuse(conn: Connection, *, digest: bytes, tenant_id: str, user_id: str, until: datetime) -> None:
    """Refuse a token of the caller's from now on, everywhere."""
    await conn.execute(
        """
        INSERT INTO refused_tokens (digest, tenant_id, user_id, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        digest,
        tenant_id,
        user_id,
        until,
    )


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some that have expired, of the sweeper's tenant; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM refused_tokens WHERE digest IN (
          SELECT digest FROM refused_tokens WHERE expires_at < now() - interval '1 hour' LIMIT $1
        )
        """,
        limit,
    )
    return rows_of(status)
