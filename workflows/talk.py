"""The turns of a run's chat, answered one after the other."""

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
        self.answering = False

    @property
    def open(self) -> tuple[str, ...]:
        """What is not answered yet."""
        return tuple(self._open)

    def add(self, turn_id: str) -> None:
        """Have a turn answered; twice is once."""
        self._request = current_request.get()
        if turn_id not in self._open:
            self._open.append(turn_id)

    async def keep(self) -> None:
        """Answer, for ever."""
        while True:
            await workflow.wait_condition(lambda: bool(self._open))
            run = self._now()
            order = TurnOrder(
                turn_id=self._open[0],
                tenant_id=run.tenant_id,
                user_id=run.user_id,
                run_id=run.id,
                run_version=run.version,
            )
            current_request.set(self._request)
            self.answering = True
            try:
                await workflow.execute_activity_method(Chats.answer, order, summary="answer a chat turn", **TURN)
            finally:
                self.answering = False
            self._open.pop(0)
