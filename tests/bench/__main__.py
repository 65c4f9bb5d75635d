"""`python -m tests.bench`: measures the stack over HTTP beside a bare Temporal loop, then many open runs."""

import argparse
import logging
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
import uvloop
from temporalio.client import Client

from runtime.ending import leave
from tests.bench import (
    capturing,
    chat_report,
    chatting,
    connecting,
    open_runs,
    operations,
    projections,
    report,
    sign_in,
)
from tests.bench.children import worker_process
from tests.bench.people import People
from tests.bench.rounds import Results, Rounds
from tests.bench.scenarios import Bare, Gangway
from tests.bench.stack import Stack


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer requests and 1000 open runs; under 90 s")
    parser.add_argument("--runs", type=int, metavar="N", help="runs to open at last; 0 leaves that part out")
    parser.add_argument(
        "--projection", action="store_true", help="compare designs of the projection, nothing else"
    )
    parser.add_argument("--chat", action="store_true", help="chat, suggestions and budgets, nothing else")
    parser.add_argument("--operations", action="store_true", help="the back office, nothing else")
    parser.add_argument(
        "--capture", action="store_true", help="captures, scraping, imports and syncs, nothing else"
    )
    parser.add_argument("--connections", action="store_true", help="backfills of accounting, nothing else")
    parser.add_argument("--out", type=Path, default=Path(f"bench-{datetime.now(UTC):%Y-%m-%d}.json"))
    return parser.parse_args()


async def _requests(home: Path, *, quick: bool) -> Results:
    async with Stack(home) as stack:
        address, namespace = stack.settings.temporal_address, stack.settings.temporal_namespace
        assert address
        client = await Client.connect(address, namespace=namespace)
        with worker_process("tests.bench.bare", address, namespace, log=home / "bare.log"):
            gangway, bare = Gangway(stack, People(stack.settings)), Bare(client)
            rounds = Rounds(gangway, bare, stack.pids(), share=0.25 if quick else 1.0, rounds=1 if quick else 2)
            return await rounds.run()


async def _runs(
    arguments: argparse.Namespace, folder: Path, targets: list[report.Target], parts: dict[str, Any]
) -> None:
    """Requests to runs, signing in, and many open runs."""
    results = await _requests(folder / "requests", quick=arguments.quick)
    report.print_requests(results)
    report.print_cpu(results)
    targets += report.targets_of_requests(results)
    parts["requests"] = {f"{name}, {count} clients": m.as_json() for (name, count), m in results.items()}
    async with Stack(folder / "sign_in", **sign_in.REAL_HASHES) as stack:
        signing_in = await sign_in.measure(stack, samples=500 if arguments.quick else 2000)
    report.print_sign_in(signing_in)
    targets += report.targets_of_sign_in(signing_in)
    parts["sign_in"] = report.sign_in_as_json(signing_in)
    runs = arguments.runs if arguments.runs is not None else 1000 if arguments.quick else 10_000
    if runs:
        async with Stack(folder / "open") as stack:
            many = await open_runs.measure(stack, runs, samples=100 if arguments.quick else 300)
        report.print_open_runs(many)
        targets += report.targets_of_open_runs(many)
        parts["open_runs"] = many


async def _bench(arguments: argparse.Namespace, folder: Path) -> None:
    began = time.monotonic()
    targets: list[report.Target] = []
    parts: dict[str, Any] = {}
    if arguments.projection:
        async with Stack(folder / "projection") as stack:
            variants = await projections.measure(stack, one=200, twenty=800, logs=folder)
        report.print_projections(variants)
        parts["projection"] = {
            v.name: {
                "p50_ms_1": v.one.percentile(50),
                "p95_ms_1": v.one.percentile(95),
                "per_s_20": v.twenty.rate,
                "cpu_ms_20": v.cpu_ms,
            }
            for v in variants
        }
    else:
        everything = not (arguments.chat or arguments.operations or arguments.capture or arguments.connections)
        if everything:
            await _runs(arguments, folder, targets, parts)
        if everything or arguments.chat:
            talked = await chatting.measure(folder, quick=arguments.quick)
            chat_report.print_chat(talked)
            targets += chat_report.targets_of_chat(talked)
            parts["chat"] = chat_report.chat_as_json(talked)
        if everything or arguments.operations:
            async with Stack(folder / "operations", **operations.UNCACHED) as stack:
                measured = await operations.measure(stack, quick=arguments.quick)
            operations.print_operations(measured)
            targets += operations.targets_of_operations(measured)
            parts["operations"] = operations.operations_as_json(measured)
        if everything or arguments.capture:
            captured = await capturing.measure(folder, quick=arguments.quick)
            capturing.print_capturing(captured)
            targets += capturing.targets_of_capturing(captured)
            parts["capture"] = capturing.capturing_as_json(captured)
        if everything or arguments.connections:
            backfills = await connecting.measure(folder, quick=arguments.quick)
            connecting.print_connecting(backfills)
            targets += connecting.targets_of_connecting(backfills)
            parts["connections"] = connecting.connecting_as_json(backfills)
        report.print_targets(targets)
    report.write(arguments.out, targets, **parts)
    print(f"\n{time.monotonic() - began:.0f} s; all figures in {arguments.out}", file=sys.stderr)  # noqa: T201


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    # What is called from here logs as in the worker; the tables stand alone.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder:
        uvloop.run(_bench(arguments, Path(folder)))
    leave()


if __name__ == "__main__":
    main()
