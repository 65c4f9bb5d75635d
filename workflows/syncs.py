"""The workflow of a sync."""

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.syncs import ItemSyncer
    from onboarding.payloads import Actor, ActorKind, SyncEnd, SyncOrder, SyncPart, SyncReport

from workflows.completing import complete_step
from workflows.policies import SYNC, UNTIL_DONE


@workflow.defn(name="SyncItems")
class SyncItems:
    """Sends the items of a sync part by part, each item once, until there are no more or the sink is away.

    Which ones, and what became of each, stands in the database, where it goes on after any crash. Cancelled, it
    ends after the items that are on their way. Where something was sent, the state `review` of the person's
    inventory run is answered with it. It takes no messages; its details tell how far it is.
    """

    @workflow.run
    async def run(self, order: SyncOrder) -> SyncReport:
        """Send everything, then say how it ended."""
        try:
            failure = await self._send(order)
            end = SyncEnd(order=order, status="failed" if failure else "completed", code=failure)
        # Cancelled, `run` goes on with its end all the same.
        except BaseException as error:
            if not is_cancelled_exception(error):
                raise
            end = SyncEnd(order=order, status="cancelled")
        report = await workflow.execute_activity_method(
            ItemSyncer.end_sync, end, summary="write down how it ended", **UNTIL_DONE
        )
        if report.status == "completed" and report.sent:
            data = {"items": report.sent, "sync_id": order.sync_id}
            actor = Actor(kind=ActorKind.CAPTURE)
            await complete_step(order.tenant_id, order.user_id, "review", data, actor)
        return report

    async def _send(self, order: SyncOrder) -> str | None:
        """Why it failed, if it did."""
        part, settled = SyncPart(more=True), 0
        while part.more and part.failure is None:
            part = await workflow.execute_activity_method(
                ItemSyncer.send_items if order.target == "sink" else ItemSyncer.write_items,
                order,
                summary="send some items",
                **SYNC,
            )
            settled += part.settled
            workflow.set_current_details(f"{settled} items settled.")
        return part.failure
