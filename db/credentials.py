"""Passwords of users, as hashes: they leave this file for whoever verifies one, and for nobody else."""

import msgspec
from msgspec import Struct

from db.pool import Connection
from db.users import COLUMNS, User


class Credentials(Struct, frozen=True, kw_only=True):
    """What signing in needs; the hash is not shown."""

    user: User
    password_hash: str

    def __repr__(self) -> str:
        return f"Credentials(user={self.user.id})"


async def by_email(conn: Connection, email: str) -> Credentials | None:
    """The account that signs in with this e-mail and a password, over all tenants (in `SIGN_IN`)."""
    query = f"""
        SELECT {COLUMNS}, password_hash FROM users
        WHERE email = lower(trim($1)) AND password_hash IS NOT NULL
    """
    row = await conn.fetchrow(query, email)
    if row is None:
        return None
    return Credentials(user=msgspec.convert(dict(row), User), password_hash=row["password_hash"])


async def hash_of(conn: Connection, user_id: str) -> str | None:
    """One's own password's hash; None for who signs in elsewhere."""
    return await conn.fetchval("SELECT password_hash FROM users WHERE id = $1", user_id)


async def holds(conn: Connection, user_id: str, hashed: str) -> bool:
    """Whether this is still one's own password, and the account active; until the transaction ends it stays so."""
    query = "SELECT true FROM users WHERE id = $1 AND password_hash = $2 AND is_active FOR SHARE"
    return bool(await conn.fetchval(query, user_id, hashed))


async def set_password(conn: Connection, user_id: str, hashed: str, *, instead_of: str | None = None) -> bool:
    """Give oneself another password; False when `instead_of` is given and is no longer the hash."""
    status = await conn.execute(
        """
        UPDATE users SET password_hash = $2, updated_at = now()
        WHERE id = $1 AND ($3::text IS NULL OR password_hash = $3)
        """,
        user_id,
        hashed,
        instead_of,
    )
    return status == "UPDATE 1"
