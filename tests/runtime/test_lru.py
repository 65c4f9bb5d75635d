"""Values that are kept for a while."""

import asyncio

import pytest

from runtime.lru import Lru


class Source:
    """Counts what is loaded from it; `gate` holds it up."""

    def __init__(self) -> None:
        self.loaded = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> int:
        self.loaded += 1
        number = self.loaded
        await self.gate.wait()
        return number


async def test_loaded_once_however_many_ask() -> None:
    """A hundred who ask at once share one look-up; one who gives up does not take the others' along."""
    lru, source = Lru[str, int](10, 60), Source()
    source.gate.clear()
    asking = [asyncio.create_task(lru.get("k", source.load)) for _ in range(100)]
    await asyncio.sleep(0)
    asking[0].cancel()
    source.gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [1] * 99
    assert await lru.get("k", source.load) == 1


async def test_what_fails_is_not_kept() -> None:
    """Everybody who waits learns of it, and the next one tries again."""
    lru = Lru[str, int](10, 60)

    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError

    errors = await asyncio.gather(*(lru.get("k", fail) for _ in range(3)), return_exceptions=True)
    assert {type(error) for error in errors} == {LookupError}
    abandoned = asyncio.create_task(lru.get("k", fail))
    await asyncio.sleep(0)
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    for _ in range(5):  # that look-up goes on to its end, with nobody left to tell
        await asyncio.sleep(0)
    assert await lru.get("k", Source().load) == 1


async def test_forgotten_in_time() -> None:
    """A value lives for its time from when it was loaded, however often it is asked for."""
    now = 0.0
    lru, source = Lru[str, int](10, 60, lambda: now), Source()
    assert await lru.get("k", source.load) == 1
    for now in (30.0, 59.9):  # noqa: B007 - what the clock says
        assert await lru.get("k", source.load) == 1
    now = 60.0
    assert await lru.get("k", source.load) == 2


async def test_bounded() -> None:
    """When it is full, what was not asked for longest goes."""
    lru, source = Lru[int, int](3, 60), Source()
    for key in (1, 2, 3, 1, 4):
        await lru.get(key, source.load)
    assert (len(lru), source.loaded) == (3, 4)
    await lru.get(1, source.load)
    assert source.loaded == 4
    await lru.get(2, source.load)
    assert source.loaded == 5
