"""Changes the key-encryption key under the running system: a new key, then every data key wrapped anew.

Nothing that is sealed changes, since data keys stay as they are. What runs meanwhile reads on: each row says which
key wraps it, and both are there.
"""

import asyncio

from msgspec import Struct

from db.data_keys import DataKeyStore, Rewrapped, WrappedKey
from runtime.encryption import CannotOpen
from runtime.key_encryption import KeyEncryption
from runtime.wrapping import Wrapped

PAGE = 200
_AT_ONCE = 8  # as many as ask AWS KMS at once
_ROUNDS = 3


class Rotation(Struct, frozen=True, kw_only=True):
    """What a rotation came to: `left` counts the rows that another key still wraps, `damaged` are their ids when
    they do not open with the key that they name.
    """

    current: str
    new_key: bool
    rewrapped: int
    left: dict[str, int]
    damaged: list[str]


async def rotate(store: DataKeyStore, wrapper: KeyEncryption, *, finish: bool = False) -> Rotation:
    """Make a new key current, when the one before wraps everything; then wrap all with the current one.

    Killed at any moment it can be run again, and finishes.

    Args:
        store: the rows.
        wrapper: the key-encryption keys.
        finish: make no new key.

    Raises:
        KeysUnavailable: a key is away; what was wrapped anew stays so.
        OSError: the key file cannot be written.
    """
    new_key = False
    if not finish:
        current = await wrapper.current()
        # Alone, or two rotations at once could write the file over each other, and lose a key.
        async with store.alone() as counts:
            if wrapper.is_current(current) and counts.keys() <= {current}:
                new_key = wrapper.mint()
    current, walk = await wrapper.current(), _Walk(store, wrapper)
    for _ in range(_ROUNDS):  # who was started with other settings may add some behind us
        for key_id in await _left(store, current):
            await walk.over(key_id)
    return Rotation(
        current=current,
        new_key=new_key,
        rewrapped=walk.rewrapped,
        left=await _left(store, current),
        damaged=sorted(walk.damaged),
    )


async def _left(store: DataKeyStore, current: str) -> dict[str, int]:
    """What other keys than the current one wrap."""
    return {key_id: rows for key_id, rows in (await store.counts()).items() if key_id != current}


class _Walk:
    def __init__(self, store: DataKeyStore, wrapper: KeyEncryption) -> None:
        self._store = store
        self._wrapper = wrapper
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self.rewrapped = 0
        self.damaged: set[str] = set()

    async def over(self, key_id: str) -> None:
        """Everything that one key wraps, page by page; each page is one short transaction."""
        after = None
        while page := await self._store.page(key_id, after, PAGE):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._again(key)) for key in page]
            self.rewrapped += await self._store.rewrap([key for task in tasks if (key := task.result())])
            after = page[-1].id

    async def _again(self, key: WrappedKey) -> Rewrapped | None:
        async with self._at_once:
            try:
                plain = await self._wrapper.unwrap(Wrapped(key.key_id, key.wrapped), key.id)
            except CannotOpen:
                self.damaged.add(key.id)
                return None
            again = await self._wrapper.wrap(plain, key.id)
        return Rewrapped(id=key.id, old_key_id=key.key_id, key_id=again.key_id, wrapped=again.data)
