"""Scrape jobs in the worker: each page kept once, and nothing after a job has ended."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import scrapes as activities
from activities.ai.models import Models
from activities.extraction.filling import GapFiller
from activities.scrapes import Scraper
from cli.stub_ai.reaction import Reaction
from db import scrapes
from db.pool import Database
from onboarding.payloads import EndScrape, ScrapePage, ScrapeReport
from onboarding.scrapes import offer_of, outcome_of, wanted, within_bounds
from onboarding.scraping import Extracted, Reason
from runtime.fetching import Fetcher
from runtime.settings import Settings
from tests.activities.ai.books import Books
from tests.ai_server import ai_server
from tests.db.given import Person
from tests.sites import Answer, Site, site
from tests.stack import until

MUG = Extracted(product_url="https://shop.example/mug", name="A mug", price=Decimal("9.90"), currency="EUR")


@pytest.fixture
async def shop() -> AsyncIterator[Site]:
    """A shop with mugs."""
    async with site() as shop:
        yield shop


@pytest.fixture
async def filler() -> AsyncIterator[GapFiller]:
    """Without a model."""
    async with Models(Settings(), Books()) as models:
        yield GapFiller(models)


@pytest.fixture
def scraper(database: Database, settings: Settings, shop: Site, filler: GapFiller) -> Scraper:
    """The activities."""
    return Scraper(database, Fetcher(replace(settings, scrape_allow_hosts=f"127.0.0.1:{shop.port}")), filler)


async def ordered(database: Database, person: Person, *urls: str) -> ScrapePage:
    """A job, and the order for its first page."""
    job_id = str(uuid.uuid4())
    async with database.transaction(person.caller()) as conn:
        assert await scrapes.begin(conn, job_id, person.tenant_id, person.user_id, wanted(urls))
        assert not await scrapes.begin(conn, job_id, person.tenant_id, person.user_id, wanted(urls))
    return ScrapePage(job_id=job_id, tenant_id=person.tenant_id, user_id=person.user_id, page=0)


async def done(activity: Any, message: Any) -> Any:
    """What an activity answers."""
    return await ActivityEnvironment().run(activity, message)


async def kept(admin: asyncpg.Connection, order: ScrapePage) -> tuple[list[str], int, int]:
    """The results of a job, the items of its person, and how often something was offered."""
    results = await admin.fetch(
        "SELECT status FROM scrape_results WHERE job_id = $1 ORDER BY position", order.job_id
    )
    counts = [
        await admin.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", order.user_id)
        for table in ("items", "item_sources")
    ]
    return [row[0] for row in results], counts[0], counts[1]


def ending(order: ScrapePage, *, cancelled: bool = False) -> EndScrape:
    """The end of its job."""
    return EndScrape(job_id=order.job_id, tenant_id=order.tenant_id, user_id=order.user_id, cancelled=cancelled)


async def test_twice_is_once(
    scraper: Scraper, shop: Site, database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """Done again, a page is not fetched, and what was on it is there once; so with the end."""
    order = await ordered(database, person, f"{shop.url}/mug", f"{shop.url}/mug?gclid=1", f"{shop.url}/cup")
    for _ in range(2):
        await done(scraper.scrape_page, order)
    assert shop.pages == ["/mug"]
    assert await kept(admin, order) == (["partial", "partial", "pending"], 1, 1)
    for _ in range(2):
        assert await done(scraper.end_scrape, ending(order)) == ScrapeReport(found=1)
    assert await kept(admin, order) == (["partial", "partial", "failed"], 1, 1)


async def test_too_late(
    scraper: Scraper, shop: Site, database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """What a page brings after its job was cancelled is not kept, nor offered; a page is not begun then."""
    page = asyncio.Event()
    shop.answers["/mug"] = Answer(held=page)
    order = await ordered(database, person, f"{shop.url}/mug", f"{shop.url}/cup")
    running = asyncio.create_task(done(scraper.scrape_page, order))
    await until(lambda: shop.pages)
    assert await done(scraper.end_scrape, ending(order, cancelled=True)) == ScrapeReport()
    page.set()
    await running
    await done(scraper.scrape_page, replace(order, page=1))
    assert await kept(admin, order) == (["failed", "failed"], 0, 0)
    assert shop.pages == ["/mug"]


async def test_the_person_is_gone(
    scraper: Scraper, shop: Site, database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """A page of somebody who is erased while it is under way comes to nothing."""
    page = asyncio.Event()
    shop.answers["/mug"] = Answer(held=page)
    order = await ordered(database, person, f"{shop.url}/mug")
    running = asyncio.create_task(done(scraper.scrape_page, order))
    await until(lambda: shop.pages)
    await admin.execute("DELETE FROM users WHERE id = $1", person.user_id)
    page.set()
    await running
    assert await done(scraper.end_scrape, ending(order)) == ScrapeReport()
    assert await kept(admin, order) == ([], 0, 0)


async def test_a_full_worker(
    filler: GapFiller, shop: Site, database: Database, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all places are taken a page comes again a little later, and takes nobody's place until then."""
    monkeypatch.setattr(activities, "AT_ONCE", 0)
    full = Scraper(database, Fetcher(Settings()), filler)
    order = await ordered(database, person, f"{shop.url}/mug")
    with pytest.raises(ApplicationError) as caught:
        await done(full.scrape_page, order)
    assert (caught.value.type, caught.value.next_retry_delay is not None) == ("busy", True)
    assert shop.asked == []


