"""Carries the request's context in Temporal headers: API to workflow to activity."""

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
from temporalio import client, worker, workflow
from temporalio.api.common.v1 import Payload

from runtime.context import RequestContext, current_request

HEADER = "gangway-request"


def _stamped(headers: Mapping[str, Payload]) -> Mapping[str, Payload]:
    context = current_request.get()
    if context is None:
        return headers
    payload = Payload(metadata={"encoding": b"json/plain"}, data=msgspec.json.encode(context))
    return {**headers, HEADER: payload}


def _read(headers: Mapping[str, Payload]) -> None:
    payload = headers.get(HEADER)
    if payload is not None:
        current_request.set(msgspec.json.decode(payload.data, type=RequestContext))


class ContextPropagation(client.Interceptor, worker.Interceptor):
    """Client side: stamp the headers. Worker side: read them back into the context variable."""

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:
        """Stamp what a client sends."""
        return _ClientOutbound(next)

    def intercept_activity(self, next: worker.ActivityInboundInterceptor) -> worker.ActivityInboundInterceptor:
        """Read what an activity receives."""
        return _ActivityInbound(next)

    def workflow_interceptor_class(
        self,
        input: worker.WorkflowInterceptorClassInput,  # noqa: ARG002 - the base class's signature
    ) -> type[worker.WorkflowInboundInterceptor]:
        """Read what a workflow receives, stamp what it sends."""
        return _WorkflowInbound


class _ClientOutbound(client.OutboundInterceptor):
    async def start_workflow(self, input: client.StartWorkflowInput) -> client.WorkflowHandle[Any, Any]:
        input.headers = _stamped(input.headers)
        return await super().start_workflow(input)

    async def signal_workflow(self, input: client.SignalWorkflowInput) -> None:
        input.headers = _stamped(input.headers)
        await super().signal_workflow(input)

    async def start_workflow_update(
        self, input: client.StartWorkflowUpdateInput
    ) -> client.WorkflowUpdateHandle[Any]:
        input.headers = _stamped(input.headers)
        return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self, input: client.StartWorkflowUpdateWithStartInput
    ) -> client.WorkflowUpdateHandle[Any]:
        input.start_workflow_input.headers = _stamped(input.start_workflow_input.headers)
        input.update_workflow_input.headers = _stamped(input.update_workflow_input.headers)
        return await super().start_update_with_start_workflow(input)


class _ActivityInbound(worker.ActivityInboundInterceptor):
    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:
        _read(input.headers)
        return await super().execute_activity(input)


class _WorkflowInbound(worker.WorkflowInboundInterceptor):
    def init(self, outbound: worker.WorkflowOutboundInterceptor) -> None:
        super().init(_WorkflowOutbound(outbound))

    async def execute_workflow(self, input: worker.ExecuteWorkflowInput) -> Any:
        _read(input.headers)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: worker.HandleSignalInput) -> None:
        _read(input.headers)
        await super().handle_signal(input)

    async def handle_update_handler(self, input: worker.HandleUpdateInput) -> Any:
        _read(input.headers)
        return await super().handle_update_handler(input)


class _WorkflowOutbound(worker.WorkflowOutboundInterceptor):
    def continue_as_new(self, input: worker.ContinueAsNewInput) -> NoReturn:
        input.headers = _stamped(input.headers)
        super().continue_as_new(input)

    def start_activity(self, input: worker.StartActivityInput) -> workflow.ActivityHandle[Any]:
        input.headers = _stamped(input.headers)
        return super().start_activity(input)
