"""Password hashing with argon2id, off the event loop and never more than a few at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from runtime.settings import Settings

AT_ONCE = 2


class Passwords:
    """Hashes and verifies. An unknown account costs the same time as a wrong password."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        # Its own threads: nothing else that blocks keeps people from signing in.
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash("a password that nobody has")

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """The encoded hash, parameters included."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, password: str, encoded: str | None) -> bool:
        """Whether the password is right; False, after the same work, where there is no hash."""
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._threads, self._matches, password, encoded or self._nobody)
        return right and encoded is not None

    def _matches(self, password: str, encoded: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False
