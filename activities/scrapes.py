"""Scrape jobs: pages are fetched one by one, read, and what is on them kept."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ai.protocol import Payer
from activities.beating import alive
from activities.extraction import extract, page_text
from activities.extraction.filling import TEXT_CHARACTERS, GapFiller
from db import item_lists, scrapes
from db.item_lists import Filter
from db.pool import Database
from db.runs import PersonGone
from onboarding.access import Caller, Role
from onboarding.items import Source
from onboarding.payloads import EndScrape, ScrapeOrder, ScrapePage, ScrapeReport
from onboarding.scrapes import within_bounds
from onboarding.scraping import Extracted, Reason
from runtime.fetching import Fetcher, HostBusy, NotFetched, Page

AT_ONCE = 64
"""Pages under way in a worker, of all jobs: the others come again, and take nobody's place meanwhile."""

BUSY_SECONDS = 1.0
AGAIN_AFTER_SECONDS = 0.5
READING_SECONDS = 20.0
FILLING_SECONDS = 8.0
READERS = 2
"""Pages that are read at a time: it is all computing."""

LANES = 8
"""Pages of a job that are fetched at a time."""

_T = TypeVar("_T")
log = structlog.get_logger()


class Scraper:
    """Does what stands in `scrape_results`. What it logs and answers are ids and codes."""

    def __init__(self, database: Database, fetcher: Fetcher, filler: GapFiller) -> None:
        """With what fetches pages, and what reads what their markup does not tell."""
        self._database = database
        self._fetcher = fetcher
        self._filler = filler
        self._free = asyncio.Semaphore(AT_ONCE)
        self._readers = ThreadPoolExecutor(READERS, "read-page")
        self._ahead = set[asyncio.Task[None]]()

    @activity.defn(name="scrape_page")
    async def scrape_page(self, order: ScrapePage) -> None:
        """Fetch a page and keep what is on it, or why there is nothing. Done again it is done once."""
        if self._free.locked():
            raise _busy(BUSY_SECONDS)
        async with self._free, alive():
            async with self._database.transaction(_caller(order)) as connection:
                todo = await scrapes.take(connection, order.job_id, order.user_id, order.page, LANES)
            if todo is None:
                return  # settled, cancelled, or its person is gone
            if todo.ahead:
                self._expect(todo.ahead)
            await self._keep(order, await self._found(order, todo.url))

    @activity.defn(name="end_scrape")
    async def end_scrape(self, message: EndScrape) -> ScrapeReport:
        """Settle the job. Pages that came to no end have none by now."""
        status, reason = ("cancelled", Reason.CANCELLED) if message.cancelled else ("completed", Reason.TIMEOUT)
        async with self._database.transaction(_caller(message)) as connection:
            await scrapes.end(connection, message.job_id, message.user_id, status, reason)
            job = await scrapes.find(connection, message.job_id, message.user_id)
            if job is None or job.status == "cancelled":
                return ScrapeReport()
            if not await scrapes.found(connection, message.job_id, message.user_id):
                return ScrapeReport()
            which = Filter(sources=(Source.URL,))
            return ScrapeReport(found=await item_lists.count(connection, message.user_id, which))

    def _expect(self, url: str) -> None:
        """Ask a host for its robots.txt while another page is under way, so that its own page need not wait."""
        asking = asyncio.create_task(self._fetcher.expect(url))
        self._ahead.add(asking)
        asking.add_done_callback(self._ahead.discard)

    async def _found(self, order: ScrapePage, url: str) -> Extracted | Reason:
        try:
            page = await self._fetched(url)
        except NotFetched as error:
            return error.reason
        except HostBusy as error:
            raise _busy(error.seconds) from None
        return await self._read(page, Payer(tenant_id=order.tenant_id, user_id=order.user_id))

    async def _fetched(self, url: str) -> Page:
        """The page, asked for once more where that may help."""
        try:
            return await self._fetcher.fetch(url)
        except NotFetched as error:
            if not error.may_pass:
                raise
        await asyncio.sleep(AGAIN_AFTER_SECONDS)
        return await self._fetcher.fetch(url)

    async def _read(self, page: Page, payer: Payer) -> Extracted | Reason:
        try:
            async with asyncio.timeout(READING_SECONDS):
                item = await self._in_a_thread(extract, page.html, page.url, page.charset)
                if self._filler.may_help(item):
                    text = await self._in_a_thread(page_text, page.html, page.charset, TEXT_CHARACTERS)
                    item = await self._filler.fill(item, text, page.url, payer, FILLING_SECONDS)
        except TimeoutError:
            return Reason.TIMEOUT
        # Whatever is on a page: it is the only one that fails for it.
        except Exception as error:
            log.warning("a page could not be read", error=type(error).__name__, exc_info=error)
            return Reason.NO_PRODUCT
        return within_bounds(item, page.url) if item else Reason.NO_PRODUCT

    async def _in_a_thread(self, read: Callable[..., _T], *given: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, read, *given)

    async def _keep(self, order: ScrapePage, found: Extracted | Reason) -> None:
        try:
            async with self._database.transaction(_caller(order)) as connection:
                kept = await scrapes.settle(
                    connection, order.job_id, order.tenant_id, order.user_id, order.page, found
                )
        except PersonGone:
            kept = False
        if not kept:
            log.info("a page was not kept: its job has ended, or its person is gone", job_id=order.job_id)


def _busy(seconds: float) -> ApplicationError:
    return ApplicationError("too many wait", type="busy", next_retry_delay=timedelta(seconds=seconds))


def _caller(order: ScrapeOrder | ScrapePage | EndScrape) -> Caller:
    return Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)
