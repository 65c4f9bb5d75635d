"""Idempotency keys."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg

from db import idempotency
from db.idempotency import Fresh, InProgress, OtherBody, Replay
from db.pool import Database
from db.tenant import SIGN_IN, sweeper
from tests.db.given import Person


async def reserve(
    database: Database, person: Person | None, key: str, body: bytes = b"hash", lease: float = 60
) -> idempotency.Reservation:
    async with database.transaction(person.caller() if person else SIGN_IN) as conn:
        return await idempotency.reserve(conn, _scope(person), key, body, lease)


def _scope(person: Person | None) -> str:
    return f"{person.user_id if person else '-'}/POST /x"


async def test_first_answer_is_everybodys(database: Database, person: Person) -> None:
    """The first does the work, others wait or are refused, and then get the first answer."""
    first = await reserve(database, person, "k")
    assert isinstance(first, Fresh)
    assert await reserve(database, person, "k") == InProgress()
    assert await reserve(database, person, "k", b"other") == OtherBody()
    async with database.transaction(person.caller()) as conn:
        settled = await idempotency.settle(
            conn,
            _scope(person),
            "k",
            first.lease,
            status=201,
            headers={"location": "/x"},
            body=b"\x00sealed",
        )
        assert settled
    replay = Replay(status=201, headers={"location": "/x"}, body=b"\x00sealed")
    assert await reserve(database, person, "k") == replay
    assert await reserve(database, person, "k", b"other") == OtherBody()
    assert isinstance(await reserve(database, person, "k2"), Fresh)


async def test_one_of_twenty_wins(database: Database, person: Person) -> None:
    """Of twenty with the same key at once, one does the work."""
    found = await asyncio.gather(*(reserve(database, person, "k") for _ in range(20)))
    assert sorted(type(each).__name__ for each in found) == ["Fresh"] + ["InProgress"] * 19


async def test_twenty_take_over_once(database: Database, person: Person) -> None:
    """A lease that ran out is taken over by one of twenty; who had it can no longer settle or release."""
    dead = await reserve(database, person, "k", lease=0)
    assert isinstance(dead, Fresh)
    assert await reserve(database, person, "k", b"other") == OtherBody()
    found = await asyncio.gather(*(reserve(database, person, "k") for _ in range(20)))
    assert sorted(type(each).__name__ for each in found) == ["Fresh"] + ["InProgress"] * 19
    async with database.transaction(person.caller()) as conn:
        late = await idempotency.settle(
            conn, _scope(person), "k", dead.lease, status=200, headers={}, body=b"late"
        )
        assert not late
        await idempotency.release(conn, _scope(person), "k", dead.lease)
    assert await reserve(database, person, "k") == InProgress()


async def test_released_keys_are_free(database: Database, person: Person) -> None:
    """A key that was given back can be taken again by the same request, and by no other."""
    first = await reserve(database, person, "k")
    assert isinstance(first, Fresh)
    async with database.transaction(person.caller()) as conn:
        await idempotency.release(conn, _scope(person), "k", first.lease)
    assert await reserve(database, person, "k", b"other") == OtherBody()
    assert isinstance(await reserve(database, person, "k"), Fresh)
    assert await reserve(database, person, "k") == InProgress()


async def test_kept_for_a_day(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """After 24 hours the key is as new, answered or not."""
    first = await reserve(database, person, "k")
    assert isinstance(first, Fresh)
    async with database.transaction(person.caller()) as conn:
        await idempotency.settle(conn, _scope(person), "k", first.lease, status=200, headers={}, body=b"x")
    age = "UPDATE idempotency_keys SET created_at = created_at - interval '25 hours' WHERE scope = $1"
    await admin.execute(age, _scope(person))
    assert isinstance(await reserve(database, person, "k", b"other"), Fresh)


async def test_purge(database: Database, person: Person, stranger: Person) -> None:
    """The sweeper drops old keys tenant by tenant, and those of nobody without one."""
    keys = {person: str(uuid.uuid4()), stranger: str(uuid.uuid4()), None: str(uuid.uuid4())}
    for somebody, key in keys.items():
        await reserve(database, somebody, key)
    now = datetime.now(UTC) + timedelta(seconds=5)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await idempotency.purge(conn, now - timedelta(hours=1)) == 0
        assert await idempotency.purge(conn, now) == 1
    async with database.transaction(sweeper()) as conn:
        assert await idempotency.purge(conn, now) >= 1
    assert isinstance(await reserve(database, None, keys[None]), Fresh)
    assert isinstance(await reserve(database, person, keys[person]), Fresh)
    assert await reserve(database, stranger, keys[stranger]) == InProgress()
