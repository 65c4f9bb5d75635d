"""`python -m api`: one API process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import uvicorn

from api.app import create_asgi
from api.deps import Deps
from api.gateway import Gateway
from api.passwords import Passwords
from api.tokens import Tokens
from db import migrate
from db.listen import Listener
from db.pool import Database
from runtime.encryption import load_key_ring
from runtime.ending import leave
from runtime.health import storage_check, temporal_check
from runtime.settings import InvalidSettings, Settings, load_settings
from runtime.storage import storage_client
from runtime.telemetry import configure_logging
from runtime.temporal import connect


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Deps]:
    """Open everything that handlers work with. Temporal may be away: reads work without it."""
    if not settings.database_url:
        raise InvalidSettings("DATABASE_URL is not set")
    keys = load_key_ring(settings.encryption_key_file)
    tokens = Tokens(settings)
    client = await connect(settings, keys, lazy=True)
    storage = storage_client(settings)
    database = await Database.open(
        settings.database_url,
        min_size=settings.database_pool_min,
        max_size=settings.database_pool_max,
        timeout=settings.database_timeout_seconds,
    )
    try:
        async with Listener(settings.database_url) as listener:
            yield Deps(
                settings=settings,
                database=database,
                gateway=Gateway(client, settings),
                listener=listener,
                tokens=tokens,
                passwords=Passwords(settings),
                keys=keys,
                checks={
                    "postgres": database.ping,
                    "migrations": partial(migrate.check, database),
                    "temporal": temporal_check(client),
                    "s3": storage_check(storage, settings.s3_bucket),
                },
            )
    finally:
        await database.close()


def main() -> None:
    """Read the settings and serve until SIGTERM or SIGINT."""
    settings = load_settings()
    configure_logging(settings.log_level)
    uvicorn.run(
        create_asgi(settings, opened),  # pyright: ignore[reportArgumentType]
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=10,
    )
    leave()


if __name__ == "__main__":
    main()
