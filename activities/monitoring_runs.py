"""What staff should know of runs: which are stuck, and whether too many saves are refused."""

from datetime import UTC, datetime, timedelta

from temporalio import activity

from activities.sweeps import PAGE, Place, remembered, tenants_left
from db import events, monitoring, monitoring_runs, refusals
from db.pool import Database
from db.tenant import monitor
from onboarding.monitoring import Monitoring, Service
from onboarding.payloads import RunWatch, SweepReport

SERVICE = "onboarding"
"""The name under which admins set how runs are watched."""


class RunsMonitor:
    """Walks over the tenants, each by what its admins set. After a crash it goes on where it stopped."""

    def __init__(self, database: Database, *, page: int = PAGE) -> None:
        self._database = database
        self._page = page

    @activity.defn(name="watch_runs")
    async def watch_runs(self, watch: RunWatch) -> SweepReport:
        """Write what is new as events.

        Returns:
            How many tenants were looked at, and how many events there are of them.
        """
        place = remembered()
        for tenant_id in await tenants_left(self._database, place):
            activity.heartbeat(place := place.then(tenant_id, seen=0, changed=0))
            async with self._database.transaction(monitor(tenant_id)) as connection:
                config = await monitoring.get(connection, tenant_id)
            service, told = config.service(SERVICE), 0
            if service.enabled:
                told = await self._tell_stuck(tenant_id, config, place)
                told += await self._tell_refusals(tenant_id, service, timedelta(minutes=watch.window_minutes))
            place = place.then(tenant_id, changed=told)
        return place.report

    async def _tell_stuck(self, tenant_id: str, config: Monitoring, place: Place) -> int:
        before = datetime.now(UTC) - timedelta(hours=config.global_settings.stuck_after_hours)
        told, after = 0, monitoring_runs.FIRST
        while True:
            async with self._database.transaction(monitor(tenant_id)) as connection:
                page = await monitoring_runs.tell_stuck(connection, tenant_id, before, after, self._page)
            activity.heartbeat(place)
            told += len(page)
            if len(page) < self._page:
                return told
            after = page[-1]

    async def _tell_refusals(self, tenant_id: str, service: Service, window: timedelta) -> int:
        """What is counted first costs least, and mostly says that there is nothing to tell."""
        rate, at_least = service.threshold("refusal_rate"), service.threshold("min_attempts")
        now = datetime.now(UTC)
        began = _step_of(now - window)
        async with self._database.transaction(monitor(tenant_id)) as connection:
            refused = await refusals.since(connection, tenant_id, began)
            # Fewer cannot be that share of so many.
            if refused < rate * at_least:
                return 0
            if await monitoring_runs.told_of_refusals(connection, tenant_id, now - window):
                return 0
            attempts = refused + await monitoring_runs.accepted_saves(connection, tenant_id, began)
            if attempts < at_least or refused < rate * attempts:
                return 0
            await events.note(
                connection,
                tenant_id=tenant_id,
                source="gangway.onboarding",
                detail_type=monitoring_runs.RATE_HIGH,
                severity="medium",
                detail={
                    "refused": refused,
                    "attempts": attempts,
                    "rate": round(refused / attempts, 3),
                    "threshold": rate,
                    "window_minutes": window // timedelta(minutes=1),
                },
            )
        return 1


def _step_of(moment: datetime) -> datetime:
    """When the step began in which refusals of a moment are counted: both sides are counted from there."""
    step = refusals.STEP.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // step * step, UTC)
