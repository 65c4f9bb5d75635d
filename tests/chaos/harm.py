"""Doing harm to a stack, and only to processes that it started."""

import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psutil

from tests.bench.stack import Stack
from tests.stack import until

HEALS_SECONDS = 30.0


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


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
