"""While something is away: reads and writes answer in time, and writes are taken up again afterwards."""

import uuid
from collections.abc import Awaitable

import httpx

from tests.bench.stack import Stack
from tests.chaos.conftest import Opening
from tests.chaos.harm import frozen, kept_down, watching
from tests.stack import ok, problem

SECONDS = 10.0
"""Page 10 and issue 2: a write is answered by then, whatever is away."""


async def test_worker_frozen(dev: Stack, opened: Opening) -> None:
    """With a worker that says nothing, progress is read, a write is 503 within 10 s, and heals."""
    ledger, key = await opened(), uuid.uuid4().hex
    async with frozen(dev, "worker"):
        ok(await ledger.request("GET", "/progress"))
        _unavailable(*await _timed(ledger.try_save("dumbbells 0", key)), "workflow_unavailable")
        ok(await ledger.request("GET", "/progress"))
    await ledger.save()
    await ledger.save()
    await ledger.agree()


async def test_temporal_killed_and_not_started_again(dev: Stack, opened: Opening) -> None:
    """With Temporal dead, progress is read, a write is 503 within 10 s, and heals."""
    ledger, key = await opened(), uuid.uuid4().hex
    async with kept_down(dev, "temporal"):
        ok(await ledger.request("GET", "/progress"))
        _unavailable(*await _timed(ledger.try_save("dumbbells 0", key)), "workflow_unavailable")
        ok(await ledger.request("GET", "/progress"))
    # The same value again: whether or not the first try reached the run, it is there once.
    await ledger.save()
    await ledger.save()
    await ledger.agree()


async def test_postgres_killed_and_not_started_again(dev: Stack, opened: Opening) -> None:
    """With PostgreSQL dead, reads and writes are 503 with Retry-After within 10 s, and heal."""
    ledger, key = await opened(), uuid.uuid4().hex
    async with kept_down(dev, "postgres"):
        _unavailable(*await _timed(ledger.request("GET", "/progress")), "database_unavailable")
        _unavailable(*await _timed(ledger.try_save("dumbbells 0", key)), "database_unavailable")
    await ledger.save()
    await ledger.save()
    await ledger.agree()


async def _timed(request: Awaitable[httpx.Response]) -> tuple[httpx.Response, float]:
    with watching() as watch:
        answer = await request
        return answer, watch.seconds


def _unavailable(answer: httpx.Response, seconds: float, code: str) -> None:
    problem(answer, 503, code)
    assert int(answer.headers["Retry-After"]) > 0
    assert seconds < SECONDS, f"answered after {seconds:.1f} s"
