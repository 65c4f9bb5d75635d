"""Password hashing with argon2id, off the event loop and never more than a few at once."""

import asyncio

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
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._nobody = self._hasher.hash("a password that nobody has")

    async def hash(self, password: str) -> str:
        """The encoded hash, parameters included."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, encoded: str | None) -> bool:
        """Whether the password is right; False, after the same work, where there is no hash."""
        async with self._slots:
            right = await asyncio.to_thread(self._matches, password, encoded or self._nobody)
        return right and encoded is not None

    def _matches(self, password: str, encoded: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False
