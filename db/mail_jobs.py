"""Looks through mailboxes: written down, gone on with page by page, and which messages were read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from db.runs import CHANNEL, PersonGone
from onboarding.connections import Cursor, ProviderKey
from onboarding.connections import Status as ConnectionStatus
from onboarding.suppliers import Supplier

DOMAINS_AT_MOST = 100
"""Of a connection: those of all its imports together."""

Kind = Literal["discovery", "orders"]
Status = Literal["queued", "running", "completed", "failed", "cancelled"]
Outcome = Literal["order", "no_order", "unreadable"]
Obstacle = Literal["not_found", "not_a_mailbox", "not_connected", "too_many_domains", "in_progress"]

OPEN = "('queued', 'running')"
_TELL = f"SELECT pg_notify('{CHANNEL}', $1::uuid::text)"
_JOB = (
    "id::text, connection_id::text, kind, status, code, domains, messages, orders, failed, version, found,"
    " created_at, ended_at"
)


class NotBegun(Struct, frozen=True, kw_only=True):
    """Why no job began; one that is in progress is the `running`."""

    why: Obstacle
    running: str | None = None
    status: ConnectionStatus | None = None


class Job(Struct, frozen=True, kw_only=True):
    """Where a job stands; `code` says why it failed, `found` is what a discovery found."""

    id: str
    connection_id: str
    kind: Kind
    status: Status
    code: str | None
    domains: list[str]
    messages: int
    orders: int
    failed: int
    version: int
    found: list[Supplier]
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether there is more to come."""
        return self.status in ("queued", "running")


class Todo(Struct, frozen=True, kw_only=True):
    """From where a job goes on, and whether its mailbox may still be read.

    It is `allowed` as long as the person is active and their tenant wants mailboxes read.
    """

    place: Any
    domains: list[str]
    messages: int
    version: int
    created_at: datetime
    connection: ConnectionStatus
    allowed: bool


class Wanted(Struct, frozen=True, kw_only=True):
    """Whose order mails a mailbox is looked through for, and since when.

    Attributes:
        importing: an import does so just now.
        asked: a run is open, for which somebody waits.
    """

    domains: list[str]
    cursor: Cursor | None
    importing: bool
    asked: bool


async def begin(
    conn: Connection,
    *,
    mail_job_id: str,
    tenant_id: str,
    user_id: str,
    connection_id: str,
    kind: Kind,
    domains: Sequence[str] = (),
) -> NotBegun | None:
    """Write a job down, one of a kind at a time; one that has this id already has begun.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    found = await conn.fetchrow(
        "SELECT provider, status, domains FROM connections WHERE id = $1 AND user_id = $2 FOR NO KEY UPDATE",
        connection_id,
        user_id,
    )
    if found is None:
        return NotBegun(why="not_found")
    if await find(conn, mail_job_id, connection_id, user_id, kind):
        return None
    if obstacle := await _obstacle(conn, user_id, connection_id, kind, dict(found), domains):
        return obstacle
    try:
        await conn.execute(
            "INSERT INTO mail_jobs (id, tenant_id, user_id, connection_id, kind, domains)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            mail_job_id,
            tenant_id,
            user_id,
            connection_id,
            kind,
            domains,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    return None


async def _obstacle(
    conn: Connection,
    user_id: str,
    connection_id: str,
    kind: Kind,
    connection: dict[str, Any],
    domains: Sequence[str],
) -> NotBegun | None:
    provider: ProviderKey = connection["provider"]
    if provider != "gmail":
        return NotBegun(why="not_a_mailbox")
    if connection["status"] != "connected":
        return NotBegun(why="not_connected", status=connection["status"])
    if running := await open_job(conn, connection_id, user_id, kind):
        return NotBegun(why="in_progress", running=running)
    if len({*connection["domains"], *domains}) > DOMAINS_AT_MOST:
        return NotBegun(why="too_many_domains")
    return None


async def open_job(conn: Connection, connection_id: str, user_id: str, kind: Kind) -> str | None:
    """The job of a kind that is under way."""
    query = (
        "SELECT id::text FROM mail_jobs"
        f" WHERE connection_id = $1 AND user_id = $2 AND kind = $3 AND status IN {OPEN}"
    )
    return await conn.fetchval(query, connection_id, user_id, kind)


async def find(conn: Connection, mail_job_id: str, connection_id: str, user_id: str, kind: Kind) -> Job | None:
    """A job of somebody's connection; None when there is none."""
    row = await conn.fetchrow(
        f"SELECT {_JOB} FROM mail_jobs WHERE id = $1 AND connection_id = $2 AND user_id = $3 AND kind = $4",
        mail_job_id,
        connection_id,
        user_id,
        kind,
    )
    return msgspec.convert(dict(row), Job) if row else None


