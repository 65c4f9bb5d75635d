"""Capture sessions: their end is written down, and what they leave behind is taken away."""

import asyncio

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from db import capture_lists, capture_sessions, item_lists, tenants
from db.item_lists import Filter
from db.pool import Connection, Database
from db.tenant import sweeper
from onboarding.access import Caller, Role
from onboarding.items import Source
from onboarding.payloads import CaptureOrder, CaptureRef, CaptureState, CaptureSweep, SweepReport
from runtime.addresses import capture_session_workflow_id, capture_workflow_id
from runtime.storage import Object, Objects

SWEEP_PAGE = 200
STARTED_AT_ONCE = 10


class Captures:
    """Acts as the session's owner. What it answers are counts."""

    def __init__(self, database: Database, objects: Objects, client: Client) -> None:
        """With the store where pictures are."""
        self._database = database
        self._objects = objects
        self._client = client

    @activity.defn(name="expire_capture")
    async def expire_capture(self, order: CaptureOrder) -> CaptureState | None:
        """Write down that a session has expired, if it has, and say where it stands; None when it is gone."""
        async with self._database.transaction(_caller(order)) as connection:
            session = await capture_sessions.expire(connection, order.session_id, order.user_id)
            if session is None:
                return None
            barcodes, photos = session.barcodes, session.photos
            if not session.active:
                barcodes = barcodes and await _listed(connection, order.user_id, Source.BARCODE)
                photos = photos and await _listed(connection, order.user_id, Source.PHOTO)
        return CaptureState(active=session.active, expires_at=session.expires_at, barcodes=barcodes, photos=photos)

    @activity.defn(name="settle_capture")
    async def settle_capture(self, order: CaptureOrder) -> int:
        """Delete the pictures of photos that were deleted, and say that all is done; gives how many there were.

        The files go before their rows: who dies in between finds them again. Codes that were scanned while nobody
        could have them looked up are looked up now.
        """
        async with self._database.transaction(_caller(order)) as connection:
            left = await capture_lists.orphans(connection, order.session_id, order.user_id)
            unnamed = await capture_lists.unnamed(connection, order.session_id, order.user_id)
        for start in range(0, len(unnamed), STARTED_AT_ONCE):
            await asyncio.gather(*(self._enrich(order, each) for each in unnamed[start : start + STARTED_AT_ONCE]))
        keys = [key for each in left for key in (each.object_key, each.thumbnail_key) if key]
        if keys:
            await self._objects.delete([Object(key=key, size=0) for key in keys])
        async with self._database.transaction(_caller(order)) as connection:
            await capture_lists.forget_images(connection, order.user_id, [each.id for each in left])
            await capture_sessions.settle(connection, order.session_id, order.user_id)
        return len(left)

    @activity.defn(name="sweep_captures")
    async def sweep_captures(self, sweep: CaptureSweep) -> SweepReport:
        """Have the ends of sessions seen to whose workflow never began, or was ended from outside."""
        seen = 0
        async with self._database.transaction(sweeper()) as connection:
            everywhere = await tenants.all_ids(connection)
        for tenant_id in everywhere:
            async with self._database.transaction(sweeper(tenant_id)) as connection:
                page = await capture_sessions.overdue(connection, sweep.older_than_seconds, SWEEP_PAGE)
            for each in page:
                await self._see_to(CaptureOrder(tenant_id=tenant_id, user_id=each.user_id, session_id=each.id))
                activity.heartbeat()
            seen += len(page)
        return SweepReport(seen=seen, changed=seen)

    async def _enrich(self, order: CaptureOrder, item_id: str) -> None:
        """One that is under way goes on."""
        await self._client.start_workflow(
            "EnrichCapture",
            CaptureRef(
                tenant_id=order.tenant_id, user_id=order.user_id, session_id=order.session_id, item_id=item_id
            ),
            id=capture_workflow_id(order.tenant_id, item_id),
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary="Find out what was scanned",
        )

    async def _see_to(self, order: CaptureOrder) -> None:
        """One that is under way is told to look; one that is not begins, and sees at once that it is over."""
        await self._client.start_workflow(
            "CaptureSession",
            order,
            id=capture_session_workflow_id(order.tenant_id, order.session_id),
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="look",
        )


async def _listed(connection: Connection, user_id: str, source: Source) -> int:
    return await item_lists.count(connection, user_id, Filter(sources=(source,)))


def _caller(order: CaptureOrder) -> Caller:
    return Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)
