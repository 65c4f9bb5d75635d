"""Answers of models that are given again to the same question, and asked for once however many want them."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from activities.ai.ledger import Books, caller_of
from activities.ai.protocol import Payer, Purpose
from db import ai_cache
from db.pool import Connection, Database, DatabaseUnavailable

log = structlog.get_logger()

SUGGESTIONS_SECONDS = 3600
INDUSTRY_SECONDS = 24 * 3600
"""Page 20: how long such answers are given again. Chat never is."""

LEASE_SECONDS = 3.0
"""Who asks for an answer says so each second; who is silent for so long is followed by another."""

LONGEST_SECONDS = 150.0
"""No question takes longer, with all models together."""

FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.02, 0.25, 1.5
"""Seconds between looks for an answer that somebody else is asking for."""

Json = Any


class CacheKey(Struct, frozen=True, kw_only=True):
    """What makes two questions the same: who pays, for a tenant's answers are its own, and all that is asked.

    `inputs` is what the prompt is made of; only its digest is kept. `prompt` is the version of the prompt.
    """

    payer: Payer
    purpose: Purpose
    locale: str
    prompt: str
    models: tuple[str, ...]
    inputs: Json

    def digest(self) -> bytes:
        """SHA-256 over all of it."""
        inputs = hashlib.sha256(msgspec.json.encode(self.inputs, order="deterministic")).hexdigest()
        parts = (self.payer.tenant_id, self.purpose, self.locale, self.prompt, self.models, inputs)
        return hashlib.sha256(msgspec.json.encode(parts)).digest()


class Cache:
    """Answers in PostgreSQL, for all processes; each that is given again is in the books."""

    def __init__(
        self,
        database: Database,
        books: Books,
        *,
        lease_seconds: float = LEASE_SECONDS,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._database = database
        self._books = books
        self._lease_seconds = lease_seconds
        self._longest_seconds = longest_seconds

    async def once(self, key: CacheKey, ttl: float, make: Callable[[], Awaitable[Json]]) -> tuple[Json, bool]:
        """The answer to a question, and whether it was there already, or somebody else's to this very question.

        Of many who want it at once one calls `make`, the others wait. When it fails, it fails for that one, and
        another tries; when its process dies, another takes over within `LEASE_SECONDS`. What was made is kept for
        `ttl` seconds; without the database it is only not kept.

        Args:
            key: the question.
            ttl: seconds.
            make: asks a model; gives what JSON can say.

        Raises:
            TimeoutError: `make` took longer than anything may.
            DatabaseUnavailable: before anything was asked.
            PersonGone: who asks was erased.
        """
        since, wait, digest, payer = time.monotonic(), FIRST_WAIT, key.digest(), key.payer
        while True:
            claim = await ai_cache.claim(
                self._database, caller_of(payer), digest, key.purpose, self._lease_seconds
            )
            if claim.lease is not None:
                return await self._made(key, digest, claim.lease, ttl, make), False
            if claim.value is not None:
                latency = int((time.monotonic() - since) * 1000)
                # In the books with the first model's calls, which it stands for.
                noted = self._books.note_cached(payer, key.purpose, next(iter(key.models), ""), latency)
                await self._unless_away(noted)
                return msgspec.json.decode(claim.value), True
            await asyncio.sleep(wait)
            wait = min(wait * GROWTH, LONGEST_WAIT)

    async def _made(
        self, key: CacheKey, digest: bytes, lease: str, ttl: float, make: Callable[[], Awaitable[Json]]
    ) -> Json:
        try:
            async with asyncio.timeout(self._longest_seconds), self._renewing(key.payer, digest, lease):
                made = await make()
            value = msgspec.json.encode(made)
        # A caller who is gone must not keep the others waiting either.
        except BaseException:
            await self._unless_away(self._release(key.payer, digest, lease))
            raise
        if len(value) > ai_cache.LONGEST_VALUE:
            await self._unless_away(self._release(key.payer, digest, lease))
        else:
            await self._unless_away(self._keep(key.payer, digest, lease, value, ttl))
        return msgspec.json.decode(value)

    @asynccontextmanager
    async def _renewing(self, payer: Payer, digest: bytes, lease: str) -> AsyncGenerator[None]:
        """Keep the lease while something else goes on."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(self._lease_seconds / 3)
                await self._unless_away(self._renew(payer, digest, lease))

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            if not renewing.cancelled():
                renewing.result()

    async def _renew(self, payer: Payer, digest: bytes, lease: str) -> None:
        async with self._acting(payer) as connection:
            await ai_cache.renew(connection, digest, lease, self._lease_seconds)

    async def _keep(self, payer: Payer, digest: bytes, lease: str, value: bytes, ttl: float) -> None:
        async with self._acting(payer) as connection:
            await ai_cache.keep(connection, digest, lease, value, ttl)

    async def _release(self, payer: Payer, digest: bytes, lease: str) -> None:
        async with self._acting(payer) as connection:
            await ai_cache.release(connection, digest, lease)

    @asynccontextmanager
    async def _acting(self, payer: Payer) -> AsyncGenerator[Connection]:
        async with self._database.transaction(caller_of(payer)) as connection:
            yield connection

    async def _unless_away(self, done: Awaitable[None]) -> None:
        """Go on without the database: a lease ends by itself, and an answer is only asked for again."""
        try:
            await done
        except DatabaseUnavailable as error:
            log.warning("the cache of answers is away", error=type(error).__name__)
