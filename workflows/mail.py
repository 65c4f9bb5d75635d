"""Mails."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.mail import Mails
    from onboarding.payloads import MailOrder, MailSweep, SweepReport

from workflows.policies import SWEEP, WITHIN_A_DAY


@workflow.defn(name="SendMail")
class SendMail:
    """Sends one mail, trying for a day. Its history knows the mail's id and nothing else."""

    @workflow.run
    async def run(self, order: MailOrder) -> bool:
        """Whether it went out."""
        return await workflow.execute_activity_method(
            Mails.send_mail, order, summary="send the mail", **WITHIN_A_DAY
        )


@workflow.defn(name="PostLeftMails")
class PostLeftMails:
    """The net under mails that were written while Temporal was away."""

    @workflow.run
    async def run(self, sweep: MailSweep) -> SweepReport:
        """One look at what is left."""
        return await workflow.execute_activity_method(
            Mails.post_left_mails, sweep, summary="post what was left", **SWEEP
        )
