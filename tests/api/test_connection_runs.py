"""What connections bring, over HTTP: a sync that somebody wants, runs, and orders."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace

from db import orders
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.orders import Batch, Line, Order
from onboarding.payloads import ConnectionSync
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.connected import connected
from tests.providers import Providers, providers
from tests.stack import Person, application, ok


class Connected(Struct, kw_only=True):
    """Somebody with a connection to the fake's QuickBooks, which the worker cannot read."""

    person: Person
    order: ConnectionSync
    database: Database

    @property
    def path(self) -> str:
        """Of the connection."""
        return f"/api/v1/connections/{self.order.connection_id}"

    async def has(self, status: str) -> None:
        """Give the connection another status."""
        gone = status == "disconnected"
        async with self.database.transaction(caller_of(self.person)) as conn:
            await conn.execute(
                """
                UPDATE connections SET status = $2, disconnected_at = CASE WHEN $3 THEN now() END,
                  sealed_tokens = CASE WHEN NOT $3 THEN sealed_tokens END WHERE id = $1
                """,
                self.order.connection_id,
                status,
                gone,
            )


def caller_of(person: Person) -> Caller:
    """Them."""
    return Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)


@pytest.fixture(scope="module")
async def fake() -> AsyncGenerator[Providers]:
    """The providers."""
    async with providers() as fake:
        yield fake


@pytest.fixture(scope="module")
async def client(settings: Settings, fake: Providers, worker: None) -> AsyncGenerator[httpx.AsyncClient]:
    """An application whose QuickBooks is the fake."""
    async with application(fake.set(settings)) as client:
        yield client


@pytest.fixture
async def mine(
    client: httpx.AsyncClient,
    person: Person,
    app_database: Database,
    keys: Keys,
    settings: Settings,
    fake: Providers,
) -> Connected:
    """A connection of the person's."""
    order = await connected(app_database, keys, fake, fake.set(settings), caller_of(person), "quickbooks")
    person = Person(**{name: getattr(person, name) for name in person.__struct_fields__} | {"client": client})
    return Connected(person=person, order=order, database=app_database)


async def test_a_sync_now(mine: Connected) -> None:
    """A sync is begun, and where one is open it is that one; `Location` says where to look, under both paths."""
    answer = await mine.person.post(f"{mine.path}/sync")
    assert answer.status_code == 202
    run = ok(answer)
    assert answer.headers["location"] == f"{mine.path}/runs/{run['id']}"
    assert (run["kind"], run["fetched"], run["code"]) == ("manual", 0, None)
    read = ok(await mine.person.get(answer.headers["location"]))
    assert read["id"] == run["id"]
    page = ok(await mine.person.get(f"{mine.path}/runs?with_total=true"))
    assert run["id"] in [each["id"] for each in page["items"]]
    assert page["total"] == len(page["items"])
    unversioned = await mine.person.post(f"{mine.path.replace('/v1', '')}/sync")
    assert unversioned.headers["location"].startswith(f"{mine.path.replace('/v1', '')}/runs/")


@pytest.mark.parametrize("status", ["reauth_required", "choose_account", "disconnected"])
async def test_what_cannot_be_synced(mine: Connected, status: str) -> None:
    """A connection that somebody must see to first says so, and no run waits for it."""
    await mine.has(status)
    answer = await mine.person.post(f"{mine.path}/sync")
    assert (answer.status_code, answer.json()["code"]) == (409, status)
    assert ok(await mine.person.get(f"{mine.path}/runs"))["items"] == []


async def test_a_provider_that_is_off(mine: Connected, settings: Settings, fake: Providers) -> None:
    """Where QuickBooks is off, nothing is fetched from it."""
    off = replace(fake.set(settings), connections_enabled="gmail")
    async with application(off) as client:
        headers = {"Authorization": f"Bearer {mine.person.token}"}
        answer = await client.post(f"{mine.path}/sync", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "connection_disabled")


async def test_orders(mine: Connected) -> None:
    """Orders are there with their lines, page by page, numbers as they were to the last digit."""
    line = Line(ref="7", name="Beans", sku="B-1")
    given = [Order(external_id=str(n), supplier="Roasters", number=f"PO-{n}", lines=(line,)) for n in range(3)]
    async with mine.database.transaction(caller_of(mine.person)) as conn:
        await orders.store(
            conn,
            tenant_id=mine.order.tenant_id,
            user_id=mine.order.user_id,
            connection_id=mine.order.connection_id,
            batch=Batch(orders=tuple(given), gone=("2",)),
        )
    seen: list[Any] = []
    path = f"{mine.path}/orders?limit=2&with_total=true"
    while path:
        page = ok(await mine.person.get(path))
        assert page["total"] == 3
        seen += page["items"]
        path = (
            f"{mine.path}/orders?limit=2&with_total=true&cursor={page['next_cursor']}"
            if page["next_cursor"]
            else ""
        )
    assert {each["external_id"]: each["status"] for each in seen} == {"0": "open", "1": "open", "2": "deleted"}
    assert seen[0]["lines"] == [
        {"ref": "7", "name": "Beans", "sku": "B-1", "quantity": None, "unit_price": None, "amount": None}
    ]


@pytest.mark.parametrize("path", ["sync", "runs", "orders", "runs/00000000-0000-7000-8000-000000000001"])
async def test_somebody_elses(mine: Connected, other: Person, path: str) -> None:
    """The connection of somebody else is none, and so is one that is not there."""
    method = "POST" if path == "sync" else "GET"
    headers = {"Authorization": f"Bearer {other.token}"}
    for where in (mine.path, f"/api/v1/connections/{'0' * 8}-0000-7000-8000-{'0' * 12}"):
        answer = await mine.person.client.request(method, f"{where}/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
