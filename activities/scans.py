"""Risk scans: what was uploaded is sent to the AI service, once, and its answer kept."""

import asyncio
import tempfile
from datetime import datetime

import structlog
from temporalio import activity

from activities.beating import alive
from activities.scan_service import NotScanned, ScanService, Upload
from db import scans, tenants
from db.pool import Database, DatabaseUnavailable
from db.tenant import sweeper
from onboarding.access import Caller, Role
from onboarding.payloads import ScanOrder, ScanSweep, SweepReport
from onboarding.scans import FILE_BYTES, INTERRUPTED, MEDIA_TYPES, Failure, Found, extension_of
from runtime.storage import Object, Objects, upload_of_scan

STORE_AGAIN_SECONDS = 0.5
IN_MEMORY = 1_000_000
"""Bytes of an upload; what is larger lies on the disk while it is sent."""

SWEEP_PAGE = 500

log = structlog.get_logger()


class Scanner:
    """Does what stands in `scan_orders`. What it logs and answers are ids and codes."""

    def __init__(self, database: Database, objects: Objects, service: ScanService) -> None:
        """With the store where uploads are, and the service that scans them."""
        self._database = database
        self._objects = objects
        self._service = service

    @activity.defn(name="scan")
    async def scan(self, order: ScanOrder) -> None:
        """Send the upload to the service, and keep what it found, or why there is nothing.

        An attempt whose worker died after it had begun to send is not followed by a second one: the service may
        have done its work, which costs money.
        """
        async with alive():
            found = await self._standing(order)
            if not isinstance(found, scans.Order) or found.failure is not None:
                return  # answered, deleted, or failed before
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as content:
                if await self._objects.copy(_key(order), content, FILE_BYTES) is None:
                    await self._fail(order, INTERRUPTED, "the upload is gone")
                    return
                upload = Upload(
                    content=content,
                    filename=found.filename,
                    media_type=MEDIA_TYPES[extension_of(found.filename)] if found.filename else None,
                    force_llm=found.force_llm,
                )
                await self._ask(order, upload)

    @activity.defn(name="close_scan")
    async def close_scan(self, order: ScanOrder) -> None:
        """Delete the upload. A scan that is still under way has failed. Each may be done again."""
        await self._fail(order, INTERRUPTED, "it did not end")
        await self._objects.delete([Object(key=_key(order), size=0)])
        async with self._database.transaction(_caller(order)) as connection:
            await scans.close(connection, order.scan_id, order.user_id)

    @activity.defn(name="sweep_scans")
    async def sweep_scans(self, sweep: ScanSweep) -> SweepReport:
        """Delete the uploads and orders of scans that nobody finished."""
        seen = 0
        async with self._database.transaction(sweeper()) as connection:
            everywhere = await tenants.all_ids(connection)
        for tenant_id in everywhere:
            while page := await self._left(tenant_id, sweep.older_than_seconds):
                keys = [upload_of_scan(tenant_id, each.user_id, each.id) for each in page]
                await self._objects.delete([Object(key=key, size=0) for key in keys])
                async with self._database.transaction(sweeper(tenant_id)) as connection:
                    for each in page:
                        await scans.drop(connection, each.id)
                seen += len(page)
                activity.heartbeat()
        return SweepReport(seen=seen, changed=seen)

    async def _left(self, tenant_id: str, older_than_seconds: int) -> list[scans.Left]:
        async with self._database.transaction(sweeper(tenant_id)) as connection:
            return await scans.left(connection, older_than_seconds, SWEEP_PAGE)

    async def _standing(self, order: ScanOrder) -> scans.Scan | scans.Order | None:
        async with self._database.transaction(_caller(order)) as connection:
            return await scans.standing(connection, order.scan_id, order.user_id)

    async def _ask(self, order: ScanOrder, upload: Upload) -> None:
        async with self._database.transaction(_caller(order)) as connection:
            first = await scans.claim(connection, order.scan_id, order.user_id)
        if not first:
            await self._fail(order, INTERRUPTED, "it was sent before")
            return
        try:
            found = await self._service.ask(upload, order.timeout_seconds)
        except NotScanned as error:
            await self._fail(order, error.failure, str(error))
            return
        await self._keep(order, found)

    async def _keep(self, order: ScanOrder, found: Found) -> None:
        """Store what was found; it cannot be asked for again, so this waits for a database that is away."""
        while True:
            try:
                async with self._database.transaction(_caller(order)) as connection:
                    kept = await scans.settle(connection, order.scan_id, order.user_id, found)
            except DatabaseUnavailable as error:
                if _is_over():
                    raise
                log.warning("a scan waits for the database", scan_id=order.scan_id, error=type(error).__name__)
                await asyncio.sleep(STORE_AGAIN_SECONDS)
                continue
            if not kept:
                log.info("a scan was not kept: it, or its person, is gone", scan_id=order.scan_id)
            return

    async def _fail(self, order: ScanOrder, failure: Failure, why: str) -> None:
        async with self._database.transaction(_caller(order)) as connection:
            noted = await scans.fail(connection, order.scan_id, order.tenant_id, order.user_id, failure)
        if noted:
            log.warning("a scan failed", scan_id=order.scan_id, code=failure.code, why=why)


def _key(order: ScanOrder) -> str:
    return upload_of_scan(order.tenant_id, order.user_id, order.scan_id)


def _caller(order: ScanOrder) -> Caller:
    return Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)


def _is_over() -> bool:
    """Whether the time of all attempts is used up, as the server counts it."""
    info = activity.info()
    bound = info.schedule_to_close_timeout
    return bound is not None and datetime.now(info.scheduled_time.tzinfo) > info.scheduled_time + bound
