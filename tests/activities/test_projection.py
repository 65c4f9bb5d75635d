"""Settling on a real database."""

from datetime import UTC, datetime

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.projection import Projection
from db import runs
from db.pool import Database, DatabaseUnavailable
from onboarding.payloads import AbandonedReason, Settle, Status
from tests.db.given import Person, abandoned, completed, started


async def test_settles_once(database: Database, person: Person) -> None:
    """Settled twice, or older after newer, the same changes leave the newest row and each event once."""
    changes = completed(person)
    settle = ActivityEnvironment().run
    for part in (changes[-3:], changes, changes[:2]):
        await settle(Projection(database).settle, Settle(changes=tuple(part)))
    async with database.transaction(person.caller()) as conn:
        assert await runs.get(conn, changes[-1].run.id) == changes[-1].run
        events = await runs.events(conn, changes[-1].run.id, limit=100)
    assert [event.seq for event in reversed(events)] == list(range(1, changes[-1].run.seq + 1))


async def test_settles_two_runs_of_a_person(database: Database, person: Person) -> None:
    """The run that was restarted and its successor are settled in one call."""
    before = abandoned(person, AbandonedReason.RESTARTED)
    after = started(person, datetime.now(UTC))
    await ActivityEnvironment().run(Projection(database).settle, Settle(changes=(after, before[-1])))
    async with database.transaction(person.caller()) as conn:
        first, second = await runs.get(conn, before[-1].run.id), await runs.get(conn, after.run.id)
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (Status.ABANDONED, Status.IN_PROGRESS)


async def test_somebody_else_is_not_written(database: Database, people: list[Person]) -> None:
    """A change of another person's run in the same message is refused by the database, and nothing is written."""
    mine, theirs = started(people[0]), started(people[1])
    with pytest.raises(asyncpg.PostgresError):
        await ActivityEnvironment().run(Projection(database).settle, Settle(changes=(mine, theirs)))
    async with database.transaction(people[0].caller()) as conn:
        assert await runs.get(conn, mine.run.id) is None


async def test_without_a_database(database: Database, person: Person) -> None:
    """A database that cannot be reached is an error that the workflow tries again."""
    closed = await Database.open(_url(database), min_size=1, max_size=1)
    await closed.close()
    with pytest.raises((DatabaseUnavailable, asyncpg.InterfaceError)):
        await ActivityEnvironment().run(Projection(closed).settle, Settle(changes=(started(person),)))


def _url(database: Database) -> str:
    return database._engine.config["dsn"]
