"""`gangway doctor` on the servers: PostgreSQL, Temporal, S3."""

import asyncpg
import httpx
from temporalio.service import ConnectConfig, RPCError, ServiceClient, TLSConfig

from cli.embedded.postgres import embedded_url
from cli.findings import Ill
from cli.local_checks import is_up
from runtime.settings import Settings

_TIMEOUT_SECONDS = 4


async def postgres(settings: Settings) -> str:
    """The database answers, is recent, and binds the role by row level security."""

    url = settings.database_url or embedded_url(settings.gangway_home.resolve())
    if url is None:
        return "embedded, not running"
    try:
        connection = await asyncpg.connect(url, timeout=_TIMEOUT_SECONDS)
    except (OSError, asyncpg.PostgresError) as error:
        raise Ill(f"cannot connect: {error}", "check DATABASE_URL, and that the server is up") from None
    try:
        row = await connection.fetchrow(
            "SELECT current_setting('server_version_num')::int AS version, "
            "rolsuper OR rolbypassrls AS unbound "
            "FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()
    assert row is not None, "one's own role exists"
    if row["version"] < 180_000:
        raise Ill(f"PostgreSQL {row['version'] // 10_000}", "use PostgreSQL 18")
    if row["unbound"]:
        raise Ill("the role of DATABASE_URL is not bound by row level security", "use the role gangway_app")
    return f"PostgreSQL {row['version'] // 10_000}"


async def temporal(settings: Settings) -> str:
    """The Temporal frontend answers its health check."""

    if not settings.temporal_address and not is_up(settings):
        return "embedded, not running"
    address = settings.temporal_address or f"127.0.0.1:{settings.temporal_port}"
    config = ConnectConfig(
        target_host=address,
        api_key=settings.temporal_api_key,
        tls=TLSConfig() if settings.temporal_tls else False,
    )
    try:
        client = await ServiceClient.connect(config)
        if not await client.check_health():
            raise Ill(f"{address} says that it is not well", "see Temporal's own log")
    except (RPCError, RuntimeError) as error:
        raise Ill(f"{address}: {error}", "check TEMPORAL_ADDRESS, and that the server is up") from None
    return address


async def s3(settings: Settings) -> str:
    """The S3 endpoint answers, and there is a key pair for it."""

    if not settings.s3_endpoint_url and not is_up(settings):
        return "embedded, not running"
    url = settings.s3_endpoint_url or f"http://127.0.0.1:{settings.s3_port}"
    if settings.s3_endpoint_url and not (settings.s3_access_key_id and settings.s3_secret_access_key):
        raise Ill("no key pair", "set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY")
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
            await client.get(url)
    except httpx.HTTPError as error:
        raise Ill(f"{url}: {error}", "check S3_ENDPOINT_URL, and that the server is up") from None
    return url
