"""The rounds of the comparison: Gangway and the bare loop in turn, so that a slow minute hits both."""

from dataclasses import dataclass, field
from typing import Any

from tests.bench.cpu import Cpu
from tests.bench.load import Sample
from tests.bench.scenarios import Bare, Gangway

CLIENTS = (1, 10, 20, 50)

TOTALS: dict[str, tuple[int, int, int, int]] = {
    "save": (200, 400, 800, 600),
    "keyed": (60, 250, 400, 400),
    "batch": (60, 250, 400, 400),
    "progress": (300, 2000, 2000, 2000),
    "start": (30, 100, 120, 120),
    "whole": (6, 20, 40, 50),
}
"""Requests measured at 1, 10, 20 and 50 clients; of `whole`, runs of eleven requests."""


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
        await self._gangway.save(4, 40)
        await self._bare.save(4, 40)
        for number in range(self._rounds):
            clients = list(enumerate(CLIENTS))
            # Every other round backwards: what a block leaves behind does not always meet the same one.
            for index, count in clients if number % 2 == 0 else reversed(clients):
                for operation, totals in TOTALS.items():
                    total = max(round(totals[index] * self._share), 2 * count if operation != "whole" else count)
                    await self._pair(operation, count, total, bare_first=number % 2 == 0)
        return self.results

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
