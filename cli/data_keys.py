"""The data keys of the settings' database, for commands."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from runtime.settings import Settings

if TYPE_CHECKING:
    from db.data_keys import DataKeyStore
    from runtime.data_keys import DataKeys
    from runtime.key_encryption import KeyEncryption


@asynccontextmanager
async def key_store(settings: Settings) -> "AsyncGenerator[tuple[DataKeyStore, KeyEncryption]]":
    """The wrapped data keys, and what wraps them; connects to the database when they are first asked for.

    Without `DATABASE_URL`, and without a key of its own, it is the embedded stack of `GANGWAY_HOME`.

    Raises:
        WeakKey: the settings lead to no key.
    """
    from db.data_keys import DataKeyStore
    from db.pool import Database
    from runtime.key_encryption import KeyEncryption

    wrapper = KeyEncryption(_with_embedded_file(settings))
    database = await Database.open(
        app_url(settings), min_size=0, max_size=4, timeout=settings.database_timeout_seconds
    )
    try:
        yield DataKeyStore(database), wrapper
    finally:
        await database.close()
        wrapper.close()


@asynccontextmanager
async def data_keys(settings: Settings) -> "AsyncGenerator[DataKeys]":
    """The data keys, usable.

    Raises:
        WeakKey: the settings lead to no key.
    """
    from runtime.data_keys import DataKeys

    async with key_store(settings) as (store, wrapper):
        yield DataKeys(store, wrapper)


def _with_embedded_file(settings: Settings) -> Settings:
    from cli.embedded.secret_files import SecretFiles

    file = SecretFiles(settings.gangway_home).folder / "keys.json"
    if settings.encryption_key_file is not None or not file.exists():
        return settings
    return replace(settings, encryption_key_file=file)


def app_url(settings: Settings) -> str:
    """The database of the settings as the app has it, else the embedded one, which must run."""
    from cli.embedded.postgres import embedded_url

    if url := settings.database_url or embedded_url(settings.gangway_home.resolve()):
        return url
    raise click.ClickException("no database: set DATABASE_URL, or start the embedded one with `gangway dev`")
