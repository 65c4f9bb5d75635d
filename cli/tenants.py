"""`gangway tenant`: the tenants of a deployment."""

from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec

from cli.app_database import connected
from cli.context import json_option, pass_settings
from runtime.settings import Settings

if TYPE_CHECKING:
    from db.pool import Database
    from db.tenants import Tenant

LONGEST = 200


def named(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """A name as it is kept: trimmed, printable, not too long."""
    if text is None:
        return None
    name = text.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise click.BadParameter(f"must have 1 to {LONGEST} printable characters")
    return name


def _flow(_: click.Context, __: click.Parameter, key: str | None) -> str | None:
    from onboarding.errors import UnknownFlow
    from onboarding.flows import FLOWS

    try:
        return key and FLOWS.get(key).key
    except UnknownFlow:
        known = ", ".join(flow.key for flow in FLOWS.newest())
        raise click.BadParameter(f"{key!r} is no flow; there are: {known}") from None


@click.group()
def tenant() -> None:
    """Make tenants, list them."""


@tenant.command()
@click.argument("name", callback=named)
@click.option("--external-id", callback=named, help="What issuers of tokens call it; the name, unless given.")
@click.option("--default-flow", callback=_flow, help="The flow of those who name none.")
@json_option
@pass_settings
def create(
    settings: Settings, name: str, external_id: str | None, default_flow: str | None, as_json: bool
) -> None:
    """Make a tenant."""
    work = partial(_create, external_id or name, name, default_flow or settings.default_flow)
    made = connected(settings, work)
    click.echo(_in_json(made) if as_json else f"{made.id}  {made.external_id}  {made.name}")


@tenant.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
@pass_settings
def list_(settings: Settings, limit: int, as_json: bool) -> None:
    """Tenants, newest first."""
    found = connected(settings, partial(_list, limit))
    if as_json:
        click.echo(_in_json(found))
        return
    for one in found:
        click.echo(f"{one.id}  {one.external_id}  {one.name}")


async def _create(external_id: str, name: str, default_flow: str, database: "Database") -> "Tenant":
    from db import tenants
    from db.tenant import OPERATOR

    async with database.transaction(OPERATOR) as connection:
        return await tenants.create(connection, external_id, name, default_flow)


async def _list(limit: int, database: "Database") -> "list[Tenant]":
    from db import tenants
    from db.tenant import OPERATOR

    async with database.transaction(OPERATOR) as connection:
        return await tenants.listed(connection, limit)


def _in_json(answer: object) -> str:
    return msgspec.json.Encoder(decimal_format="number").encode(answer).decode()
