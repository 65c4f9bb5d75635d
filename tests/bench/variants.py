"""Throwaway workflow: the designs of the projection that were weighed, each with the real domain and database.

`request`: the caller writes the projection after the update's answer, the workflow once more 5 s later.
`local`: a local activity in the update. `normal`: a normal activity in the update.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.projection import Projection
    from onboarding import payloads as p
    from onboarding.advance import advance
    from onboarding.errors import Refused

TASK_QUEUE = "variants"
DESIGNS = ("request", "local", "normal")
_SECONDS = timedelta(seconds=10)
_SETTLE_AFTER = timedelta(seconds=5)


@workflow.defn(name="ProjectionVariant")
class ProjectionVariant:
    """Saves steps; `design` says who writes them to PostgreSQL."""

    @workflow.init
    def __init__(self, run: p.Run, design: str) -> None:
        self._run = run
        self._design = design
        self._unsettled: p.Change | None = None

    @workflow.run
    async def run(self, run: p.Run, design: str) -> None:
        """Settle what the caller wrote, in the design `request`; else wait."""
        while True:
            await workflow.wait_condition(lambda: self._unsettled is not None)
            await asyncio.sleep(_SETTLE_AFTER.total_seconds())
            change, self._unsettled = self._unsettled, None
            assert change is not None
            await self._settle(change)

    @workflow.update
    async def save_step(self, command: p.SaveSteps) -> p.Change:
        """As the real run does, and then make it readable."""
        self._run, events = advance(self._run, command, workflow.now())
        change = p.Change(run=self._run, events=events)
        if self._design == "request":
            before = self._unsettled.events if self._unsettled else ()
            self._unsettled = p.Change(run=self._run, events=before + events)
        elif self._design == "local":
            settle = p.Settle(changes=(change,))
            await workflow.execute_local_activity_method(
                Projection.settle, settle, start_to_close_timeout=_SECONDS
            )
        else:
            await self._settle(change)
        return change

    @save_step.validator
    def _may_save(self, command: p.SaveSteps) -> None:
        try:
            advance(self._run, command, workflow.now())
        except Refused as refused:
            raise ValueError(refused.code) from refused

    async def _settle(self, change: p.Change) -> None:
        settle = p.Settle(changes=(change,))
        await workflow.execute_activity_method(Projection.settle, settle, start_to_close_timeout=_SECONDS)
