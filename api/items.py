"""The review list: `/items`. How it is sent on is in `api/syncs.py`."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET
from msgspec.structs import replace

from api.deps import SignedIn, WithDeps
from api.filters import many
from api.item_shapes import (
    BulkBody,
    BulkOut,
    ChangeItemBody,
    ItemDetailOut,
    ItemOut,
    ItemPage,
    JudgedOut,
    detail_out,
    item_out,
)
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal, page_of, place_of, read_place_cursor
from api.parameters import IfMatch, read_version, stale, together
from db import item_lists
from onboarding.errors import VersionConflict
from onboarding.items import Source, Status

Statuses = Annotated[
    list[str] | None, QueryParameter(name="status", description="pending, approved, rejected: one or several.")
]
Sources = Annotated[
    list[str] | None,
    QueryParameter(name="source", description="url, barcode, photo, csv, connection: one or several."),
]
NeedsAttention = Annotated[bool | None, QueryParameter(description="Only those that do, or that do not.")]
Search = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=100, description="In name, supplier, numbers, URL and description."),
]
_JUDGED = {"approve": "approved", "reject": "rejected", "remove": "removed"}


def _filter(request: Request[Any, Any, Any]) -> item_lists.Filter:
    """What a query asks for, as far as it has several values.

    Raises:
        ProblemError: 400 with all that is wrong in it.
    """
    readings: list[Callable[[], Any]] = [
        lambda: many(request, "status", Status),
        lambda: many(request, "source", Source),
    ]
    statuses, sources = together(*readings)
    return item_lists.Filter(statuses=statuses, sources=sources)


class ItemsController(Controller):
    """One's own review list: what all sources found, the same thing once."""

    path = "/items"
    tags = ("items",)

    @get("/", opt={"reads": _filter})
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        status: Statuses = None,  # noqa: ARG002 - these two are read by `_filter`
        source: Sources = None,  # noqa: ARG002
        needs_attention: NeedsAttention = None,
        search: Search = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ItemPage:
        """One's items, newest first. What was removed is not among them."""
        person = principal.caller.user_id
        which, before = together(lambda: _filter(request), lambda: read_place_cursor(cursor))
        # No text in the database has it, so nothing is found by it.
        search = search and search.replace("\0", "\ufffd")
        which = replace(which, needs_attention=needs_attention, search=search)
        async with deps.database.transaction(principal.caller) as connection:
            found = await item_lists.listed(connection, person, which, before=before, limit=limit + 1)
            total = await item_lists.count(connection, person, which) if with_total else UNSET
        page = page_of(found, limit, lambda item: place_of(item.created_at, item.id))
        return ItemPage(items=[item_out(item) for item in page.items], next_cursor=page.next_cursor, total=total)

    @get("/{item_id:uuid}")
    async def read(self, item_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> Response[ItemDetailOut]:
        """An item, with what each source said of it; the `ETag` is for `If-Match`."""
        person, id = principal.caller.user_id, str(item_id)
        async with deps.database.transaction(principal.caller) as connection:
            item = await item_lists.get(connection, person, id)
            sources = await item_lists.sources_of(connection, person, id)
        return Response(detail_out(item, sources), headers={"ETag": f'"{item.version}"'})

    @patch("/{item_id:uuid}")
    async def change(
        self,
        item_id: FromPath[UUID],
        data: JSONBody[ChangeItemBody],
        deps: WithDeps,
        principal: SignedIn,
        if_match: IfMatch = None,
    ) -> Response[ItemOut]:
        """Change what is given. With `If-Match` only if nobody has changed it since: 412."""
        try:
            async with deps.database.transaction(principal.caller) as connection:
                item = await item_lists.change(
                    connection,
                    principal.caller.user_id,
                    str(item_id),
                    data.fields(),
                    quantity=data.amount(),
                    looked_at=data.needs_attention is False,
                    seen=read_version(if_match),
                )
        except VersionConflict:
            raise stale() from None
        return Response(item_out(item), headers={"ETag": f'"{item.version}"'})

    @delete("/{item_id:uuid}")
    async def remove(self, item_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Take an item off the list; the same offers do not bring it back."""
        async with deps.database.transaction(principal.caller) as connection:
            if not await item_lists.remove(connection, principal.caller.user_id, str(item_id)):
                raise item_lists.ItemNotFound

    @post("/bulk", status_code=200)
    async def bulk(self, data: JSONBody[BulkBody], deps: WithDeps, principal: SignedIn) -> BulkOut:
        """Approve, reject or remove items. Those that are not there are told, and the others done."""
        async with deps.database.transaction(principal.caller) as connection:
            found = await item_lists.judge(connection, principal.caller.user_id, data.item_ids, data.action)
        status: Any = _JUDGED[data.action]
        asked = [each.lower() for each in data.item_ids]
        return BulkOut(
            items=[
                JudgedOut(item_id=each, status=status)
                if each in found
                else JudgedOut(item_id=each, error="not_found")
                for each in asked
            ]
        )
