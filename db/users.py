"""Users. Their passwords are in `db/credentials.py`, those of other issuers in `db/arrivals.py`."""

from datetime import datetime
from typing import Any, ClassVar, TypedDict, Unpack, get_type_hints

import asyncpg
import msgspec
from msgspec import Struct

from db.pool import Connection
from onboarding.access import Role
from onboarding.errors import GangwayError

COLUMNS = """
  id::text, tenant_id::text, email, full_name, role, timezone, locale, age, sex, height_cm, weight_kg,
  is_active, onboarding_completed, reminders_enabled, created_at, updated_at
"""
_HOW = "password_hash IS NOT NULL AS has_password, issuer"


class EmailTaken(GangwayError):
    """Another account has this e-mail."""

    code: ClassVar[str] = "email_taken"
    detail: ClassVar[str] = "There is an account with this e-mail already."


class UserNotFound(GangwayError):
    """There is no such user, or not for whoever asks."""

    code: ClassVar[str] = "user_not_found"
    detail: ClassVar[str] = "There is no such user."


class OwnRole(GangwayError):
    """Nobody changes their own role, or whether their own account is active."""

    code: ClassVar[str] = "own_role"
    detail: ClassVar[str] = "Nobody changes their own role, or whether their own account is active."


class LastAdmin(GangwayError):
    """A tenant that has an active admin keeps one."""

    code: ClassVar[str] = "last_admin"
    detail: ClassVar[str] = "This is the last active admin; make somebody else an admin first."


LAST_ADMIN_STATE = "GW001"
"""The SQLSTATE of the trigger `guard_user` for `LastAdmin`."""


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


class Account(Struct, frozen=True, kw_only=True):
    """A person, and how they sign in: with a password, through an issuer, or not yet."""

    user: User
    has_password: bool
    issuer: str | None

    @property
    def waits(self) -> bool:
        """Whether nobody has taken it up yet."""
        return not self.has_password and self.issuer is None


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


class AccountData(PersonalData, total=False):
    """What an admin may change of others too; of themselves people change the e-mail only."""

    email: str
    password_hash: str
    role: Role
    is_active: bool


class Filter(Struct, frozen=True, kw_only=True):
    """Which people of a tenant. `search` is looked for in e-mail and name, whatever the case."""

    search: str | None = None
    role: Role | None = None
    is_active: bool | None = None


_MATCHES = """
  tenant_id = $1 AND ($2::text IS NULL OR role = $2) AND ($3::boolean IS NULL OR is_active = $3)
  AND ($4::text IS NULL OR strpos(lower(email), lower($4)) > 0 OR strpos(lower(full_name), lower($4)) > 0)
"""


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
    return added(
        await conn.fetchrow(
            *adding(email=email, tenant_id=tenant_id, password_hash=password_hash, role=role, **known(data))
        )
    )


async def by_id(conn: Connection, user_id: str) -> User | None:
    """The user: oneself, or to staff anybody of the tenant."""
    row = await conn.fetchrow(f"SELECT {COLUMNS} FROM users WHERE id = $1", user_id)
    return msgspec.convert(dict(row), User) if row else None


async def names(conn: Connection, tenant_id: str, user_ids: list[str]) -> dict[str, str]:
    """What people are called, by id: their name, or else their e-mail; who has neither is left out."""
    query = """
        SELECT id::text, coalesce(nullif(full_name, ''), email) AS name FROM users
        WHERE tenant_id = $1 AND id = ANY($2)
    """
    rows = await conn.fetch(query, tenant_id, user_ids)
    return {row["id"]: row["name"] for row in rows if row["name"]}


async def account(conn: Connection, user_id: str) -> Account | None:
    """The account, which nobody else changes until the transaction ends: one's own, or as an admin any."""
    query = f"SELECT {COLUMNS}, {_HOW} FROM users WHERE id = $1 FOR NO KEY UPDATE"
    row = await conn.fetchrow(query, user_id)
    return _account(row) if row else None


async def accounts(conn: Connection, tenant_id: str, emails: list[str]) -> dict[str, Account]:
    """The accounts of a tenant that have one of these e-mails, by e-mail."""
    query = f"SELECT {COLUMNS}, {_HOW} FROM users WHERE tenant_id = $1 AND email = ANY($2)"
    return {row["email"]: _account(row) for row in await conn.fetch(query, tenant_id, emails)}


