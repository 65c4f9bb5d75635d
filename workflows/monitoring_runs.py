"""Watching runs on a schedule."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.monitoring_runs import RunsMonitor
    from onboarding.payloads import RunWatch, SweepReport

from workflows.policies import SWEEP


@workflow.defn(name="MonitorRuns")
class MonitorRuns:
    """Tells staff of runs in which nothing happens any more, and of many refused saves. It takes no messages."""

    @workflow.run
    async def run(self, watch: RunWatch) -> SweepReport:
        """One walk over all tenants."""
        report = await workflow.execute_activity_method(
            RunsMonitor.watch_runs, watch, summary="tell staff what is stuck", **SWEEP
        )
        workflow.set_current_details(f"Looked at **{report.seen}** tenants, told **{report.changed}** things.")
        return report
