"""Connections over HTTP: somebody's browser, the application, a worker, and providers that are real servers."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.connecting import Connecting
from db import connections, consents
from db.connections import Tokens
from db.pool import Database
from db.tenant import CONNECTOR
from onboarding.access import Caller, Role
from onboarding.connections import CONSENTS_AT_MOST, LIVE_AT_MOST, Account
from onboarding.payloads import ConnectOrder, ConnectReport
from runtime.addresses import Owner, connect_workflow_id, connection_workflow_id
from runtime.encryption import Keys
from runtime.providers import keeping
from runtime.settings import Settings
from tests.api.company import found
from tests.providers import Faults, Providers, Reply, nonsense, providers
from tests.providers.faults import Gate
from tests.providers.quickbooks import Company
from tests.scan_service import scanning
from tests.stack import Json, Person, application, ok, problem, sign_up, until, wrong

CONNECTIONS = "/api/v1/connections"
FRONTEND = "https://app.example.org"
NOBODYS = "00000000-0000-7000-8000-000000000001"
Sql = Callable[..., Awaitable[Any]]


class Whole(Struct, frozen=True):
    """Providers, settings that lead to them, and a client of the application that asks them."""

    fake: Providers
    settings: Settings
    client: httpx.AsyncClient


class Browser:
    """Somebody's browser: it keeps the cookies of the callback, and follows no redirect by itself."""

    def __init__(self, person: Person, fake: Providers) -> None:
        self.person, self.fake = person, fake
        self.cookies: dict[str, str] = {}
        self.set_cookie = ""

    async def start(self, provider: str, **body: Any) -> str:
        """Begin; gives the address of the consent page."""
        answer = await self.person.post(f"{CONNECTIONS}/{provider}/start", body)
        told = ok(answer)
        assert answer.headers["cache-control"] == "no-store"
        self.set_cookie = answer.headers["set-cookie"]
        name, _, rest = self.set_cookie.partition("=")
        self.cookies[name] = rest.partition(";")[0]
        self.person.client.cookies.clear()
        return told["authorize_url"]

    async def back(self, url: str, **changes: str | None) -> Json:
        """Follow a provider's redirect, with other parameters; gives what the frontend is told."""
        return told_by(await self.answer(url, **changes))

    async def answer(self, url: str, **changes: str | None) -> httpx.Response:
        """The same, whole."""
        parts = urlsplit(url)
        given = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **changes}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        return await self.person.client.get(f"{parts.path}?{query}", headers=headers)

    async def connect(self, provider: str, **chosen: str) -> Json:
        """The whole way; gives what the frontend is told."""
        return await self.back(await self.fake.consent(await self.start(provider), **chosen))

    async def connected(self, provider: str, **chosen: str) -> Json:
        """The same, which must work; gives the newest connection."""
        told = await self.connect(provider, **chosen)
        assert told == {"path": "/", "connection": provider, "status": "connected"}
        return (await self.listed())[0]

    async def listed(self) -> list[Json]:
        """Their connections."""
        return ok(await self.person.get(CONNECTIONS))["items"]


