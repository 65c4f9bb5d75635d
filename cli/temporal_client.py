"""A connection to the Temporal server of the settings, for commands."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from cli.data_keys import data_keys
from runtime.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client

_Answer = TypeVar("_Answer")


def connected(settings: Settings, ask: "Callable[[Client, Settings], Awaitable[_Answer]]") -> _Answer:
    """Connect, ask, and turn what goes wrong into a message. Payloads are read with the database's data keys."""
    from temporalio.exceptions import TemporalError

    from onboarding.errors import GangwayError
    from runtime.encryption import CannotOpen, WeakKey

    try:
        return asyncio.run(_ask(settings, ask))
    except GangwayError as error:
        raise click.ClickException(f"{type(error).__name__}: {str(error) or error.detail}") from None
    except (TemporalError, RuntimeError, WeakKey, CannotOpen) as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from None


async def _ask(settings: Settings, ask: "Callable[[Client, Settings], Awaitable[_Answer]]") -> _Answer:
    from runtime.temporal import connect

    async with data_keys(settings) as keys:
        try:
            client = await connect(settings, keys)
        except ValueError as error:
            raise click.ClickException(f"TEMPORAL_ADDRESS: {error} (see docs/settings.md)") from None
        return await ask(client, settings)
