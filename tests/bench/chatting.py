"""Chat, suggestions and budgets: without models, with the scripted one, and with one that never answers."""

from dataclasses import dataclass
from pathlib import Path

from tests.bench import budgets, histories, suggesting, talking
from tests.bench.budgets import Budget
from tests.bench.histories import History
from tests.bench.load import Sample
from tests.bench.people import People
from tests.bench.scenarios import Gangway
from tests.bench.stack import Stack
from tests.bench.suggesting import Suggesting
from tests.bench.talking import Turns

_ENOUGH = 100_000.0
"""Dollars: what is measured are answers of the model."""


@dataclass
class Chatting:
    """Turns and suggestions without and with models, a long conversation, and a budget under fire.

    `save` is a step saved by form in the same minutes, for comparison.
    """

    rules: Turns
    suggesting: Suggesting
    model: Turns
    history: History
    budget: Budget
    hanging: Sample
    save: Sample


async def measure(folder: Path, *, quick: bool) -> Chatting:
    """On three stacks, one after the other."""
    share = 0.3 if quick else 1.0
    async with Stack(folder / "rules") as stack:
        rules = await talking.by_rules(stack, share=share)
        suggested = await suggesting.by_rules(stack, share=share)
    enough = dict.fromkeys(("ai_budget_run", "ai_budget_tenant_day", "ai_budget_tenant_month"), _ENOUGH)
    async with Stack(folder / "model", stub_ai=True, **enough) as stack:
        gangway = Gangway(stack, People(stack.settings))
        await gangway.open(1)
        model = await talking.by_model(stack, share=share)
        save = await gangway.save(1, max(round(100 * share), 10))
        history = await histories.measure(stack, 200)
        budget = await budgets.measure(stack)
    async with Stack(folder / "hanging", stub_ai=True, ai_models=suggesting.HANGS) as stack:
        hanging = await suggesting.of_hanging_model(stack, suggesting.PEOPLE)
    return Chatting(rules, suggested, model, history, budget, hanging, save)
