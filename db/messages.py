"""The messages of conversations, whoever said them."""

from datetime import datetime
from typing import Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection
from db.runs import CHANNEL
from onboarding.chat import Role, ToolUse

COLUMNS = """
  m.id::text, m.conversation, m.run_id::text, m.turn_id::text, m.role, m.agent_type, m.state, m.text,
  m.tool_calls, m.status, m.created_at, (
    SELECT own.message_id FROM chat_turns AS own WHERE own.id = m.turn_id
  ) AS message_id
"""
"""Of a message; the table is `m`."""

MessageStatus = Literal["complete", "partial", "failed"]


class ChatMessage(Struct, frozen=True, kw_only=True):
    """One message of a conversation, whoever said it. `message_id` is its turn's; what staff say has none."""

    id: str
    conversation: str
    run_id: str | None
    turn_id: str | None
    role: Role
    agent_type: str
    state: int | None
    text: str
    tool_calls: list[ToolUse]
    status: MessageStatus
    created_at: datetime
    message_id: str | None = None


async def history(
    conn: Connection, user_id: str, conversation: str, *, before: str | None = None, limit: int = 20
) -> list[ChatMessage]:
    """A page of somebody's conversation, newest first, older than the message `before`."""
    rows = await conn.fetch(
        f"""
        SELECT {COLUMNS} FROM chat_messages AS m
        WHERE user_id = $1 AND conversation = $2 AND ($3::uuid IS NULL OR m.id < $3) ORDER BY m.id DESC LIMIT $4
        """,
        user_id,
        conversation,
        before,
        limit,
    )
    return [message_of(row) for row in rows]


async def count(conn: Connection, user_id: str, conversation: str) -> int:
    """How many messages a conversation has."""
    query = "SELECT count(*) FROM chat_messages WHERE user_id = $1 AND conversation = $2"
    return await conn.fetchval(query, user_id, conversation)


async def say(
    conn: Connection,
    *,
    user_id: str,
    conversation: str,
    run_id: str,
    agent_type: str,
    state: int | None,
    text: str,
) -> ChatMessage:
    """Say something to a person in the agent's place, as staff, and wake whoever follows their run."""
    row = await conn.fetchrow(
        f"""
        WITH m AS (
          INSERT INTO chat_messages (user_id, conversation, run_id, role, author, agent_type, state, text)
          VALUES ($1, $2, $3, 'staff', app_user(), $4, $5, $6) RETURNING *
        )
        SELECT {COLUMNS}, pg_notify('{CHANNEL}', $3::text) FROM m
        """,
        user_id,
        conversation,
        run_id,
        agent_type,
        state,
        text,
    )
    assert row is not None
    return message_of(row)


async def from_staff(
    conn: Connection, run_id: str, *, after: str | None = None, since: int | None = None, limit: int = 50
) -> list[ChatMessage]:
    """What staff said in a run, oldest first: after a message of theirs, else since the event with a number."""
    rows = await conn.fetch(
        f"""
        SELECT {COLUMNS} FROM chat_messages AS m
        WHERE user_id = app_user() AND run_id = $1 AND role = 'staff' AND CASE
          WHEN $2::uuid IS NOT NULL THEN m.id > $2
          ELSE m.created_at >= (SELECT e.created_at FROM onboarding_events AS e WHERE e.run_id = $1 AND e.seq = $3)
        END
        ORDER BY m.id LIMIT $4
        """,
        run_id,
        after,
        since,
        limit,
    )
    return [message_of(row) for row in rows]


def message_of(row: asyncpg.Record) -> ChatMessage:
    """A message from its columns."""
    return msgspec.convert({name: row[name] for name in ChatMessage.__struct_fields__}, ChatMessage)
