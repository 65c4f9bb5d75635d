"""The AWS accounts of a tenant. Whoever reads them is an admin, or looks after the tenant as `monitor`."""

from datetime import datetime
from typing import Any, ClassVar, Literal, TypedDict, Unpack, get_type_hints

import asyncpg
import msgspec
from msgspec import Struct

from db import events
from db.pool import Connection
from onboarding.errors import GangwayError

Status = Literal["untested", "connected", "failed"]
SealedKeys = list[str]
"""As `runtime.encryption.Sealed` is in JSON."""

_COLUMNS = """
  id::text, tenant_id::text, account_id, account_name, region, role_arn, external_id, access_key_id, is_active,
  status, status_detail, last_tested_at, created_at, updated_at
"""


class AwsAccountExists(GangwayError):
    """The tenant has this account already."""

    code: ClassVar[str] = "aws_account_exists"
    detail: ClassVar[str] = "This AWS account is there already."


class AwsAccount(Struct, frozen=True, kw_only=True):
    """An AWS account. `access_key_id` is what is shown of it; `updated_at` is when an admin last changed it."""

    id: str
    tenant_id: str
    account_id: str
    account_name: str
    region: str
    role_arn: str | None
    external_id: str
    access_key_id: str | None
    is_active: bool
    status: Status
    status_detail: str | None
    last_tested_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Held(Struct, frozen=True, kw_only=True):
    """An account with its keys, sealed."""

    account: AwsAccount
    sealed_keys: SealedKeys | None


class KeyData(TypedDict, total=False):
    """The keys: what is shown of them, and both parts sealed."""

    access_key_id: str | None
    sealed_secret: object | None


class AccountData(KeyData, total=False):
    """What an admin changes."""

    account_name: str
    region: str
    role_arn: str | None
    ingest_token_hash: bytes
    is_active: bool


_ENTRANCE = {"region", "role_arn", "sealed_secret"}
"""What a test of the connection goes by: it says nothing any more once one of these is another."""


async def create(
    conn: Connection,
    *,
    id: str,
    tenant_id: str,
    account_id: str,
    account_name: str,
    region: str,
    external_id: str,
    ingest_token_hash: bytes,
    role_arn: str | None = None,
    is_active: bool = True,
    key_data: KeyData | None = None,
) -> AwsAccount:
    """Add an account, not tested yet.

    Raises:
        AwsAccountExists: in this tenant.
    """
    values: dict[str, Any] = {
        "id": id,
        "tenant_id": tenant_id,
        "account_id": account_id,
        "account_name": account_name,
        "region": region,
        "external_id": external_id,
        "ingest_token_hash": ingest_token_hash,
        "role_arn": role_arn,
        "is_active": is_active,
        **(key_data or {}),
    }
    holders = ", ".join(f"${index}" for index in range(1, len(values) + 1))
    row = await conn.fetchrow(
        f"""
        INSERT INTO aws_accounts ({", ".join(values)}) VALUES ({holders})
        ON CONFLICT (tenant_id, account_id) DO NOTHING RETURNING {_COLUMNS}
        """,
        *values.values(),
    )
    if row is None:
        raise AwsAccountExists
    return _account(row)


async def get(conn: Connection, tenant_id: str, account_id: str) -> AwsAccount | None:
    """An account by the id of its row."""
    query = f"SELECT {_COLUMNS} FROM aws_accounts WHERE tenant_id = $1 AND id = $2"
    row = await conn.fetchrow(query, tenant_id, account_id)
    return _account(row) if row else None


async def held(conn: Connection, tenant_id: str, account_id: str) -> Held | None:
    """An account with its keys, which nobody else changes until the transaction ends."""
    query = f"""
        SELECT {_COLUMNS}, sealed_secret FROM aws_accounts WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE
    """
    row = await conn.fetchrow(query, tenant_id, account_id)
    return Held(account=_account(row), sealed_keys=row["sealed_secret"]) if row else None


async def listed(
    conn: Connection, tenant_id: str, *, before: tuple[datetime, str] | None = None, limit: int = 20
) -> list[AwsAccount]:
    """A page of the tenant's accounts, newest first, older than the one that was made then and has that id."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM aws_accounts
        WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $4
        """,
        tenant_id,
        *(before or (None, None)),
        limit,
    )
    return [_account(row) for row in rows]


