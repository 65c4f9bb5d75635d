"""What people are told."""

from typing import Any

from db.pool import Connection


async def add(
    conn: Connection,
    *,
    tenant_id: str,
    user_id: str,
    kind: str,
    body: dict[str, Any],
    dedupe_key: str,
    run_id: str | None = None,
) -> bool:
    """Tell somebody something, once for each `dedupe_key`; False when they have been told."""
    status = await conn.execute(
        """
        INSERT INTO notifications (tenant_id, user_id, run_id, kind, body, dedupe_key)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, dedupe_key) DO NOTHING
        """,
        tenant_id,
        user_id,
        run_id,
        kind,
        body,
        dedupe_key,
    )
    return status == "INSERT 0 1"
