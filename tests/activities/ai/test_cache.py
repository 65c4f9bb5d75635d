"""Answers that are given again: asked for once, however many want them, by another when who asks fails."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from activities.ai.cache import Cache, CacheKey
from activities.ai.ledger import Books
from activities.ai.protocol import ModelsUnavailable, Payer
from db import ai_cache
from db.pool import Database
from db.tenant import sweeper
from runtime.settings import Settings
from tests.db.given import Person
from tests.stack import until


@pytest.fixture(scope="module")
async def other_pool(settings: Settings) -> AsyncIterator[Database]:
    """What another process would have."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=1, max_size=4)
    yield database
    await database.close()


def cache_on(database: Database, **options: Any) -> Cache:
    """A process's cache; a lease that nobody gives back outlasts every test, unless one says otherwise."""
    return Cache(database, Books(database, Settings()), **{"lease_seconds": 60.0, **options})


def key_of(person: Person, **fields: Any) -> CacheKey:
    """A question that nobody has asked yet."""
    payer = Payer(tenant_id=person.tenant_id, user_id=person.user_id)
    key = CacheKey(
        payer=payer, purpose="industry", locale="en", prompt="1", models=("m", "n"), inputs=str(uuid.uuid4())
    )
    return replace(key, **fields)


class Model:
    """Counts how often it is asked, and answers when it is let."""

    def __init__(self, answer: Any = None, *, failures: int = 0) -> None:
        self.asked = 0
        self.answer: Any = {"industry": "a\x00b"} if answer is None else answer
        self.go = asyncio.Event()
        self._failures = failures

    async def __call__(self) -> Any:
        self.asked += 1
        await self.go.wait()
        if self.asked <= self._failures:
            raise ModelsUnavailable
        return self.answer


async def cached_rows(admin: asyncpg.Connection, person: Person) -> list[asyncpg.Record]:
    """What the books say of answers that were there already."""
    return await admin.fetch(
        "SELECT * FROM ai_usage WHERE tenant_id = $1 AND cached ORDER BY id", person.tenant_id
    )


