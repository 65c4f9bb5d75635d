"""The API's way to Temporal: runs, and the commands they are sent.

With `api/calls.py`, `api/jobs.py` and `api/connection_jobs.py`, which it stands on, the only file that touches the
client.
"""

from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.calls import RefusedByRun, RunClosed, WorkflowsUnavailable
from api.jobs import Jobs
from onboarding.payloads import (
    Abandon,
    AcceptPrefilled,
    Begin,
    Change,
    Command,
    Complete,
    Fork,
    HandBack,
    Nudge,
    Opened,
    Run,
    SaveSteps,
    Say,
    SetPlace,
    SkipStep,
    SnoozeReminders,
    StartRun,
    TakeOver,
)
from runtime.addresses import RunAddress, workflow_id
from workflows.onboarding import OnboardingRun
from workflows.search_attributes import attributes_of

__all__ = ["Gateway", "RefusedByRun", "RunClosed", "WorkflowsUnavailable"]

_UPDATES: dict[type[Command], Any] = {
    SaveSteps: OnboardingRun.save_step,
    SkipStep: OnboardingRun.skip_step,
    AcceptPrefilled: OnboardingRun.accept_prefilled,
    Complete: OnboardingRun.complete,
    Abandon: OnboardingRun.abandon_now,
    Say: OnboardingRun.say,
    TakeOver: OnboardingRun.take_over,
    HandBack: OnboardingRun.hand_back,
    Nudge: OnboardingRun.nudge,
}

_SIGNALS: dict[type[Command], Any] = {
    SetPlace: OnboardingRun.set_place,
    SnoozeReminders: OnboardingRun.snooze_reminders,
}


class Gateway(Jobs):
    """Runs as the API sees them. Every call ends within the update time-out of the settings."""

    async def begin(
        self, message: Begin, *, resume: Run | None = None, restart: bool = False, after_end: bool = True
    ) -> Opened:
        """Start the person's run, or find it open; one call that cannot race.

        Args:
            message: the run to begin with when there is none.
            resume: what the projection knows of an open run; its workflow is made again if it is gone.
            restart: abandon the run that there is.
            after_end: whether the caller knows that the workflow before has ended. A workflow ends only when its
                run is finished and written, so who read an open run, or none, has read too early then.

        Raises:
            RunClosed: the workflow has ended, which the caller did not know.
            WorkflowsUnavailable: nobody answered in time.
        """
        update = OnboardingRun.restart if restart else OnboardingRun.begin
        start = StartRun(run=resume or message.run, begun=resume is not None)
        return await self._update_with_start(update, message, message.place.message_id, start, after_end)

    async def fork(self, message: Fork, *, resume: Run | None, after_end: bool) -> Opened:
        """Begin a run in the middle, with what an earlier one has up to there; one call that cannot race.

        Args:
            message: the run to begin with, and the one that it is taken from.
            resume: as for `begin`.
            after_end: as for `begin`.

        Raises:
            RefusedByRun: the source did not get so far, or another run is open.
            RunClosed: the workflow has ended, which the caller did not know.
            WorkflowsUnavailable: nobody answered in time.
        """
        start = StartRun(run=resume or message.run, begun=resume is not None)
        return await self._update_with_start(OnboardingRun.fork, message, message.message_id, start, after_end)

    async def send(self, address: RunAddress, command: Command) -> Change:
        """Send a command to an open run.

        Raises:
            RefusedByRun: the rules do not allow it.
            RunClosed: no workflow is open under this address.
            WorkflowsUnavailable: nobody answered in time.
        """
        handle = self._client.get_workflow_handle(workflow_id(address))
        return await self._bounded(
            lambda: handle.execute_update(_UPDATES[type(command)], command, id=command.message_id)
        )

    async def revive(self, run: Run, command: Command, *, after_end: bool = False) -> Change:
        """Send a command to a run whose workflow is gone: make it again from the projection.

        Raises:
            RefusedByRun: the rules do not allow it.
            RunClosed: the workflow has ended, which the caller did not know; see `begin`.
            WorkflowsUnavailable: nobody answered in time.
        """
        start = StartRun(run=run, begun=True)
        update = _UPDATES[type(command)]
        return await self._update_with_start(update, command, command.message_id, start, after_end)

    async def tell(self, address: RunAddress, command: SetPlace | SnoozeReminders) -> None:
        """Signal an open run; one that is gone needs to be told nothing.

        Raises:
            WorkflowsUnavailable: Temporal is away.
        """
        handle = self._client.get_workflow_handle(workflow_id(address))
        try:
            await self._bounded(lambda: handle.signal(_SIGNALS[type(command)], command))
        except RunClosed:
            return

    async def _update_with_start(
        self, update: Any, message: Begin | Fork | Command, id: str | None, start: StartRun, after_end: bool
    ) -> Any:
        return await self._updated(update, [message], lambda: self._starting(start, after_end), id=id)

    def _starting(self, start: StartRun, after_end: bool) -> WithStartWorkflowOperation[Any, Any]:
        run = start.run
        reuse = WorkflowIDReusePolicy
        return WithStartWorkflowOperation(
            OnboardingRun.run,
            start,
            id=workflow_id(RunAddress(run.tenant_id, run.user_id, run.flow)),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=reuse.ALLOW_DUPLICATE if after_end else reuse.ALLOW_DUPLICATE_FAILED_ONLY,
            search_attributes=attributes_of(run),
            static_summary=f"Onboarding {run.flow}@{run.flow_version}",
        )
