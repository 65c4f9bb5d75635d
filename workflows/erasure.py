"""The workflow that erases a person."""

from datetime import timedelta

from msgspec.structs import replace
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.connections import Connections
    from activities.erasure import Eraser
    from onboarding.payloads import EndRuns, Erase, EraseRows, ErasureCounts, ErasureSweep, SweepReport

from workflows.policies import ERASE, SWEEP, UNTIL_DONE

LINGER = timedelta(minutes=11)
"""Longer than a request that was let in before the person was gone can last, or a form signed for them."""

LEAVES_CONNECTIONS = "leaves-connections"
"""Erasures that began before there were connections do not."""


@workflow.defn(name="EraseUser")
class EraseUser:
    """Erases one person, and answers with what there was of them. It takes no messages.

    First their open runs are ended, then what they consented to at providers is revoked where these answer, then
    their files are counted and deleted, then all of their rows go in one transaction, which completes the
    receipt. Their data key goes with the rows, and makes what Temporal still holds of their runs unreadable.
    Eleven minutes later it looks again: a request that was under way may have begun a run, or a form that was
    signed before, and lasts ten, may have brought a file. Every step can be done twice, so it waits for whatever
    is away. It fails when the person has become the last admin meanwhile; `ResumeErasures` starts it anew. Its
    history holds ids and counts.
    """

    @workflow.run
    async def run(self, person: Erase) -> ErasureCounts:
        """Runs, files, rows; then once more what came too late."""
        runs = EndRuns(tenant_id=person.tenant_id, user_id=person.user_id)
        workflow.set_current_details("Ending the open runs.")
        await workflow.execute_activity_method(Eraser.end_runs, runs, summary="end open runs", **ERASE)

        if workflow.patched(LEAVES_CONNECTIONS):
            workflow.set_current_details("Disconnecting.")
            await workflow.execute_activity_method(
                Connections.leave_connections, person, summary="revoke consents", **ERASE
            )

        workflow.set_current_details("Deleting the files.")
        objects = await workflow.execute_activity_method(
            Eraser.count_objects, person, summary="count files", **ERASE
        )
        await workflow.execute_activity_method(Eraser.delete_objects, person, summary="delete files", **ERASE)

        workflow.set_current_details("Deleting the rows.")
        rows = EraseRows(erasure=person, objects=objects)
        counts = await workflow.execute_activity_method(
            Eraser.erase_rows, rows, summary="delete rows, complete the receipt", **UNTIL_DONE
        )

        told = f"Erased: **{sum(counts.database.values())}** rows, **{counts.objects}** files."
        workflow.set_current_details(f"{told} Waiting for requests that were under way.")
        await workflow.sleep(LINGER, summary="requests that were under way")
        late = replace(runs, patience_seconds=0)  # they cannot be told: nothing of theirs can be read any more
        await workflow.execute_activity_method(Eraser.end_runs, late, summary="end late runs", **ERASE)
        await workflow.execute_activity_method(Eraser.delete_objects, person, summary="delete late files", **ERASE)
        workflow.set_current_details(told)
        return counts


@workflow.defn(name="ResumeErasures")
class ResumeErasures:
    """The net under erasures that were written down while Temporal was away, or whose workflow failed."""

    @workflow.run
    async def run(self, sweep: ErasureSweep) -> SweepReport:
        """One walk over all tenants."""
        return await workflow.execute_activity_method(
            Eraser.resume_erasures, sweep, summary="start what was left", **SWEEP
        )
