"""The yardstick: a workflow that keeps what an update brings and answers as much as a run would.

`python -m tests.bench.bare ADDRESS NAMESPACE` is its worker. The SDK's own JSON converter, no codec, no
interceptor, no database, the default options.
"""

import asyncio
import secrets
import signal
import sys
import uuid
from typing import Any

from temporalio import workflow
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

TASK_QUEUE = "bare"


@workflow.defn(name="Bare")
class Bare:
    """Lives until it is told to end."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._answer: dict[str, Any] = {}
        self._over = False

    @workflow.run
    async def run(self, answer: dict[str, Any]) -> None:
        """Wait."""
        self._answer = answer
        await workflow.wait_condition(lambda: self._over and workflow.all_handlers_finished())

    @workflow.update(name="save")
    async def save(self, message: dict[str, Any]) -> dict[str, Any]:
        """Keep the message; answer with as many bytes as a run's change has."""
        self._kept = message
        self._over = bool(message.get("over"))
        return self._answer

    @save.validator
    def _may_save(self, message: dict[str, Any]) -> None:
        if "text" not in message:
            raise ApplicationError("no text", type="validation_error", non_retryable=True)


class BareRun:
    """One client's workflow."""

    def __init__(self, client: Client, answer_bytes: int) -> None:
        self._client = client
        self._answer = {"text": _text(answer_bytes)}
        self._id = ""

    async def start(self) -> None:
        """A new workflow, by its first update."""
        self._id = f"bare/{uuid.uuid4()}"
        start = WithStartWorkflowOperation(
            Bare.run,
            self._answer,
            id=self._id,
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        await self._client.execute_update_with_start_workflow(
            Bare.save, {"text": self._answer["text"]}, start_workflow_operation=start
        )

    async def save(self, message: dict[str, Any]) -> None:
        """One update."""
        await self._client.get_workflow_handle(self._id).execute_update(Bare.save, message)


def message_of(size: int, **fields: Any) -> dict[str, Any]:
    """A message whose JSON has about `size` bytes."""
    return {"text": _text(size), **fields}


def _text(size: int) -> str:
    return secrets.token_hex(max(size - len('{"text":""}'), 2) // 2)


async def _serve(address: str, namespace: str) -> None:
    client = await Client.connect(address, namespace=namespace)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[Bare]):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
