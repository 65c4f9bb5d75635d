"""Who changed what of the configuration, and when. Append-only; nothing secret in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from db.pool import Connection

Kind = Literal["monitoring", "aws_account"]


class ConfigChange(Struct, frozen=True, kw_only=True):
    """One change: what there was before it, and after it.

    `before` is None where it made something, `after` where it deleted it. `changed_by` is None once they are
    erased. `subject_id` is the account; what a tenant has only one of has none.
    """

    id: str
    kind: Kind
    subject_id: str | None
    changed_by: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    created_at: datetime


async def note(
    conn: Connection,
    *,
    tenant_id: str,
    changed_by: str,
    kind: Kind,
    subject_id: str | None,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Write down a change in its own transaction, as the admin who makes it; secrets are left out or masked."""
    await conn.execute(
        """
        INSERT INTO config_changes (tenant_id, changed_by, kind, subject_id, before, after)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        tenant_id,
        changed_by,
        kind,
        subject_id,
        before,
        after,
    )


async def listed(
    conn: Connection, tenant_id: str, *, before: str | None = None, limit: int = 20
) -> list[ConfigChange]:
    """A page of a tenant's changes, newest first, those older than the one with the id `before`."""
    rows = await conn.fetch(
        """
        SELECT id::text, kind, subject_id::text, changed_by::text, before, after, created_at FROM config_changes
        WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
        """,
        tenant_id,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), ConfigChange) for row in rows]


async def count(conn: Connection, tenant_id: str) -> int:
    """How many changes there are."""
    return await conn.fetchval("SELECT count(*) FROM config_changes WHERE tenant_id = $1", tenant_id)
