"""Looks through a mailbox: for suppliers, and for their orders, page by page."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ai.models import Models
from activities.beating import alive
from activities.mail_reading import JobEnded, Reader, each
from activities.refreshing import GONE, Ref, Refresher, caller_of
from db import mail_jobs, orders
from db.mail_jobs import Status, Todo
from db.pool import Database
from db.runs import PersonGone
from onboarding import mail_orders, suppliers
from onboarding.payloads import ConnectionRef, MailJob, MailJobEnd, MailJobReport, MailPage
from onboarding.suppliers import Seen, Tally, counted
from runtime.domains import registrable, suffixes
from runtime.providers.asking import Api, Away, ProviderError, Revoked, client
from runtime.providers.mailbox import GmailMessages, Head, Listed
from runtime.settings import Settings

HEADS_AT_ONCE = 8
LARGE_AT_ONCE = 4
"""Large messages in a worker's memory, of all mailboxes."""

RESTARTS_AT_MOST = 3
"""A page's token may be too old after a long pause; so often a job begins anew."""

REFUSED, NEEDS_CONSENT, NOT_ALLOWED = "refused", "needs_consent", "not_allowed"
log = structlog.get_logger()


class Counting(Struct, frozen=True, kw_only=True):
    """Where a discovery stands; `done` is behind its last page."""

    token: str | None = None
    tallies: dict[str, Tally] = {}
    restarts: int = 0
    done: bool = False


class Importing(Struct, frozen=True, kw_only=True):
    """Where an import stands: in which group of its domains, on which page, after how many messages of these."""

    group: int = 0
    token: str | None = None
    seen: int = 0
    restarts: int = 0


