"""`gangway schedules`: the recurring workflows."""

from typing import TYPE_CHECKING

import click
import msgspec

from cli.context import json_option, pass_settings
from cli.temporal_client import connected
from runtime.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client


@click.group()
def schedules() -> None:
    """Apply the schedules and search attributes."""


@schedules.command()
@json_option
@pass_settings
def apply(settings: Settings, as_json: bool) -> None:
    """Register search attributes, create or update every schedule; the same twice changes nothing."""
    ids = connected(settings, _apply)
    if as_json:
        click.echo(msgspec.json.encode({"schedules": ids}).decode())
        return
    for name in ids:
        click.echo(f"applied {name}")


async def _apply(client: "Client", settings: Settings) -> list[str]:
    from worker.registration import register_search_attributes
    from worker.schedules import apply as apply_all

    await register_search_attributes(client)
    return await apply_all(client, settings)
