"""Password hashing with argon2id, off the event loop and never more than a few at once."""

import asyncio
import os
import threading
import unicodedata
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from runtime.settings import Settings

AT_ONCE = 2
WAIT_SECONDS = 8.0
"""Longer than the fifty who may be ahead take; who would wait longer is asked to come back."""

NICENESS = 10
"""Hashing takes the whole processor for a tenth of a second; those who have signed in go first."""

AnswerT = TypeVar("AnswerT")


class TooBusy(Exception):
    """Too many sign in at this moment."""


class Passwords:
    """Hashes and verifies. An unknown account costs the same time as a wrong password.

    The same password may be typed in several forms of Unicode; it is hashed in NFKC (NIST SP 800-63B, 5.1.1.2).
    """

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        # Its own threads: nothing else that blocks keeps people from signing in.
        self._threads = ThreadPoolExecutor(
            max_workers=AT_ONCE, thread_name_prefix="argon2", initializer=_step_back
        )
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobody = self._hasher.hash("a password that nobody has")

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait until a password may be looked at: whoever holds something while it is, does so for few at once.

        Raises:
            TooBusy: too many are ahead.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise TooBusy from None
        try:
            yield
        finally:
            self._turns.release()

    async def hash(self, password: str) -> str:
        """The encoded hash, parameters included.

        Raises:
            TooBusy: too many are ahead.
        """
        async with self.turn():
            return await self._in_thread(lambda: self._hasher.hash(_one_form(password)))

    async def verify(self, password: str, encoded: str | None) -> bool:
        """Whether the password is right; False, after the same work, where there is no hash. For a turn."""
        right = await self._in_thread(lambda: self._matches(_one_form(password), encoded or self._nobody))
        return right and encoded is not None

    def is_outdated(self, encoded: str) -> bool:
        """Whether the hash was made with other parameters than those of the settings now."""
        return self._hasher.check_needs_rehash(encoded)

    async def _in_thread(self, work: Callable[[], AnswerT]) -> AnswerT:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _matches(self, password: str, encoded: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False


def _one_form(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _step_back() -> None:
    """On Linux a thread has a priority of its own, which the lanes of a hash inherit."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
