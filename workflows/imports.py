"""The workflow of a CSV import."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.imports import Importer
    from onboarding.payloads import Actor, ActorKind, ImportOrder, ImportReport

from workflows.completing import complete_step
from workflows.policies import IMPORT, UNTIL_DONE

STEP = "csv"


@workflow.defn(name="ImportCsv")
class ImportCsv:
    """Imports a file, from its upload until it is deleted.

    It waits a day for somebody to say what the columns are, or that nothing shall come of it: either is written in
    the row of the import, and `decided` tells it to look there. Then the rows are imported; a worker that dies is
    followed by one that goes on where it was. Whatever happened, the file is deleted, and where something was
    imported, the step `csv` of the person's inventory run is answered. Its history holds ids and counts.
    """

    def __init__(self) -> None:
        """Nothing is decided."""
        self._decided = False

    @workflow.signal(description="The row of the import says what is to be done.")
    def decided(self) -> None:
        """Look at the row."""
        self._decided = True

    @workflow.run
    async def run(self, order: ImportOrder) -> ImportReport:
        """Wait, import, clean up."""
        if await self._is_decided(order.wait_seconds):
            try:
                await workflow.execute_activity_method(
                    Importer.import_csv, order, summary="import the rows", **IMPORT
                )
            except ActivityError as error:
                # What was imported until then stays; the rest is told below.
                workflow.logger.warning("an import did not end by itself: %s", type(error.cause).__name__)
        report = await workflow.execute_activity_method(
            Importer.close_import, order, summary="delete the file", **UNTIL_DONE
        )
        workflow.set_current_details(f"**{report.status}**: {report.imported} imported, {report.failed} not.")
        if report.imported:
            data = {"items": report.listed or report.imported}
            await complete_step(order.tenant_id, order.user_id, STEP, data, Actor(kind=ActorKind.CAPTURE))
        return report

    async def _is_decided(self, seconds: int) -> bool:
        try:
            await workflow.wait_condition(lambda: self._decided, timeout=timedelta(seconds=seconds))
        except TimeoutError:
            return False
        return True