class Mailbox:
    """Acts as the person whose mailbox it is. What it logs and answers are ids, counts and codes."""

    def __init__(self, database: Database, refresher: Refresher, models: Models, settings: Settings) -> None:
        """With the one way to an access token, and models that read what rules cannot."""
        self._database = database
        self._refresher = refresher
        self._models = models
        self._base = settings.gmail_api_base
        self._room = asyncio.Semaphore(LARGE_AT_ONCE)

    @activity.defn(name="discover_page")
    async def discover_page(self, job: MailJob) -> MailPage:
        """Count the senders of the next page of messages; done again it counts them once."""
        todo = await self._taken(job)
        if isinstance(todo, MailPage):
            return todo
        place = msgspec.convert(todo.place or {}, Counting)
        if place.done:  # a worker died before it could say so
            return MailPage(messages=todo.messages)
        try:
            async with self.opened(job) as mailbox:
                listed = await mailbox.page(_recent(todo), place.token)
                heads = await _heads(mailbox, listed)
        except (ProviderError, PersonGone) as error:
            return await self._failed(job, todo, place, error)
        tallies = place.tallies
        for seen in _seen(heads):
            tallies = counted(tallies, seen)
        messages = todo.messages + len(listed.ids)
        done = listed.next is None or messages >= suppliers.MESSAGES_AT_MOST
        moved = replace(place, token=listed.next, tallies=tallies, done=done)
        await self._move(job, moved, messages=len(listed.ids), version=todo.version)
        return MailPage(more=not done, messages=messages)

    @activity.defn(name="import_page")
    async def import_page(self, job: MailJob) -> MailPage:
        """Read the next page of messages into orders; those that were read before stay as they are."""
        todo = await self._taken(job)
        if isinstance(todo, MailPage):
            return todo
        place = msgspec.convert(todo.place or {}, Importing)
        groups = mail_orders.groups(todo.domains)
        if place.group >= len(groups):  # a worker died before it could say so
            return MailPage(messages=todo.messages)
        since = todo.created_at - mail_orders.LOOKED_BACK
        try:
            async with self.opened(job) as mailbox:
                listed = await mailbox.page(mail_orders.sent_by(groups[place.group], since), place.token)
                counts = await self.reader(job, mailbox, todo.domains, job.job_id).read(listed.ids)
        except JobEnded:
            return MailPage(ended=True)
        except (ProviderError, PersonGone) as error:
            return await self._failed(job, todo, place, error)
        moved = replace(place, token=listed.next, seen=place.seen + len(listed.ids))
        # Each group has its share: one supplier who writes every day leaves the others theirs.
        if listed.next is None or moved.seen >= mail_orders.MESSAGES_AT_MOST // len(groups):
            moved = Importing(group=place.group + 1, restarts=place.restarts)
        await self._move(job, moved)
        return MailPage(more=moved.group < len(groups), messages=todo.messages + counts.fetched)

    @activity.defn(name="end_mail_job")
    async def end_mail_job(self, message: MailJobEnd) -> MailJobReport:
        """Write down how a job ended, with the suppliers that it found; one that has ended stays as it is."""
        job, status, found = message.job, msgspec.convert(message.status, Status), list[suppliers.Supplier]()
        async with self._database.transaction(caller_of(ref_of(job))) as connection:
            if status == "completed":
                place = await mail_jobs.place(connection, job.job_id, job.user_id)
                tallies = msgspec.convert(place or {}, Counting).tallies
                found = suppliers.suppliers(tallies, datetime.now(UTC))
            await mail_jobs.end(connection, job.job_id, job.user_id, status, code=message.code, found=found)
            ended = await mail_jobs.get(connection, job.job_id, job.user_id)
            count = await orders.count(connection, job.user_id, job.connection_id, only_open=True)
        return MailJobReport(status=ended.status if ended else "cancelled", orders=count)

    @asynccontextmanager
    async def opened(self, of: MailJob | Ref) -> AsyncGenerator[GmailMessages]:
        """The messages of a mailbox; whoever reads them is known to be alive."""
        ref = ref_of(of) if isinstance(of, MailJob) else of
        await asyncio.to_thread(suffixes)
        async with alive(), client() as http:
            yield GmailMessages(Api(self._base, lambda stale: self._refresher.token(ref, stale), http))

    def reader(
        self, of: MailJob | Ref, mailbox: GmailMessages, domains: Sequence[str], job_id: str | None = None
    ) -> Reader:
        """Who reads the messages of these domains."""
        return Reader(
            database=self._database,
            models=self._models,
            room=self._room,
            ref=ref_of(of) if isinstance(of, MailJob) else of,
            mailbox=mailbox,
            domains=frozenset(domains),
            job_id=job_id,
        )

    async def _taken(self, job: MailJob) -> Todo | MailPage:
        """From where to go on, or why there is nothing to go on with."""
        async with self._database.transaction(caller_of(ref_of(job))) as connection:
            todo = await mail_jobs.take(connection, job.job_id, job.user_id)
        if todo is None:
            return MailPage(ended=True)
        if todo.connection in ("disconnected", "reauth_required"):
            return MailPage(failure=GONE if todo.connection == GONE else NEEDS_CONSENT)
        return todo if todo.allowed else MailPage(failure=NOT_ALLOWED)

    async def _move(
        self, job: MailJob, place: Counting | Importing, *, messages: int = 0, version: int | None = None
    ) -> None:
        """Go on from there; a job that has ended, or that somebody else went on with, shows it the next time."""
        async with self._database.transaction(caller_of(ref_of(job))) as connection:
            await mail_jobs.move(
                connection,
                job.job_id,
                job.user_id,
                msgspec.to_builtins(place),
                version=version,
                messages=messages,
            )

    async def _failed(
        self, job: MailJob, todo: Todo, place: Counting | Importing, error: ProviderError | PersonGone
    ) -> MailPage:
        """What is to be done now: try again later, begin anew, or end."""
        if isinstance(error, PersonGone):
            return MailPage(ended=True)
        if isinstance(error, Away):
            raise later(error) from None
        if isinstance(error, Revoked):
            return MailPage(failure=GONE if error.code == GONE else NEEDS_CONSENT)
        if place.token is None or place.restarts >= RESTARTS_AT_MOST:
            log.warning("a mailbox refuses", job_id=job.job_id, code=error.code)
            return MailPage(failure=REFUSED)
        match place:
            case Counting():
                anew = Counting(restarts=place.restarts + 1)
                await self._move(job, anew, messages=-todo.messages, version=todo.version)
            case Importing():
                await self._move(job, replace(place, token=None, seen=0, restarts=place.restarts + 1))
        return MailPage(more=True)


def ref_of(job: MailJob) -> ConnectionRef:
    """The connection of a job."""
    return ConnectionRef(tenant_id=job.tenant_id, user_id=job.user_id, connection_id=job.connection_id)


def later(away: Away) -> ApplicationError:
    """Tried again as the policy has it, or when the provider wants to be asked again."""
    rest = timedelta(seconds=away.rest_seconds) if away.rest_seconds else None
    return ApplicationError("the mailbox is away", type=away.code, next_retry_delay=rest)


def _recent(todo: Todo) -> str:
    return mail_orders.received_since(todo.created_at - suppliers.LOOKED_BACK)


async def _heads(mailbox: GmailMessages, listed: Listed) -> list[Head]:
    found: list[Head] = []

    async def look(id: str) -> None:
        if head := await mailbox.head(id):
            found.append(head)

    await each(listed.ids, HEADS_AT_ONCE, look)
    return found


def _seen(heads: Sequence[Head]) -> list[Seen]:
    """In the order of their ids, so that what is left out does not hang on who answered first."""
    return [
        Seen(domain=domain, name=head.name, subject=head.subject, received=head.received, bulk=head.bulk)
        for head in sorted(heads, key=lambda head: head.id, reverse=True)
        if (domain := registrable(head.host))
    ]
