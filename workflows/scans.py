"""The workflow of a risk scan, and the one that takes leftovers away."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.scans import Scanner
    from onboarding.payloads import ScanOrder, ScanSweep, SweepReport

from workflows.policies import SWEEP, UNTIL_DONE, asking


@workflow.defn(name="RiskScan")
class RiskScan:
    """Has one upload scanned by the AI service. It takes no messages.

    The service is asked once, within its time; what it answers, or why it did not, is written where whoever waits
    reads it. Then, whatever happened, the upload is deleted. Its history holds ids.
    """

    @workflow.run
    async def run(self, order: ScanOrder) -> None:
        """Ask, then clean up."""
        try:
            await workflow.execute_activity_method(
                Scanner.scan, order, summary="ask the AI service", **asking(order.timeout_seconds)
            )
        except ActivityError as error:
            # Its worker died, or something was away for too long; what became of the scan is seen to below.
            workflow.logger.warning("a scan did not end by itself: %s", type(error.cause).__name__)
        await workflow.execute_activity_method(
            Scanner.close_scan, order, summary="delete the upload", **UNTIL_DONE
        )


@workflow.defn(name="SweepScans")
class SweepScans:
    """The net under scans whose workflow never began, or was ended from outside."""

    @workflow.run
    async def run(self, sweep: ScanSweep) -> SweepReport:
        """One walk over all tenants."""
        return await workflow.execute_activity_method(
            Scanner.sweep_scans, sweep, summary="delete what was left", **SWEEP
        )
