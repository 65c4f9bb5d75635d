"""Many calls at once against a budget that has room for few of them."""

import asyncio
from dataclasses import dataclass

import msgspec

from activities.ai.ledger import Books
from activities.ai.models import Models
from activities.ai.protocol import Ask, BudgetExhausted, Message, Payer
from activities.ai.wire import estimated_tokens, request_body
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.ai_money import MICROS
from tests.bench.direct import MODEL
from tests.bench.people import People
from tests.bench.stack import Stack

CALLS, ROOM = 100, 10
_TOKENS = 600
_ASK = Ask(
    purpose="chat",
    messages=(Message(role="user", content="How are you?" * 100),),
    timeout_seconds=30,
    max_output_tokens=_TOKENS,
)


@dataclass
class Budget:
    """Micro-dollars: of the budget, of it at most put aside or spent at one moment, and spent in the end."""

    limit: int
    most: int
    spent: int
    left_aside: int
    answered: int
    refused: int

    @property
    def overshoot(self) -> int:
        """Beyond the budget."""
        return max(self.most - self.limit, self.spent + self.left_aside - self.limit, 0)


async def measure(stack: Stack) -> Budget:
    """All calls begin at once, of one tenant: each is put into the books, made over HTTP, and settled."""
    # At a micro-dollar for each token.
    price = estimated_tokens(len(request_body(_ASK, MODEL, {"max_tokens": _TOKENS}))) + _TOKENS
    limit = price * ROOM + price // 2
    settings = msgspec.structs.replace(
        stack.settings,
        ai_prices=msgspec.json.encode({MODEL: {"input": 1, "output": 1}}).decode(),
        ai_budget_tenant_day=limit / MICROS,
        default_tenant="small-budget",
    )
    (person,) = await People(settings).new(1)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    payer = Payer(tenant_id=person.tenant_id, user_id=person.id)
    assert settings.database_url
    database = await Database.open(settings.database_url)
    try:
        async with Models(settings, Books(database, settings)) as models:
            over = asyncio.Event()
            watching = asyncio.create_task(_most(database, caller, over))
            calls = [models.ask(_ASK, payer) for _ in range(CALLS)]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            over.set()
            most = await watching
        refused = [outcome for outcome in outcomes if isinstance(outcome, BudgetExhausted)]
        if unexpected := [o for o in outcomes if isinstance(o, BaseException) and o not in refused]:
            raise unexpected[0]
        spent, aside = await _standing(database, caller)
    finally:
        await database.close()
    return Budget(limit, most, spent, aside, CALLS - len(refused), len(refused))


async def _most(database: Database, caller: Caller, over: asyncio.Event) -> int:
    """The highest sum of what is spent and put aside that is seen until it is over."""
    most = 0
    while not over.is_set():
        most = max(most, sum(await _standing(database, caller)))
    return most


async def _standing(database: Database, caller: Caller) -> tuple[int, int]:
    """What is spent, and what is put aside."""
    async with database.transaction(caller) as connection:
        row = await connection.fetchrow(
            "SELECT spent_micros, reserved_micros FROM ai_budgets WHERE tenant_id = $1 AND scope = 'day'",
            caller.tenant_id,
        )
    return (row["spent_micros"], row["reserved_micros"]) if row else (0, 0)
