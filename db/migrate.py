"""Migrations: forwards, backwards, and what has run. Piccolo keeps the record, in its table `migration`."""

import asyncio
import io
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, redirect_stdout
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast

from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppConfig, MigrationModule

from db import migrations
from db.piccolo_conf import MIGRATING
from db.pool import Connection, Database, Engine

APP_ROLE = "gangway_app"
_APP = AppConfig(app_name="db", migrations_folder_path=next(iter(migrations.__path__)))
_LOCK = 0x67616E67776179  # "gangway"
_one_at_a_time = asyncio.Lock()  # Piccolo keeps its engine, and prints, in places that a process has once


class MigrationFailed(Exception):
    """The database is not ready to be migrated; the message says what is missing."""


async def migrate(owner_url: str) -> list[str]:
    """Run every migration that has not run, all of them or none.

    Args:
        owner_url: how to connect as the role that owns the database.

    Returns:
        The ids of those that ran now, in order.

    Raises:
        MigrationFailed: when the role `gangway_app` does not exist.
    """
    async with _migrating(owner_url) as connection:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", APP_ROLE):
            raise MigrationFailed(
                f"the role {APP_ROLE} does not exist: create it (LOGIN, NOBYPASSRLS, owner of nothing) first"
            )
        runner = _Forwards(app_name=_APP.app_name)
        await runner.create_migration_table()
        done = await _recorded()
        await runner.run_migrations(_APP)
        return [each for each in _modules() if each not in done]


async def rollback(owner_url: str, steps: int = 1) -> list[str]:
    """Take back the newest migrations, all of `steps` or none; returns their ids, newest first.

    Raises:
        MigrationFailed: when the newest is one that this version of the code does not know.
    """
    async with _migrating(owner_url):
        done = sorted(await _recorded() if await Migration.table_exists().run() else [])
        undone = done[::-1][:steps]
        if unknown := [each for each in undone if each not in _modules()]:
            raise MigrationFailed(f"{unknown} came with a newer version: take them back with that one")
        # Not by Piccolo's own command: it goes by the clocks of the hosts that ran them.
        for each in undone:
            manager = await _modules()[each].forwards()
            await manager.run(backwards=True)
            await Migration.delete().where(Migration.name == each, Migration.app_name == _APP.app_name).run()
        return undone


async def status(owner_url: str) -> list[tuple[str, bool]]:
    """Every migration of this version of the code in order, and whether it has run."""
    async with _migrating(owner_url):
        done = await _recorded() if await Migration.table_exists().run() else []
        return [(each, each in done) for each in _modules()]


async def is_current(connection: Connection) -> bool:
    """Whether every migration of this version of the code has run, as the app itself may ask."""
    if await connection.fetchval("SELECT to_regclass('migration') IS NULL"):
        return False
    rows = await connection.fetch("SELECT name FROM migration WHERE app_name = $1", _APP.app_name)
    return set(_modules()) <= {row["name"] for row in rows}


class NotMigrated(Exception):
    """Migrations of this version have not run."""


async def check(database: Database) -> None:
    """For readiness.

    Raises:
        NotMigrated: when a migration of this version of the code has not run.
    """
    async with database.autocommit() as connection:
        if not await is_current(connection):
            raise NotMigrated


@cache
def _modules() -> dict[str, MigrationModule]:
    names = [f"{migrations.__name__}.{module.name}" for module in iter_modules(migrations.__path__)]
    modules = [cast(MigrationModule, import_module(name)) for name in names]
    return {module.ID: module for module in sorted(modules, key=lambda module: module.ID)}


class _Forwards(ForwardsMigrationManager):
    def get_migration_modules(self, folder_path: str) -> dict[str, MigrationModule]:
        """As members of their package, not through a changed `sys.path`."""
        del folder_path
        return _modules()


async def _recorded() -> list[str]:
    return await Migration.get_migrations_which_ran(app_name=_APP.app_name)


@asynccontextmanager
async def _migrating(owner_url: str) -> AsyncGenerator[Any]:
    """One transaction around all that Piccolo does, which no other process has at the same time."""
    engine = Engine(config={"dsn": owner_url, "timeout": 10})
    async with _one_at_a_time:
        os.environ["PICCOLO_CONF"] = "db.piccolo_conf"
        token = MIGRATING.set(engine)
        Migration._meta.db = engine  # pyright: ignore[reportPrivateUsage] - it keeps the first one it finds
        try:
            # Piccolo prints its progress; callers are told by what is returned.
            with redirect_stdout(io.StringIO()):
                async with engine.transaction() as transaction:
                    connection = transaction.connection
                    await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                    yield connection
        finally:
            MIGRATING.reset(token)
