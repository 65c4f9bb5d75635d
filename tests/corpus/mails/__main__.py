# ruff: noqa: T201
"""How well orders are read from the mails of the corpus, by field: `python -m tests.corpus.mails`."""

import asyncio
import time

from activities.ai.models import Models
from onboarding.orders import Order
from tests.activities.ai.books import Books
from tests.ai_server import AiServer, ai_server
from tests.corpus.mails import MAILS, NAMES, SAVED, counted, differences, found


def table(orders: dict[str, Order | None]) -> list[str]:
    """Lines of Markdown, one a field."""
    rows = ["| field | right | wrong | missed | precision | recall |", "|---|---|---|---|---|---|"]
    for field, counts in counted(orders).items():
        shares = f"{counts.precision:.3f} | {counts.recall:.3f}"
        rows.append(f"| {field} | {counts.right} | {counts.wrong} | {counts.missed} | {shares} |")
    return rows


async def read_all(models: Models | None = None) -> dict[str, Order | None]:
    """The order of each mail."""
    return {name: await found(name, models) for name in NAMES}


async def read_with(server: AiServer) -> dict[str, Order | None]:
    """The order of each mail, with what a model says."""
    async with Models(server.settings("stub"), Books()) as models:
        return await read_all(models)


def chosen(orders: dict[str, Order | None], *, held_out: bool) -> dict[str, Order | None]:
    """Those that were looked at while the rules were made, or the others."""
    return {name: order for name, order in orders.items() if SAVED[name].held_out == held_out}


async def main() -> None:
    """Print it."""
    began = time.perf_counter()
    orders = await read_all()
    each = (time.perf_counter() - began) / len(orders) * 1000
    for title, held_out in (("Tuned on", False), ("Held out", True)):
        part = chosen(orders, held_out=held_out)
        there = sum(SAVED[name].expected is not None for name in part)
        print(f"\n{title}: {len(part)} mails, {there} of orders\n")
        print("\n".join(table(part)))
    async with ai_server() as server:
        told = await read_with(server)
        print(f"\nAll of them with the stub model, which was asked about {len(server.requests)} of {len(told)}\n")
        print("\n".join(table(told)))
    size = sum((MAILS / f"{name}.eml").stat().st_size for name in NAMES) / len(NAMES) / 1024
    print(f"\n{each:.1f} ms a mail of {size:.1f} KB on average")
    for name, order in orders.items():
        for field, (ours, wanted) in differences(name, order).items():
            print(f"{name}: {field}: read {sorted(map(str, ours))}, there is {sorted(map(str, wanted))}")


if __name__ == "__main__":
    asyncio.run(main())
