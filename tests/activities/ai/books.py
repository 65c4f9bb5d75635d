"""A ledger that keeps what it is told, for tests that look at it."""

import asyncio
from typing import Any

from msgspec import Struct

from activities.ai.protocol import BudgetExhausted, Outcome, Payer, Purpose

PAYER = Payer(tenant_id="tenant", user_id="user", run_id="run")


class Entry(Struct, kw_only=True):
    """One call; `outcome` is None until it is settled."""

    payer: Payer
    purpose: Purpose
    model: str
    reserved_input: int
    reserved_output: int
    outcome: Outcome | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    latency_ms: int = -1


class Books:
    """Reserves as long as `money` calls are left, and settles each call once.

    Attributes:
        entries: the calls, in order.
        money: None for enough.
        slow_seconds: how long settling takes.
        broken: settling fails.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.money: int | None = None
        self.slow_seconds = 0.0
        self.broken = False

    @property
    def outcomes(self) -> list[tuple[str, str | None]]:
        """Who was called, and how it ended."""
        return [(entry.model, entry.outcome) for entry in self.entries]

    async def reserve(
        self, payer: Payer, purpose: Purpose, model: str, input_tokens: int, max_output_tokens: int
    ) -> str:
        if self.money is not None and len(self.entries) >= self.money:
            raise BudgetExhausted("run")
        self.entries.append(
            Entry(
                payer=payer,
                purpose=purpose,
                model=model,
                reserved_input=input_tokens,
                reserved_output=max_output_tokens,
            )
        )
        return str(len(self.entries) - 1)

    async def settle(self, call_id: str, outcome: Outcome, **known: Any) -> None:
        await asyncio.sleep(self.slow_seconds)
        if self.broken:
            raise ConnectionError("the database is away")
        entry = self.entries[int(call_id)]
        assert entry.outcome is None, "settled twice"
        entry.outcome = outcome
        for name, value in known.items():
            setattr(entry, name, value)
