"""kill -9 in the middle of a chat turn."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cli.stub_ai.models import decide
from cli.stub_ai.reaction import Reaction, Request
from tests.ai_server import AiServer, ai_server
from tests.bench.people import People, Person
from tests.bench.stack import Stack
from tests.chaos.harm import HEALS_SECONDS, kill
from tests.stack import RUNS, Json, ok, until

CHAT = "/api/v1/chat/onboarding"


@pytest.fixture(scope="module")
async def slow_models() -> AsyncIterator[AiServer]:
    """A server of models; tests say how slow it is."""
    async with ai_server() as server:
        yield server


@pytest.fixture(scope="module")
async def talking(tmp_path_factory: pytest.TempPathFactory, slow_models: AiServer) -> AsyncIterator[Stack]:
    """A stack whose chat asks that server."""
    home = tmp_path_factory.mktemp("talk")
    async with Stack(home, ai_base_url=slow_models.url, ai_models="stub") as stack:
        yield stack


async def _say(stack: Stack, person: Person, message: str, message_id: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=stack.url, timeout=60, trust_env=False, headers=headers) as client:
        return await client.post(f"{CHAT}/", json={"message": message, "message_id": message_id})


async def _get(stack: Stack, person: Person, path: str) -> Json:
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=stack.url, timeout=20, trust_env=False, headers=headers) as client:
        return ok(await client.get(path))


@pytest.mark.parametrize("victims", [("worker",), ("api", "worker"), ("worker", "postgres"), ("temporal",)])
async def test_a_turn_survives(talking: Stack, slow_models: AiServer, victims: tuple[str, ...]) -> None:
    """Processes are killed while the model thinks: the turn is answered once all the same, found by its id."""
    person = (await People(talking.settings).new(1))[0]
    asked = asyncio.Event()

    def slow_at_first(request: Request) -> Reaction:
        if asked.is_set():
            return decide(request)
        asked.set()
        return Reaction(text="Let me think", delay_seconds=3)

    slow_models.script = slow_at_first
    first = asyncio.create_task(_say(talking, person, "I am a beginner", "m1"))
    await asyncio.wait_for(asked.wait(), 20)
    for victim in victims:
        before = talking.pids()[victim]
        kill(talking, victim)
        await until(lambda: talking.pids()[victim] != before, HEALS_SECONDS)  # noqa: B023 - awaited at once
    await until(talking.is_ready, HEALS_SECONDS)
    await asyncio.gather(first, return_exceptions=True)

    async def answered() -> Json | None:
        answer = await _say(talking, person, "I am a beginner", "m1")
        return answer.json() if answer.is_success else None

    answer = await until(answered, HEALS_SECONDS)
    assert answer["response"]
    history = await _get(talking, person, f"{CHAT}/history")
    assert [item["role"] for item in history["items"]] == ["agent", "person"]
    assert [item["text"] for item in history["items"]] == [answer["response"], "I am a beginner"]


async def test_what_was_saved_is_told(talking: Stack, slow_models: AiServer) -> None:
    """A worker dies after the answer was saved: the turn that is finished later says so, and saves no more."""
    person = (await People(talking.settings).new(1))[0]
    saved = asyncio.Event()

    def dies_after_saving(request: Request) -> Reaction:
        if request.last.role != "tool":
            return decide(request)
        saved.set()
        return Reaction(text="never heard", delay_seconds=30)

    slow_models.script = dies_after_saving
    first = asyncio.create_task(_say(talking, person, "I am a beginner", "m1"))
    await asyncio.wait_for(saved.wait(), 20)
    before = talking.pids()["worker"]
    kill(talking, "worker")
    await until(lambda: talking.pids()["worker"] != before, HEALS_SECONDS)
    answer = ok(await first)
    assert answer["saved"] == [{"state": 1, "key": "fitness_level", "answer": {"fitness_level": "beginner"}}]
    assert answer["new_state"] == 2
    events = (await _get(talking, person, f"{RUNS}/history"))["items"]
    assert [event["kind"] for event in events] == ["state_completed", "run_started"]
