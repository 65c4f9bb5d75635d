"""`gangway keys`: the key-encryption keys, and what they wrap."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from cli.context import json_option, pass_settings
from cli.data_keys import key_store
from runtime.settings import Settings

if TYPE_CHECKING:
    from db.data_keys import DataKeyStore
    from runtime.key_encryption import KeyEncryption

_Answer = TypeVar("_Answer")


@click.group()
def keys() -> None:
    """List the key-encryption keys, change them."""


@keys.command("list")
@json_option
@pass_settings
def list_(settings: Settings, as_json: bool) -> None:
    """Each key-encryption key that is current or wraps something, and how many data keys it wraps."""
    listed = _ask(settings, _list)
    if as_json:
        click.echo(msgspec.json.encode(listed).decode())
        return
    for row in listed:
        click.echo(f"{'current' if row['current'] else '':<8} {row['data_keys']:>8}  {row['key_id']}")


@keys.command()
@click.option("--finish", is_flag=True, help="Make no new key: only wrap with the current one what another wraps.")
@json_option
@pass_settings
def rotate(settings: Settings, finish: bool, as_json: bool) -> None:
    """Wrap every data key with a new key, while everything runs on.

    With a key file the new key is made in it and becomes the current one; where KMS_KEY_ID is set, that key is the
    current one. A rotation that was broken off is finished first. Exit 1 when something is left under another key.
    """
    from cli.rotation import rotate as change

    done = _ask(settings, lambda store, wrapper: change(store, wrapper, finish=finish))
    if as_json:
        click.echo(msgspec.json.encode(done).decode())
    else:
        made = " (new)" if done.new_key else ""
        click.echo(f"{done.current}{made}: {done.rewrapped} data keys wrapped anew")
        for key_id, rows in done.left.items():
            click.echo(f"{rows} still wrapped with {key_id}", err=True)
        for row in done.damaged:
            click.echo(f"damaged: {row}", err=True)
    if done.left:
        raise SystemExit(1)


async def _list(store: "DataKeyStore", wrapper: "KeyEncryption") -> list[dict[str, object]]:
    current, counts = await wrapper.current(), await store.counts()
    return [
        {"key_id": key_id, "current": key_id == current, "data_keys": counts.get(key_id, 0)}
        for key_id in dict.fromkeys([current, *counts])
    ]


def _ask(settings: Settings, ask: "Callable[[DataKeyStore, KeyEncryption], Awaitable[_Answer]]") -> _Answer:
    import asyncpg

    from onboarding.errors import GangwayError
    from runtime.encryption import WeakKey
    from runtime.telemetry import configure_logging

    configure_logging(settings.log_level)

    async def asked() -> _Answer:
        async with key_store(settings) as (store, wrapper):
            return await ask(store, wrapper)

    try:
        return asyncio.run(asked())
    except* (GangwayError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, WeakKey) as group:
        error = _first(group)
    raise click.ClickException(f"{type(error).__name__}: {error}")


def _first(group: BaseExceptionGroup[Exception]) -> BaseException:
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
