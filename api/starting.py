"""Starting a run, or finding the one that there is."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from uuid_utils.compat import uuid7

from api.commands import READS_AT_MOST, flow_asked, person_of, record
from api.deps import Deps, Principal
from api.gateway import RunClosed
from api.run_shapes import StartBody
from db import runs, users
from onboarding.advance import new_run, offered
from onboarding.flow import Flow
from onboarding.flows import FLOWS
from onboarding.payloads import Begin, Opened, Run, SetPlace, Status

Answers = dict[str, dict[str, Any]]


class OpenedRun(Struct, frozen=True, kw_only=True):
    """The person's run; `created` when this request made it."""

    run: Run
    created: bool


async def open_run(
    deps: Deps, principal: Principal, body: StartBody, message_id: str | None, hints: Answers | None = None
) -> OpenedRun:
    """Start a run and make it readable, or find the one that there is.

    Args:
        deps: what handlers work with.
        principal: whose run.
        body: which flow, where the person is.
        message_id: of this request.
        hints: what a new run offers for reuse, where the person's own answers do not say better.

    Raises:
        UnknownFlow: there is no such flow.
        RunClosed: runs of this person ended again and again meanwhile.
        WorkflowsUnavailable: nobody answered in time.
    """
    caller = principal.caller
    before: Run | None = None
    for attempt in range(READS_AT_MOST):
        async with deps.database.transaction(caller) as connection:
            key = await flow_asked(connection, principal, body.flow or None)
            latest = await runs.latest(connection, caller.user_id, key)
        flow = FLOWS.get(key)
        if latest and latest.status is Status.COMPLETED and body.restart is not True:
            return OpenedRun(run=latest, created=False)
        read_again = attempt > 0 and latest == before
        try:
            opened = await _begin(deps, principal, body, message_id, flow, latest, read_again, hints or {})
        except RunClosed:
            before = latest
            continue
        await record(deps.database, caller, *(change for change in (opened.replaced, opened.change) if change))
        await _remember_place(deps, principal, body)
        return OpenedRun(run=opened.change.run, created=opened.created)
    raise RunClosed


async def _begin(
    deps: Deps,
    principal: Principal,
    body: StartBody,
    message_id: str | None,
    flow: Flow,
    latest: Run | None,
    read_again: bool,
    hints: Answers,
) -> Opened:
    restart = body.restart is True
    is_open = latest is not None and latest.status is Status.IN_PROGRESS
    run = new_run(
        id=str(uuid7()),
        tenant_id=principal.caller.tenant_id,
        user_id=principal.caller.user_id,
        flow=flow,
        now=datetime.now(UTC),
        timezone=body.timezone or principal.timezone,
        locale=body.locale or principal.locale,
        muted=not principal.reminders_enabled,
        prefill={**hints, **(offered(latest) if latest and not restart else {})},
    )
    place = SetPlace(
        actor=person_of(principal),
        message_id=message_id,
        timezone=body.timezone or None,
        locale=body.locale or None,
    )
    return await deps.gateway.begin(
        Begin(run=run, place=place),
        resume=latest if is_open else None,
        restart=restart,
        after_end=read_again or (latest is not None and not is_open),
    )


async def _remember_place(deps: Deps, principal: Principal, body: StartBody) -> None:
    """Where somebody says they are when they start is where they are: their days are counted there too."""
    place: users.PersonalData = {}
    if body.timezone and body.timezone != principal.timezone:
        place["timezone"] = body.timezone
    if body.locale and body.locale != principal.locale:
        place["locale"] = body.locale
    if place:
        async with deps.database.transaction(principal.caller) as connection:
            await users.update(connection, principal.caller.user_id, **place)
