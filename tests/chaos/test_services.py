"""kill -9 while a server of somebody else's is asked: in the middle of a chat turn, and of a risk scan."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from cli.embedded import local_client
from cli.stub_ai.models import decide
from cli.stub_ai.reaction import Reaction, Request
from tests.ai_server import AiServer, ai_server
from tests.bench.people import People, Person
from tests.bench.stack import Stack
from tests.chaos.harm import HEALS_SECONDS, kill
from tests.scan_service import RISK, Reply, ScanServer, scan_service
from tests.stack import RUNS, Json, ok, problem, until

CHAT = "/api/v1/chat/onboarding"
SCAN, SCANS = "/api/v1/scan", "/api/v1/scans"


@pytest.fixture(scope="module")
async def slow_models() -> AsyncIterator[AiServer]:
    """A server of models; tests say how slow it is."""
    async with ai_server() as server:
        yield server


@pytest.fixture(scope="module")
async def service() -> AsyncIterator[ScanServer]:
    """A service of scans that takes its time."""
    async with scan_service() as service:
        service.script = lambda _: Reply(pause_seconds=2.0)
        yield service


@pytest.fixture(scope="module")
async def asking(
    tmp_path_factory: pytest.TempPathFactory, slow_models: AiServer, service: ScanServer
) -> AsyncIterator[Stack]:
    """A stack that asks them."""
    home = tmp_path_factory.mktemp("asking")
    settings = {"ai_base_url": slow_models.url, "ai_models": "stub", "ai_service_url": service.url}
    async with Stack(home, **settings) as stack:
        yield stack


async def _say(stack: Stack, person: Person, message: str, message_id: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {person.token}"}
    async with local_client(base_url=stack.url, timeout=60, headers=headers) as client:
        return await client.post(f"{CHAT}/", json={"message": message, "message_id": message_id})


async def _get(stack: Stack, person: Person, path: str) -> Json:
    headers = {"Authorization": f"Bearer {person.token}"}
    async with local_client(base_url=stack.url, timeout=20, headers=headers) as client:
        return ok(await client.get(path))


@pytest.mark.parametrize("victims", [("worker",), ("api", "worker"), ("worker", "postgres"), ("temporal",)])
async def test_a_turn_survives(asking: Stack, slow_models: AiServer, victims: tuple[str, ...]) -> None:
    """Processes are killed while the model thinks: the turn is answered once all the same, found by its id."""
    person = (await People(asking.settings).new(1))[0]
    asked = asyncio.Event()

    def slow_at_first(request: Request) -> Reaction:
        if asked.is_set():
            return decide(request)
        asked.set()
        return Reaction(text="Let me think", delay_seconds=3)

    slow_models.script = slow_at_first
    first = asyncio.create_task(_say(asking, person, "I am a beginner", "m1"))
    await asyncio.wait_for(asked.wait(), 60)
    for victim in victims:
        before = asking.pids()[victim]
        kill(asking, victim)
        await until(lambda: asking.pids()[victim] != before, HEALS_SECONDS)  # noqa: B023 - awaited at once
    await until(asking.is_ready, HEALS_SECONDS)
    await asyncio.gather(first, return_exceptions=True)

    async def answered() -> Json | None:
        answer = await _say(asking, person, "I am a beginner", "m1")
        return answer.json() if answer.is_success else None

    answer = await until(answered, HEALS_SECONDS)
    assert answer["response"]
    history = await _get(asking, person, f"{CHAT}/history")
    assert [item["role"] for item in history["items"]] == ["agent", "person"]
    assert [item["text"] for item in history["items"]] == [answer["response"], "I am a beginner"]


async def test_what_was_saved_is_told(asking: Stack, slow_models: AiServer) -> None:
    """A worker dies after the answer was saved: the turn that is finished later says so, and saves no more."""
    person = (await People(asking.settings).new(1))[0]
    saved = asyncio.Event()

    def dies_after_saving(request: Request) -> Reaction:
        if request.last.role != "tool":
            return decide(request)
        saved.set()
        return Reaction(text="never heard", delay_seconds=30)

    slow_models.script = dies_after_saving
    first = asyncio.create_task(_say(asking, person, "I am a beginner", "m1"))
    await asyncio.wait_for(saved.wait(), 60)
    before = asking.pids()["worker"]
    kill(asking, "worker")
    await until(lambda: asking.pids()["worker"] != before, HEALS_SECONDS)
    answer = ok(await first)
    assert answer["saved"] == [{"state": 1, "key": "fitness_level", "answer": {"fitness_level": "beginner"}}]
    assert answer["new_state"] == 2
    events = (await _get(asking, person, f"{RUNS}/history"))["items"]
    assert [event["kind"] for event in events] == ["state_completed", "run_started"]


async def _scan(stack: Stack, person: Person, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": key}
    async with local_client(base_url=stack.url, timeout=60, headers=headers) as client:
        return await client.post(SCAN, files={"text": (None, "liable")})


async def test_the_worker_dies(asking: Stack, service: ScanServer) -> None:
    """A worker that is killed while the service works: nobody asks it twice, and the person may try again."""
    person = (await People(asking.settings).new(1))[0]
    service.received.clear()
    first = asyncio.create_task(_scan(asking, person, "worker"))
    await until(lambda: service.received)
    kill(asking, "worker")
    problem(await first, 503, "ai_service_unavailable")
    assert len(service.received) == 1
    assert ok(await _scan(asking, person, "worker"))["data"] == [RISK]
    assert len(service.received) == 2


async def test_the_api_dies(asking: Stack, service: ScanServer) -> None:
    """An API that is killed while it waits: the scan is finished all the same, once."""
    person = (await People(asking.settings).new(1))[0]
    service.received.clear()
    first = asyncio.create_task(_scan(asking, person, "api"))
    await until(lambda: service.received)
    kill(asking, "api")
    with pytest.raises(httpx.HTTPError):
        await first

    async def listed() -> list[Json]:
        headers = {"Authorization": f"Bearer {person.token}"}
        async with local_client(base_url=asking.url, headers=headers) as client:
            with suppress(httpx.HTTPError):
                return ok(await client.get(SCANS))["items"]
        return []

    (found,) = await until(listed, HEALS_SECONDS)
    assert found["data"] == [RISK]
    assert len(service.received) == 1
