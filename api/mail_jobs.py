"""Looks through a connected mailbox: for suppliers, and for the orders that they confirmed by mail."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from litestar import Controller, Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import ServerSentEvent
from uuid_utils.compat import uuid7

from api.consents import allowed
from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.gateway import RunClosed, WorkflowsUnavailable
from api.mail_job_shapes import (
    DiscoveryOut,
    MailJobBegun,
    OrderImportIn,
    OrderImportOut,
    discovery_out,
    import_out,
)
from api.mail_job_stream import opened
from api.parameters import LastEventId
from api.problems import Code, ProblemError
from db import mail_jobs
from db.mail_jobs import DOMAINS_AT_MOST, Job, Kind, NotBegun
from onboarding.payloads import MailJob

_JOBS = uuid.UUID("5f0e6c52-3a0e-5d0b-9a4c-0a4a5b6f2c11")
"""The name space of ids that follow from a request's key: the same request again is the same job."""

BEGUN_WITHIN = timedelta(minutes=1)
"""A job that still waits after that may have no workflow."""

_TOLD = {
    "not_a_mailbox": (Code.NOT_A_MAILBOX, "This connection is no mailbox."),
    "not_connected": (
        Code.CONNECTION_NOT_CONNECTED,
        "The mailbox cannot be read until somebody connects it anew.",
    ),
    "too_many_domains": (
        Code.TOO_MANY_DOMAINS,
        f"A mailbox is looked through for {DOMAINS_AT_MOST} domains at most.",
    ),
    "in_progress": (Code.MAIL_JOB_IN_PROGRESS, "The mailbox is being looked through already."),
}
log = structlog.get_logger()


class MailJobsController(Controller):
    """One's own mailboxes; nobody else sees them."""

    path = "/connections/{connection_id:uuid}"
    tags = ("connections",)

    @post("/discoveries", status_code=202)
    async def discover(
        self,
        connection_id: FromPath[uuid.UUID],
        request: Request[Any, Any, Any],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
    ) -> Response[MailJobBegun]:
        """Look through the headers of half a year for suppliers; where one does so already, 409 says where."""
        return await _begin(deps, principal, request, message_id, str(connection_id), "discovery")

    @get("/discoveries/{job_id:uuid}")
    async def discovery(
        self,
        connection_id: FromPath[uuid.UUID],
        job_id: FromPath[uuid.UUID],
        deps: WithDeps,
        principal: SignedIn,
    ) -> DiscoveryOut:
        """How the look goes, and which suppliers it found."""
        return discovery_out(await _found(deps, principal, str(connection_id), str(job_id), "discovery"))

    @post("/order-imports", status_code=202)
    async def import_orders(
        self,
        connection_id: FromPath[uuid.UUID],
        data: JSONBody[OrderImportIn],
        request: Request[Any, Any, Any],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
    ) -> Response[MailJobBegun]:
        """Read the order mails that these suppliers sent in a year; from then on each sync reads the new ones."""
        return await _begin(deps, principal, request, message_id, str(connection_id), "orders", data.ascii)

    @get("/order-imports/{job_id:uuid}")
    async def order_import(
        self,
        connection_id: FromPath[uuid.UUID],
        job_id: FromPath[uuid.UUID],
        deps: WithDeps,
        principal: SignedIn,
    ) -> OrderImportOut:
        """How the import goes; its orders are those of the connection."""
        return import_out(await _found(deps, principal, str(connection_id), str(job_id), "orders"))

    @get(
        "/order-imports/{job_id:uuid}/stream",
        media_type="text/event-stream",
        responses={204: ResponseSpec(None, description="The end of the import was seen: do not ask again.")},
    )
    async def stream(
        self,
        connection_id: FromPath[uuid.UUID],
        job_id: FromPath[uuid.UUID],
        deps: WithDeps,
        principal: SignedIn,
        last_event_id: LastEventId = None,
    ) -> ServerSentEvent | Response[None]:
        """`JOB_SNAPSHOT`; then `JOB_PROGRESS` with each change, also for who comes back with `Last-Event-ID`.

        The stream ends with the import, with the access token, and when the server stops.
        """
        return await opened(deps, principal, str(connection_id), str(job_id), last_event_id)

    @delete("/order-imports/{job_id:uuid}")
    async def cancel(
        self,
        connection_id: FromPath[uuid.UUID],
        job_id: FromPath[uuid.UUID],
        deps: WithDeps,
        principal: SignedIn,
    ) -> None:
        """Read no more messages; orders that were found stay, and an import that has ended is what it was."""
        caller, id = principal.caller, str(job_id)
        async with deps.database.transaction(caller) as connection:
            if not await mail_jobs.find(connection, id, str(connection_id), caller.user_id, "orders"):
                raise NotFoundException
            ended = await mail_jobs.end(connection, id, caller.user_id, "cancelled")
        if ended:
            try:
                await deps.gateway.cancel_mail_job(caller.tenant_id, id)
            except WorkflowsUnavailable:
                # Its next message finds that there is nothing left to do.
                log.warning("a cancelled import comes to its end by itself", job_id=id)


