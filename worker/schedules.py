"""The schedules of Gangway, declared here and applied as often as you like."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.converter import WorkflowSerializationContext

from onboarding.payloads import (
    AccountSweep,
    AlertSweep,
    ArchiveSweep,
    CaptureSweep,
    ConnectionSweep,
    ErasureSweep,
    ExpireSweep,
    ImageSweep,
    MailSweep,
    ReportSweep,
    RequestSweep,
    RunWatch,
    ScanSweep,
)
from runtime.addresses import scheduled_workflow_id
from runtime.encryption import CannotOpen
from runtime.settings import Settings
from workflows.alerts import DailyReport, PostAlerts
from workflows.aws_accounts import RescheduleAccounts
from workflows.captures import SweepCaptures
from workflows.connections import ResumeConnections
from workflows.erasure import ResumeErasures
from workflows.images import SweepImages
from workflows.mail import PostLeftMails
from workflows.monitoring_runs import MonitorRuns
from workflows.scans import SweepScans
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests

AT_MOST = timedelta(hours=6)
"""A clean-up that hangs must not keep its successors away for ever."""


class Recurring(Struct, frozen=True, kw_only=True):
    """A workflow that is started again and again; never twice at once.

    That is `every` so often, within a `jitter`, or exactly at the times of a `calendar` (UTC), as often.
    """

    id: str
    workflow: Any
    argument: Any
    every: timedelta
    note: str
    jitter: timedelta = timedelta(0)
    calendar: ScheduleCalendarSpec | None = None


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
        Recurring(
            id="monitor-runs",
            workflow=MonitorRuns.run,
            argument=RunWatch(),
            every=timedelta(minutes=5),
            jitter=timedelta(seconds=30),
            note="Tells staff of stuck runs and of many refused saves.",
        ),
        Recurring(
            id="post-left-mails",
            workflow=PostLeftMails.run,
            argument=MailSweep(),
            every=timedelta(minutes=5),
            jitter=timedelta(seconds=30),
            note="The net under mails that were written while Temporal was away.",
        ),
        Recurring(
            id="resume-erasures",
            workflow=ResumeErasures.run,
            argument=ErasureSweep(),
            every=timedelta(minutes=5),
            jitter=timedelta(seconds=30),
            note="The net under erasures that were accepted and have not run.",
        ),
        Recurring(
            id="reschedule-accounts",
            workflow=RescheduleAccounts.run,
            argument=AccountSweep(),
            every=timedelta(minutes=5),
            jitter=timedelta(seconds=30),
            note="The net under the schedules of AWS accounts.",
        ),
        Recurring(
            id="post-alerts",
            workflow=PostAlerts.run,
            argument=AlertSweep(),
            every=timedelta(minutes=1),
            jitter=timedelta(seconds=5),
            note="Has the alerts sent that wait.",
        ),
        Recurring(
            id="daily-report",
            workflow=DailyReport.run,
            argument=ReportSweep(),
            every=timedelta(days=1),
            note="Tells staff of the day before.",
            calendar=ScheduleCalendarSpec(comment="at midnight"),
        ),
        Recurring(
            id="sweep-scans",
            workflow=SweepScans.run,
            argument=ScanSweep(),
            every=timedelta(minutes=15),
            jitter=timedelta(minutes=1),
            note="The net under scans that did not come to their end: their uploads away.",
        ),
        Recurring(
            id="sweep-captures",
            workflow=SweepCaptures.run,
            argument=CaptureSweep(),
            every=timedelta(minutes=5),
            jitter=timedelta(seconds=30),
            note="The net under the ends of capture sessions.",
        ),
        Recurring(
            id="sweep-images",
            workflow=SweepImages.run,
            argument=ImageSweep(),
            every=timedelta(minutes=15),
            jitter=timedelta(minutes=1),
            note="Uploads that nobody confirmed, and what is left of deleted pictures, away.",
        ),
        Recurring(
            id="resume-connections",
            workflow=ResumeConnections.run,
            argument=ConnectionSweep(),
            every=timedelta(minutes=10),
            jitter=timedelta(minutes=1),
            note="The net under the lives of connections.",
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
            await client.get_schedule_handle(item.id).update(_replaced_by(client, schedule))
    return [item.id for item in recurring(settings)]


def _schedule(item: Recurring, task_queue: str) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            item.workflow,
            item.argument,
            id=scheduled_workflow_id(item.id),
            execution_timeout=AT_MOST,
            task_queue=task_queue,
        ),
        spec=_spec(item),
        # After the server was away one run is enough; the default would make up for a year.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=item.every),
        state=ScheduleState(note=item.note),
    )


def _spec(item: Recurring) -> ScheduleSpec:
    if item.calendar:
        return ScheduleSpec(calendars=[item.calendar])
    return ScheduleSpec(intervals=[ScheduleIntervalSpec(every=item.every)], jitter=item.jitter)


def _replaced_by(
    client: Client, schedule: Schedule
) -> Callable[[ScheduleUpdateInput], Awaitable[ScheduleUpdate | None]]:
    async def update(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
        present = current.description.schedule
        if present.state.paused:  # It stays paused, with the note of whoever paused it.
            schedule.state = present.state
        return None if await _is_same(client, present, schedule) else ScheduleUpdate(schedule=schedule)

    return update


async def _is_same(client: Client, present: Schedule, wanted: Schedule) -> bool:
    """Whether nothing that is declared here differs; arguments are compared in the clear."""
    old, new = present.action, wanted.action
    if not isinstance(old, ScheduleActionStartWorkflow) or not isinstance(new, ScheduleActionStartWorkflow):
        return False
    parts = [
        (
            each.spec,
            each.policy,
            each.state,
            action.workflow,
            action.id,
            action.task_queue,
            action.execution_timeout,
        )
        for each, action in ((present, old), (wanted, new))
    ]
    if parts[0] != parts[1]:
        return False
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=new.id)
    converter = client.data_converter.with_context(context)
    arguments: Any = list(old.args)
    try:
        decoded = await converter.decode(arguments, [type(each) for each in new.args])
    except (CannotOpen, msgspec.ValidationError):
        return False
    return decoded == list(new.args)
