"""kill -9 in the middle of saves."""

import asyncio

from tests.bench.stack import Stack
from tests.chaos.conftest import Opening
from tests.chaos.harm import HEALS_SECONDS, kill
from tests.chaos.ledger import Ledger
from tests.stack import until

CLIENTS = 6
# Those that leave idempotency keys taken come first: the keys are free again while the others are killed.
ORDER = ("api", "postgres", "temporal", "worker")


async def test_no_acknowledged_answer_is_lost_or_doubled(dev: Stack, opened: Opening) -> None:
    """All four processes are killed in turn amid saves; every acknowledged answer is there afterwards, once."""
    ledgers = [await opened() for _ in range(CLIENTS)]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for ledger in ledgers:
            group.create_task(ledger.keep_saving(stop))
        await _go_on(ledgers, CLIENTS)
        for name in ORDER:
            before = dev.pids()[name]
            kill(dev, name)
            await until(lambda: dev.pids()[name] != before, HEALS_SECONDS)  # noqa: B023 - awaited at once
            await _go_on(ledgers, CLIENTS // 3)
        stop.set()
    await until(dev.is_ready, HEALS_SECONDS)
    assert sum(ledger.tries - len(ledger.acknowledged) for ledger in ledgers) > 0, "nobody noticed a kill"
    await asyncio.gather(*(ledger.agree() for ledger in ledgers))


async def _go_on(ledgers: list[Ledger], clients: int) -> None:
    """Until so many clients had two more answers acknowledged."""
    had = [len(ledger.acknowledged) for ledger in ledgers]

    def go_on() -> bool:
        return sum(len(e.acknowledged) >= h + 2 for e, h in zip(ledgers, had, strict=True)) >= clients

    await until(go_on, HEALS_SECONDS)
