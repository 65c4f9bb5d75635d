"""A tenant with rows in every table, by which one sees whether anything of it was seen or changed."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
from msgspec import Struct

from db import runs, sweeps
from db.pool import Database
from db.tenant import sweeper
from tests.db.given import NOW, Person, abandoned, company, completed, started

TABLES = """
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (
  c.relname = 'tenants'
  OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
) ORDER BY c.relname
"""
"""Every table with rows of a tenant; partitions are read through their parent."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Full(Struct, frozen=True, kw_only=True):
    """A person whose tenant is full; `ids` and `secrets` by the names that arguments and path parameters have."""

    person: Person
    canary: str
    ids: dict[str, str]
    secrets: dict[str, Any]


async def tenant_tables(admin: asyncpg.Connection) -> list[str]:
    """From the catalogue."""
    return [row["relname"] for row in await admin.fetch(TABLES)]


async def fill(admin: asyncpg.Connection, database: Database, person: Person) -> Full:
    """Put rows of theirs into every table, each with a text that names the table and nobody else has."""
    canary = f"canary{uuid.uuid4().hex}"
    run_id, company_run_id = await _runs(admin, database, person, canary)
    ids = {
        "tenant_id": person.tenant_id,
        "user_id": person.user_id,
        "run_id": run_id,
        **{f"{name}_id": str(uuid.uuid4()) for name in _KINDS},
    }
    now, email = datetime.now(UTC), f"{canary}-users@example.org"
    await admin.execute(
        "UPDATE tenants SET name = $2, external_id = $2, default_flow = $2 WHERE id = $1",
        person.tenant_id,
        f"{canary}-tenants",
    )
    await admin.execute(
        "UPDATE users SET full_name = $2, timezone = $2, email = $3 WHERE id = $1",
        person.user_id,
        f"{canary}-users",
        email,
    )
    for table, rows in _rows(canary, ids, now).items():
        for row in rows:
            await _insert(admin, table, row)
    profile_id = await admin.fetchval("SELECT id::text FROM profiles WHERE user_id = $1", person.user_id)
    for table in await tenant_tables(admin):
        column = "id" if table == "tenants" else "tenant_id"
        count = await admin.fetchval(f"SELECT count(*) FROM {table} WHERE {column} = $1", person.tenant_id)
        assert count, f"no row in {table}: add one to `_rows` in {__file__}, so that its isolation is proved too"
    return Full(
        person=Person(tenant_id=person.tenant_id, user_id=person.user_id, email=email),
        canary=canary,
        ids={**ids, "profile_id": profile_id},
        secrets={
            "scope": f"{canary}-idempotency_keys",
            "external_id": f"{canary}-tenants",
            "lease": now,
            "updated_at": now,
            "company_run_id": company_run_id,
            "refs": [f"{canary}-item_sources"],
            "answer_key": sha256(f"{canary}-answered".encode()).digest(),
            "lease_key": sha256(f"{canary}-open".encode()).digest(),
            **{name: f"{canary}-{table}".encode() for name, table in _DIGESTS.items()},
        },
    )


_KINDS = (
    *("session", "invitation", "mail", "erasure", "data_key", "call", "lease", "organization", "department"),
    *("turn", "proposal", "suggestion", "item", "event", "account", "task", "change", "alert", "scan", "order"),
    *("image", "capture", "captured", "thing", "job", "import", "sync"),
    *("connection", "consent", "fetch", "purchase", "mail_job", "mailbox"),
)
_DIGESTS = {
    "digest": "refused_tokens",
    "reset_hash": "password_resets",
    "invitation_hash": "invitations",
    "ingest_hash": "aws_accounts",
}


