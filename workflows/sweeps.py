"""Scheduled clean-up."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sweeps import Sweeps
    from onboarding.payloads import ArchiveSweep, ExpireSweep, RequestSweep, SweepReport

from workflows.policies import SWEEP


@workflow.defn(name="AbandonExpiredRuns")
class AbandonExpiredRuns:
    """The net under the expiry timers of runs: finds what is overdue and ends it."""

    @workflow.run
    async def run(self, sweep: ExpireSweep) -> SweepReport:
        """One walk over all tenants."""
        report = await workflow.execute_activity_method(
            Sweeps.sweep_expired, sweep, summary="abandon overdue runs", **SWEEP
        )
        return _shown(report)


@workflow.defn(name="ArchiveRuns")
class ArchiveRuns:
    """Moves runs that ended long ago to the archive, and drops what is older than kept."""

    @workflow.run
    async def run(self, sweep: ArchiveSweep) -> SweepReport:
        """One walk over all tenants."""
        report = await workflow.execute_activity_method(
            Sweeps.sweep_archive, sweep, summary="archive ended runs", **SWEEP
        )
        return _shown(report)


@workflow.defn(name="PruneRequests")
class PruneRequests:
    """Forgets what the API remembered of requests."""

    @workflow.run
    async def run(self, sweep: RequestSweep) -> SweepReport:
        """One walk over all tenants."""
        report = await workflow.execute_activity_method(
            Sweeps.sweep_requests, sweep, summary="forget old requests", **SWEEP
        )
        return _shown(report)


def _shown(report: SweepReport) -> SweepReport:
    workflow.set_current_details(f"Looked at **{report.seen}** rows, changed **{report.changed}**.")
    return report
