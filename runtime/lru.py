"""Values that are costly to load, kept for a while: so many at most, each loaded once however many ask at once."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Forgets what was not asked for longest when it is full, and everything after its time to live."""

    def __init__(self, at_most: int, ttl_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_most = at_most
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._kept: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._loading: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, key: K, value: V, since: float) -> None:
        """Keep a value that was true at a moment of `now`."""
        self._kept[key] = (value, since + self._ttl_seconds)
        self._kept.move_to_end(key)
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)

    def now(self) -> float:
        """The moment, by the clock that lives are measured with."""
        return self._clock()

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """The value, loaded when it is not kept. What loading raises reaches all who wait, and is not kept."""
        value, until = self._kept.get(key, (None, 0.0))
        if value is not None and self._clock() < until:
            self._kept.move_to_end(key)
            return value
        task = self._loading.get(key)
        if task is None or task.done():
            task = self._loading[key] = asyncio.ensure_future(self._load(key, load))
            task.add_done_callback(partial(self._loaded, key))
        # Whoever gives up does not take the others' answer along.
        return await asyncio.shield(task)

    async def _load(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        since = self._clock()
        value = await load()
        self.put(key, value, since)
        return value

    def _loaded(self, key: K, task: asyncio.Task[V]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        if not task.cancelled():
            task.exception()  # looked at, also when everybody has given up waiting
