"""Syncs: approved items go to the sink of the settings, or into a table to download."""

import tempfile
import uuid
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import IO, Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from api.body import Body
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.item_shapes import Ids
from api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    WithTotal,
    page_of,
    place_of,
    read_cursor,
    read_place_cursor,
)
from api.problems import Code, ProblemError
from db import syncs
from onboarding.payloads import FieldError, SyncOrder
from onboarding.syncs import ResultStatus, Status, Target
from runtime.storage import CHUNK, table_of_sync

IN_MEMORY = 1_000_000
TABLE_BYTES = 1 << 30
"""Far above what the items of a sync can come to."""

_SYNCS = uuid.UUID("b3c1c7a4-0b0c-5a36-8f0c-1c2c2b5b7f19")
"""The name space of ids that follow from a request's key: the same request again is the same sync."""

_TOLD = {
    "not_found": (400, Code.VALIDATION_ERROR, "Some of these are not on the list.", "is not on the list"),
    "not_approved": (409, Code.ITEMS_NOT_APPROVED, "Some of these are not approved.", "is not approved"),
    "no_name": (409, Code.ITEMS_NEED_ATTENTION, "Somebody must look at some items first.", "has no name"),
    "unsure": (409, Code.ITEMS_NEED_ATTENTION, "Somebody must look at some items first.", "is not sure"),
}


class SyncBody(Body, frozen=True, kw_only=True):
    """Which items are to be sent; without `item_ids` all that are approved and have changed since they were."""

    item_ids: Annotated[Ids | UnsetType | None, Meta(description="At most 500.")] = UNSET


class SyncBegunOut(Struct, frozen=True, kw_only=True):
    """A sync that is under way."""

    sync_id: str


class SyncOut(Struct, frozen=True, kw_only=True):
    """A sync. `code` says why it failed; what it has not sent stays to be sent by the next one."""

    sync_id: str
    target: Target
    status: Status
    code: str | None
    total: int
    sent: int
    failed: int
    created_at: datetime
    ended_at: datetime | None


class ResultOut(Struct, frozen=True, kw_only=True):
    """What became of one item: `code` says why it failed, `attempts` is how often it was sent."""

    item_id: str
    status: ResultStatus
    code: str | None
    attempts: int


class SyncDetailOut(SyncOut, frozen=True, kw_only=True):
    """A sync with a page of its results, in the order in which the items are sent."""

    results: list[ResultOut]
    next_cursor: str | None


class SyncPage(Page[SyncOut], frozen=True, kw_only=True):
    """A page of syncs."""


