"""Users. The password's hash leaves only as `Credentials`."""

from datetime import datetime
from typing import Any, ClassVar, TypedDict, Unpack

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection
from onboarding.access import Role
from onboarding.errors import GangwayError

_COLUMNS = """
  id::text, tenant_id::text, email, full_name, role, timezone, locale, age, sex, height_cm, weight_kg,
  is_active, onboarding_completed, reminders_enabled, created_at, updated_at
"""


class EmailTaken(GangwayError):
    """Another account has this e-mail."""

    code: ClassVar[str] = "email_taken"
    detail: ClassVar[str] = "There is an account with this e-mail already."


class UserNotFound(GangwayError):
    """There is no such user, or not for whoever asks."""

    code: ClassVar[str] = "user_not_found"
    detail: ClassVar[str] = "There is no such user."


class User(Struct, frozen=True, kw_only=True):
    """A person with an account. `timezone` is IANA, lengths are in cm, weights in kg."""

    id: str
    tenant_id: str
    email: str | None
    full_name: str | None
    role: Role
    timezone: str
    locale: str
    age: int | None
    sex: str | None
    height_cm: float | None
    weight_kg: float | None
    is_active: bool
    onboarding_completed: bool
    reminders_enabled: bool
    created_at: datetime
    updated_at: datetime


class Credentials(Struct, frozen=True, kw_only=True):
    """What signing in needs; the hash is not shown."""

    user: User
    password_hash: str

    def __repr__(self) -> str:
        return f"Credentials(user={self.user.id})"


class PersonalData(TypedDict, total=False):
    """What people may say about themselves; the bounds of page 10 are checked by the table too."""

    full_name: str | None
    timezone: str
    locale: str
    age: int | None
    sex: str | None
    height_cm: float | None
    weight_kg: float | None
    reminders_enabled: bool


async def create(
    conn: Connection,
    *,
    tenant_id: str,
    email: str,
    password_hash: str | None,
    role: Role = Role.USER,
    **data: Unpack[PersonalData],
) -> User:
    """Add a user: role `user` in `SIGN_IN`, any role as an admin of the tenant.

    Raises:
        EmailTaken: in this tenant, or with a password in any.
    """
    return await _add(
        conn, email=email, tenant_id=tenant_id, password_hash=password_hash, role=role, **_known(data)
    )


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
    return await _add(
        conn, email=email, tenant_id=tenant_id, issuer=issuer, subject=subject, role=role, **_known(data)
    )


async def by_subject(conn: Connection, issuer: str, subject: str) -> User | None:
    """The person whom an issuer calls so, in whatever tenant they are (in `SIGN_IN`)."""
    query = f"SELECT {_COLUMNS} FROM users WHERE issuer = $1 AND subject = $2"
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


async def by_id(conn: Connection, user_id: str) -> User | None:
    """The user: oneself, or to staff anybody of the tenant."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM users WHERE id = $1", user_id)
    return msgspec.convert(dict(row), User) if row else None


async def credentials_by_email(conn: Connection, email: str) -> Credentials | None:
    """The account that signs in with this e-mail and a password, over all tenants (in `SIGN_IN`)."""
    query = f"""
        SELECT {_COLUMNS}, password_hash FROM users
        WHERE email = lower(trim($1)) AND password_hash IS NOT NULL
    """
    row = await conn.fetchrow(query, email)
    if row is None:
        return None
    return Credentials(user=msgspec.convert(dict(row), User), password_hash=row["password_hash"])


async def update(conn: Connection, user_id: str, **data: Unpack[PersonalData]) -> User:
    """Change what is given; oneself only.

    Raises:
        UserNotFound: it is somebody else, or nobody.
    """
    values = _known(data)
    changes = "".join(f"{name} = ${index}, " for index, name in enumerate(values, 2))
    row = await conn.fetchrow(
        f"UPDATE users SET {changes}updated_at = now() WHERE id = $1 RETURNING {_COLUMNS}",
        user_id,
        *values.values(),
    )
    if row is None:
        raise UserNotFound
    return msgspec.convert(dict(row), User)


async def _add(conn: Connection, *, email: str | None, **values: Any) -> User:
    holders = ", ".join(f"${index}" for index in range(2, len(values) + 2))
    row = await conn.fetchrow(
        f"""
        INSERT INTO users (email, {", ".join(values)}) VALUES (lower(trim($1)), {holders})
        ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
        """,
        email,
        *values.values(),
    )
    if row is None:
        raise EmailTaken
    return msgspec.convert(dict(row), User)


def _known(data: PersonalData) -> dict[str, Any]:
    """As columns; a name that is none of PersonalData must not reach the SQL."""
    if unknown := data.keys() - PersonalData.__annotations__.keys():
        raise TypeError(f"no personal data: {sorted(unknown)}")
    return dict(data)
