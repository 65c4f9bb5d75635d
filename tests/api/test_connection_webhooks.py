"""Webhooks of QuickBooks: only what is signed is looked at, and whatever is in it breaks nothing."""

from collections.abc import AsyncGenerator
from typing import Any, Literal

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.service import RPCError

from db.pool import Database
from onboarding.access import Caller, Role
from runtime.addresses import connection_workflow_id
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.connected import connected
from tests.providers import Providers, providers
from tests.stack import Person, application, ok, until

PATH = "/api/v1/connections/webhooks/quickbooks"


@pytest.fixture(scope="module")
async def fake() -> AsyncGenerator[Providers]:
    """The providers."""
    async with providers() as fake:
        yield fake


@pytest.fixture(scope="module")
async def client(settings: Settings, fake: Providers, worker: None) -> AsyncGenerator[httpx.AsyncClient]:
    """An application whose QuickBooks is the fake. Its syncs fail, since the worker's is not."""
    async with application(fake.set(settings)) as client:
        yield client


async def told(client: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """What a webhook is answered."""
    return await client.post(PATH, content=body, headers=headers)


async def company(
    database: Database, keys: Keys, settings: Settings, fake: Providers, *people: Person
) -> tuple[str, list[str]]:
    """A company of its own, and what each of these people calls their connection to it."""
    realm = fake.quickbooks.add("Another company")
    found: list[str] = []
    for person in people:
        caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
        order = await connected(database, keys, fake, fake.set(settings), caller, "quickbooks", realm)
        found.append(order.connection_id)
    return realm, found


async def kinds(client: httpx.AsyncClient, person: Person, connection_id: str) -> list[str]:
    """By whom the runs of a connection were wanted."""
    headers = {"Authorization": f"Bearer {person.token}"}
    answer = await client.get(f"/api/v1/connections/{connection_id}/runs", headers=headers)
    return [run["kind"] for run in ok(answer)["items"]]


@pytest.mark.parametrize("shape", ["older", "cloudevents"])
async def test_whoever_is_connected_hears(
    client: httpx.AsyncClient,
    person: Person,
    other: Person,
    app_database: Database,
    keys: Keys,
    settings: Settings,
    fake: Providers,
    shape: Literal["older", "cloudevents"],
) -> None:
    """Of a change in a company all who have connected it hear, in both shapes, and the same again does no harm."""
    realm, ids = await company(app_database, keys, settings, fake, person, other)
    body, headers = fake.quickbooks.webhook(shape, [("Update", "1"), ("Delete", "2")], realm=realm)
    for _ in range(2):
        answer = await told(client, body, headers)
        assert (answer.status_code, answer.content) == (200, b"")
    for each, connection_id in zip((person, other), ids, strict=True):
        await until(lambda each=each, connection_id=connection_id: kinds(client, each, connection_id))


@pytest.mark.parametrize("status", ["reauth_required", "error"])
async def test_who_must_be_seen_to_first_is_not_told(
    client: httpx.AsyncClient,
    person: Person,
    other: Person,
    app_database: Database,
    keys: Keys,
    settings: Settings,
    fake: Providers,
    temporal: Client,
    status: str,
) -> None:
    """What a life is told that waits for its person would add up until Temporal takes no more of it."""
    realm, (waits, lives) = await company(app_database, keys, settings, fake, person, other)
    async with app_database.transaction(
        Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    ) as conn:
        await conn.execute("UPDATE connections SET status = $2 WHERE id = $1", waits, status)
    answer = await told(client, *fake.quickbooks.webhook("cloudevents", [("Update", "1")], realm=realm))
    assert answer.status_code == 200
    await temporal.get_workflow_handle(connection_workflow_id(other.tenant_id, lives)).describe()
    with pytest.raises(RPCError, match="not found"):
        await temporal.get_workflow_handle(connection_workflow_id(person.tenant_id, waits)).describe()


async def test_unsigned_and_forged(
    client: httpx.AsyncClient,
    person: Person,
    app_database: Database,
    keys: Keys,
    settings: Settings,
    fake: Providers,
) -> None:
    """Without a signature, with another body's, or by another key it is 401, and nobody hears of it."""
    realm, (connection_id,) = await company(app_database, keys, settings, fake, person)
    body, headers = fake.quickbooks.webhook("cloudevents", [("Update", "1")], realm=realm)
    good = headers["intuit-signature"]
    wrong = [None, "", "x", good[:-1], good + "=", good.swapcase(), "é", "A" * 5000]
    wrong += [fake.quickbooks.sign(body + b" "), fake.quickbooks.sign(body, "another")]
    for signature in wrong:
        given = {} if signature is None else {"intuit-signature": signature.encode("latin-1")}
        answer = await client.post(PATH, content=body, headers={"Content-Type": "application/json", **given})
        assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid"), signature
    assert await kinds(client, person, connection_id) == []


ODD: list[Any] = [
    *(b"", b"{", b"\xff", b"[" * 100_000, b'{"a": 1e999999}', b'"\\ud800"'),
    *(None, 1, "x", [], {}, [None], [[]], [{"type": 5}], {"eventNotifications": 7}),
    {"eventNotifications": [None, {"dataChangeEvent": []}, {"dataChangeEvent": {"entities": [1, {"name": {}}]}}]},
    [
        {"type": "qbo.purchaseorder.updated.v1", "intuitaccountid": realm}
        for realm in (1, None, "x", "１", "9" * 50)
    ],
    [{"type": "qbo.purchaseorder.updated.v1", "intuitaccountid": str(n)} for n in range(2000)],
    {"type": "qbo.purchaseorder.created.v1", "intuitaccountid": "1"},
]


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
async def test_odd_content(client: httpx.AsyncClient, fake: Providers, content: Any) -> None:
    """Whatever is signed is read without harm."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    answer = await told(client, body, {"intuit-signature": fake.quickbooks.sign(body)})
    assert answer.status_code == (400 if isinstance(content, bytes) else 200)


async def test_too_long(client: httpx.AsyncClient, fake: Providers) -> None:
    """A body that is longer than any of QuickBooks is not read to its end."""
    body = b" " * (513 * 1024)
    answer = await told(client, body, {"intuit-signature": fake.quickbooks.sign(body)})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_not_configured(settings: Settings, fake: Providers, worker: None) -> None:
    """Without a verifier token nobody can be believed: 503. Where QuickBooks is off: 404."""
    body, headers = fake.quickbooks.webhook("older", [("Update", "1")])
    for changes, code in (
        ({"quickbooks_webhook_verifier_token": None}, (503, "webhook_not_configured")),
        ({"connections_enabled": "gmail"}, (404, "connection_disabled")),
    ):
        async with application(replace(fake.set(settings), **changes)) as client:
            answer = await told(client, body, headers)
        assert (answer.status_code, answer.json()["code"]) == code
