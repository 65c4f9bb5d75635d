"""`python -m api`: one API process."""

from runtime.garbage import keep_all

# isort: split
import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial

import uvicorn
from litestar import Litestar

from api.app import create_app, outermost
from api.arrivals import Arrivals
from api.counted import Counted
from api.deps import Deps
from api.gateway import Gateway
from api.issuers import Issuer, others, own
from api.lockout import Lockout
from api.passwords import Passwords
from api.tokens import Tokens
from api.verifier import verifying
from db import migrate
from db.data_keys import DataKeyStore
from db.listen import Listener
from db.pool import Database
from runtime.aws import Aws
from runtime.data_keys import DataKeys
from runtime.domains import suffixes
from runtime.encryption import WeakKey
from runtime.ending import leave
from runtime.health import shared, storage_check, temporal_check
from runtime.key_encryption import KeyEncryption
from runtime.settings import InvalidSettings, Settings, load_settings
from runtime.storage import Objects, probing_client
from runtime.telemetry import configure_logging
from runtime.temporal import connect


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Deps]:
    """Open everything that handlers work with. Temporal may be away: reads work without it."""
    database_url, key_encryption, tokens, issuers = _needed(settings)
    passwords, aws = Passwords(settings), Aws()
    await asyncio.to_thread(suffixes)
    database = await Database.open(
        database_url,
        min_size=settings.database_pool_min,
        max_size=settings.database_pool_max,
        timeout=settings.database_timeout_seconds,
    )
    keys = DataKeys(DataKeyStore(database), key_encryption)
    client = await connect(settings, keys, lazy=True)
    checks = {
        "postgres": database.ping,
        "migrations": partial(migrate.check, database),
        "temporal": temporal_check(client),
        "s3": storage_check(probing_client(settings), settings.s3_bucket),
    }
    try:
        async with Listener(database_url) as listener, verifying(issuers) as verifier:
            yield Deps(
                settings=settings,
                database=database,
                gateway=Gateway(client, settings),
                listener=listener,
                tokens=tokens,
                verifier=verifier,
                arrivals=Arrivals(database, settings),
                passwords=passwords,
                lockout=Lockout(settings),
                keys=keys,
                objects=Objects(settings),
                aws=aws,
                checks=shared(checks),
                counted=Counted(settings.dashboard_cache_seconds),
            )
    finally:
        await database.close()
        passwords.close()
        aws.close()
        key_encryption.close()


def _needed(settings: Settings) -> tuple[str, KeyEncryption, Tokens, list[Issuer]]:
    """What has no default.

    Raises:
        InvalidSettings, WeakKey: naming what is not set, or not good enough.
    """
    if not settings.database_url:
        raise InvalidSettings("DATABASE_URL is not set")
    key_encryption, tokens = KeyEncryption(settings), Tokens(settings)
    return settings.database_url, key_encryption, tokens, [own(tokens), *others(settings)]


class Server(uvicorn.Server):
    """Ends the open streams when it is told to stop: it waits for its connections, and theirs would stay."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin with the streams; their clients come back with `Last-Event-ID`."""
        self._app.state.deps.listener.dismiss()
        await super().shutdown(sockets)


def main() -> None:
    """Read the settings and serve until SIGTERM or SIGINT."""
    try:
        settings = load_settings()
        # Before the server starts: what is raised inside it comes out as a traceback in its log.
        _needed(settings)
    except (InvalidSettings, WeakKey) as error:
        sys.exit(f"Error: {error} (see docs/settings.md)")
    configure_logging(settings.log_level)
    app = create_app(settings, opened)
    keep_all()
    config = uvicorn.Config(
        outermost(app, settings),  # pyright: ignore[reportArgumentType]
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=10,
    )
    with suppress(KeyboardInterrupt):
        Server(config, app).run()
    leave()


if __name__ == "__main__":
    main()