def told_by(answer: httpx.Response) -> Json:
    """What a redirect tells the frontend, which is the only place that it may lead to."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not answer.content
    location = urlsplit(answer.headers["location"])
    assert f"{location.scheme}://{location.netloc}" == FRONTEND
    query = parse_qs(location.query, keep_blank_values=True)
    assert all(len(values) == 1 for values in query.values())
    return {"path": location.path, **{name: values[0] for name, values in query.items()}}


def failed(provider: str, reason: str) -> Json:
    """What the frontend is told where nothing comes of it."""
    return {"path": "/", "connection": provider, "status": "error", "reason": reason}


@pytest.fixture(scope="module")
async def whole(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Whole]:
    """All of it, for this file."""
    async with providers() as fake:
        there = fake.set(replace(settings, frontend_origin=FRONTEND, task_queue=f"test-{uuid.uuid4()}"))
        async with scanning(there, temporal, keys, task_queue=there.task_queue) as client:
            yield Whole(fake, there, client)


@pytest.fixture
def fake(whole: Whole) -> Providers:
    """Providers at which everything goes well."""
    whole.fake.gmail.faults = Faults(rotates=False)
    whole.fake.quickbooks.faults, whole.fake.xero.faults = Faults(), Faults()
    del whole.fake.xero.organisations[1:]
    return whole.fake


@pytest.fixture
async def browser(whole: Whole, fake: Providers, temporal: Client) -> AsyncIterator[Browser]:
    """Of somebody new. What they connected lives as long as their test: it would meet the faults of others."""
    browser = Browser(await sign_up(whole.client), fake)
    yield browser
    for each in await browser.listed():
        life = temporal.get_workflow_handle(connection_workflow_id(browser.person.tenant_id, each["id"]))
        with suppress(RPCError):  # one that never began, or has ended
            await life.terminate()


@pytest.fixture
async def stranger(whole: Whole, fake: Providers) -> Browser:
    """Of somebody else."""
    return Browser(await sign_up(whole.client), fake)


def caller(person: Person) -> Caller:
    """Somebody, as activities act."""
    return Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)


@pytest.mark.parametrize(
    ("provider", "label", "scope"),
    [
        ("gmail", "owner@coffee.example", "https://www.googleapis.com/auth/gmail.readonly"),
        ("quickbooks", "Coffee Corner LLC", "com.intuit.quickbooks.accounting"),
        ("xero", "Coffee Corner Ltd", "accounting.invoices.read"),
    ],
)
async def test_connecting(
    whole: Whole, browser: Browser, stranger: Browser, provider: str, label: str, scope: str
) -> None:
    """Who consents has a connection, which says whose account it is; nobody else sees it."""
    assert await browser.listed() == []
    url = await browser.start(provider, return_to="/inventory?tab=mail&status=old#list")
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"]
    origin = f"http://{whole.settings.host}:{whole.settings.port}"
    assert asked["redirect_uri"] == [f"{origin}{CONNECTIONS}/{provider}/callback"]
    assert len(asked["state"][0]) == 43
    cookie = browser.set_cookie.lower()
    assert "httponly" in cookie
    assert "secure" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=600" in cookie
    assert f"path={CONNECTIONS}/{provider}/callback;" in f"{cookie};"
    answer = await browser.answer(await browser.fake.consent(url))
    assert (
        answer.headers["location"] == f"{FRONTEND}/inventory?tab=mail&connection={provider}&status=connected#list"
    )
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    [one] = await browser.listed()
    assert (one["provider"], one["status"], one["reason"], one["account_label"]) == (
        provider,
        "connected",
        None,
        label,
    )
    assert scope in one["scopes"]
    assert (one["accounts"], one["disconnected_at"]) == ([], None)
    assert one["token_expires_at"] > one["created_at"]
    path = f"{CONNECTIONS}/{one['id']}"
    read = ok(await browser.person.get(path))
    assert {**read, "last_run": None, "synced_at": None} == {**one, "last_run": None, "synced_at": None}
    problem(await stranger.person.get(path), 404, "not_found")
    problem(await stranger.person.send("DELETE", path), 404, "not_found")
    problem(await stranger.person.post(f"{path}/account", {"account_id": "x"}), 404, "not_found")
    problem(await browser.person.get(f"{CONNECTIONS}/{NOBODYS}"), 404, "not_found")
    assert await stranger.listed() == []


async def test_nothing_is_readable(browser: Browser, temporal: Client, app_database: Database) -> None:
    """Codes, verifiers, states, tokens: none of it is readable in the rows or the history of the workflow."""
    url = await browser.start("quickbooks")
    back = await browser.fake.consent(url)
    browser.fake.quickbooks.faults.drop_codes = 1
    assert (await browser.back(back))["reason"] == "provider_away"
    connected = await browser.connected("quickbooks")
    async with app_database.transaction(caller(browser.person)) as connection:
        rows = await connection.fetch("SELECT c::text AS row FROM connections AS c")
        rows += await connection.fetch("SELECT c::text AS row FROM consents AS c")
        ids = [row["id"] for row in await connection.fetch("SELECT id::text FROM consents")]
        left = await connection.fetchval("SELECT count(*) FROM consents WHERE sealed_code IS NOT NULL")
    assert left == 0
    everything = "".join(row["row"] for row in rows)
    assert connected["id"] in everything
    for id in ids:
        history = await temporal.get_workflow_handle(connect_workflow_id(id)).fetch_history()
        decoded = [
            payload.data.decode()
            for event in history.events
            for payload in await temporal.data_converter.payload_codec.decode(payloads_of(event))  # type: ignore[union-attr]
        ]
        everything += "".join(decoded) + str(history)
    secrets = {*browser.fake.known, *browser.cookies.values()}
    assert len(secrets) > 5
    assert not [secret for secret in secrets if secret in everything]


def payloads_of(event: Any) -> list[Any]:
    """The payloads of an event's input and result."""
    found: list[Any] = []
    for name in ("workflow_execution_started", "activity_task_scheduled"):
        found += getattr(event, f"{name}_event_attributes").input.payloads
    for name in ("activity_task_completed", "workflow_execution_completed"):
        found += getattr(event, f"{name}_event_attributes").result.payloads
    return found


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "x" * 43}, "state_unknown"),
        ({"state": "short"}, "malformed"),
        ({"state": None}, "malformed"),
        ({"state": "é" * 43}, "malformed"),
        ({"code": None}, "malformed"),
        ({"code": ""}, "malformed"),
        ({"code": "x" * 2001}, "malformed"),
        ({"code": "a b"}, "malformed"),
        ({"code": "x" * 9000}, "malformed"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"iss": ""}, "wrong_issuer"),
        ({"code": "never-given"}, "code_refused"),
        ({"realmId": None}, "realm_missing"),
        ({"realmId": "9" * 300}, "realm_missing"),
        ({"realmId": "9\x00"}, "realm_missing"),
        ({"realmId": "../../evil"}, "account_unknown"),
        ({"realmId": "77"}, "account_unknown"),
        ({"code": None, "error": "access_denied"}, "consent_refused"),
        ({"error": "access_denied"}, "consent_refused"),
        ({"code": None, "error": "server_error"}, "provider_away"),
        ({"code": None, "error": "<script>"}, "provider_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_returns(browser: Browser, changes: dict[str, str | None], reason: str) -> None:
    """Whatever comes back that is not what was sent away makes no connection, and leads to the frontend."""
    back = await browser.fake.consent(await browser.start("quickbooks"))
    assert await browser.back(back, **changes) == failed("quickbooks", reason)
    assert await browser.listed() == []


async def test_twice_the_same_parameter(browser: Browser) -> None:
    """A parameter that comes twice could be read in two ways, so it is not read."""
    back = await browser.fake.consent(await browser.start("gmail"))
    assert await browser.back(f"{back}&more={'x' * 20}", more="y") != failed("gmail", "malformed")
    answer = await browser.person.client.get(f"{CONNECTIONS}/gmail/callback?state={'x' * 43}&code=a&code=b")
    assert told_by(answer) == failed("gmail", "malformed")
    answer = await browser.person.client.get(f"{CONNECTIONS}/dropbox/callback?state={'x' * 43}&code=a")
    assert told_by(answer) == {"path": "/", "status": "error", "reason": "connection_disabled"}


async def test_a_state_holds_once(browser: Browser) -> None:
    """The second time, whatever became of the first, a state is used up; the code is not sent again."""
    back = await browser.fake.consent(await browser.start("gmail", return_to="/mail"))
    cookies = dict(browser.cookies)
    assert (await browser.back(back))["status"] == "connected"
    sent = len(browser.fake.gmail.asked_for("/token"))
    browser.cookies = cookies
    assert await browser.back(back) == {**failed("gmail", "state_used"), "path": "/mail"}
    back = await browser.fake.consent(await browser.start("gmail"))
    assert (await browser.back(back, error="access_denied"))["reason"] == "consent_refused"
    assert (await browser.back(back))["reason"] == "state_used"
    assert len(browser.fake.gmail.asked_for("/token")) == sent
    assert len(await browser.listed()) == 1


async def test_a_state_is_of_one_browser(browser: Browser, stranger: Browser) -> None:
    """Whoever is made to follow another's way back connects nothing, to nobody."""
    url = await browser.start("gmail")
    await stranger.start("gmail")
    assert await stranger.back(await browser.fake.consent(url)) == failed("gmail", "wrong_browser")
    forged = dict(zip(browser.cookies, stranger.cookies.values(), strict=True))
    url = await browser.start("gmail")
    stranger.cookies = dict.fromkeys(browser.cookies, "x" * 43) | forged
    assert await stranger.back(await browser.fake.consent(url)) == failed("gmail", "wrong_browser")
    browser.cookies = {}
    assert await browser.back(await browser.fake.consent(await browser.start("gmail"))) != failed("gmail", "x")
    assert len(await browser.listed()) == 1
    assert await stranger.listed() == []


async def test_a_person_who_was_made_inactive(browser: Browser, admin_sql: Sql) -> None:
    """Whose account was deactivated meanwhile connects nothing."""
    back = await browser.fake.consent(await browser.start("gmail"))
    await admin_sql("UPDATE users SET is_active = false WHERE id = $1", browser.person.id)
    assert await browser.back(back) == failed("gmail", "account_inactive")
    await admin_sql("UPDATE users SET is_active = true WHERE id = $1", browser.person.id)
    assert await browser.listed() == []


async def test_a_person_who_is_about_to_be_erased(browser: Browser, admin_sql: Sql) -> None:
    """What somebody consents to while they are being erased is kept by nobody, and taken back at the provider."""
    back = await browser.fake.consent(await browser.start("gmail"))
    await admin_sql(
        "INSERT INTO erasures (id, tenant_id, user_id, requested_by) SELECT uuidv7(), tenant_id, id, id FROM users"
        " WHERE id = $1",
        browser.person.id,
    )
    before = set(browser.fake.gmail.revoked)
    assert await browser.back(back) == failed("gmail", "person_gone")
    assert browser.fake.gmail.revoked - before
    assert await browser.listed() == []


async def test_a_state_is_of_one_provider(browser: Browser) -> None:
    """A state of one provider means nothing at the callback of another."""
    back = await browser.fake.consent(await browser.start("gmail"))
    answer = await browser.back(back.replace("/gmail/", "/xero/"), iss=None)
    assert answer == failed("xero", "wrong_provider")
    assert await browser.listed() == []


async def test_a_state_lasts_ten_minutes(browser: Browser, admin_sql: Sql) -> None:
    """Who comes back later starts again."""
    back = await browser.fake.consent(await browser.start("gmail"))
    changed = "UPDATE consents SET expires_at = now() - interval '1 second' WHERE user_id = $1"
    await admin_sql(changed, browser.person.id)
    assert await browser.back(back) == failed("gmail", "state_expired")
    assert await browser.listed() == []


async def test_two_windows(browser: Browser) -> None:
    """Two consents begun in one browser do not disturb each other."""
    first, second = await browser.start("gmail"), await browser.start("xero")
    assert (await browser.back(await browser.fake.consent(second)))["status"] == "connected"
    assert (await browser.back(await browser.fake.consent(first)))["status"] == "connected"
    assert {each["provider"] for each in await browser.listed()} == {"gmail", "xero"}


async def test_a_used_code(browser: Browser) -> None:
    """A code that was exchanged already is refused by the provider, under any state."""
    back = await browser.fake.consent(await browser.start("xero"))
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert (await browser.back(back))["status"] == "connected"
    back = await browser.fake.consent(await browser.start("xero"))
    assert await browser.back(back, code=code) == failed("xero", "code_refused")


@pytest.mark.parametrize(
    ("provider", "scopes"),
    [
        ("gmail", ("openid", "email")),
        ("xero", ("openid", "profile", "email", "offline_access")),
    ],
)
async def test_fewer_scopes(browser: Browser, provider: str, scopes: tuple[str, ...]) -> None:
    """Where too little was granted, nothing is connected, and the provider is told to forget it."""
    there = getattr(browser.fake, provider)
    there.faults.scopes = scopes
    revoked = len(there.revoked)
    assert await browser.connect(provider) == failed(provider, "scopes_missing")
    assert len(there.revoked) > revoked
    assert await browser.listed() == []


async def test_fewer_scopes_later(browser: Browser) -> None:
    """Who has a connection, and grants less when asked again, keeps it: tokens of the first are not revoked."""
    await browser.connected("gmail")
    revoked = len(browser.fake.gmail.revoked)
    browser.fake.gmail.faults.scopes = ("openid", "email")
    assert await browser.connect("gmail") == failed("gmail", "scopes_missing")
    assert len(browser.fake.gmail.revoked) == revoked
    assert [each["status"] for each in await browser.listed()] == ["connected"]


async def test_no_refresh_token(browser: Browser) -> None:
    """A consent that cannot be kept is none."""
    given = {"access_token": "a", "token_type": "Bearer", "expires_in": 60}
    browser.fake.xero.faults.tokens = [Reply(body=given)]
    assert await browser.connect("xero") == failed("xero", "no_refresh_token")
    assert await browser.listed() == []


async def test_no_accounts(browser: Browser) -> None:
    """A consent that opens nothing connects nothing."""
    browser.fake.xero.faults.api = [Reply(body=[])]
    assert await browser.connect("xero") == failed("xero", "no_accounts")
    assert await browser.listed() == []


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"drop_codes": 1}, "provider_away"),
        ({"failing_tokens": 1}, "provider_away"),
        ({"tokens": [nonsense]}, "provider_away"),
        ({"tokens": [Reply(body={"access_token": "x" * 10_001})]}, "provider_away"),
        ({"tokens": [Reply(status=401, body={"error": "invalid_client"})]}, "client_refused"),
        ({"error": "access_denied"}, "consent_refused"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"api": [Reply(body={"sub": "", "email": "x@example.org"})]}, "account_unknown"),
        ({"api": [Reply(status=403)]}, "account_unknown"),
    ],
    ids=["dropped", "failing", "nonsense", "long", "client", "refused", "issuer", "nobody", "forbidden"],
)
async def test_providers_that_fail(browser: Browser, faults: dict[str, Any], reason: str) -> None:
    """A code is sent once, whatever the answer is; nothing half done is left."""
    asked = len(browser.fake.gmail.asked_for("/token"))
    for name, value in faults.items():
        setattr(browser.fake.gmail.faults, name, value)
    assert await browser.connect("gmail") == failed("gmail", reason)
    assert len(browser.fake.gmail.asked_for("/token")) <= asked + 1
    assert await browser.listed() == []


