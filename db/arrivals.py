"""People whom another issuer signs in: added, found by what the issuer calls them."""

from typing import Unpack

import asyncpg
import msgspec

from db.pool import Connection
from db.users import COLUMNS, EmailTaken, PersonalData, User, added, adding, known
from onboarding.access import Role


async def arrive(
    conn: Connection,
    *,
    tenant_id: str,
    issuer: str,
    subject: str,
    email: str | None,
    role: Role,
    **data: Unpack[PersonalData],
) -> User:
    """Add a person whom another issuer signs in (as `issuer` in the tenant).

    Raises:
        EmailTaken: in this tenant; or the person has come in the meantime, to this tenant or to another.
    """
    return added(
        await conn.fetchrow(
            *adding(email=email, tenant_id=tenant_id, issuer=issuer, subject=subject, role=role, **known(data))
        )
    )


async def by_subject(conn: Connection, issuer: str, subject: str) -> User | None:
    """The person whom an issuer calls so, in whatever tenant they are (in `SIGN_IN`)."""
    query = f"SELECT {COLUMNS} FROM users WHERE issuer = $1 AND subject = $2"
    row = await conn.fetchrow(query, issuer, subject)
    return msgspec.convert(dict(row), User) if row else None


async def fill_in_email(conn: Connection, user_id: str, email: str) -> None:
    """Note the e-mail of somebody who came without one; oneself only.

    Raises:
        EmailTaken: in this tenant. The transaction is lost.
    """
    query = "UPDATE users SET email = $2, updated_at = now() WHERE id = $1 AND email IS NULL"
    try:
        await conn.execute(query, user_id, email)
    except asyncpg.UniqueViolationError:
        raise EmailTaken from None
