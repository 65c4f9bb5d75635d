"""Notices that the code changed, by looking at the files' times once a second."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

_CHECKOUT = Path(__file__).parent.parent
_PACKAGES = ("onboarding", "runtime", "db", "activities", "workflows", "worker", "api")
_POLL_SECONDS = 1.0


async def on_change(
    act: Callable[[], Awaitable[None]], folders: Iterable[Path] | None = None, *, every: float = _POLL_SECONDS
) -> None:
    """Call `act` whenever a .py file below the folders appears, changes or goes; looks `every` seconds."""
    watched = list(folders) if folders is not None else [_CHECKOUT / package for package in _PACKAGES]
    before = await asyncio.to_thread(_times, watched)
    while True:
        await asyncio.sleep(every)
        now = await asyncio.to_thread(_times, watched)
        if now != before:
            before = now
            await act()


def _times(folders: list[Path]) -> dict[Path, int]:
    times: dict[Path, int] = {}
    for folder in folders:
        for file in folder.rglob("*.py"):
            try:
                times[file] = file.stat().st_mtime_ns
            except FileNotFoundError:  # an editor replaced it this moment
                continue
    return times