async def test_an_account_is_asked_for_again(browser: Browser) -> None:
    """Whose account it is may be asked more than once: an API that fails for a moment loses no consent."""
    browser.fake.gmail.faults.failing = 1
    assert (await browser.connected("gmail"))["account_label"] == "owner@coffee.example"


async def test_the_same_account_again(browser: Browser, admin_sql: Sql) -> None:
    """A new consent to an account that is connected gives that connection new tokens, and ends what was wrong."""
    first = await browser.connected("quickbooks")
    lost = "UPDATE connections SET status = 'reauth_required', reason = 'consent_revoked' WHERE id = $1"
    await admin_sql(lost, first["id"])
    again = await browser.connected("quickbooks")
    assert (again["id"], again["status"], again["reason"]) == (first["id"], "connected", None)
    assert len(await browser.listed()) == 1


async def test_another_company(browser: Browser) -> None:
    """Who chooses another company when connecting again has another connection; the first stays as it was."""
    first = await browser.connected("quickbooks")
    other = "9130350000000777"
    browser.fake.quickbooks.companies[other] = Company("Tea\n Corner LLC", browser.fake.clock)
    second = await browser.connected("quickbooks", as_=other)
    assert second["id"] != first["id"]
    assert (second["account_id"], second["account_label"]) == (other, "Tea Corner LLC")
    assert [each["id"] for each in await browser.listed()] == [second["id"], first["id"]]


