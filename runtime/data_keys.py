"""Data keys, one a person, wrapped in the store: found, made, unwrapped, and kept for minutes."""

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

from runtime.addresses import Owner
from runtime.encryption import KEY_BYTES, CannotOpen, DataKey
from runtime.key_encryption import KeyEncryption
from runtime.lru import Lru
from runtime.wrapping import KeysUnavailable, Wrapped

AT_MOST = 20_000
TTL_SECONDS = 300.0
"""After this long every process has forgotten a key that was destroyed."""

_TRIES = 5


class StoredKey(Protocol):
    """A row: a data key as it was wrapped, and whose it is."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def owner(self) -> tuple[str, str] | None: ...  # noqa: D102
    @property
    def key_id(self) -> str: ...  # noqa: D102
    @property
    def wrapped(self) -> bytes: ...  # noqa: D102


class Store(Protocol):
    """Where the wrapped keys are."""

    async def of(self, owner: Owner | None) -> StoredKey | None:
        """The key of a person, or the one of nobody."""
        ...

    async def by_id(self, id: str) -> StoredKey | None:
        """One key."""
        ...

    async def add(
        self, id: str, owner: Owner | None, key_id: str, wrapped: bytes, is_current: Callable[[str], bool]
    ) -> StoredKey | None:
        """Add a key unless its owner has one; gives the one that is there then.

        None, and nothing is added, when the key-encryption key that it was wrapped with is no longer current.

        Raises:
            GangwayError: the person is gone.
        """
        ...


class DataKeys:
    """See `Keys`. Asks the store and the key-encryption key only for what it has not in memory."""

    def __init__(
        self,
        store: Store,
        wrapper: KeyEncryption,
        *,
        at_most: int = AT_MOST,
        ttl_seconds: float = TTL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._wrapper = wrapper
        self._by_id = Lru[str, DataKey](at_most, ttl_seconds, clock)
        self._by_owner = Lru[tuple[str, str] | None, DataKey](at_most, ttl_seconds, clock)

    async def sealing(self, owner: Owner | None) -> DataKey:
        """The person's key, made when they have none yet; see `Keys`."""
        return await self._by_owner.get(owner, partial(self._find_or_make, owner))

    async def opening(self, key_id: str) -> DataKey:
        """The key of a row; see `Keys`."""
        return await self._by_id.get(key_id, partial(self._find, key_id))

    async def _find(self, key_id: str) -> DataKey:
        if not _is_uuid(key_id):
            return self._wrapper.of_before(key_id)
        found = await self._store.by_id(key_id)
        if found is None:
            raise CannotOpen(f"no key {key_id!r}")
        key = await self._unwrapped(found)
        # Who reads what a person sent is about to seal an answer for them.
        self._by_owner.put(found.owner, key)
        return key

    async def _find_or_make(self, owner: Owner | None) -> DataKey:
        found = await self._store.of(owner)
        key = await self._make(owner) if found is None else await self._unwrapped(found)
        self._by_id.put(key.id, key)
        return key

    async def _make(self, owner: Owner | None) -> DataKey:
        for _ in range(_TRIES):
            id, key = str(uuid7()), os.urandom(KEY_BYTES)
            # Before the store's transaction, not inside: this may take long.
            wrapped = await self._wrapper.wrap(key, id)
            found = await self._store.add(id, owner, wrapped.key_id, wrapped.data, self._wrapper.is_current)
            if found is not None:
                return DataKey(id, key) if found.id == id else await self._unwrapped(found)
        raise KeysUnavailable("the key-encryption key changes all the time")

    async def _unwrapped(self, found: StoredKey) -> DataKey:
        return DataKey(found.id, await self._wrapper.unwrap(Wrapped(found.key_id, found.wrapped), found.id))


def _is_uuid(key_id: str) -> bool:
    try:
        return str(UUID(key_id)) == key_id
    except ValueError:
        return False
