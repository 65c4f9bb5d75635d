"""What staff should know."""

from typing import Any, Literal

from db.pool import Connection

Severity = Literal["critical", "high", "medium", "low", "unknown"]
_LEVELS: dict[Severity, int] = {"critical": 4, "high": 3, "medium": 2, "low": 1, "unknown": 0}


async def note(
    conn: Connection,
    *,
    tenant_id: str,
    source: str,
    detail_type: str,
    severity: Severity,
    detail: dict[str, Any],
) -> None:
    """Write an event of ours in the transaction of what it tells about; ids, nothing personal in it."""
    await conn.execute(
        """
        INSERT INTO events (tenant_id, source, detail_type, severity, severity_level, detail)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        tenant_id,
        source,
        detail_type,
        severity,
        _LEVELS[severity],
        detail,
    )
