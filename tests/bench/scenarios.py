"""What is measured: five requests of the API, and the bare updates that have their shape."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from temporalio.client import Client

from tests.bench import shapes
from tests.bench.bare import BareRun, message_of
from tests.bench.http import Http
from tests.bench.load import Sample, Work, closed_loop
from tests.bench.people import People, Person
from tests.bench.stack import Stack

REQUESTS_OF_A_RUN = len(shapes.STEPS) + 2


class Gangway:
    """Measurements over HTTP."""

    def __init__(self, stack: Stack, people: People) -> None:
        self._port = stack.settings.port
        self._people = people
        self._open: list[Person] = []

    async def open(self, count: int) -> None:
        """Runs for the requests that need one."""
        self._open = await self._people.new(count)
        async with _Connections(self._port, self._open) as connections:
            await asyncio.gather(*(http.call("POST", "/start", shapes.START) for http in connections))

    async def save(self, clients: int, total: int) -> Sample:
        """`POST /step`: each client edits the first state of a run of its own."""
        return await self._on_open_runs(clients, total, "/step", shapes.alternating_steps)

    async def keyed(self, clients: int, total: int) -> Sample:
        """The same with an `Idempotency-Key`, and the flow left for the API to find."""
        return await self._on_open_runs(clients, total, "/step", shapes.alternating_steps_alone, keyed=True)

    async def batch(self, clients: int, total: int) -> Sample:
        """`POST /steps` with nine answers, one of them changed."""
        return await self._on_open_runs(clients, total, "/steps", shapes.alternating_batches)

    async def progress(self, clients: int, total: int) -> Sample:
        """`GET /progress` of a run."""
        async with _Connections(self._port, self._open[:clients]) as connections:
            return await closed_loop([_get(http) for http in connections], total)

    async def start(self, clients: int, total: int) -> Sample:
        """`POST /start` of people who had no run."""
        everybody = iter(await self._people.new(total + clients))
        async with _Connections(self._port, [Person("", "", "")] * clients) as connections:
            return await closed_loop([_start(http, everybody) for http in connections], total, warm_up=1)

    async def whole(self, clients: int, total: int) -> Sample:
        """A run: start, nine answers, complete. One latency for all eleven requests."""
        everybody = iter(await self._people.new(total))
        async with _Connections(self._port, [Person("", "", "")] * clients) as connections:
            return await closed_loop([_whole(http, everybody) for http in connections], total, warm_up=0)

    async def _on_open_runs(
        self,
        clients: int,
        total: int,
        path: str,
        bodies: Callable[[], Iterator[bytes]],
        *,
        keyed: bool = False,
    ) -> Sample:
        async with _Connections(self._port, self._open[:clients]) as connections:
            return await closed_loop([_post(http, path, bodies(), keyed=keyed) for http in connections], total)


class Bare:
    """The same, as bare updates."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._step, self._step_answer = shapes.step_sizes()
        self._batch, self._batch_answer = shapes.batch_sizes()
        self._steps: list[BareRun] = []
        self._batches: list[BareRun] = []

    async def open(self, count: int) -> None:
        """Workflows for the updates that need one."""
        self._steps = [BareRun(self._client, self._step_answer) for _ in range(count)]
        self._batches = [BareRun(self._client, self._batch_answer) for _ in range(count)]
        await asyncio.gather(*(run.start() for run in self._steps + self._batches))

    async def save(self, clients: int, total: int) -> Sample:
        """An update of a step's size."""
        return await _updates(self._steps[:clients], total, self._step)

    keyed = save

    async def batch(self, clients: int, total: int) -> Sample:
        """An update of a batch's size."""
        return await _updates(self._batches[:clients], total, self._batch)

    async def start(self, clients: int, total: int) -> Sample:
        """An update that starts its workflow."""
        runs = [BareRun(self._client, self._step_answer) for _ in range(clients)]
        return await closed_loop([run.start for run in runs], total, warm_up=1)

    async def whole(self, clients: int, total: int) -> Sample:
        """A workflow from its start to its end: eleven updates."""
        runs = [BareRun(self._client, self._step_answer) for _ in range(clients)]
        return await closed_loop([self._whole(run) for run in runs], total, warm_up=0)

    def _whole(self, run: BareRun) -> Work:
        async def work() -> None:
            await run.start()
            for _ in range(REQUESTS_OF_A_RUN - 2):
                await run.save(message_of(self._step))
            await run.save(message_of(self._step, over=True))

        return work


async def _updates(runs: list[BareRun], total: int, size: int) -> Sample:
    message = message_of(size)
    return await closed_loop([lambda run=run: run.save(message) for run in runs], total)


@dataclass
class _Connections:
    """A connection for each person."""

    port: int
    people: list[Person]

    async def __aenter__(self) -> list[Http]:
        self.open = await asyncio.gather(*(Http.connect(self.port) for _ in self.people))
        for http, person in zip(self.open, self.people, strict=True):
            http.become(person.token)
        return self.open

    async def __aexit__(self, *_: object) -> None:
        for http in self.open:
            http.close()


def _post(http: Http, path: str, bodies: Iterator[bytes], *, keyed: bool) -> Work:
    async def work() -> None:
        await http.call("POST", path, next(bodies), key=uuid.uuid4().hex if keyed else "")

    return work


def _get(http: Http) -> Work:
    async def work() -> None:
        await http.call("GET", "/progress?flow=fitness")

    return work


def _start(http: Http, everybody: Iterator[Person]) -> Work:
    async def work() -> None:
        http.become(next(everybody).token)
        await http.call("POST", "/start", shapes.START)

    return work


def _whole(http: Http, everybody: Iterator[Person]) -> Work:
    async def work() -> None:
        http.become(next(everybody).token)
        await http.call("POST", "/start", shapes.START)
        for body in shapes.STEPS:
            await http.call("POST", "/step", body)
        await http.call("POST", "/complete", shapes.COMPLETE)

    return work
