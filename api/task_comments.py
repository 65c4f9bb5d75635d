"""What people say about tasks: `/tasks/{id}/comments`, for whoever sees the task."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from api.deps import SignedIn, WithDeps
from api.guards import requires
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal, page_of, place_of, read_place_cursor
from api.task_shapes import CommentBody, CommentOut, CommentPage, comment_out, names_of
from db import task_comments, tasks


class TaskCommentsController(Controller):
    """What people say about a task."""

    path = "/tasks/{task_id:uuid}/comments"
    tags = ("tasks",)
    guards = (requires("read:own_tasks"),)

    @get("/")
    async def listed(
        self,
        task_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> CommentPage:
        """What was said about a task, newest first."""
        tenant_id, id, before = principal.caller.tenant_id, str(task_id), read_place_cursor(cursor)
        async with deps.database.transaction(principal.caller) as connection:
            await tasks.get(connection, tenant_id, id)
            found = await task_comments.listed(connection, tenant_id, id, before=before, limit=limit + 1)
            total = await task_comments.count(connection, tenant_id, id) if with_total else UNSET
        page = page_of(found, limit, lambda comment: place_of(comment.created_at, comment.id))
        names = await names_of(deps, tenant_id, (comment.user_id for comment in page.items))
        items = [comment_out(comment, names) for comment in page.items]
        return CommentPage(items=items, next_cursor=page.next_cursor, total=total)

    @post("/")
    async def add(
        self, task_id: FromPath[UUID], data: JSONBody[CommentBody], deps: WithDeps, principal: SignedIn
    ) -> CommentOut:
        """Say something about a task."""
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            comment = await task_comments.add(
                connection,
                tenant_id=caller.tenant_id,
                task_id=str(task_id),
                user_id=caller.user_id,
                comment=data.comment,
            )
        return comment_out(comment, await names_of(deps, caller.tenant_id, [comment.user_id]))
