"""Risk scans: `/scan`, and those that there were, `/scans`."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter
from msgspec import Struct
from uuid_utils.compat import uuid7

from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.gateway import WorkflowsUnavailable
from api.limits import spending
from api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    WithTotal,
    page_with,
    place_of,
    read_place_cursor,
)
from api.problems import Code, ProblemError
from api.scan_form import FORM_BYTES, Asked, ScanForm, scan_form
from db import scans
from db.scans import Order, Scan
from onboarding.payloads import ScanOrder
from onboarding.scans import INTERRUPTED, UNSET, Failure, Risk, Source
from runtime.health import RETRY_AFTER_SECONDS
from runtime.storage import StorageUnavailable, upload_of_scan

PATIENCE_SECONDS = 12.0
"""Beyond the service's own time: for the way to a worker and back, and to clean up."""

_SCANS = uuid.UUID("6f0a7a4e-6f0c-5d0a-9d5e-2f3b7c1d8e90")
"""The name space of ids that follow from a request's key: the same request again is the same scan."""

Prefer = Annotated[
    str | None,
    HeaderParameter(name="Prefer", max_length=200, description="`respond-async`: do not wait for the answer."),
]


class ScanOut(Struct, frozen=True, kw_only=True):
    """What was found; `filename` is null for a text. `source` is who found it."""

    scan_id: str
    filename: str | None
    data: tuple[Risk, ...]
    source: Source
    timestamp: datetime


class ScanRunningOut(Struct, frozen=True, kw_only=True):
    """A scan that is under way: ask for it again."""

    scan_id: str
    status: Literal["running"]


class ScanPage(Page[ScanOut], frozen=True, kw_only=True):
    """A page of scans, which ends early where there is very much in them."""


_RUNNING = {202: ResponseSpec(ScanRunningOut, description="It is under way.", generate_examples=False)}


