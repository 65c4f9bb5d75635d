"""Every path of somebody who came back from a provider: what the recorded histories show."""

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError

from onboarding.payloads import ConnectionRef, ConnectOrder, ConnectReport
from runtime.addresses import connect_workflow_id, connection_workflow_id
from tests.workflows.given import World
from workflows.connecting import ConnectAccount

TENANT, USER = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000c"
CONNECTION = "00000000-0000-7000-8000-00000000001e"
REPORTS: dict[str, ConnectReport | None] = {
    "connected": ConnectReport(status="connected", connection_id=CONNECTION),
    "connected_again": ConnectReport(status="connected", connection_id=CONNECTION),
    "connected_to_several": ConnectReport(status="choose_account", connection_id=CONNECTION),
    "not_connected": ConnectReport(status="error", reason="scopes_missing"),
    "connecting_interrupted": None,
}


@activity.defn(name="exchange_code")
async def exchange_code(order: ConnectOrder) -> ConnectReport:
    """What is to be recorded."""
    if (report := REPORTS[order.consent_id]) is None:
        raise ApplicationError("interrupted", non_retryable=True)
    return report


@activity.defn(name="look_connection")
async def look_connection(_: ConnectionRef) -> None:
    """The connection is never looked at: its life is recorded elsewhere."""
    raise ApplicationError("away")


CONNECTING = [exchange_code, look_connection]


async def connected(world: World) -> dict[str, WorkflowHandle[object, object]]:
    """A new connection, one that has its life already, one to choose an account for, and none in two ways."""
    started: dict[str, WorkflowHandle[object, object]] = {}
    client = world.environment.client
    for name in REPORTS:
        order = ConnectOrder(tenant_id=TENANT, user_id=USER, consent_id=name)
        handle = await client.start_workflow(
            ConnectAccount.run, order, id=connect_workflow_id(name), task_queue=world.task_queue
        )
        await handle.result()
        started[name] = handle  # type: ignore[assignment]
    await client.get_workflow_handle(connection_workflow_id(TENANT, CONNECTION)).terminate()
    return started
