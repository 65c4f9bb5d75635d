"""`gangway run`: look at runs from the command line, and fork one."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
import msgspec

from cli.context import json_option, pass_settings
from cli.data_keys import app_url
from cli.temporal_client import connected
from onboarding.payloads import Refusal, RunView, Status
from runtime.addresses import address_of, workflow_id
from runtime.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client

    from db.pool import Database
    from onboarding.access import Caller

LONGEST_STATE = 64


@click.group()
def run() -> None:
    """List runs, show one, fork one."""


@run.command("list")
@click.option("--status", type=click.Choice([each.value for each in Status]))
@click.option("--flow", help="A flow's key.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
@pass_settings
def list_(settings: Settings, status: str | None, flow: str | None, limit: int, as_json: bool) -> None:
    """Runs as Temporal knows them, newest first."""
    found = connected(settings, partial(_list, status, flow, limit))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for row in found:
        click.echo(f"{row['status']:<12} state {row['state']}  {row['workflow_id']}")


def _run_id(_: click.Context, __: click.Parameter, workflow_id: str) -> str:
    try:
        address_of(workflow_id)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return workflow_id


@run.command()
@click.argument("workflow_id", callback=_run_id)
@json_option
@pass_settings
def show(settings: Settings, workflow_id: str, as_json: bool) -> None:
    """Where a run stands, without any answer."""
    from workflows.details import details

    view = connected(settings, partial(_view, workflow_id))
    click.echo(msgspec.json.encode(view).decode() if as_json else details(view))


def _any_id(context: click.Context, parameter: click.Parameter, which: str) -> str:
    """The id of a run, or that of its workflow."""
    with suppress(ValueError):
        return str(UUID(which))
    address = address_of(_run_id(context, parameter, which))
    with suppress(ValueError):
        return workflow_id(
            address._replace(tenant_id=str(UUID(address.tenant_id)), user_id=str(UUID(address.user_id)))
        )
    raise click.BadParameter(f"{which!r} is not the id of a run")


def _state(_: click.Context, __: click.Parameter, state: str) -> int | str:
    if not 0 < len(state) <= LONGEST_STATE:
        raise click.BadParameter("a state has a number or a key")
    return int(state) if state.isascii() and state.isdigit() else state


@run.command()
@click.argument("which", metavar="RUN", callback=_any_id)
@click.option("--state", required=True, callback=_state, help="Where the new run begins: a number or a key.")
@json_option
@pass_settings
def fork(settings: Settings, which: str, state: int | str, as_json: bool) -> None:
    """Begin anew from a state of a run, by its id or, for a person's latest one, by its workflow's.

    The new run has the answers to the states before, and nothing that led there happens again. A run that is open
    ends with that.
    """
    made = connected(settings, partial(_fork, which, state))
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
        return
    click.echo(f"run {made['run_id']} stands at state {made['state']}, forked from {made['forked_from']}")


async def _list(
    status: str | None, flow: str | None, limit: int, client: "Client", _: Settings
) -> list[dict[str, Any]]:
    from workflows.search_attributes import FLOW, STATE, STATUS

    clauses = ['WorkflowType = "OnboardingRun"']
    for key, value in ((STATUS, status), (FLOW, flow)):
        if value is not None:
            if not value.replace("_", "").isalnum():
                raise click.UsageError(f"{value!r} is not a {key.name.removeprefix('Gangway').lower()}")
            clauses.append(f'{key.name} = "{value}"')
    return [
        {
            "workflow_id": found.id,
            "status": found.typed_search_attributes.get(STATUS),
            "state": found.typed_search_attributes.get(STATE),
            "flow": found.typed_search_attributes.get(FLOW),
            "started_at": found.start_time,
        }
        async for found in client.list_workflows(" AND ".join(clauses), limit=limit)
    ]


async def _view(workflow_id: str, client: "Client", _: Settings) -> RunView:
    from workflows.onboarding import OnboardingRun

    return await client.get_workflow_handle(workflow_id).query(OnboardingRun.view)


async def _fork(which: str, state: int | str, client: "Client", settings: Settings) -> dict[str, Any]:
    from api.forking import Reach, fork_run
    from api.gateway import Gateway, RefusedByRun
    from db.pool import Database
    from onboarding.errors import Refused
    from onboarding.payloads import Actor, ActorKind
    from onboarding.progress import view

    database = await Database.open(app_url(settings), min_size=0, max_size=2)
    try:
        owner, run_id = await _found(database, which)
        reach = Reach(database=database, gateway=Gateway(client, settings))
        made = await fork_run(reach, owner, Actor(kind=ActorKind.STAFF), run_id, state)
    except (Refused, RefusedByRun) as refused:
        raise click.ClickException(_why(refused.refusal)) from None
    finally:
        await database.close()
    run = made.run
    current = view(run).current_state
    return {"run_id": run.id, "state": current, "forked_from": run.forked_from, "created": made.created}


async def _found(database: "Database", which: str) -> tuple["Caller", str]:
    """Whose run that is, as somebody who may read it, and its id."""
    from db import runs, tenants
    from db.tenant import OPERATOR, operator
    from onboarding.access import Caller, Role

    if "/" in which:
        address = address_of(which)
        owner = Caller(tenant_id=address.tenant_id, user_id=address.user_id, role=Role.USER)
        async with database.transaction(owner) as connection:
            latest = await runs.latest(connection, address.user_id, address.flow)
        if latest:
            return owner, latest.id
        raise click.ClickException("there is no such run")
    async with database.transaction(OPERATOR) as connection:
        everywhere = await tenants.all_ids(connection)
    for tenant_id in everywhere:
        async with database.transaction(operator(tenant_id)) as connection:
            found = await runs.anywhere(connection, which)
        if found:
            return Caller(tenant_id=tenant_id, user_id=found[0].user_id, role=Role.USER), which
    raise click.ClickException("there is no such run")


def _why(refusal: Refusal) -> str:
    """What the rules say, in a line."""
    wrong = "".join(f" {error.field} {error.detail}." for error in refusal.errors)
    reached = f" It can be forked up to state {refusal.current_state}." if refusal.current_state else ""
    return f"{refusal.detail}{wrong}{reached}"