async def test_robots_ahead(filler: GapFiller, shop: Site, database: Database, person: Person) -> None:
    """While a page is under way, the host of one that comes later says what it thinks of robots."""
    urls = [f"{shop.url}/{n}" for n in range(8)] + [f"http://localhost:{shop.port}/8"]
    allowed = replace(Settings(), scrape_allow_hosts=f"127.0.0.1:{shop.port},localhost:{shop.port}")
    await done(Scraper(database, Fetcher(allowed), filler).scrape_page, await ordered(database, person, *urls))
    wanted = {f"127.0.0.1:{shop.port}", f"localhost:{shop.port}"}
    await until(lambda: {headers["host"] for path, headers in shop.asked if path == "/robots.txt"} == wanted)
    assert shop.pages == ["/0"]


HOSTILE = Extracted(
    product_url="javascript:alert(1)",
    name=" A \0mug\ud800 " + "x" * 400,
    supplier="\0",
    description="d" * 9000,
    image_url="data:image/png;base64,x",
    price=Decimal("1E+3"),
    currency="euros",
    sku="s" * 200,
    gtin="12",
)


async def test_what_is_found_fits(database: Database, person: Person) -> None:
    """Whatever a page says, it can be written down and offered."""
    page = "https://shop.example/mug"
    prices = ("NaN", "-1", "1e300", "1e-300", "0.1234567", "999999999999.9999999")
    found = [HOSTILE, *(replace(MUG, price=Decimal(price)) for price in prices)]
    order = await ordered(database, person, *(f"{page}/{n}" for n in range(len(found))))
    for n, item in enumerate(found):
        async with database.transaction(person.caller()) as conn:
            bounded = within_bounds(item, page)
            assert await scrapes.settle(conn, order.job_id, order.tenant_id, order.user_id, n, bounded)
    async with database.transaction(person.caller()) as conn:
        read = await scrapes.results(conn, order.job_id, order.user_id)
    first = read[0].item
    assert first is not None
    assert (first.product_url, first.image_url, first.gtin, first.supplier) == (page, None, None, None)
    assert (str(first.price), first.currency) == ("1000", None)
    assert first.name is not None
    assert first.name.startswith("A mug x")


def test_outcomes() -> None:
    """A name and a price make a success; what is unsure is offered as such."""
    assert outcome_of(MUG) == "success"
    for lacking in ({"name": None}, {"price": None}, {"currency": None}):
        assert outcome_of(replace(MUG, **lacking)) == "partial"
    offer = offer_of(MUG, "job", 3)
    assert (offer.ref, offer.unsure, offer.url) == ("job/3", True, MUG.product_url)
    assert not offer_of(replace(MUG, needs_review=False), "job", 3).unsure
    assert Reason.CANCELLED.value == "cancelled"


async def test_a_model_fills_gaps(
    shop: Site, settings: Settings, database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """A price that no markup tells is read by a model, where there is one; the item is for somebody to look at."""
    shop.answers["/mug"] = Answer(body=b"<html><body><h1>A mug</h1><p>A mug, now 4.50 EUR</p></body></html>")
    said = b'{"sold": true, "name": "A mug", "price": "4.50", "currency": "EUR"}'
    async with ai_server() as server, Models(server.settings("stub"), Books()) as models:
        server.script = [Reaction(text=said.decode())]
        fetcher = Fetcher(replace(settings, scrape_allow_hosts=f"127.0.0.1:{shop.port}"))
        order = await ordered(database, person, f"{shop.url}/mug")
        await done(Scraper(database, fetcher, GapFiller(models)).scrape_page, order)
    row = await admin.fetchrow("SELECT price, attention FROM items WHERE user_id = $1", person.user_id)
    assert row is not None
    assert (row["price"], row["attention"]) == (Decimal("4.50"), ["unsure"])
