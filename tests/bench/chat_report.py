"""The tables of chat, suggestions and budgets."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tests.bench.budgets import CALLS
from tests.bench.chatting import Chatting
from tests.bench.load import Sample
from tests.bench.report import Target, mean, table, times

_HEAD = ("", "clients", "p50 ms", "p95 ms", "p99 ms", "per s", "model p50", "over p50", "over p95")
_PROCESSES = ("api", "worker", "temporal", "postgres", "ai_stub", "load", "others")


def targets_of_chat(measured: Chatting) -> list[Target]:
    """The promises on chat and suggestions.

    What a turn takes over the model is a percentile of turns less the median of asking the model directly.
    """
    model, rules = measured.model, measured.rules
    plain = model.plain[1].percentile(95) - model.direct[1].whole.percentile(50)
    first = model.streamed[1].first.percentile(95) - model.direct[1].first.percentile(50)
    return [
        Target("chat turn over the model, p95 at 1 client", plain, "ms", 100),
        Target("time to the first word over the model, p95 at 1 client", first, "ms", 30),
        Target("chat turn by rules, p95 at 1 client", rules.plain[1].percentile(95), "ms", 100),
        Target("history per turn, last quarter of the turns / first", measured.history.growth, "x", 1.05),
        Target(f"beyond the budget, {CALLS} calls at once", measured.budget.overshoot, "micro-dollars", 0),
        Target(
            "suggestions of a model that hangs, slowest",
            max(measured.hanging.latencies, default=math.nan),
            "ms",
            5000,
        ),
        Target("suggestions by rules, p95 at 1 client", measured.suggesting.suggestion.percentile(95), "ms", 500),
        Target(
            "search for an industry, p95 at 10 clients", measured.suggesting.search[10].percentile(95), "ms", 50
        ),
    ]


def print_chat(measured: Chatting) -> None:
    """Everything that was measured."""
    rows: list[Sequence[str]] = []
    for name, clients, sample, model in _samples(measured):
        over = ["", "", ""]
        if model is not None:
            alone = model.percentile(50)
            parts = (alone, sample.percentile(50) - alone, sample.percentile(95) - alone)
            over = [f"{part:.1f}" for part in parts]
        rows.append((name, str(clients), *times(sample), *over))
        errors = [*sample.errors, *(model.errors if model else ())]
        rows += [(f"  {error[:150]}",) for error in errors[:1]]
    table("Chat and suggestions; `model`: the scripted one asked directly", _HEAD, rows)
    cpu = [
        (f"chat turn, {clients} clients", *(f"{mean(rounds, name):.2f}" for name in _PROCESSES))
        for clients, rounds in measured.model.cpu.items()
    ]
    table("Processor ms for each chat turn", ("", *_PROCESSES), cpu)
    _print_history(measured)
    _print_budget(measured)


def chat_as_json(measured: Chatting) -> dict[str, Any]:
    """For the file."""
    samples = {
        f"{name.strip()}, {clients} clients": {
            "p50_ms": sample.percentile(50),
            "p95_ms": sample.percentile(95),
            "per_second": sample.rate,
            "errors": len(sample.errors),
            "model_p50_ms": model.percentile(50) if model else None,
        }
        for name, clients, sample, model in _samples(measured)
    }
    history, budget = msgspec.to_builtins(measured.history), msgspec.to_builtins(measured.budget)
    return {
        "samples": samples,
        "cpu_ms_per_turn": {str(clients): rounds for clients, rounds in measured.model.cpu.items()},
        "history": {**history, "growth": measured.history.growth, "slope": measured.history.slope},
        "budget": {**budget, "overshoot": measured.budget.overshoot},
    }


def _samples(measured: Chatting) -> Iterator[tuple[str, int, Sample, Sample | None]]:
    """Each with that of the model alone, where it is beside it."""
    model, rules = measured.model, measured.rules
    for clients, sample in model.plain.items():
        yield "chat turn", clients, sample, model.direct[clients].whole
    for clients, streamed in model.streamed.items():
        yield "streamed: first word", clients, streamed.first, model.direct[clients].first
        yield "streamed: whole answer", clients, streamed.whole, model.direct[clients].whole
    yield "chat turn that saves", 1, model.saving, None
    yield f"chat turn, {measured.history.turns} in a row", 1, measured.history.latencies, None
    yield "save a step, for comparison", 1, measured.save, None
    for clients, sample in rules.plain.items():
        yield "chat turn by rules", clients, sample, None
    yield "chat turn by rules that saves", 1, rules.saving, None
    yield "suggestions by rules", 1, measured.suggesting.suggestion, None
    yield "suggestions, the model hangs", 5, measured.hanging, None
    for clients, sample in measured.suggesting.search.items():
        yield "search for an industry", clients, sample, None


def _print_history(measured: Chatting) -> None:
    history = measured.history
    each = history.turns // len(history.bytes_per_turn)
    rows = [
        (f"turns {number * each + 1} to {(number + 1) * each}", f"{size:.0f}", f"{events:.1f}")
        for number, (size, events) in enumerate(zip(history.bytes_per_turn, history.events_per_turn, strict=True))
    ]
    rows.append((f"  slope: {history.slope:+.2f} bytes a turn for each turn before it",))
    table("What a chat turn adds to the history", ("", "bytes", "events"), rows)


def _print_budget(measured: Chatting) -> None:
    budget = measured.budget
    row = (
        f"{CALLS} calls at once",
        *(str(getattr(budget, name)) for name in (*budget.__annotations__, "overshoot")),
    )
    head = ("", "budget", "most of it", "spent", "left aside", "answered", "refused", "beyond")
    table("A budget with room for few, in micro-dollars", head, [row])