async def get(conn: Connection, mail_job_id: str, user_id: str) -> Job | None:
    """A job of somebody, of whichever connection."""
    row = await conn.fetchrow(f"SELECT {_JOB} FROM mail_jobs WHERE id = $1 AND user_id = $2", mail_job_id, user_id)
    return msgspec.convert(dict(row), Job) if row else None


async def take(conn: Connection, mail_job_id: str, user_id: str) -> Todo | None:
    """From where to go on with a job, which is running by then; None where it has ended."""
    begun = await conn.execute(
        "UPDATE mail_jobs SET status = 'running', version = version + 1"
        " WHERE id = $1 AND user_id = $2 AND status = 'queued'",
        mail_job_id,
        user_id,
    )
    if rows_of(begun):
        await conn.execute(_TELL, mail_job_id)
    row = await conn.fetchrow(
        f"""
        SELECT j.place, j.domains, j.messages, j.version, j.created_at, c.status AS connection,
          u.is_active AND c.provider = ANY(t.allowed_connections) AS allowed
        FROM mail_jobs AS j JOIN connections AS c ON c.id = j.connection_id
        JOIN users AS u ON u.tenant_id = j.tenant_id AND u.id = j.user_id JOIN tenants AS t ON t.id = j.tenant_id
        WHERE j.id = $1 AND j.user_id = $2 AND j.status IN {OPEN}
        """,
        mail_job_id,
        user_id,
    )
    return msgspec.convert(dict(row), Todo) if row else None


async def move(
    conn: Connection, mail_job_id: str, user_id: str, place: Any, *, version: int | None = None, messages: int = 0
) -> bool:
    """Write down from where a job goes on, and how many messages were seen.

    Returns:
        Whether it was: not when it has ended, nor when somebody else went on with it since `version`.
    """
    status = await conn.execute(
        f"""
        UPDATE mail_jobs SET place = $3, messages = messages + $4, version = version + 1
        WHERE id = $1 AND user_id = $2 AND status IN {OPEN} AND version = coalesce($5, version)
        """,
        mail_job_id,
        user_id,
        place,
        messages,
        version,
    )
    await conn.execute(_TELL, mail_job_id)
    return rows_of(status) == 1


async def count(conn: Connection, mail_job_id: str, user_id: str, *, orders: int = 0, failed: int = 0) -> bool:
    """Count a message that a job has read, and what it was; False where the job has ended."""
    status = await conn.execute(
        f"""
        UPDATE mail_jobs SET messages = messages + 1, orders = orders + $3, failed = failed + $4,
          version = version + 1
        WHERE id = $1 AND user_id = $2 AND status IN {OPEN}
        """,
        mail_job_id,
        user_id,
        orders,
        failed,
    )
    await conn.execute(_TELL, mail_job_id)
    return rows_of(status) == 1


async def end(
    conn: Connection,
    mail_job_id: str,
    user_id: str,
    status: Status,
    *,
    code: str | None = None,
    found: Sequence[Supplier] = (),
) -> bool:
    """Write down how a job ended, and forget its place; False when it has ended before.

    The domains of an import that was completed are the connection's from then on.
    """
    # Whoever keeps a message holds the connection first, then the job.
    await conn.execute(
        "SELECT FROM connections WHERE id = (SELECT connection_id FROM mail_jobs WHERE id = $1) AND user_id = $2"
        " FOR NO KEY UPDATE",
        mail_job_id,
        user_id,
    )
    row = await conn.fetchrow(
        f"""
        UPDATE mail_jobs SET status = $3, code = $4, found = $5, place = NULL, ended_at = now(),
          version = version + 1
        WHERE id = $1 AND user_id = $2 AND status IN {OPEN}
        RETURNING connection_id, domains, created_at
        """,
        mail_job_id,
        user_id,
        status,
        code,
        msgspec.to_builtins(found),
    )
    if row is None:
        return False
    if status == "completed" and row["domains"]:
        await _go_on_with(conn, user_id, **row)
    await conn.execute(_TELL, mail_job_id)
    return True


