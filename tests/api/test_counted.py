"""Answers that are kept for seconds."""

import asyncio

import pytest

from api.counted import Counted
from tests.stack import until


class Counting:
    """Counts how often it was asked; waits while it is told to, fails when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self.go.set()
        self.fails = False

    async def __call__(self) -> int:
        self.asked += 1
        answer = self.asked
        await self.go.wait()
        if self.fails:
            raise ValueError("no answer")
        return answer


async def test_asked_once() -> None:
    """Many who ask at once share one answer, and who asks a little later gets it too."""
    counted, counting = Counted(60), Counting()
    assert await asyncio.gather(*(counted.get("a", counting) for _ in range(50))) == [1] * 50
    assert await counted.get("a", counting) == 1
    assert await counted.get("b", counting) == 2


async def test_not_kept_for_long() -> None:
    """An answer that is too old is counted anew; with no time at all, each one is."""
    counted, counting = Counted(0.05), Counting()
    assert await counted.get("a", counting) == 1
    await asyncio.sleep(0.06)
    assert await counted.get("a", counting) == 2
    at_once = Counted(0)
    assert [await at_once.get("a", counting) for _ in range(3)] == [3, 4, 5]


async def test_failures_are_not_kept() -> None:
    """What failed is told to those who waited for it, and counted anew for the next."""
    counted, counting = Counted(60), Counting()
    counting.fails = True
    failed = await asyncio.gather(*(counted.get("a", counting) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [ValueError] * 3
    assert counting.asked == 1
    counting.fails = False
    assert await counted.get("a", counting) == 2


async def test_who_asked_first_may_go_away() -> None:
    """Others still get the answer that the first one, who has hung up, began."""
    counted, counting = Counted(60), Counting()
    counting.go.clear()
    first = asyncio.create_task(counted.get("a", counting))
    await until(lambda: counting.asked == 1)
    second = asyncio.create_task(counted.get("a", counting))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    counting.go.set()
    assert await second == 1


async def test_bounded() -> None:
    """No more answers are kept than there is room for; the oldest go, and none that somebody waits for."""
    counted, counting = Counted(60, most=3), Counting()
    counting.go.clear()
    waiting = [asyncio.create_task(counted.get(number, counting)) for number in range(5)]
    await until(lambda: counting.asked == 5)
    counting.go.set()
    assert await asyncio.gather(*waiting) == [1, 2, 3, 4, 5]
    assert await counted.get("new", counting) == 6
    assert [await counted.get(number, counting) for number in (3, 4)] == [4, 5]
    assert await counted.get(0, counting) == 7
