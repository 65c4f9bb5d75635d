"""The schedules of Gangway, declared here and applied as often as you like."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec import Struct
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from onboarding.payloads import ArchiveSweep, ExpireSweep, RequestSweep
from runtime.settings import Settings
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests


class Recurring(Struct, frozen=True, kw_only=True):
    """A workflow that is started again and again; never twice at once."""

    id: str
    workflow: Any
    argument: Any
    every: timedelta
    jitter: timedelta
    note: str


def recurring(settings: Settings) -> list[Recurring]:
    """What runs, and how often."""
    return [
        Recurring(
            id="abandon-expired-runs",
            workflow=AbandonExpiredRuns.run,
            argument=ExpireSweep(),
            every=timedelta(minutes=15),
            jitter=timedelta(minutes=1),
            note="The net under the expiry timers of runs.",
        ),
        Recurring(
            id="archive-runs",
            workflow=ArchiveRuns.run,
            argument=ArchiveSweep(after_days=settings.archive_after_days, retention_days=settings.retention_days),
            every=timedelta(days=1),
            jitter=timedelta(minutes=30),
            note="Ended runs to the archive, old archives away.",
        ),
        Recurring(
            id="prune-requests",
            workflow=PruneRequests.run,
            argument=RequestSweep(),
            every=timedelta(hours=1),
            jitter=timedelta(minutes=5),
            note="Old idempotency keys and request counts away.",
        ),
    ]


async def apply(client: Client, settings: Settings) -> list[str]:
    """Create or update every schedule; the same twice changes nothing.

    Returns:
        The ids of the schedules.
    """
    for item in recurring(settings):
        schedule = _schedule(item, settings.task_queue)
        try:
            await client.create_schedule(item.id, schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(item.id).update(_replaced_by(schedule))
    return [item.id for item in recurring(settings)]


def _schedule(item: Recurring, task_queue: str) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            item.workflow, item.argument, id=f"schedule/{item.id}", task_queue=task_queue
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=item.every)], jitter=item.jitter),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
        state=ScheduleState(note=item.note),
    )


def _replaced_by(schedule: Schedule) -> Callable[[ScheduleUpdateInput], ScheduleUpdate]:
    def update(current: ScheduleUpdateInput) -> ScheduleUpdate:
        # A schedule that somebody paused stays paused.
        schedule.state.paused = current.description.schedule.state.paused
        return ScheduleUpdate(schedule=schedule)

    return update
