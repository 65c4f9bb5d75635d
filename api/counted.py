"""Answers that are counted from many rows, kept for seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Any, TypeVar

AnswerT = TypeVar("AnswerT")
MOST = 1000
"""Answers kept at once; the oldest go."""


class Counted:
    """A memory of this process. Who asks for what somebody else is having counted waits for that.

    Nothing is kept of what failed; who waited for it is told the same.
    """

    def __init__(self, seconds: float, most: int = MOST) -> None:
        """Keep answers for so long; with 0, only those who ask at the same time share one."""
        self._seconds = seconds
        self._most = most
        self._kept: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def get(self, key: Hashable, count: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """The answer by this key, counted unless it is there and young enough.

        Args:
            key: all that the answer depends on: the tenant, the role or person, what was asked.
            count: makes it. It goes on when whoever asked first goes away, for others may wait for it.
        """
        began, task = self._kept.get(key, (0.0, None))
        if task is None or (task.done() and (_failed(task) or monotonic() - began >= self._seconds)):
            task = asyncio.create_task(_made(count))
            self._kept.pop(key, None)
            self._kept[key] = (monotonic(), task)
            self._forget()
        return await asyncio.shield(task)

    def _forget(self) -> None:
        """The oldest, of those that nobody waits for."""
        idle = [key for key, (_, task) in self._kept.items() if task.done()]
        for key in idle[: max(len(self._kept) - self._most, 0)]:
            del self._kept[key]


async def _made(count: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
    return await count()


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None
