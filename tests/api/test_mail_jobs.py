"""Looks through mailboxes over HTTP: suppliers, order mails, and what somebody else is told."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec import Struct
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.converter import WorkflowSerializationContext

from cli.embedded import EmbeddedStack
from db import mail_jobs
from db.pool import Database
from onboarding.access import Caller, Role
from runtime.addresses import mail_job_workflow_id
from runtime.encryption import Keys
from runtime.providers.mailbox import GmailMessages, Listed
from runtime.settings import Settings
from tests.api.test_events import Stream
from tests.mailboxes import Connected, connected, mail, order
from tests.providers import Providers, providers
from tests.scan_service import scanning
from tests.stack import Json, Person, ok, problem, sign_up, until, wrong

COFFEE = "2 x Coffee beans 7.50 EUR"
DOMAINS = {"domains": ["beans.example"]}


class Whole(Struct, frozen=True, kw_only=True):
    """The providers, settings that lead there, and a client of an application that has them."""

    fake: Providers
    settings: Settings
    client: httpx.AsyncClient


class Post(Struct, frozen=True, kw_only=True):
    """Somebody with a mailbox."""

    fake: Providers
    person: Person
    box: Connected

    def path(self, rest: str = "order-imports") -> str:
        """Below their connection."""
        return f"/api/v1/connections/{self.box.id}/{rest}"

    def deliver(self, raw: bytes, days_ago: float = 1) -> None:
        """A message that came so many days ago."""
        at = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp()
        self.fake.gmail.deliver(raw, at=at, to=self.box.address)

    async def begun(self, rest: str = "order-imports", body: Json = DOMAINS) -> str:
        """A job that is under way."""
        return ok(await self.person.post(self.path(rest), body if rest == "order-imports" else None))["job_id"]

    async def ended(self, job_id: str, rest: str = "order-imports") -> Json:
        """The job once it is over."""

        async def read() -> Json | None:
            job = ok(await self.person.get(self.path(f"{rest}/{job_id}")))
            return None if job["status"] in ("queued", "running") else job

        return await until(read)


@pytest.fixture(scope="module")
async def whole(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Whole]:
    """All of it, for this file."""
    async with providers() as fake:
        own = fake.set(settings)
        changes = {name: getattr(own, name) for name in own.__struct_fields__ if name.startswith("gmail_")}
        async with scanning(settings, temporal, keys, connections_enabled="gmail", **changes) as client:
            yield Whole(fake=fake, settings=own, client=client)


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
async def post(whole: Whole, admin: asyncpg.Connection, keys: Keys) -> Post:
    """Somebody new, with a mailbox."""
    person = await sign_up(whole.client)
    box = await connected(admin, keys, whole.fake, whole.settings, tenant_id=person.tenant_id, user_id=person.id)
    return Post(fake=whole.fake, person=person, box=box)


async def test_suppliers(post: Post) -> None:
    """A discovery is begun, looked at where `Location` says, and names suppliers with what is known of them."""
    post.deliver(order(101, COFFEE))
    answer = await post.person.post(post.path("discoveries"))
    job_id = ok(answer)["job_id"]
    assert (answer.status_code, answer.headers["location"]) == (202, post.path(f"discoveries/{job_id}"))
    job = await post.ended(job_id, "discoveries")
    (supplier,) = job.pop("suppliers")
    assert (job["status"], job["code"], job["messages"]) == ("completed", None, 1)
    assert (supplier.pop("score") > 0, supplier.pop("last_seen_at")[-1]) == (True, "Z")
    assert supplier == {
        "domain": "beans.example",
        "name": "Beans",
        "category": "supplier",
        "recommended": True,
        "messages": 1,
        "order_messages": 1,
        "newsletters": 0,
    }
    problem(await post.person.get(post.path(f"order-imports/{job_id}")), 404, "not_found")


async def test_orders(post: Post, admin: asyncpg.Connection) -> None:
    """An import brings orders to the review list and to the inventory, and its domains stay the connection's."""
    for n in (101, 102):
        post.deliver(order(n, COFFEE, "Total: 15.00 EUR"))
    post.deliver(mail(lines=["We have moved."]))
    await post.person.start(flow="inventory")
    job = await post.ended(await post.begun())
    assert {name: job[name] for name in ("status", "code", "messages", "orders", "failed", "domains")} == {
        "status": "completed",
        "code": None,
        "messages": 3,
        "orders": 2,
        "failed": 0,
        **DOMAINS,
    }
    items = ok(await post.person.get("/api/v1/items"))["items"]
    assert {(each["name"], each["supplier"]) for each in items} == {("Coffee beans", "Beans")}

    async def answered() -> Json | None:
        state = (await post.person.progress("inventory"))["current_state"]
        return state if state != 1 else None

    assert await until(answered) == 2
    row = await admin.fetchval("SELECT domains FROM connections WHERE id = $1", post.box.id)
    assert row == DOMAINS["domains"]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Event]:
    """No mailbox is looked into before this is set."""
    go_on, page = asyncio.Event(), GmailMessages.page

    async def later(mailbox: GmailMessages, *given: Any) -> Listed:
        await go_on.wait()
        return await page(mailbox, *given)

    monkeypatch.setattr(GmailMessages, "page", later)
    yield go_on
    go_on.set()


