"""`python -m tests.bench.variant_worker`: the worker of the projection's variants."""

import asyncio
import signal

from temporalio.worker import Worker

from activities.projection import Projection
from db.pool import Database
from runtime.encryption import load_key_ring
from runtime.settings import load_settings
from runtime.temporal import connect
from tests.bench.variants import TASK_QUEUE, ProjectionVariant


async def _serve() -> None:
    settings = load_settings()
    assert settings.database_url
    client = await connect(settings, load_key_ring(settings.encryption_key_file), workflows=[ProjectionVariant])
    database = await Database.open(settings.database_url)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Worker(client, task_queue=TASK_QUEUE, activities=[Projection(database).settle]):
        await stop.wait()
    await database.close()


if __name__ == "__main__":
    asyncio.run(_serve())
