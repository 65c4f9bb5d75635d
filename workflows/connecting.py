"""Somebody came back from a provider with a code."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.connecting import Connecting
    from onboarding.payloads import ConnectionRef, ConnectOrder, ConnectReport
    from runtime.addresses import connection_workflow_id

from workflows.policies import EXCHANGE_CODE
from workflows.search_attributes import attributes_of_person

LIFE = "Connection"
"""The workflow that a connection lives in: `workflows/connections.py`."""


@workflow.defn(name="ConnectAccount")
class ConnectAccount:
    """Exchanges the code, and begins the life of the connection that comes of it.

    A connection to an account that was connected before is told to look at its new tokens. One whose account is
    still to be chosen begins once it is. The history holds ids and words: code and tokens stay in the database,
    sealed, and in the memory of one activity.
    """

    @workflow.run
    async def run(self, order: ConnectOrder) -> ConnectReport:
        """Exchange, then begin or wake."""
        try:
            report = await workflow.execute_activity_method(
                Connecting.exchange_code, order, summary="exchange the code", **EXCHANGE_CODE
            )
        except ActivityError:
            return ConnectReport(status="error", reason="interrupted")
        if report.status == "connected" and report.connection_id:
            await _begin(
                ConnectionRef(tenant_id=order.tenant_id, user_id=order.user_id, connection_id=report.connection_id)
            )
        return report


async def _begin(ref: ConnectionRef) -> None:
    """Begin the life of a connection, or wake it. One that ends between both is begun after all."""
    id = connection_workflow_id(ref.tenant_id, ref.connection_id)
    while True:
        try:
            await workflow.start_child_workflow(
                LIFE,
                ref,
                id=id,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=attributes_of_person(ref.tenant_id, ref.user_id),
                static_summary="Keep a connection",
            )
        except WorkflowAlreadyStartedError:
            try:
                await workflow.get_external_workflow_handle(id).signal("wake")
            except ApplicationError:
                continue
        return
