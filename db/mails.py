"""Mails that have not gone out yet. They are written in the transaction of what they tell about."""

from db.pool import Connection, rows_of

KEPT_DAYS = 2
"""How long a mail that cannot be delivered is kept."""


async def write(
    conn: Connection,
    *,
    id: str,
    sealed: bytes,
    tenant_id: str | None,
    user_id: str | None = None,
    invitation_id: str | None = None,
) -> None:
    """Write a mail, which goes with its person or invitation; without a tenant it is to nobody."""
    await conn.execute(
        "INSERT INTO mails (id, tenant_id, user_id, invitation_id, sealed) VALUES ($1, $2, $3, $4, $5)",
        id,
        tenant_id,
        user_id,
        invitation_id,
        sealed,
    )


async def read(conn: Connection, mail_id: str) -> bytes | None:
    """A mail that is to go out (in `POSTMAN`); None when it has gone, or is to nobody."""
    return await conn.fetchval("SELECT sealed FROM mails WHERE id = $1 AND tenant_id IS NOT NULL", mail_id)


async def remove(conn: Connection, mail_id: str) -> None:
    """It has gone out (in `POSTMAN`)."""
    await conn.execute("DELETE FROM mails WHERE id = $1", mail_id)


async def left(conn: Connection, older_than_seconds: int, limit: int = 500) -> list[str]:
    """Some mails that nobody has sent for a while, oldest first (in `POSTMAN`)."""
    rows = await conn.fetch(
        """
        SELECT id::text FROM mails WHERE created_at < now() - make_interval(secs => $1::integer)
        ORDER BY created_at, id LIMIT $2
        """,
        older_than_seconds,
        limit,
    )
    return [row["id"] for row in rows]


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some mails that could not be delivered (in `POSTMAN`); returns how many."""
    status = await conn.execute(
        """
        DELETE FROM mails WHERE id IN (
          SELECT id FROM mails WHERE created_at < now() - make_interval(days => $1::integer) LIMIT $2
        )
        """,
        KEPT_DAYS,
        limit,
    )
    return rows_of(status)
