"""The turns of a run's chat, answered one after the other."""

import asyncio
from collections.abc import Callable, Iterable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.chat import Chats
    from onboarding.payloads import Run, TurnOrder
    from runtime.context import current_request

from workflows.policies import TURN


class Talk:
    """Has each turn answered, however often a worker dies over it. It knows ids, never a word."""

    def __init__(self, run: Callable[[], Run], turns: Iterable[str] = ()) -> None:
        """Nothing is answered yet.

        Args:
            run: the run as it is now.
            turns: ids of turns that an earlier execution left.
        """
        self._now = run
        self._open = list(turns)
        self._request = current_request.get()
        self._task: asyncio.Task[None] | None = None

    @property
    def answering(self) -> bool:
        """Whether a turn is being answered."""
        return self._task is not None and not self._task.done()

    @property
    def failed(self) -> bool:
        """Whether a bug ended it."""
        return self._task is not None and self._task.done() and self._task.exception() is not None

    @property
    def open(self) -> tuple[str, ...]:
        """What is not answered yet."""
        return tuple(self._open)

    def add(self, turn_id: str) -> None:
        """Have a turn answered; twice is once."""
        self._request = current_request.get()
        if turn_id not in self._open:
            self._open.append(turn_id)
        self.begin()

    def begin(self) -> None:
        """Answer what is open. A run in which nobody talks, as most are, has no task for it."""
        if self._open and not self.answering:
            self._task = asyncio.create_task(self._answer())

    def end(self) -> None:
        """Raise what ended it, if something did."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def _answer(self) -> None:
        while self._open:
            run = self._now()
            order = TurnOrder(
                turn_id=self._open[0],
                tenant_id=run.tenant_id,
                user_id=run.user_id,
                run_id=run.id,
                run_version=run.version,
            )
            current_request.set(self._request)
            await workflow.execute_activity_method(Chats.answer, order, summary="answer a chat turn", **TURN)
            self._open.pop(0)
