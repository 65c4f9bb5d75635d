"""The workflows of looks through a mailbox."""

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.mail_jobs import Mailbox
    from onboarding.connections import STEPS
    from onboarding.payloads import Actor, ActorKind, MailJob, MailJobEnd, MailJobReport, MailPage

from workflows.completing import complete_step
from workflows.policies import MAILBOX, UNTIL_DONE

AWAY = "away"


@workflow.defn(name="DiscoverSuppliers")
class DiscoverSuppliers:
    """Looks through the headers of a mailbox for suppliers, page by page, until there are no more.

    What was counted stands in the database, where it goes on after any crash. A provider that is away is asked
    again for hours. Cancelled, or once the connection needs consent or is removed, it ends. It takes no messages.
    """

    @workflow.run
    async def run(self, job: MailJob) -> MailJobReport:
        """Look at everything, then say how it ended."""
        return await _ended(await _outcome(job, Mailbox.discover_page))


@workflow.defn(name="ImportOrderMails")
class ImportOrderMails:
    """Reads the order mails of chosen suppliers, page by page, each message once.

    What was read stands in the database, where it goes on after any crash. A provider that is away is asked again
    for hours. Cancelled, or once the connection needs consent or is removed, it ends, and what was read until then
    stays. When it has read everything, the state `connect_mail` of the person's inventory run is answered with the
    number of orders. It takes no messages; its history holds ids, counts and codes.
    """

    @workflow.run
    async def run(self, job: MailJob) -> MailJobReport:
        """Read everything, then say how it ended."""
        report = await _ended(await _outcome(job, Mailbox.import_page))
        if report.status == "completed":
            data = {"connection_id": job.connection_id, "orders": report.orders}
            actor = Actor(kind=ActorKind.CONNECTION)
            await complete_step(job.tenant_id, job.user_id, STEPS["gmail"], data, actor)
        return report


async def _outcome(job: MailJob, look: Callable[[Any, MailJob], Awaitable[MailPage]]) -> MailJobEnd:
    """Look at page after page; how that ended."""
    page = MailPage(more=True)
    try:
        while page.more:
            page = await workflow.execute_activity_method(look, job, summary="look at a page", **MAILBOX)
            workflow.set_current_details(f"{page.messages} messages seen.")
    # Cancelled, the workflow goes on with its end all the same.
    except BaseException as error:
        if is_cancelled_exception(error):
            return MailJobEnd(job=job, status="cancelled")
        if not isinstance(error, ActivityError):
            raise
        return MailJobEnd(job=job, status="failed", code=AWAY)
    if page.ended:
        return MailJobEnd(job=job, status="cancelled")
    return MailJobEnd(job=job, status="failed" if page.failure else "completed", code=page.failure)


async def _ended(end: MailJobEnd) -> MailJobReport:
    return await workflow.execute_activity_method(
        Mailbox.end_mail_job, end, summary="write down how it ended", **UNTIL_DONE
    )
