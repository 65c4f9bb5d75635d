"""SQL scripts as steps of a Piccolo migration."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder


def scripts(migration_id: str, description: str, forwards: str, backwards: str) -> MigrationManager:
    """A migration made of one script for each direction; each may hold several statements."""
    manager = MigrationManager(migration_id=migration_id, app_name="db", description=description)
    manager.add_raw(_running(forwards))
    manager.add_raw_backwards(_running(backwards))
    return manager


def _running(script: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        # Piccolo prepares what it runs, and a prepared statement is one only.
        engine = cast(Any, engine_finder())
        await engine.current_transaction.get().connection.execute(script)

    return run
