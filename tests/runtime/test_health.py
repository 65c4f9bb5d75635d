"""Readiness: every dependency on a line of its own, and never later than a bound."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

import runtime.health
from api.problems import Problem
from runtime.health import Check, CheckResult, readiness, shared
from tests.stack import until
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
    hanging = Counted()
    asked = asyncio.create_task(readiness({"a": hanging, "b": hanging, "c": hanging, "d": fine}))
    await until(lambda: hanging.asked)
    assert hanging.asking == 3  # at once: none waits for another's bound
    state = await asyncio.wait_for(asked, 15)
    assert [check.detail for check in state.checks] == ["TimeoutError"] * 3 + [None]


async def test_who_is_cancelled_waits_no_longer() -> None:
    """Who is told to stop asking stops at once."""
    asking = asyncio.create_task(readiness({"a": stuck}))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


class Counted:
    """A dependency that answers when it is let, and counts who asks it."""

    def __init__(self) -> None:
        self.asked = self.asking = 0
        self.let = asyncio.Event()

    async def __call__(self) -> None:
        self.asked += 1
        self.asking += 1
        try:
            await self.let.wait()
        finally:
            self.asking -= 1


async def test_one_probe_answers_all_who_ask_meanwhile() -> None:
    """Many who ask at once share one probe, also when one of them leaves; who asks later starts another."""
    counted = Counted()
    checks = shared({"a": counted})
    leaving = asyncio.create_task(readiness(checks))
    asking = [asyncio.create_task(readiness(checks)) for _ in range(40)]
    await until(lambda: counted.asking == 1)  # which began after all of them
    leaving.cancel()
    counted.let.set()
    assert all(state.ready for state in await asyncio.gather(*asking))
    assert counted.asked == 1
    assert (await readiness(checks)).ready
    assert counted.asked == 2


async def test_a_failure_is_shared_too() -> None:
    """All who share a probe that fails are told so."""
    checks = shared({"a": broken, "b": fine})
    states = await asyncio.gather(*(readiness(checks) for _ in range(3)))
    assert [check.detail for state in states for check in state.checks] == ["ConnectionError", None] * 3


async def test_a_shared_probe_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that hangs ends at the bound, with nobody left who asks it too, and the next one may succeed."""
    monkeypatch.setattr(runtime.health, "CHECK_SECONDS", 0.1)
    counted = Counted()
    checks = shared({"a": counted})
    assert (await readiness(checks)).checks[0].detail == "TimeoutError"
    await until(lambda: counted.asking == 0)  # the probe itself: who asks before that shares its end
    leaving = asyncio.create_task(readiness(checks))
    await until(lambda: counted.asked == 2)
    leaving.cancel()
    await until(lambda: counted.asking == 0)
    assert counted.asked == 2
    counted.let.set()
    assert (await readiness(checks)).ready


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
    answer = await ask(path, {"a": stuck})
    assert answer.status_code == status
    assert holds.items() <= answer.json().items()


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/elsewhere", "not_found"),
        ("POST", "/elsewhere", "not_found"),
        ("POST", "/livez", "method_not_allowed"),
        ("PUT", "/version", "method_not_allowed"),
        ("DELETE", "/readyz", "method_not_allowed"),
    ],
)
async def test_what_the_worker_does_not_have(method: str, path: str, code: str) -> None:
    """Another path is 404 and another method 405, as problems in the shape that the API gives them."""
    answer = await ask(path, {"a": fine}, method)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(answer.content, type=Problem)
    assert (problem.status, problem.instance, problem.code) == (answer.status_code, path, code)
    assert problem.title == answer.reason_phrase
    assert problem.type == f"urn:gangway:problem:{code}"
    assert problem.request_id == answer.headers["x-request-id"]
    allowed = "GET" if code == "method_not_allowed" else None
    assert answer.headers.get("allow") == allowed


async def test_the_workers_readiness() -> None:
    """The worker is ready with its dependencies, and without answers 503 and when to ask again."""
    ready = await ask("/readyz", {"a": fine})
    assert (ready.status_code, "retry-after" in ready.headers) == (200, False)
    away = await ask("/readyz", {"a": fine, "b": broken})
    assert (away.status_code, away.headers["retry-after"], away.json()["ready"]) == (503, "2", False)


async def test_the_workers_probes_are_shared() -> None:
    """Who asks the worker while somebody else does gets the same answer."""
    counted, arrived = Counted(), 0
    app = health_app({"a": counted}, "abc")

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 10:
            counted.let.set()
        await app(scope, receive, send)

    async with client(counting) as http:
        answers = await asyncio.gather(*(http.get("/readyz") for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert counted.asked == 1


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/version", "/elsewhere"])
async def test_the_workers_request_ids(path: str) -> None:
    """Each answer of the worker has an id: the caller's if it is one, else a new one."""
    sent = (await ask(path, {}, headers={"X-Request-ID": "a-1"})).headers["x-request-id"]
    minted = [(await ask(path, {}, headers={"X-Request-ID": "a b"})).headers["x-request-id"] for _ in range(2)]
    assert sent == "a-1"
    assert [len(each) for each in minted] == [32, 32]
    assert minted[0] != minted[1]


def client(app: Any) -> httpx.AsyncClient:
    """A client of the worker's health application."""
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://worker.test")


async def ask(
    path: str, checks: dict[str, Check], method: str = "GET", headers: dict[str, str] | None = None
) -> httpx.Response:
    """What the worker's health application answers."""
    async with client(health_app(checks, "abc")) as http:
        return await http.request(method, path, headers=headers)
