"""Syncs of accounting in the worker: what was stored is there once, and every run comes to an end."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from temporalio.activity import ActivityCancellationDetails
from temporalio.testing import ActivityEnvironment

from activities.connection_syncs import ConnectionSyncs
from activities.refreshing import Refresher
from db import connection_runs, item_lists, orders
from db.connection_runs import Run
from db.item_lists import Filter
from db.pool import Database
from onboarding.connections import ProviderKey
from onboarding.payloads import ConnectionSync, ConnectionSynced
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.connected import connected
from tests.db.given import Person
from tests.providers import Providers, providers
from tests.providers.faults import Gate
from tests.stack import until

PAGE = "FROM PurchaseOrder"


class Syncing:
    """A connection of somebody's to QuickBooks or Xero, and the activity that syncs it."""

    def __init__(
        self, database: Database, keys: Keys, settings: Settings, fake: Providers, person: Person
    ) -> None:
        self.database, self.keys, self.settings, self.fake, self.person = database, keys, settings, fake, person
        self.order = ConnectionSync(tenant_id="", user_id="", connection_id="")

    async def connect(self, key: ProviderKey) -> None:
        """Consent."""
        caller = self.person.caller()
        self.order = await connected(self.database, self.keys, self.fake, self.settings, caller, key)

    def activity(self) -> ConnectionSyncs:
        """That of another worker each time."""
        return ConnectionSyncs(self.database, Refresher(self.database, self.keys, self.settings), self.settings)

    async def sync(self, kind: str = "scheduled") -> ConnectionSynced:
        """One run."""
        return await ActivityEnvironment().run(self.activity().sync_connection, replace(self.order, kind=kind))

    async def runs(self) -> list[Run]:
        """The newest first."""
        async with self.database.transaction(self.person.caller()) as conn:
            return await connection_runs.listed(conn, self.person.user_id, self.order.connection_id)

    async def synced_at(self) -> Any:
        """When the connection was synced last."""
        async with self.database.transaction(self.person.caller()) as conn:
            query = "SELECT synced_at FROM connections WHERE id = $1"
            return await conn.fetchval(query, self.order.connection_id)

    async def disconnect(self) -> None:
        """Somebody removes the connection."""
        async with self.database.transaction(self.person.caller()) as conn:
            await conn.execute(
                """
                UPDATE connections SET status = 'disconnected', sealed_tokens = NULL, disconnected_at = now()
                WHERE id = $1
                """,
                self.order.connection_id,
            )

    async def there(self) -> tuple[int, int]:
        """How many orders are stored, and items on the list."""
        async with self.database.transaction(self.person.caller()) as conn:
            count = await orders.count(conn, self.person.user_id, self.order.connection_id)
            return count, await item_lists.count(conn, self.person.user_id, Filter())


@pytest.fixture
async def fake() -> AsyncGenerator[Providers]:
    """The providers."""
    async with providers() as fake:
        yield fake


@pytest.fixture
async def syncing(database: Database, keys: Keys, settings: Settings, fake: Providers, person: Person) -> Syncing:
    """A connection to QuickBooks."""
    syncing = Syncing(database, keys, fake.set(settings), fake, person)
    await syncing.connect("quickbooks")
    return syncing


@pytest.mark.parametrize("key", ["quickbooks", "xero"])
async def test_a_backfill_and_then_changes(syncing: Syncing, key: ProviderKey) -> None:
    """All orders come with the first run; later ones bring what has changed, and each says how much."""
    if key == "xero":
        await syncing.connect(key)
    at = syncing.fake.quickbooks if key == "quickbooks" else syncing.fake.xero
    names = at.orders.many(120)
    assert await syncing.sync("backfill") == ConnectionSynced(status="completed", orders=120)
    assert await syncing.there() == (120, 120)
    at.orders.delete(names[0])
    assert await syncing.sync("manual") == ConnectionSynced(status="completed", orders=119)
    last, first = await syncing.runs()
    assert (first.kind, first.status, first.added, first.failed) == ("backfill", "completed", 120, 0)
    assert (last.kind, last.status, last.added, last.changed, last.removed) == ("manual", "completed", 0, 0, 1)
    assert await syncing.there() == (120, 119)
    assert await syncing.synced_at() == last.ended_at


async def test_a_worker_dies(syncing: Syncing) -> None:
    """A worker that dies anywhere in a backfill: the same run goes on, its counts too, and nothing is twice."""
    syncing.fake.quickbooks.orders.many(450)
    for pages in (1, 2):
        gate = syncing.fake.quickbooks.faults.gate = Gate(pages, PAGE)
        running = asyncio.create_task(syncing.sync("backfill"))
        await until(gate.reached.is_set)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        (run,) = await syncing.runs()
        assert (run.status, run.added) == ("running", (await syncing.there())[0])
        assert 0 < run.added < 450
    syncing.fake.quickbooks.faults.gate = None
    await syncing.sync("scheduled")
    (run,) = await syncing.runs()
    assert (run.kind, run.status, run.added, run.changed) == ("backfill", "completed", 450, 0)
    assert await syncing.there() == (450, 450)


