"""AWS accounts that are monitored."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.aws_accounts import AccountMonitor
    from onboarding.payloads import AccountSweep, MonitorOrder, MonitorReport, SweepReport

from workflows.policies import LOOK, SWEEP


@workflow.defn(name="MonitorAccount")
class MonitorAccount:
    """One look at an AWS account: what is in ALARM there becomes events. It takes no messages.

    A schedule of the account starts it, never twice at once. A look is tried three times; what AWS refuses is not
    tried again. Either way the account's row says how it went, and an account that begins to fail is an event.
    """

    @workflow.run
    async def run(self, order: MonitorOrder) -> MonitorReport:
        """One look."""
        report = await workflow.execute_activity_method(
            AccountMonitor.look_at_alarms, order, summary="look at the alarms", **LOOK
        )
        workflow.set_current_details(f"{report.outcome}: **{report.seen}** alarms, **{report.told}** of them new.")
        return report


@workflow.defn(name="RescheduleAccounts")
class RescheduleAccounts:
    """The net under the schedules of AWS accounts: what changed while Temporal was away is made good."""

    @workflow.run
    async def run(self, sweep: AccountSweep) -> SweepReport:
        """One walk over all tenants."""
        return await workflow.execute_activity_method(
            AccountMonitor.reschedule_accounts, sweep, summary="make schedules what they should be", **SWEEP
        )
