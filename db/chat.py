"""The turns of conversations."""

from datetime import datetime
from typing import ClassVar, Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.messages import MessageStatus
from db.pool import Connection, rows_of
from db.runs import CHANNEL, PersonGone
from onboarding.chat import ChatAnswer, Memory, ToolUse
from onboarding.errors import GangwayError

COLUMNS = (
    "id::text, conversation, run_id::text, message_id, streamed, status, memory, answer, created_at, finished_at"
)


class TurnInProgress(GangwayError):
    """Another message of this conversation is being answered: `turn_id`, since `since`."""

    code: ClassVar[str] = "turn_in_progress"
    detail: ClassVar[str] = "Another message is being answered; wait for that answer."

    def __init__(self, turn_id: str, since: datetime) -> None:
        super().__init__(self.code)
        self.turn_id = turn_id
        self.since = since


class MessageIdReused(GangwayError):
    """The id of a message that said something else."""

    code: ClassVar[str] = "idempotency_key_reused"
    detail: ClassVar[str] = "This message_id was used with another message."


class Turn(Struct, frozen=True, kw_only=True):
    """A message of the person and what became of it. `answer` is there when it is done."""

    id: str
    conversation: str
    run_id: str | None
    message_id: str
    streamed: bool
    status: Literal["running", "done", "failed"]
    memory: Memory
    answer: ChatAnswer | None
    created_at: datetime
    finished_at: datetime | None = None


async def begin(
    conn: Connection,
    *,
    id: str,
    conversation: str,
    message_id: str,
    text: str,
    agent_type: str,
    state: int | None = None,
    run_id: str | None = None,
    streamed: bool = False,
) -> tuple[Turn, bool]:
    """Store what somebody says as a turn of theirs, or find it: a message has one turn.

    Returns:
        The turn, and whether it is new. One that failed is begun anew, with the new id.

    Raises:
        TurnInProgress: another one of the conversation is not answered yet.
        MessageIdReused: the id belongs to another text.
    """
    while True:
        turn = await _inserted(
            conn, id, conversation, message_id, text, agent_type, state, run_id, streamed=streamed
        )
        if turn is not None:
            return turn, True
        if turn := await repeated(conn, conversation, message_id, text):
            return turn, False
        await _make_way(conn, conversation, message_id, text)


