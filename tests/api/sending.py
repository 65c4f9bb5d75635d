"""AWS accounts that send events, as tests have them."""

import hashlib
import secrets
import uuid
from typing import Any

import httpx
from msgspec import Struct

from db.pool import Database
from onboarding.access import Caller, Role
from tests.api.company import Company

INGEST = "/api/v1/events/ingest"


class Account(Struct, frozen=True, kw_only=True):
    """An account of a tenant, and its token."""

    client: httpx.AsyncClient
    number: str
    token: str
    row_id: str

    async def send(self, envelope: Any, path: str = INGEST, **options: Any) -> httpx.Response:
        """Send what EventBridge would."""
        headers = {"Authorization": f"Event {self.token}", **options.pop("headers", {})}
        return await self.client.post(path, json=envelope, headers=headers, **options)

    def envelope(self, **fields: Any) -> dict[str, Any]:
        """An event of this account."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Something Happened",
            "source": "aws.something",
            "account": self.number,
            "time": "2026-05-01T12:00:00Z",
            "region": "eu-central-1",
            "resources": [],
            "detail": {},
            **fields,
        }


async def account_of(company: Company, database: Database, *, is_active: bool = True) -> Account:
    """A new account of a tenant."""
    admin, token = company.admin, secrets.token_urlsafe(32)
    number = f"{secrets.randbelow(10**12):012}"
    caller = Caller(tenant_id=admin.tenant_id, user_id=admin.id, role=Role.ADMIN)
    async with database.transaction(caller) as connection:
        row_id = await connection.fetchval(
            """
            INSERT INTO aws_accounts
              (tenant_id, account_id, account_name, region, external_id, ingest_token_hash, is_active)
            VALUES ($1, $2, 'An account', 'eu-central-1', 'x', $3, $4) RETURNING id::text
            """,
            admin.tenant_id,
            number,
            hashlib.sha256(token.encode()).digest(),
            is_active,
        )
    return Account(client=company.client, number=number, token=token, row_id=row_id)