async def test_choosing(browser: Browser, stranger: Browser) -> None:
    """A consent that opens several organisations waits until one is chosen of those that it opened."""
    second = browser.fake.xero.add("Tea Corner Ltd")
    waiting = await browser.connected("xero")
    assert (waiting["status"], waiting["account_id"], waiting["account_label"]) == ("choose_account", None, None)
    assert [each["label"] for each in waiting["accounts"]] == ["Coffee Corner Ltd", "Tea Corner Ltd"]
    path = f"{CONNECTIONS}/{waiting['id']}/account"
    problem(await stranger.person.post(path, {"account_id": second.id}), 404, "not_found")
    assert wrong(await browser.person.post(path, {"account_id": "another"})) == {"account_id": "not_allowed"}
    assert wrong(await browser.person.post(path, {"account_id": 5})) == {"account_id": "wrong_type"}
    chosen = ok(await browser.person.post(path, {"account_id": second.id}))
    assert (chosen["id"], chosen["status"], chosen["account_label"], chosen["accounts"]) == (
        waiting["id"],
        "connected",
        "Tea Corner Ltd",
        [],
    )
    again = ok(await browser.person.post(path, {"account_id": second.id}))
    assert again["id"] == chosen["id"]
    other = waiting["accounts"][0]["id"]
    problem(await browser.person.post(path, {"account_id": other}), 409, "no_account_to_choose")


