"""The rounds of the comparison: Gangway and the bare loop in turn, so that a slow minute hits both."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tests.bench.cpu import Cpu
from tests.bench.load import Sample
from tests.bench.scenarios import Bare, Gangway

CLIENTS = (1, 10, 20, 50)

TOTALS: dict[str, tuple[int, int, int, int]] = {
    "save": (300, 800, 2000, 1000),
    "keyed": (60, 250, 400, 400),
    "batch": (60, 250, 400, 400),
    "progress": (300, 2000, 2000, 2000),
    "start": (30, 100, 120, 120),
    "whole": (6, 20, 40, 50),
}
"""Requests measured at 1, 10, 20 and 50 clients; of `whole`, runs of eleven requests."""

ON_OPEN_RUNS, OPENING = ("save", "keyed", "batch", "progress"), ("start", "whole")

QUIET_SECONDS = 7.0
"""After runs were opened: their workflows settle them once more five seconds later, which is not to be measured as
part of whatever comes next.
"""


@dataclass
class Measured:
    """One operation at one number of clients."""

    gangway: Sample = field(default_factory=Sample)
    bare: Sample = field(default_factory=Sample)
    cpu: list[dict[str, float]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        shown = {"gangway": _numbers(self.gangway), "cpu_ms_per_request": self.cpu}
        return shown | ({"bare": _numbers(self.bare)} if self.bare.latencies else {})


Results = dict[tuple[str, int], Measured]


class Rounds:
    """Goes through all operations, several times in slices."""

    def __init__(self, gangway: Gangway, bare: Bare, pids: dict[str, int], *, share: float, rounds: int) -> None:
        """`share` of `TOTALS` is measured, in so many rounds."""
        self._gangway = gangway
        self._bare = bare
        self._pids = pids
        self._share = share / rounds
        self._rounds = rounds
        self.results: Results = {}

    async def run(self) -> Results:
        """Measure."""
        await self._gangway.open(max(CLIENTS))
        await self._bare.open(max(CLIENTS))
        for number in range(self._rounds):
            for operations in (ON_OPEN_RUNS, OPENING):
                await asyncio.sleep(QUIET_SECONDS)
                await self._measure(operations, forwards=number % 2 == 0)
        return self.results

    async def _measure(self, operations: tuple[str, ...], *, forwards: bool) -> None:
        """Every other round backwards: what a block leaves behind does not always meet the same one."""
        clients = list(enumerate(CLIENTS))
        for index, count in clients if forwards else reversed(clients):
            for operation in operations:
                least = 2 * count if operation != "whole" else count
                total = max(round(TOTALS[operation][index] * self._share), least)
                await self._pair(operation, count, total, bare_first=forwards)

    async def _pair(self, operation: str, clients: int, total: int, *, bare_first: bool) -> None:
        measured = self.results.setdefault((operation, clients), Measured())
        bare, gangway = getattr(self._bare, operation, None), getattr(self._gangway, operation)
        for which in ("bare", "gangway") if bare_first else ("gangway", "bare"):
            if which == "bare" and bare is not None:
                measured.bare.add(await bare(clients, total))
            elif which == "gangway":
                cpu = Cpu(self._pids)
                measured.gangway.add(await gangway(clients, total))
                measured.cpu.append(cpu.per_request(total))


def _numbers(sample: Sample) -> dict[str, Any]:
    return {
        "count": len(sample.latencies),
        "p50_ms": round(sample.percentile(50), 2),
        "p95_ms": round(sample.percentile(95), 2),
        "p99_ms": round(sample.percentile(99), 2),
        "per_second": round(sample.rate, 1),
        "errors": len(sample.errors),
        "first_errors": sample.errors[:3],
    }
