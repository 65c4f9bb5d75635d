"""What is done to erase a person: their runs, their files, their rows. Each can be done again."""

import asyncio
import time
from collections.abc import AsyncGenerator

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from db import erasures, images, runs, tenants, users
from db.pool import Database
from db.tenant import sweeper
from onboarding.flows import FLOWS
from onboarding.payloads import (
    SYSTEM,
    Abandon,
    AbandonedReason,
    Channel,
    EndRuns,
    Erase,
    EraseRows,
    ErasureCounts,
    ErasureSweep,
    RunView,
    SweepReport,
)
from runtime.addresses import RunAddress, erasure_workflow_id, workflow_id
from runtime.storage import Object, Objects, prefix_of

LOOKS = 10
"""At a run that was told to end, within a second."""

ABANDON = Abandon(actor=SYSTEM, channel=Channel.SYSTEM, reason=AbandonedReason.ERASED)
Handle = WorkflowHandle[object, RunView]


class Eraser:
    """Erases one person. Nothing that it is told, logs or answers says more of them than their id."""

    def __init__(self, database: Database, client: Client, objects: Objects) -> None:
        self._database = database
        self._client = client
        self._objects = objects

    @activity.defn(name="end_runs")
    async def end_runs(self, message: EndRuns) -> int:
        """End every open run of the person; returns how many were open at this attempt.

        Raises:
            ApplicationError: they have become the last admin of the tenant, and nothing is ended or deleted.
        """
        # The registry's flows too: a workflow may be open of which no row tells.
        async with self._database.transaction(erasures.eraser(message.tenant_id, message.user_id)) as connection:
            if await users.is_last_admin(connection, message.user_id):
                raise _last_admin()
            flows = set(await runs.active_flows(connection, message.user_id))
        flows |= {flow.key for flow in FLOWS.newest()}
        ended = 0
        for flow in sorted(flows):
            address = RunAddress(message.tenant_id, message.user_id, flow)
            ended += await self._end(workflow_id(address), message.patience_seconds)
        return ended

    @activity.defn(name="count_objects")
    async def count_objects(self, person: Erase) -> int:
        """How many files the person has: an answer that is kept, whatever becomes of the one who deletes them."""
        found = 0
        async for page in self._objects.pages(prefix_of(person.tenant_id, person.user_id)):
            found += len(page)
            activity.heartbeat()
        async for page in self._images(person):
            found += sum(len(image.keys) for image in page if image.ready)
            activity.heartbeat()
        return found

    @activity.defn(name="delete_objects")
    async def delete_objects(self, person: Erase) -> int:
        """Delete the person's files, page by page; returns how many this attempt deleted."""
        deleted = 0
        async for page in self._objects.pages(prefix_of(person.tenant_id, person.user_id)):
            if page:
                await self._objects.delete(page)
            deleted += len(page)
            activity.heartbeat()
        async for page in self._images(person):
            # Of those that are not ready there may be objects too: they are written before their row says so.
            await self._objects.delete([Object(key=key, size=0) for image in page for key in image.keys])
            deleted += sum(len(image.keys) for image in page if image.ready)
            activity.heartbeat()
        return deleted

    @activity.defn(name="erase_rows")
    async def erase_rows(self, message: EraseRows) -> ErasureCounts:
        """Delete the person's rows, and with them their data key, and complete the receipt, in one transaction."""
        erasure = message.erasure
        try:
            async with self._database.transaction(
                erasures.eraser(erasure.tenant_id, erasure.user_id)
            ) as connection:
                counts = await erasures.erase(connection, erasure.erasure_id, erasure.user_id, message.objects)
        except users.LastAdmin as error:
            raise _last_admin() from error
        if counts is None:
            raise ApplicationError("there is no such receipt", type="no_receipt", non_retryable=True)
        return counts

    @activity.defn(name="resume_erasures")
    async def resume_erasures(self, sweep: ErasureSweep) -> SweepReport:
        """Start every erasure that was accepted a while ago and is not completed; one that runs is left alone."""
        seen = 0
        async with self._database.transaction(sweeper()) as connection:
            everywhere = await tenants.all_ids(connection)
        for tenant_id in everywhere:
            async with self._database.transaction(sweeper(tenant_id)) as connection:
                left = await erasures.left(connection, sweep.older_than_seconds)
            for erasure in left:
                seen += 1
                activity.heartbeat()
                await self._client.start_workflow(
                    "EraseUser",
                    Erase(erasure_id=erasure.id, tenant_id=tenant_id, user_id=erasure.user_id),
                    id=erasure_workflow_id(tenant_id, erasure.user_id),
                    task_queue=activity.info().task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                )
        return SweepReport(seen=seen, changed=seen)

    async def _images(self, person: Erase) -> AsyncGenerator[list[images.Image]]:
        """The person's images, page by page; none is added while they are being erased."""
        after: str | None = None
        while True:
            async with self._database.transaction(erasures.eraser(person.tenant_id, person.user_id)) as connection:
                page = await images.of_person(connection, person.user_id, after)
            if not page:
                return
            yield page
            after = page[-1].id

    async def _end(self, id: str, patience_seconds: int) -> bool:
        """End one run, if it is open; False when it is not."""
        handle = self._client.get_workflow_handle(id, result_type=RunView)
        if not await _is_open(handle):
            return False
        deadline = time.monotonic() + patience_seconds
        try:
            while time.monotonic() < deadline:
                # Again and again: the person may begin another run before the workflow has closed.
                await handle.signal("abandon", ABANDON)
                if await _closes(handle):
                    return True
            await handle.terminate("the person is being erased")
        except RPCError as error:
            # It closed between two looks at it.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return True


async def _closes(handle: Handle) -> bool:
    """Whether a run closes within a second: it writes its end down first."""
    for _ in range(LOOKS):
        if not await _is_open(handle):
            return True
        activity.heartbeat()
        await asyncio.sleep(1 / LOOKS)
    return False


async def _is_open(handle: Handle) -> bool:
    try:
        return (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise


def _last_admin() -> ApplicationError:
    return ApplicationError(users.LastAdmin.detail, type=users.LastAdmin.code, non_retryable=True)
