"""Tasks: `/tasks`, and how an event becomes one. What is said about them is in `api/task_comments.py`."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post, put, route
from litestar.enums import HttpMethod
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET
from msgspec.structs import replace

from api.deps import Principal, SignedIn, WithDeps
from api.filters import Moment, at, many, one, span
from api.guards import forbidden, requires
from api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    WithTotal,
    page_of,
    place_of,
    read_place_cursor,
)
from api.parameters import UUID_PATTERN, together
from api.problems import Code, ProblemError
from api.task_shapes import (
    ChangeTaskBody,
    CreateEventTaskBody,
    CreateTaskBody,
    TaskDetailOut,
    TaskOut,
    TaskPage,
    TaskStatusBody,
    due_of,
    names_of,
    people_in,
    task_detail_out,
    task_out,
)
from db import events, task_comments, tasks
from db.pool import Connection
from onboarding.tasks import EventDetails, Priority, Status, description_of, priority_of, title_of

COMMENTS_SHOWN = 100
CHANGES_SHOWN = 500
"""With a task, the latest of each."""

SomeId = Annotated[str | None, QueryParameter(pattern=UUID_PATTERN)]
Statuses = Annotated[
    list[str] | None, QueryParameter(name="status", description="open, in_progress, closed: one or several.")
]
Priorities = Annotated[
    list[str] | None, QueryParameter(name="priority", description="critical, high, medium, low: one or several.")
]
DueBefore = Annotated[
    str | None,
    QueryParameter(
        max_length=40, description="Due before this time with its zone, or before this day where the caller is."
    ),
]


def _filter(request: Request[Any, Any, Any]) -> tasks.Filter:
    """What a query asks for, its ids apart. Whoever may not see all tasks sees their own, whatever they ask for.

    Raises:
        ProblemError: 400 with all that is wrong in it.
    """
    principal: Principal = request.scope["user"]
    zone = principal.timezone
    readings: list[Callable[[], Any]] = [
        lambda: many(request, "status", Status),
        lambda: many(request, "priority", Priority),
        lambda: span(one(request, "start_date"), one(request, "end_date"), zone),
        lambda: at("due_before", one(request, "due_before"), zone),
    ]
    statuses, priorities, (since, until), due_before = together(*readings)
    return tasks.Filter(
        own=None if _sees_all(principal) else principal.caller.user_id,
        statuses=statuses,
        priorities=priorities,
        since=since,
        until=until,
        due_before=due_before,
    )


class TasksController(Controller):
    """What somebody is to do."""

    path = "/tasks"
    tags = ("tasks",)

    @get("/", guards=[requires("read:own_tasks")], opt={"reads": _filter})
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        assigned_user_id: SomeId = None,
        event_id: SomeId = None,
        status: Statuses = None,  # noqa: ARG002 - these five are read by `_filter`
        priority: Priorities = None,  # noqa: ARG002
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
        due_before: DueBefore = None,  # noqa: ARG002
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> TaskPage:
        """The tasks of the tenant, newest first; to users those that they have, or made."""
        tenant_id = principal.caller.tenant_id
        which, before = together(lambda: _filter(request), lambda: read_place_cursor(cursor))
        which = replace(which, assigned_user_id=assigned_user_id, event_id=event_id)
        async with deps.database.transaction(principal.caller) as connection:
            found = await tasks.listed(connection, tenant_id, which, before=before, limit=limit + 1)
            total = await tasks.count(connection, tenant_id, which) if with_total else UNSET
        page = page_of(found, limit, lambda task: place_of(task.created_at, task.id))
        names = await names_of(deps, tenant_id, (task.assigned_user_id for task in page.items))
        items = [task_out(task, names, short=True) for task in page.items]
        return TaskPage(items=items, next_cursor=page.next_cursor, total=total)

    @post("/", guards=[requires("create:tasks")])
    async def create(self, data: JSONBody[CreateTaskBody], deps: WithDeps, principal: SignedIn) -> TaskOut:
        """Give somebody something to do."""
        tenant_id = principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            event_id = data.event_id or None
            task = await tasks.create(
                connection,
                tenant_id=tenant_id,
                created_by=principal.caller.user_id,
                title=data.title,
                description=data.description,
                priority=data.priority,
                assigned_user_id=data.assigned_user_id,
                due_date=due_of(data.due_date, principal.timezone),
                event=await _event(connection, tenant_id, event_id) if event_id else None,
            )
        return task_out(task, await names_of(deps, tenant_id, [task.assigned_user_id]))

    @get("/{task_id:uuid}", guards=[requires("read:own_tasks")])
    async def read(self, task_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> TaskDetailOut:
        """A task with the latest comments, and how it moved."""
        tenant_id, id = principal.caller.tenant_id, str(task_id)
        async with deps.database.transaction(principal.caller) as connection:
            task = await tasks.get(connection, tenant_id, id)
            comments = await task_comments.listed(connection, tenant_id, id, limit=COMMENTS_SHOWN + 1)
            changes = await tasks.history(connection, tenant_id, id, CHANGES_SHOWN)
        page = page_of(comments, COMMENTS_SHOWN, lambda comment: place_of(comment.created_at, comment.id))
        names = await names_of(deps, tenant_id, people_in(task, page.items, changes))
        return task_detail_out(task, page.items, page.next_cursor, changes, names)

    @route(
        "/{task_id:uuid}",
        http_method=[HttpMethod.PUT, HttpMethod.PATCH],
        status_code=200,
        guards=[requires("update:own_tasks")],
    )
    async def change(
        self, task_id: FromPath[UUID], data: JSONBody[ChangeTaskBody], deps: WithDeps, principal: SignedIn
    ) -> TaskOut:
        """Change what is given, with PUT as with PATCH. Only staff give a task to somebody else."""
        tenant_id, id = principal.caller.tenant_id, str(task_id)
        async with deps.database.transaction(principal.caller) as connection:
            task = await tasks.held(connection, tenant_id, id)
            changes = _changes(task, data, principal.timezone)
            if "assigned_user_id" in changes and "update:tasks" not in principal.permissions:
                raise forbidden("Only managers and admins give a task to somebody else.")
            if changes:
                task = await tasks.change(connection, tenant_id, id, **changes)
        return task_out(task, await names_of(deps, tenant_id, [task.assigned_user_id]))

    @put("/{task_id:uuid}/status", guards=[requires("update:own_tasks")])
    async def move(
        self, task_id: FromPath[UUID], data: JSONBody[TaskStatusBody], deps: WithDeps, principal: SignedIn
    ) -> TaskOut:
        """Say where a task stands: who has it, or staff. The same again changes nothing."""
        caller, id = principal.caller, str(task_id)
        async with deps.database.transaction(caller) as connection:
            task = await tasks.held(connection, caller.tenant_id, id)
            if task.assigned_user_id != caller.user_id and "update:tasks" not in principal.permissions:
                raise forbidden("Who has a task says where it stands, and managers and admins.")
            task = await tasks.move(connection, caller.tenant_id, id, data.status, changed_by=caller.user_id)
        return task_out(task, await names_of(deps, caller.tenant_id, [task.assigned_user_id]))

    @delete("/{task_id:uuid}", guards=[requires("delete:own_tasks")])
    async def delete(self, task_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Delete a task: an admin any, a manager those that they made."""
        caller, id = principal.caller, str(task_id)
        async with deps.database.transaction(caller) as connection:
            task = await tasks.held(connection, caller.tenant_id, id)
            if task.created_by != caller.user_id and "delete:tasks" not in principal.permissions:
                raise forbidden("Managers delete the tasks that they made, admins any.")
            await tasks.delete(connection, caller.tenant_id, id, deleted_by=caller.user_id)


