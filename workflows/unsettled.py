"""Changes that the projection may not have yet."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.projection import Projection
    from onboarding.payloads import Change, Event, Run, Settle
    from runtime.context import current_request

from workflows.clock import until
from workflows.policies import UNTIL_DONE

SETTLE_AFTER = timedelta(seconds=5)
"""How long the projection of a change may be left to the process that asked for it."""


class Unsettled:
    """For each run, its latest shape and every event since the last one that is known to be written."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._changes = {change.run.id: change for change in changes}
        self._request = current_request.get()
        self.urgent = bool(self._changes)
        """Whether nobody else writes them, or the run is over."""

    def __bool__(self) -> bool:
        return bool(self._changes)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Oldest run first: a run is written after the one that it replaced."""
        return tuple(self._changes.values())

    def of(self, run: Run) -> Change | None:
        """What is left to write of a run."""
        return self._changes.get(run.id)

    def add(self, run: Run, events: tuple[Event, ...]) -> None:
        """A run has changed, in the request that is served now."""
        self._request = current_request.get()
        earlier = self._changes.get(run.id)
        self._changes[run.id] = Change(run=run, events=(earlier.events if earlier else ()) + events)

    async def keep_settled(self, show: Callable[[], None]) -> None:
        """Write the projection once more, for ever, in case whoever asked for a change died before it could.

        Args:
            show: called each time before, for whoever looks at the run from outside.
        """
        while True:
            await workflow.wait_condition(lambda: bool(self))
            await until(lambda: self.urgent, SETTLE_AFTER, "settle the projection")
            self.urgent = False
            show()
            changes = self.changes
            current_request.set(self._request)
            await workflow.execute_activity_method(
                Projection.settle, Settle(changes=changes), summary="settle the projection", **UNTIL_DONE
            )
            self._settled(changes)

    def _settled(self, changes: Iterable[Change]) -> None:
        """These are written; what came since stays."""
        for change in changes:
            left = self._changes.pop(change.run.id)
            if later := tuple(event for event in left.events if event.seq > change.run.seq):
                self._changes[left.run.id] = Change(run=left.run, events=later)