async def test_thought_dead(syncing: Syncing) -> None:
    """A worker that was thought dead and is not stores nothing more once another one has gone on."""
    syncing.fake.quickbooks.orders.many(300)
    gate = syncing.fake.quickbooks.faults.gate = Gate()
    syncs = asyncio.gather(syncing.sync(), syncing.sync())
    await until(lambda: len(syncing.fake.quickbooks.asked_for("query")) == 2)
    gate.open()
    both = await syncs
    assert sorted(each.status for each in both) == ["completed", "skipped"]
    (run,) = await syncing.runs()
    assert (run.status, run.added, run.changed) == ("completed", 300, 0)


async def test_too_many_requests(syncing: Syncing) -> None:
    """Where a provider asks for patience the run fails and says for how long; the next one brings everything."""
    syncing.fake.quickbooks.orders.many(2)
    faults = syncing.fake.quickbooks.faults
    faults.too_many, faults.retry_after = 1, 77
    synced = await syncing.sync("backfill")
    assert synced == ConnectionSynced(status="failed", code="rate_limited", rest_seconds=77)
    assert await syncing.synced_at() is None
    assert (await syncing.sync("backfill")).orders == 2
    assert [each.code for each in await syncing.runs()] == [None, "rate_limited"]


async def test_away(syncing: Syncing) -> None:
    """A provider that is away in the middle of a backfill fails the run, and the next one goes on from there."""
    syncing.fake.quickbooks.orders.many(250)

    gate = syncing.fake.quickbooks.faults.gate = Gate(1, PAGE)
    syncing_now = asyncio.create_task(syncing.sync("backfill"))
    await until(gate.reached.is_set)
    syncing.fake.quickbooks.faults.failing = 1
    gate.open()
    synced = await syncing_now
    assert (synced.status, synced.code) == ("failed", "away")
    assert (await syncing.sync("backfill")).orders == 250
    last, first = await syncing.runs()
    assert first.added > 0
    assert first.added + last.added == 250


async def test_consent_is_gone(syncing: Syncing) -> None:
    """Where the consent was taken back the run says that somebody must consent."""
    syncing.fake.quickbooks.revoke_all()
    synced = await syncing.sync()
    assert (synced.status, synced.code) == ("failed", "needs_consent")


async def test_removed_meanwhile(syncing: Syncing) -> None:
    """A connection that is removed while a sync runs gets no more orders, and the run is cancelled."""
    syncing.fake.quickbooks.orders.many(300)
    gate = syncing.fake.quickbooks.faults.gate = Gate(1, PAGE)
    running = asyncio.create_task(syncing.sync("backfill"))
    await until(gate.reached.is_set)
    await syncing.disconnect()
    gate.open()
    assert (await running).status in ("cancelled", "failed")
    (run,) = await syncing.runs()
    assert run.ended_at is not None
    assert 0 < run.added < 300
    assert await syncing.sync() == ConnectionSynced(status="skipped")


@pytest.mark.parametrize("wanted", [True, False])
async def test_cancelled(syncing: Syncing, *, wanted: bool) -> None:
    """A sync that is cancelled ends its run as cancelled; where the worker stops, the run stays open."""
    syncing.fake.quickbooks.orders.many(2)
    syncing.fake.quickbooks.faults.gate = Gate()
    environment = ActivityEnvironment()
    running = asyncio.create_task(environment.run(syncing.activity().sync_connection, syncing.order))
    await until(lambda: syncing.fake.quickbooks.asked_for("query"))
    environment.cancel(ActivityCancellationDetails(cancel_requested=wanted, worker_shutdown=not wanted))
    with pytest.raises(asyncio.CancelledError):
        await running
    (run,) = await syncing.runs()
    assert run.status == ("cancelled" if wanted else "running")


async def test_an_order_that_cannot_be_read(syncing: Syncing) -> None:
    """It is counted, and the others come."""
    syncing.fake.quickbooks.orders.many(2)
    syncing.fake.quickbooks.orders["9"] = {**syncing.fake.quickbooks.orders["1"], "Id": "x" * 101}
    await syncing.sync("backfill")
    (run,) = await syncing.runs()
    assert (run.added, run.failed) == (2, 1)


async def test_nobody_elses(syncing: Syncing, people: list[Person]) -> None:
    """Under somebody else's name a connection is none."""
    order = replace(syncing.order, user_id=people[1].user_id)
    done = await ActivityEnvironment().run(syncing.activity().sync_connection, order)
    assert done == ConnectionSynced(status="skipped")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET is_active = false WHERE id = $1",
        "UPDATE tenants AS t SET allowed_connections = '{gmail}'"
        " FROM users AS u WHERE u.id = $1 AND t.id = u.tenant_id",
    ],
)
async def test_not_wanted_any_more(syncing: Syncing, admin: asyncpg.Connection, change: str) -> None:
    """Nothing is read for who was made inactive, or of a provider that their tenant does not allow now."""
    syncing.fake.quickbooks.orders.many(1)
    await admin.execute(change, syncing.person.user_id)
    asked = len(syncing.fake.quickbooks.asked)
    assert await syncing.sync() == ConnectionSynced(status="skipped")
    assert (await syncing.runs(), len(syncing.fake.quickbooks.asked)) == ([], asked)
