"""Connections: a backfill of many orders, and one whose worker is killed on the way."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from cli.data_keys import data_keys
from cli.embedded import local_client, until
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.connections import ProviderKey
from tests.bench.people import People
from tests.bench.report import Target, table
from tests.bench.stack import Stack
from tests.connected import connected, leading_to
from tests.providers import Providers, providers

ORDERS = 5000
KILLED_AT = 2000


class Backfill(Struct, frozen=True):
    """What a backfill brought: orders, items of the list, those of it that were there already, and kills."""

    provider: str
    seconds: float
    orders: int
    items: int
    repeats: int
    kills: int


async def measure(folder: Path, *, quick: bool) -> list[Backfill]:
    """On a stack of its own: QuickBooks, and Xero with a kill."""
    count = ORDERS // 10 if quick else ORDERS
    async with providers() as fake, Stack(folder / "connections", **leading_to(fake)) as stack:
        fake.quickbooks.orders.many(count)
        fake.xero.orders.many(count)
        assert stack.settings.database_url
        database = await Database.open(stack.settings.database_url, min_size=0, max_size=2)
        try:
            return [
                await _backfill(stack, database, fake, "quickbooks"),
                await _backfill(stack, database, fake, "xero", kill_at=KILLED_AT * count // ORDERS),
            ]
        finally:
            await database.close()


async def _backfill(
    stack: Stack, database: Database, fake: Providers, key: ProviderKey, kill_at: int | None = None
) -> Backfill:
    """From the wish until the run is over, for somebody new."""
    (person,) = await People(stack.settings).new(1)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    async with data_keys(stack.settings) as keys:
        order = await connected(database, keys, fake, fake.set(stack.settings), caller, key)
    headers = {"Authorization": f"Bearer {person.token}"}
    path = f"/api/v1/connections/{order.connection_id}"
    async with local_client(base_url=stack.url, headers=headers, timeout=30.0) as api:
        began = time.perf_counter()
        (await api.post(f"{path}/sync")).raise_for_status()
        if kill_at:
            await _when(api, path, lambda run: run["added"] >= kill_at)
            os.kill(stack.pids()["worker"], signal.SIGKILL)
        run = await _when(api, path, lambda run: run["ended_at"])
        seconds = time.perf_counter() - began
        items = (await api.get("/api/v1/items?with_total=true&limit=1")).raise_for_status().json()["total"]
        orders = (await api.get(f"{path}/orders?with_total=true&limit=1")).raise_for_status().json()["total"]
    repeats = run["fetched"] - run["added"]
    return Backfill(key, seconds, orders, items, repeats, int(kill_at is not None))


async def _when(api: httpx.AsyncClient, path: str, holds: Any) -> Any:
    """The first run of a connection, once this holds."""
    run: Any = None

    async def asked() -> bool:
        nonlocal run
        run = (await api.get(f"{path}/runs")).raise_for_status().json()["items"][-1]
        return bool(holds(run))

    if not await until(asked, 180, every=0.2):
        raise TimeoutError
    return run


def print_connecting(measured: list[Backfill]) -> None:
    """What came, and how soon."""
    table(
        "Backfills against the fake",
        ("", "orders", "items", "read again", "kills", "seconds"),
        [
            (
                each.provider,
                str(each.orders),
                str(each.items),
                str(each.repeats),
                str(each.kills),
                f"{each.seconds:.1f}",
            )
            for each in measured
        ],
    )


def targets_of_connecting(measured: list[Backfill]) -> list[Target]:
    """What page 50 promises."""
    return [Target(f"{each.orders} orders of {each.provider}", each.seconds, "s", 60) for each in measured]


def connecting_as_json(measured: list[Backfill]) -> dict[str, Any]:
    """For the file."""
    return {each.provider: [each.orders, each.items, each.repeats, each.kills, each.seconds] for each in measured}
