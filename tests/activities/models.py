"""Language models that say what a test tells them to, and never more than a test waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from activities.ai.protocol import Ask, NotStructured, Payer
from activities.suggestions import Question
from tests.domain.test_offers import GOOD

T = TypeVar("T", bound=Struct)
HANG = object()
"""Says nothing until nobody waits any more."""


class Scripted:
    """Models that answer each kind of question with the next of its lines; the last one stays."""

    def __init__(self, *lines: Any, configured: bool = True, **by_kind: list[Any]) -> None:
        self.configured = configured
        self.asked: list[tuple[Ask, Payer, str]] = []
        self._lines = list(lines)
        self._by_kind = by_kind

    async def structured(self, ask: Ask, payer: Payer, kind: type[T]) -> T:
        """The next line, read as a model's text is: JSON of the Struct, or no answer."""
        self.asked.append((ask, payer, kind.__name__))
        lines = self._by_kind.get(kind.__name__, self._lines)
        line = lines[0] if len(lines) == 1 else lines.pop(0)
        if line is HANG:
            await asyncio.Event().wait()
        if isinstance(line, Exception):
            raise line
        try:
            return msgspec.json.decode(line, type=kind)
        except msgspec.MsgspecError:
            raise NotStructured(NotStructured.code) from None


class Memory:
    """Answers that are given again, by everything that makes two questions the same but who asks."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Any] = {}
        self.ttls: list[float] = []

    async def once(self, key: Question, ttl: float, make: Callable[[], Awaitable[Any]]) -> tuple[Any, bool]:
        """As a table of answers does it, for one process."""
        self.ttls.append(ttl)
        place = msgspec.json.encode(
            (key.payer.tenant_id, key.purpose, key.locale, key.prompt, key.models, key.inputs)
        )
        if place in self.kept:
            return self.kept[place], True
        self.kept[place] = made = await make()
        return made, False


def good(kind: Any) -> bytes:
    """What a model that does as it is told says."""
    return msgspec.json.encode(GOOD[kind])


def all_good() -> dict[str, list[Any]]:
    """The same, for each kind."""
    offers = {
        "IndustryOffer": "industry",
        "OkrOffer": "okrs",
        "AdviceOffer": "team_structure",
        "StepsOffer": "next_steps",
        "InsightsOffer": "insights",
    }
    return {offer: [good(kind)] for offer, kind in offers.items()}
