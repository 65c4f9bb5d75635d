"""The life of a connection, and the net under it."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.connection_syncs import ConnectionSyncs
    from activities.connections import Connections
    from activities.mail_syncs import MailSyncs
    from onboarding.connections import REFRESH_BEFORE, STEPS
    from onboarding.payloads import (
        Actor,
        ActorKind,
        ConnectionMemory,
        ConnectionRef,
        ConnectionState,
        ConnectionSweep,
        ConnectionSync,
        ConnectionSynced,
        SweepReport,
    )

from workflows.clock import until
from workflows.completing import complete_step
from workflows.policies import FETCH_NEWS, REFRESH, SWEEP, UNTIL_DONE

CONNECTION = Actor(kind=ActorKind.CONNECTION)
LIVES = ("connected", "error")
"""The statuses in which there is something to do; in the others somebody else must."""

AT_FIRST, AT_MOST = timedelta(seconds=30), timedelta(minutes=15)
"""Before what failed is tried again: twice as long each time."""


@workflow.defn(name="Connection")
class ConnectionLife:
    """Keeps a connection connected, and fetches what is new there, until it is disconnected or its owner erased.

    Where it stands is in its row. In turn it looks there, and does what is due: a new access token before the one
    at hand expires, a sync, which is a backfill until one was completed, or nothing until the next of both. A
    provider that is away is asked again, less and less often; the connection stays what it is. Where somebody
    must consent anew or choose an account, it waits for `wake`, or for `look` by the net. The signal `sync`
    asks for a sync now; many are one. The update `disconnect` cancels what runs, revokes, and ends it. The
    person's inventory is told of the connection, and of the orders that the first sync brought. Its history
    holds ids, times, counts and codes.
    """

    @workflow.init
    def __init__(self, ref: ConnectionRef) -> None:
        """As it was before, if there was a before."""
        self._ref = replace(ref, memory=None)
        self._memory = ref.memory or ConnectionMemory()
        self._woken = self._leaving = False
        self._syncing: workflow.ActivityHandle[Any] | None = None

    @workflow.signal(description="The connection has changed: look at it now.")
    def wake(self) -> None:
        """Wake up, and wait no longer for what failed before."""
        self._woken = True
        self._memory = replace(self._memory, refresh_at=None, refused=0)

    @workflow.signal(description="The connection may have changed unnoticed: look at it.")
    def look(self) -> None:
        """Look, and wait as long as before for what failed."""
        self._woken = True

    @workflow.signal(description="Fetch what is new now.")
    def sync(self, kind: str) -> None:
        """One more sync, after the one that runs if one does."""
        self._memory = replace(self._memory, wanted="webhook" if kind == "webhook" else "manual")

    @workflow.update(description="Revoke the consent, destroy the tokens, and end.")
    async def disconnect(self) -> None:
        """Done when the tokens are gone."""
        self._leaving = True
        if self._syncing is not None:
            self._syncing.cancel()
        workflow.set_current_details("Disconnecting.")
        await workflow.execute_activity_method(
            Connections.disconnect_connection, self._ref, summary="revoke, destroy the tokens", **UNTIL_DONE
        )

    @workflow.run
    async def run(self, ref: ConnectionRef) -> None:  # noqa: ARG002 - init's
        """Look, do what is due, wait."""
        while not self._leaving and (state := await self._look()) is not None and state.status != "disconnected":
            await self._live(state)
            if not self._leaving and workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(replace(self._ref, memory=self._memory))
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._woken:
            # Somebody consented anew while this was ending: who has its id is woken, and not begun.
            workflow.continue_as_new(self._ref)

    async def _look(self) -> ConnectionState | None:
        self._woken = False
        return await workflow.execute_activity_method(
            Connections.look_connection, self._ref, summary="how it stands", **UNTIL_DONE
        )

    async def _live(self, state: ConnectionState) -> None:
        """Do one thing."""
        self._show(state)
        if self._leaving:
            return
        if state.status not in LIVES:
            await workflow.wait_condition(lambda: self._woken or self._leaving)
            return
        if state.status == "connected":
            await self._tell(state, "connected")
        now = workflow.now()
        if (refresh_at := self._refresh_at(state)) and refresh_at <= now:
            await self._refresh()
        elif (sync_at := self._sync_at(state)) and sync_at <= now:
            await self._sync(state)
        else:
            await self._wait(min(each for each in (refresh_at, sync_at) if each) - now)

    def _refresh_at(self, state: ConnectionState) -> datetime | None:
        """When a token is to be asked for; None where the one at hand lasts for ever."""
        if state.status == "error":
            return self._memory.refresh_at or workflow.now()
        if state.token_expires_at is None:
            return None
        due = state.token_expires_at - REFRESH_BEFORE
        return max(due, self._memory.refresh_at) if self._memory.refresh_at else due

    def _sync_at(self, state: ConnectionState) -> datetime | None:
        """When a sync is to begin."""
        if state.status != "connected":
            return None
        memory = self._memory
        return (memory.rest_until if memory.wanted else memory.sync_at) or workflow.now()

    async def _wait(self, at_most: timedelta) -> None:
        wanted = self._memory.wanted
        await until(
            lambda: self._woken or self._leaving or self._memory.wanted != wanted, at_most, "token or sync"
        )

    async def _refresh(self) -> None:
        answer = await workflow.execute_activity_method(
            Connections.refresh_connection, self._ref, summary="see to the access token", **REFRESH
        )
        now = workflow.now()
        if answer.code is None:
            # The database may think that a token lasts which by the clock here does not: do not ask on and on.
            self._memory = replace(self._memory, refresh_at=now + AT_FIRST, refused=0)
            return
        pause = max(back_off(self._memory.refused), timedelta(seconds=answer.rest_seconds))
        self._memory = replace(self._memory, refresh_at=now + pause, refused=self._memory.refused + 1)

    async def _sync(self, state: ConnectionState) -> None:
        memory, now = self._memory, workflow.now()
        kind = "backfill" if state.synced_at is None else memory.wanted or state.open_kind or "scheduled"
        self._memory = replace(memory, wanted=None)
        done = await self._synced(state.provider, kind)
        if done is None:
            return
        pause = timedelta(seconds=memory.sync_every_seconds + self._jitter())
        failed = memory.failed + 1 if done.status == "failed" else 0
        if failed and kind == "backfill":
            pause = back_off(memory.failed)
        ended, rest = workflow.now(), timedelta(seconds=done.rest_seconds)
        # From the beginning of one sync to that of the next; but a rest begins when it is asked for.
        sync_at = max((ended if failed else now) + pause, ended + rest)
        self._memory = replace(
            self._memory, sync_at=sync_at, rest_until=ended + rest if rest else None, failed=failed
        )
        if done.status == "completed":
            await self._tell(state, "orders", orders=done.orders)

    async def _synced(self, provider: str, kind: str) -> ConnectionSynced | None:
        """How a sync ended; None where it was cancelled, since the connection ends."""
        ref = self._ref
        order = ConnectionSync(
            tenant_id=ref.tenant_id, user_id=ref.user_id, connection_id=ref.connection_id, kind=kind
        )
        sync = MailSyncs.sync_mailbox if provider == "gmail" else ConnectionSyncs.sync_connection
        self._syncing = workflow.start_activity_method(sync, order, summary=kind, **FETCH_NEWS)
        try:
            return await self._syncing
        except ActivityError as error:
            if self._leaving:
                return None
            if is_cancelled_exception(error):
                raise
            return ConnectionSynced(status="failed", code="interrupted")
        finally:
            self._syncing = None

    def _jitter(self) -> int:
        return workflow.random().randint(0, self._memory.sync_jitter_seconds)

    async def _tell(self, state: ConnectionState, what: str, **more: int) -> None:
        """Tell the person's inventory, once."""
        if what in self._memory.told:
            return
        ref, data = self._ref, {"connection_id": self._ref.connection_id, **more}
        await complete_step(ref.tenant_id, ref.user_id, STEPS[state.provider], data, CONNECTION, name=what)
        self._memory = replace(self._memory, told=(*self._memory.told, what))

    def _show(self, state: ConnectionState) -> None:
        synced = f"{state.synced_at:%Y-%m-%d %H:%M} UTC" if state.synced_at else "never"
        workflow.set_current_details(f"**{state.provider}**: {state.status}. Synced last: {synced}.")


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return min(AT_FIRST * 2 ** min(failures, 10), AT_MOST)


@workflow.defn(name="ResumeConnections")
class ResumeConnections:
    """The net under connections whose workflow never began, or was ended from outside."""

    @workflow.run
    async def run(self, sweep: ConnectionSweep) -> SweepReport:
        """One walk over all tenants."""
        return await workflow.execute_activity_method(
            Connections.resume_connections, sweep, summary="start what is left", **SWEEP
        )
