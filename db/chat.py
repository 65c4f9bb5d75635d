"""The turns of conversations, and what is being said in them at this moment."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

import asyncpg
import msgspec
from msgspec import Struct, field

from db.messages import COLUMNS, ChatMessage, MessageStatus, message_of
from db.pool import Connection, Database, rows_of
from db.runs import CHANNEL, PersonGone
from onboarding.access import Caller
from onboarding.chat import ChatAnswer, Memory, ToolUse
from onboarding.errors import GangwayError

KEPT_FOR = timedelta(minutes=10)
"""How long what was streamed is kept; page 20 asks for five minutes."""

_TURN = (
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
            SELECT {_TURN} FROM turn
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
    return _turn(row) if row is not None else None


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
        SELECT {_TURN}, (
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
    return _turn(row)


async def context(conn: Connection, turn_id: str, limit: int) -> Context | None:
    """What a running turn is answered from; None when it is answered, or gone."""
    row = await conn.fetchrow(
        f"""
        SELECT {_TURN}, (
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
    turn = _turn(row)
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


async def tail(conn: Connection, turn_id: str, *, after: int, limit: int = 500) -> Tail | None:
    """What is new of a turn."""
    row = await conn.fetchrow(
        f"""
        SELECT {_TURN}, coalesce((SELECT max(s.seq) FROM chat_stream AS s WHERE s.turn_id = t.id), 0) AS last, (
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
    return Tail(turn=_turn(row), events=msgspec.convert(row["events"], list[Streamed]), last=row["last"])


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


def _turn(row: asyncpg.Record) -> Turn:
    return msgspec.convert({name: row[name] for name in Turn.__struct_fields__}, Turn)
