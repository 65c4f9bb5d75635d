"""How a tenant is monitored."""

from typing import Any

import msgspec

from db.pool import Connection
from onboarding.monitoring import Monitoring


async def get(conn: Connection, tenant_id: str) -> Monitoring:
    """What the tenant's admins set, or the defaults."""
    query = "SELECT version, services, global_settings FROM monitoring_configs WHERE tenant_id = $1"
    row = await conn.fetchrow(query, tenant_id)
    return msgspec.convert(dict(row), Monitoring) if row else Monitoring()


async def held(conn: Connection, tenant_id: str) -> Monitoring:
    """The same, for whoever is about to change it: others who are wait until the transaction ends."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('monitoring' || $1::uuid::text, 0))"
    await conn.execute(lock, tenant_id)
    return await get(conn, tenant_id)


async def sealed_webhook(conn: Connection, tenant_id: str) -> list[Any] | None:
    """The address of the Slack webhook, as `runtime.encryption.Sealed` in JSON, for
    `monitoring_configs.sealed_slack_webhook/<tenant_id>`; None without one.
    """
    query = "SELECT sealed_slack_webhook FROM monitoring_configs WHERE tenant_id = $1"
    return await conn.fetchval(query, tenant_id)


async def put(
    conn: Connection,
    tenant_id: str,
    monitoring: Monitoring,
    *,
    sealed_webhook: list[Any] | None,
    changed_by: str,
) -> None:
    """Set all of it, its version too (after `held`)."""
    await conn.execute(
        """
        INSERT INTO monitoring_configs
          (tenant_id, version, services, global_settings, sealed_slack_webhook, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id) DO UPDATE SET (
          version, services, global_settings, sealed_slack_webhook, updated_by, updated_at
        ) = ROW (
          EXCLUDED.version, EXCLUDED.services, EXCLUDED.global_settings, EXCLUDED.sealed_slack_webhook,
          EXCLUDED.updated_by, now()
        )
        """,
        tenant_id,
        monitoring.version,
        monitoring.services,
        monitoring.global_settings,
        sealed_webhook,
        changed_by,
    )
