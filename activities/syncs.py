"""Syncs: approved items are sent to the sink, each once, or written as a table."""

import asyncio
import tempfile
from typing import IO

import msgspec
import structlog
from temporalio import activity

from activities.beating import alive
from activities.sink_sending import Sending, SinkAway
from db import syncs
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.payloads import SyncEnd, SyncOrder, SyncPart, SyncReport
from onboarding.syncs import HEAD, Status, table
from runtime.item_sink import ItemSink
from runtime.storage import Objects, table_of_sync

ITEMS_AT_ONCE = 8
PART = 100
"""Items that one call of `send_items` sees to."""

ROWS = 500
IN_MEMORY = 1_000_000
log = structlog.get_logger()


class ItemSyncer:
    """Does what stands in `item_syncs`. What it logs and answers are ids and codes."""

    def __init__(self, database: Database, objects: Objects, sink: ItemSink, patience_seconds: float) -> None:
        """With the sink, the store of tables, and for how long an item is tried again."""
        self._database = database
        self._objects = objects
        self._sink = sink
        self._patience = patience_seconds

    @activity.defn(name="send_items")
    async def send_items(self, order: SyncOrder) -> SyncPart:
        """Send some items that nothing is known of yet, several at once.

        What becomes of each is written down as soon as the sink has answered. After a crash those without a result
        are sent again, under the key that they had.
        """
        async with alive(), self._sink.connected() as sink:
            async with self._database.transaction(caller_of(order)) as connection:
                waiting = await syncs.pending(connection, order.sync_id, order.user_id, PART)
            sending = Sending(self._database, sink, order, self._patience)
            queue = iter(waiting)

            async def send_next() -> None:
                for item_id in queue:
                    await sending.send(item_id)

            failure: str | None = None
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(ITEMS_AT_ONCE):
                        group.create_task(send_next())
            except* SinkAway as away:
                failure = _first(away).code
                log.warning("the item sink is away", sync_id=order.sync_id, code=failure)
        return SyncPart(settled=len(waiting), more=len(waiting) == PART, failure=failure)

    @activity.defn(name="write_items")
    async def write_items(self, order: SyncOrder) -> SyncPart:
        """Write the items as a table into the store of files, once; a sync that has ended keeps the one it has."""
        key = table_of_sync(order.tenant_id, order.user_id, order.sync_id)
        async with alive():
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
                written = await self._write(order, file)
                async with self._database.transaction(caller_of(order)) as connection:
                    # Who comes later finds nothing pending, and would put an empty one there.
                    if await syncs.end(connection, order.sync_id, order.user_id, "completed"):
                        await self._objects.put(key, file)
                        numbers, versions = [*written], [*written.values()]
                        await syncs.deliver(connection, order.sync_id, order.user_id, numbers, versions)
        return SyncPart(settled=len(written))

    @activity.defn(name="end_sync")
    async def end_sync(self, message: SyncEnd) -> SyncReport:
        """Write down how a sync ended; one that has ended stays as it is."""
        order, status = message.order, msgspec.convert(message.status, Status)
        async with self._database.transaction(caller_of(order)) as connection:
            await syncs.end(connection, order.sync_id, order.user_id, status, message.code)
            found = await syncs.get(connection, order.sync_id, order.user_id)
        if found is None:
            return SyncReport()
        return SyncReport(status=found.status, total=found.total, sent=found.sent, failed=found.failed)

    async def _write(self, order: SyncOrder, file: IO[bytes]) -> dict[int, int]:
        """The numbers of the items that the table has, and their versions."""
        file.write(HEAD.encode())
        written: dict[int, int] = {}
        while True:
            async with self._database.transaction(caller_of(order)) as connection:
                after = max(written, default=0)
                page = await syncs.page(connection, order.sync_id, order.user_id, after=after, limit=ROWS)
            if not page:
                return written
            text = await asyncio.to_thread(table, [item for _, item in page])
            file.write(text.encode())
            written |= {number: item.version for number, item in page}


def caller_of(order: SyncOrder) -> Caller:
    """Whose items these are."""
    return Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)


def _first(group: BaseExceptionGroup[SinkAway]) -> SinkAway:
    return next(each if isinstance(each, SinkAway) else _first(each) for each in group.exceptions)