async def test_one_flight(
    database: Database, other_pool: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """Of fifty at once over two pools one asks the model, all have its answer, and the others are in the books."""
    key, model = key_of(person), Model()
    caches = [cache_on(database), cache_on(other_pool)]
    callers = [asyncio.create_task(caches[n % 2].once(key, 60, model)) for n in range(50)]
    await until(lambda: model.asked == 1)
    await asyncio.sleep(0.3)
    assert not any(caller.done() for caller in callers)
    model.go.set()
    answers = await asyncio.gather(*callers)
    assert model.asked == 1
    assert [answer for answer, _ in answers] == [model.answer] * 50
    assert sum(cached for _, cached in answers) == 49
    rows = await cached_rows(admin, person)
    assert len(rows) == 49
    assert (rows[0]["purpose"], rows[0]["model"], rows[0]["cost_micros"], rows[0]["outcome"]) == (
        "industry",
        "m",
        0,
        "ok",
    )


async def test_no_connection_is_held(settings: Settings, person: Person) -> None:
    """While a model works and others wait for it, a pool of one connection serves everybody else."""
    assert settings.database_url
    narrow = await Database.open(settings.database_url, min_size=1, max_size=1)
    key, model = key_of(person), Model()
    callers = [asyncio.create_task(cache_on(narrow).once(key, 60, model)) for _ in range(5)]
    await until(lambda: model.asked == 1)
    for _ in range(10):
        await narrow.ping()
    model.go.set()
    await asyncio.gather(*callers)
    await narrow.close()


async def test_given_again_for_a_while(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """An answer is given again until its time is over, then the model is asked anew."""
    key, model, cache = key_of(person), Model(), cache_on(database)
    model.go.set()
    assert await cache.once(key, 60, model) == (model.answer, False)
    assert await cache.once(key, 60, model) == (model.answer, True)
    await admin.execute("UPDATE ai_cache SET until = now() WHERE tenant_id = $1", person.tenant_id)
    model.answer = ["another"]
    assert await cache.once(key, 60, model) == (["another"], False)
    assert await cache.once(key, 60, model) == (["another"], True)
    assert model.asked == 2


async def test_what_makes_a_question(database: Database, people: list[Person]) -> None:
    """Another purpose, language, prompt, model, input or tenant is another question; another person is not."""
    first, second = people[:2]
    key, model, cache = key_of(first, inputs={"a": 1, "b": 2}), Model(), cache_on(database)
    model.go.set()
    await cache.once(key, 60, model)
    mine = Payer(tenant_id=second.tenant_id, user_id=second.user_id, run_id=str(uuid.uuid4()))
    for same in (replace(key, payer=mine), replace(key, inputs={"b": 2, "a": 1})):
        assert (await cache.once(same, 60, model))[1]
    others: list[dict[str, Any]] = [
        {"purpose": "suggestions"},
        {"locale": "es"},
        {"prompt": "2"},
        {"models": ("m",)},
        {"models": ("n", "m")},
        {"inputs": {"a": 1, "b": 3}},
    ]
    for other in others:
        assert not (await cache.once(replace(key, **other), 60, model))[1]
    abroad = Payer(tenant_id=str(uuid.uuid4()), user_id=first.user_id)
    assert replace(key, payer=abroad).digest() != key.digest()


async def test_a_failure_hands_over(database: Database, other_pool: Database, person: Person) -> None:
    """Who asked and failed is told so, nothing is kept, and one of those who wait asks at once."""
    key, model = key_of(person), Model(failures=1)
    first = asyncio.create_task(cache_on(database).once(key, 60, model))
    await until(lambda: model.asked == 1)
    others = [asyncio.create_task(cache_on(other_pool).once(key, 60, model)) for _ in range(5)]
    await asyncio.sleep(0.05)
    model.go.set()
    with pytest.raises(ModelsUnavailable):
        await first
    answers = await asyncio.wait_for(asyncio.gather(*others), 30)
    assert model.asked == 2
    assert [cached for _, cached in answers].count(False) == 1


async def test_a_caller_who_leaves(database: Database, person: Person) -> None:
    """Who is cancelled while they ask keeps nobody waiting; who is cancelled while they wait changes nothing."""
    key, model, cache = key_of(person), Model(), cache_on(database)
    asking = asyncio.create_task(cache.once(key, 60, model))
    await until(lambda: model.asked == 1)
    waiting = [asyncio.create_task(cache.once(key, 60, model)) for _ in range(2)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    asking.cancel()
    await until(lambda: model.asked == 2)
    model.go.set()
    assert await asyncio.wait_for(waiting[1], 30) == (model.answer, False)
    assert asking.cancelled()
    assert waiting[0].cancelled()


async def test_who_asks_dies(
    database: Database, other_pool: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """When the process that asks is gone, another takes over as soon as its lease has ended, and not before."""
    key, model = key_of(person), Model()
    lease = await ai_cache.claim(database, person.caller(), key.digest(), "industry", 60)
    assert lease.lease is not None
    model.go.set()
    waiting = asyncio.create_task(cache_on(other_pool).once(key, 60, model))
    await asyncio.sleep(0.2)
    assert model.asked == 0
    await admin.execute("UPDATE ai_cache SET until = now() WHERE tenant_id = $1", person.tenant_id)
    assert await asyncio.wait_for(waiting, 30) == (model.answer, False)
    # What the dead one says yet is heard no more.
    async with database.transaction(person.caller()) as conn:
        assert not await ai_cache.keep(conn, key.digest(), lease.lease, b'"late"', 60)
        assert not await ai_cache.renew(conn, key.digest(), lease.lease, 60)
        await ai_cache.release(conn, key.digest(), lease.lease)
    assert await cache_on(database).once(key, 60, model) == (model.answer, True)


async def test_who_takes_long_is_not_followed(
    database: Database, other_pool: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """Who goes on asking for longer than a lease keeps it, and is the only one."""
    key, model = key_of(person), Model()
    asking = asyncio.create_task(cache_on(database, lease_seconds=6.0).once(key, 60, model))
    await until(lambda: model.asked == 1)
    first = await admin.fetchval("SELECT until FROM ai_cache WHERE tenant_id = $1", person.tenant_id)
    waiting = asyncio.create_task(cache_on(other_pool).once(key, 60, model))

    async def first_is_over() -> bool:
        return bool(await admin.fetchval("SELECT clock_timestamp() > $1", first))

    await until(first_is_over)
    assert not waiting.done()
    model.go.set()
    assert (await asking)[1] is False
    assert (await waiting)[1] is True
    assert model.asked == 1


async def test_who_never_comes_back(database: Database, person: Person) -> None:
    """Who asks for longer than anything takes is told so, and keeps nobody waiting any more."""
    key, model = key_of(person), Model()
    with pytest.raises(TimeoutError):
        await cache_on(database, longest_seconds=0.2).once(key, 60, model)
    model.go.set()
    assert await asyncio.wait_for(cache_on(database).once(key, 60, model), 30) == (model.answer, False)


async def test_too_large_to_keep(database: Database, person: Person) -> None:
    """An answer of any size is given; a huge one is not kept, and nobody waits for it."""
    key, model, cache = key_of(person), Model("x" * 70_000), cache_on(database)
    model.go.set()
    for asked in (1, 2):
        assert await cache.once(key, 60, model) == (model.answer, False)
        assert model.asked == asked


async def test_swept(database: Database, admin: asyncpg.Connection, people: list[Person]) -> None:
    """What is over goes, answers and leases; what is not stays."""
    model, cache = Model(), cache_on(database)
    model.go.set()
    for each in people[:3]:
        await cache.once(key_of(each), 60, model)
    await ai_cache.claim(database, people[3].caller(), key_of(people[3]).digest(), "industry", 60)
    gone = [people[0].user_id, people[3].user_id]
    await admin.execute("UPDATE ai_cache SET until = now() - interval '1 s' WHERE user_id = ANY($1::uuid[])", gone)
    async with database.transaction(sweeper(people[0].tenant_id)) as conn:
        assert await ai_cache.purge(conn) == 2
    left = await admin.fetch("SELECT user_id::text FROM ai_cache WHERE tenant_id = $1", people[0].tenant_id)
    assert {row[0] for row in left} == {people[1].user_id, people[2].user_id}
