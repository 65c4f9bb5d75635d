"""Tenants."""

from datetime import datetime

import msgspec
from msgspec import Struct

from db.pool import Connection

_COLUMNS = "id::text, external_id, name, default_flow, created_at"


class Tenant(Struct, frozen=True, kw_only=True):
    """A tenant. `external_id` is what an issuer of tokens calls it."""

    id: str
    external_id: str
    name: str
    default_flow: str
    created_at: datetime


async def ensure(conn: Connection, external_id: str, name: str, default_flow: str = "fitness") -> Tenant:
    """The tenant with that external id, made when there is none (in `SIGN_IN`)."""
    if found := await by_external_id(conn, external_id):
        return found
    # Another may make it at the same moment; the second look sees theirs.
    await conn.execute(
        """
        INSERT INTO tenants (external_id, name, default_flow) VALUES ($1, $2, $3)
        ON CONFLICT (external_id) DO NOTHING
        """,
        external_id,
        name,
        default_flow,
    )
    made = await by_external_id(conn, external_id)
    assert made is not None
    return made


async def get(conn: Connection, tenant_id: str) -> Tenant | None:
    """The tenant, to its members and in `SIGN_IN`."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM tenants WHERE id = $1", tenant_id)
    return msgspec.convert(dict(row), Tenant) if row else None


async def by_external_id(conn: Connection, external_id: str) -> Tenant | None:
    """The tenant that issuers of tokens call by this name (in `SIGN_IN`)."""
    query = f"SELECT {_COLUMNS} FROM tenants WHERE external_id = $1"
    row = await conn.fetchrow(query, external_id)
    return msgspec.convert(dict(row), Tenant) if row else None


async def all_ids(conn: Connection) -> list[str]:
    """Every tenant, oldest first (in `sweeper()`)."""
    return [row["id"] for row in await conn.fetch("SELECT id::text FROM tenants ORDER BY id")]
