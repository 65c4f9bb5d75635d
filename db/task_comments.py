"""What people say about tasks."""

from datetime import datetime

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection
from db.tasks import Place, TaskNotFound
from db.users import UserNotFound

_COLUMNS = "id::text, user_id::text, comment, created_at"


class Comment(Struct, frozen=True, kw_only=True):
    """What somebody said about a task; it goes with them."""

    id: str
    user_id: str
    comment: str
    created_at: datetime


async def add(conn: Connection, *, tenant_id: str, task_id: str, user_id: str, comment: str) -> Comment:
    """Say something about a task that one sees.

    Raises:
        TaskNotFound: there is none such.
        UserNotFound: whoever says it was erased meanwhile.
    """
    query = f"""
        WITH said AS (
          INSERT INTO task_comments (tenant_id, task_id, user_id, comment)
          SELECT tenant_id, id, $3, $4 FROM tasks WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
          RETURNING *
        )
        SELECT {_COLUMNS} FROM said
    """
    try:
        row = await conn.fetchrow(query, tenant_id, task_id, user_id, comment)
    except asyncpg.ForeignKeyViolationError:
        raise UserNotFound from None
    if row is None:
        raise TaskNotFound
    return msgspec.convert(dict(row), Comment)


async def listed(
    conn: Connection, tenant_id: str, task_id: str, *, before: Place | None = None, limit: int = 20
) -> list[Comment]:
    """A page of what was said about a task that one sees, newest first, older than the place `before`."""
    at, id = before or (None, None)
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM task_comments
        WHERE tenant_id = $1 AND task_id = $2 AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
        ORDER BY task_comments.created_at DESC, task_comments.id DESC LIMIT $5
        """,
        tenant_id,
        task_id,
        at,
        id,
        limit,
    )
    return [msgspec.convert(dict(row), Comment) for row in rows]


async def count(conn: Connection, tenant_id: str, task_id: str) -> int:
    """How much was said about it."""
    query = "SELECT count(*) FROM task_comments WHERE tenant_id = $1 AND task_id = $2"
    return await conn.fetchval(query, tenant_id, task_id)
