"""What an agent knows of a conversation when it answers."""

import msgspec
from msgspec import Struct, field

from db import chat
from db.chat import Turn
from db.messages import COLUMNS, ChatMessage, message_of
from db.pool import Connection
from onboarding.chat import Memory


class Context(Struct, frozen=True, kw_only=True):
    """What a turn is answered from. `messages` end before the person's own; `seq` is of the last event streamed.

    `age` is what the person's account says of it.
    """

    turn: Turn
    text: str
    messages: list[ChatMessage] = field(default_factory=list)
    memory: Memory
    seq: int = 0
    age: int | None = None


class Lately(Struct, frozen=True, kw_only=True):
    """What somebody said of late, and the age that their account has."""

    said: list[str]
    age: int | None = None


async def context(conn: Connection, turn_id: str, limit: int) -> Context | None:
    """What a running turn is answered from; None when it is answered, or gone."""
    row = await conn.fetchrow(
        f"""
        SELECT {chat.COLUMNS}, (
          SELECT b.memory FROM chat_turns AS b
          WHERE b.user_id = t.user_id AND b.conversation = t.conversation AND b.status = 'done'
            AND b.run_id IS NOT DISTINCT FROM t.run_id
          ORDER BY b.id DESC LIMIT 1
        ) AS remembered, coalesce((SELECT max(s.seq) FROM chat_stream AS s WHERE s.turn_id = t.id), 0) AS seq,
          (SELECT u.age FROM users AS u WHERE u.id = t.user_id) AS age
        FROM chat_turns AS t WHERE id = $1 AND status = 'running'
        """,
        turn_id,
    )
    if row is None:
        return None
    turn = chat.turn_of(row)
    found = await conn.fetch(
        f"""
        SELECT {COLUMNS} FROM chat_messages AS m
        WHERE user_id = app_user() AND conversation = $1 AND run_id IS NOT DISTINCT FROM $2::uuid
        ORDER BY m.id DESC LIMIT $3
        """,
        turn.conversation,
        turn.run_id,
        limit + 1,
    )
    messages = [message_of(each) for each in reversed(found)]
    own = next((each for each in messages if each.turn_id == turn_id and each.role == "person"), None)
    if own is None:
        return None
    return Context(
        turn=turn,
        text=own.text,
        messages=messages[: messages.index(own)],
        memory=msgspec.convert(row["remembered"] or {}, Memory),
        seq=row["seq"],
        age=row["age"],
    )


async def remembered(conn: Connection, conversation: str, run_id: str) -> Memory:
    """What the caller's conversation about a run remembers of its last answered turn."""
    memory = await conn.fetchval(
        """
        SELECT memory FROM chat_turns
        WHERE user_id = app_user() AND conversation = $1 AND run_id = $2::uuid AND status = 'done'
        ORDER BY id DESC LIMIT 1
        """,
        conversation,
        run_id,
    )
    return msgspec.convert(memory or {}, Memory)


async def lately(conn: Connection, conversation: str, run_id: str | None, limit: int) -> Lately:
    """What the caller said of late: of the conversation's newest messages, theirs."""
    row = await conn.fetchrow(
        """
        SELECT (SELECT age FROM users WHERE id = app_user()) AS age, coalesce(array_agg(m.text), '{}') AS said
        FROM (
          SELECT text, role FROM chat_messages
          WHERE user_id = app_user() AND conversation = $1 AND run_id IS NOT DISTINCT FROM $2::uuid
          ORDER BY id DESC LIMIT $3
        ) AS m WHERE m.role = 'person'
        """,
        conversation,
        run_id,
        limit,
    )
    return msgspec.convert(dict(row or {}), Lately)
