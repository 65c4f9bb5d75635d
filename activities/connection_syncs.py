"""Syncs of accounting: the orders of a connection are read from where the last run left off, and stored."""

from datetime import UTC, datetime

import structlog
from msgspec import Struct, convert
from msgspec.structs import replace
from temporalio import activity
from uuid_utils.compat import uuid7

from activities.beating import alive
from activities.refreshing import NeedsConsent, Refresher, caller_of
from db import connection_runs, orders
from db.connection_runs import Taken
from db.orders import ConnectionGone
from db.pool import Database
from onboarding.connections import RunKind, RunStatus
from onboarding.orders import Batch
from onboarding.payloads import ConnectionSync, ConnectionSynced
from runtime.providers import PROVIDERS
from runtime.providers.asking import Api, Away, ProviderError, Refused
from runtime.providers.endpoints import endpoints
from runtime.settings import Settings

log = structlog.get_logger()


class Overtaken(Exception):
    """Somebody else goes on with the run, or has ended it."""


class _End(Struct, frozen=True, kw_only=True):
    """How a run ended."""

    status: RunStatus
    code: str | None = None
    rest_seconds: int = 0


class ConnectionSyncs:
    """Reads and stores batch by batch. What it logs and answers are ids, counts and codes."""

    def __init__(self, database: Database, refresher: Refresher, settings: Settings) -> None:
        """With the one way to access tokens, and the settings that say where the providers are."""
        self._database = database
        self._refresher = refresher
        self._settings = settings

    @activity.defn(name="sync_connection")
    async def sync_connection(self, order: ConnectionSync) -> ConnectionSynced:
        """Read what is new, in the open run of the connection or a new one.

        Each batch is stored together with the place up to which everything is stored, so that after a crash the
        same run goes on from there. What the provider does not give now fails the run; the next one goes on.
        """
        async with alive():
            taken = await self._take(order)
            if taken is None:
                return ConnectionSynced(status="skipped")
            try:
                await self._read(order, taken)
                end = _End(status="completed")
            except ProviderError as error:
                end = _failed(error)
                log.warning("a sync failed", connection_id=order.connection_id, code=error.code)
            except ConnectionGone:
                end = _End(status="cancelled")
            except Overtaken:
                return ConnectionSynced(status="skipped", code="overtaken")
            # Where the worker stops, and not the run, somebody else goes on with it.
            except BaseException:
                details = activity.cancellation_details()
                if details and details.cancel_requested:
                    await self._end(order, taken, _End(status="cancelled"))
                raise
            return await self._end(order, taken, end)

    async def _take(self, order: ConnectionSync) -> Taken | None:
        async with self._database.transaction(caller_of(order)) as connection:
            return await connection_runs.take(
                connection,
                new_id=str(uuid7()),
                tenant_id=order.tenant_id,
                user_id=order.user_id,
                connection_id=order.connection_id,
                kind=convert(order.kind, RunKind),
            )

    async def _read(self, order: ConnectionSync, taken: Taken) -> None:
        where = endpoints(self._settings, taken.provider)
        if where is None or taken.account_id is None:
            raise Refused("not_configured" if where is None else "no_account")
        api = Api(where.api, lambda stale: self._refresher.token(order, stale))
        batches = PROVIDERS[taken.provider].batches(api, taken.account_id, taken.cursor, datetime.now(UTC))
        async for batch in batches:
            taken = await self._store(order, taken, batch)

    async def _store(self, order: ConnectionSync, taken: Taken, batch: Batch) -> Taken:
        """The run behind a batch that is stored."""
        run, mine = taken.run_id, order.user_id
        async with self._database.transaction(caller_of(order)) as connection:
            if not await connection_runs.is_mine(connection, run, mine, order.connection_id, taken.cursor):
                raise Overtaken
            counts = await orders.store(
                connection,
                tenant_id=order.tenant_id,
                user_id=mine,
                connection_id=order.connection_id,
                batch=batch,
            )
            await connection_runs.add(connection, run, mine, counts)
        return replace(taken, cursor=batch.cursor or taken.cursor)

    async def _end(self, order: ConnectionSync, taken: Taken, end: _End) -> ConnectionSynced:
        async with self._database.transaction(caller_of(order)) as connection:
            await connection_runs.end(connection, taken.run_id, order.user_id, end.status, end.code)
            found = await orders.count(connection, order.user_id, order.connection_id, only_open=True)
        return ConnectionSynced(status=end.status, code=end.code, orders=found, rest_seconds=end.rest_seconds)


def _failed(error: ProviderError) -> _End:
    """Under a stable word for people; which one exactly is in the log."""
    if isinstance(error, NeedsConsent):
        return _End(status="failed", code="needs_consent")
    if isinstance(error, Away):
        code = "rate_limited" if error.code == "http_429" else "away"
        return _End(status="failed", code=code, rest_seconds=error.rest_seconds)
    return _End(status="failed", code="refused")
