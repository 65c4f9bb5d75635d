"""Scrape jobs over HTTP, with sites that do what a test says."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError

from cli.embedded import EmbeddedStack
from db import scrapes as rows
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.scrapes import wanted
from runtime.addresses import scrape_workflow_id
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.api.test_events import Stream
from tests.scan_service import scanning
from tests.sites import Answer, Site, site
from tests.stack import Json, Person, ok, problem, sign_up, until, wrong

SCRAPE, JOBS = "/api/v1/urls/scrape", "/api/v1/urls/jobs"
WAIT = {"Prefer": "wait=20"}


class Scraping:
    """A shop, and a client of the application that reads it."""

    def __init__(self, shop: Site, client: httpx.AsyncClient) -> None:
        self.shop, self.client = shop, client

    def urls(self, *paths: str) -> Json:
        """A request for pages of the shop."""
        return {"urls": [path if ":" in path else f"{self.shop.url}{path}" for path in paths]}


@pytest.fixture(scope="module")
async def whole(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Scraping]:
    """All of it, for this file."""
    async with (
        site() as shop,
        scanning(settings, temporal, keys, scrape_allow_hosts=f"127.0.0.1:{shop.port}") as client,
    ):
        yield Scraping(shop, client)


@pytest.fixture
def scraping(whole: Scraping) -> Scraping:
    """The same, with a shop that was asked nothing yet."""
    whole.shop.answers.clear()
    whole.shop.asked.clear()
    whole.shop.most_at_once = 0
    return whole


@pytest.fixture
async def ann(scraping: Scraping) -> Person:
    """Somebody new."""
    return await sign_up(scraping.client)


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


def statuses(job: Json) -> list[tuple[str, str | None]]:
    """What became of each address."""
    return [(each["status"], each["reason"]) for each in job["results"]]


async def ended(person: Person, job_id: str) -> Json:
    """A job once it is over."""

    async def read() -> Json | None:
        job = ok(await person.get(f"{JOBS}/{job_id}"))
        return job if job["status"] in ("completed", "cancelled") else None

    return await until(read)


async def test_a_job(scraping: Scraping, ann: Person, admin: asyncpg.Connection) -> None:
    """Each address has its result, a page is fetched once, and what is found is on the review list."""
    scraping.shop.answers["/gone"] = Answer(status=404)
    paths = ("/mug?utm_source=x#top", "/gone", "/mug", "http://127.0.0.1:1/", "http://169.254.169.254/latest/")
    asked = scraping.urls(*paths)
    answer = await ann.post(SCRAPE, asked, headers=WAIT)
    job = ok(answer)
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=20")
    assert answer.headers["location"] == f"{JOBS}/{job['job_id']}"
    assert (job["status"], job["requested"], job["processed"]) == ("completed", 5, 5)
    failed = [("failed", reason) for reason in ("not_found", "refused_address")]
    assert statuses(job) == [("partial", None), failed[0], ("partial", None), failed[1], failed[1]]
    assert [each["source_url"] for each in job["results"]] == asked["urls"]
    assert {each["normalized_url"] for each in job["results"][::2][:2]} == {f"{scraping.shop.url}/mug"}
    assert sorted(scraping.shop.pages) == ["/gone", "/mug"]
    (item,) = job["items"]
    assert item == job["results"][0]["item"]
    assert set(item) == {
        *("source_url", "product_url", "image_url", "name", "supplier", "price", "currency", "description"),
        *("sku", "gtin", "needs_review", "extraction_source", "confidence"),
    }
    assert (item["name"], item["source_url"]) == ("A mug", asked["urls"][0])
    found = await admin.fetch("SELECT name, url FROM items WHERE user_id = $1", ann.id)
    assert [tuple(row) for row in found] == [("A mug", f"{scraping.shop.url}/mug")]
    assert ok(await ann.get(f"{JOBS}/{job['job_id']}")) == job


async def test_nobody_waits(scraping: Scraping, ann: Person) -> None:
    """Without `Prefer` the answer is 202 at once; with too little patience it is 202, too."""
    for headers in ({}, {"Prefer": "respond-async, wait=1"}):
        scraping.shop.answers["*"] = Answer(held=(gate := asyncio.Event()))
        answer = await ann.post(SCRAPE, scraping.urls("/a"), headers=headers)
        assert answer.status_code == 202
        assert ok(answer)["status"] in ("queued", "running")
        gate.set()
        assert (await ended(ann, ok(answer)["job_id"]))["status"] == "completed"
    again = await ann.post(SCRAPE.replace("/v1", ""), scraping.urls("/a"))
    assert again.headers["location"] == f"/api/urls/jobs/{ok(again)['job_id']}"
    await ended(ann, ok(again)["job_id"])


async def test_wrong_requests(scraping: Scraping, ann: Person) -> None:
    """All wrong addresses are named at once; there are 1 to 50; nothing is fetched for a wrong request."""
    urls = [
        "http://a@shop.example/",
        "http://shop.example/",
        "ftp://x.example",
        "",
        "http://0x7f.1/",
        "http://a b/",
        5,
    ]
    named = {f"urls[{n}]": "bad_url" for n in (0, 2, 4, 5)} | {"urls[3]": "too_short", "urls[6]": "wrong_type"}
    assert wrong(await ann.post(SCRAPE, {"urls": urls})) == named
    assert wrong(await ann.post(SCRAPE, {"urls": []})) == {"urls": "too_short"}
    assert wrong(await ann.post(SCRAPE, scraping.urls(*("/a",) * 51))) == {"urls": "too_long"}
    assert wrong(await ann.post(SCRAPE, {"url": "x"})) == {"urls": "required", "url": "unknown_field"}
    assert scraping.shop.asked == []


async def test_many_at_once(scraping: Scraping, ann: Person) -> None:
    """Fifty pages, eight at a time, in about the time that this takes; robots.txt is asked for once."""
    scraping.shop.answers["*"] = Answer(pause_seconds=0.3)
    job = ok(await ann.post(SCRAPE, scraping.urls(*(f"/{n}" for n in range(50))), headers=WAIT))
    assert (job["status"], len(job["items"])) == ("completed", 50)
    assert scraping.shop.most_at_once == 8
    assert sorted(scraping.shop.pages) == sorted(f"/{n}" for n in range(50))
    assert len(scraping.shop.asked) - len(scraping.shop.pages) <= 1


async def test_once_more(scraping: Scraping, ann: Person) -> None:
    """A server that fails once is asked again; one that goes on failing twice in all, and what is refused once."""
    broken = Answer(status=503)
    scraping.shop.answers |= {"/once": [broken, Answer()], "/broken": broken, "/shut": Answer(status=403)}
    job = ok(await ann.post(SCRAPE, scraping.urls("/once", "/broken", "/shut"), headers=WAIT))
    assert statuses(job) == [("partial", None), ("failed", "server_error"), ("failed", "blocked")]
    assert sorted(scraping.shop.pages) == ["/broken", "/broken", "/once", "/once", "/shut"]


async def test_the_same_request_again(scraping: Scraping, ann: Person) -> None:
    """A request with a key, sent again, is the same job."""
    headers = {"Idempotency-Key": "k"}
    first, second = [await ann.post(SCRAPE, scraping.urls("/a"), headers=headers) for _ in range(2)]
    assert ok(first)["job_id"] == ok(second)["job_id"]
    await ended(ann, ok(first)["job_id"])
    assert scraping.shop.pages == ["/a"]


async def test_cancelled(scraping: Scraping, ann: Person, temporal: Client) -> None:
    """What has no result when a job is cancelled has failed, no more pages are begun, and the workflow ends."""
    scraping.shop.answers = {"*": Answer(pause_seconds=60), "/0": Answer()}
    paths = [f"/{n}" for n in range(20)]
    job_id = ok(await ann.post(SCRAPE, scraping.urls(*paths)))["job_id"]
    await until(lambda: len(scraping.shop.pages) == 9)
    assert (await ann.send("DELETE", f"{JOBS}/{job_id}")).status_code == 204
    job = ok(await ann.get(f"{JOBS}/{job_id}"))
    assert (job["status"], job["processed"]) == ("cancelled", 20)
    assert statuses(job) == [("partial", None), *[("failed", "cancelled")] * 19]
    handle = temporal.get_workflow_handle(scrape_workflow_id(ann.tenant_id, job_id))

    async def is_over() -> bool:
        return (await handle.describe()).status is WorkflowExecutionStatus.CANCELED

    await until(is_over)
    assert (await ann.send("DELETE", f"{JOBS}/{job_id}")).status_code == 204
    assert ok(await ann.get(f"{JOBS}/{job_id}")) == job
    assert len(scraping.shop.pages) == 9
    scraping.shop.hang_up()


async def test_a_job_that_is_done_is_not_cancelled(scraping: Scraping, ann: Person) -> None:
    """It stays what it was."""
    job = ok(await ann.post(SCRAPE, scraping.urls("/a"), headers=WAIT))
    assert (await ann.send("DELETE", f"{JOBS}/{job['job_id']}")).status_code == 204
    assert ok(await ann.get(f"{JOBS}/{job['job_id']}")) == job


async def test_somebody_elses(scraping: Scraping, ann: Person) -> None:
    """A colleague finds no job of another person, and neither is there one that never was."""
    bob = await sign_up(scraping.client)
    job_id = ok(await ann.post(SCRAPE, scraping.urls("/a"), headers=WAIT))["job_id"]
    for id in (job_id, uuid.uuid4()):
        for method, path in (("GET", ""), ("GET", "/stream"), ("DELETE", "")):
            problem(await bob.send(method, f"{JOBS}/{id}{path}"), 404, "not_found")


async def test_few_jobs_of_one_person(scraping: Scraping, ann: Person) -> None:
    """A sixth job is refused while five are under way."""
    scraping.shop.answers["*"] = Answer(pause_seconds=60)
    answers = await asyncio.gather(*(ann.post(SCRAPE, scraping.urls(f"/{n}")) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "retry-after" in problem(refused, 429, "rate_limited") | dict(refused.headers)
    for answer in answers:
        if answer.status_code == 202:
            await ann.send("DELETE", f"{JOBS}/{ok(answer)['job_id']}")
    scraping.shop.hang_up()


@asynccontextmanager
async def listening(scraping: Scraping, person: Person, job_id: str, **headers: str) -> AsyncGenerator[Stream]:
    """The stream of a job."""
    sent = {"Authorization": f"Bearer {person.token}", **headers}
    async with scraping.client.stream("GET", f"{JOBS}/{job_id}/stream", headers=sent) as answer:
        assert answer.status_code == 200
        yield Stream(answer)


async def heard(stream: Stream) -> list[tuple[str, int, Json]]:
    """All events to the end."""
    events: list[tuple[str, int, Json]] = []
    while event := await stream.next():
        events.append(event)
    return events


async def test_the_stream(scraping: Scraping, ann: Person) -> None:
    """A snapshot, then every result once; who comes back hears what was missed, and nothing after the end."""
    scraping.shop.answers = {f"/{n}": Answer(pause_seconds=0.4 * n) for n in range(4)}
    job_id = ok(await ann.post(SCRAPE, scraping.urls(*(f"/{n}" for n in range(4)))))["job_id"]
    async with listening(scraping, ann, job_id) as stream:
        events = await heard(stream)
    assert [event for event, *_ in events] == ["JOB_SNAPSHOT"] + ["JOB_PROGRESS"] * (len(events) - 1)
    told = [each["source_url"] for *_, data in events for each in data["results"]]
    assert sorted(told) == sorted(scraping.urls(*(f"/{n}" for n in range(4)))["urls"])
    *_, (_, last, end) = events
    assert (end["status"], end["processed"], end["requested"]) == ("completed", 4, 4)
    async with listening(scraping, ann, job_id, **{"Last-Event-ID": f"{job_id}:{last - 2}"}) as stream:
        (missed,) = await heard(stream)
    assert (missed[0], missed[1], len(missed[2]["results"])) == ("JOB_PROGRESS", last, 1)
    over = await ann.get(f"{JOBS}/{job_id}/stream", headers={"Last-Event-ID": f"{job_id}:{last}"})
    assert over.status_code == 204
    async with listening(scraping, ann, job_id, **{"Last-Event-ID": f"{uuid.uuid4()}:1"}) as stream:
        assert [event for event, *_ in await heard(stream)] == ["JOB_SNAPSHOT"]


async def test_a_job_that_was_not_begun(
    scraping: Scraping, ann: Person, app_database: Database, admin: asyncpg.Connection, temporal: Client
) -> None:
    """A job of which nothing is heard, as no workflow was started, is begun by whoever asks for it."""
    job_id = str(uuid.uuid4())
    async with app_database.transaction(Caller(tenant_id=ann.tenant_id, user_id=ann.id, role=Role.USER)) as conn:
        assert await rows.begin(conn, job_id, ann.tenant_id, ann.id, wanted(scraping.urls("/a")["urls"]))
    assert ok(await ann.get(f"{JOBS}/{job_id}"))["status"] == "queued"
    with pytest.raises(RPCError, match="not found"):
        await temporal.get_workflow_handle(scrape_workflow_id(ann.tenant_id, job_id)).describe()
    await admin.execute("UPDATE scrape_jobs SET updated_at = now() - interval '2 minutes' WHERE id = $1", job_id)
    assert statuses(await ended(ann, job_id)) == [("partial", None)]


async def test_nothing_personal_in_history(scraping: Scraping, ann: Person, temporal: Client) -> None:
    """A history names no address and nothing that was found, even for who can read it."""
    job_id = ok(await ann.post(SCRAPE, scraping.urls("/canary-page"), headers=WAIT))["job_id"]
    handle = temporal.get_workflow_handle(scrape_workflow_id(ann.tenant_id, job_id))
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
    assert "canary" not in opened
    assert "mug" not in opened