class SyncsController(Controller):
    """One's own syncs, one at a time."""

    path = "/items"
    tags = ("items",)

    @post("/sync", status_code=202)
    async def begin(
        self,
        data: JSONBody[SyncBody],
        request: Request[Any, Any, Any],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
    ) -> Response[SyncBegunOut]:
        """Send approved items on; `Location` says where to look how it goes, also where one is under way: 409."""
        order = _order(deps, principal, message_id)
        where = request.scope["path"].rstrip("/") + "s/"
        async with deps.database.transaction(principal.caller) as connection:
            obstacle = await syncs.begin(
                connection,
                sync_id=order.sync_id,
                tenant_id=order.tenant_id,
                user_id=order.user_id,
                target="sink" if order.target == "sink" else "csv",
                item_ids=data.item_ids or None,
            )
        if obstacle:
            await _refuse(deps, principal, obstacle, data.item_ids or [], where)
        await deps.gateway.sync(order)
        headers = {"Location": where + order.sync_id}
        return Response(SyncBegunOut(sync_id=order.sync_id), status_code=202, headers=headers)

    @get("/syncs")
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> SyncPage:
        """One's syncs, newest first."""
        before, person = read_place_cursor(cursor), principal.caller.user_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await syncs.listed(connection, person, before=before, limit=limit + 1)
            total = await syncs.count(connection, person) if with_total else UNSET
        page = page_of(found, limit, lambda sync: place_of(sync.created_at, sync.id))
        items = [SyncOut(**_told(sync)) for sync in page.items]
        return SyncPage(items=items, next_cursor=page.next_cursor, total=total)

    @get("/syncs/{sync_id:uuid}")
    async def read(
        self,
        sync_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> SyncDetailOut:
        """How a sync goes, and what became of its items, page by page."""
        id, after, person = str(sync_id), read_cursor(cursor), principal.caller.user_id
        async with deps.database.transaction(principal.caller) as connection:
            sync = await syncs.get(connection, id, person)
            if sync is None:
                raise NotFoundException
            found = await syncs.results(connection, id, person, after=after, limit=limit + 1)
        page = page_of(found, limit, lambda result: result.number)
        results = [
            ResultOut(item_id=each.item_id, status=each.status, code=each.code, attempts=each.attempts)
            for each in page.items
        ]
        return SyncDetailOut(**_told(sync), results=results, next_cursor=page.next_cursor)

    @delete("/syncs/{sync_id:uuid}")
    async def cancel(self, sync_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Send no more items of a sync; one that has ended stays as it is."""
        id, caller = str(sync_id), principal.caller
        async with deps.database.transaction(caller) as connection:
            if not await syncs.get(connection, id, caller.user_id):
                raise NotFoundException
            ended = await syncs.end(connection, id, caller.user_id, "cancelled")
        if ended:
            await deps.gateway.cancel_sync(caller.tenant_id, id)

    @get(
        "/syncs/{sync_id:uuid}/download",
        media_type="text/csv",
        responses={
            200: ResponseSpec(bytes, media_type="text/csv", description="The table.", generate_examples=False)
        },
    )
    async def download(self, sync_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> Stream:
        """The table of a sync, where no sink is set: CSV, in which a spreadsheet finds nothing to calculate."""
        id, caller = str(sync_id), principal.caller
        async with deps.database.transaction(caller) as connection:
            sync = await syncs.get(connection, id, caller.user_id)
        if sync is None or sync.target != "csv" or sync.status != "completed":
            raise NotFoundException
        key = table_of_sync(caller.tenant_id, caller.user_id, id)
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
        try:
            size = await deps.objects.copy(key, file, TABLE_BYTES)
            if size is None:
                raise NotFoundException
        # Whoever hung up meanwhile wants no table, and it leaves no file open.
        except BaseException:
            file.close()
            raise
        headers = {
            "Content-Disposition": f'attachment; filename="items-{id}.csv"',
            "Content-Length": str(size),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Stream(_sent(file), media_type="text/csv; charset=utf-8", headers=headers)


def _order(deps: Deps, principal: Principal, message_id: str | None) -> SyncOrder:
    caller = principal.caller
    sync_id = uuid.uuid5(_SYNCS, message_id) if message_id else uuid7()
    return SyncOrder(
        sync_id=str(sync_id),
        tenant_id=caller.tenant_id,
        user_id=caller.user_id,
        target="sink" if deps.settings.item_sink_url else "csv",
    )


async def _refuse(
    deps: Deps, principal: Principal, obstacle: syncs.NotBegun, asked: list[str], where: str
) -> None:
    """Say why no sync begins. One that is under way, and whose workflow is gone, goes on."""
    if obstacle.running:
        await _go_on(deps, principal, obstacle.running)
        headers = {"Location": where + obstacle.running}
        raise ProblemError(409, Code.SYNC_IN_PROGRESS, "Items are being sent already.", headers=headers)
    if not obstacle.blocking:
        raise ProblemError(409, Code.NOTHING_TO_SYNC, "There is nothing that was not sent.")
    places = {each.lower(): f"item_ids[{index}]" for index, each in enumerate(asked)}
    # What is not there is told before what is not approved, and that before what is to be looked at.
    worst = min(obstacle.blocking, key=lambda each: list(_TOLD).index(each.why))
    status, code, detail, _ = _TOLD[worst.why]
    errors = tuple(
        FieldError(
            field=places.get(each.item_id, f"items[{each.item_id}]"), code=each.why, detail=_TOLD[each.why][3]
        )
        for each in obstacle.blocking
    )
    raise ProblemError(status, code, detail, errors=errors)


async def _go_on(deps: Deps, principal: Principal, sync_id: str) -> None:
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        sync = await syncs.get(connection, sync_id, caller.user_id)
    if sync and sync.status == "running":
        order = SyncOrder(sync_id=sync_id, tenant_id=caller.tenant_id, user_id=caller.user_id, target=sync.target)
        await deps.gateway.sync(order)


def _told(sync: syncs.Sync) -> dict[str, Any]:
    fields = asdict(sync)
    return {"sync_id": fields.pop("id"), **fields}


async def _sent(file: IO[bytes]) -> AsyncGenerator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk
