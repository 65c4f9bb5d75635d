"""The only file that talks to Temporal: starts runs, sends them commands, tells refusals from outages."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, ClassVar

import msgspec
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from onboarding.errors import GangwayError, Refused
from onboarding.payloads import (
    Abandon,
    AcceptPrefilled,
    Begin,
    Change,
    Command,
    Complete,
    Erase,
    HandBack,
    MailOrder,
    Opened,
    Refusal,
    Run,
    SaveSteps,
    Say,
    SetPlace,
    SkipStep,
    SnoozeReminders,
    StartRun,
    Suggested,
    SuggestionOrder,
    TakeOver,
    TurnOrder,
)
from runtime.addresses import (
    RunAddress,
    chat_workflow_id,
    erasure_workflow_id,
    mail_workflow_id,
    suggestion_workflow_id,
    workflow_id,
)
from runtime.settings import Settings
from workflows.chat import AnswerChat
from workflows.erasure import EraseUser
from workflows.mail import SendMail
from workflows.onboarding import OnboardingRun
from workflows.search_attributes import attributes_of, attributes_of_person
from workflows.suggestions import SuggestionWorkflow


class RefusedByRun(GangwayError):
    """The workflow refused; `refusal` says why, with the code and the words for the client."""

    code: ClassVar[str] = Refused.code
    detail: ClassVar[str] = Refused.detail

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class WorkflowsUnavailable(GangwayError):
    """Temporal, or every worker, is away. The command may still be followed; the same again is harmless."""

    code: ClassVar[str] = "workflow_unavailable"
    detail: ClassVar[str] = "The answer could not be taken now; send the same again shortly."


class RunClosed(GangwayError):
    """No workflow is open for this run; what is written of it has to be read again."""

    code: ClassVar[str] = WorkflowsUnavailable.code
    detail: ClassVar[str] = WorkflowsUnavailable.detail


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
    Say: OnboardingRun.say,
    TakeOver: OnboardingRun.take_over,
    HandBack: OnboardingRun.hand_back,
}

_SIGNALS: dict[type[Command], Any] = {
    SetPlace: OnboardingRun.set_place,
    SnoozeReminders: OnboardingRun.snooze_reminders,
}


SUGGESTION_LIFE = timedelta(minutes=2)
"""After so long nobody waits for a suggestion, and no model need be asked any more."""

CONTINUING_SECONDS = 0.02
"""Between asking a run that is being continued as new and asking again."""


class Gateway:
    """Runs as the API sees them. Every call ends within the update time-out of the settings."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._task_queue = settings.task_queue
        self._timeout = settings.update_timeout_seconds

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

    async def send_mail(self, mail_id: str) -> None:
        """Have a mail sent that is written; twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away; the mail goes out when it is back.
        """

        async def call() -> Any:
            return await self._client.start_workflow(
                SendMail.run,
                MailOrder(mail_id=mail_id),
                id=mail_workflow_id(mail_id),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

        await self._bounded(call)

    async def answer(self, order: TurnOrder) -> None:
        """Have a turn of the general agent answered; twice is once.

        Raises:
            WorkflowsUnavailable: Temporal is away.
        """
        await self._bounded(
            lambda: self._client.start_workflow(
                AnswerChat.run,
                order,
                id=chat_workflow_id(order.turn_id),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=attributes_of_person(order.tenant_id, order.user_id),
                static_summary="Answer a chat turn",
            )
        )

    async def erase(self, message: Erase) -> None:
        """Start the erasure of a person, or find it under way. Not for one whose receipt is completed.

        Raises:
            WorkflowsUnavailable: Temporal is away.
        """
        await self._bounded(
            lambda: self._client.start_workflow(
                EraseUser.run,
                message,
                id=erasure_workflow_id(message.tenant_id, message.user_id),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                # After any end: a database that was restored brings the person back, and the request with them.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=attributes_of_person(message.tenant_id, message.user_id),
                static_summary="Erase a person",
            )
        )

    async def suggest(self, order: SuggestionOrder, seconds: float) -> Suggested:
        """Have a suggestion answered that is written down, and wait until it is settled.

        Args:
            order: which one.
            seconds: to wait at most.

        Raises:
            WorkflowsUnavailable: it was not settled in time. Whoever asks settles it then.
        """

        async def call() -> Suggested:
            return await self._client.execute_workflow(
                SuggestionWorkflow.run,
                order,
                id=suggestion_workflow_id(order.suggestion_id),
                task_queue=self._task_queue,
                execution_timeout=SUGGESTION_LIFE,
                search_attributes=attributes_of_person(order.tenant_id, order.user_id),
                static_summary="Suggest to a company",
            )

        try:
            return await self._bounded(call, seconds)
        except WorkflowFailureError as error:
            raise WorkflowsUnavailable from error

    async def _update_with_start(
        self, update: Any, message: Begin | Command, id: str | None, start: StartRun, after_end: bool
    ) -> Any:
        async def call() -> Any:
            operation = self._start(start, after_end)
            try:
                return await self._client.execute_update_with_start_workflow(
                    update, message, id=id, start_workflow_operation=operation
                )
            # What the server refused failed the operation along with the update; looked at here, or the loop
            # complains. Where nothing was sent, for want of a key to seal it with, the operation never ends.
            except BaseException:
                looked = asyncio.ensure_future(operation.workflow_handle())
                looked.add_done_callback(lambda done: done.cancelled() or done.exception())
                asyncio.get_running_loop().call_soon(looked.cancel)
                raise

        return await self._bounded(call)

    def _start(self, start: StartRun, after_end: bool) -> WithStartWorkflowOperation[Any, Any]:
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

    async def _bounded(self, call: Callable[[], Awaitable[Any]], seconds: float | None = None) -> Any:
        try:
            async with asyncio.timeout(self._timeout if seconds is None else seconds):
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
        except WorkflowAlreadyStartedError as error:
            raise RunClosed from error
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
