"""Erasures: what there is of one person, deleting it, and the receipt that stays.

In the context `eraser(tenant, person)`, unless a function says otherwise.
"""

from datetime import datetime
from typing import Literal

import asyncpg
import msgspec
from msgspec import Struct

from db.invitations import revoke_by
from db.pool import Connection
from db.tenant import Internal
from db.users import LAST_ADMIN_STATE, LastAdmin
from onboarding.payloads import ErasureCounts

_THEIR_RUNS = "run_id IN (SELECT id FROM onboarding_sessions WHERE user_id = $1)"
_THEIR_PROFILES = "profile_id IN (SELECT id FROM profiles WHERE user_id = $1)"
_TO_THEM = "user_id = $1 OR email = (SELECT email FROM users WHERE id = $1)"

ROWS_OF_A_PERSON = {
    "users": "id = $1",
    "onboarding_sessions": "user_id = $1",
    "onboarding_events": _THEIR_RUNS,
    "onboarding_archive": "user_id = $1",
    "funnel_steps": "user_id = $1",
    "profiles": "user_id = $1",
    "profile_versions": _THEIR_PROFILES,
    "notifications": "user_id = $1",
    "sessions": "user_id = $1",
    "refused_tokens": "user_id = $1",
    "password_resets": "user_id = $1",
    "idempotency_keys": "user_id = $1",
    "invitations": _TO_THEM,
    "mails": "user_id = $1",
    "data_keys": "user_id = $1",
    "chat_turns": "user_id = $1",
    "chat_messages": "user_id = $1",
    "chat_stream": "user_id = $1",
    "profile_proposals": "user_id = $1",
    "organization_members": "user_id = $1",
    "ai_usage": "user_id = $1",
    "ai_budgets": "user_id = $1",
    "ai_cache": "user_id = $1",
    "suggestions": "user_id = $1",
    "suggestion_feedback": "user_id = $1",
    "task_comments": "user_id = $1",
    "scans": "user_id = $1",
    "scan_orders": "user_id = $1",
    "images": "user_id = $1",
    "photo_analyses": "user_id = $1",
    "capture_sessions": "user_id = $1",
    "capture_items": "user_id = $1",
    "capture_scans": "user_id = $1",
    "items": "user_id = $1",
    "item_sources": "user_id = $1",
    "scrape_jobs": "user_id = $1",
    "scrape_results": "user_id = $1",
    "connections": "user_id = $1",
    "consents": "user_id = $1",
    "connection_runs": "user_id = $1",
    "orders": "user_id = $1",
    "order_lines": "user_id = $1",
    "mail_jobs": "user_id = $1",
    "mail_messages": "user_id = $1",
    "imports": "user_id = $1",
    "item_syncs": "user_id = $1",
    "item_sync_results": "user_id = $1",
}
"""Every table with rows of one person, and which they are, by an index. All of them go with the person.

A table that is added with a `user_id` has its line here; a test compares this with the catalogue.
"""

_BY_NAME = ("onboarding_archive", "invitations", "ai_usage")
"""What does not go with the person's row by itself; and calls, whose money is counted before budgets go."""

_DIGEST = "sha256(convert_to({} || ' ' || {}, 'UTF8'))"
"""Of issuer and subject: what is left of them, so that a token from before makes nobody anew."""

_ANSWERS_TO_STAFF = """
DELETE FROM idempotency_keys WHERE split_part(scope, ' ', 2) LIKE '/api/invitations%'
  OR split_part(scope, ' ', 2) LIKE '/api/tasks%' OR split_part(scope, ' ', 2) LIKE '/api/events/%/create-task%'
  OR split_part(scope, ' ', 2) LIKE '/api/config/monitoring%'
"""
"""Kept answers about invitations, tasks and recipients name other people; for one, all of the tenant go."""

_LOGOS = "UPDATE organizations SET logo = NULL WHERE created_by = $1"
"""An organization is the tenant's and stays; what its founder uploaded for it went with their files."""

_RECIPIENTS = "'{global_settings,alert_email_recipients}'"
_NO_ALERTS = """
WITH gone AS (SELECT tenant_id, email FROM users WHERE id = $1)
UPDATE monitoring_configs AS c SET version = version + 1, updated_at = now(), global_settings = jsonb_set(
  global_settings, '{alert_email_recipients}', (global_settings -> 'alert_email_recipients') - gone.email
)
FROM gone WHERE c.tenant_id = gone.tenant_id AND global_settings -> 'alert_email_recipients' ? gone.email
"""
_NO_TRACE = f"""
WITH gone AS (SELECT tenant_id, email FROM users WHERE id = $1)
UPDATE config_changes AS c SET
  before = jsonb_set(before, {_RECIPIENTS}, (before #> {_RECIPIENTS}) - gone.email, false),
  after = jsonb_set(after, {_RECIPIENTS}, (after #> {_RECIPIENTS}) - gone.email, false)
FROM gone WHERE c.tenant_id = gone.tenant_id AND kind = 'monitoring'
  AND (before #> {_RECIPIENTS} ? gone.email OR after #> {_RECIPIENTS} ? gone.email)
"""
_NO_MEMORY = """
DELETE FROM alerts AS a USING users AS u WHERE u.id = $1 AND a.tenant_id = u.tenant_id AND a.recipient = u.email
"""
"""Alerts no longer go to an address whose person is gone, and nobody reads there that they did."""