async def test_choosing_what_is_connected(browser: Browser, keys: Keys, app_database: Database) -> None:
    """Choosing an account that another connection has gives that one the new tokens, and this one goes."""
    first = await browser.connected("xero")
    browser.fake.xero.add("Tea Corner Ltd")
    waiting = await browser.connected("xero")
    async with app_database.transaction(caller(browser.person)) as connection:
        held = await connections.waiting(connection, waiting["id"], browser.person.id)
    assert held is not None
    new = await keeping.opened(keys, waiting["id"], held.tokens.sealed)
    path = f"{CONNECTIONS}/{waiting['id']}/account"
    for _ in range(2):
        lives_on = ok(await browser.person.post(path, {"account_id": first["account_id"]}))
        assert (lives_on["id"], lives_on["status"]) == (first["id"], "connected")
    async with app_database.transaction(caller(browser.person)) as connection:
        sealed = await connection.fetchval("SELECT sealed_tokens FROM connections WHERE id = $1", first["id"])
    assert await keeping.opened(keys, first["id"], sealed) == new
    gone = ok(await browser.person.get(f"{CONNECTIONS}/{waiting['id']}"))
    assert (gone["status"], gone["reason"], gone["accounts"]) == ("disconnected", "account_connected", [])
    assert gone["disconnected_at"]


