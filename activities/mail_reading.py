"""Messages of a mailbox are read into orders, each once. What they said is not kept, and told to nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from typing import TypeVar

import structlog
from msgspec import Struct
from msgspec.structs import replace

from activities.ai.models import Models
from activities.order_mails import Unreadable, read_order
from activities.refreshing import Ref, caller_of
from db import mail_jobs, orders
from db.mail_jobs import Outcome
from db.pool import Connection, Database
from onboarding.connections import Counts
from onboarding.mail_orders import same, together
from onboarding.orders import Batch, Order, tidied
from runtime.domains import registrable
from runtime.providers.asking import Away
from runtime.providers.mailbox import MESSAGE_BYTES, GmailMessages, Head

READ_AT_ONCE = 4
"""Messages of one mailbox; each may take as long as a model does."""

LARGE_BYTES = 500_000

_T = TypeVar("_T")
log = structlog.get_logger()


class JobEnded(Exception):
    """The job was cancelled, or has ended otherwise: nothing more is kept of it."""


class Reader(Struct, frozen=True, kw_only=True):
    """Reads messages that these domains sent.

    Attributes:
        room: for the large messages that are in memory at a time in this process.
        job_id: that counts them, where a job does.
    """

    database: Database
    models: Models
    room: asyncio.Semaphore
    ref: Ref
    mailbox: GmailMessages
    domains: frozenset[str]
    job_id: str | None = None

    async def read(self, ids: Iterable[str]) -> Counts:
        """Read those of the messages that nobody has read; several at once.

        Raises:
            JobEnded: there is nothing to read any more.
            ProviderError: what the mailbox raises; what was read until then is kept.
        """
        async with self.database.transaction(caller_of(self.ref)) as connection:
            unread = await mail_jobs.unread(connection, self.ref.connection_id, self.ref.user_id, list(ids))
        found: list[Counts] = []

        async def read_one(id: str) -> None:
            found.append(await self._one(id))

        await each(unread, READ_AT_ONCE, read_one)
        return sum(found, Counts())

    async def _one(self, id: str) -> Counts:
        head = await self.mailbox.head(id)
        # A search finds who has the domain anywhere in their name.
        if head is None or registrable(head.host) not in self.domains:
            return Counts()
        async with self.room if head.size > LARGE_BYTES else nullcontext():
            outcome, order = await self._told(head)
        if outcome is None:
            return Counts()
        async with self.database.transaction(caller_of(self.ref)) as connection:
            return await self._keep(connection, id, outcome, order)

    async def _told(self, head: Head) -> tuple[Outcome | None, Order | None]:
        """What a message says; nothing when it is gone."""
        if head.size > MESSAGE_BYTES:
            return "unreadable", None
        try:
            raw = await self.mailbox.whole(head.id)
            if raw is None:
                return None, None
            if len(raw) > MESSAGE_BYTES:
                return "unreadable", None
            order = await read_order(
                raw,
                message_id=head.id,
                received=head.received,
                models=self.models,
                caller=caller_of(self.ref),
            )
        except Unreadable as error:
            log.info("a message is unreadable", connection_id=self.ref.connection_id, error=type(error).__name__)
            return "unreadable", None
        except Away as away:
            if away.code == "too_long":
                return "unreadable", None
            raise
        order = tidied(replace(order, external_id=head.id, changed_at=head.received)) if order else None
        return ("order", order) if order else ("no_order", None)

    async def _keep(self, connection: Connection, id: str, outcome: Outcome, order: Order | None) -> Counts:
        ref = self.ref
        if not await mail_jobs.keep(connection, ref.tenant_id, ref.user_id, ref.connection_id, id, outcome):
            return Counts()
        counts = Counts(fetched=1, failed=int(outcome == "unreadable"))
        if order:
            told = await self._together(connection, order)
            stored = await orders.store(
                connection,
                tenant_id=ref.tenant_id,
                user_id=ref.user_id,
                connection_id=ref.connection_id,
                batch=Batch(orders=(told,)),
            )
            counts = replace(stored, fetched=1)
        if self.job_id and not await mail_jobs.count(
            connection, self.job_id, ref.user_id, orders=counts.added, failed=counts.failed
        ):
            raise JobEnded
        return counts

    async def _together(self, connection: Connection, order: Order) -> Order:
        """The order; where an earlier mail told of it, both in one."""
        if not order.number:
            return order
        known = await mail_jobs.numbered(connection, self.ref.connection_id, self.ref.user_id, order.number)
        for purchase_id in known:
            stored = await orders.get(connection, self.ref.user_id, purchase_id)
            if stored and same(stored.order, order):
                return together(stored.order, order)
        return order


async def each(what: Iterable[_T], at_once: int, do: Callable[[_T], Awaitable[None]]) -> None:
    """Do something with each, so many at once. The first that fails ends the others, and is raised as it is."""
    queue = iter(what)

    async def lane() -> None:
        for one in queue:
            await do(one)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(lane())
    except BaseExceptionGroup as failed:
        raise _first(failed) from None


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    error = failed.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
