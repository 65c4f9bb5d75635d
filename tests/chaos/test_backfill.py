"""kill -9 in the middle of a backfill."""

import httpx

from cli.data_keys import data_keys
from db.pool import Database
from onboarding.access import Caller, Role
from tests.bench.people import People
from tests.bench.stack import Stack
from tests.chaos.harm import HEALS_SECONDS, kill
from tests.connected import connected
from tests.providers import Providers
from tests.stack import Json, ok, until

ORDERS = 1500


async def test_the_worker_dies(dev: Stack, http: httpx.AsyncClient, rows: Database, fake: Providers) -> None:
    """A worker that is killed between two pages: the same run is finished, its counts hold, nothing is twice."""
    (person,) = await People(dev.settings).new(1)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    realm = fake.quickbooks.add("A large company")
    fake.quickbooks.companies[realm].orders.many(ORDERS)
    async with data_keys(dev.settings) as keys:
        order = await connected(rows, keys, fake, fake.set(dev.settings), caller, "quickbooks", realm)
    path, headers = f"/api/v1/connections/{order.connection_id}", {"Authorization": f"Bearer {person.token}"}
    fake.quickbooks.faults.slow_seconds = 0.05

    async def read(where: str) -> Json:
        return ok(await http.get(f"{path}/{where}", headers=headers))

    async def added(at_least: int) -> bool:
        return (await read("runs"))["items"][0]["added"] >= at_least

    async def over() -> Json | None:
        run = (await read("runs"))["items"][-1]
        return run if run["ended_at"] else None

    ok(await http.post(f"{path}/sync", headers=headers))
    await until(lambda: added(200))
    kill(dev, "worker")
    fake.quickbooks.faults.slow_seconds = 0
    run = await until(over, HEALS_SECONDS)
    assert (run["status"], run["added"], run["changed"], run["failed"]) == ("completed", ORDERS, 0, 0)
    assert (await read("orders?with_total=true&limit=1"))["total"] == ORDERS
    items = ok(await http.get("/api/v1/items?with_total=true&limit=1", headers=headers))
    assert items["total"] == ORDERS
