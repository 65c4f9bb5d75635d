"""Tasks in the database: who may write what, whatever the code above forgets, and which indexes serve."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from db import task_comments, tasks, tenants
from db.pool import Connection, Database
from db.tenant import SIGN_IN
from onboarding.access import Role
from tests.db.given import Person, register


async def made(database: Database, by: Person, assignee: Person, role: Role = Role.MANAGER) -> tasks.Task:
    """A task that somebody of the staff made for somebody."""
    async with database.transaction(by.caller(role)) as conn:
        return await tasks.create(
            conn,
            tenant_id=by.tenant_id,
            created_by=by.user_id,
            title="A task",
            description="Look into it",
            priority="low",
            assigned_user_id=assignee.user_id,
        )


async def refused(database: Database, person: Person, role: Role, sql: str, *given: Any) -> None:
    """The policies stop somebody from this."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(person.caller(role)) as conn:
            await conn.execute(sql, *given)


async def test_what_the_policies_refuse(database: Database, person: Person, colleague: Person) -> None:
    """Who has a task neither gives it away nor deletes it; managers delete their own; nobody writes for others."""
    task = await made(database, colleague, person)
    give, drop = ("UPDATE tasks SET assigned_user_id = $2 WHERE id = $1", "UPDATE tasks SET deleted_at = now()")
    await refused(database, person, Role.USER, give, task.id, colleague.user_id)
    await refused(database, person, Role.USER, drop)
    await refused(database, person, Role.MANAGER, drop)
    add = "INSERT INTO tasks (tenant_id, created_by, title, description) VALUES ($1, $2, 'A task', 'Look into it')"
    await refused(database, person, Role.USER, add, person.tenant_id, person.user_id)
    await refused(database, person, Role.ADMIN, add, person.tenant_id, colleague.user_id)
    say = "INSERT INTO task_comments (tenant_id, task_id, user_id, comment) VALUES ($1, $2, $3, 'x')"
    await refused(database, person, Role.ADMIN, say, person.tenant_id, task.id, colleague.user_id)
    await refused(database, person, Role.USER, "UPDATE tasks SET created_by = $1", person.user_id)
    for table in ("task_comments", "task_status_changes"):
        await refused(database, person, Role.ADMIN, f"DELETE FROM {table}")
        await refused(database, person, Role.ADMIN, f"UPDATE {table} SET task_id = task_id")
    async with database.transaction(colleague.caller(Role.MANAGER)) as conn:
        assert await conn.execute(drop) == "UPDATE 1"
    await refused(database, person, Role.USER, say, person.tenant_id, task.id, person.user_id)


async def test_nobody_talks_about_what_they_do_not_see(
    database: Database, person: Person, colleague: Person, stranger: Person
) -> None:
    """A task of somebody else, or of another tenant, is neither commented nor moved, and none of it is seen."""
    task = await made(database, colleague, colleague)
    for somebody, role in ((person, Role.USER), (stranger, Role.ADMIN)):
        say = "INSERT INTO task_comments (tenant_id, task_id, user_id, comment) VALUES ($1, $2, $3, 'x')"
        await refused(database, somebody, role, say, somebody.tenant_id, task.id, somebody.user_id)
        move = (
            "INSERT INTO task_status_changes (tenant_id, task_id, number, from_status, to_status, changed_by,"
            " changed_at) VALUES ($1, $2, 1, 'open', 'closed', $3, now())"
        )
        await refused(database, somebody, role, move, somebody.tenant_id, task.id, somebody.user_id)
        async with database.transaction(somebody.caller(role)) as conn:
            for table in ("tasks", "task_comments", "task_status_changes"):
                assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0
            with pytest.raises(tasks.TaskNotFound):
                await tasks.move(conn, colleague.tenant_id, task.id, "closed", changed_by=somebody.user_id)


async def test_who_is_erased_while_they_are_given_it(database: Database, person: Person, stranger: Person) -> None:
    """A task for, or by, somebody whose row has gone is refused as such."""
    task = await made(database, person, person)
    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        with pytest.raises(tasks.AssigneeNotFound):
            await tasks.change(conn, person.tenant_id, task.id, assigned_user_id=stranger.user_id)
        with pytest.raises(tasks.TaskNotFound):
            await tasks.change(conn, person.tenant_id, str(uuid.uuid4()), title="Another")
        with pytest.raises(TypeError):
            await tasks.change(conn, person.tenant_id, task.id, **{"status = 'closed', title": "x"})  # type: ignore


