"""Syncs of mailboxes: what the suppliers of earlier imports have sent since, read into orders."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct
from temporalio import activity

from activities.connection_syncs import ConnectionSyncs, Overtaken
from activities.mail_jobs import Mailbox
from activities.refreshing import GONE, NeedsConsent, Refresher, caller_of
from db import connection_runs, mail_jobs
from db.connection_runs import Taken
from db.orders import ConnectionGone
from db.pool import Database
from onboarding import mail_orders
from onboarding.connections import Counts
from onboarding.orders import Batch
from onboarding.payloads import ConnectionSync, ConnectionSynced
from runtime.providers.mailbox import GmailMessages
from runtime.settings import Settings

MESSAGES_AT_MOST = 1_000
"""That one sync reads; the next one goes on with those that nobody has read."""


class Reached(Struct, frozen=True, kw_only=True):
    """The cursor of a mailbox: all that came before this was looked at."""

    received_until: datetime


class MailSyncs(ConnectionSyncs):
    """Runs like those of accounting, but that messages are read one by one, each in a transaction of its own."""

    def __init__(self, database: Database, refresher: Refresher, settings: Settings, mailbox: Mailbox) -> None:
        """With what reads messages."""
        super().__init__(database, refresher, settings)
        self._mailbox = mailbox

    @activity.defn(name="sync_mailbox")
    async def sync_mailbox(self, order: ConnectionSync) -> ConnectionSynced:
        """Read what is new of the domains that were imported; nothing while an import does so, or without any.

        A run that somebody asked for comes to its end all the same.
        """
        async with self._database.transaction(caller_of(order)) as connection:
            wanted = await mail_jobs.wanted(connection, order.connection_id, order.user_id)
        if wanted is None or wanted.importing or not (wanted.domains or wanted.asked):
            return ConnectionSynced(status="skipped")
        return await self.sync_connection(order)

    async def _read(self, order: ConnectionSync, taken: Taken) -> None:
        began = datetime.now(UTC)
        async with self._database.transaction(caller_of(order)) as connection:
            wanted = await mail_jobs.wanted(connection, order.connection_id, order.user_id)
        if wanted is None:
            raise ConnectionGone
        if not wanted.domains:
            return
        reached = msgspec.convert(taken.cursor, Reached).received_until if taken.cursor else began
        since, read = reached - mail_orders.SYNC_OVERLAP, 0
        try:
            async with self._mailbox.opened(order) as mailbox:
                for domains in mail_orders.groups(wanted.domains):
                    read += await self._sent_by(order, taken, mailbox, domains, since, MESSAGES_AT_MOST - read)
        except NeedsConsent as lost:
            raise (ConnectionGone if lost.code == GONE else lost) from None
        # Where some are left, the next sync looks from the same place on.
        if read < MESSAGES_AT_MOST:
            await self._store(order, taken, Batch(cursor=msgspec.to_builtins(Reached(received_until=began))))

    async def _sent_by(
        self,
        order: ConnectionSync,
        taken: Taken,
        mailbox: GmailMessages,
        domains: Sequence[str],
        since: datetime,
        at_most: int,
    ) -> int:
        """Read what these domains sent, page by page; how many messages were new, of which there may be more."""
        reader, query = self._mailbox.reader(order, mailbox, domains), mail_orders.sent_by(domains, since)
        read, token = 0, None
        while read < at_most:
            listed = await mailbox.page(query, token)
            counts = await reader.read(listed.ids)
            await self._count(order, taken, counts)
            read, token = read + counts.fetched, listed.next
            if token is None:
                break
        return read

    async def _count(self, order: ConnectionSync, taken: Taken, counts: Counts) -> None:
        mine = order.user_id
        async with self._database.transaction(caller_of(order)) as connection:
            if not await connection_runs.is_mine(
                connection, taken.run_id, mine, order.connection_id, taken.cursor
            ):
                raise Overtaken
            await connection_runs.add(connection, taken.run_id, mine, counts)
