"""What staff should know: `/events`."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, patch
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from api.deps import SignedIn, WithDeps
from api.event_shapes import (
    Account,
    EventOut,
    EventPage,
    Name,
    RelatedOut,
    RemarkBody,
    Search,
    Severities,
    Sort,
    filter_of,
    position_of,
    read_spot,
    shown,
)
from api.filters import Moment
from api.guards import requires
from api.paging import DEFAULT_LIMIT, Cursor, Limit, WithTotal, page_with
from api.parameters import together
from db import event_lists, events, monitoring
from db.events import Event, Remarks
from db.pool import Connection


class EventsController(Controller):
    """What staff should know."""

    path = "/events"
    tags = ("events",)

    @get("/", guards=[requires("read:events")], opt={"reads": filter_of})
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        account: Account = None,  # noqa: ARG002 - these eight are read by `filter_of`
        region: Name = None,  # noqa: ARG002
        source: Name = None,  # noqa: ARG002
        detail_type: Name = None,  # noqa: ARG002
        severity: Severities = None,  # noqa: ARG002
        search: Search = None,  # noqa: ARG002
        start_date: Moment = None,  # noqa: ARG002
        end_date: Moment = None,  # noqa: ARG002
        sort: Sort = "-created_at",
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> EventPage:
        """The events of the tenant, newest first. `start_date` and `end_date` are of `created_at`.

        A page ends early where there is very much in its events.
        """
        tenant_id = principal.caller.tenant_id
        readings: list[Callable[[], Any]] = [lambda: filter_of(request), lambda: read_spot(cursor, sort)]
        which, after = together(*readings)
        async with deps.database.transaction(principal.caller) as connection:
            found = await event_lists.listed(connection, tenant_id, which, sort, after=after, limit=limit)
            total = await event_lists.count(connection, tenant_id, which) if with_total else UNSET
            days = await _days(connection, tenant_id)
        page = page_with(found.events, found.more, lambda event: position_of(event, sort))
        items = [shown(event, days) for event in page.items]
        return EventPage(items=items, next_cursor=page.next_cursor, total=total)

    @get("/{event_id:uuid}", guards=[requires("read:events")])
    async def read(self, event_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> EventOut:
        """One event."""
        tenant_id = principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            event = await _found(connection, tenant_id, event_id)
            return shown(event, await _days(connection, tenant_id))

    @get("/{event_id:uuid}/related", guards=[requires("read:events")])
    async def related(
        self, event_id: FromPath[UUID], deps: WithDeps, principal: SignedIn, limit: Limit = DEFAULT_LIMIT
    ) -> RelatedOut:
        """Events of the same resources, of the same run, or of the same kind and account, newest first.

        There are fewer than `limit` where there is very much in them.
        """
        tenant_id = principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            event = await _found(connection, tenant_id, event_id)
            found = await event_lists.related(connection, tenant_id, event, limit=limit)
            days = await _days(connection, tenant_id)
        return RelatedOut(items=[shown(each, days) for each in found])

    @patch("/{event_id:uuid}", guards=[requires("read:users")])
    async def remark(
        self, event_id: FromPath[UUID], data: JSONBody[RemarkBody], deps: WithDeps, principal: SignedIn
    ) -> EventOut:
        """Acknowledge an event or not, or note something. Who acknowledged it first stays."""
        caller, given = principal.caller, Remarks()
        if isinstance(data.acknowledged, bool):
            given["acknowledged"] = data.acknowledged
        if data.notes is not UNSET:
            given["notes"] = data.notes or None
        async with deps.database.transaction(caller) as connection:
            event = await events.remark(connection, caller.tenant_id, str(event_id), caller.user_id, **given)
            if event is None:
                raise NotFoundException
            return shown(event, await _days(connection, caller.tenant_id))

    @delete("/{event_id:uuid}", guards=[requires("delete:events")])
    async def remove(self, event_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Put an event away: nobody sees it any more, and sent again it does not come back."""
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            if not await events.delete(connection, caller.tenant_id, str(event_id), caller.user_id):
                raise NotFoundException


async def _found(connection: Connection, tenant_id: str, event_id: UUID) -> Event:
    event = await events.get(connection, tenant_id, str(event_id))
    if event is None:
        raise NotFoundException
    return event


async def _days(connection: Connection, tenant_id: str) -> int:
    return (await monitoring.get(connection, tenant_id)).global_settings.data_retention_days
