"""A closed loop: so many clients, each with one request under way, until a given number is done."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

WARM_UP = 3

Work = Callable[[], Awaitable[None]]
"""One request of one client."""


@dataclass
class Sample:
    """Latencies in ms, the seconds that the requests took together, and the errors met."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    def add(self, other: "Sample") -> None:
        """Take another slice of the same measurement in."""
        self.latencies += other.latencies
        self.seconds += other.seconds
        self.errors += other.errors

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: int) -> float:
        """In ms."""
        if len(self.latencies) < 2:
            return self.latencies[0] if self.latencies else float("nan")
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


async def closed_loop(clients: Sequence[Work], total: int, *, warm_up: int = WARM_UP) -> Sample:
    """Measure `total` requests, after each client has done `warm_up` that do not count."""
    sample = Sample()
    await asyncio.gather(*(_repeat(work, warm_up, sample) for work in clients))
    sample.latencies.clear()
    left = total

    async def client(work: Work) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await _timed(work, sample)

    began = time.perf_counter()
    await asyncio.gather(*(client(work) for work in clients))
    sample.seconds = time.perf_counter() - began
    return sample


async def _repeat(work: Work, times: int, sample: Sample) -> None:
    for _ in range(times):
        await _timed(work, sample)


async def _timed(work: Work, sample: Sample) -> None:
    began = time.perf_counter()
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is shown in the table
        sample.errors.append(f"{type(error).__name__}: {error}")
        return
    sample.latencies.append((time.perf_counter() - began) * 1000)
