"""What the life of a connection asks of the world: how it stands, a token that lasts, and an end."""

import asyncio
from math import ceil

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.beating import alive
from activities.refreshing import PATIENCE, NeedsConsent, Refresher, caller_of
from db import connection_tokens, connections
from db.connection_tokens import Held
from db.erasures import eraser
from db.pool import Database
from db.tenant import CONNECTOR
from onboarding.connections import ProviderKey
from onboarding.payloads import (
    ConnectionRef,
    ConnectionRefreshed,
    ConnectionState,
    ConnectionSweep,
    Erase,
    SweepReport,
)
from runtime.addresses import connection_workflow_id
from runtime.encryption import CannotOpen, Keys
from runtime.providers import PROVIDERS, keeping, oauth
from runtime.providers.asking import Away, ProviderError
from runtime.providers.endpoints import endpoints
from runtime.settings import Settings

REVOKE_SECONDS = 5.0
"""For a provider to forget a consent: somebody waits. After that it is ours alone that is gone."""

PAGE = 100
log = structlog.get_logger()


class Connections:
    """Tells and answers ids, times and codes; tokens stay inside."""

    def __init__(
        self, database: Database, keys: Keys, settings: Settings, refresher: Refresher, client: Client
    ) -> None:
        self._database = database
        self._keys = keys
        self._settings = settings
        self._refresher = refresher
        self._client = client

    @activity.defn(name="look_connection")
    async def look_connection(self, ref: ConnectionRef) -> ConnectionState | None:
        """How it stands; None when its owner was erased."""
        async with self._database.transaction(caller_of(ref)) as connection:
            return await connection_tokens.look(connection, ref.connection_id, ref.user_id)

    @activity.defn(name="refresh_connection")
    async def refresh_connection(self, ref: ConnectionRef) -> ConnectionRefreshed:
        """See to it that the access token lasts a while."""
        async with alive():
            try:
                await self._refresher.token(ref)
            except NeedsConsent as lost:
                return ConnectionRefreshed(code=lost.code)
            except Away as away:
                return ConnectionRefreshed(code=away.code, rest_seconds=away.rest_seconds)
            held = await self._held(ref)
        if held is not None and held.left is not None and held.left <= PATIENCE.before:
            # One that still lasts a little was given instead, since there was no other.
            return ConnectionRefreshed(code="no_newer_token", rest_seconds=ceil(held.taken))
        return ConnectionRefreshed()

    @activity.defn(name="disconnect_connection")
    async def disconnect_connection(self, ref: ConnectionRef) -> bool:
        """Have the provider forget the consent, if it can be asked now; destroy the tokens in any case."""
        while True:
            held = await self._held(ref)
            if held is None or held.sealed is None:
                return False
            await self._revoke(ref, held)
            async with self._database.transaction(caller_of(ref)) as connection:
                # Newer ones may have come meanwhile: nobody would have those revoked any more.
                if await connection_tokens.destroy(
                    connection, ref.connection_id, ref.user_id, version=held.version
                ):
                    return True

    @activity.defn(name="leave_connections")
    async def leave_connections(self, person: Erase) -> int:
        """Disconnect everything of a person who is about to be erased; returns how many this attempt did."""
        async with self._database.transaction(eraser(person.tenant_id, person.user_id)) as connection:
            # Whoever writes one down holds this, too: it is seen here, or sees that its owner goes.
            await connections.alone(connection, person.user_id)
            ids = await connection_tokens.of_person(connection, person.user_id)
        done = 0
        for id in ids:
            activity.heartbeat()
            ref = ConnectionRef(tenant_id=person.tenant_id, user_id=person.user_id, connection_id=id)
            await self._end(ref)
            done += await self.disconnect_connection(ref)
        return done

    @activity.defn(name="resume_connections")
    async def resume_connections(self, sweep: ConnectionSweep) -> SweepReport:
        """Start the life of each connection that nobody looks after; one that sleeps is told to look."""
        seen, after = 0, None
        while True:
            async with self._database.transaction(CONNECTOR) as connection:
                page = await connection_tokens.overdue(connection, sweep.overdue_seconds, after, PAGE)
            for ref in page:
                activity.heartbeat()
                await self._client.start_workflow(
                    "Connection",
                    ref,
                    id=connection_workflow_id(ref.tenant_id, ref.connection_id),
                    task_queue=activity.info().task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    start_signal="look",
                )
            seen += len(page)
            if len(page) < PAGE:
                return SweepReport(seen=seen, changed=seen)
            after = page[-1].connection_id

    async def _end(self, ref: ConnectionRef) -> None:
        """End a life from outside: where it waits for its owner to consent, nobody would wake it any more."""
        id = connection_workflow_id(ref.tenant_id, ref.connection_id)
        try:
            await self._client.get_workflow_handle(id).terminate("its owner is erased")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _held(self, ref: ConnectionRef) -> Held | None:
        async with self._database.transaction(caller_of(ref)) as connection:
            return await connection_tokens.held(connection, ref.connection_id, ref.user_id)

    async def _has_another(self, ref: ConnectionRef, provider: ProviderKey) -> bool:
        async with self._database.transaction(caller_of(ref)) as connection:
            return await connections.has_live(connection, ref.user_id, provider, but=ref.connection_id)

    async def _revoke(self, ref: ConnectionRef, held: Held) -> None:
        where = endpoints(self._settings, held.provider)
        if PROVIDERS[held.provider].description.revokes_all and await self._has_another(ref, held.provider):
            # It would lose its tokens, too; whichever goes last takes the consent with it.
            return
        try:
            kept = await keeping.opened(self._keys, ref.connection_id, held.sealed)
            if where is not None:
                async with asyncio.timeout(REVOKE_SECONDS):
                    token = kept.refresh or kept.access
                    await oauth.revoke(where, PROVIDERS[held.provider].description, token)
        except (CannotOpen, ProviderError, TimeoutError) as error:
            why = error.code if isinstance(error, ProviderError) else type(error).__name__
            log.warning("a consent was not revoked", connection_id=ref.connection_id, code=why)
