"""Changes that the projection may not have yet."""

from collections.abc import Iterable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from onboarding.payloads import Change, Event, Run


class Unsettled:
    """For each run, its latest shape and every event since the last one that is known to be written."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._changes = {change.run.id: change for change in changes}

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
        """A run has changed."""
        earlier = self._changes.get(run.id)
        self._changes[run.id] = Change(run=run, events=(earlier.events if earlier else ()) + events)

    def settled(self, changes: Iterable[Change]) -> None:
        """These are written; what came since stays."""
        for change in changes:
            left = self._changes.pop(change.run.id)
            if later := tuple(event for event in left.events if event.seq > change.run.seq):
                self._changes[left.run.id] = Change(run=left.run, events=later)