async def _begin(
    deps: Deps,
    principal: Principal,
    request: Request[Any, Any, Any],
    message_id: str | None,
    connection_id: str,
    kind: Kind,
    domains: Sequence[str] = (),
) -> Response[MailJobBegun]:
    caller, where = principal.caller, request.scope["path"].rstrip("/")
    job_id = str(uuid.uuid5(_JOBS, f"{connection_id}/{kind}/{message_id}") if message_id else uuid7())
    async with deps.database.transaction(caller) as connection:
        if await allowed(connection, deps, caller.tenant_id, "gmail") is None:
            raise ProblemError(404, Code.CONNECTION_DISABLED, "Mailboxes cannot be connected here.")
        obstacle = await mail_jobs.begin(
            connection,
            mail_job_id=job_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            connection_id=connection_id,
            kind=kind,
            domains=domains,
        )
    if obstacle:
        await _refuse(deps, principal, obstacle, connection_id, kind, where)
    await _start(deps, principal, connection_id, job_id, kind)
    return Response(MailJobBegun(job_id=job_id), status_code=202, headers={"Location": f"{where}/{job_id}"})


async def _refuse(
    deps: Deps, principal: Principal, obstacle: NotBegun, connection_id: str, kind: Kind, where: str
) -> None:
    """Say why no job begins. One that is under way, and whose workflow is gone, goes on."""
    if obstacle.why == "not_found":
        raise NotFoundException
    headers: dict[str, str] = {}
    if obstacle.running:
        headers = {"Location": f"{where}/{obstacle.running}"}
        with suppress(WorkflowsUnavailable):  # it is told all the same
            await _start(deps, principal, connection_id, obstacle.running, kind)
    code, detail = _TOLD[obstacle.why]
    raise ProblemError(409, code, detail, headers=headers)


async def _start(deps: Deps, principal: Principal, connection_id: str, job_id: str, kind: Kind) -> None:
    caller = principal.caller
    job = MailJob(job_id=job_id, tenant_id=caller.tenant_id, user_id=caller.user_id, connection_id=connection_id)
    with suppress(RunClosed):  # the same request was here before, and its job is done
        await (deps.gateway.discover(job) if kind == "discovery" else deps.gateway.import_orders(job))


async def _found(deps: Deps, principal: Principal, connection_id: str, job_id: str, kind: Kind) -> Job:
    async with deps.database.transaction(principal.caller) as connection:
        job = await mail_jobs.find(connection, job_id, connection_id, principal.caller.user_id, kind)
    if job is None:
        raise NotFoundException
    if job.status == "queued" and datetime.now(UTC) - job.created_at > BEGUN_WITHIN:
        with suppress(WorkflowsUnavailable):  # it is shown all the same; whoever asks next tries again
            await _start(deps, principal, connection_id, job_id, kind)
    return job