def _rows(canary: str, ids: dict[str, str], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """One that counts, and where such rows are cleaned up one that is long over."""
    theirs = {"tenant_id": ids["tenant_id"], "user_id": ids["user_id"]}
    later, ended = {"expires_at": now + timedelta(days=1)}, {"expires_at": now - timedelta(days=400)}
    made, ages_ago = {"created_at": now}, {"created_at": now - timedelta(days=400)}

    def text(table: str) -> str:
        return f"{canary}-{table}"

    def digest(table: str, which: str = "") -> str:
        return f"\\x{text(table).encode().hex()}{which.encode().hex()}"

    def a_key(which: str) -> str:
        return f"\\x{sha256(text(which).encode()).hexdigest()}"

    def another() -> str:
        return str(uuid.uuid4())

    session = {**theirs, "generation": 1, "lifetime_seconds": 60, "user_agent": text("sessions")}
    key = {**theirs, "body_hash": digest("idempotency_keys"), "locked_until": now}
    answer = {"status": 200, "headers": {}, "body": digest("idempotency_keys")}
    invitation = {**theirs, "role": "user", "invited_by": ids["user_id"]}
    mail = {**theirs, "sealed": digest("mails"), "invitation_id": ids["invitation_id"]}
    call = {
        **theirs,
        "run_id": ids["run_id"],
        "purpose": "chat",
        "model": text("ai_usage"),
        "input_tokens": 1,
        "output_tokens": 1,
        "cost_micros": 1,
        "estimated": False,
        "cached": False,
    }
    budget = {"tenant_id": ids["tenant_id"], "spent_micros": 1, "reserved_micros": 7, "updated_at": now}
    long_unused = {"updated_at": now - timedelta(days=500)}
    answer_kept = {**theirs, "purpose": "industry"}
    soon_over = {"until": now + timedelta(minutes=1)}
    event = {
        "tenant_id": ids["tenant_id"],
        "source": text("events"),
        "detail_type": "x",
        "detail": {},
        "severity": "low",
        "severity_level": 1,
        "resources": [],
        "published_at": now,
    }
    task = {
        "tenant_id": ids["tenant_id"],
        "title": text("tasks"),
        "description": "Look into it",
        "status": "open",
        "priority": "low",
        "assigned_user_id": ids["user_id"],
        "created_by": ids["user_id"],
        "event_id": ids["event_id"],
        "due_date": now - timedelta(days=1),
        "updated_at": now,
        **made,
    }
    capture = {
        **theirs,
        "kinds": ["barcode", "photo"],
        "status": "active",
        "version": 1,
        "barcodes": 1,
        "photos": 0,
        **made,
    }
    image = {**theirs, "content_type": "image/png", "status": "pending", "upload_until": now + timedelta(hours=1)}
    forgotten = {**image, "upload_until": now - timedelta(days=400)}
    far = now + timedelta(days=7)
    page = {
        **theirs,
        "job_id": ids["job_id"],
        "source_url": "https://shop.example/",
        "normalized_url": "https://shop.example/",
    }
    thing = {"status": "pending", "attention": [], "edited": [], "version": 1}
    okr = {
        "id": ids["item_id"],
        "objective": text("suggestions"),
        "key_results": [],
        "category": "growth",
        "priority": "low",
        "rationale": "x",
    }
    suggestion = {
        **theirs,
        "kind": "okrs",
        "locale": "en",
        "inputs": {},
        "items": {"suggested_okrs": [okr]},
        "sources": {"okrs": "rules"},
        "source": "rules",
        "settled_at": now,
        "budget_exhausted": False,
    }
    return {
        "funnel_counts": [
            {
                "tenant_id": ids["tenant_id"],
                "bucket": -1,
                "starts_at": made["created_at"],
                "flow": text("funnel_counts"),
                "flow_version": 1,
                "state": 1,
                "channel": "form",
                "slot": another(),
                **dict.fromkeys(("entered", "completed", "skipped", "edited", "abandoned", "times"), 1),
            }
        ],
        "notifications": [
            {**theirs, "run_id": ids["run_id"], "kind": "x", "body": {}, "dedupe_key": text("notifications")}
        ],
        "idempotency_keys": [
            {**key, "scope": text("idempotency_keys"), "key": "open", **made},
            {**key, "scope": text("idempotency_keys"), "key": "answered", **answer, **made},
            {**key, "scope": text("idempotency_keys"), "key": "old", **answer, **ages_ago},
        ],
        "sessions": [
            {**session, "id": ids["session_id"], **later},
            {**session, "id": another(), **ended},
        ],
        "refused_tokens": [
            {**theirs, "digest": digest("refused_tokens"), **later},
            {**theirs, "digest": digest("refused_tokens", "old"), **ended},
        ],
        "password_resets": [
            {**theirs, "token_hash": digest("password_resets"), **later},
            {**theirs, "token_hash": digest("password_resets", "old"), **ended},
        ],
        "invitations": [
            {
                **invitation,
                "id": ids["invitation_id"],
                "email": f"{text('invitations')}@example.org",
                "token_hash": digest("invitations"),
                **later,
            },
            {
                **invitation,
                "id": another(),
                "email": f"{text('invitations')}-old@example.org",
                "token_hash": digest("invitations", "old"),
                **ended,
            },
        ],
        "mails": [{**mail, "id": ids["mail_id"], **made}, {**mail, "id": another(), **ages_ago}],
        "events": [
            {
                "id": ids["event_id"],
                "acknowledged_at": now,
                "acknowledged_by": ids["user_id"],
                **event,
                **made,
            },
            {"id": another(), "deleted_at": now, "deleted_by": ids["user_id"], **event, **ages_ago},
        ],
        "aws_accounts": [
            {
                "id": ids["account_id"],
                "tenant_id": ids["tenant_id"],
                "account_id": "123456789012",
                "account_name": text("aws_accounts"),
                "region": "eu-central-1",
                "external_id": text("aws_accounts"),
                "ingest_token_hash": digest("aws_accounts"),
                "is_active": True,
                "status": "untested",
                **made,
                "updated_at": now,
            }
        ],
        "monitoring_configs": [
            {
                "tenant_id": ids["tenant_id"],
                "version": 1,
                "services": [{"service_name": text("monitoring_configs")}],
                "global_settings": {},
                "updated_by": ids["user_id"],
                "updated_at": now,
            }
        ],
        "config_changes": [
            {
                "id": ids["change_id"],
                "tenant_id": ids["tenant_id"],
                "changed_by": ids["user_id"],
                "kind": "monitoring",
                "after": {"global_settings": {"alert_email_recipients": [text("config_changes")]}},
                **made,
            }
        ],
        "refused_saves": [
            {"tenant_id": ids["tenant_id"], "bucket": now, "refused": 7},
            {"tenant_id": ids["tenant_id"], "bucket": now - timedelta(days=400), "refused": 7},
        ],
        "stuck_runs": [
            {"tenant_id": ids["tenant_id"], "run_id": ids["run_id"], "last_activity_at": now - timedelta(days=3)}
        ],
        "alerts": [
            {
                "id": ids["alert_id"],
                "tenant_id": ids["tenant_id"],
                "kind": "event",
                "event_id": ids["event_id"],
                "since": now - timedelta(minutes=30),
                "number": 1,
                "channel": "email",
                "recipient": f"{text('alerts')}@example.org",
                "status": "waiting",
                "attempts": 0,
                "due_at": now - timedelta(minutes=1),
                **made,
            },
            {
                "id": another(),
                "tenant_id": ids["tenant_id"],
                "kind": "report",
                "since": now - timedelta(days=401),
                "channel": "email",
                "recipient": f"{text('alerts')}-old@example.org",
                "status": "sent",
                "attempts": 1,
                "sent_at": now,
                "due_at": now,
                **ages_ago,
            },
        ],
        "data_keys": [
            {**theirs, "id": ids["data_key_id"], "key_id": text("data_keys"), "wrapped": digest("data_keys")}
        ],
        "erasures": [{**theirs, "id": ids["erasure_id"], "requested_by": ids["user_id"]}],
        "organizations": [
            {
                "id": ids["organization_id"],
                "tenant_id": ids["tenant_id"],
                "created_by": ids["user_id"],
                "run_id": ids["run_id"],
                "name": text("organizations"),
                "logo": text("organizations"),
                "industry": "other",
                "size": "small",
                "team_size": 3,
                "structure": "flat",
                "methodology": "okrs",
                "collaboration_style": "hybrid",
                "integrations": [],
                "okrs": [],
                **made,
            }
        ],
        "organization_members": [{**theirs, "organization_id": ids["organization_id"], "role": "owner", **made}],
        "departments": [
            {
                "id": ids["department_id"],
                "tenant_id": ids["tenant_id"],
                "organization_id": ids["organization_id"],
                "name": text("departments"),
                "position": 1,
                **made,
            }
        ],
        "chat_turns": [
            {
                **theirs,
                "id": ids["turn_id"],
                "conversation": "general",
                "message_id": text("chat_turns"),
                "streamed": True,
                **made,
            }
        ],
        "chat_messages": [
            {
                **theirs,
                "run_id": ids["run_id"],
                "turn_id": ids["turn_id"],
                "conversation": "general",
                "role": "person",
                "agent_type": "general",
                "text": text("chat_messages"),
                **made,
            },
            {
                **theirs,
                "run_id": ids["run_id"],
                "conversation": "onboarding/fitness",
                "role": "staff",
                "author": ids["user_id"],
                "agent_type": "scheduling",
                "text": text("chat_messages"),
                **made,
            },
        ],
        "chat_stream": [
            {
                **theirs,
                "turn_id": ids["turn_id"],
                "seq": 1,
                "event": "TEXT_MESSAGE_CONTENT",
                "data": json.dumps({"delta": text("chat_stream")}),
                **ages_ago,
            }
        ],
        "profile_proposals": [
            {
                **theirs,
                "id": ids["proposal_id"],
                "flow": "fitness",
                "answers": json.dumps({"fitness_level": {"fitness_level": text("profile_proposals")}}),
                **made,
            }
        ],
        "ai_usage": [
            {**call, "id": ids["call_id"], "outcome": "reserved", "cost_micros": 7, **made},
            {**call, "id": another(), "outcome": "ok", **made},
            {**call, "id": another(), "outcome": "ok", **ages_ago},
        ],
        "ai_budgets": [
            {**budget, "scope": "day", "period": f"{now:%Y-%m-%d}"},
            {**budget, "scope": "month", "period": f"{now:%Y-%m}"},
            {**budget, "scope": "run", "period": ids["run_id"], "user_id": ids["user_id"]},
            {**budget, "scope": "day", "period": text("ai_budgets"), "reserved_micros": 0, **long_unused},
        ],
        "ai_cache": [
            {**answer_kept, "key": a_key("open"), "lease": ids["lease_id"], **soon_over},
            {**answer_kept, "key": a_key("answered"), "value": digest("ai_cache"), "until": later["expires_at"]},
            {**answer_kept, "key": a_key("old"), "value": digest("ai_cache"), "until": ended["expires_at"]},
        ],
        "suggestions": [
            {**suggestion, "id": ids["suggestion_id"], "run_id": ids["run_id"], **made},
            {**suggestion, "id": another(), **ages_ago},
        ],
        "tasks": [
            {**task, "id": ids["task_id"]},
            {**task, "id": another(), "deleted_at": now, "deleted_by": ids["user_id"]},
        ],
        "task_comments": [
            {**theirs, "id": another(), "task_id": ids["task_id"], "comment": text("task_comments"), **made}
        ],
        "task_status_changes": [
            {
                "tenant_id": ids["tenant_id"],
                "task_id": ids["task_id"],
                "number": 1,
                "from_status": "in_progress",
                "to_status": "open",
                "changed_by": ids["user_id"],
                "changed_at": now,
            }
        ],
        "scans": [
            {
                **theirs,
                "id": ids["scan_id"],
                "filename": text("scans"),
                "data": [{"risk": "x", "category": "x", "context": text("scans")}],
                "size": 2,
                "source": "llm",
                **made,
            }
        ],
        "scan_orders": [
            {**theirs, "id": ids["order_id"], "filename": text("scan_orders"), **made},
            {**theirs, "id": another(), "filename": text("scan_orders"), **ages_ago},
        ],
        "images": [
            {**image, "id": ids["image_id"], "object_key": text("images"), **made},
            {**forgotten, "id": another(), "object_key": text("images-old"), **ages_ago},
        ],
        "photo_analyses": [
            {**theirs, "image_id": ids["image_id"], "result": {"suggested_name": text("photo_analyses")}, **made}
        ],
        "capture_sessions": [
            {
                **capture,
                "id": ids["capture_id"],
                "token_hash": digest("capture_sessions"),
                "ends_at": far,
                **later,
            },
            {**capture, "id": another(), "token_hash": None, "ends_at": far, **ended},
        ],
        "capture_items": [
            {
                **theirs,
                "id": ids["captured_id"],
                "session_id": ids["capture_id"],
                "kind": "barcode",
                "key": text("capture_items"),
                "code": text("capture_items"),
                "image_id": ids["image_id"],
                "quantity": 1,
                "added_by": "phone",
                "details": {"name": text("capture_items")},
                "enrichment": "none",
                "edited": [],
                "version": 1,
                **made,
                "updated_at": now,
            }
        ],
        "capture_scans": [
            {
                **theirs,
                "session_id": ids["capture_id"],
                "item_id": ids["captured_id"],
                "client_item_id": text("capture_scans"),
            }
        ],
        "items": [{**theirs, **thing, "id": ids["thing_id"], "name": text("items"), **made, "updated_at": now}],
        "imports": [
            {
                **theirs,
                "id": ids["import_id"],
                "file_name": text("imports"),
                "status": "running",
                "shape": {"encoding": "utf-8", "delimiter": ","},
                "columns": ["name"],
                "suggested": {},
                "sample": [],
                "mapping": {"name": "name"},
                "rows": 5,
                "reached": 0,
                "imported": 0,
                "failed": 0,
                "errors": [],
                "error_count": 0,
                **made,
            }
        ],
        "item_sources": [
            {
                **theirs,
                "item_id": ids["thing_id"],
                "source": "csv",
                "ref": text("item_sources"),
                "quantity": 1,
                **made,
            }
        ],
        "scrape_jobs": [
            {
                **theirs,
                "id": ids["job_id"],
                "status": "running",
                "requested": 2,
                "pages": 2,
                "version": 1,
                **made,
                "updated_at": now,
            }
        ],
        "scrape_results": [
            {**page, "position": 0, "page": 0, "status": "pending"},
            {
                **page,
                "position": 1,
                "page": 1,
                "status": "success",
                "item": {"product_url": "https://shop.example/", "name": text("scrape_results")},
                "version": 1,
            },
        ],
        "connections": [
            {
                **theirs,
                "id": ids["connection_id"],
                "provider": "quickbooks",
                "status": "connected",
                "account_id": text("connections"),
                "account_label": text("connections"),
                "scopes": ["x"],
                "sealed_tokens": ["key", "nonce", text("connections")],
                "token_expires_at": now + timedelta(hours=1),
                **made,
                "updated_at": now,
            },
            {
                **theirs,
                "id": ids["mailbox_id"],
                "provider": "gmail",
                "status": "connected",
                "account_id": text("connections"),
                "sealed_tokens": ["key", "nonce", text("connections")],
                **made,
                "updated_at": now,
            },
            {
                **theirs,
                "id": another(),
                "provider": "gmail",
                "status": "disconnected",
                **made,
                "updated_at": now,
                "disconnected_at": now,
            },
        ],
        "consents": [
            {
                **theirs,
                "id": ids["consent_id"],
                "provider": "gmail",
                "state_hash": a_key("consents"),
                "browser_hash": a_key("browsers"),
                "sealed_verifier": ["key", "nonce", text("consents")],
                "return_to": f"/{text('consents')}",
                **made,
                "expires_at": now + timedelta(minutes=10),
            }
        ],
        "connection_runs": [
            {
                **theirs,
                "id": ids["fetch_id"],
                "connection_id": ids["connection_id"],
                "kind": "manual",
                "status": "running",
                "fetched": 1,
                **made,
                "started_at": now,
            }
        ],
        "orders": [
            {
                **theirs,
                "id": ids["purchase_id"],
                "connection_id": ids["connection_id"],
                "external_id": text("orders"),
                "read_by": "api",
                "supplier": text("orders"),
                "number": "1",
                "lines": 1,
                **made,
                "updated_at": now,
            }
        ],
        "order_lines": [
            {
                **theirs,
                "order_id": ids["purchase_id"],
                "line": "1",
                "position": 0,
                "name": text("order_lines"),
                "quantity": 1,
            }
        ],
        "mail_jobs": [
            {
                **theirs,
                "id": ids["mail_job_id"],
                "connection_id": ids["connection_id"],
                "kind": "orders",
                "status": "running",
                "domains": [text("mail_jobs")],
                **made,
            }
        ],
        "mail_messages": [
            {
                **theirs,
                "connection_id": ids["connection_id"],
                "message_id": text("mail_messages"),
                "outcome": "order",
                "read_at": now,
            }
        ],
        "item_syncs": [
            {**theirs, "id": ids["sync_id"], "target": "sink", "status": "running", **made},
            {**theirs, "id": another(), "target": "csv", "status": "completed", **made, "ended_at": now},
        ],
        "item_sync_results": [
            {
                **theirs,
                "sync_id": ids["sync_id"],
                "item_id": ids["thing_id"],
                "number": 1,
                "version": 1,
                "status": "pending",
                "attempts": 0,
            }
        ],
        "suggestion_feedback": [
            {
                **theirs,
                "suggestion_id": ids["suggestion_id"],
                "item_id": ids["item_id"],
                "verdict": "edited",
                "value": {"id": ids["item_id"], "objective": text("suggestion_feedback")},
                **made,
                "updated_at": now,
            }
        ],
    }


async def _insert(admin: asyncpg.Connection, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(row)
    await admin.execute(
        f"""
        INSERT INTO {table} ({columns})
        SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb)
        """,
        json.dumps(row, default=str),
    )


async def _runs(admin: asyncpg.Connection, database: Database, person: Person, canary: str) -> tuple[str, str]:
    """An archived run, a completed one with its profile, an open one and a company's: the ids of these two."""
    await runs.project(database, person.caller(), *abandoned(person))
    await _plant(admin, person, canary)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, datetime.now(UTC)) == 1
    open_run = started(person, NOW + timedelta(days=1))
    founding = company(person)
    await runs.project(database, person.caller(), *completed(person), *founding, open_run)
    await _plant(admin, person, canary)
    return open_run.run.id, founding[-1].run.id


async def _plant(admin: asyncpg.Connection, person: Person, canary: str) -> None:
    """Say something in every answer, and in who did what."""
    for table, column in {
        "onboarding_sessions": "step_data",
        "profiles": "answers",
        "profile_versions": "answers",
    }.items():
        await admin.execute(
            f"""
            UPDATE {table}
            SET {column} = {column} || jsonb_build_object('note', jsonb_build_object('text', $2::text))
            WHERE user_id = $1
            """,
            person.user_id,
            f"{canary}-{table}",
        )
    await admin.execute(
        "UPDATE onboarding_events SET actor = actor || jsonb_build_object('note', $2::text) WHERE user_id = $1",
        person.user_id,
        f"{canary}-onboarding_events",
    )


async def marks(admin: asyncpg.Connection, full: Full) -> dict[str, set[str]]:
    """By table, the ids and the planted texts of its rows: what gives the tenant away."""
    found: dict[str, set[str]] = {}
    for table in await tenant_tables(admin):
        column = "id" if table == "tenants" else "tenant_id"
        rows = await admin.fetch(f"SELECT * FROM {table} WHERE {column} = $1", full.person.tenant_id)
        found[table] = set(re.findall(f"{_UUID}|{full.canary}-{table}", shown(rows)))
        assert found[table], table
    return found


def shown(rows: list[asyncpg.Record]) -> str:
    """Everything that rows hold, as one text."""
    return " ".join(str(tuple(row.values())) for row in rows)


async def empty(admin: asyncpg.Connection, *tenant_ids: str) -> None:
    """Take tenants away with all their rows, so that nobody else meets rows that nothing but this proof needs."""
    await admin.execute("DELETE FROM onboarding_archive WHERE tenant_id = ANY($1::uuid[])", tenant_ids)
    await admin.execute("DELETE FROM tenants WHERE id = ANY($1::uuid[])", tenant_ids)


async def state(admin: asyncpg.Connection, tenant_id: str, tables: list[str]) -> dict[str, str]:
    """By table, a digest of the tenant's rows."""
    query = " UNION ALL ".join(
        f"""
        SELECT '{table}', md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} AS t
        WHERE {"id" if table == "tenants" else "tenant_id"} = $1
        """
        for table in tables
    )
    return {row[0]: row[1] for row in await admin.fetch(query, tenant_id)}
