"""Consents: somebody was sent to a provider, and may come back once. Times are the database's own."""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection, rows_of
from db.runs import PersonGone
from onboarding.connections import CONSENT_LASTS, CONSENTS_AT_MOST, ProviderKey


class Consent(Struct, frozen=True, kw_only=True):
    """A consent that somebody came back with.

    Attributes:
        first: nobody came back with it before.
        fresh: it has not expired.
    """

    id: str
    tenant_id: str
    user_id: str
    provider: ProviderKey
    browser_hash: bytes
    return_to: str
    first: bool
    fresh: bool


class Arrived(Struct, frozen=True, kw_only=True):
    """What came back, sealed as `runtime.encryption.Sealed` is in JSON, and can be exchanged once."""

    provider: ProviderKey
    sealed_code: Any
    sealed_verifier: Any
    realm: str | None


async def begin(
    conn: Connection,
    *,
    consent_id: str,
    tenant_id: str,
    user_id: str,
    provider: ProviderKey,
    state_hash: bytes,
    browser_hash: bytes,
    sealed_verifier: object,
    return_to: str,
) -> datetime:
    """Write down that somebody is sent away, and until when they must be back; older ones give way.

    Raises:
        PersonGone: they were erased since they were let in.
    """
    try:
        expires_at = await conn.fetchval(
            """
            INSERT INTO consents (id, tenant_id, user_id, provider, state_hash, browser_hash, sealed_verifier,
              return_to, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9) RETURNING expires_at
            """,
            consent_id,
            tenant_id,
            user_id,
            provider,
            state_hash,
            browser_hash,
            sealed_verifier,
            return_to,
            CONSENT_LASTS,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise PersonGone from error
    await conn.execute(
        f"""
        DELETE FROM consents WHERE user_id = $1 AND id NOT IN (
          SELECT id FROM consents WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT {CONSENTS_AT_MOST}
        )
        """,
        user_id,
    )
    return expires_at


async def take(conn: Connection, state_hash: bytes) -> Consent | None:
    """Take a consent up, which only the `first` can; None when there is none (as `CONNECTOR`)."""
    row = await conn.fetchrow(
        """
        WITH taken AS (
          UPDATE consents SET used_at = clock_timestamp() WHERE state_hash = $1 AND used_at IS NULL RETURNING id
        )
        SELECT id::text, tenant_id::text, user_id::text, provider, browser_hash, return_to,
          EXISTS (SELECT FROM taken) AS first, expires_at > clock_timestamp() AS fresh
        FROM consents WHERE state_hash = $1
        """,
        state_hash,
    )
    return msgspec.convert(dict(row), Consent) if row else None


async def arrive(
    conn: Connection, consent_id: str, user_id: str, *, sealed_code: object, realm: str | None
) -> None:
    """Keep what came back with a consent that was taken up, until it is exchanged."""
    await conn.execute(
        """
        UPDATE consents SET sealed_code = $3, realm = $4
        WHERE id = $1 AND user_id = $2 AND used_at IS NOT NULL AND sealed_verifier IS NOT NULL
        """,
        consent_id,
        user_id,
        sealed_code,
        realm,
    )


async def arrived(conn: Connection, consent_id: str, user_id: str) -> Arrived | None:
    """What came back; None when it was spent, or there is no such consent."""
    row = await conn.fetchrow(
        """
        SELECT provider, sealed_code, sealed_verifier, realm FROM consents
        WHERE id = $1 AND user_id = $2 AND sealed_code IS NOT NULL AND sealed_verifier IS NOT NULL
        """,
        consent_id,
        user_id,
    )
    return msgspec.convert(dict(row), Arrived) if row else None


async def spend(conn: Connection, consent_id: str, user_id: str) -> bool:
    """Empty code and verifier, which are to be sent now; False when somebody else did that before."""
    spent = await conn.execute(
        """
        UPDATE consents SET sealed_code = NULL, sealed_verifier = NULL
        WHERE id = $1 AND user_id = $2 AND sealed_code IS NOT NULL
        """,
        consent_id,
        user_id,
    )
    return rows_of(spent) == 1
