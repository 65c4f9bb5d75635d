"""Commands to runs: sent to the workflow, written to the projection, answered with the run afterwards."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

import structlog
from msgspec import Struct

from api.deps import Deps, Principal
from api.gateway import RunClosed
from db import runs
from db.pool import Connection, Database, DatabaseUnavailable
from onboarding.access import Caller
from onboarding.advance import advance
from onboarding.errors import RunNotFound
from onboarding.payloads import Actor, ActorKind, Change, Command, Run, Status
from onboarding.progress import progress
from runtime.addresses import RunAddress

log = structlog.get_logger()

READS_AT_MOST = 3
"""Of a run that ends while it is looked at. One that is open and unchanged when it is read again, after its
workflow has ended, came back with a restored database: its workflow is made again.
"""


class Outcome(Struct, frozen=True, kw_only=True):
    """The run after a command. `projected` is False when reads will see it a little later only."""

    run: Run
    projected: bool


def person_of(principal: Principal) -> Actor:
    """Whoever is signed in, as somebody who acts."""
    return Actor(kind=ActorKind.PERSON, id=principal.caller.user_id)


async def flow_asked(connection: Connection, principal: Principal, flow: str | None) -> str:
    """The flow that a request is about: the named one, else the only active run's, else the tenant's default."""
    if flow:
        return flow
    active = await runs.active_flows(connection, principal.caller.user_id)
    return active[0] if len(active) == 1 else principal.default_flow


async def percentage_of(connection: Connection, principal: Principal) -> int | None:
    """How far the person's run is: the only active one, else the default flow's. None before the start."""
    flow = await flow_asked(connection, principal, None)
    run = await runs.latest(connection, principal.caller.user_id, flow)
    return progress(run).completion_percentage if run else None


async def current_run(deps: Deps, principal: Principal, flow: str | None) -> Run:
    """The person's latest run of a flow, as the projection has it.

    Raises:
        RunNotFound: when there never was one.
    """
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        asked = await flow_asked(connection, principal, flow)
        run = await runs.latest(connection, caller.user_id, asked)
    if run is None:
        raise RunNotFound
    return run


async def send(deps: Deps, principal: Principal, flow: str | None, command: Command) -> Outcome:
    """Send a command and make its change readable.

    Raises:
        Refused, RefusedByRun: the rules do not allow it.
        RunNotFound: there is no run.
        WorkflowsUnavailable: nobody answered in time.
    """
    caller = principal.caller
    if flow is None:
        async with deps.database.transaction(caller) as connection:
            flow = await flow_asked(connection, principal, flow)
    return await deliver(deps, caller, flow, command, partial(current_run, deps, principal, flow))


async def deliver(
    deps: Deps, owner: Caller, flow: str, command: Command, read: Callable[[], Awaitable[Run]]
) -> Outcome:
    """Send a command to the run of somebody's flow, and make its change readable; `read` gives the run as stored.

    Raises:
        Refused, RefusedByRun: the rules do not allow it.
        WorkflowsUnavailable: nobody answered in time.
    """
    before: Run | None = None
    for _ in range(READS_AT_MOST):
        try:
            change = await deps.gateway.send(RunAddress(owner.tenant_id, owner.user_id, flow), command)
        except RunClosed:
            run = await read()
            if run.status is not Status.IN_PROGRESS:
                # The rules say what a finished run answers: a refusal, or itself for a repeat.
                run, _ = advance(run, command, datetime.now(UTC))
                return Outcome(run=run, projected=True)
            try:
                change = await deps.gateway.revive(run, command, after_end=run == before)
            except RunClosed:
                before = run
                continue
        return Outcome(run=change.run, projected=await record(deps.database, owner, change))
    raise RunClosed


async def record(database: Database, caller: Caller, *changes: Change) -> bool:
    """Write changes to the projection, so that a read right after sees them.

    Returns:
        False when the database went away meanwhile, or an earlier change is not there yet; the workflow
        writes all of them shortly.
    """
    written = [change for change in changes if change.events]
    if not written:
        return True
    try:
        # Not durable: what a crash undoes here, the workflow writes again, and waits for the disk.
        await runs.project(database, caller, *written, durable=False)
    except (DatabaseUnavailable, runs.PredecessorOpen):
        log.warning("projection left to the workflow", run_id=changes[-1].run.id)
        return False
    return True