async def count(conn: Connection, tenant_id: str) -> int:
    """How many accounts the tenant has."""
    return await conn.fetchval("SELECT count(*) FROM aws_accounts WHERE tenant_id = $1", tenant_id)


async def active(conn: Connection, tenant_id: str) -> dict[str, bool]:
    """By the id of its row, whether an account is active: all of them."""
    rows = await conn.fetch("SELECT id::text, is_active FROM aws_accounts WHERE tenant_id = $1", tenant_id)
    return {row["id"]: row["is_active"] for row in rows}


async def pulled_until(conn: Connection, tenant_id: str, account_id: str) -> datetime | None:
    """Up to when an account's alarms are known; None for never, or by a configuration that is another one now."""
    return await conn.fetchval(
        """
        SELECT CASE WHEN c.updated_at > a.pulled_until THEN NULL ELSE a.pulled_until END
        FROM aws_accounts AS a LEFT JOIN monitoring_configs AS c ON c.tenant_id = a.tenant_id
        WHERE a.tenant_id = $1 AND a.id = $2
        """,
        tenant_id,
        account_id,
    )


async def change(
    conn: Connection, tenant_id: str, account_id: str, **data: Unpack[AccountData]
) -> AwsAccount | None:
    """Change what is given (as an admin). With another way in it is untested, and looked at from the start."""
    values = _known(data)
    changes = "".join(f"{name} = ${index}, " for index, name in enumerate(values, 3))
    if _ENTRANCE & values.keys():
        changes += "status = 'untested', status_detail = NULL, "
    row = await conn.fetchrow(
        f"""
        UPDATE aws_accounts SET {changes}pulled_until = NULL, updated_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 RETURNING {_COLUMNS}
        """,
        tenant_id,
        account_id,
        *values.values(),
    )
    return _account(row) if row else None


async def remove(conn: Connection, tenant_id: str, account_id: str) -> bool:
    """Delete an account (as an admin); its events stay. Whether it was there."""
    query = "DELETE FROM aws_accounts WHERE tenant_id = $1 AND id = $2"
    return await conn.execute(query, tenant_id, account_id) == "DELETE 1"


async def tell(
    conn: Connection,
    account: AwsAccount,
    *,
    failure: str | None,
    tested: bool = False,
    pulled_until: datetime | None = None,
) -> bool:
    """Write down how entering an account went, unless an admin has changed it meanwhile.

    An account that fails, or works again after it failed, is an event; one that goes on failing is none.

    Args:
        conn: as an admin, or as `monitor`.
        account: as it was read before.
        failure: why it failed, in words for admins; None when it did not.
        tested: whether that was a test that somebody asked for.
        pulled_until: up to when its alarms are known now.

    Returns:
        Whether it was written down.
    """
    status: Status = "failed" if failure else "connected"
    before: Status | None = await conn.fetchval(
        """
        UPDATE aws_accounts AS a SET status = $4, status_detail = $5,
          last_tested_at = CASE WHEN $6 THEN clock_timestamp() ELSE a.last_tested_at END,
          pulled_until = coalesce($7, a.pulled_until)
        FROM (
          SELECT id, status FROM aws_accounts WHERE tenant_id = $1 AND id = $2 AND updated_at = $3
          FOR NO KEY UPDATE
        ) AS b
        WHERE a.tenant_id = $1 AND a.id = b.id RETURNING b.status
        """,
        account.tenant_id,
        account.id,
        account.updated_at,
        status,
        failure,
        tested,
        pulled_until,
    )
    if before is not None and before != status and "failed" in (before, status):
        await events.note(
            conn,
            tenant_id=account.tenant_id,
            source="monitoring.aws",
            detail_type="AWS Account Failed" if failure else "AWS Account Works Again",
            severity="high" if failure else "low",
            detail={
                "account": account.account_id,
                "account_name": account.account_name,
                "aws_account": account.id,
                "reason": failure,
            },
            account=account.account_id,
            region=account.region,
        )
    return before is not None


def _known(data: AccountData) -> dict[str, Any]:
    if unknown := data.keys() - get_type_hints(AccountData).keys():
        raise TypeError(f"nothing that an admin changes of an account: {sorted(unknown)}")
    return dict(data)


def _account(row: asyncpg.Record) -> AwsAccount:
    return msgspec.convert(dict(row), AwsAccount)
