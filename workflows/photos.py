"""The workflow that says what is in a photo."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.photos import Photos
    from onboarding.payloads import PhotoOrder

from workflows.policies import UNTIL_DONE, analysing


@workflow.defn(name="AnalysePhoto")
class AnalysePhoto:
    """Has one photo analysed. It takes no messages.

    Codes are read by the worker itself; a model is asked once, within its time. What was seen is written where
    whoever asked reads it; a photo of a capture session gets it as its details, and the review list hears of it.
    Its history holds ids.
    """

    @workflow.run
    async def run(self, order: PhotoOrder) -> None:
        """Look, then tell."""
        try:
            await workflow.execute_activity_method(
                Photos.analyse_photo, order, summary="look at the photo", **analysing(order.timeout_seconds)
            )
        except ActivityError as error:
            # Something was away for too long: what there is of it is told below.
            workflow.logger.warning("a photo was not analysed: %s", type(error.cause).__name__)
        await workflow.execute_activity_method(
            Photos.settle_photo, order, summary="tell what was seen", **UNTIL_DONE
        )
