"""What connections bring: their runs, and the orders that came."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import UNSET, Struct
from msgspec.structs import asdict
from uuid_utils.compat import uuid7

from api.consents import allowed
from api.deps import Principal, SignedIn, WithDeps
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, place_of, read_place_cursor
from api.problems import Code, ProblemError
from db import connection_runs, connections, orders
from db.pool import Connection
from onboarding.connections import RunKind, RunStatus
from onboarding.orders import Line, OrderStatus, ReadBy
from onboarding.payloads import ConnectionRef

_OBSTACLES = {
    "reauth_required": (Code.REAUTH_REQUIRED, "Connect the account again: its consent has ended."),
    "choose_account": (Code.CHOOSE_ACCOUNT, "Choose an account of this connection first."),
    "disconnected": (Code.DISCONNECTED, "This connection was removed; connect the account again."),
}
"""By the status of a connection, why it cannot be synced."""


class ConnectionRunOut(Struct, frozen=True, kw_only=True):
    """A run: so many orders `fetched`, of which so many are new, others, gone, or could not be read.

    `code` says why it failed: `away`, `rate_limited`, `needs_consent` or `refused`.
    """

    id: str
    kind: RunKind
    status: RunStatus
    code: str | None
    fetched: int
    added: int
    changed: int
    removed: int
    failed: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ConnectionRunPage(Page[ConnectionRunOut], frozen=True, kw_only=True):
    """A page of runs."""


class OrderOut(Struct, frozen=True, kw_only=True):
    """An order that came; `external_id` is its name at the provider, or the message. What nobody said is null."""

    id: str
    connection_id: str
    external_id: str
    status: OrderStatus
    read_by: ReadBy
    supplier: str | None
    number: str | None
    ordered_on: date | None
    total: Decimal | None
    currency: str | None
    changed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    lines: tuple[Line, ...]


class OrderPage(Page[OrderOut], frozen=True, kw_only=True):
    """A page of orders."""


class ConnectionRunsController(Controller):
    """Of one's own connections."""

    path = "/connections/{connection_id:uuid}"
    tags = ("connections",)

    @post("/sync", status_code=202)
    async def sync(
        self, connection_id: FromPath[UUID], request: Request[Any, Any, Any], deps: WithDeps, principal: SignedIn
    ) -> Response[ConnectionRunOut]:
        """Fetch what is new now. Where a run is under way already, or waits, it is the answer."""
        caller, id = principal.caller, str(connection_id)
        async with deps.database.transaction(caller) as connection:
            mine = await _mine(connection, principal, id)
            if await allowed(connection, deps, caller.tenant_id, mine.provider) is None:
                raise ProblemError(404, Code.CONNECTION_DISABLED, "This provider cannot be connected here.")
            if mine.status in _OBSTACLES:
                raise ProblemError(409, *_OBSTACLES[mine.status])
            run = await connection_runs.queue(
                connection,
                new_id=str(uuid7()),
                tenant_id=caller.tenant_id,
                user_id=caller.user_id,
                connection_id=id,
                kind="manual",
            )
        if run is None:
            raise ProblemError(409, *_OBSTACLES["disconnected"])  # in this very moment
        ref = ConnectionRef(tenant_id=caller.tenant_id, user_id=caller.user_id, connection_id=id)
        await deps.gateway.sync_connection(ref, "manual")
        where = request.scope["path"].rstrip("/").removesuffix("/sync")
        headers = {"Location": f"{where}/runs/{run.id}"}
        return Response(ConnectionRunOut(**asdict(run)), status_code=202, headers=headers)

    @get("/runs")
    async def runs(
        self,
        connection_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ConnectionRunPage:
        """The runs of a connection, newest first."""
        before, person, id = read_place_cursor(cursor), principal.caller.user_id, str(connection_id)
        async with deps.database.transaction(principal.caller) as connection:
            await _mine(connection, principal, id)
            found = await connection_runs.listed(connection, person, id, before=before, limit=limit + 1)
            total = await connection_runs.count(connection, person, id) if with_total else UNSET
        page = page_of(found, limit, lambda each: place_of(each.created_at, each.id))
        items = [ConnectionRunOut(**asdict(each)) for each in page.items]
        return ConnectionRunPage(items=items, next_cursor=page.next_cursor, total=total)

    @get("/runs/{fetch_id:uuid}")
    async def run(
        self, connection_id: FromPath[UUID], fetch_id: FromPath[UUID], deps: WithDeps, principal: SignedIn
    ) -> ConnectionRunOut:
        """How a run stands."""
        async with deps.database.transaction(principal.caller) as connection:
            found = await connection_runs.get(
                connection, str(fetch_id), principal.caller.user_id, str(connection_id)
            )
        if found is None:
            raise NotFoundException
        return ConnectionRunOut(**asdict(found))

    @get("/orders")
    async def orders(
        self,
        connection_id: FromPath[UUID],
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> OrderPage:
        """The orders that a connection brought, with their lines, newest first; also those that are void."""
        before, person, id = read_place_cursor(cursor), principal.caller.user_id, str(connection_id)
        async with deps.database.transaction(principal.caller) as connection:
            await _mine(connection, principal, id)
            found = await orders.listed(connection, person, id, before=before, limit=limit + 1)
            total = await orders.count(connection, person, id) if with_total else UNSET
        page = page_of(found, limit, lambda each: place_of(each.created_at, each.id))
        items = [OrderOut(**asdict(each)) for each in page.items]
        return OrderPage(items=items, next_cursor=page.next_cursor, total=total)


async def _mine(connection: Connection, principal: Principal, connection_id: str) -> connections.Connection:
    found = await connections.get(connection, connection_id, principal.caller.user_id)
    if found is None:
        raise NotFoundException
    return found
