"""What others see of a workflow: its metadata, and its raw history."""

from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle, WorkflowHistory


async def metadata(handle: WorkflowHandle[Any, Any]) -> WorkflowMetadata:
    """What the Temporal UI asks a workflow for: its messages and current details."""
    return await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)


async def executions(handle: WorkflowHandle[Any, Any], client: Client | None = None) -> list[WorkflowHistory]:
    """The histories of a workflow that continued as new, oldest first."""
    found: list[WorkflowHistory] = []
    run_id: str | None = (await handle.describe()).run_id
    while run_id:
        owner = client or handle._client
        history = await owner.get_workflow_handle(handle.id, run_id=run_id).fetch_history()
        found.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found
