"""Scrape jobs as they are asked for and shown."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from api.body import Body
from db.scrapes import Job, Result
from onboarding.scrapes import URLS_AT_MOST, JobStatus, Outcome
from onboarding.scraping import Extracted, FoundBy, Reason
from onboarding.urls import URL_CHARACTERS, BadUrl, tidy


def _no_page(url: str) -> tuple[str, str] | None:
    try:
        tidy(url)
    except BadUrl as error:
        return "bad_url", str(error)
    return None


PageUrl = Annotated[
    str, Meta(min_length=1, max_length=URL_CHARACTERS, extra={"check": _no_page, "verbatim": True})
]


class ScrapeIn(Body, frozen=True, kw_only=True):
    """Pages to read: `http://` or `https://`, 1 to 50."""

    urls: Annotated[list[PageUrl], Meta(min_length=1, max_length=URLS_AT_MOST)]


class ScrapedItem(Struct, frozen=True, kw_only=True):
    """The product of a page. `price` is a decimal, with its `currency`; `gtin` has fourteen digits."""

    source_url: str
    product_url: str
    image_url: str | None
    name: str | None
    supplier: str | None
    price: Decimal | None
    currency: str | None
    description: str | None
    sku: str | None
    gtin: str | None
    needs_review: bool
    extraction_source: FoundBy
    confidence: float


class ScrapeResult(Struct, frozen=True, kw_only=True):
    """What became of an address: `partial` is a product without a name or a price, `reason` why one failed."""

    source_url: str
    normalized_url: str
    status: Outcome
    reason: Reason | None
    extraction_source: FoundBy | None
    item: ScrapedItem | None


class ScrapeProgress(Struct, frozen=True, kw_only=True):
    """`JOB_PROGRESS`: where a job stands, and what is new."""

    job_id: str
    status: JobStatus
    requested: int
    processed: int
    results: list[ScrapeResult]


class ScrapeJob(ScrapeProgress, frozen=True, kw_only=True):
    """A job: `results` in the order of the request, as far as there are any; `items` has each product once."""

    items: list[ScrapedItem]


def job_out(job: Job, results: Sequence[Result]) -> ScrapeJob:
    """All of a job."""
    shown = [_result_out(each) for each in results]
    once = {each.page: out.item for each, out in reversed(list(zip(results, shown, strict=True))) if out.item}
    return ScrapeJob(
        job_id=job.id,
        status=job.status,
        requested=job.requested,
        processed=len(results),
        results=shown,
        items=[item for _, item in sorted(once.items())],
    )


def progress_out(job: Job, results: Sequence[Result], since: int) -> ScrapeProgress:
    """Where a job stands, with what came after a change."""
    return ScrapeProgress(
        job_id=job.id,
        status=job.status,
        requested=job.requested,
        processed=len(results),
        results=[_result_out(each) for each in results if each.version > since],
    )


def _result_out(result: Result) -> ScrapeResult:
    item = _item_out(result.source_url, result.item) if result.item else None
    return ScrapeResult(
        source_url=result.source_url,
        normalized_url=result.normalized_url,
        status=result.status,
        reason=result.reason,
        extraction_source=item.extraction_source if item else None,
        item=item,
    )


def _item_out(source_url: str, item: Extracted) -> ScrapedItem:
    return ScrapedItem(
        source_url=source_url,
        product_url=item.product_url,
        image_url=item.image_url,
        name=item.name,
        supplier=item.supplier,
        price=item.price,
        currency=item.currency,
        description=item.description,
        sku=item.sku,
        gtin=item.gtin,
        needs_review=item.needs_review,
        extraction_source=item.extraction_source,
        confidence=item.confidence,
    )
