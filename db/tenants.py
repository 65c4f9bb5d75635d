"""Tenants."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, TypedDict, Unpack

import msgspec
from msgspec import Struct

from db.pool import Connection
from onboarding.errors import GangwayError

_COLUMNS = """
  id::text, external_id, name, default_flow, ai_budget_run, ai_budget_day, ai_budget_month, allowed_connections,
  created_at, updated_at
"""


class TenantExists(GangwayError):
    """Another tenant has this external id."""

    code: ClassVar[str] = "tenant_exists"
    detail: ClassVar[str] = "There is a tenant with this external id already."


class Tenant(Struct, frozen=True, kw_only=True):
    """A tenant. `external_id` is what an issuer of tokens calls it; budgets are dollars, None the deployment's."""

    id: str
    external_id: str
    name: str
    default_flow: str
    ai_budget_run: Decimal | None
    ai_budget_day: Decimal | None
    ai_budget_month: Decimal | None
    allowed_connections: list[str]
    created_at: datetime
    updated_at: datetime


class TenantData(TypedDict, total=False):
    """What an admin sets."""

    name: str
    default_flow: str
    ai_budget_run: Decimal | None
    ai_budget_day: Decimal | None
    ai_budget_month: Decimal | None
    allowed_connections: list[str]


async def ensure(conn: Connection, external_id: str, name: str, default_flow: str = "fitness") -> Tenant:
    """The tenant with that external id, made when there is none (in `SIGN_IN`, or as the operator)."""
    if found := await by_external_id(conn, external_id):
        return found
    # Another may make it at the same moment; the second look sees theirs.
    await _add(conn, external_id, name, default_flow)
    made = await by_external_id(conn, external_id)
    assert made is not None
    return made


async def create(conn: Connection, external_id: str, name: str, default_flow: str) -> Tenant:
    """A new tenant (as the operator).

    Raises:
        TenantExists: under this external id.
    """
    if not await _add(conn, external_id, name, default_flow):
        raise TenantExists
    made = await by_external_id(conn, external_id)
    assert made is not None
    return made


async def get(conn: Connection, tenant_id: str) -> Tenant | None:
    """The tenant, to its members and in `SIGN_IN`."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM tenants WHERE id = $1", tenant_id)
    return msgspec.convert(dict(row), Tenant) if row else None


async def update(conn: Connection, tenant_id: str, **data: Unpack[TenantData]) -> Tenant | None:
    """Change what is given; None where the caller is no admin of it."""
    if unknown := data.keys() - TenantData.__annotations__.keys():
        raise TypeError(f"nothing that a tenant sets: {sorted(unknown)}")
    values: dict[str, Any] = dict(data)
    changes = "".join(f"{name} = ${index}, " for index, name in enumerate(values, 2))
    row = await conn.fetchrow(
        f"UPDATE tenants SET {changes}updated_at = now() WHERE id = $1 RETURNING {_COLUMNS}",
        tenant_id,
        *values.values(),
    )
    return msgspec.convert(dict(row), Tenant) if row else None


async def listed(conn: Connection, limit: int) -> list[Tenant]:
    """The newest tenants (as the operator)."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM tenants ORDER BY id DESC LIMIT $1", limit)
    return [msgspec.convert(dict(row), Tenant) for row in rows]


async def all_ids(conn: Connection) -> list[str]:
    """Every tenant, oldest first (in `sweeper()`, or as the operator)."""
    return [row["id"] for row in await conn.fetch("SELECT id::text FROM tenants ORDER BY id")]


async def by_external_id(conn: Connection, external_id: str) -> Tenant | None:
    """The tenant that issuers of tokens call by this name (in `SIGN_IN`)."""
    query = f"SELECT {_COLUMNS} FROM tenants WHERE external_id = $1"
    row = await conn.fetchrow(query, external_id)
    return msgspec.convert(dict(row), Tenant) if row else None


async def _add(conn: Connection, external_id: str, name: str, default_flow: str) -> bool:
    query = """
        INSERT INTO tenants (external_id, name, default_flow) VALUES ($1, $2, $3)
        ON CONFLICT (external_id) DO NOTHING
    """
    return await conn.execute(query, external_id, name, default_flow) == "INSERT 0 1"
