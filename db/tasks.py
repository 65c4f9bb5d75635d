"""Tasks: who is to look into what, and how they moved. What is said about them is in `db/task_comments.py`."""

from datetime import datetime
from typing import Any, ClassVar, TypedDict, Unpack, get_type_hints

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from db.users import UserNotFound
from onboarding.errors import GangwayError
from onboarding.tasks import EventDetails, Priority, Status

Place = tuple[datetime, str]
"""Where something stands in a list, newest first: when it was made, and its id."""

_SHORT = """
  id::text, title, description, status, priority, assigned_user_id::text, event_id::text, due_date,
  coalesce(status <> 'closed' AND due_date < now(), false) AS overdue, created_by::text, closed_at, created_at,
  updated_at
"""
_COLUMNS = f"{_SHORT}, event_details"
_ONE = "tenant_id = $1 AND id = $2 AND deleted_at IS NULL"


class TaskNotFound(GangwayError):
    """There is no such task, or not for whoever asks."""

    code: ClassVar[str] = "not_found"
    detail: ClassVar[str] = "There is no such task."


class AssigneeNotFound(GangwayError):
    """Nobody who is active in the tenant has this id."""

    code: ClassVar[str] = "assignee_not_found"
    detail: ClassVar[str] = "There is nobody active with this id to give the task to."


class Task(Struct, frozen=True, kw_only=True):
    """Something to be done. `overdue` is as of the transaction; lists leave `event_details` out."""

    id: str
    title: str
    description: str
    status: Status
    priority: Priority
    assigned_user_id: str | None
    event_id: str | None
    due_date: datetime | None
    overdue: bool
    created_by: str | None
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    event_details: EventDetails | None = None


class StatusChange(Struct, frozen=True, kw_only=True):
    """How a task moved, from 1 on; `changed_by` is None once that person is erased."""

    number: int
    from_status: Status
    to_status: Status
    changed_by: str | None
    changed_at: datetime


class Filter(Struct, frozen=True, kw_only=True):
    """Which tasks. Empty tuples and None exclude nothing; `own` are those that a person has or made."""

    own: str | None = None
    statuses: tuple[Status, ...] = ()
    priorities: tuple[Priority, ...] = ()
    assigned_user_id: str | None = None
    event_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    due_before: datetime | None = None


class Changes(TypedDict, total=False):
    """What may be changed of a task, its status apart."""

    title: str
    description: str
    priority: Priority
    assigned_user_id: str
    due_date: datetime | None


async def create(
    conn: Connection,
    *,
    tenant_id: str,
    created_by: str,
    title: str,
    description: str,
    priority: Priority,
    assigned_user_id: str,
    due_date: datetime | None = None,
    event: EventDetails | None = None,
) -> Task:
    """Add a task (as staff), for somebody who is active.

    Raises:
        AssigneeNotFound: there is nobody such.
        UserNotFound: whoever adds it was erased meanwhile.
    """
    query = f"""
        INSERT INTO tasks (
          tenant_id, assigned_user_id, created_by, title, description, priority, due_date, event_id, event_details
        )
        SELECT tenant_id, id, $3, $4, $5, $6, $7, $8, $9 FROM users
        WHERE tenant_id = $1 AND id = $2 AND is_active
        RETURNING {_COLUMNS}
    """
    details = msgspec.to_builtins(event) if event else None
    row = await _named(
        conn,
        query,
        tenant_id,
        assigned_user_id,
        created_by,
        title,
        description,
        priority,
        due_date,
        event.id if event else None,
        details,
    )
    if row is None:
        raise AssigneeNotFound
    return _task(row)


async def get(conn: Connection, tenant_id: str, task_id: str) -> Task:
    """A task: to staff any of the tenant, to others their own.

    Raises:
        TaskNotFound: there is none such, or it was deleted.
    """
    return _task(await conn.fetchrow(f"SELECT {_COLUMNS} FROM tasks WHERE {_ONE}", tenant_id, task_id))


async def held(conn: Connection, tenant_id: str, task_id: str) -> Task:
    """The same, and nobody else changes it until the transaction ends.

    Raises:
        TaskNotFound: there is none such, or it was deleted or given to somebody else while this waited.
    """
    return _task(await conn.fetchrow(f"SELECT {_COLUMNS} FROM tasks WHERE {_ONE} FOR UPDATE", tenant_id, task_id))


async def change(conn: Connection, tenant_id: str, task_id: str, **changes: Unpack[Changes]) -> Task:
    """Change what is given of a task that is held.

    Raises:
        AssigneeNotFound: nobody active has the id of whom it is given to.
        TaskNotFound: there is none such.
    """
    if unknown := changes.keys() - get_type_hints(Changes).keys():
        raise TypeError(f"nothing of a task: {sorted(unknown)}")
    if (assignee := changes.get("assigned_user_id")) and not await _is_active(conn, tenant_id, assignee):
        raise AssigneeNotFound
    given = "".join(f"{name} = ${index}, " for index, name in enumerate(changes, 3))
    query = f"UPDATE tasks SET {given}updated_at = now() WHERE {_ONE} RETURNING {_COLUMNS}"
    return _task(await _named(conn, query, tenant_id, task_id, *changes.values()))


