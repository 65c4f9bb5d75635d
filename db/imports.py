"""Imports: files that somebody uploaded, what they say their columns are, and how far each has come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from db.runs import PersonGone
from onboarding.imports import ERRORS_KEPT, OPEN_AT_ONCE, Preview, RowError, Shape

Status = Literal["awaiting_mapping", "queued", "running", "completed", "failed", "cancelled"]
OPEN: tuple[Status, ...] = ("awaiting_mapping", "queued", "running")
_OPEN = ", ".join(f"'{status}'" for status in OPEN)


class Import(Struct, frozen=True, kw_only=True):
    """An import. `reached` is the last row that was seen to; `errors` are the first of `error_count`."""

    id: str
    status: Status
    reason: str | None
    shape: Shape
    columns: tuple[str, ...]
    suggested: dict[str, str]
    sample: tuple[tuple[str, ...], ...]
    mapping: dict[str, str] | None
    rows: int
    reached: int
    imported: int
    failed: int
    errors: tuple[RowError, ...]
    error_count: int
    created_at: datetime
    ended_at: datetime | None


class Progress(Struct, frozen=True, kw_only=True):
    """What became of the rows from after one number up to and with another."""

    after: int
    reached: int
    imported: int
    failed: int
    errors: Sequence[RowError]


_COLUMNS = ", ".join(
    "id::text" if name == "id" else name for name in (field.name for field in msgspec.structs.fields(Import))
)


async def has_room(conn: Connection, import_id: str, user_id: str) -> bool:
    """Whether another import of theirs may begin now, or this one has begun before."""
    return await conn.fetchval(
        f"""
        SELECT count(*) < {OPEN_AT_ONCE} OR bool_or(id = $1) FROM imports
        WHERE user_id = $2 AND (status IN ({_OPEN}) OR id = $1)
        """,
        import_id,
        user_id,
    )


async def begin(
    conn: Connection, *, import_id: str, tenant_id: str, user_id: str, file_name: str | None, preview: Preview
) -> bool:
    """Write down that a file is here; the same again changes nothing. False when too many of theirs are open.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    # One after the other for each person, or many at once would each be the last that may be open.
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('imports' || $1::uuid::text, 0))", user_id)
    try:
        written = await conn.execute(
            f"""
            INSERT INTO imports (id, tenant_id, user_id, file_name, shape, columns, suggested, sample, rows)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
            WHERE (SELECT count(*) FROM imports WHERE user_id = $3 AND status IN ({_OPEN})) < {OPEN_AT_ONCE}
            ON CONFLICT (id) DO NOTHING
            """,
            import_id,
            tenant_id,
            user_id,
            file_name,
            msgspec.to_builtins(preview.shape),
            list(preview.columns),
            preview.suggested,
            preview.sample,
            preview.rows,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    return rows_of(written) == 1 or await get(conn, import_id, user_id) is not None


async def get(conn: Connection, import_id: str, user_id: str) -> Import | None:
    """Somebody's import."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM imports WHERE id = $1 AND user_id = $2", import_id, user_id)
    return msgspec.convert(dict(row), Import) if row else None


async def confirm(conn: Connection, import_id: str, user_id: str, mapping: Mapping[str, str]) -> bool:
    """Say what the columns are; False when that was said otherwise before, or the import has ended."""
    status = await conn.execute(
        """
        UPDATE imports SET mapping = $3, status = CASE status WHEN 'running' THEN status ELSE 'queued' END
        WHERE id = $1 AND user_id = $2
          AND (status = 'awaiting_mapping' OR (status IN ('queued', 'running') AND mapping = $3))
        """,
        import_id,
        user_id,
        dict(mapping),
    )
    return rows_of(status) == 1


async def start(conn: Connection, import_id: str, user_id: str) -> bool:
    """Begin with the rows, or go on; False when there is nothing to do."""
    status = await conn.execute(
        """
        UPDATE imports SET status = 'running' WHERE id = $1 AND user_id = $2 AND status IN ('queued', 'running')
        """,
        import_id,
        user_id,
    )
    return rows_of(status) == 1


async def advance(conn: Connection, import_id: str, user_id: str, progress: Progress) -> bool:
    """Write down what became of some rows, in the transaction in which they became it.

    False when somebody else has seen to them, or the import has ended meanwhile: then nothing may come of them.
    """
    status = await conn.execute(
        f"""
        UPDATE imports SET reached = $4, imported = imported + $5, failed = failed + $6,
          error_count = error_count + jsonb_array_length($7),
          errors = CASE
            WHEN jsonb_array_length($7) = 0 OR jsonb_array_length(errors) >= {ERRORS_KEPT} THEN errors
            ELSE jsonb_path_query_array(errors || $7, '$[0 to {ERRORS_KEPT - 1}]')
          END
        WHERE id = $1 AND user_id = $2 AND status = 'running' AND reached = $3
        """,
        import_id,
        user_id,
        progress.after,
        progress.reached,
        progress.imported,
        progress.failed,
        msgspec.to_builtins(progress.errors),
    )
    return rows_of(status) == 1


async def complete(conn: Connection, import_id: str, user_id: str) -> None:
    """Every row was seen to."""
    await conn.execute(
        """
        UPDATE imports SET status = 'completed', ended_at = now()
        WHERE id = $1 AND user_id = $2 AND status = 'running'
        """,
        import_id,
        user_id,
    )


async def cancel(conn: Connection, import_id: str, user_id: str) -> bool:
    """End it; what was imported stays. False when it has ended otherwise, or is not there."""
    status = await conn.execute(
        f"""
        UPDATE imports SET status = 'cancelled', ended_at = coalesce(ended_at, now())
        WHERE id = $1 AND user_id = $2 AND status IN ({_OPEN}, 'cancelled')
        """,
        import_id,
        user_id,
    )
    return rows_of(status) == 1


async def fail(conn: Connection, import_id: str, user_id: str, reason: str) -> None:
    """It has come to nothing more, if it has not ended: `expired`, `file_gone`, `unreadable` or `interrupted`."""
    await conn.execute(
        f"""
        UPDATE imports SET status = 'failed', reason = $3, ended_at = now()
        WHERE id = $1 AND user_id = $2 AND status IN ({_OPEN})
        """,
        import_id,
        user_id,
        reason,
    )