async def test_one_at_a_time(post: Post, held: asyncio.Event) -> None:
    """A second import is told where the first is; the same request again is the same; a discovery may begin."""
    headers = {"Idempotency-Key": "k"}
    answers = [await post.person.post(post.path(), DOMAINS, headers=headers) for _ in range(2)]
    job_id = ok(answers[0])["job_id"]
    assert ok(answers[1])["job_id"] == job_id
    refused = await post.person.post(post.path(), DOMAINS)
    problem(refused, 409, "mail_job_in_progress")
    assert refused.headers["location"] == post.path(f"order-imports/{job_id}")
    other = await post.begun("discoveries")
    held.set()
    assert (await post.ended(job_id))["status"] == "completed"
    assert (await post.ended(other, "discoveries"))["status"] == "completed"
    assert ok(await post.person.post(post.path(), DOMAINS, headers=headers))["job_id"] == job_id


async def test_cancelled(post: Post, temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled import keeps what it found, reads no more, and can be cancelled again."""
    for n in range(30):
        post.deliver(order(100 + n, COFFEE), days_ago=n + 1)
    go_on, whole, asked = asyncio.Event(), GmailMessages.whole, itertools.count(1)

    async def two_and_the_rest_later(mailbox: GmailMessages, id: str) -> bytes | None:
        if next(asked) > 2:
            await go_on.wait()
        return await whole(mailbox, id)

    monkeypatch.setattr(GmailMessages, "whole", two_and_the_rest_later)
    job_id = await post.begun()
    path = post.path(f"order-imports/{job_id}")

    async def some() -> bool:
        return ok(await post.person.get(path))["orders"] > 0

    try:
        await until(some)
        assert (await post.person.send("DELETE", path)).status_code == 204
    finally:
        go_on.set()
    job = ok(await post.person.get(path))
    assert (job["status"], 0 < job["orders"] < 30) == ("cancelled", True)
    handle = temporal.get_workflow_handle(mail_job_workflow_id(post.person.tenant_id, job_id))

    async def is_over() -> bool:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING

    await until(is_over)
    assert (await post.person.send("DELETE", path)).status_code == 204
    assert ok(await post.person.get(path)) == job


@asynccontextmanager
async def listening(post: Post, job_id: str, **headers: str) -> AsyncGenerator[Stream]:
    """The stream of an import."""
    sent = {"Authorization": f"Bearer {post.person.token}", **headers}
    path = post.path(f"order-imports/{job_id}/stream")
    async with post.person.client.stream("GET", path, headers=sent) as answer:
        assert answer.status_code == 200
        yield Stream(answer)


async def heard(stream: Stream) -> list[tuple[str, int, Json]]:
    """All events to the end."""
    events: list[tuple[str, int, Json]] = []
    while event := await stream.next(30):
        events.append(event)
    return events


async def test_the_stream(post: Post) -> None:
    """A snapshot, then progress to the end; who comes back hears what is new, and nothing after the end."""
    for n in range(3):
        post.deliver(order(100 + n, COFFEE))
    job_id = await post.begun()
    async with listening(post, job_id) as stream:
        events = await heard(stream)
    assert [event for event, *_ in events] == ["JOB_SNAPSHOT"] + ["JOB_PROGRESS"] * (len(events) - 1)
    _, last, end = events[-1]
    assert (end["status"], end["orders"], end["job_id"]) == ("completed", 3, job_id)
    async with listening(post, job_id, **{"Last-Event-ID": f"{job_id}:{last - 2}"}) as stream:
        assert await heard(stream) == [("JOB_PROGRESS", last, end)]
    path = post.path(f"order-imports/{job_id}/stream")
    assert (await post.person.get(path)).status_code == 200
    over = await post.person.send("GET", path, headers={"Last-Event-ID": f"{job_id}:{last}"})
    assert over.status_code == 204


async def test_the_stream_of_a_mailbox_that_is_disconnected(
    post: Post, held: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who follows an import hears at once, and not with the next heartbeat, that its mailbox is gone."""
    monkeypatch.setattr("api.streams.HEARTBEAT_SECONDS", 300)
    job_id = await post.begun()
    async with listening(post, job_id) as stream:
        assert (await post.person.send("DELETE", f"/api/v1/connections/{post.box.id}")).status_code == 204
        events = await heard(stream)
    assert events[-1][2]["status"] == "cancelled"


async def test_wrong_domains(post: Post) -> None:
    """All wrong domains are named at once; 1 to 50; what is right is in ASCII, each once."""
    domains = [
        "co.uk",
        "mail.shop.co.uk",
        "GMAIL.com",
        "a b",
        "127.0.0.1",
        "",
        5,
        "http://x.example",
        "[::1]",
        "x" * 254,
    ]
    codes = ["bad_domain", "not_registrable", "free_mail", "bad_domain", "bad_domain", "too_short", "wrong_type"]
    codes += ["bad_domain", "bad_domain", "too_long"]
    named = {f"domains[{n}]": code for n, code in enumerate(codes)}
    assert wrong(await post.person.post(post.path(), {"domains": domains})) == named
    assert wrong(await post.person.post(post.path(), {"domains": []})) == {"domains": "too_short"}
    many = [f"{n}.example" for n in range(51)]
    assert wrong(await post.person.post(post.path(), {"domains": many})) == {"domains": "too_long"}
    body = {"domains": ["Bücher.example", "xn--bcher-kva.example", "SHOP.co.uk"]}
    job = await post.ended(await post.begun(body=body))
    assert job["domains"] == ["xn--bcher-kva.example", "shop.co.uk"]


async def test_too_many_domains(post: Post, admin: asyncpg.Connection) -> None:
    """A connection has a hundred domains at most."""
    domains = [f"{n}.example" for n in range(100)]
    await admin.execute("UPDATE connections SET domains = $2 WHERE id = $1", post.box.id, domains)
    problem(await post.person.post(post.path(), DOMAINS), 409, "too_many_domains")
    assert (await post.ended(await post.begun(body={"domains": domains[:50]})))["status"] == "completed"


async def test_what_cannot_be_read(post: Post, admin: asyncpg.Connection) -> None:
    """Accounting is no mailbox; one that needs consent, is removed, or switched off is told as such."""
    for change, code in (
        ("provider = 'xero'", "not_a_mailbox"),
        ("provider = 'gmail', status = 'reauth_required'", "connection_not_connected"),
        ("status = 'disconnected', sealed_tokens = NULL, disconnected_at = now()", "connection_not_connected"),
    ):
        await admin.execute(f"UPDATE connections SET {change} WHERE id = $1", post.box.id)
        problem(await post.person.post(post.path(), DOMAINS), 409, code)
        problem(await post.person.post(post.path("discoveries")), 409, code)


async def test_switched_off(api: httpx.AsyncClient) -> None:
    """Where no mailbox can be connected there are none to look through."""
    person = await sign_up(api)
    path = f"/api/v1/connections/{uuid.uuid4()}/discoveries"
    problem(await person.post(path), 404, "connection_disabled")


async def test_somebody_elses(post: Post) -> None:
    """A colleague finds no mailbox of another person and no job of it; neither is there one that never was."""
    bob = await sign_up(post.person.client)
    job_id, look = await post.begun(), await post.begun("discoveries")
    for path in (f"order-imports/{job_id}", f"order-imports/{job_id}/stream", f"discoveries/{look}"):
        problem(await bob.get(post.path(path)), 404, "not_found")
        problem(
            await post.person.get(post.path(path.replace(path.split("/")[1], str(uuid.uuid4())))), 404, "not_found"
        )
    problem(await bob.send("DELETE", post.path(f"order-imports/{job_id}")), 404, "not_found")
    problem(await bob.post(post.path(), DOMAINS), 404, "not_found")
    problem(await bob.post(post.path("discoveries")), 404, "not_found")
    assert (await post.ended(job_id))["status"] == "completed"
    await post.ended(look, "discoveries")


async def test_a_job_that_was_not_begun(post: Post, app_database: Database, admin: asyncpg.Connection) -> None:
    """A job without a workflow is begun by whoever asks for it after a while, or asks for another one."""
    job_id, person = str(uuid.uuid4()), post.person
    async with app_database.transaction(
        Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    ) as conn:
        assert not await mail_jobs.begin(
            conn,
            mail_job_id=job_id,
            tenant_id=person.tenant_id,
            user_id=person.id,
            connection_id=post.box.id,
            kind="orders",
            domains=["beans.example"],
        )
    assert ok(await person.get(post.path(f"order-imports/{job_id}")))["status"] == "queued"
    late = "UPDATE mail_jobs SET created_at = created_at - interval '2 minutes' WHERE id = $1"
    await admin.execute(late, job_id)
    assert (await post.ended(job_id))["status"] == "completed"


async def test_away_for_a_while(post: Post) -> None:
    """A mailbox that asks for a rest gets it, and the import goes on after that by itself."""
    post.deliver(order(101, COFFEE))
    post.fake.gmail.faults.too_many = 1
    job = await post.ended(await post.begun())
    assert (job["status"], job["orders"]) == ("completed", 1)


async def test_consent_is_gone(post: Post) -> None:
    """A consent that was taken back ends the import with a code."""
    post.fake.gmail.revoke_all()
    job = await post.ended(await post.begun())
    assert (job["status"], job["code"]) == ("failed", "needs_consent")


async def test_nothing_personal_in_history(post: Post, temporal: Client) -> None:
    """A history names no sender, no domain and nothing that was ordered, even for who can read it."""
    post.deliver(order(101, COFFEE))
    job_id = await post.begun()
    await post.ended(job_id)
    handle = temporal.get_workflow_handle(mail_job_workflow_id(post.person.tenant_id, job_id))
    inputs = [
        payload
        for event in (await handle.fetch_history()).events
        for payload in (
            *event.workflow_execution_started_event_attributes.input.payloads,
            *event.activity_task_scheduled_event_attributes.input.payloads,
            *event.activity_task_completed_event_attributes.result.payloads,
        )
    ]
    place = WorkflowSerializationContext(namespace="default", workflow_id=handle.id)
    opened = repr(await temporal.data_converter.with_context(place).decode(inputs))
    assert job_id in opened
    assert not any(word in opened for word in ("beans", "Coffee", "B-101", *post.fake.known))
