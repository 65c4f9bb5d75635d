"""Keys over the network: fetched when they are needed, kept while their issuer is away."""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from http import HTTPStatus

import httpx
import structlog

from api.public_keys import Keys, keys_of

FETCH_SECONDS = 3.0
BODY_BYTES = 256 * 1024

MISSES_SECONDS = 60
"""An unknown `kid` makes us fetch at most this often, however many tokens name one."""

STALE_SECONDS = 3600
"""Older keys are fetched anew, so that one that was withdrawn is not trusted for ever."""

COLD_SECONDS = 5
"""Without any key nobody of this issuer can sign in, so it is asked again sooner."""

Clock = Callable[[], float]

log = structlog.get_logger()


class KeysUnavailable(Exception):
    """The issuer is away, or serves no key of use, and none is known from before."""


class Jwks:
    """The key set of one issuer.

    Args:
        url: where the set is.
        algorithms: that the issuer may sign with.
        client: fetches it; follows no redirect.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, url: str, algorithms: Collection[str], client: httpx.AsyncClient, clock: Clock = time.monotonic
    ) -> None:
        self._url = url
        self._algorithms = algorithms
        self._client = client
        self._clock = clock
        self._keys: Keys = {}
        self._generation = 0
        self._fetched_at = self._tried_at = self._missed_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    def generation(self) -> int:
        """A number that changes when a key leaves the set; what was verified before counts no longer then.

        Asking for it starts the fetch of keys that have grown old. Nobody waits for that one.
        """
        now = self._clock()
        if self._keys and now - self._fetched_at > STALE_SECONDS and now - self._tried_at > MISSES_SECONDS:
            self._begin()
        return self._generation

    async def find(self, kid: str | None) -> object | None:
        """The key of that name; without a name, the only key of the set. None when there is none.

        Raises:
            KeysUnavailable: there is nothing to look in.
        """
        fetched = False
        if not self._keys:
            fetched = await self._fetched_if(self._clock() - self._tried_at >= COLD_SECONDS)
            if not self._keys:
                raise KeysUnavailable
        key = self._named(kid)
        if key is None:
            now = self._clock()
            due = now - self._missed_at >= MISSES_SECONDS
            if due:
                self._missed_at = now
            if not fetched and await self._fetched_if(due):
                key = self._named(kid)
        return key

    async def close(self) -> None:
        """Stop fetching."""
        if self._fetching is not None:
            self._fetching.cancel()
            with suppress(asyncio.CancelledError):
                await self._fetching

    def _named(self, kid: str | None) -> object | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def _fetched_if(self, due: bool) -> bool:
        """Wait for the fetch that runs; start one when it is due. Whether there was one to wait for."""
        fetching = self._running() or (self._begin() if due else None)
        if fetching is None:
            return False
        # One who leaves takes the answer from nobody.
        await asyncio.shield(fetching)
        return True

    def _running(self) -> asyncio.Task[None] | None:
        return self._fetching if self._fetching is not None and not self._fetching.done() else None

    def _begin(self) -> asyncio.Task[None]:
        running = self._running()
        if running is None:
            self._tried_at = self._clock()
            running = self._fetching = asyncio.create_task(self._fetch())
        return running

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                keys = keys_of(await self._document(), self._algorithms)
        # Whatever an issuer does wrong, it is away: the keys that are known go on.
        except Exception as error:  # noqa: BLE001
            log.warning("keys of an issuer are not available", url=self._url, error=type(error).__name__)
            return
        self._fetched_at = self._clock()
        if _as_told(keys) != _as_told(self._keys):
            self._generation += 1
        self._keys = keys

    async def _document(self) -> bytes:
        # Not compressed, so that what is counted is what comes.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._client.stream("GET", self._url, headers=headers) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise ValueError("another answer than a key set")
            document = bytearray()
            async for chunk in answer.aiter_raw():
                document += chunk
                if len(document) > BODY_BYTES:
                    raise ValueError("no key set is this long")
            return bytes(document)


def _as_told(keys: Keys) -> dict[str | None, object]:
    """What tells two sets of keys from each other."""
    return {kid: key.Algorithm.to_jwk(key.key) for kid, key in keys.items()}