class ScansController(Controller):
    """One's own scans; nobody else sees them."""

    path = "/"
    tags = ("scans",)

    @post(
        "/scan",
        status_code=200,
        opt={"uploads": FORM_BYTES, "form": ScanForm},
        request_max_body_size=FORM_BYTES,
        responses=_RUNNING,
    )
    async def scan(
        self,
        request: Request[Any, Any, Any],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        prefer: Prefer = None,
    ) -> Response[ScanOut]:
        """Have a file or a text scanned for risks, and wait for what is found.

        With `Prefer: respond-async` the answer is 202, and `Location` says where to ask for it.
        """
        order = _order(deps, principal, message_id)
        async with spending(deps, principal, "scan"):
            async with scan_form(request) as asked:
                if deps.settings.ai_service_url is None:
                    raise problem_of(UNSET)
                await _begin(deps, principal, order, asked)
            if _is_async(prefer):
                # Of the two addresses that a scan has, the one that was asked: `/scan` leads to `/scans/<id>`.
                location = f"{request.scope['path'].rstrip('/')}s/{order.scan_id}"
                return _running(order.scan_id, {"Location": location, "Preference-Applied": "respond-async"})
            return Response(await _end(deps, principal, order))

    @get("/scans")
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ScanPage:
        """One's scans that were answered, newest first."""
        before, person = read_place_cursor(cursor), principal.caller.user_id
        async with deps.database.transaction(principal.caller) as connection:
            found = await scans.listed(connection, person, before=before, limit=limit)
            total = await scans.total(connection, person) if with_total else msgspec.UNSET
        page = page_with(found.scans, found.more, lambda scan: place_of(scan.created_at, scan.id))
        return ScanPage(items=[_shown(scan) for scan in page.items], next_cursor=page.next_cursor, total=total)

    @get("/scans/{scan_id:uuid}", responses=_RUNNING)
    async def read(self, scan_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> Response[ScanOut]:
        """A scan: 200 once it was answered, 202 while it is under way; for an hour, why it failed."""
        match await _standing(deps, principal, str(scan_id)):
            case Scan() as scan:
                return Response(_shown(scan))
            case Order() as order:
                if failure := _failure(deps, order):
                    raise problem_of(failure)
                return _running(order.id, {})
            case None:
                raise NotFoundException

    @delete("/scans/{scan_id:uuid}")
    async def remove(self, scan_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Delete a scan; one that is under way comes to nothing."""
        async with deps.database.transaction(principal.caller) as connection:
            if not await scans.remove(connection, str(scan_id), principal.caller.user_id):
                raise NotFoundException


def problem_of(failure: Failure) -> ProblemError:
    """How a failed scan is told."""
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if failure.status == 503 else {}
    return ProblemError(failure.status, Code(failure.code), failure.detail, headers=headers)


def _order(deps: Deps, principal: Principal, message_id: str | None) -> ScanOrder:
    scan_id = uuid.uuid5(_SCANS, message_id) if message_id else uuid7()
    return ScanOrder(
        scan_id=str(scan_id),
        tenant_id=principal.caller.tenant_id,
        user_id=principal.caller.user_id,
        timeout_seconds=deps.settings.ai_service_timeout_seconds,
    )


async def _begin(deps: Deps, principal: Principal, order: ScanOrder, asked: Asked) -> None:
    """Write the scan down, upload, start. What is started goes on, whoever waits for it."""
    async with deps.database.transaction(principal.caller) as connection:
        if isinstance(await scans.standing(connection, order.scan_id, order.user_id), Scan):
            return  # the same request was answered before; nobody took that answer
        await scans.begin(
            connection,
            scan_id=order.scan_id,
            tenant_id=order.tenant_id,
            user_id=order.user_id,
            filename=asked.filename,
            force_llm=asked.force_llm,
        )
    key = upload_of_scan(order.tenant_id, order.user_id, order.scan_id)
    try:
        await deps.objects.put(key, asked.content)
    except StorageUnavailable:
        # It may be there all the same, so the order stays for the sweep; nobody need wait for that.
        async with deps.database.transaction(principal.caller) as connection:
            await scans.fail(connection, order.scan_id, order.tenant_id, order.user_id, INTERRUPTED)
        raise
    await deps.gateway.scan(order)


async def _end(deps: Deps, principal: Principal, order: ScanOrder) -> ScanOut:
    """Wait for a scan, and tell what became of it.

    Raises:
        ProblemError: it failed.
        WorkflowsUnavailable: it did not end in time.
    """
    late: WorkflowsUnavailable | None = None
    try:
        await deps.gateway.scanned(order.scan_id, order.timeout_seconds + PATIENCE_SECONDS)
    except WorkflowsUnavailable as error:
        # Perhaps it is only the cleaning up that takes long.
        late = error
    standing = await _standing(deps, principal, order.scan_id)
    match standing:
        case Scan() as scan:
            return _shown(scan)
        case Order(failure=Failure() as failure):
            async with deps.database.transaction(principal.caller) as connection:
                await scans.close(connection, order.scan_id, order.user_id, told=True)
            raise problem_of(failure)
        case None:
            raise NotFoundException  # they have deleted it meanwhile
        case _:
            raise late or WorkflowsUnavailable


async def _standing(deps: Deps, principal: Principal, scan_id: str) -> Scan | Order | None:
    async with deps.database.transaction(principal.caller) as connection:
        return await scans.standing(connection, scan_id, principal.caller.user_id)


def _failure(deps: Deps, order: Order) -> Failure | None:
    """Why there is no answer; one that is overdue will have none."""
    life = timedelta(seconds=deps.settings.ai_service_timeout_seconds + 2 * PATIENCE_SECONDS)
    overdue = datetime.now(UTC) > order.created_at + life
    return order.failure or (INTERRUPTED if overdue else None)


def _shown(scan: Scan) -> ScanOut:
    return ScanOut(
        scan_id=scan.id,
        filename=scan.filename,
        data=scan.data,
        source=scan.source,
        timestamp=scan.created_at,
    )


def _running(scan_id: str, headers: dict[str, str]) -> Response[Any]:
    body = ScanRunningOut(scan_id=scan_id, status="running")
    return Response(body, status_code=202, headers={"Retry-After": RETRY_AFTER_SECONDS, **headers})


def _is_async(prefer: str | None) -> bool:
    return "respond-async" in re.split(r"[\s,;]+", (prefer or "").lower())
