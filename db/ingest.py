"""Who sends events from outside, by the token that they show (in `SIGN_IN`)."""

import msgspec
from msgspec import Struct

from db.pool import Connection


class Sender(Struct, frozen=True, kw_only=True):
    """An AWS account that sends its events. `id` is that of its row, `account_id` its twelve digits."""

    id: str
    tenant_id: str
    account_id: str
    is_active: bool


async def sender(conn: Connection, token_hash: bytes) -> Sender | None:
    """Whose token that is."""
    row = await conn.fetchrow(
        "SELECT id::text, tenant_id::text, account_id, is_active FROM aws_accounts WHERE ingest_token_hash = $1",
        token_hash,
    )
    return msgspec.convert(dict(row), Sender) if row else None
