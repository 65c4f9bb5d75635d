"""The database as the app has it, bound by row level security, for commands."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from runtime.settings import Settings

if TYPE_CHECKING:
    from db.pool import Database

_Answer = TypeVar("_Answer")


def connected(settings: Settings, work: "Callable[[Database], Awaitable[_Answer]]") -> _Answer:
    """Connect, work, and turn what goes wrong into a message.

    Without `DATABASE_URL` it is the embedded server of the data folder, which must run.
    """
    import asyncpg

    from onboarding.errors import GangwayError

    url = _url(settings)
    try:
        return asyncio.run(_done(url, work))
    except GangwayError as error:
        raise click.ClickException(str(error) or error.detail) from None
    # InterfaceError and ValueError are what asyncpg says of a URL that it cannot follow.
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from None


async def _done(url: str, work: "Callable[[Database], Awaitable[_Answer]]") -> _Answer:
    from db.pool import Database

    database = await Database.open(url, min_size=0, max_size=1)
    try:
        return await work(database)
    finally:
        await database.close()


def _url(settings: Settings) -> str:
    if settings.database_url:
        return settings.database_url
    from cli.embedded.postgres import embedded_url

    if url := embedded_url(settings.gangway_home.resolve()):
        return url
    raise click.ClickException("no database: set DATABASE_URL, or start the embedded one with `gangway dev`")
