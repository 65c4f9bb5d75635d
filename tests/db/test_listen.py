"""Notifications of changed runs."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db import runs
from db.listen import Listener
from db.pool import Database
from tests.db.given import Person, abandoned, started, until


@pytest.fixture
async def listener(app_url: str) -> AsyncIterator[Listener]:
    """One that listens."""
    async with Listener(app_url, timeout=30) as listener:
        assert listener.connected
        yield listener


async def test_wakes_who_waits(listener: Listener, database: Database, person: Person, stranger: Person) -> None:
    """A committed change wakes every subscriber of that run, and nobody else's."""
    mine, other = started(person), started(stranger)
    async with (
        listener.subscribe(mine.run.id) as first,
        listener.subscribe(mine.run.id) as second,
        listener.subscribe(other.run.id) as third,
    ):
        await runs.project(database, person.caller(), mine)
        async with asyncio.timeout(30):
            await first.wait()
            await second.wait()
        assert not third.is_set()
    assert not listener._waiting


async def test_nothing_new_wakes_nobody(listener: Listener, database: Database, person: Person) -> None:
    """Projecting the same again announces nothing; several changes of a run announce it once."""
    heard: list[str] = []
    changes = abandoned(person)
    async with database.autocommit() as ears:
        await ears.add_listener(runs.CHANNEL, lambda *message: heard.append(message[-1]))
        for given in (changes, changes, changes[:1], [started(person)]):
            await runs.project(database, person.caller(), *given)

        async def two() -> bool:
            await ears.fetchval("SELECT 1")
            return len(heard) >= 2

        await until(two)
        await ears.reset()
    assert heard[0] == changes[0].run.id
    assert len(heard) == 2


async def test_survives_its_backend(
    listener: Listener, database: Database, person: Person, admin: asyncpg.Connection
) -> None:
    """When its connection is terminated it listens again, wakes everybody once, and hears what comes after."""
    change = started(person)
    async with listener.subscribe(change.run.id) as event:
        assert not event.is_set()
        ended = await admin.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND pid <> "
            "pg_backend_pid()"
        )
        assert len(ended) == 1
        async with asyncio.timeout(30):
            await event.wait()
        assert listener.connected
        event.clear()
        await runs.project(database, person.caller(), change)
        async with asyncio.timeout(30):
            await event.wait()


async def test_the_last_wake(listener: Listener) -> None:
    """Once dismissed everybody is woken, those who come later too, so that nobody waits any more."""
    async with listener.subscribe("1") as first, listener.subscribe("2") as second:
        listener.dismiss()
        assert listener.dismissed
        async with listener.subscribe("1") as late:
            assert [event.is_set() for event in (first, second, late)] == [True] * 3


async def test_begins_without_a_server(tmp_path: object) -> None:
    """With nobody to listen to it starts all the same, says so, and stops cleanly."""
    async with Listener(f"postgresql://a@/b?host={tmp_path}", timeout=0.2) as listener:
        assert not listener.connected
