"""Doing harm to a stack, and only to processes that it started."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import psutil

from tests.bench.stack import Stack
from tests.stack import until

HEALS_SECONDS = 120.0
"""Only a net: how soon something must answer, tests measure for themselves."""


def kill(stack: Stack, name: str) -> None:
    """kill -9."""
    os.kill(stack.pids()[name], signal.SIGKILL)


@asynccontextmanager
async def kept_down(stack: Stack, name: str) -> AsyncGenerator[None]:
    """kill -9, with nobody to start it again until the end; then everything is ready again."""
    stack.pause()
    try:
        pid = stack.pids()[name]
        kill(stack, name)
        await until(lambda: _is_gone(pid))
        yield
    finally:
        stack.resume()
    await until(stack.is_ready, HEALS_SECONDS)


@asynccontextmanager
async def frozen(stack: Stack, name: str) -> AsyncGenerator[None]:
    """SIGSTOP: it is there, and says nothing."""
    pid = stack.pids()[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Watch:
    """How long something takes; what the machine stood still meanwhile does not count."""

    _TICK, _LATE = 0.05, 0.2

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stood_still = 0.0
        self._ticking = asyncio.create_task(self._tick())

    @property
    def seconds(self) -> float:
        """Until now."""
        return time.monotonic() - self._began - self._stood_still

    def stop(self) -> None:
        """Look at the clock no more."""
        self._ticking.cancel()

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(self._TICK)
            late = time.monotonic() - before - self._TICK
            self._stood_still += late if late > self._LATE else 0.0


@contextmanager
def watching() -> Generator[Watch]:
    """Such a watch, for as long as this is entered."""
    watch = Watch()
    try:
        yield watch
    finally:
        watch.stop()


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
