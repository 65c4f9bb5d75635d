"""What is being said in a turn at this moment."""

from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from db import chat
from db.chat import Turn
from db.pool import Connection, Database, rows_of
from db.runs import PersonGone
from onboarding.access import Caller

KEPT_FOR = timedelta(minutes=10)
"""How long what was streamed is kept; page 20 asks for five minutes."""


class Streamed(Struct, frozen=True, kw_only=True):
    """Something that happened in a turn, as it is told to who follows it."""

    seq: int
    event: str
    data: dict[str, Any]


class Tail(Struct, frozen=True, kw_only=True):
    """What is new of a turn: its events after those that were seen, and its answer when it is done.

    `last` is the highest number of an event that is kept; 0 when none is, or none ever was.
    """

    turn: Turn
    events: list[Streamed]
    last: int


async def write(database: Database, caller: Caller, turn_id: str, events: list[Streamed]) -> None:
    """Add to what is being said, and wake whoever follows it: one round trip.

    Raises:
        PersonGone: the turn is gone, with its person or its conversation.
    """
    rows = [{"seq": e.seq, "event": e.event, "data": e.data} for e in events]
    try:
        async with database.autocommit() as connection:
            await connection.execute(
                "SELECT chat_write($1, $2, $3, $4)", caller.tenant_id, caller.user_id, turn_id, rows
            )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error


async def tail(conn: Connection, turn_id: str, *, after: int, limit: int = 500) -> Tail | None:
    """What is new of a turn."""
    row = await conn.fetchrow(
        f"""
        SELECT {chat.COLUMNS},
          coalesce((SELECT max(s.seq) FROM chat_stream AS s WHERE s.turn_id = t.id), 0) AS last, (
          SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.seq), '[]') FROM (
            SELECT s.seq, s.event, s.data FROM chat_stream AS s
            WHERE s.turn_id = t.id AND s.seq > $2 ORDER BY s.seq LIMIT $3
          ) AS e
        ) AS events
        FROM chat_turns AS t WHERE id = $1 AND user_id = app_user()
        """,
        turn_id,
        after,
        limit,
    )
    if row is None:
        return None
    return Tail(turn=chat.turn_of(row), events=msgspec.convert(row["events"], list[Streamed]), last=row["last"])


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some of what was streamed longer ago than it is kept, in the sweeper's tenant; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM chat_stream WHERE (turn_id, seq) IN (
          SELECT turn_id, seq FROM chat_stream WHERE created_at < now() - $1::interval LIMIT $2
        )
        """,
        KEPT_FOR,
        limit,
    )
    return rows_of(status)