async def _go_on_with(
    conn: Connection, user_id: str, connection_id: str, domains: Sequence[str], created_at: datetime
) -> None:
    """Syncs look for these domains too, from when the import began where there was none before."""
    await conn.execute(
        """
        UPDATE connections SET updated_at = now(), cursor = coalesce(cursor, $4),
          domains = ARRAY(SELECT DISTINCT unnest(domains || $3::text[]) ORDER BY 1)
        WHERE id = $1 AND user_id = $2 AND status <> 'disconnected'
        """,
        connection_id,
        user_id,
        domains,
        {"received_until": created_at},
    )


async def place(conn: Connection, mail_job_id: str, user_id: str) -> Any:
    """Where a job stands, as it was written down last."""
    return await conn.fetchval("SELECT place FROM mail_jobs WHERE id = $1 AND user_id = $2", mail_job_id, user_id)


async def unread(conn: Connection, connection_id: str, user_id: str, message_ids: Sequence[str]) -> list[str]:
    """Those of the messages that were not read, in their order."""
    rows = await conn.fetch(
        "SELECT message_id FROM mail_messages WHERE connection_id = $1 AND user_id = $2 AND message_id = ANY($3)",
        connection_id,
        user_id,
        message_ids,
    )
    read = {row["message_id"] for row in rows}
    return [each for each in message_ids if each not in read]


async def keep(
    conn: Connection, tenant_id: str, user_id: str, connection_id: str, message_id: str, outcome: Outcome
) -> bool:
    """Write down that a message was read; until the end of the transaction nobody else does for this mailbox.

    Returns:
        Whether it was: not when it was read before, or the connection was removed.
    """
    live = await conn.fetchval(
        "SELECT true FROM connections WHERE id = $1 AND user_id = $2 AND status <> 'disconnected'"
        " FOR NO KEY UPDATE",
        connection_id,
        user_id,
    )
    if not live:
        return False
    status = await conn.execute(
        """
        INSERT INTO mail_messages (tenant_id, connection_id, message_id, user_id, outcome)
        VALUES ($1, $3, $4, $2, $5) ON CONFLICT DO NOTHING
        """,
        tenant_id,
        user_id,
        connection_id,
        message_id,
        outcome,
    )
    return rows_of(status) == 1


async def numbered(conn: Connection, connection_id: str, user_id: str, number: str) -> list[str]:
    """Our ids of the open orders that mails told of under a number, the oldest first."""
    rows = await conn.fetch(
        """
        SELECT id::text FROM orders WHERE connection_id = $1 AND user_id = $2 AND status = 'open'
          AND lower(number) = lower($3) ORDER BY created_at, id LIMIT 100
        """,
        connection_id,
        user_id,
        number,
    )
    return [row["id"] for row in rows]


async def wanted(conn: Connection, connection_id: str, user_id: str) -> Wanted | None:
    """What a sync of a mailbox looks for; None when there is no such connection, or it was removed."""
    row = await conn.fetchrow(
        f"""
        SELECT domains, cursor, EXISTS (
          SELECT FROM mail_jobs AS j WHERE j.connection_id = c.id AND j.kind = 'orders' AND j.status IN {OPEN}
        ) AS importing, EXISTS (
          SELECT FROM connection_runs AS r WHERE r.connection_id = c.id AND r.status IN {OPEN}
        ) AS asked
        FROM connections AS c WHERE id = $1 AND user_id = $2 AND status <> 'disconnected'
        """,
        connection_id,
        user_id,
    )
    return msgspec.convert(dict(row), Wanted) if row else None