async def _inserted(
    conn: Connection,
    id: str,
    conversation: str,
    message_id: str,
    text: str,
    agent_type: str,
    state: int | None,
    run_id: str | None,
    *,
    streamed: bool,
) -> Turn | None:
    """A new turn; None where its message has one, or another message is being answered."""
    try:
        row = await conn.fetchrow(
            f"""
            WITH turn AS (
              INSERT INTO chat_turns (id, conversation, run_id, message_id, streamed)
              VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING *
            ), message AS (
              INSERT INTO chat_messages (conversation, run_id, turn_id, role, agent_type, state, text)
              SELECT $2, $3, id, 'person', $6, $7, $8 FROM turn
            )
            SELECT {COLUMNS} FROM turn
            """,
            id,
            conversation,
            run_id,
            message_id,
            streamed,
            agent_type,
            state,
            text,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    return turn_of(row) if row is not None else None


async def _make_way(conn: Connection, conversation: str, message_id: str, text: str) -> None:
    """Remove what keeps a message from being stored: its own turn that failed, or nothing, if that has just ended.

    Raises:
        TurnInProgress: another message of the conversation is not answered yet.
        MessageIdReused: the id belongs to another text.
    """
    running = await conn.fetchrow(
        """
        SELECT id::text, created_at FROM chat_turns
        WHERE user_id = app_user() AND conversation = $1 AND status = 'running'
        """,
        conversation,
    )
    if running is not None:
        raise TurnInProgress(*running)
    # It gets another id: what was asked of a run under the old one is asked once only, and it may be another run.
    failed = await conn.fetchrow(
        """
        SELECT t.id, (
          SELECT m.text FROM chat_messages AS m WHERE m.turn_id = t.id AND m.role = 'person'
        ) AS said
        FROM chat_turns AS t
        WHERE user_id = app_user() AND conversation = $1 AND message_id = $2 AND status = 'failed'
        """,
        conversation,
        message_id,
    )
    if failed is None:
        return
    if failed["said"] != text:
        raise MessageIdReused
    await conn.execute("DELETE FROM chat_turns WHERE id = $1 AND status = 'failed'", failed["id"])


async def repeated(conn: Connection, conversation: str, message_id: str, text: str) -> Turn | None:
    """The caller's turn of a message that was sent before and has not failed.

    Raises:
        MessageIdReused: the id belongs to another text.
    """
    row = await conn.fetchrow(
        f"""
        SELECT {COLUMNS}, (
          SELECT m.text FROM chat_messages AS m WHERE m.turn_id = t.id AND m.role = 'person'
        ) AS said
        FROM chat_turns AS t WHERE user_id = app_user() AND conversation = $1 AND message_id = $2
        """,
        conversation,
        message_id,
    )
    if row is None or row["status"] == "failed":
        return None
    if row["said"] != text:
        raise MessageIdReused
    return turn_of(row)


async def finish(
    conn: Connection,
    turn: Turn,
    answer: ChatAnswer,
    *,
    memory: Memory,
    state: int | None,
    tool_calls: list[ToolUse],
    status: MessageStatus = "complete",
    by_agent: bool = False,
) -> bool:
    """Store the answer to a turn and wake whoever waits for it.

    Returns:
        False when it was answered before, or is gone; `by_agent`, also when staff have taken its run over.
    """
    row = await conn.fetchrow(
        f"""
        WITH turn AS (
          UPDATE chat_turns SET status = 'done', answer = $2, memory = $3, finished_at = now()
          WHERE id = $1 AND status = 'running' AND NOT ($9::boolean AND EXISTS (
            SELECT FROM onboarding_sessions AS r WHERE r.id = chat_turns.run_id AND r.staff IS NOT NULL
          )) RETURNING *
        ), message AS (
          INSERT INTO chat_messages
            (conversation, run_id, turn_id, role, agent_type, state, text, tool_calls, status)
          SELECT conversation, run_id, id, 'agent', $4, $5, $6, $7, $8 FROM turn WHERE $6::text IS NOT NULL
        )
        SELECT pg_notify('{CHANNEL}', id::text) FROM turn
        """,
        turn.id,
        msgspec.to_builtins(answer),
        msgspec.to_builtins(memory),
        answer.agent_type,
        state,
        answer.response,
        msgspec.to_builtins(tool_calls),
        status,
        by_agent,
    )
    return row is not None


async def fail(conn: Connection, turn_id: str) -> bool:
    """Give a turn up, so that the same message can be sent again, or another one."""
    row = await conn.fetchrow(
        f"""
        WITH turn AS (
          UPDATE chat_turns SET status = 'failed', finished_at = now()
          WHERE id = $1 AND status = 'running' RETURNING id
        )
        SELECT pg_notify('{CHANNEL}', id::text) FROM turn
        """,
        turn_id,
    )
    return row is not None


async def forget(conn: Connection, conversation: str) -> int:
    """Delete the caller's conversation and wake whoever waits in it; returns how many messages it had."""
    theirs = "WHERE user_id = app_user() AND conversation = $1"
    status = await conn.execute(f"DELETE FROM chat_messages {theirs}", conversation)
    await conn.execute(
        f"""
        WITH gone AS (DELETE FROM chat_turns {theirs} RETURNING id, status)
        SELECT pg_notify('{CHANNEL}', id::text) FROM gone WHERE status = 'running'
        """,
        conversation,
    )
    return rows_of(status)


def turn_of(row: asyncpg.Record) -> Turn:
    """A turn from a row that has at least these columns."""
    return msgspec.convert({name: row[name] for name in Turn.__struct_fields__}, Turn)