async def listed(
    conn: Connection, tenant_id: str, which: Filter, *, before: str | None = None, limit: int = 20
) -> list[User]:
    """A page of the tenant's people, newest first, older than the one with the id `before`."""
    rows = await conn.fetch(
        f"""
        SELECT {COLUMNS} FROM users WHERE {_MATCHES} AND ($5::uuid IS NULL OR id < $5)
        ORDER BY users.id DESC LIMIT $6
        """,
        *_asked(tenant_id, which),
        before,
        limit,
    )
    return [msgspec.convert(dict(row), User) for row in rows]


async def count(conn: Connection, tenant_id: str, which: Filter) -> int:
    """How many people that are."""
    query = f"SELECT count(*) FROM users WHERE {_MATCHES}"
    return await conn.fetchval(query, *_asked(tenant_id, which))


async def is_last_admin(conn: Connection, user_id: str) -> bool:
    """Whether the tenant would have no active admin without this one, as `guard_user` sees it."""
    query = """
        SELECT u.role = 'admin' AND u.is_active AND (u.password_hash IS NOT NULL OR u.issuer IS NOT NULL)
        AND NOT EXISTS (
          SELECT FROM users AS o WHERE o.tenant_id = u.tenant_id AND o.id <> u.id AND o.role = 'admin'
            AND o.is_active AND (o.password_hash IS NOT NULL OR o.issuer IS NOT NULL)
        ) FROM users AS u WHERE u.id = $1
    """
    return bool(await conn.fetchval(query, user_id))


async def update(conn: Connection, user_id: str, **data: Unpack[PersonalData]) -> User:
    """Change what is given; oneself only.

    Raises:
        UserNotFound: it is somebody else, or nobody.
    """
    row = await _written(conn, user_id, known(data))
    if row is None:
        raise UserNotFound
    return msgspec.convert(dict(row), User)


async def change(conn: Connection, user_id: str, **data: Unpack[AccountData]) -> User:
    """Change what is given: of oneself, or as an admin of anybody in the tenant.

    Raises:
        EmailTaken: another account has it.
        OwnRole: it would change who the caller is themselves.
        LastAdmin: the tenant would be left without one.
        UserNotFound: it is somebody else, or nobody.
    """
    row = await _written(conn, user_id, known(data, AccountData))
    if row is None:
        raise UserNotFound
    return msgspec.convert(dict(row), User)


async def take_up(conn: Connection, user_id: str, password_hash: str, **data: Unpack[PersonalData]) -> User | None:
    """Give a waiting account to whoever its invitation went to (in `SIGN_IN`); None when none waits.

    Raises:
        EmailTaken: the e-mail signs in to another tenant by now.
    """
    row = await _written(conn, user_id, {"password_hash": password_hash, **known(data)})
    return msgspec.convert(dict(row), User) if row else None


async def _written(conn: Connection, user_id: str, values: dict[str, Any]) -> asyncpg.Record | None:
    changes = "".join(f"{name} = ${index}, " for index, name in enumerate(values, 2))
    query = f"UPDATE users SET {changes}updated_at = now() WHERE id = $1 RETURNING {COLUMNS}"
    try:
        return await conn.fetchrow(query, user_id, *values.values())
    except asyncpg.UniqueViolationError:
        raise EmailTaken from None
    except asyncpg.InsufficientPrivilegeError:
        raise OwnRole from None
    except asyncpg.PostgresError as error:
        if getattr(error, "sqlstate", None) == LAST_ADMIN_STATE:
            raise LastAdmin from None
        raise


def adding(*, email: str | None, **values: Any) -> tuple[Any, ...]:
    """A query that adds a row, and its arguments; `values` are columns of ours, never what somebody sent."""
    holders = ", ".join(f"${index}" for index in range(2, len(values) + 2))
    query = f"""
        INSERT INTO users (email, {", ".join(values)}) VALUES (lower(trim($1)), {holders})
        ON CONFLICT DO NOTHING RETURNING {COLUMNS}
    """
    return query, email, *values.values()


def added(row: asyncpg.Record | None) -> User:
    """Who was added.

    Raises:
        EmailTaken: nobody was: the e-mail is taken, or the issuer's subject is known.
    """
    if row is None:
        raise EmailTaken
    return msgspec.convert(dict(row), User)


def _account(row: asyncpg.Record) -> Account:
    return Account(user=msgspec.convert(dict(row), User), has_password=row["has_password"], issuer=row["issuer"])


def _asked(tenant_id: str, which: Filter) -> tuple[Any, ...]:
    return tenant_id, which.role, which.is_active, which.search


def known(data: PersonalData, kind: Any = PersonalData) -> dict[str, Any]:
    """As columns; a name that is none of the kind must not reach the SQL."""
    if unknown := data.keys() - get_type_hints(kind).keys():
        raise TypeError(f"no personal data: {sorted(unknown)}")
    return dict(data)
