"""What is captured in a session: barcodes are added, all items listed, edited and deleted."""

from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

import structlog
from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.background_tasks import BackgroundTask
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from api.capture_shapes import (
    CapturedListOut,
    CapturedOut,
    CaptureItemOut,
    CaptureItemPage,
    ItemChanges,
    ScansBody,
    captured_out,
    item_out,
)
from api.captures import allowed
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    WithTotal,
    page_of,
    place_of,
    read_cursor,
    read_place_cursor,
)
from api.parameters import IfMatch, required_version, stale
from api.phones import session_of
from db import capture_lists, capture_sessions, captures
from db.capture_sessions import Kind, SessionEnded
from db.captures import AddedBy
from onboarding.errors import GangwayError
from onboarding.payloads import CaptureRef

log = structlog.get_logger()

Since = Annotated[
    int | None,
    QueryParameter(ge=0, le=2**31 - 1, description="Only what changed after this `version`, deleted items too."),
]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(name="If-None-Match", max_length=400, description="The `ETag` of the page that is kept."),
]


class CaptureItemsController(Controller):
    """Items of one's own session, and of the one that a phone is for."""

    path = "/capture/sessions/{capture_id:uuid}"
    tags = ("capture",)

    @post(
        "/barcodes",
        opt={"phone": True},
        responses={
            200: ResponseSpec(
                CapturedOut | CapturedListOut, description="Nothing of it is new.", generate_examples=False
            )
        },
    )
    async def add(
        self,
        capture_id: FromPath[UUID],
        data: JSONBody[ScansBody],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
    ) -> Response[CapturedOut | CapturedListOut]:
        """Add a barcode, or up to 50, all of them or none. One that is there already counts up: 200."""
        session_id, caller = allowed(request, capture_id), principal.caller
        async with deps.database.transaction(caller) as connection:
            captured = await captures.add(
                connection, session_id, caller.user_id, data.scans(), added_by=_device(request) or "owner"
            )
        shown = [captured_out(each) for each in captured]
        is_new = any(not each.duplicate for each in captured)
        # One that is scanned again may wait because Temporal, or the process that took it, had gone away.
        waiting = {each.item.id for each in captured if each.item.enrichment == "pending"}
        return Response(
            shown[0] if data.barcodes is UNSET else CapturedListOut(items=shown),
            status_code=201 if is_new else 200,
            background=BackgroundTask(_enrich, deps, principal, session_id, sorted(waiting)),
        )

    @get(
        "/items",
        opt={"phone": True},
        responses={
            304: ResponseSpec(None, description="What `If-None-Match` names is still so.", generate_examples=False)
        },
    )
    async def listed(
        self,
        capture_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        since: Since = None,
        kind: FromQuery[Kind | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
        if_none_match: IfNoneMatch = None,
    ) -> Response[CaptureItemPage]:
        """The items that there are, newest first; with `since`, what changed after it, in the order of that."""
        session_id, person = allowed(request, capture_id), principal.caller.user_id
        read = _newest(cursor) if since is None else _changed(since, cursor)
        async with deps.database.transaction(principal.caller) as connection:
            session = await capture_sessions.read(connection, session_id, person)
            if not session.active:
                raise SessionEnded
            headers = {
                "ETag": f'"{session.version}"',
                "Cache-Control": "private, no-cache",
                "Vary": "Authorization",
            }
            if _is_kept(if_none_match, headers["ETag"]):
                return Response(cast(Any, None), status_code=304, headers=headers)
            found = await read(connection, session_id, person, kind=kind, limit=limit + 1)
            total: int | UnsetType = UNSET
            if with_total:
                total = await capture_lists.total(connection, session_id, person, kind=kind, since=since)
        page = page_of([item_out(each) for each in found], limit, _newest_place if since is None else _change_of)
        return Response(
            CaptureItemPage(items=page.items, next_cursor=page.next_cursor, total=total, version=session.version),
            headers=headers,
        )

    @patch("/items/{captured_id:uuid}", opt={"phone": True})
    async def change(
        self,
        capture_id: FromPath[UUID],
        captured_id: FromPath[UUID],
        data: JSONBody[ItemChanges],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        if_match: IfMatch = None,
    ) -> Response[CaptureItemOut]:
        """Write what somebody knows better; no lookup writes it over. A phone changes what it has added itself."""
        session_id, version = allowed(request, capture_id), required_version(if_match)
        async with deps.database.transaction(principal.caller) as connection:
            item = await captures.change(
                connection,
                session_id,
                str(captured_id),
                principal.caller.user_id,
                version=version,
                quantity=data.quantity or None,
                details=data.details(),
                added_by=_device(request),
            )
        if item is None:
            raise stale()
        return Response(item_out(item), headers={"ETag": f'"{item.version}"'})

    @delete("/items/{captured_id:uuid}", status_code=204, opt={"phone": True})
    async def remove(
        self,
        capture_id: FromPath[UUID],
        captured_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        if_match: IfMatch = None,
    ) -> None:
        """Delete an item; the same code scanned again is a new one. A phone deletes what it has added itself."""
        session_id, version = allowed(request, capture_id), required_version(if_match)
        async with deps.database.transaction(principal.caller) as connection:
            item = await captures.remove(
                connection,
                session_id,
                str(captured_id),
                principal.caller.user_id,
                version=version,
                added_by=_device(request),
            )
        if item is None:
            raise stale()


def _device(request: Request[Any, Any, Any]) -> AddedBy | None:
    """A phone, or None: the owner, who may do everything."""
    return "phone" if session_of(request) else None


async def _enrich(deps: Deps, principal: Principal, session_id: str, items: list[str]) -> None:
    """Have it found out what these are, after the answer: scanning goes on without Temporal.

    What is missed here is made good when the session ends.
    """
    caller = principal.caller
    refs = [
        CaptureRef(tenant_id=caller.tenant_id, user_id=caller.user_id, session_id=session_id, item_id=each)
        for each in items
    ]
    try:
        if refs:
            await deps.gateway.enrich_capture(*refs)
    except GangwayError as error:
        log.warning("nobody looks captured items up", session_id=session_id, items=len(refs), why=error.code)


def _newest(cursor: str | None) -> Any:
    return partial(capture_lists.listed, before=read_place_cursor(cursor))


def _changed(since: int, cursor: str | None) -> Any:
    return partial(capture_lists.changed, since=max(since, read_cursor(cursor) or 0))


def _newest_place(item: CaptureItemOut) -> str:
    return place_of(item.created_at, item.id)


def _change_of(item: CaptureItemOut) -> int:
    return item.version


def _is_kept(if_none_match: str | None, tag: str) -> bool:
    kept = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    return bool(kept & {tag, "*"})