async def test_the_life_begins(browser: Browser, temporal: Client) -> None:
    """Each connection has a workflow that keeps it, found as the person's; it is the same after a new consent."""
    one = await browser.connected("gmail")
    life = temporal.get_workflow_handle(connection_workflow_id(browser.person.tenant_id, one["id"]))
    described = await life.describe()
    assert described.workflow_type == "Connection"
    assert browser.person.id in str(described.typed_search_attributes)
    await browser.connected("gmail")
    assert (await life.describe()).run_id == described.run_id


async def test_disconnecting(browser: Browser, temporal: Client) -> None:
    """A connection is revoked and its tokens are gone; twice is once. Connecting again goes on with it."""
    one = await browser.connected("gmail")
    path = f"{CONNECTIONS}/{one['id']}"
    revoked = len(browser.fake.gmail.revoked)
    for _ in range(2):
        assert (await browser.person.send("DELETE", path)).status_code == 204
    assert len(browser.fake.gmail.revoked) > revoked
    read = ok(await browser.person.get(path))
    assert (read["status"], read["account_label"]) == ("disconnected", "owner@coffee.example")
    again = await browser.connected("gmail")
    assert (again["id"], again["status"], again["disconnected_at"]) == (one["id"], "connected", None)
    assert len(await browser.listed()) == 1
    life = temporal.get_workflow_handle(connection_workflow_id(browser.person.tenant_id, one["id"]))
    assert (await life.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_nothing_counts_twice(browser: Browser) -> None:
    """An account that is disconnected and connected again brings no order anew, and no quantity twice."""
    browser.fake.quickbooks.orders.many(3)
    one = await browser.connected("quickbooks")
    path = f"{CONNECTIONS}/{one['id']}"

    async def brought() -> tuple[list[Json], list[tuple[str, str]]]:
        run = ok(await browser.person.post(f"{path}/sync"))
        where = f"{path}/runs/{run['id']}"

        async def is_done() -> bool:
            return ok(await browser.person.get(where))["status"] == "completed"

        await until(is_done)
        items = ok(await browser.person.get("/api/v1/items?limit=100"))["items"]
        return ok(await browser.person.get(f"{path}/orders"))["items"], [
            (each["id"], each["quantity"]) for each in items
        ]

    before = await brought()
    assert len(before[0]) == 3
    assert before[1]
    assert (await browser.person.send("DELETE", path)).status_code == 204
    await browser.connected("quickbooks")
    assert await brought() == before


async def test_disconnecting_one_of_two_organisations(browser: Browser) -> None:
    """Xero forgets all organisations of a person at once, so it is asked when the last one is disconnected."""
    browser.fake.xero.add("Tea Corner Ltd")
    both: list[Json] = []
    for number in range(2):
        waiting = await browser.connected("xero")
        chosen = {"account_id": waiting["accounts"][number]["id"]}
        both.append(ok(await browser.person.post(f"{CONNECTIONS}/{waiting['id']}/account", chosen)))
    asked = len(browser.fake.xero.asked_for("/revoke"))
    for more, one in enumerate(both):
        assert (await browser.person.send("DELETE", f"{CONNECTIONS}/{one['id']}")).status_code == 204
        assert ok(await browser.person.get(f"{CONNECTIONS}/{one['id']}"))["status"] == "disconnected"
        assert len(browser.fake.xero.asked_for("/revoke")) == asked + more


async def test_the_list(browser: Browser, app_database: Database) -> None:
    """Connections are listed newest first, page by page."""
    ids = [await given(app_database, browser.person, f"account {number}") for number in range(3)]
    first = ok(await browser.person.get(CONNECTIONS, params={"limit": 2, "with_total": "true"}))
    assert ([each["id"] for each in first["items"]], first["total"]) == (ids[:0:-1], 3)
    rest = ok(await browser.person.get(CONNECTIONS, params={"cursor": first["next_cursor"]}))
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == (ids[:1], None)
    assert wrong(await browser.person.get(CONNECTIONS, params={"cursor": "x", "limit": 0})) == {
        "cursor": "bad_format",
        "limit": "too_small",
    }


async def given(database: Database, person: Person, account: str) -> str:
    """A connection that somebody has, as if they had consented."""
    id = str(uuid.uuid4())
    async with database.transaction(caller(person)) as connection:
        await connections.alone(connection, person.id)
        await connections.keep_consented(
            connection,
            id,
            person.id,
            tenant_id=person.tenant_id,
            provider="quickbooks",
            tokens=Tokens(sealed=["none", "", ""], seconds=3600, scopes=()),
            accounts=[Account(id=account, label=account)],
        )
    return id


async def test_not_too_many(browser: Browser, app_database: Database) -> None:
    """Somebody has so many connections at once: no more are begun, nor made of a consent that was begun before."""
    url = await browser.start("gmail")
    for number in range(LIVE_AT_MOST):
        last = await given(app_database, browser.person, f"account {number}")
    answer = await browser.person.post(f"{CONNECTIONS}/gmail/start", {})
    problem(answer, 409, "too_many_connections")
    # One that they have may need consent anew.
    assert await browser.start("quickbooks")
    assert await browser.back(await browser.fake.consent(url)) == failed("gmail", "too_many_connections")
    async with app_database.transaction(CONNECTOR) as connection:
        assert [
            each.connection_id
            for each in await connections.by_accounts(connection, "quickbooks", ["account 19"])
            if each.user_id == browser.person.id
        ] == [last]


async def test_the_oldest_consents_go(browser: Browser) -> None:
    """Somebody has so many consents open at once; an older one leads nowhere any more."""
    urls = [await browser.start("gmail") for _ in range(CONSENTS_AT_MOST + 1)]
    assert await browser.back(await browser.fake.consent(urls[0])) == failed("gmail", "state_unknown")
    assert (await browser.back(await browser.fake.consent(urls[1])))["status"] == "connected"


async def arrived(browser: Browser, keys: Keys, database: Database) -> ConnectOrder:
    """Somebody has come back with a code, and nobody has looked at it."""
    person = browser.person
    await browser.start("gmail")
    key = await keys.sealing(Owner(person.tenant_id, person.id))
    async with database.transaction(caller(person)) as connection:
        id = await connection.fetchval("UPDATE consents SET used_at = now() RETURNING id::text")
        sealed = keeping.sealed_text(key, "a-code", keeping.code_place(id))
        await consents.arrive(connection, id, person.id, sealed_code=sealed, realm=None)
    return ConnectOrder(tenant_id=person.tenant_id, user_id=person.id, consent_id=id)


async def test_a_worker_that_dies(browser: Browser, whole: Whole, keys: Keys, app_database: Database) -> None:
    """A code that was sent by a worker which died then is not sent by the next: the person starts again."""
    order = await arrived(browser, keys, app_database)
    async with app_database.transaction(caller(browser.person)) as connection:
        assert await consents.spend(connection, order.consent_id, order.user_id)
        assert not await consents.spend(connection, order.consent_id, order.user_id)
    sent = len(browser.fake.gmail.asked_for("/token"))
    connecting = Connecting(app_database, keys, whole.settings)
    report = await ActivityEnvironment().run(connecting.exchange_code, order)
    assert report == ConnectReport(status="error", reason="interrupted")
    assert len(browser.fake.gmail.asked_for("/token")) == sent


async def test_a_provider_that_is_not_reached(
    browser: Browser, whole: Whole, keys: Keys, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a request never arrived the code is as good as before: it is sent again, for a few seconds."""
    monkeypatch.setattr("activities.connecting.AGAIN_SECONDS", 0.01)
    order = await arrived(browser, keys, app_database)
    connecting = Connecting(app_database, keys, replace(whole.settings, gmail_token_url="http://127.0.0.1:9/x"))
    report = await ActivityEnvironment().run(connecting.exchange_code, order)
    assert report == ConnectReport(status="error", reason="provider_away")
    assert await browser.listed() == []


async def test_a_slow_provider(browser: Browser, whole: Whole) -> None:
    """Nobody waits for a slow provider longer than for anything else; the connection appears later."""
    # Long enough for what is not slow.
    async with application(replace(whole.settings, update_timeout_seconds=2.0)) as client:
        impatient = Browser(replace(browser.person, client=client), browser.fake)
        browser.fake.gmail.faults.gate = gate = Gate()
        assert await impatient.connect("gmail") == failed("gmail", "slow")
        assert await browser.listed() == []
        gate.open()
    await until(browser.listed)


async def test_a_store_of_workflows_that_is_away(browser: Browser, whole: Whole) -> None:
    """Where Temporal is away people are led back all the same."""
    away = replace(whole.settings, temporal_address="127.0.0.1:9", update_timeout_seconds=0.2)
    async with application(away) as client:
        lost = Browser(replace(browser.person, client=client), browser.fake)
        assert await lost.connect("gmail") == failed("gmail", "unavailable")


async def test_too_many_ways_back(whole: Whole, fake: Providers) -> None:
    """Who comes back too often is led to the frontend, too, and does not use up the sign-ins of their address."""
    async with application(replace(whole.settings, sign_in_limit_per_minute=2), address="192.0.2.77") as client:
        answers = [await client.get(f"{CONNECTIONS}/gmail/callback") for _ in range(3)]
        assert [told_by(each)["reason"] for each in answers] == ["malformed", "malformed", "rate_limited"]
        assert answers[2].headers["ratelimit"].startswith('"callback";r=0')
        assert fake.gmail


async def test_return_to(browser: Browser) -> None:
    """Who wants to be led elsewhere is not sent away at all."""
    path = f"{CONNECTIONS}/gmail/start"
    for trick in ("//evil.example", "https://evil.example", "/\\evil.example", "/%2f/evil.example", "/\t/x"):
        assert wrong(await browser.person.post(path, {"return_to": trick})) == {"return_to": "bad_format"}
    assert wrong(await browser.person.post(path, {"return_to": ""})) == {"return_to": "too_short"}
    assert wrong(await browser.person.post(path, {"return_to": f"/{'x' * 1000}"})) == {"return_to": "too_long"}
    assert wrong(await browser.person.post(path, {"return_to": 7, "more": 1})) == {
        "return_to": "wrong_type",
        "more": "unknown_field",
    }
    assert ok(await browser.person.post(path))["authorize_url"]


async def test_which_are_available(
    whole: Whole, fake: Providers, app_database: Database, settings: Settings, api: httpx.AsyncClient
) -> None:
    """A provider is there where it is set up, and the tenant wants it; also when somebody comes back from it."""
    company = await found(whole.client, app_database, whole.settings)
    ok(await company.admin.patch("/api/v1/tenant", {"allowed_connections": ["xero"]}))
    told = ok(await company.admin.get(f"{CONNECTIONS}/providers"))["items"]
    assert [(each["provider"], each["title"], each["available"]) for each in told] == [
        ("gmail", "Gmail", False),
        ("quickbooks", "QuickBooks", False),
        ("xero", "Xero", True),
    ]
    browser = Browser(company.admin, fake)
    one = f"{CONNECTIONS}/{(await browser.connected('xero'))['id']}"
    back = await fake.consent(await browser.start("xero"))
    ok(await company.admin.patch("/api/v1/tenant", {"allowed_connections": []}))
    assert await browser.back(back) == failed("xero", "connection_disabled")
    for path in ("sync", "discoveries"):
        problem(await company.admin.post(f"{one}/{path}"), 404, "connection_disabled")
    assert (await company.admin.send("DELETE", one)).status_code == 204
    for provider in ("gmail", "dropbox"):
        problem(await company.admin.post(f"{CONNECTIONS}/{provider}/start", {}), 404, "connection_disabled")
    assert settings.gmail_client_id is None
    nobody = await sign_up(api)
    assert {each["available"] for each in ok(await nobody.get(f"{CONNECTIONS}/providers"))["items"]} == {False}
    problem(await nobody.post(f"{CONNECTIONS}/gmail/start", {}), 404, "connection_disabled")


async def test_a_start_is_not_repeated(browser: Browser) -> None:
    """The same request again begins another consent: an answer without its cookie would be good for nothing."""
    urls = [
        ok(await browser.person.post(f"{CONNECTIONS}/gmail/start", {}, headers={"Idempotency-Key": "one"}))
        for _ in range(2)
    ]
    assert urls[0]["authorize_url"] != urls[1]["authorize_url"]
