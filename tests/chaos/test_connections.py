"""kill -9 of the worker in the middle of what it does for a connection: a refresh, a sync, an end."""

import asyncio
from contextlib import suppress
from typing import Any

from temporalio.client import Client

from api.gateway import Gateway, WorkflowsUnavailable
from cli.data_keys import data_keys
from db import connection_tokens
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.payloads import ConnectionRef
from runtime.addresses import connection_workflow_id
from tests.bench.people import People
from tests.bench.stack import Stack
from tests.chaos.harm import HEALS_SECONDS, kill
from tests.connected import connected
from tests.providers import Providers
from tests.stack import until
from tests.workflows.seen import executions

ORDERS = 40


async def test_the_worker_dies_in_everything(
    dev: Stack, rows: Database, workflows: Client, fake: Providers
) -> None:
    """Whatever is under way when its worker is killed is ended by the next one: the refresh token was exchanged
    once, each order is there once, the consent is revoked, and no token is anywhere in the history.
    """
    (person,) = await People(dev.settings).new(1)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    xero, gateway = fake.xero, Gateway(workflows, dev.settings)
    xero.orders.many(ORDERS)
    async with data_keys(dev.settings) as keys:
        order = await connected(rows, keys, fake, fake.set(dev.settings), caller, "xero")
    id = order.connection_id
    ref = ConnectionRef(tenant_id=caller.tenant_id, user_id=caller.user_id, connection_id=id)
    life = workflows.get_workflow_handle(connection_workflow_id(ref.tenant_id, id))

    async def row() -> dict[str, Any]:
        async with rows.transaction(caller) as connection:
            found = await connection.fetchrow(
                """
                SELECT c.*, (SELECT count(*) FROM orders AS o WHERE o.connection_id = c.id) AS orders
                FROM connections AS c WHERE c.id = $1
                """,
                id,
            )
            assert found
            return dict(found)

    async def change(what: str) -> None:
        async with rows.transaction(caller) as connection:
            await connection.execute(f"UPDATE connections SET {what} WHERE id = $1", id)

    async def killed_at(path: str) -> None:
        before = len(xero.asked_for(path))
        xero.faults.slow_seconds = 1.5
        await until(lambda: len(xero.asked_for(path)) > before, HEALS_SECONDS)
        kill(dev, "worker")
        xero.faults.slow_seconds = 0.0

    async def holds(**fields: Any) -> None:
        async def held() -> bool:
            now = await row()
            return all(now[name] == value for name, value in fields.items())

        await until(held, HEALS_SECONDS)

    await change("token_expires_at = now() + interval '1 minute'")
    killing = asyncio.create_task(killed_at("/token"))
    await gateway.wake_connection(ref)
    await killing
    # Nobody else may ask for half a minute, in case the killed one had been heard; let that pass.
    await change("refresh_until = now()")
    killing = asyncio.create_task(killed_at("/PurchaseOrders"))
    await holds(token_version=2, status="connected", refresh_id=None)
    assert xero.exchanges == 1
    await killing
    await holds(orders=ORDERS)

    killing = asyncio.create_task(killed_at("/revoke"))
    with suppress(WorkflowsUnavailable):
        await gateway.disconnect(ref)
    await killing
    async with asyncio.timeout(HEALS_SECONDS):
        await life.result()
    await holds(status="disconnected", sealed_tokens=None, orders=ORDERS)
    assert xero.revoked
    histories = await executions(life, workflows)
    raw = b"".join(event.SerializeToString() for history in histories for event in history.events)
    assert [secret for secret in fake.xero.known if secret.encode() in raw] == []
    async with rows.transaction(caller) as connection:
        assert await connection_tokens.of_person(connection, person.id) == []
