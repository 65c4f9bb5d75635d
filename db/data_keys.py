"""Data keys as they are wrapped: the keeper's, save that people may read the row of their own.

New ones come in under a shared lock; the key-encryption key is changed under the exclusive one. So no row comes in
under the old key once there is a new one.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from msgspec import Struct

from db.pool import Connection, Database, rows_of
from db.runs import PersonGone
from db.tenant import KEEPER

_LOCK = "hashtextextended('data_keys', 0)"
_COLUMNS = "id::text, tenant_id::text, user_id::text, key_id, wrapped"


class WrappedKey(Struct, frozen=True, kw_only=True):
    """A data key, wrapped by the key-encryption key `key_id`; `owner` is tenant and user, or nobody."""

    id: str
    owner: tuple[str, str] | None
    key_id: str
    wrapped: bytes


class Rewrapped(Struct, frozen=True, kw_only=True):
    """The same data key under another key-encryption key."""

    id: str
    old_key_id: str
    key_id: str
    wrapped: bytes


class DataKeyStore:
    """The rows, in transactions of their own: not for use while a connection of the same pool is held."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, owner: tuple[str, str] | None) -> WrappedKey | None:
        """The key of a person, or the one of nobody."""
        async with self._database.transaction(KEEPER) as conn:
            return await _of(conn, owner)

    async def by_id(self, id: str) -> WrappedKey | None:
        """One key."""
        async with self._database.transaction(KEEPER) as conn:
            return _key(await conn.fetchrow(f"SELECT {_COLUMNS} FROM data_keys WHERE id = $1", id))

    async def add(
        self,
        id: str,
        owner: tuple[str, str] | None,
        key_id: str,
        wrapped: bytes,
        is_current: Callable[[str], bool],
    ) -> WrappedKey | None:
        """Add a key unless its owner has one; gives the one that is there then.

        None, and nothing is added, when the key-encryption key `key_id` is no longer current.

        Raises:
            PersonGone: nobody has this user id in this tenant.
        """
        async with self._database.transaction(KEEPER) as conn:
            await conn.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
            if not is_current(key_id):
                return None
            try:
                await conn.execute(
                    """
                    INSERT INTO data_keys (id, tenant_id, user_id, key_id, wrapped) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (user_id) DO NOTHING
                    """,
                    id,
                    *(owner or (None, None)),
                    key_id,
                    wrapped,
                )
            except asyncpg.ForeignKeyViolationError:
                raise PersonGone from None
            found = await _of(conn, owner)
            if found is None:  # there is one, in another tenant
                raise PersonGone
            return found

    async def counts(self) -> dict[str, int]:
        """How many rows each key-encryption key wraps."""
        async with self._database.transaction(KEEPER) as conn:
            return await _counts(conn)

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[dict[str, int]]:
        """While nobody adds a key: the counts. For as short as can be."""
        async with self._database.transaction(KEEPER) as conn:
            await conn.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield await _counts(conn)

    async def page(self, key_id: str, after: str | None, limit: int) -> list[WrappedKey]:
        """Some rows that a key-encryption key wraps, by id, after the one with the id `after`."""
        async with self._database.transaction(KEEPER) as conn:
            rows = await conn.fetch(
                f"""
                SELECT {_COLUMNS} FROM data_keys
                WHERE key_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
                """,
                key_id,
                after,
                limit,
            )
        return [_wrapped(row) for row in rows]

    async def rewrap(self, keys: Sequence[Rewrapped]) -> int:
        """Put other wrappings in the place of the old ones, all or none, save where that was done meanwhile."""
        async with self._database.transaction(KEEPER) as conn:
            status = await conn.execute(
                """
                UPDATE data_keys AS d SET key_id = n.key_id, wrapped = n.wrapped, wrapped_at = now()
                FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) AS n (id, old_key_id, key_id, wrapped)
                WHERE d.id = n.id AND d.key_id = n.old_key_id
                """,
                [key.id for key in keys],
                [key.old_key_id for key in keys],
                [key.key_id for key in keys],
                [key.wrapped for key in keys],
            )
        return rows_of(status)


async def _of(conn: Connection, owner: tuple[str, str] | None) -> WrappedKey | None:
    if owner is None:
        return _key(await conn.fetchrow(f"SELECT {_COLUMNS} FROM data_keys WHERE user_id IS NULL"))
    query = f"SELECT {_COLUMNS} FROM data_keys WHERE tenant_id = $1 AND user_id = $2"
    return _key(await conn.fetchrow(query, *owner))


async def _counts(conn: Connection) -> dict[str, int]:
    rows = await conn.fetch("SELECT key_id, count(*) FROM data_keys GROUP BY key_id ORDER BY key_id")
    return {row["key_id"]: row["count"] for row in rows}


def _key(row: Any | None) -> WrappedKey | None:
    return None if row is None else _wrapped(row)


def _wrapped(row: Any) -> WrappedKey:
    owner = (row["tenant_id"], row["user_id"]) if row["user_id"] else None
    return WrappedKey(id=row["id"], owner=owner, key_id=row["key_id"], wrapped=row["wrapped"])
