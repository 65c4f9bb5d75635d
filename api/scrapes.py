"""Scrape jobs: product pages that somebody names, `/urls`. Their stream is in `api/scrape_stream.py`."""

import re
import uuid
from contextlib import suppress
from typing import Annotated, Any

import structlog
from litestar import Controller, Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.response import ServerSentEvent
from uuid_utils.compat import uuid7

from api.deps import Deps, MessageId, Principal, SignedIn, WithDeps
from api.gateway import RunClosed, WorkflowsUnavailable
from api.parameters import LastEventId
from api.problems import Code, ProblemError
from api.scrape_shapes import ScrapeIn, ScrapeJob, job_out
from api.scrape_stream import opened
from db import scrapes
from db.scrapes import Job
from onboarding.payloads import ScrapeOrder
from onboarding.scrapes import Wanted, wanted
from onboarding.scraping import Reason
from runtime.health import RETRY_AFTER_SECONDS

WAIT_AT_MOST_SECONDS = 30
JOBS_AT_ONCE = 5
"""Of one person: a list of things is written down in a few, and nobody sends a worker to fetch without end."""

_JOBS = uuid.UUID("3b1f5a0e-9a55-5c0f-8f0a-1d8a54f4b7c2")
"""The name space of ids that follow from a request's key: the same request again is the same job."""

Prefer = Annotated[
    str | None,
    HeaderParameter(name="Prefer", max_length=200, description="`wait=10`: up to so many seconds, 30 at most."),
]
log = structlog.get_logger()


class ScrapesController(Controller):
    """One's own jobs; nobody else sees them."""

    path = "/urls"
    tags = ("urls",)

    @post(
        "/scrape",
        status_code=202,
        responses={200: ResponseSpec(ScrapeJob, description="It was waited for, and is done.")},
    )
    async def scrape(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ScrapeIn],
        deps: WithDeps,
        principal: SignedIn,
        message_id: MessageId,
        prefer: Prefer = None,
    ) -> Response[ScrapeJob]:
        """Have product pages read; what is found goes to the review list, page by page.

        The answer is 202, and `Location` says where to ask for the job. With `Prefer: wait=10` it comes as soon as
        the job is done, with 200, if that is within so many seconds. A page that fails is one of the results.
        """
        job_id = str(uuid.uuid5(_JOBS, message_id) if message_id else uuid7())
        order = await _begin(deps, principal, job_id, wanted(data.urls))
        with suppress(RunClosed):  # the same request was here before, and its job is done
            await deps.gateway.scrape(order)
        seconds = _patience(prefer)
        if seconds:
            with suppress(WorkflowsUnavailable):  # not done in time, which is what 202 says
                await deps.gateway.scraped(order.tenant_id, job_id, seconds)
        job = await _shown(deps, principal, job_id)
        # Of the two addresses that a job has, the one that was asked: `/urls/scrape` leads to `/urls/jobs/<id>`.
        root = request.scope["path"].rstrip("/").removesuffix("/scrape")
        headers = {
            "Location": f"{root}/jobs/{job_id}",
            **({"Preference-Applied": f"wait={seconds}"} if seconds else {}),
        }
        if job.status not in ("queued", "running") and seconds:
            return Response(job, status_code=200, headers=headers)
        return Response(job, status_code=202, headers={"Retry-After": RETRY_AFTER_SECONDS, **headers})

    @get("/jobs/{job_id:uuid}")
    async def read(self, job_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> ScrapeJob:
        """Where a job stands, and what it has found."""
        return await _shown(deps, principal, str(job_id))

    @get(
        "/jobs/{job_id:uuid}/stream",
        media_type="text/event-stream",
        responses={204: ResponseSpec(None, description="The end of the job was seen: do not ask again.")},
    )
    async def stream(
        self,
        job_id: FromPath[uuid.UUID],
        deps: WithDeps,
        principal: SignedIn,
        last_event_id: LastEventId = None,
    ) -> ServerSentEvent | Response[None]:
        """`JOB_SNAPSHOT`, or what was missed since `Last-Event-ID`; then `JOB_PROGRESS` with each result.

        The stream ends with the job, with the access token, and when the server stops.
        """
        return await opened(deps, principal, str(job_id), last_event_id)

    @delete("/jobs/{job_id:uuid}")
    async def cancel(self, job_id: FromPath[uuid.UUID], deps: WithDeps, principal: SignedIn) -> None:
        """Cancel a job: what has no result yet has failed, `cancelled`. One that is done stays as it is."""
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            if await scrapes.find(connection, str(job_id), caller.user_id) is None:
                raise NotFoundException
            await scrapes.end(connection, str(job_id), caller.user_id, "cancelled", Reason.CANCELLED)
        try:
            await deps.gateway.cancel_scrape(caller.tenant_id, str(job_id))
        except RunClosed:
            return  # it is over
        except WorkflowsUnavailable:
            # Its pages find that there is nothing left to do.
            log.warning("a cancelled job comes to its end by itself", job_id=str(job_id))


async def _begin(deps: Deps, principal: Principal, job_id: str, urls: list[Wanted]) -> ScrapeOrder:
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        busy = await scrapes.under_way(connection, caller.user_id) >= JOBS_AT_ONCE
        if busy and await scrapes.find(connection, job_id, caller.user_id) is None:
            headers = {"Retry-After": "5"}
            detail = f"{JOBS_AT_ONCE} of your jobs are under way; wait for one of them."
            raise ProblemError(429, Code.RATE_LIMITED, detail, headers=headers)
        await scrapes.begin(connection, job_id, caller.tenant_id, caller.user_id, urls)
    return _order(principal, job_id, max(each.page for each in urls) + 1)


def _order(principal: Principal, job_id: str, pages: int) -> ScrapeOrder:
    caller = principal.caller
    return ScrapeOrder(job_id=job_id, tenant_id=caller.tenant_id, user_id=caller.user_id, pages=pages)


async def _shown(deps: Deps, principal: Principal, job_id: str) -> ScrapeJob:
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        job = await scrapes.find(connection, job_id, caller.user_id)
        if job is None:
            raise NotFoundException
        found = await scrapes.results(connection, job_id, caller.user_id)
    if job.is_open and job.is_silent:
        await _revive(deps, principal, job)
    return job_out(job, found)


async def _revive(deps: Deps, principal: Principal, job: Job) -> None:
    """Make sure that somebody works at it: it may never have been begun, or been ended from outside."""
    try:
        await deps.gateway.scrape(_order(principal, job.id, job.pages))
    except (RunClosed, WorkflowsUnavailable) as error:
        # What is there can be shown all the same; whoever asks next tries again.
        log.warning("a silent job was not begun again", job_id=job.id, error=type(error).__name__)


def _patience(prefer: str | None) -> int:
    found = re.search(r"(?:^|[\s,;])wait\s*=\s*\"?(\d{1,9})", (prefer or "").lower())
    return min(int(found[1]), WAIT_AT_MOST_SECONDS) if found else 0
