"""Alerts, and the report of each day."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.alerts import Alerts
    from onboarding.payloads import AlertOrder, AlertSweep, ReportOrder, ReportSweep, SweepReport

from workflows.policies import SWEEP, UNTIL_GIVEN_UP


@workflow.defn(name="SendAlert")
class SendAlert:
    """Sends one alert, trying for a day. Its history knows ids and nothing else."""

    @workflow.run
    async def run(self, order: AlertOrder) -> bool:
        """Whether it went out."""
        return await workflow.execute_activity_method(
            Alerts.send_alert, order, summary="send the alert", **UNTIL_GIVEN_UP
        )


@workflow.defn(name="PostAlerts")
class PostAlerts:
    """Finds alerts that wait and has them sent, each by a workflow of its own."""

    @workflow.run
    async def run(self, sweep: AlertSweep) -> SweepReport:
        """One look at what waits."""
        return await workflow.execute_activity_method(
            Alerts.post_alerts, sweep, summary="post what waits", **SWEEP
        )


@workflow.defn(name="DailyReport")
class DailyReport:
    """Writes what staff are told of the day before; `PostAlerts` has it sent."""

    @workflow.run
    async def run(self, sweep: ReportSweep) -> SweepReport:
        """One walk over all tenants."""
        order = ReportOrder(day=(workflow.now() - timedelta(days=sweep.days_ago)).date())
        return await workflow.execute_activity_method(
            Alerts.write_reports, order, summary=f"report of {order.day}", **SWEEP
        )
