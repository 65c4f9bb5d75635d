"""`python -m worker`: one worker process, with its health on its own port."""

from runtime.garbage import keep_all

# isort: split
import asyncio
import signal
import sys
from functools import partial

import structlog
import uvicorn
import uvloop

from activities.ai.ledger import Books
from activities.ai.models import Models
from db import migrate
from db.data_keys import DataKeyStore
from db.pool import Database
from runtime.data_keys import DataKeys
from runtime.encryption import WeakKey
from runtime.ending import leave
from runtime.health import storage_check, temporal_check
from runtime.key_encryption import KeyEncryption
from runtime.settings import InvalidSettings, Settings, load_settings
from runtime.storage import probing_client
from runtime.telemetry import configure_logging
from runtime.temporal import connect
from worker.app import build_worker
from worker.health import health_app
from worker.registration import register_search_attributes
from worker.schedules import apply
from workflows.registry import WORKFLOWS

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then let the running tasks finish."""
    if not settings.database_url:
        raise InvalidSettings("DATABASE_URL is not set")
    key_encryption = KeyEncryption(settings)
    database = await Database.open(
        settings.database_url,
        min_size=settings.database_pool_min,
        max_size=settings.database_pool_max,
        timeout=settings.database_timeout_seconds,
    )
    keys = DataKeys(DataKeyStore(database), key_encryption)
    client = await connect(settings, keys, workflows=WORKFLOWS)
    await register_search_attributes(client)
    await apply(client, settings)

    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    checks = {
        "postgres": database.ping,
        "migrations": partial(migrate.check, database),
        "temporal": temporal_check(client),
        "s3": storage_check(probing_client(settings), settings.s3_bucket),
    }
    health = _HealthServer(
        uvicorn.Config(
            health_app(checks, settings.git_sha),
            lifespan="off",
            host=settings.host,
            port=settings.worker_health_port,
            log_config=None,
        )
    )
    books = Books(database, settings)
    async with (
        Models(settings, books) as models,
        build_worker(client, database, keys, books, models, settings),
    ):
        serving = asyncio.create_task(health.serve())
        log.info("worker ready", task_queue=settings.task_queue)
        await stop.wait()
        health.should_exit = True
        await serving
    await database.close()
    key_encryption.close()


class _HealthServer(uvicorn.Server):
    """Leaves signals to the worker."""

    def install_signal_handlers(self) -> None:
        """The worker handles them."""


def main() -> None:
    """Read the settings and serve."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        keep_all()
        uvloop.run(serve(settings))
    except (InvalidSettings, WeakKey) as error:
        sys.exit(f"Error: {error} (see docs/settings.md)")
    leave()


if __name__ == "__main__":
    main()
