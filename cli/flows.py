"""`gangway flow`: the flows that there are."""

import click
import msgspec

from cli.context import json_option


@click.group()
def flow() -> None:
    """Look at the flows."""


@flow.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Every flow in its newest version, with its states."""
    from onboarding.flows import FLOWS

    found = [
        {
            "key": one.key,
            "version": one.version,
            "title": one.title,
            "states": [{"number": s.number, "key": s.key, "optional": s.optional} for s in one.states],
        }
        for one in FLOWS.newest()
    ]
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in FLOWS.newest():
        click.echo(f"{one.key}@{one.version}  {one.title}")
        for state in one.states:
            click.echo(f"  {state.number:>2}  {state.key}{'  (optional)' if state.optional else ''}")
