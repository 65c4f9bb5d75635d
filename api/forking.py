"""Forking a run: another one of the same person begins in the middle."""

from datetime import UTC, datetime

from msgspec import Struct
from uuid_utils.compat import uuid7

from api.admin_runs import found, whose
from api.commands import READS_AT_MOST, record
from api.gateway import Gateway, RunClosed
from db import runs, users
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.advance import new_run
from onboarding.forking import flow_for, forked
from onboarding.payloads import Actor, Channel, Fork, Run, Status


class Reach(Struct, frozen=True, kw_only=True):
    """What a fork needs: the API's handlers have it, and so has the command line."""

    database: Database
    gateway: Gateway


class ForkedRun(Struct, frozen=True, kw_only=True):
    """A run that begins in the middle, whose it is, and whether this call made it."""

    run: Run
    user: users.User
    created: bool


async def fork_run(
    reach: Reach, reader: Caller, actor: Actor, run_id: str, from_state: int | str, message_id: str | None = None
) -> ForkedRun:
    """Begin anew from a state of a run, which ends if it is open, and make both readable.

    Args:
        reach: what this needs.
        reader: who may see the run.
        actor: who does it.
        run_id: the run, open, finished or archived.
        from_state: where to begin, by number or key.
        message_id: of this request; a repeat gives the same run.

    Raises:
        RunNotFound: there is no such run.
        Refused, RefusedByRun: it did not get so far, or another one is open.
        RunClosed: runs of this person ended again and again meanwhile.
        WorkflowsUnavailable: nobody answered in time.
    """
    before: Run | None = None
    for _ in range(READS_AT_MOST):
        async with reach.database.transaction(reader) as connection:
            source, _ = await found(connection, run_id)
            user = await whose(connection, source)
            latest = await runs.latest(connection, source.user_id, source.flow)
        open_run = latest if latest and latest.status is Status.IN_PROGRESS else None
        message = _message(source, user, actor, from_state, message_id)
        if open_run is None:
            # Before a workflow is started that would only refuse it. One that is open judges by what it has.
            forked(latest, message, datetime.now(UTC))
        after_end = open_run is None or open_run == before
        try:
            opened = await reach.gateway.fork(message, resume=open_run, after_end=after_end)
        except RunClosed:
            before = open_run
            continue
        owner = Caller(tenant_id=source.tenant_id, user_id=source.user_id, role=Role.USER)
        await record(reach.database, owner, *(change for change in (opened.replaced, opened.change) if change))
        return ForkedRun(run=opened.change.run, user=user, created=opened.created)
    raise RunClosed


def _message(source: Run, user: users.User, actor: Actor, from_state: int | str, message_id: str | None) -> Fork:
    run = new_run(
        id=str(uuid7()),
        tenant_id=source.tenant_id,
        user_id=source.user_id,
        flow=flow_for(source),
        now=datetime.now(UTC),
        timezone=user.timezone,
        locale=user.locale,
        muted=not user.reminders_enabled,
    )
    return Fork(
        run=run,
        source=source,
        from_state=from_state,
        actor=actor,
        channel=Channel.API,
        message_id=message_id,
    )