_COLUMNS = "id::text, user_id::text, requested_by::text, status, counts, created_at, completed_at"


class Erasure(Struct, frozen=True, kw_only=True):
    """The receipt of an erasure: ids and counts, nothing about the person."""

    id: str
    user_id: str
    requested_by: str
    status: Literal["running", "completed"]
    counts: ErasureCounts
    created_at: datetime
    completed_at: datetime | None


def eraser(tenant_id: str, user_id: str) -> Internal:
    """The context that sees and deletes everything of one person."""
    return Internal(role="eraser", tenant_id=tenant_id, user_id=user_id)


async def request(conn: Connection, *, id: str, tenant_id: str, user_id: str, requested_by: str) -> Erasure:
    """Write down that somebody is to be erased, or find it written. As the person, or as an admin."""
    await conn.execute(
        """
        INSERT INTO erasures (id, tenant_id, user_id, requested_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id) DO NOTHING
        """,
        id,
        tenant_id,
        user_id,
        requested_by,
    )
    found = await of_person(conn, user_id)
    assert found is not None
    return found


async def left(conn: Connection, older_than_seconds: int, limit: int = 500) -> list[Erasure]:
    """Some erasures that were asked for a while ago and are not completed (in `sweeper(tenant)`)."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM erasures
        WHERE status = 'running' AND created_at < now() - make_interval(secs => $1::integer)
        ORDER BY created_at, id LIMIT $2
        """,
        older_than_seconds,
        limit,
    )
    return [msgspec.convert(dict(row), Erasure) for row in rows]


async def of_person(conn: Connection, user_id: str) -> Erasure | None:
    """The erasure of a person, for whoever may see it."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM erasures WHERE user_id = $1", user_id)
    return msgspec.convert(dict(row), Erasure) if row else None


class Gone(Struct, frozen=True, kw_only=True):
    """Somebody of another issuer who was erased, and when."""

    tenant_id: str
    user_id: str
    completed_at: datetime


async def of_subject(conn: Connection, issuer: str, subject: str) -> Gone | None:
    """The latest erasure of whom an issuer calls so (in `SIGN_IN`)."""
    row = await conn.fetchrow(
        f"""
        SELECT tenant_id::text, user_id::text, completed_at FROM erasures
        WHERE subject = {_DIGEST.format("$1::text", "$2::text")} ORDER BY completed_at DESC LIMIT 1
        """,
        issuer,
        subject,
    )
    return msgspec.convert(dict(row), Gone) if row else None


async def get(conn: Connection, erasure_id: str) -> Erasure | None:
    """A receipt: to the person, to whoever asked for it, to admins of the tenant."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM erasures WHERE id = $1", erasure_id)
    return msgspec.convert(dict(row), Erasure) if row else None


async def erase(conn: Connection, erasure_id: str, user_id: str, objects: int) -> ErasureCounts | None:
    """Count what there is of a person, delete it, and complete the receipt: all of it or nothing.

    Returns:
        What the receipt says, also when it was completed before; None when there is no such receipt.

    Raises:
        LastAdmin: they became it since it was asked for.
    """
    # Whoever writes a row of theirs now waits for the end, and then finds nobody whose row it could be.
    digest = _DIGEST.format("issuer", "subject")
    subject = await conn.fetchval(f"SELECT {digest} FROM users WHERE id = $1 FOR UPDATE", user_id)
    receipt = await get(conn, erasure_id)
    if receipt is None or receipt.status == "completed":
        return receipt.counts if receipt else None
    counts = await _count(conn, user_id, objects)
    await revoke_by(conn, user_id, None)
    for change in (_LOGOS, _NO_ALERTS, _NO_TRACE, _NO_MEMORY):
        await conn.execute(change, user_id)
    try:
        for table in (*_BY_NAME, "users"):
            await conn.execute(f"DELETE FROM {table} WHERE {ROWS_OF_A_PERSON[table]}", user_id)
        await conn.execute(_ANSWERS_TO_STAFF)
    except asyncpg.PostgresError as error:
        if getattr(error, "sqlstate", None) == LAST_ADMIN_STATE:
            raise LastAdmin from error
        raise
    await conn.execute(
        """
        UPDATE erasures SET status = 'completed', counts = $2, completed_at = now(), subject = $3 WHERE id = $1
        """,
        erasure_id,
        msgspec.to_builtins(counts),
        subject,
    )
    return counts


async def _count(conn: Connection, user_id: str, objects: int) -> ErasureCounts:
    columns = ", ".join(
        f"(SELECT count(*) FROM {table} WHERE {theirs}) AS {table}" for table, theirs in ROWS_OF_A_PERSON.items()
    )
    row = await conn.fetchrow(
        f"""
        SELECT {columns}, (
          SELECT count(*) FROM onboarding_sessions
          WHERE user_id = $1 AND (status = 'in_progress' OR abandoned_reason = 'erased')
        ) AS runs_ended
        """,
        user_id,
    )
    assert row is not None
    tables = {table: row[table] for table in ROWS_OF_A_PERSON}
    return ErasureCounts(
        database=tables, objects=objects, runs_ended=row["runs_ended"], data_keys=tables["data_keys"]
    )
