"""Scrape jobs: written down with their pages, which are settled one by one."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from db import items
from db.pool import Connection, rows_of
from db.runs import CHANNEL, PersonGone
from onboarding.scrapes import JobStatus, Outcome, Wanted, offer_of, outcome_of
from onboarding.scraping import Extracted, Reason

OPEN = "('queued', 'running')"
SILENT_MINUTES = 60
"""A job of which nothing was heard for so long is under way no more, whatever its status."""

_TELL = f"SELECT pg_notify('{CHANNEL}', $1::uuid::text)"
_JOB = "id::text, status, requested, pages, version, updated_at < now() - interval '1 minute' AS is_silent"


class Job(Struct, frozen=True, kw_only=True):
    """Where a job stands. One that `is_silent` has settled nothing for a minute."""

    id: str
    status: JobStatus
    requested: int
    pages: int
    version: int
    is_silent: bool

    @property
    def is_open(self) -> bool:
        """Whether there is more to come."""
        return self.status in ("queued", "running")


class Result(Struct, frozen=True, kw_only=True):
    """What became of an address; `version` is the number of the change."""

    source_url: str
    normalized_url: str
    page: int
    status: Outcome
    reason: Reason | None
    item: Extracted | None
    version: int


class Todo(Struct, frozen=True, kw_only=True):
    """A page to fetch, and one that will be soon."""

    url: str
    ahead: str | None


async def begin(conn: Connection, job_id: str, tenant_id: str, user_id: str, urls: Sequence[Wanted]) -> bool:
    """Write a job down. The same one again changes nothing.

    Returns:
        Whether it is new.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    try:
        status = await conn.execute(
            """
            INSERT INTO scrape_jobs (id, tenant_id, user_id, requested, pages) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (id) DO NOTHING
            """,
            job_id,
            tenant_id,
            user_id,
            len(urls),
            max(each.page for each in urls) + 1,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    if rows_of(status) == 0:
        return False
    await conn.execute(
        """
        INSERT INTO scrape_results (job_id, tenant_id, user_id, position, source_url, normalized_url, page)
        SELECT $1, $2, $3, place - 1, source_url, normalized_url, page
        FROM unnest($4::text[], $5::text[], $6::integer[])
          WITH ORDINALITY AS given (source_url, normalized_url, page, place)
        """,
        job_id,
        tenant_id,
        user_id,
        [each.source_url for each in urls],
        [each.normalized_url for each in urls],
        [each.page for each in urls],
    )
    return True


async def under_way(conn: Connection, user_id: str) -> int:
    """How many jobs of somebody are; whoever asks this is asked one after the other, for each person."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('scrapes' || $1::uuid::text, 0))", user_id)
    return await conn.fetchval(
        f"""
        SELECT count(*) FROM scrape_jobs WHERE user_id = $1 AND status IN {OPEN}
          AND updated_at > now() - interval '{SILENT_MINUTES} minutes'
        """,
        user_id,
    )


async def find(conn: Connection, job_id: str, user_id: str) -> Job | None:
    """Somebody's job; None when there is none."""
    row = await conn.fetchrow(f"SELECT {_JOB} FROM scrape_jobs WHERE id = $1 AND user_id = $2", job_id, user_id)
    return msgspec.convert(dict(row), Job) if row else None


async def results(conn: Connection, job_id: str, user_id: str, *, since: int = 0) -> list[Result]:
    """What was settled after a change, in the order of the request."""
    rows = await conn.fetch(
        """
        SELECT source_url, normalized_url, page, status, reason, item, version FROM scrape_results
        WHERE job_id = $1 AND user_id = $2 AND version > $3 ORDER BY position
        """,
        job_id,
        user_id,
        since,
    )
    return [msgspec.convert(dict(row), Result) for row in rows]


async def take(conn: Connection, job_id: str, user_id: str, page: int, ahead: int) -> Todo | None:
    """The page to fetch, as long as it is to be fetched, and its `ahead`-next; the job is running by then."""
    await conn.execute(
        "UPDATE scrape_jobs SET status = 'running', updated_at = now()"
        " WHERE id = $1 AND user_id = $2 AND status = 'queued'",
        job_id,
        user_id,
    )
    rows = await conn.fetch(
        """
        SELECT page, min(normalized_url) AS url FROM scrape_results
        WHERE job_id = $1 AND user_id = $2 AND page IN ($3, $4) AND status = 'pending' GROUP BY page
        """,
        job_id,
        user_id,
        page,
        page + ahead,
    )
    urls = {row["page"]: row["url"] for row in rows}
    return Todo(url=urls[page], ahead=urls.get(page + ahead)) if page in urls else None


async def settle(
    conn: Connection, job_id: str, tenant_id: str, user_id: str, page: int, found: Extracted | Reason
) -> bool:
    """Keep what was found on a page, once, and offer it to the review list; or why there is nothing.

    Returns:
        Whether it was kept: not when it was settled before, the job was cancelled, or its person is gone.
    """
    version = await _next(conn, job_id, user_id)
    item = found if isinstance(found, Extracted) else None
    kept = await conn.execute(
        """
        UPDATE scrape_results SET status = $5, reason = $6, item = $7, version = $4
        WHERE job_id = $1 AND user_id = $2 AND page = $3 AND status = 'pending'
        """,
        job_id,
        user_id,
        page,
        version,
        outcome_of(item) if item else "failed",
        found if item is None else None,
        msgspec.to_builtins(item) if item else None,
    )
    if rows_of(kept) == 0:
        return False
    if item:
        await items.offer(conn, tenant_id, user_id, [offer_of(item, job_id, page)])
    await conn.execute(_TELL, job_id)
    return True


async def end(conn: Connection, job_id: str, user_id: str, status: JobStatus, reason: Reason) -> bool:
    """Settle what is open yet, for one reason, and the job with it; False when it has ended before."""
    version = await _next(conn, job_id, user_id)
    ended = await conn.execute(
        f"UPDATE scrape_jobs SET status = $3 WHERE id = $1 AND user_id = $2 AND status IN {OPEN}",
        job_id,
        user_id,
        status,
    )
    if rows_of(ended) == 0:
        return False
    await conn.execute(
        """
        UPDATE scrape_results SET status = 'failed', reason = $3, version = $4
        WHERE job_id = $1 AND user_id = $2 AND status = 'pending'
        """,
        job_id,
        user_id,
        reason,
        version,
    )
    await conn.execute(_TELL, job_id)
    return True


async def found(conn: Connection, job_id: str, user_id: str) -> int:
    """On how many pages there was something."""
    return await conn.fetchval(
        """
        SELECT count(DISTINCT page) FROM scrape_results
        WHERE job_id = $1 AND user_id = $2 AND status IN ('success', 'partial')
        """,
        job_id,
        user_id,
    )


async def _next(conn: Connection, job_id: str, user_id: str) -> Any:
    """The next number; until the end of the transaction nobody else gets one."""
    return await conn.fetchval(
        "UPDATE scrape_jobs SET version = version + 1, updated_at = now() WHERE id = $1 AND user_id = $2"
        " RETURNING version",
        job_id,
        user_id,
    )
