"""What the recorded histories of looks through mailboxes show."""

import asyncio
from contextlib import suppress

from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from onboarding.payloads import MailJob, MailJobEnd, MailJobReport, MailPage
from runtime.addresses import mail_job_workflow_id
from tests.workflows.given import World
from workflows.mail_jobs import DiscoverSuppliers, ImportOrderMails

JOBS = {
    "discovery": "00000000-0000-7000-8000-000000000021",
    "order_import": "00000000-0000-7000-8000-000000000022",
    "order_import_needs_consent": "00000000-0000-7000-8000-000000000023",
    "order_import_away": "00000000-0000-7000-8000-000000000024",
    "order_import_cancelled": "00000000-0000-7000-8000-000000000025",
}
_NAMES = {id: name for name, id in JOBS.items()}
_BEGUN = asyncio.Event()
_seen: set[str] = set()


@activity.defn(name="discover_page")
async def discover_page(job: MailJob) -> MailPage:
    """Two pages."""
    return _two_pages(job)


@activity.defn(name="import_page")
async def import_page(job: MailJob) -> MailPage:
    """Two pages, or what the name of the job says."""
    match _NAMES[job.job_id]:
        case "order_import_needs_consent":
            return MailPage(failure="needs_consent")
        case "order_import_away":
            raise ApplicationError("the mailbox is away", type="http_503", non_retryable=True)
        case "order_import_cancelled":
            _BEGUN.set()
            await asyncio.Event().wait()
        case _:
            pass
    return _two_pages(job)


@activity.defn(name="end_mail_job")
async def end_mail_job(message: MailJobEnd) -> MailJobReport:
    """It ended as it was told to."""
    return MailJobReport(status=message.status, orders=3)


ACTIVITIES = [discover_page, import_page, end_mail_job]


def _two_pages(job: MailJob) -> MailPage:
    first = job.job_id not in _seen
    _seen.add(job.job_id)
    return MailPage(more=first, messages=100 if first else 130)


async def looked_through(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A discovery; imports that come to their end, need consent, find nobody, and are cancelled."""
    started: dict[str, WorkflowHandle[object, object]] = {}
    for name, job_id in JOBS.items():
        job = MailJob(
            job_id=job_id,
            tenant_id="00000000-0000-7000-8000-00000000000a",
            user_id="00000000-0000-7000-8000-00000000000c",
            connection_id="00000000-0000-7000-8000-000000000026",
        )
        workflow = DiscoverSuppliers.run if name == "discovery" else ImportOrderMails.run
        id = mail_job_workflow_id(job.tenant_id, job_id)
        handle = await world.environment.client.start_workflow(workflow, job, id=id, task_queue=world.task_queue)
        if name == "order_import_cancelled":
            await _BEGUN.wait()
            await handle.cancel()
        with suppress(WorkflowFailureError):
            await handle.result()
        started[name] = handle  # type: ignore[assignment]
    return started
