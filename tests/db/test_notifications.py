"""Notifications."""

import asyncio

from db import notifications
from db.pool import Database
from tests.db.given import Person


async def test_told_once(database: Database, person: Person, stranger: Person) -> None:
    """Twenty that tell a person the same thing tell it once; the same key is free for others."""

    async def tell(somebody: Person) -> bool:
        async with database.transaction(somebody.caller()) as conn:
            return await notifications.add(
                conn,
                tenant_id=somebody.tenant_id,
                user_id=somebody.user_id,
                kind="reminder",
                body={"n": 1},
                dedupe_key="reminder/1",
            )

    assert sorted(await asyncio.gather(*(tell(person) for _ in range(20)))) == [False] * 19 + [True]
    assert await tell(stranger)
    async with database.transaction(person.caller()) as conn:
        assert [row["body"] for row in await conn.fetch("SELECT body FROM notifications")] == [{"n": 1}]
