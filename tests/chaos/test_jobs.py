"""kill -9 in the middle of a sync, and of a scrape job."""

from collections.abc import AsyncIterator

import httpx
import pytest

from db import item_lists, items
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.items import Offer, Source
from onboarding.syncs import key_of
from tests.bench.people import People
from tests.bench.stack import Stack
from tests.chaos.harm import HEALS_SECONDS, kill
from tests.item_sink import SinkServer, Told, item_sink
from tests.sites import Answer, Site, site
from tests.stack import Json, ok, until

SYNC, MANY = "/api/v1/items/sync", 1000
PAGES = 16


@pytest.fixture(scope="module")
async def sink() -> AsyncIterator[SinkServer]:
    """A sink that takes everything, in its time."""
    async with item_sink() as sink:
        sink.script = lambda _: Told(pause_seconds=0.01)
        yield sink


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[Site]:
    """A shop that takes its time."""
    async with site() as shop:
        shop.answers["*"] = Answer(pause_seconds=1.0)
        yield shop


@pytest.fixture(scope="module")
async def working(tmp_path_factory: pytest.TempPathFactory, sink: SinkServer, shop: Site) -> AsyncIterator[Stack]:
    """A stack that sends to the one, and may read the other."""
    allowed = f"127.0.0.1:{shop.port}"
    home = tmp_path_factory.mktemp("jobs")
    async with Stack(home, item_sink_url=sink.url, scrape_allow_hosts=allowed) as stack:
        yield stack


async def test_the_worker_dies_twice_in_a_sync(working: Stack, sink: SinkServer) -> None:
    """A thousand items arrive once each: what had a result is not sent again, the rest under its old key."""
    person = (await People(working.settings).new(1))[0]
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    assert working.settings.database_url
    database = await Database.open(working.settings.database_url, min_size=0, max_size=2)
    offers = [Offer(source=Source.CSV, ref=str(n), name=f"Thing {n}") for n in range(MANY)]
    async with database.transaction(caller) as connection:
        found = await items.offer(connection, person.tenant_id, person.id, offers)
        await item_lists.judge(connection, person.id, [each.item_id for each in found], "approve")
    await database.close()
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=working.url, timeout=20, trust_env=False, headers=headers) as client:
        where = (await client.post(SYNC, json={})).headers["location"]
        for many in (MANY // 4, MANY // 2):
            await until(lambda: len(sink.taken) >= many, HEALS_SECONDS)  # noqa: B023 - awaited at once
            kill(working, "worker")
            assert ok(await client.get(where))["status"] == "running"

        async def completed() -> bool:
            return ok(await client.get(where))["status"] == "completed"

        await until(completed, HEALS_SECONDS)
        sync = ok(await client.get(where))
    assert (sync["total"], sync["sent"], sync["failed"]) == (MANY, MANY, 0)
    assert sink.taken.keys() == {key_of(each.item_id, 2) for each in found}
    assert len(sink.got) - MANY <= 2 * 8
    assert {got.item["id"] for got in sink.got} == {each.item_id for each in found}


async def test_the_worker_dies_in_a_scrape(working: Stack, shop: Site) -> None:
    """A worker that is killed between two pages: the job is finished, and what was found is there once."""
    person = (await People(working.settings).new(1))[0]
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=working.url, timeout=30, trust_env=False, headers=headers) as client:
        urls = [f"{shop.url}/{n}" for n in range(PAGES)]
        path = f"/api/v1/urls/jobs/{ok(await client.post('/api/v1/urls/scrape', json={'urls': urls}))['job_id']}"

        async def processed(at_least: int) -> Json | None:
            job = ok(await client.get(path))
            return job if job["processed"] >= at_least else None

        assert (await until(lambda: processed(2)))["status"] == "running"
        kill(working, "worker")
        job = await until(lambda: processed(PAGES), HEALS_SECONDS)
    assert [each["status"] for each in job["results"]] == ["partial"] * PAGES
    assert len(job["items"]) == PAGES
    # Those that were settled were not asked for again.
    assert len(shop.pages) < 2 * PAGES
