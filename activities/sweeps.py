"""Clean-up across all tenants, page by page; a heartbeat remembers the place."""

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from db import entry, idempotency, sweeps, tenants
from db.pool import Database
from db.tenant import sweeper
from onboarding.payloads import (
    SYSTEM,
    Abandon,
    AbandonedReason,
    ArchiveSweep,
    Channel,
    ExpireSweep,
    RequestSweep,
    SweepReport,
)
from runtime.addresses import RunAddress, workflow_id

PAGE = 500


class Sweeps:
    """Walks over the runs of every tenant. After a crash it goes on with the tenant where it stopped."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    @activity.defn(name="sweep_expired")
    async def sweep_expired(self, sweep: ExpireSweep) -> SweepReport:
        """Abandon runs that expired and are still open: a net under each run's own timer."""
        before = datetime.now(UTC) - timedelta(seconds=sweep.grace_seconds)
        report = _remembered()
        for tenant_id in await self._tenants():
            after: str | None = None
            while True:
                async with self._database.transaction(sweeper(tenant_id)) as connection:
                    page = await sweeps.expired(connection, before, after, PAGE)
                for run in page:
                    address = RunAddress(tenant_id, run.user_id, run.flow)
                    changed = await self._abandon_expired(address, run.id, before)
                    report = SweepReport(seen=report.seen + 1, changed=report.changed + changed)
                    activity.heartbeat(report)
                if len(page) < PAGE:
                    break
                after = page[-1].id
        return report

    @activity.defn(name="sweep_archive")
    async def sweep_archive(self, sweep: ArchiveSweep) -> SweepReport:
        """Move runs that ended long ago to the archive, and drop archives that are older than kept."""
        now = datetime.now(UTC)
        before = now - timedelta(days=sweep.after_days)
        report = _remembered()
        for tenant_id in await self._tenants():
            while True:
                async with self._database.transaction(sweeper(tenant_id)) as connection:
                    moved = await sweeps.archive(connection, before, PAGE)
                report = SweepReport(seen=report.seen + moved, changed=report.changed + moved)
                activity.heartbeat(report)
                if moved < PAGE:
                    break
        async with self._database.transaction(sweeper()) as connection:
            oldest = (now - timedelta(days=sweep.retention_days)).date()
            await sweeps.drop_partitions(connection, oldest)
        return report

    @activity.defn(name="sweep_requests")
    async def sweep_requests(self, sweep: RequestSweep) -> SweepReport:
        """Forget idempotency keys and request counts that nobody can ask for any more."""
        before = datetime.now(UTC) - timedelta(hours=sweep.keys_kept_hours)
        report = _remembered()
        for tenant_id in [None, *await self._tenants()]:
            async with self._database.transaction(sweeper(tenant_id)) as connection:
                purged = await idempotency.purge(connection, before)
            report = SweepReport(seen=report.seen + purged, changed=report.changed + purged)
            activity.heartbeat(report)
        async with self._database.transaction(sweeper()) as connection:
            forgotten = await entry.forget(connection, sweep.counts_kept_seconds)
        return SweepReport(seen=report.seen + forgotten, changed=report.changed + forgotten)

    async def _tenants(self) -> list[str]:
        async with self._database.transaction(sweeper()) as connection:
            return await tenants.all_ids(connection)

    async def _abandon_expired(self, address: RunAddress, run_id: str, before: datetime) -> bool:
        """Tell the run; where it is gone, mark its row."""
        command = Abandon(actor=SYSTEM, channel=Channel.SYSTEM, reason=AbandonedReason.EXPIRED)
        try:
            await self._client.get_workflow_handle(workflow_id(address)).signal("abandon", command)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            async with self._database.transaction(sweeper(address.tenant_id)) as connection:
                return await sweeps.mark_expired(connection, run_id, before)
        return True


def _remembered() -> SweepReport:
    """The counts of the attempt before this one; what it changed is changed, so it is not found again."""
    details = activity.info().heartbeat_details
    return details[0] if details and isinstance(details[0], SweepReport) else SweepReport()
