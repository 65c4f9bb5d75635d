"""The Temporal schedules of AWS accounts, one each: made, changed, paused and deleted in one place.

The API does so after a change, the worker for whatever a change did not reach; either may find the other's done.
"""

import zlib
from datetime import timedelta

from msgspec import Struct
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from onboarding.alarms import SERVICE
from onboarding.monitoring import Monitoring
from onboarding.payloads import MonitorOrder
from runtime.addresses import account_schedule_id, scheduled_workflow_id

SHORTEST_SECONDS = 30
WORKFLOW = "MonitorAccount"
AT_MOST = timedelta(minutes=5)
"""A look that hangs must not keep its successors away for ever."""

RUNS = "Looks for alarms in an AWS account."
PAUSED = "The account is not active, or CloudWatch is not to be looked at."
"""Notes. One that is paused with another note, somebody has paused by hand: it stays so."""


class Watch(Struct, frozen=True, kw_only=True):
    """How an account is to be looked at: every so many seconds, or for now not."""

    tenant_id: str
    account_id: str
    every: int
    runs: bool

    @property
    def id(self) -> str:
        """Of the schedule."""
        return account_schedule_id(self.tenant_id, self.account_id)

    @property
    def interval(self) -> ScheduleIntervalSpec:
        """Accounts with one interval take turns, or all of them would be looked at in one second."""
        offset = zlib.crc32(self.account_id.encode()) % self.every
        return ScheduleIntervalSpec(every=timedelta(seconds=self.every), offset=timedelta(seconds=offset))


def watches(tenant_id: str, accounts: dict[str, bool], settings: Monitoring) -> list[Watch]:
    """How a tenant's accounts are to be looked at.

    Args:
        tenant_id: whose.
        accounts: by the id of its row, whether it is active.
        settings: how the tenant is monitored.
    """
    every, enabled = rhythm(settings)
    return [
        Watch(tenant_id=tenant_id, account_id=id, every=every, runs=active and enabled)
        for id, active in accounts.items()
    ]


def rhythm(settings: Monitoring) -> tuple[int, bool]:
    """What of the settings schedules go by: every how many seconds an account is looked at, and whether at all."""
    return max(SHORTEST_SECONDS, settings.interval(SERVICE)), settings.service(SERVICE).enabled


async def keep(client: Client, task_queue: str, watch: Watch) -> None:
    """Have an account looked at like that; the same again changes nothing."""
    schedule = _schedule(task_queue, watch)

    async def update(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
        present = current.description.schedule
        if present.state.paused and present.state.note != PAUSED:
            schedule.state = present.state
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.create_schedule(watch.id, schedule)
    except ScheduleAlreadyRunningError:
        try:
            await client.get_schedule_handle(watch.id).update(update)
        except RPCError as error:  # deleted meanwhile, with its account
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


async def drop(client: Client, schedule_id: str) -> None:
    """Have an account looked at no more; once more does nothing."""
    try:
        await client.get_schedule_handle(schedule_id).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


def is_kept(listed: ScheduleListDescription, watch: Watch) -> bool:
    """Whether a schedule is as it should be, as far as a listing tells."""
    present = listed.schedule
    if present is None or present.spec.intervals != [watch.interval]:
        return False
    by_hand = present.state.paused and present.state.note != PAUSED
    return by_hand or present.state.paused is not watch.runs


def _schedule(task_queue: str, watch: Watch) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            WORKFLOW,
            MonitorOrder(tenant_id=watch.tenant_id, account_id=watch.account_id),
            id=scheduled_workflow_id(watch.id),
            execution_timeout=AT_MOST,
            task_queue=task_queue,
        ),
        spec=ScheduleSpec(intervals=[watch.interval]),
        # After Temporal was away one look is enough: it sees what is in ALARM now.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(seconds=watch.every)),
        state=ScheduleState(note=RUNS if watch.runs else PAUSED, paused=not watch.runs),
    )
