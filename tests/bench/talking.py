"""Turns of the onboarding's chat: with the scripted model beside that model alone, and by rules."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.bench import shapes
from tests.bench.cpu import Cpu
from tests.bench.direct import ASKED_FOR_MORE, SAID, direct
from tests.bench.http import Http, Unexpected, encoded
from tests.bench.load import WARM_UP, Sample, Work, closed_loop
from tests.bench.people import People, Person
from tests.bench.spoken import Spoken, spoken
from tests.bench.stack import Stack

CHAT = "/api/v1/chat/onboarding"
SAVES = "I am a beginner"
ROUNDS = 2
QUIET_SECONDS = 6.0
"""After runs were opened, until their workflows have settled them once more."""


@dataclass
class Turns:
    """What turns take; `streamed` and `direct` by the number of clients."""

    plain: dict[int, Sample] = field(default_factory=dict)
    saving: Sample = field(default_factory=Sample)
    streamed: dict[int, Spoken] = field(default_factory=dict)
    direct: dict[int, Spoken] = field(default_factory=dict)
    cpu: dict[int, list[dict[str, float]]] = field(default_factory=dict)


async def by_model(stack: Stack, *, share: float) -> Turns:
    """Turns over the scripted model, and in turn with them that model alone, so that a slow moment hits both."""
    measured, port, saves = Turns(), stack.settings.ai_stub_port, max(round(30 * share), 6)
    people, savers = await _begun(stack, 10), await _begun(stack, saves + WARM_UP)
    await asyncio.sleep(QUIET_SECONDS)
    for _ in range(ROUNDS):
        for clients, total in _totals(share).items():
            few = total // ROUNDS
            measured.direct.setdefault(clients, Spoken()).add(await direct(port, clients, few))
            measured.streamed.setdefault(clients, Spoken()).add(await _streamed(stack, people[:clients], few))
            cpu = Cpu(stack.pids())
            measured.plain.setdefault(clients, Sample()).add(await _plain(stack, people[:clients], few))
            measured.cpu.setdefault(clients, []).append(cpu.per_request(few + clients * WARM_UP))
    measured.saving = await _saving(stack, savers, saves)
    return measured


async def by_rules(stack: Stack, *, share: float) -> Turns:
    """Turns of a stack that knows no model."""
    measured, saves = Turns(), max(round(30 * share), 6)
    people, savers = await _begun(stack, 10), await _begun(stack, saves + WARM_UP)
    await asyncio.sleep(QUIET_SECONDS)
    for clients, total in _totals(share).items():
        measured.plain[clients] = await _plain(stack, people[:clients], total)
    measured.saving = await _saving(stack, savers, saves)
    return measured


def _totals(share: float) -> dict[int, int]:
    """Turns by the number of clients."""
    return {1: max(round(100 * share), 10), 10: max(round(120 * share), 20)}


async def _begun(stack: Stack, count: int) -> list[Person]:
    """People who have just started."""
    people = await People(stack.settings).new(count)
    http = await Http.connect(stack.settings.port)
    try:
        for person in people:
            http.become(person.token)
            await http.call("POST", "/start", shapes.START)
    finally:
        http.close()
    return people


@asynccontextmanager
async def _talking(stack: Stack, people: Sequence[Person]) -> AsyncGenerator[list[Http]]:
    connections: list[Http] = []
    try:
        for person in people:
            connections.append(await Http.connect(stack.settings.port, CHAT))
            connections[-1].become(person.token)
        yield connections
    finally:
        for http in connections:
            http.close()


async def _plain(stack: Stack, people: Sequence[Person], total: int) -> Sample:
    """Turns that save nothing, each waited for as a whole."""
    async with _talking(stack, people) as connections:
        return await closed_loop([_turn(http) for http in connections], total)


async def _streamed(stack: Stack, people: Sequence[Person], total: int) -> Spoken:
    """The same, followed as they are answered."""
    async with _talking(stack, people) as connections:
        return await spoken(connections, "/stream", _message, ASKED_FOR_MORE, total)


async def _saving(stack: Stack, people: Sequence[Person], total: int) -> Sample:
    """Turns that save the first state, each of somebody else."""
    savers = iter(people)
    async with _talking(stack, people[:1]) as (http,):

        async def work() -> None:
            http.become(next(savers).token)
            await http.call("POST", "/", _message(SAVES), mark=b'"fitness_level":"beginner"')
            if http.marked_at is None:
                raise Unexpected("the answer was not saved")

        return await closed_loop([work], total)


def _turn(http: Http) -> Work:
    async def work() -> None:
        await http.call("POST", "/", _message())

    return work


def _message(text: str = SAID) -> bytes:
    return encoded({"message": text, "flow": "fitness", "message_id": uuid.uuid4().hex})
