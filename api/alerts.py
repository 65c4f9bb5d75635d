"""Which alerts went out, and which did not: `/config/alerts`."""

from datetime import datetime
from typing import Annotated, Any

import structlog
from litestar import Controller, Request, get
from litestar.params import QueryParameter
from msgspec import UNSET, Struct
from msgspec.structs import replace

from api.deps import Deps, SignedIn, WithDeps
from api.filters import many
from api.gateway import WorkflowsUnavailable
from api.guards import requires
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, read_id_cursor
from api.parameters import together
from db import alerts
from db.alerts import Channel, Kind, Status

log = structlog.get_logger()

Statuses = Annotated[
    list[str] | None, QueryParameter(name="status", description="waiting, sent, failed: one or several.")
]


def _filter(request: Request[Any, Any, Any]) -> tuple[Status, ...]:
    """What of a query the framework does not read.

    Raises:
        ProblemError: 400 for a status that is none.
    """
    return many(request, "status", Status)


class AlertOut(Struct, frozen=True, kw_only=True):
    """What goes out to one recipient: about an event, the rest of an hour (`digest`) or a day (`report`).

    `since` is when its hour or day begins. `recipient` is an e-mail address, and null for Slack. `last_error` is
    one word, such as `timeout`.
    """

    id: str
    kind: Kind
    event_id: str | None
    since: datetime
    channel: Channel
    recipient: str | None
    status: Status
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


class AlertsController(Controller):
    """The tenant's alerts."""

    path = "/config/alerts"
    tags = ("config",)

    @get("/", guards=[requires("read:config")], opt={"reads": _filter})
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        status: Statuses = None,  # noqa: ARG002 - `_filter` reads it
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> Page[AlertOut]:
        """What was sent to staff, is waiting, or failed; newest first."""
        statuses, before = together(lambda: _filter(request), lambda: read_id_cursor(cursor))
        tenant_id = principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await alerts.listed(connection, tenant_id, statuses=statuses, before=before, limit=limit + 1)
            total = await alerts.count(connection, tenant_id, statuses=statuses) if with_total else UNSET
        return replace(page_of([_shown(each) for each in found], limit, lambda each: each.id), total=total)


async def post_alerts(deps: Deps) -> None:
    """Have alerts sent to events that were just committed. With Temporal away they go out when it is back."""
    try:
        await deps.gateway.post_alerts()
    except WorkflowsUnavailable:
        log.warning("alerts wait")


def _shown(alert: alerts.Alert) -> AlertOut:
    return AlertOut(**{name: getattr(alert, name) for name in AlertOut.__struct_fields__})
