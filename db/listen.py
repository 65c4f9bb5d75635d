"""Hears of changed runs and capture sessions as they are committed, on a connection of its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self

import asyncpg
import structlog

from db.pool import AWAY
from db.runs import CHANNEL

_log = structlog.get_logger(__name__)
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 2.0
_CHECK_EVERY = 15.0


class Listener:
    """Wakes whoever waits for a run, or a capture session, to change; each has its id.

    After PostgreSQL was away it connects again by itself, and then wakes everybody once, since something may
    have been missed. A subscriber therefore looks what is new, and may find nothing.
    """

    def __init__(self, url: str, *, timeout: float = 5.0) -> None:
        """Nothing is connected yet: enter it.

        Args:
            url: a direct connection: a pooler in transaction mode does not pass notifications on.
            timeout: seconds to wait for a connection.
        """
        self._url = url
        self._timeout = timeout
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._connected = asyncio.Event()
        self._dismissed = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen; with PostgreSQL away, as soon as it is there."""
        self._task = asyncio.create_task(self._listen(), name="listen")
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._connected.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @property
    def connected(self) -> bool:
        """Whether notifications arrive at the moment."""
        return self._connected.is_set()

    @property
    def dismissed(self) -> bool:
        """Whether nobody should wait any more."""
        return self._dismissed

    def dismiss(self) -> None:
        """Wake everybody for the last time, whoever subscribes later included."""
        self._dismissed = True
        self._wake_all()

    def subscribers(self, run_id: str) -> int:
        """How many wait for this run to change, in this process."""
        return len(self._waiting.get(run_id, ()))

    @asynccontextmanager
    async def subscribe(self, run_id: str) -> AsyncGenerator[asyncio.Event]:
        """An event that is set at each change of the run; clear it before looking, then wait again."""
        event = asyncio.Event()
        if self._dismissed:
            event.set()
        self._waiting.setdefault(run_id, set()).add(event)
        try:
            yield event
        finally:
            others = self._waiting[run_id]
            others.discard(event)
            if not others:
                del self._waiting[run_id]

    async def _listen(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async with asyncio.timeout(self._timeout):
                    connection = await asyncpg.connect(self._url)
            except (*AWAY, asyncpg.PostgresError) as error:
                _log.warning("listen_failed", error=str(error) or type(error).__name__, retry_seconds=wait)
            else:
                try:
                    if await self._hear(connection):
                        wait = _FIRST_WAIT
                finally:
                    self._connected.clear()
                    connection.terminate()
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _hear(self, connection: asyncpg.Connection) -> bool:
        """Pass notifications on until the connection ends; whether it ever worked."""
        ended = asyncio.Event()

        def end(connection: object) -> None:
            del connection
            ended.set()

        connection.add_termination_listener(end)
        try:
            async with asyncio.timeout(self._timeout):
                await connection.add_listener(CHANNEL, self._notified)
            self._connected.set()
            self._wake_all()
            while not ended.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_CHECK_EVERY):
                        await ended.wait()
                if not ended.is_set():
                    # A host that vanished closes no connection; only a question shows it.
                    async with asyncio.timeout(self._timeout):
                        await connection.fetchval("SELECT 1")
        except (*AWAY, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("listen_lost", error=str(error) or type(error).__name__)
        return self._connected.is_set()

    def _notified(self, connection: object, pid: int, channel: str, payload: object) -> None:
        del connection, pid, channel
        for event in self._waiting.get(str(payload), ()):
            event.set()

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()
