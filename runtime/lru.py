"""Values that are costly to load, kept for a while: so many at most, each loaded once however many ask at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

from cachetools import TTLCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Forgets what was not asked for longest when it is full, and everything after its time to live."""

    def __init__(self, at_most: int, ttl_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept = TTLCache[K, V](at_most, ttl_seconds, clock)
        self._loading: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, key: K, value: V) -> None:
        """Keep a value that was loaded in another way."""
        self._kept[key] = value

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """The value, loaded when it is not kept. What loading raises reaches all who wait, and is not kept."""
        if (kept := self._kept.get(key)) is not None:
            return kept
        task = self._loading.get(key)
        if task is None or task.done():
            task = self._loading[key] = asyncio.ensure_future(self._load(key, load))
            task.add_done_callback(partial(self._loaded, key))
        # Whoever gives up does not take the others' answer along.
        return await asyncio.shield(task)

    async def _load(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        value = self._kept[key] = await load()
        return value

    def _loaded(self, key: K, task: asyncio.Task[V]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        if not task.cancelled():
            task.exception()  # looked at, also when everybody has given up waiting