async def move(conn: Connection, tenant_id: str, task_id: str, status: Status, *, changed_by: str) -> Task:
    """Give a task another status, and write down who did and when; the same status again does nothing.

    Raises:
        TaskNotFound: there is none such.
    """
    task = await held(conn, tenant_id, task_id)
    if task.status == status:
        return task
    # Not the time of the transaction, which may have begun before the change that it waited for.
    await conn.execute(
        """
        INSERT INTO task_status_changes (
          tenant_id, task_id, number, from_status, to_status, changed_by, changed_at
        )
        SELECT $1, $2, 1 + coalesce(max(number), 0), $3, $4, $5, clock_timestamp()
        FROM task_status_changes WHERE tenant_id = $1 AND task_id = $2
        """,
        tenant_id,
        task_id,
        task.status,
        status,
        changed_by,
    )
    query = f"""
        UPDATE tasks SET status = $3, updated_at = clock_timestamp(),
          closed_at = CASE WHEN $3 = 'closed' THEN clock_timestamp() END
        WHERE {_ONE} RETURNING {_COLUMNS}
    """
    return _task(await conn.fetchrow(query, tenant_id, task_id, status))


async def delete(conn: Connection, tenant_id: str, task_id: str, *, deleted_by: str) -> None:
    """Delete a task that is held: its row stays, and is in no answer.

    Raises:
        TaskNotFound: there is none such.
    """
    query = f"UPDATE tasks SET deleted_at = now(), deleted_by = $3 WHERE {_ONE}"
    if not rows_of(await conn.execute(query, tenant_id, task_id, deleted_by)):
        raise TaskNotFound


async def history(conn: Connection, tenant_id: str, task_id: str, limit: int) -> list[StatusChange]:
    """How a task moved, the latest first."""
    query = """
        SELECT number, from_status, to_status, changed_by::text, changed_at FROM task_status_changes
        WHERE tenant_id = $1 AND task_id = $2 ORDER BY number DESC LIMIT $3
    """
    return [msgspec.convert(dict(row), StatusChange) for row in await conn.fetch(query, tenant_id, task_id, limit)]


async def listed(
    conn: Connection, tenant_id: str, which: Filter, *, before: Place | None = None, limit: int = 20
) -> list[Task]:
    """A page of tasks, newest first, older than the place `before`, without what their events said."""
    matches, given = _matching(tenant_id, which)
    if before is not None:
        given += before
        matches += f" AND (created_at, id) < (${len(given) - 1}, ${len(given)})"
    # Plain `id` would be the text that is selected, in whose order no index is.
    query = f"""
        SELECT {_SHORT} FROM tasks WHERE {matches}
        ORDER BY tasks.created_at DESC, tasks.id DESC LIMIT ${len(given) + 1}
    """
    return [_task(row) for row in await conn.fetch(query, *given, limit)]


async def count(conn: Connection, tenant_id: str, which: Filter) -> int:
    """How many tasks that are."""
    matches, given = _matching(tenant_id, which)
    return await conn.fetchval(f"SELECT count(*) FROM tasks WHERE {matches}", *given)


def _matching(tenant_id: str, which: Filter) -> tuple[str, list[Any]]:
    """Only what is asked for stands in the query, so that each has a plan, and an index, of its own."""
    given: list[Any] = [tenant_id]
    matches = "tenant_id = $1 AND deleted_at IS NULL"
    asked = {
        "(assigned_user_id = {0} OR created_by = {0})": which.own,
        "status = ANY ({0})": list(which.statuses),
        "priority = ANY ({0})": list(which.priorities),
        "assigned_user_id = {0}": which.assigned_user_id,
        "event_id = {0}": which.event_id,
        "created_at >= {0}": which.since,
        "created_at <= {0}": which.until,
        "due_date < {0}": which.due_before,
    }
    for condition, value in asked.items():
        if value:
            given.append(value)
            matches += " AND " + condition.format(f"${len(given)}")
    return matches, given


async def _is_active(conn: Connection, tenant_id: str, user_id: str) -> bool:
    query = "SELECT EXISTS (SELECT FROM users WHERE tenant_id = $1 AND id = $2 AND is_active)"
    return await conn.fetchval(query, tenant_id, user_id)


async def _named(conn: Connection, query: str, *given: Any) -> asyncpg.Record | None:
    """A row that names people, any of whom may be erased in this moment."""
    try:
        return await conn.fetchrow(query, *given)
    except asyncpg.ForeignKeyViolationError as error:
        by_them = "created_by" in str(getattr(error, "constraint_name", ""))
        raise (UserNotFound if by_them else AssigneeNotFound) from None


def _task(row: asyncpg.Record | None) -> Task:
    if row is None:
        raise TaskNotFound
    return msgspec.convert(dict(row), Task)
