"""What staff should know. Lists are in `db/event_lists.py`.

Whoever writes an event says how severe it is; where the tenant has rules of its own for that (`severity_rules` in
its monitoring), the trigger `event_comes` goes by these, for every event.
"""

from datetime import datetime
from typing import Any, TypedDict, Unpack

import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from onboarding.monitoring import LEVELS, GlobalSettings, Severity

_OF: dict[Severity, int] = {"critical": 4, "high": 3, "medium": 2, "low": 1, "unknown": 0}
COLUMNS = """
  id::text, account, region, source, detail_type, detail, severity, severity_level, resources, run_id::text,
  acknowledged_at, acknowledged_by::text, notes, published_at, created_at, deleted_at
"""


class Remarks(TypedDict, total=False):
    """What staff say of an event; `notes` None removes them."""

    acknowledged: bool
    notes: str | None


class Event(Struct, frozen=True, kw_only=True):
    """Something that staff should know. `severity_level` is 0 to 5, and `severity` what that is called."""

    id: str
    account: str | None
    region: str | None
    source: str
    detail_type: str
    detail: dict[str, Any]
    severity: Severity
    severity_level: int
    resources: list[str]
    run_id: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    notes: str | None
    published_at: datetime
    created_at: datetime
    deleted_at: datetime | None


class Arrived(Struct, frozen=True, kw_only=True):
    """An event as it comes from outside, in the forms that were agreed on."""

    id: str
    source: str
    detail_type: str
    detail: dict[str, Any]
    severity_level: int
    account: str | None = None
    region: str | None = None
    resources: list[str] = []
    published_at: datetime


async def note(
    conn: Connection,
    *,
    tenant_id: str,
    source: str,
    detail_type: str,
    severity: Severity,
    detail: dict[str, Any],
    run_id: str | None = None,
    account: str | None = None,
    region: str | None = None,
) -> None:
    """Write an event of ours in the transaction of what it tells about; ids, nothing personal in it.

    `account` and `region` are those of AWS that it is about.
    """
    await conn.execute(
        """
        INSERT INTO events (
          tenant_id, source, detail_type, severity, severity_level, detail, run_id, account, region
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        tenant_id,
        source,
        detail_type,
        severity,
        _OF[severity],
        detail,
        run_id,
        account,
        region,
    )


async def arrive(conn: Connection, tenant_id: str, events: list[Arrived]) -> int:
    """Write events from outside (in `ingest` or `monitor`): one round trip; those that are there already stay.

    Returns:
        How many are new.
    """
    return await conn.fetchval(
        """
        WITH new AS (
          INSERT INTO events (
            tenant_id, id, account, region, source, detail_type, detail, severity, severity_level, resources,
            published_at
          )
          SELECT $1, e.id, e.account, e.region, e.source, e.detail_type, e.detail, e.severity, e.severity_level,
            e.resources, e.published_at
          FROM jsonb_to_recordset($2) AS e (
            id uuid, account text, region text, source text, detail_type text, detail jsonb, severity text,
            severity_level integer, resources jsonb, published_at timestamptz
          )
          ON CONFLICT DO NOTHING RETURNING 1
        )
        SELECT count(*) FROM new
        """,
        tenant_id,
        [{**msgspec.structs.asdict(each), "severity": LEVELS[each.severity_level]} for each in events],
    )


async def get(conn: Connection, tenant_id: str, event_id: str) -> Event | None:
    """An event of the tenant that is not deleted."""
    row = await conn.fetchrow(
        f"SELECT {COLUMNS} FROM events WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL",
        tenant_id,
        event_id,
    )
    return msgspec.convert(dict(row), Event) if row else None


async def remark(
    conn: Connection, tenant_id: str, event_id: str, user_id: str, **given: Unpack[Remarks]
) -> Event | None:
    """Acknowledge an event or not, or note something, as staff; who acknowledged it first stays.

    Returns:
        The event as it is now, None when there is none.
    """
    row = await conn.fetchrow(
        f"""
        UPDATE events SET
          acknowledged_at = CASE
            WHEN $4 THEN coalesce(acknowledged_at, now()) WHEN $4 IS NULL THEN acknowledged_at
          END,
          acknowledged_by = CASE
            WHEN $4 AND acknowledged_at IS NULL THEN $3::uuid WHEN $4 IS NULL OR $4 THEN acknowledged_by
          END,
          notes = CASE WHEN $5 THEN $6 ELSE notes END
        WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
        RETURNING {COLUMNS}
        """,
        tenant_id,
        event_id,
        user_id,
        given.get("acknowledged"),
        "notes" in given,
        given.get("notes"),
    )
    return msgspec.convert(dict(row), Event) if row else None


async def delete(conn: Connection, tenant_id: str, event_id: str, user_id: str) -> bool:
    """Put an event away, as staff: nobody sees it any more, and a redelivery does not bring it back."""
    status = await conn.execute(
        """
        UPDATE events SET deleted_at = now(), deleted_by = $3
        WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
        """,
        tenant_id,
        event_id,
        user_id,
    )
    return rows_of(status) == 1


async def purge(conn: Connection, limit: int = 5000) -> int:
    """Drop some events, deleted or not, that are older than the sweeper's tenant keeps them; returns how many."""
    status = await conn.execute(
        """
        DELETE FROM events WHERE (tenant_id, id) IN (
          SELECT tenant_id, id FROM events
          WHERE tenant_id = (SELECT app_tenant()) AND created_at < now() - make_interval(days => coalesce(
            (
              SELECT (global_settings ->> 'data_retention_days')::integer FROM monitoring_configs
              WHERE tenant_id = (SELECT app_tenant())
            ),
            $2
          ))
          ORDER BY created_at LIMIT $1
        )
        """,
        limit,
        GlobalSettings().data_retention_days,
    )
    return rows_of(status)
