"""Heartbeats: who dies with them is noticed within seconds, and who is cancelled hears of it by them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

HEARTBEAT_SECONDS = 1.0


@asynccontextmanager
async def alive() -> AsyncGenerator[None]:
    """One each second, as long as this is entered."""

    async def beat() -> None:
        # Much is over before the first one, which the server would write down.
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
