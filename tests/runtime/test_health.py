"""Readiness: every dependency on a line of its own, and never later than a bound."""

import asyncio
import time
from typing import Any

import msgspec
import pytest

import runtime.health
from api.problems import Problem
from runtime.health import CheckResult, readiness
from worker.health import health_app


async def fine() -> None:
    """A dependency that answers."""


async def broken() -> None:
    """A dependency that does not."""
    raise ConnectionError("postgresql://gangway:canary@10.0.0.1/x")


async def stuck() -> None:
    """A dependency that says nothing at all."""
    await asyncio.Event().wait()


async def test_all_is_well() -> None:
    """Ready when every check passes, and when there is nothing to check."""
    assert await readiness({"a": fine, "b": fine}) == runtime.health.Readiness(
        ready=True, checks=[CheckResult(name="a", ok=True), CheckResult(name="b", ok=True)]
    )
    assert (await readiness({})).ready


async def test_a_failing_check_tells_its_kind_only() -> None:
    """One failing dependency is enough not to be ready; its error's text, which may hold secrets, stays inside."""
    state = await readiness({"a": fine, "b": broken})
    assert not state.ready
    assert state.checks[1] == CheckResult(name="b", ok=False, detail="ConnectionError")
    assert b"canary" not in msgspec.json.encode(state)


async def test_slow_checks_end_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks that hang are given up after one bound for all of them; the others are told all the same."""
    monkeypatch.setattr(runtime.health, "CHECK_SECONDS", 0.2)
    began = time.monotonic()
    state = await readiness({"a": stuck, "b": stuck, "c": stuck, "d": fine})
    assert time.monotonic() - began < 0.2 * 2.5
    assert [check.detail for check in state.checks] == ["TimeoutError"] * 3 + [None]


async def test_a_check_that_is_cancelled_is_cancelled() -> None:
    """Who stops waiting for readiness stops the checks too."""
    asking = asyncio.create_task(readiness({"a": stuck}))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize(
    ("path", "status", "holds"),
    [
        ("/livez", 200, {"alive": True}),
        ("/version", 200, {"git_sha": "abc"}),
        ("/elsewhere", 404, {"code": "not_found"}),
    ],
)
async def test_the_workers_health(path: str, status: int, holds: dict[str, object]) -> None:
    """The worker answers whether it lives and which version it is, whatever its dependencies do."""
    answered, body = await ask(path, {"a": stuck})
    assert answered == status
    assert holds.items() <= body.items()


async def test_what_the_worker_does_not_have() -> None:
    """Another path is 404 as a problem, in the shape that the API gives it."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await health_app({}, "abc")({"type": "http", "path": "/elsewhere"}, None, send)
    assert sent[0]["headers"] == [(b"content-type", b"application/problem+json")]
    problem = msgspec.json.decode(sent[1]["body"], type=Problem)
    assert (problem.status, problem.instance) == (404, "/elsewhere")


async def test_the_workers_readiness() -> None:
    """The worker is ready with its dependencies and answers 503 without."""
    assert (await ask("/readyz", {"a": fine}))[0] == 200
    status, body = await ask("/readyz", {"a": fine, "b": broken})
    assert (status, body["ready"]) == (503, False)


async def ask(path: str, checks: dict[str, runtime.health.Check]) -> tuple[int, dict[str, object]]:
    """What the worker's health application answers."""
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await health_app(checks, "abc")({"type": "http", "path": path}, None, send)
    status, body = sent[0]["status"], sent[1]["body"]
    assert isinstance(status, int)
    assert isinstance(body, bytes)
    return status, msgspec.json.decode(body)
