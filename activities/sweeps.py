"""Clean-up across all tenants, page by page; a heartbeat remembers the place."""

from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Protocol

import msgspec
from msgspec import Struct
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from db import (
    ai_cache,
    ai_rates,
    ai_usage,
    alerts,
    capture_sessions,
    connection_runs,
    entry,
    events,
    failures,
    funnel,
    idempotency,
    invitations,
    lookups,
    refusals,
    refused_tokens,
    resets,
    sessions,
    streaming,
    suggestions,
    sweeps,
    tenants,
)
from db.pool import Connection, Database
from db.tenant import sweeper
from onboarding.ai_limits import FULL_AFTER_SECONDS
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
from runtime.encryption import CannotOpen
from runtime.wrapping import KeysUnavailable

PAGE = 500


class Purge(Protocol):
    """Deletes or settles a page of what is too old; returns how many rows that was."""

    async def __call__(self, conn: Connection, *, limit: int) -> int:
        """In the sweeper's context."""
        ...


PURGES: tuple[Purge, ...] = (
    sessions.purge,
    refused_tokens.purge,
    resets.purge,
    invitations.purge,
    ai_cache.purge,
    streaming.purge,
    suggestions.purge,
    events.purge,
    refusals.purge,
    alerts.purge,
    capture_sessions.purge,
    connection_runs.purge,
    sweeps.forget_consents,
)
"""What is dropped by its own age, tenant by tenant."""


class Place(Struct, frozen=True, kw_only=True):
    """How far a walk has come, as its heartbeats say: the counts, the tenant, and the last run there."""

    report: SweepReport = SweepReport()
    tenant_id: str = ""
    after: str | None = None

    def then(self, tenant_id: str, *, seen: int = 1, changed: int, after: str | None = None) -> "Place":
        """The place some rows later."""
        report = SweepReport(seen=self.report.seen + seen, changed=self.report.changed + changed)
        return Place(report=report, tenant_id=tenant_id, after=after)

    def after_in(self, tenant_id: str) -> str | None:
        """After which run of a tenant to go on."""
        return self.after if tenant_id == self.tenant_id else None


class Sweeps:
    """Walks over the runs of every tenant. After a crash it goes on with the tenant where it stopped."""

    def __init__(self, database: Database, client: Client, *, page: int = PAGE) -> None:
        self._database = database
        self._client = client
        self._page = page

    @activity.defn(name="sweep_expired")
    async def sweep_expired(self, sweep: ExpireSweep) -> SweepReport:
        """Abandon runs that expired and are still open: a net under each run's own timer."""
        before = datetime.now(UTC) - timedelta(seconds=sweep.grace_seconds)
        place = remembered()
        for tenant_id in await tenants_left(self._database, place):
            place = place.then(tenant_id, seen=0, changed=0, after=place.after_in(tenant_id))
            activity.heartbeat(place)
            while True:
                async with self._database.transaction(sweeper(tenant_id)) as connection:
                    page = await sweeps.expired(connection, before, place.after_in(tenant_id), self._page)
                for run in page:
                    address = RunAddress(tenant_id, run.user_id, run.flow)
                    changed = await self._abandon_expired(address, run.id, before)
                    place = place.then(tenant_id, changed=changed, after=run.id)
                    activity.heartbeat(place)
                if len(page) < self._page:
                    break
        return place.report

    @activity.defn(name="sweep_archive")
    async def sweep_archive(self, sweep: ArchiveSweep) -> SweepReport:
        """Move runs that ended long ago to the archive, and drop archives that are older than kept."""
        now = datetime.now(UTC)
        before = now - timedelta(days=sweep.after_days)
        oldest = now - timedelta(days=sweep.retention_days)
        async with self._database.transaction(sweeper()) as connection:
            await sweeps.drop_partitions(connection, oldest.date())
        place = remembered()
        for tenant_id in await tenants_left(self._database, place):
            while True:
                async with self._database.transaction(sweeper(tenant_id)) as connection:
                    moved = await sweeps.archive(connection, before, self._page)
                place = place.then(tenant_id, seen=moved, changed=moved)
                activity.heartbeat(place)
                if moved < self._page:
                    break
            place = await self._purged(partial(funnel.forget, before=oldest), place, tenant_id)
        return place.report

    @activity.defn(name="sweep_requests")
    async def sweep_requests(self, sweep: RequestSweep) -> SweepReport:
        """Forget keys, tokens and counts that nobody can ask for any more; settle calls that were left open."""
        now = datetime.now(UTC)
        keys = partial(idempotency.purge, older_than=now - timedelta(hours=sweep.keys_kept_hours))
        seconds, calls_from = sweep.counts_kept_seconds, now - timedelta(days=sweep.calls_kept_days)
        counts = partial(entry.forget, older_than_seconds=seconds)
        buckets = partial(ai_rates.forget, older_than_seconds=max(seconds, ceil(FULL_AFTER_SECONDS)))
        of_a_tenant = (
            partial(ai_usage.write_off, older_than_seconds=sweep.calls_lost_seconds),
            partial(ai_usage.purge, older_than=calls_from),
            partial(ai_usage.purge_budgets, older_than=calls_from),
        )
        place = remembered()
        for tenant_id in ["", *await tenants_left(self._database, place)]:
            for purge in (keys, *PURGES, *(of_a_tenant if tenant_id else ())):
                place = await self._purged(purge, place, tenant_id)
        for purge in (failures.purge, lookups.purge, counts, buckets):
            place = await self._purged(purge, place, "")
        return place.report

    async def _purged(self, purge: Purge, place: Place, tenant_id: str) -> Place:
        """Delete page by page until there is nothing left."""
        while True:
            async with self._database.transaction(sweeper(tenant_id or None)) as connection:
                purged = await purge(connection, limit=self._page)
            place = place.then(tenant_id, seen=purged, changed=purged)
            activity.heartbeat(place)
            if purged < self._page:
                return place

    async def _abandon_expired(self, address: RunAddress, run_id: str, before: datetime) -> bool:
        """Tell the run; where it is gone, mark its row."""
        command = Abandon(actor=SYSTEM, channel=Channel.SYSTEM, reason=AbandonedReason.EXPIRED)
        try:
            await self._client.get_workflow_handle(workflow_id(address)).signal("abandon", command)
        except (CannotOpen, KeysUnavailable) as error:
            # One person's key that is damaged, or not to be had now, must not keep the others waiting.
            activity.logger.warning("run %s is left for the next sweep: %s", run_id, type(error).__name__)
            return False
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            async with self._database.transaction(sweeper(address.tenant_id)) as connection:
                return await sweeps.mark_expired(connection, run_id, before)
        return True


async def tenants_left(database: Database, place: Place) -> list[str]:
    """Those that a walk has not left behind."""
    async with database.transaction(sweeper()) as connection:
        return [each for each in await tenants.all_ids(connection) if each >= place.tenant_id]


def remembered() -> Place:
    """Where the attempt before this one stopped; the beginning for the first one."""
    details = activity.info().heartbeat_details
    return msgspec.convert(details[0], Place) if details else Place()
