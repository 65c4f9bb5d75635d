"""The only file that talks to Temporal: starts runs, sends them commands, tells refusals from outages."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from onboarding.errors import GangwayError
from onboarding.payloads import (
    Abandon,
    AcceptPrefilled,
    Begin,
    Change,
    Command,
    Complete,
    Opened,
    Refusal,
    Run,
    SaveSteps,
    SetPlace,
    SkipStep,
    SnoozeReminders,
    StartRun,
)
from runtime.addresses import RunAddress, workflow_id
from runtime.settings import Settings
from workflows.onboarding import OnboardingRun
from workflows.search_attributes import attributes_of


class RefusedByRun(GangwayError):
    """The workflow refused; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class RunClosed(GangwayError):
    """No workflow is open for this run."""


class WorkflowsUnavailable(GangwayError):
    """Temporal, or every worker, is away. The command may still be followed; the same again is harmless."""


_AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.UNKNOWN,
}

_UPDATES: dict[type[Command], Any] = {
    SaveSteps: OnboardingRun.save_step,
    SkipStep: OnboardingRun.skip_step,
    AcceptPrefilled: OnboardingRun.accept_prefilled,
    Complete: OnboardingRun.complete,
    Abandon: OnboardingRun.abandon_now,
}

_SIGNALS: dict[type[Command], Any] = {
    SetPlace: OnboardingRun.set_place,
    SnoozeReminders: OnboardingRun.snooze_reminders,
}


CONTINUING_SECONDS = 0.02
"""Between asking a run that is being continued as new and asking again."""


class Gateway:
    """Runs as the API sees them. Every call ends within the update time-out of the settings."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._task_queue = settings.task_queue
        self._timeout = settings.update_timeout_seconds

    async def begin(self, message: Begin, *, resume: Run | None = None, restart: bool = False) -> Opened:
        """Start the person's run, or find it open; one call that cannot race.

        Args:
            message: the run to begin with when there is none.
            resume: what the projection knows of an open run; its workflow is made again if it is gone.
            restart: abandon the run that there is.

        Raises:
            RefusedByRun: the run is finishing.
            WorkflowsUnavailable: nobody answered in time.
        """
        update = OnboardingRun.restart if restart else OnboardingRun.begin
        start = StartRun(run=resume or message.run, begun=resume is not None)
        return await self._bounded(
            lambda: self._client.execute_update_with_start_workflow(
                update, message, id=message.place.message_id, start_workflow_operation=self._start(start)
            )
        )

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

    async def revive(self, run: Run, command: Command) -> Change:
        """Send a command to a run whose workflow is gone: make it again from the projection.

        Raises:
            RefusedByRun: the rules do not allow it.
            WorkflowsUnavailable: nobody answered in time.
        """
        return await self._bounded(
            lambda: self._client.execute_update_with_start_workflow(
                _UPDATES[type(command)],
                command,
                id=command.message_id,
                start_workflow_operation=self._start(StartRun(run=run, begun=True)),
            )
        )

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

    def _start(self, start: StartRun) -> WithStartWorkflowOperation[Any, Any]:
        run = start.run
        return WithStartWorkflowOperation(
            OnboardingRun.run,
            start,
            id=workflow_id(RunAddress(run.tenant_id, run.user_id, run.flow)),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes_of(run),
            static_summary=f"Onboarding {run.flow}@{run.flow_version}",
        )

    async def _bounded(self, call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    try:
                        return await call()
                    except RPCError as error:
                        # The run was just being continued as new; nothing was followed, so ask the next one.
                        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                            raise
                        await asyncio.sleep(CONTINUING_SECONDS)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise WorkflowsUnavailable from error
        except WorkflowUpdateFailedError as failed:
            raise _refused(failed) from failed
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise RunClosed from error
            if error.status in _AWAY:
                raise WorkflowsUnavailable from error
            raise
        except RuntimeError as error:
            # The client connects with its first call, and has no type of its own for not getting through.
            if str(error).startswith("Failed client connect"):
                raise WorkflowsUnavailable from error
            raise


def _refused(failed: WorkflowUpdateFailedError) -> Exception:
    cause = failed.cause
    if isinstance(cause, ApplicationError) and cause.details:
        return RefusedByRun(msgspec.convert(cause.details[0], Refusal))
    # The workflow closed after it accepted the update, before it answered.
    return RunClosed()
