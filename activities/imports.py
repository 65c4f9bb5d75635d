"""CSV imports: a file's rows become offers to the review list, some at a time."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import IO

import structlog
from msgspec import Struct
from temporalio import activity

from activities.beating import alive
from db import imports, item_lists, items
from db.imports import Import, Progress
from db.item_lists import Filter
from db.pool import Database
from db.runs import PersonGone
from onboarding.access import Caller, Role
from onboarding.imports import FILE_BYTES, RowError, Unreadable
from onboarding.imports.rows import Rows
from onboarding.imports.table import Record, records
from onboarding.items import Offer, Source
from onboarding.payloads import ImportOrder, ImportReport
from runtime.storage import Object, Objects, file_of_import

ROWS_AT_ONCE = 500
IN_MEMORY = 1_000_000
"""Bytes of a file; a larger one lies on the disk while it is imported."""

log = structlog.get_logger()


class Chunk(Struct, frozen=True, kw_only=True):
    """Some rows that were read: what is offered, and what is wrong."""

    reached: int
    offers: Sequence[Offer]
    failed: int
    errors: Sequence[RowError]


class Importer:
    """Acts as the person whose import it is. What it logs and answers are ids, counts and codes."""

    def __init__(self, database: Database, objects: Objects, *, rows_at_once: int = ROWS_AT_ONCE) -> None:
        """With the store where the files are."""
        self._database = database
        self._objects = objects
        self._rows_at_once = rows_at_once
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="csv")

    @activity.defn(name="import_csv")
    async def import_csv(self, order: ImportOrder) -> None:
        """Import what is left of a file. The next attempt goes on after the last row that this one finished."""
        try:
            async with alive():
                await self._import(order)
        except PersonGone:
            log.info("the person of an import is gone", import_id=order.import_id)

    @activity.defn(name="close_import")
    async def close_import(self, order: ImportOrder) -> ImportReport:
        """Delete the file. An import that is still open has failed. Each may be done again."""
        async with self._database.transaction(_caller(order)) as connection:
            found = await imports.get(connection, order.import_id, order.user_id)
            reason = "expired" if found and found.mapping is None else "interrupted"
            await imports.fail(connection, order.import_id, order.user_id, reason)
            found = await imports.get(connection, order.import_id, order.user_id)
            listed = await item_lists.count(connection, order.user_id, Filter(sources=(Source.CSV,)))
        await self._objects.delete([Object(key=_key(order), size=0)])
        if found is None:
            return ImportReport(status="cancelled")
        return ImportReport(status=found.status, imported=found.imported, failed=found.failed, listed=listed)

    async def _import(self, order: ImportOrder) -> None:
        async with self._database.transaction(_caller(order)) as connection:
            if not await imports.start(connection, order.import_id, order.user_id):
                return  # cancelled, or done before
            found = await imports.get(connection, order.import_id, order.user_id)
        assert found is not None
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as content:
            if await self._objects.copy(_key(order), content, FILE_BYTES) is None:
                await self._fail(order, "file_gone")
                return
            try:
                whole = await self._rows(order, found, content)
            except Unreadable:
                await self._fail(order, "unreadable")
                return
        if whole:
            async with self._database.transaction(_caller(order)) as connection:
                await imports.complete(connection, order.import_id, order.user_id)

    async def _rows(self, order: ImportOrder, found: Import, content: IO[bytes]) -> bool:
        """Import row after row; False when the import has ended otherwise meanwhile."""
        rows = Rows(found.id, found.columns, found.mapping or {}, found.shape)
        with closing(records(content, found.shape)) as every:
            next(every, None)  # the header: blank lines may stand above it
            reached = found.reached
            left = (record for record in every if record[0] > found.reached)
            while chunk := await self._in_thread(lambda: self._read(rows, left)):
                if not await self._add(order, reached, chunk):
                    return False
                reached = chunk.reached
        return True

    async def _in_thread(self, call: Callable[[], Chunk | None]) -> Chunk | None:
        """Whoever is cancelled waits for the thread all the same: it reads a file that is closed afterwards."""
        reading = asyncio.get_running_loop().run_in_executor(self._threads, call)
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            await asyncio.wait([reading])
            raise

    def _read(self, rows: Rows, every: Iterator[Record]) -> Chunk | None:
        reached, failed = 0, 0
        offers, errors = list[Offer](), list[RowError]()
        for number, cells in islice(every, self._rows_at_once):
            reached = number
            match rows.read(number, cells):
                case Offer() as offer:
                    offers.append(offer)
                case wrong:
                    failed += 1
                    errors.extend(wrong)
        return Chunk(reached=reached, offers=offers, failed=failed, errors=errors) if reached else None

    async def _add(self, order: ImportOrder, after: int, chunk: Chunk) -> bool:
        progress = Progress(
            after=after,
            reached=chunk.reached,
            imported=len(chunk.offers),
            failed=chunk.failed,
            errors=chunk.errors,
        )
        async with self._database.transaction(_caller(order)) as connection:
            if not await imports.advance(connection, order.import_id, order.user_id, progress):
                log.info("an import was ended, or is gone on with elsewhere", import_id=order.import_id)
                return False
            await items.offer(connection, order.tenant_id, order.user_id, chunk.offers)
        return True

    async def _fail(self, order: ImportOrder, reason: str) -> None:
        async with self._database.transaction(_caller(order)) as connection:
            await imports.fail(connection, order.import_id, order.user_id, reason)
        log.warning("an import failed", import_id=order.import_id, reason=reason)


def _key(order: ImportOrder) -> str:
    return file_of_import(order.tenant_id, order.user_id, order.import_id)


def _caller(order: ImportOrder) -> Caller:
    return Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)
