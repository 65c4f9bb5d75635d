"""`gangway run`: look at runs from the command line."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cli.context import json_option, pass_settings
from cli.temporal_client import connected
from onboarding.payloads import RunView
from runtime.addresses import address_of
from runtime.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client


@click.group()
def run() -> None:
    """List runs, show one."""


@run.command("list")
@click.option("--status", help="in_progress, completed or abandoned.")
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
