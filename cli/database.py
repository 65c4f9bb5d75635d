"""`gangway db`: the migrations. Not named db.py, so that nobody mistakes it for the package."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
import msgspec

from cli.context import json_option, pass_settings
from runtime.settings import Settings

_Answer = TypeVar("_Answer")


@click.group()
def db() -> None:
    """Migrate the database, undo a migration, see where it stands."""


@db.command()
@json_option
@pass_settings
def migrate(settings: Settings, as_json: bool) -> None:
    """Apply the migrations that the database lacks."""
    from db.migrate import migrate as apply

    _report("applied", _run(apply(_owner_url(settings))), as_json)


@db.command()
@click.option("--steps", type=click.IntRange(min=1), default=1, show_default=True, help="How many to undo.")
@json_option
@pass_settings
def rollback(settings: Settings, steps: int, as_json: bool) -> None:
    """Undo the latest migrations."""
    from db.migrate import rollback as undo

    _report("undone", _run(undo(_owner_url(settings), steps)), as_json)


@db.command()
@json_option
@pass_settings
def status(settings: Settings, as_json: bool) -> None:
    """List the migrations and whether each is applied; exit 1 when one is not."""
    from db.migrate import status as look

    listed = _run(look(_owner_url(settings)))
    if as_json:
        rows = [{"name": name, "applied": applied} for name, applied in listed]
        click.echo(msgspec.json.encode(rows).decode())
    else:
        for name, applied in listed:
            click.echo(f"{'applied' if applied else 'pending':<8} {name}")
    if not all(applied for _, applied in listed):
        raise SystemExit(1)


def _owner_url(settings: Settings) -> str:
    if url := settings.database_owner_url or settings.database_url:
        return url
    # The embedded server of this data folder, which must run: `gangway dev` in another terminal.
    from cli.embedded.postgres import OWNER, embedded_url

    if url := embedded_url(settings.gangway_home.resolve(), OWNER):
        return url
    raise click.ClickException(
        "no database: set DATABASE_OWNER_URL (or DATABASE_URL), or start the embedded one with `gangway dev`"
    )


def _run(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    import asyncpg

    from db.migrate import MigrationFailed

    try:
        return asyncio.run(work)
    # InterfaceError and ValueError are what asyncpg says of a URL that it cannot follow.
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, MigrationFailed) as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from None


def _report(done: str, names: list[str], as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode({done: names}).decode())
    elif names:
        for name in names:
            click.echo(f"{done} {name}")
    else:
        click.echo("nothing to do")
