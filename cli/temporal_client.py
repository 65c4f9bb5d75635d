"""A connection to the Temporal server of the settings, for commands."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from runtime.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client

_Answer = TypeVar("_Answer")


def connected(settings: Settings, ask: "Callable[[Client, Settings], Awaitable[_Answer]]") -> _Answer:
    """Connect, ask, and turn what goes wrong into a message.

    Without `ENCRYPTION_KEY_FILE`, the keys are those of the embedded stack in `GANGWAY_HOME`.
    """
    from temporalio.exceptions import TemporalError

    from runtime.encryption import WeakKey

    try:
        return asyncio.run(_ask(settings, ask))
    except (TemporalError, RuntimeError, WeakKey) as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from None


async def _ask(settings: Settings, ask: "Callable[[Client, Settings], Awaitable[_Answer]]") -> _Answer:
    from cli.embedded.secret_files import SecretFiles
    from runtime.encryption import load_key_ring
    from runtime.temporal import connect

    file = settings.encryption_key_file or SecretFiles(settings.gangway_home).folder / "keys.json"
    keys = load_key_ring(file)
    try:
        client = await connect(settings, keys)
    except ValueError as error:
        raise click.ClickException(f"TEMPORAL_ADDRESS: {error} (see docs/settings.md)") from None
    return await ask(client, settings)
