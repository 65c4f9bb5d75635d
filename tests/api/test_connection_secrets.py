"""What providers trust us with can be read nowhere: not in database, histories, logs and answers."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest
from msgspec import Struct, field
from temporalio.client import Client, WorkflowExecutionStatus

from api.callbacks import Came
from cli.embedded import EmbeddedStack
from onboarding.connections import PROVIDER_KEYS, Kept, ProviderKey, Tokens
from runtime.addresses import connection_workflow_id
from runtime.encryption import Keys
from runtime.providers.endpoints import endpoints
from runtime.settings import Settings
from tests.erasing import dump, receipt, rows_of
from tests.providers import Faults, Providers, nonsense, providers
from tests.scan_service import scanning
from tests.searching import found_in, histories
from tests.stack import Json, Person, ok, sign_up, until

CONNECTIONS = "/api/v1/connections"
CONSENTS = 8
"""So many are begun below."""

BROKEN = Faults(tokens=[nonsense] * 99)


class Whole(Struct, kw_only=True):
    """The application on a queue of its own, with the providers; `told` is all that it answered but consent pages.

    `known` are the secrets that came to light in browsers: states, and what binds a consent to a browser.
    """

    fake: Providers
    client: httpx.AsyncClient
    temporal: Client
    begun: datetime
    told: list[str] = field(default_factory=list[str])
    known: set[str] = field(default_factory=set[str])

    async def begin(self, person: Person, key: str, **options: Any) -> httpx.Response:
        """Somebody is sent to a provider."""
        answer = await person.post(f"{CONNECTIONS}/{key}/start", {"return_to": "/inventory"}, **options)
        ok(answer)
        self.known |= {
            dict(parse_qsl(urlsplit(answer.json()["authorize_url"]).query))["state"],
            *_cookies(answer).values(),
        }
        return answer

    async def come_back(self, begun: httpx.Response) -> tuple[str, dict[str, str]]:
        """They consent; gives what the browser asks for then, with its cookies."""
        sent_to = urlsplit(await self.fake.consent(begun.json()["authorize_url"]))
        cookies = "; ".join(f"{name}={value}" for name, value in _cookies(begun).items())
        return f"{sent_to.path}?{sent_to.query}", {"Cookie": cookies}

    async def connect(self, person: Person, key: ProviderKey) -> Json:
        """Somebody connects an account."""
        url, headers = await self.come_back(await self.begin(person, key))
        answer = await self.client.get(url, headers=headers)
        assert answer.headers["location"].endswith(f"/inventory?connection={key}&status=connected")
        (found,) = [each for each in await self.listed(person) if each["provider"] == key]
        return found

    async def listed(self, person: Person) -> list[Json]:
        """Their connections."""
        return ok(await person.get(f"{CONNECTIONS}/"))["items"]

    async def synced(self, person: Person, connection: Json) -> Json:
        """Ask for a sync; gives the connection once it has ended."""
        before = (await self.read(person, connection))["last_run"]
        life = connection_workflow_id(person.tenant_id, connection["id"])
        await self.temporal.get_workflow_handle(life).signal("sync", "manual")

        async def ended() -> Json:
            found = await self.read(person, connection)
            run = found["last_run"]
            return found if run and run["ended_at"] and run["id"] != (before and before["id"]) else None

        return await until(ended)

    async def imported(self, person: Person, connection: Json) -> None:
        """Wait for the end of the first sync, which begins by itself."""

        async def ended() -> bool:
            return (await self.read(person, connection))["synced_at"] is not None

        await until(ended)

    async def read(self, person: Person, connection: Json) -> Json:
        """Their connection as it stands."""
        return ok(await person.get(f"{CONNECTIONS}/{connection['id']}"))

    async def is_in(self, person: Person, connection: Json, *statuses: str) -> Json:
        """Their connection, once it is in one of these statuses."""

        async def arrived() -> Json:
            found = await self.read(person, connection)
            return found if found["status"] in statuses else None

        return await until(arrived)


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
async def whole(settings: Settings, temporal: Client, keys: Keys, said: list[str]) -> AsyncIterator[Whole]:
    """All of it; what it logs is kept."""
    async with providers() as fake, scanning(fake.set(settings), temporal, keys) as client:
        whole = Whole(fake=fake, client=client, temporal=temporal, begun=datetime.now(UTC))

        async def keep(answer: httpx.Response) -> None:
            if not answer.request.url.path.endswith("/start"):
                await answer.aread()
                whole.told.append(f"{answer.headers} {answer.text}")

        client.event_hooks["response"].append(keep)
        yield whole


def _cookies(answer: httpx.Response) -> dict[str, str]:
    pairs = (each.split(";")[0].partition("=") for each in answer.headers.get_list("set-cookie"))
    return {name: value for name, _, value in pairs}


async def _goes_wrong(whole: Whole, person: Person) -> None:
    """What is refused: another browser, a code twice, an error at the provider, a lost answer."""
    begun = await whole.begin(person, "xero", headers={"Idempotency-Key": uuid4().hex})
    url, headers = await whole.come_back(begun)
    for sent in ({}, headers):
        assert "status=error" in (await whole.client.get(url, headers=sent)).headers["location"]
    for wrong in (Faults(error="access_denied"), Faults(iss="https://evil.example"), Faults(drop_codes=1), BROKEN):
        whole.fake.xero.faults = wrong
        url, headers = await whole.come_back(await whole.begin(person, "xero"))
        assert "status=error" in (await whole.client.get(url, headers=headers)).headers["location"]
    whole.fake.xero.faults = Faults()


async def test_no_secret_is_readable(
    whole: Whole, admin: asyncpg.Connection, temporal: Client, said: list[str]
) -> None:
    """After connects, syncs, refreshes that fail, a revocation and a disconnection no secret is found anywhere."""
    person, fake = await sign_up(whole.client), whole.fake
    fake.quickbooks.orders.many(3)
    fake.xero.orders.many(3)
    kept = {key: await whole.connect(person, key) for key in PROVIDER_KEYS}
    for key in ("quickbooks", "xero"):  # a first sync that is under way would meet the faults that follow
        await whole.imported(person, kept[key])
    await _goes_wrong(whole, person)
    for each in (fake.quickbooks, fake.xero):
        each.expire_tokens()
        each.faults.drop_tokens = 1
        assert (await whole.synced(person, kept[each.key]))["last_run"]["status"] == "completed"
        assert each.exchanges == 1
    fake.xero.revoke_all()
    await whole.synced(person, kept["xero"])
    await whole.is_in(person, kept["xero"], "reauth_required")
    for key in ("quickbooks", "gmail"):
        answer = await person.send("DELETE", f"{CONNECTIONS}/{kept[key]['id']}")
        assert answer.status_code == 204
        await whole.is_in(person, kept[key], "disconnected")

    # The provider's own secrets have a mark, so that they need not be looked for one by one.
    ours = {word for word in fake.known if not any(mark in word for mark in fake.marks)} | whole.known
    assert len(whole.known) == 2 * CONSENTS
    assert len(ours - whole.known) > len(kept)
    stored, opened = await histories(temporal, f"StartTime >= '{whole.begun:%Y-%m-%dT%H:%M:%SZ}'")
    places = {
        "database": await dump(admin),
        "histories": stored,
        "opened histories": opened.decode(errors="replace"),
        "log": "\n".join(said),
        "answers": "\n".join(whole.told),
    }
    for connection in kept.values():
        found = {place for place, text in places.items() if connection["id"] in text}
        assert found == set(places)
    words = ours | fake.marks
    assert {(place, word) for place, text in places.items() for word in found_in(text, words)} == set()


async def test_erasure(whole: Whole, admin: asyncpg.Connection) -> None:
    """With a person go connections, runs and orders; the provider is told to forget, and the life ends."""
    person, fake = await sign_up(whole.client), whole.fake
    canary = f"canary{uuid4().hex}"
    fake.quickbooks.orders.put({"Id": "1", "DocNumber": canary})
    kept = await whole.connect(person, "quickbooks")
    await whole.begin(person, "xero")
    await whole.imported(person, kept)
    assert canary in await dump(admin)
    rows = await rows_of(admin, person.id)
    assert {"connections", "consents", "connection_runs", "orders", "order_lines"} <= set(rows)

    answer = await person.post(f"/api/v1/users/{person.id}/erase")
    done = await receipt(person, answer.headers["location"])
    counted = {"connections": 1, "orders": 1, "order_lines": 1}
    assert counted.items() <= done["counts"]["database"].items()
    assert await rows_of(admin, person.id) == {}
    assert canary not in await dump(admin)
    assert fake.quickbooks.revoked
    life = whole.temporal.get_workflow_handle(connection_workflow_id(person.tenant_id, kept["id"]))
    assert (await life.describe()).status is not WorkflowExecutionStatus.RUNNING


def test_nothing_shows_itself() -> None:
    """What holds a secret in memory does not show it, wherever it is printed, and neither does an error."""
    tokens = Tokens(access="access-canary", refresh="refresh-canary", expires_in=1)
    shown = [tokens, Kept(access="access-canary", refresh="refresh-canary"), Came(state="canary", code="canary")]
    where = endpoints(Settings(gmail_client_id="gmail", gmail_client_secret="canary"), "gmail")
    assert where
    shown.append(where)
    assert not [each for each in shown if "canary" in f"{each!r} {each}"]


@pytest.mark.parametrize("before", ["", "1", "12"])
def test_searching(before: str) -> None:
    """A secret is found as it is, and in base64, in hexadecimal and percent-encoded, whatever stands before it."""
    secret = "s3cret-_/+~"
    text = f"{before}{secret} and more".encode()
    written = [text, text.hex().encode(), b64encode(text), urlsafe_b64encode(text), quote(text, safe="").encode()]
    assert [found_in(each, {secret, "another"}) for each in written] == [{secret}] * len(written)
