"""The life of a capture session after it was opened, and the net under it."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.captures import Captures
    from onboarding.payloads import Actor, ActorKind, CaptureOrder, CaptureState, CaptureSweep, SweepReport

from workflows.clock import until
from workflows.completing import complete_step
from workflows.policies import SWEEP, UNTIL_DONE

CAPTURE = Actor(kind=ActorKind.CAPTURE)


@workflow.defn(name="CaptureSession")
class CaptureSession:
    """Waits for the end of a capture session, and sees to it.

    The database knows until when a session lasts, which moves with its use; so this waits until then, asks again,
    and waits on. Once the session was closed or has expired, the states `barcodes` and `photos` of its owner's
    inventory run are answered, where there are such items, and pictures that nothing shows are deleted. The signal
    `look` has it ask at once. Its history holds ids and counts.
    """

    def __init__(self) -> None:
        """Nobody has said anything."""
        self._told = False

    @workflow.signal(description="The session may have ended: ask now.")
    def look(self) -> None:
        """Wake up."""
        self._told = True

    @workflow.run
    async def run(self, order: CaptureOrder) -> None:
        """Wait, then see to the end."""
        while (state := await self._asked(order)) and state.active:
            left = max(state.expires_at - workflow.now(), timedelta(seconds=1))
            await until(lambda: self._told, left, "the session's expiry")
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(order)
        if state is None:
            return  # Its owner was erased.
        for step, items in (("barcodes", state.barcodes), ("photos", state.photos)):
            if items:
                await complete_step(order.tenant_id, order.user_id, step, {"items": items}, CAPTURE)
        await workflow.execute_activity_method(
            Captures.settle_capture, order, summary="delete what nothing shows", **UNTIL_DONE
        )

    async def _asked(self, order: CaptureOrder) -> CaptureState | None:
        self._told = False
        return await workflow.execute_activity_method(
            Captures.expire_capture, order, summary="until when it lasts", **UNTIL_DONE
        )


@workflow.defn(name="SweepCaptures")
class SweepCaptures:
    """The net under sessions whose workflow never began, or was ended from outside."""

    @workflow.run
    async def run(self, sweep: CaptureSweep) -> SweepReport:
        """One walk over all tenants."""
        return await workflow.execute_activity_method(
            Captures.sweep_captures, sweep, summary="see to what was left", **SWEEP
        )
