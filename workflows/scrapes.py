"""The workflow of a scrape job."""

import asyncio
from collections.abc import Iterator

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.scrapes import LANES, Scraper
    from onboarding.payloads import Actor, ActorKind, EndScrape, ScrapeOrder, ScrapePage, ScrapeReport

from workflows.completing import complete_step
from workflows.policies import FETCH, UNTIL_DONE

STEP = "urls"


@workflow.defn(name="ScrapeUrls")
class ScrapeUrls:
    """Has the pages of a job fetched, eight at a time. It takes no messages; cancelled it begins no more pages.

    Each page is an activity that writes down itself what it found, so a worker that dies takes nothing along, and
    a page that fails is a result like any other. At the end the job is settled, and the person's inventory run is
    told of what was found. Its history holds ids and numbers.
    """

    def __init__(self) -> None:
        self._done = 0

    @workflow.run
    async def run(self, order: ScrapeOrder) -> None:
        """Fetch, settle, tell."""
        try:
            await self._fetch_all(order)
        except asyncio.CancelledError:
            await self._end(order, cancelled=True)
            raise
        report = await self._end(order)
        if report.found:
            actor = Actor(kind=ActorKind.CAPTURE)
            await complete_step(order.tenant_id, order.user_id, STEP, {"items": report.found}, actor)

    async def _fetch_all(self, order: ScrapeOrder) -> None:
        pages = iter(range(order.pages))
        lanes = [self._fetch_some(order, pages) for _ in range(min(LANES, order.pages))]
        for error in await asyncio.gather(*lanes, return_exceptions=True):
            if error is not None:
                raise error

    async def _fetch_some(self, order: ScrapeOrder, pages: Iterator[int]) -> None:
        """One after the other, of those that nobody has begun."""
        for page in pages:
            message = ScrapePage(job_id=order.job_id, tenant_id=order.tenant_id, user_id=order.user_id, page=page)
            try:
                await workflow.execute_activity_method(
                    Scraper.scrape_page, message, summary="fetch a page", **FETCH
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise asyncio.CancelledError from error
                # Something was away for too long; the page is settled with the job.
                workflow.logger.warning("a page did not come to its end: %s", type(error.cause).__name__)
            self._done += 1
            workflow.set_current_details(f"{self._done} of {order.pages} pages")

    async def _end(self, order: ScrapeOrder, *, cancelled: bool = False) -> ScrapeReport:
        message = EndScrape(
            job_id=order.job_id, tenant_id=order.tenant_id, user_id=order.user_id, cancelled=cancelled
        )
        return await workflow.execute_activity_method(
            Scraper.end_scrape, message, summary="settle the job", **UNTIL_DONE
        )
