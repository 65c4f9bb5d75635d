"""How many saves of answers were refused, tenant by tenant in steps of five minutes. Unlogged: a rough measure."""

from datetime import datetime, timedelta

from db.pool import Connection, rows_of

STEP = timedelta(minutes=5)
KEPT = timedelta(days=1)


async def note(conn: Connection, tenant_id: str) -> None:
    """One more."""
    await conn.execute(
        """
        INSERT INTO refused_saves AS r (tenant_id, bucket) VALUES ($1, date_bin($2, now(), 'epoch'))
        ON CONFLICT (tenant_id, bucket) DO UPDATE SET refused = r.refused + 1
        """,
        tenant_id,
        STEP,
    )


async def since(conn: Connection, tenant_id: str, began: datetime) -> int:
    """How many there were in the steps that began at a time or later."""
    query = "SELECT coalesce(sum(refused), 0) FROM refused_saves WHERE tenant_id = $1 AND bucket >= $2"
    return await conn.fetchval(query, tenant_id, began)


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some counts that nobody asks for any more (in `sweeper(tenant)`); returns how many."""
    status = await conn.execute(
        """
        DELETE FROM refused_saves WHERE ctid IN (
          SELECT ctid FROM refused_saves WHERE bucket < now() - $1::interval LIMIT $2
        )
        """,
        KEPT,
        limit,
    )
    return rows_of(status)
