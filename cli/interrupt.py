"""Ctrl-C and SIGTERM as an orderly end."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run_until_interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Run it; the first signal cancels it, further ones cannot disturb the stopping.

    Returns:
        Whether a signal ended it.
    """
    return asyncio.run(_run(work))


async def _run(work: Coroutine[Any, Any, None]) -> bool:
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        await task
    except asyncio.CancelledError:
        if not interrupted:
            raise
    return interrupted
