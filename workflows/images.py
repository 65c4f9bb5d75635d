"""The workflow that takes away what is left of images."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.images import ImageSweeper
    from onboarding.payloads import ImageSweep, SweepReport

from workflows.policies import SWEEP


@workflow.defn(name="SweepImages")
class SweepImages:
    """Takes away uploads that were never confirmed, and what is left of pictures that were deleted."""

    @workflow.run
    async def run(self, sweep: ImageSweep) -> SweepReport:
        """One walk over all tenants."""
        return await workflow.execute_activity_method(
            ImageSweeper.sweep_images, sweep, summary="delete what was left", **SWEEP
        )
