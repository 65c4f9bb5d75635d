"""What is done in the background: started by the API, and for some of it waited for."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.calls import RunClosed
from api.connection_jobs import ConnectionJobs
from onboarding.payloads import (
    AccountSweep,
    AlertSweep,
    CaptureOrder,
    CaptureRef,
    Erase,
    ImportOrder,
    LookedUp,
    LookUp,
    MailOrder,
    PhotoOrder,
    ScanOrder,
    ScrapeOrder,
    Suggested,
    SuggestionOrder,
    SyncOrder,
    TurnOrder,
)
from runtime import account_schedules
from runtime.account_schedules import Watch
from runtime.addresses import (
    POSTING_WORKFLOW_ID,
    RESCHEDULING_WORKFLOW_ID,
    capture_session_workflow_id,
    capture_workflow_id,
    chat_workflow_id,
    erasure_workflow_id,
    import_workflow_id,
    lookup_workflow_id,
    mail_workflow_id,
    photo_workflow_id,
    scan_workflow_id,
    scrape_workflow_id,
    suggestion_workflow_id,
    sync_workflow_id,
)
from workflows.alerts import PostAlerts
from workflows.aws_accounts import RescheduleAccounts
from workflows.captures import CaptureSession
from workflows.chat import AnswerChat
from workflows.erasure import EraseUser
from workflows.imports import ImportCsv
from workflows.lookups import EnrichCapture, LookUpBarcode
from workflows.mail import SendMail
from workflows.photos import AnalysePhoto
from workflows.scans import RiskScan
from workflows.scrapes import ScrapeUrls
from workflows.suggestions import SuggestionWorkflow
from workflows.syncs import SyncItems

SUGGESTION_LIFE = timedelta(minutes=2)
"""After so long nobody waits for a suggestion, and no model need be asked any more."""

SCAN_LIFE = timedelta(hours=1)
"""After so long the sweep takes away what is left of a scan."""

PHOTO_LIFE = timedelta(hours=1)
"""After so long nobody waits for what is in a photo."""

SCRAPE_LIFE = timedelta(hours=1)
"""After so long a job that has not come to its end is begun again by whoever asks for it."""


LOOKUP_LIFE = timedelta(seconds=20)
"""After so long nobody waits for a look-up, which has a few seconds."""

SCHEDULES_AT_ONCE = 8
"""Of one tenant, that are made or changed."""

ENRICHED_AT_ONCE = 8
"""Items of a capture, whose workflows are started."""


class Jobs(ConnectionJobs):
    """Background work as the API sees it. Twice is once, unless a method says otherwise."""

    async def send_mail(self, mail_id: str) -> None:
        """Have a mail sent that is written; twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; the mail goes out when it is back.
        """
        order = MailOrder(mail_id=mail_id)
        await self._bounded(lambda: self._start(SendMail.run, order, mail_workflow_id(mail_id)))

    async def post_alerts(self) -> None:
        """Have alerts sent that were just written, before the schedule finds them.

        Raises:
            WorkflowsUnavailable: Temporal is away; they go out when it is back.
        """
        await self._bounded(lambda: self._start(PostAlerts.run, AlertSweep(), POSTING_WORKFLOW_ID))

    async def answer(self, order: TurnOrder) -> None:
        """Have a turn of the general agent answered; twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away.
        """
        await self._begin(AnswerChat.run, order, chat_workflow_id(order.turn_id), "Answer a chat turn")

    async def erase(self, message: Erase) -> None:
        """Start the erasure of a person, or find it under way. Not for one whose receipt is completed.

        Raises:
            WorkflowsUnavailable: Temporal is away.
        """
        id = erasure_workflow_id(message.tenant_id, message.user_id)
        # After any end: a database that was restored brings the person back, and the request with them.
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE
        await self._begin(EraseUser.run, message, id, "Erase a person", id_reuse_policy=reuse)

    async def suggest(self, order: SuggestionOrder, seconds: float) -> Suggested:
        """Have a suggestion answered that is written down, and wait until it is settled.

        Args:
            order: which one.
            seconds: to wait at most.

        Raises:
            WorkflowsUnavailable: it was not settled in time. Whoever asks settles it then.
        """

        async def call() -> Suggested:
            handle = await self._start_for(
                SuggestionWorkflow.run,
                order,
                suggestion_workflow_id(order.suggestion_id),
                "Suggest to a company",
                id_conflict_policy=WorkflowIDConflictPolicy.UNSPECIFIED,
                execution_timeout=SUGGESTION_LIFE,
            )
            return await handle.result()

        return await self._answered(call, seconds)

    async def watch(self, *watches: Watch) -> None:
        """Have AWS accounts looked at like that, or for now not.

        Raises:
            WorkflowsUnavailable: Temporal is away; the worker makes it good when it is back.
        """

        at_once = asyncio.Semaphore(SCHEDULES_AT_ONCE)

        async def keep(watch: Watch) -> None:
            async with at_once:
                await account_schedules.keep(self._client, self._task_queue, watch)

        await self._bounded(lambda: asyncio.gather(*map(keep, watches)))

    async def watch_all(self) -> None:
        """Have the worker make all schedules of AWS accounts what they should be, before it is time for that.

        Raises:
            WorkflowsUnavailable: Temporal is away; see `watch`.
        """
        await self._bounded(lambda: self._start(RescheduleAccounts.run, AccountSweep(), RESCHEDULING_WORKFLOW_ID))

    async def unwatch(self, schedule_id: str) -> None:
        """Have an AWS account looked at no more.

        Raises:
            WorkflowsUnavailable: Temporal is away; see `watch`.
        """
        await self._bounded(lambda: account_schedules.drop(self._client, schedule_id))

    async def scan(self, order: ScanOrder) -> None:
        """Have an upload scanned; while it is, twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        id = scan_workflow_id(order.scan_id)
        await self._begin(RiskScan.run, order, id, "Scan an upload for risks", execution_timeout=SCAN_LIFE)

    async def scanned(self, scan_id: str, seconds: float) -> None:
        """Wait until a scan has come to its end, one way or another.

        Raises:
            WorkflowsUnavailable: it has not in time; it goes on all the same.
        """
        await self._ended(scan_workflow_id(scan_id), seconds)

    async def analyse(self, order: PhotoOrder) -> None:
        """Have a photo analysed; while it is, twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        id = photo_workflow_id(order.image_id, order.item_id)
        await self._begin(AnalysePhoto.run, order, id, "Say what is in a photo", execution_timeout=PHOTO_LIFE)

    async def analysed(self, order: PhotoOrder, seconds: float) -> None:
        """Wait until a photo was analysed, one way or another.

        Raises:
            WorkflowsUnavailable: it was not in time; it goes on all the same.
        """
        await self._ended(photo_workflow_id(order.image_id, order.item_id), seconds)

    async def see_to_capture(self, order: CaptureOrder) -> None:
        """Have the end of a capture session seen to; one that is waited for is looked at now.

        Raises:
            WorkflowsUnavailable: Temporal is away; the schedule finds the session once it has ended.
        """
        id = capture_session_workflow_id(order.tenant_id, order.session_id)
        await self._begin(CaptureSession.run, order, id, "See a capture session to its end", start_signal="look")

    async def enrich_capture(self, *refs: CaptureRef) -> None:
        """Have it found out what new items are; twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; the items stay as they were scanned.
        """
        at_once = asyncio.Semaphore(ENRICHED_AT_ONCE)

        async def start(ref: CaptureRef) -> None:
            async with at_once:
                id = capture_workflow_id(ref.tenant_id, ref.item_id)
                await self._start_for(EnrichCapture.run, ref, id, "Find out what was scanned")

        await self._bounded(lambda: asyncio.gather(*map(start, refs)))

    async def sync(self, order: SyncOrder) -> None:
        """Have approved items sent; while they are, twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        id = sync_workflow_id(order.tenant_id, order.sync_id)
        await self._begin(SyncItems.run, order, id, "Send approved items")

    async def cancel_sync(self, tenant_id: str, sync_id: str) -> None:
        """Have no more items sent; one that has ended needs no telling.

        Raises:
            WorkflowsUnavailable: Temporal is away.
        """
        handle = self._client.get_workflow_handle(sync_workflow_id(tenant_id, sync_id))
        try:
            await self._bounded(handle.cancel)
        except RunClosed:
            return

    async def scrape(self, order: ScrapeOrder) -> None:
        """Have the pages of a job fetched; twice is once, unless it failed.

        Raises:
            RunClosed: it has come to its end.
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        await self._begin(
            ScrapeUrls.run,
            order,
            scrape_workflow_id(order.tenant_id, order.job_id),
            "Scrape product pages",
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            execution_timeout=SCRAPE_LIFE,
        )

    async def scraped(self, tenant_id: str, job_id: str, seconds: float) -> None:
        """Wait until a job has come to its end, one way or another.

        Raises:
            WorkflowsUnavailable: it has not in time; it goes on all the same.
        """
        await self._ended(scrape_workflow_id(tenant_id, job_id), seconds)

    async def cancel_scrape(self, tenant_id: str, job_id: str) -> None:
        """Have no more pages of a job fetched.

        Raises:
            RunClosed: it has come to its end, or never began.
            WorkflowsUnavailable: Temporal is away.
        """
        handle = self._client.get_workflow_handle(scrape_workflow_id(tenant_id, job_id))
        await self._bounded(handle.cancel)

    async def look_up(self, gtin: str, seconds: float) -> LookedUp:
        """Have a code looked up, together with everybody who asks for it at the same time.

        Args:
            gtin: of fourteen digits.
            seconds: to wait at most.

        Raises:
            WorkflowsUnavailable: it did not end in time; it goes on all the same.
        """

        async def call() -> LookedUp:
            handle = await self._start(
                LookUpBarcode.run,
                LookUp(gtin=gtin),
                lookup_workflow_id(gtin),
                execution_timeout=LOOKUP_LIFE,
                static_summary="Look up a code of goods",
            )
            return await handle.result()

        return await self._answered(call, seconds)

    async def await_import(self, order: ImportOrder) -> None:
        """Have an import looked after from its upload on; twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; it may begin all the same.
        """
        await self._import(order)

    async def decide_import(self, order: ImportOrder) -> None:
        """Say that the row of an import tells what is to be done; one whose workflow is gone has another then.

        Raises:
            WorkflowsUnavailable: Temporal is away; the same again is harmless.
        """
        await self._import(order, start_signal="decided")

    async def _import(self, order: ImportOrder, **signal: Any) -> None:
        await self._begin(ImportCsv.run, order, import_workflow_id(order.import_id), "Import a CSV file", **signal)
