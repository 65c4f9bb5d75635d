"""What is sent and answered about tasks."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from api.body import Body
from api.deps import Deps
from api.paging import Page
from api.parameters import UUID_PATTERN
from db import users
from db.task_comments import Comment
from db.tasks import StatusChange, Task
from db.tenant import operator
from onboarding.moments import moment, no_moment
from onboarding.tasks import (
    COMMENT_MAX,
    DESCRIPTION_MAX,
    DESCRIPTION_MIN,
    TITLE_MAX,
    TITLE_MIN,
    EventDetails,
    Priority,
    Status,
)

Id = Annotated[str, Meta(pattern=UUID_PATTERN, extra_json_schema={"format": "uuid"})]
Title = Annotated[str, Meta(min_length=TITLE_MIN, max_length=TITLE_MAX)]
# People paste what a log says, tags and all.
Description = Annotated[
    str,
    Meta(min_length=DESCRIPTION_MIN, max_length=DESCRIPTION_MAX, extra={"lines": True, "as_said": True}),
]
Said = Annotated[str, Meta(min_length=1, max_length=COMMENT_MAX, extra={"lines": True, "as_said": True})]
DueDate = Annotated[
    Annotated[str, Meta(max_length=40, extra={"check": no_moment})] | UnsetType | None,
    Meta(
        extra={"clears": True},
        description="A time with its zone, or a day, which means its end where the caller is; null takes it away.",
    ),
]


class CreateTaskBody(Body, frozen=True, kw_only=True):
    """Something to be done, by whom; what the event `event_id` says is kept with it."""

    title: Title
    description: Description
    priority: Priority = "medium"
    assigned_user_id: Id
    event_id: Id | UnsetType | None = UNSET
    due_date: DueDate = UNSET


class CreateEventTaskBody(Body, frozen=True, kw_only=True):
    """Who is to look into an event; the rest follows from the event where it is left out."""

    title: Title | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET
    assigned_user_id: Id
    due_date: DueDate = UNSET


class ChangeTaskBody(Body, frozen=True, kw_only=True):
    """Changes to a task; what is left out stays. Its status is changed at `/status`."""

    title: Title | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET
    assigned_user_id: Id | UnsetType | None = UNSET
    due_date: DueDate = UNSET


class TaskStatusBody(Body, frozen=True, kw_only=True):
    """Where a task stands."""

    status: Status


class CommentBody(Body, frozen=True, kw_only=True):
    """Something to say about a task."""

    comment: Said


class PersonOut(Struct, frozen=True, kw_only=True):
    """Somebody, by their name or else their e-mail; null when they gave neither."""

    id: str
    name: str | None


class TaskOut(Struct, frozen=True, kw_only=True):
    """A task. Of somebody who was erased nothing is left: null. `overdue` is what is not closed in time.

    `event_details` is what its event said when the task was made; lists leave it out.
    """

    id: str
    title: str
    description: str
    status: Status
    priority: Priority
    assigned_user_id: str | None
    assigned_user_name: str | None
    assigned_user: PersonOut | None
    event_id: str | None
    event_details: EventDetails | UnsetType | None = UNSET
    due_date: datetime | None
    overdue: bool
    created_by: str | None
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class TaskPage(Page[TaskOut], frozen=True, kw_only=True):
    """A page of tasks."""


class CommentOut(Struct, frozen=True, kw_only=True):
    """What somebody said about a task."""

    id: str
    user_id: str
    user_name: str | None
    comment: str
    created_at: datetime


class CommentPage(Page[CommentOut], frozen=True, kw_only=True):
    """A page of what was said about a task."""


class StatusChangeOut(Struct, frozen=True, kw_only=True):
    """How a task moved: its changes are numbered from 1, and each begins where the one before ended."""

    number: int
    from_status: Status
    to_status: Status
    changed_by: str | None
    changed_by_name: str | None
    changed_at: datetime


class TaskDetailOut(TaskOut, frozen=True, kw_only=True):
    """A task with what was said about it and how it moved, the latest first.

    `comments_cursor` leads to the comments before these, at `/comments`; it is null when these are all.
    """

    comments: list[CommentOut]
    comments_cursor: str | None
    status_history: list[StatusChangeOut]


Names = dict[str, str]


async def names_of(deps: Deps, tenant_id: str, people: Iterable[str | None]) -> Names:
    """What people are called whom a task names, for whoever sees the task, though they may not see the people."""
    ids = {each for each in people if each is not None}
    if not ids:
        return {}
    async with deps.database.transaction(operator(tenant_id)) as connection:
        return await users.names(connection, tenant_id, sorted(ids))


def people_in(task: Task, comments: Iterable[Comment], changes: Iterable[StatusChange]) -> Iterator[str | None]:
    """Everybody whom a task names."""
    yield task.assigned_user_id
    yield from (each.user_id for each in comments)
    yield from (each.changed_by for each in changes)


def task_out(task: Task, names: Names, *, short: bool = False) -> TaskOut:
    """A task as it is told; a short one without what its event said."""
    return TaskOut(**_told(task, names, short=short))


def task_detail_out(
    task: Task, comments: list[Comment], cursor: str | None, changes: list[StatusChange], names: Names
) -> TaskDetailOut:
    """A task with everything about it."""
    return TaskDetailOut(
        **_told(task, names),
        comments=[comment_out(each, names) for each in comments],
        comments_cursor=cursor,
        status_history=[
            StatusChangeOut(**asdict(each), changed_by_name=names.get(each.changed_by or "")) for each in changes
        ],
    )


def comment_out(comment: Comment, names: Names) -> CommentOut:
    """A comment as it is told."""
    return CommentOut(**asdict(comment), user_name=names.get(comment.user_id))


def due_of(due_date: str | UnsetType | None, timezone: str) -> datetime | None:
    """The moment that a body names."""
    return moment(due_date, timezone, at_end=True) if isinstance(due_date, str) else None


def _told(task: Task, names: Names, *, short: bool = False) -> dict[str, Any]:
    who = task.assigned_user_id
    name = names.get(who or "")
    fields = {each: getattr(task, each) for each in task.__struct_fields__}
    if short:
        del fields["event_details"]
    person = PersonOut(id=who, name=name) if who else None
    return {**fields, "assigned_user_name": name, "assigned_user": person}
