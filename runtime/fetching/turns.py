"""Manners towards hosts: one after the other, with a pause, and few at once. For one process."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

PAUSE_SECONDS = 0.5
"""From the beginning of a request to a host to the beginning of the next."""

LONGEST_PAUSE_SECONDS = 5.0
"""Whatever a host's `Crawl-delay` asks for."""

AT_ONCE = 2
LONGEST_WAIT_SECONDS = 10.0
HOSTS_REMEMBERED = 1000


class HostBusy(Exception):
    """Too many wait for this host; come again in some `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many wait")
        self.seconds = seconds


class Turns:
    """Who may ask which host when."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str, pause: float | None = None) -> AsyncGenerator[None]:
        """Wait for one's turn, and have it until the end of the block.

        Args:
            host: with its port.
            pause: seconds that the host asks for.

        Raises:
            HostBusy: it would take too long.
        """
        place = self._place(host)
        wait = place.take(min(max(PAUSE_SECONDS, pause or 0.0), LONGEST_PAUSE_SECONDS))
        place.users += 1
        try:
            await asyncio.sleep(wait)
            try:
                async with asyncio.timeout(LONGEST_WAIT_SECONDS - wait):
                    await place.at_once.acquire()
            except TimeoutError:
                raise HostBusy(LONGEST_WAIT_SECONDS / 2) from None
            try:
                yield
            finally:
                place.at_once.release()
        finally:
            place.users -= 1

    def _place(self, host: str) -> "_Host":
        if len(self._hosts) >= HOSTS_REMEMBERED:
            self._hosts = {name: each for name, each in self._hosts.items() if each.is_in_use}
        return self._hosts.setdefault(host, _Host())


class _Host:
    def __init__(self) -> None:
        self.at_once = asyncio.Semaphore(AT_ONCE)
        self.users = 0
        self._next = 0.0

    @property
    def is_in_use(self) -> bool:
        return self.users > 0 or self._next > time.monotonic()

    def take(self, pause: float) -> float:
        """Seconds until one's turn."""
        now = time.monotonic()
        wait = max(self._next - now, 0.0)
        if wait > LONGEST_WAIT_SECONDS:
            raise HostBusy(wait)
        self._next = now + wait + pause
        return wait
