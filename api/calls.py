"""How Temporal is called: each call has its time, and whoever made it hears of refusals and outages alike."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from onboarding.errors import GangwayError, Refused
from onboarding.payloads import Refusal
from runtime.settings import Settings
from workflows.search_attributes import attributes_of_person

OrderT = TypeVar("OrderT")
AnswerT = TypeVar("AnswerT")


class OfPerson(Protocol):
    """An order that is carried out for a person, and is found in the Temporal UI as theirs."""

    @property
    def tenant_id(self) -> str:
        """The tenant that they belong to."""
        ...

    @property
    def user_id(self) -> str:
        """The person."""
        ...


TheirsT = TypeVar("TheirsT", bound=OfPerson)


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

CONTINUING_SECONDS = 0.02
"""Between asking a run that is being continued as new and asking again."""


class Calls:
    """The client, and the ways in which it is called. Every call ends within a time-out."""

    def __init__(self, client: Client, settings: Settings) -> None:
        """Calls wait as long as an update may take, unless they say how long."""
        self._client = client
        self._task_queue = settings.task_queue
        self._timeout = settings.update_timeout_seconds

    async def _begin(
        self,
        workflow: Callable[[Any, TheirsT], Awaitable[Any]],
        order: TheirsT,
        id: str,
        summary: str,
        **more: Any,
    ) -> None:
        """Start what is done for a person, or find it under way; `more` is for `start_workflow`."""
        await self._bounded(lambda: self._start_for(workflow, order, id, summary, **more))

    async def _start_for(
        self,
        workflow: Callable[[Any, TheirsT], Awaitable[AnswerT]],
        order: TheirsT,
        id: str,
        summary: str,
        **more: Any,
    ) -> WorkflowHandle[Any, AnswerT]:
        attributes = attributes_of_person(order.tenant_id, order.user_id)
        return await self._start(workflow, order, id, static_summary=summary, search_attributes=attributes, **more)

    async def _start(
        self, workflow: Callable[[Any, OrderT], Awaitable[AnswerT]], order: OrderT, id: str, **more: Any
    ) -> WorkflowHandle[Any, AnswerT]:
        more = {"id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING, **more}
        return await self._client.start_workflow(workflow, order, id=id, task_queue=self._task_queue, **more)

    async def _updated(
        self,
        update: Any,
        args: list[Any],
        starting: Callable[[], WithStartWorkflowOperation[Any, Any]],
        **more: Any,
    ) -> Any:
        """Send an update to a workflow that is started where there is none; `more` is for the client."""

        async def call() -> Any:
            operation = starting()
            try:
                return await self._client.execute_update_with_start_workflow(
                    update, args=args, start_workflow_operation=operation, **more
                )
            # What the server refused failed the operation along with the update; looked at here, or the loop
            # complains. Where nothing was sent, for want of a key to seal it with, the operation never ends.
            except BaseException:
                looked = asyncio.ensure_future(operation.workflow_handle())
                looked.add_done_callback(lambda done: done.cancelled() or done.exception())
                asyncio.get_running_loop().call_soon(looked.cancel)
                raise

        return await self._bounded(call)

    async def _ended(self, id: str, seconds: float) -> None:
        """Wait until a workflow has come to its end.

        Raises:
            WorkflowsUnavailable: it has not in time, or it failed.
        """
        await self._answered(self._client.get_workflow_handle(id).result, seconds)

    async def _answered(self, call: Callable[[], Awaitable[AnswerT]], seconds: float) -> AnswerT:
        try:
            return await self._bounded(call, seconds)
        except WorkflowFailureError as error:
            raise WorkflowsUnavailable from error

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
