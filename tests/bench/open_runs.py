"""Many open runs: what the worker's memory and the latency of a step become."""

import random
from dataclasses import dataclass

import psutil
from temporalio.client import Client

from cli.data_keys import data_keys
from cli.embedded import until
from runtime.addresses import RunAddress, workflow_id
from runtime.temporal import connect
from tests.bench import shapes
from tests.bench.http import Http
from tests.bench.load import Sample, Work, closed_loop
from tests.bench.people import People, Person
from tests.bench.stack import Stack

FEW = 100
OPENERS = 20
SETTLED_SECONDS = 180.0


@dataclass
class OpenRuns:
    """Latencies of single steps, one after the other, and the worker's memory in MB."""

    few: Sample
    many_cached: Sample
    many_random: Sample
    opening: Sample
    opened: int
    memory_few: float
    memory_many: float


async def measure(stack: Stack, runs: int, samples: int) -> OpenRuns:
    """Open 100 runs and save steps of them, then open all `runs` and save again.

    The samples are taken in the same way: one client, a run chosen at random among the 100, among the 100
    opened last (the worker has them in its cache), and among all.
    """
    people = People(stack.settings)
    async with data_keys(stack.settings) as keys:
        temporal = await connect(stack.settings, keys)
        everybody = await people.new(FEW)
        await _open(stack, everybody)
        await _settled(temporal, everybody[-1])
        few = await _steps(stack, everybody, samples)
        memory_few = memory_mb(stack.pids()["worker"])

        more = await people.new(runs - FEW)
        opening = await _open(stack, more)
        everybody += more
        await _settled(temporal, everybody[-1])
        many_cached = await _steps(stack, everybody[-FEW:], samples)
        many_random = await _steps(stack, everybody, samples)
        memory_many = memory_mb(stack.pids()["worker"])
    return OpenRuns(
        few=few,
        many_cached=many_cached,
        many_random=many_random,
        opening=opening,
        opened=len(everybody),
        memory_few=memory_few,
        memory_many=memory_many,
    )


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    return psutil.Process(pid).memory_info().rss / 1_000_000


async def _open(stack: Stack, people: list[Person]) -> Sample:
    left = iter(people)
    connections = [await Http.connect(stack.settings.port) for _ in range(min(OPENERS, len(people)))]

    def starting(http: Http) -> Work:
        async def work() -> None:
            http.become(next(left).token)
            await http.call("POST", "/start", shapes.START)

        return work

    try:
        return await closed_loop([starting(http) for http in connections], len(people), warm_up=0)
    finally:
        for http in connections:
            http.close()


async def _steps(stack: Stack, people: list[Person], samples: int) -> Sample:
    http = await Http.connect(stack.settings.port)
    chance = random.Random(7)
    bodies = shapes.alternating_steps()

    async def work() -> None:
        http.become(chance.choice(people).token)
        await http.call("POST", "/step", next(bodies))

    try:
        return await closed_loop([work], samples, warm_up=len(people) if len(people) <= FEW else 3)
    finally:
        http.close()


async def _settled(temporal: Client, last: Person) -> None:
    """Until the run opened last has settled its projection: nothing goes on in the background any more."""
    address = RunAddress(last.tenant_id, last.id, "fitness")
    handle = temporal.get_workflow_handle(workflow_id(address))

    async def settled() -> bool:
        view = await handle.query("view")
        return bool(view["settled"])

    assert await until(settled, SETTLED_SECONDS, every=0.5), "the runs did not settle"