class EventTasksController(Controller):
    """What somebody is to do about an event."""

    path = "/events/{event_id:uuid}"
    tags = ("tasks",)

    @post("/create-task", guards=[requires("create:tasks")])
    async def create(
        self, event_id: FromPath[UUID], data: JSONBody[CreateEventTaskBody], deps: WithDeps, principal: SignedIn
    ) -> TaskOut:
        """Have somebody look into an event. Title, description and priority follow from it unless given."""
        tenant_id = principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            event = await _event(connection, tenant_id, str(event_id))
            task = await tasks.create(
                connection,
                tenant_id=tenant_id,
                created_by=principal.caller.user_id,
                title=data.title or title_of(event),
                description=data.description or description_of(event),
                priority=data.priority or priority_of(event.severity_level),
                assigned_user_id=data.assigned_user_id,
                due_date=due_of(data.due_date, principal.timezone),
                event=event,
            )
        return task_out(task, await names_of(deps, tenant_id, [task.assigned_user_id]))


def _sees_all(principal: Principal) -> bool:
    return "read:all_tasks" in principal.permissions


def _changes(task: tasks.Task, data: ChangeTaskBody, timezone: str) -> tasks.Changes:
    """What differs from the task as it is."""
    changes: tasks.Changes = {}
    if data.title and data.title != task.title:
        changes["title"] = data.title
    if data.description and data.description != task.description:
        changes["description"] = data.description
    if data.priority and data.priority != task.priority:
        changes["priority"] = data.priority
    if data.assigned_user_id and data.assigned_user_id.lower() != task.assigned_user_id:
        changes["assigned_user_id"] = data.assigned_user_id
    if data.due_date is not UNSET and (due := due_of(data.due_date, timezone)) != task.due_date:
        changes["due_date"] = due
    return changes


async def _event(connection: Connection, tenant_id: str, event_id: str) -> EventDetails:
    """What an event says, to be kept.

    Raises:
        ProblemError: 404.
    """
    event = await events.get(connection, tenant_id, event_id)
    if event is None:
        raise ProblemError(404, Code.NOT_FOUND, "There is no such event.")
    return msgspec.convert(event, EventDetails, from_attributes=True)