class Explaining:
    """A connection that tells how what it is asked would be found."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.plan = ""

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        """Explain instead."""
        self.plan = await self.conn.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *given)
        return []


NOW = datetime(2026, 5, 1, tzinfo=UTC)
FIRST, LAST = None, (NOW - timedelta(minutes=9_900), "00000000-0000-4000-8000-000000000000")


@pytest.fixture(scope="module")
async def crowded(stack: EmbeddedStack, database: Database) -> Person:
    """A tenant with ten thousand tasks, one a minute; few of them are open, and few are this person's."""
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "A tenant")
        person, colleague = [await register(conn, tenant.id) for _ in range(2)]
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute(
        """
        INSERT INTO tasks (
          tenant_id, title, description, status, closed_at, priority, assigned_user_id, created_by, event_id,
          created_at, due_date
        )
        SELECT $1, 'A task', 'Look into it', CASE WHEN n % 500 = 0 THEN 'open' ELSE 'closed' END,
          CASE WHEN n % 500 = 0 THEN NULL ELSE at END, CASE WHEN n % 400 = 0 THEN 'critical' ELSE 'low' END,
          CASE WHEN n % 300 = 0 THEN $2::uuid ELSE $3 END, $3, gen_random_uuid(), at, at + interval '1 day'
        FROM generate_series(1, 10000) AS n, LATERAL (SELECT $4::timestamptz - n * interval '1 minute') AS t (at)
        """,
        person.tenant_id,
        person.user_id,
        colleague.user_id,
        NOW,
    )
    await admin.execute(
        """
        INSERT INTO task_comments (tenant_id, task_id, user_id, comment, created_at)
        SELECT $1, id, $2, 'x', created_at FROM tasks WHERE tenant_id = $1
        """,
        person.tenant_id,
        person.user_id,
    )
    await admin.execute("ANALYZE tasks, task_comments")
    await admin.close()
    return person


@pytest.mark.parametrize("before", [FIRST, LAST])
@pytest.mark.parametrize(
    ("role", "which", "index"),
    [
        (Role.MANAGER, {}, "tasks_age"),
        (Role.MANAGER, {"since": NOW - timedelta(days=1), "until": NOW}, "tasks_age"),
        (Role.MANAGER, {"statuses": ("open",)}, "tasks_status"),
        (Role.MANAGER, {"priorities": ("critical",)}, "tasks_priority"),
        (Role.MANAGER, {"assigned_user_id": True}, "tasks_assigned"),
        (Role.MANAGER, {"event_id": str(uuid.UUID(int=1))}, "tasks_event"),
        (Role.MANAGER, {"due_before": NOW - timedelta(days=5, hours=22)}, "tasks_due"),
        (Role.USER, {"own": True}, "tasks_assigned"),
    ],
)
async def test_an_index_serves(
    database: Database, crowded: Person, role: Role, which: dict[str, Any], index: str, before: Any
) -> None:
    """Each list is read from an index, the last page as the first: nothing reads the whole table."""
    asked = tasks.Filter(**{name: crowded.user_id if value is True else value for name, value in which.items()})
    async with database.transaction(crowded.caller(role)) as conn:
        explaining: Any = Explaining(conn)
        await tasks.listed(explaining, crowded.tenant_id, asked, before=before, limit=21)
    assert index in explaining.plan
    assert "Seq Scan" not in explaining.plan
    if index == "tasks_age":
        assert "Sort" not in explaining.plan


async def test_an_index_serves_comments(database: Database, crowded: Person) -> None:
    """What was said about a task is read in its order from an index."""
    async with database.transaction(crowded.caller(Role.MANAGER)) as conn:
        (task,) = await tasks.listed(conn, crowded.tenant_id, tasks.Filter(), limit=1)
        explaining: Any = Explaining(conn)
        await task_comments.listed(explaining, crowded.tenant_id, task.id, before=LAST)
    assert re.search(r'"Index Name": "task_comments_task"', explaining.plan)
    assert "Sort" not in explaining.plan
