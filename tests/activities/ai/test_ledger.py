"""The books: prices, budgets, and calls that are settled whatever happens."""

import asyncpg
import pytest

from activities.ai.ledger import Books
from activities.ai.protocol import BudgetExhausted, Ledger, Payer
from db import ai_usage
from db.pool import Database
from db.tenant import sweeper
from runtime.settings import InvalidSettings, Settings
from tests.db.given import Person

PRICES = '{"small": {"input": 0.15, "output": 0.6}, "*": {"input": 1, "output": 2}}'


def payer_of(person: Person) -> Payer:
    """Them, without a run."""
    return Payer(tenant_id=person.tenant_id, user_id=person.user_id)


async def rows(admin: asyncpg.Connection, person: Person) -> list[asyncpg.Record]:
    """Their calls, in order."""
    query = "SELECT * FROM ai_usage WHERE user_id = $1 ORDER BY id"
    return await admin.fetch(query, person.user_id)


async def test_the_price_of_a_call(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """What is put aside is the most that a call may cost, what is settled is its price, to the micro-dollar."""
    books: Ledger = Books(database, Settings(ai_prices=PRICES))
    call = await books.reserve(payer_of(person), "chat", "small", 1001, 10)
    assert (await rows(admin, person))[0]["cost_micros"] == 157  # 150.15 + 6, rounded up
    await books.settle(call, "ok", input_tokens=7, output_tokens=1, estimated=True, latency_ms=5)
    (row,) = await rows(admin, person)
    assert (row["cost_micros"], row["outcome"], row["estimated"], row["latency_ms"]) == (2, "ok", True, 5)
    other = await books.reserve(payer_of(person), "photo", "another", 3, 4)
    await books.settle(other, "server_error", input_tokens=3, output_tokens=0, estimated=True, latency_ms=5)
    assert (await rows(admin, person))[1]["cost_micros"] == 3


async def test_without_prices_a_budget_binds(database: Database, person: Person) -> None:
    """Where nobody thought of prices, calls come to an end all the same."""
    books = Books(database, Settings(ai_budget_tenant_day=0.05))
    for _ in range(2):
        await books.reserve(payer_of(person), "chat", "unheard-of", 1000, 1000)
    with pytest.raises(BudgetExhausted) as refused:
        await books.reserve(payer_of(person), "chat", "unheard-of", 1000, 1000)
    assert refused.value.budget == "day"


@pytest.mark.parametrize("tokens", [-5, 10**15])
async def test_what_a_server_says_of_tokens(
    database: Database, admin: asyncpg.Connection, person: Person, tokens: int
) -> None:
    """Numbers that cannot be true are cut, and end up in the books."""
    free = '{"*": {"input": 0, "output": 0}}'
    books = Books(database, Settings(ai_prices=free))
    call = await books.reserve(payer_of(person), "chat", "m" * 500, 1, 1)
    await books.settle(call, "ok", input_tokens=tokens, output_tokens=tokens, estimated=False, latency_ms=tokens)
    (row,) = await rows(admin, person)
    assert row["input_tokens"] == row["output_tokens"] == (0 if tokens < 0 else 10_000_000)
    assert (row["outcome"], len(row["model"])) == ("ok", 100)


async def test_settled_once(database: Database, person: Person) -> None:
    """A call that is not under way is a fault of ours, and told."""
    books = Books(database, Settings())
    call = await books.reserve(payer_of(person), "chat", "m", 1, 1)
    await books.settle(call, "cancelled", input_tokens=0, output_tokens=0, estimated=True, latency_ms=1)
    with pytest.raises(KeyError):
        await books.settle(call, "ok", input_tokens=0, output_tokens=0, estimated=True, latency_ms=1)


async def test_the_database_goes_away(
    settings: Settings, database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """An answer whose price cannot be written is an answer all the same; its call is written off later."""
    assert settings.database_url
    lost = await Database.open(settings.database_url, min_size=1, max_size=1)
    books = Books(lost, Settings())
    call = await books.reserve(payer_of(person), "chat", "m", 1000, 1000)
    await admin.execute("ALTER FUNCTION ai_settle RENAME TO ai_settle_away")
    await admin.execute(
        """
        CREATE FUNCTION ai_settle(uuid, uuid, uuid, text, bigint, integer, integer, boolean, integer)
        RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$
        """
    )
    try:
        await books.settle(call, "ok", input_tokens=1, output_tokens=1, estimated=False, latency_ms=1)
    finally:
        await admin.execute(
            "DROP FUNCTION ai_settle(uuid, uuid, uuid, text, bigint, integer, integer, boolean, integer)"
        )
        await admin.execute("ALTER FUNCTION ai_settle_away RENAME TO ai_settle")
        await lost.close()
    assert (await rows(admin, person))[0]["outcome"] == "reserved"
    await admin.execute("UPDATE ai_usage SET created_at = now() - interval '6 minutes' WHERE id = $1", call)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await ai_usage.write_off(conn, 300) == 1
    (row,) = await rows(admin, person)
    assert (row["outcome"], row["cost_micros"]) == ("lost", 18_000)


def test_prices_are_read_at_start(database: Database) -> None:
    """Prices that are none are told with the setting's name."""
    with pytest.raises(InvalidSettings, match=r"AI_PRICES: .*expected"):
        Books(database, Settings(ai_prices='{"m": 1}'))
