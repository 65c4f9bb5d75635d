"""The embedded servers: real, private, durable, side by side."""

import asyncio
import os
import signal
import socket
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import boto3
import httpx
import psutil
import pytest
import temporalio.api.operatorservice.v1 as operator
from temporalio.client import Client
from temporalio.service import ConnectConfig, ServiceClient

from cli.embedded import EmbeddedError, EmbeddedStack, HomeInUse, NotReady, Service, until, with_free_ports
from cli.embedded.postgres import ADMIN, APP, OWNER
from cli.embedded.s3 import S3Server
from cli.embedded.temporal import register_search_attributes
from runtime.settings import Settings


async def query(url: str, sql: str, *arguments: Any) -> Any:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        return await connection.fetchval(sql, *arguments)
    finally:
        await connection.close()


async def kill_and_start(service: Service) -> None:
    before = service.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert await until(lambda: not service.running, 30)
    await service.start()
    assert service.pid not in (None, before)


class Unlucky(S3Server):
    """Somebody takes one of the ports that it found free."""

    thief: socket.socket | None = None

    def close(self) -> None:
        if self.thief:
            self.thief.close()

    async def prepare(self) -> None:
        await super().prepare()
        if self.thief is None:
            self.thief = socket.create_server(("127.0.0.1", self._internal["filer.port"]))


async def test_a_port_that_is_taken_meanwhile(tmp_path: Path) -> None:
    """S3 starts on other ports of its own when one is gone by the time that it wants to listen there."""
    with closing(Unlucky(tmp_path, port=with_free_ports(Settings()).s3_port, bucket="gangway")) as s3:
        await s3.start()
        assert s3.running
        assert s3.thief is not None
        await s3.stop()


class Bucket:
    """Reads and writes one object through boto3, in a thread."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.s3_bucket
        self.client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint_url,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_access_key_id,
            aws_secret_access_key=settings.s3_secret_access_key,
        )

    async def put(self, body: bytes) -> None:
        await asyncio.to_thread(self.client.put_object, Bucket=self.name, Key="k", Body=body)

    async def get(self) -> bytes:
        answer = await asyncio.to_thread(self.client.get_object, Bucket=self.name, Key="k")
        with answer["Body"] as body:
            return body.read()


async def test_roles_have_only_what_they_need(cli_stack: EmbeddedStack) -> None:
    """The owner owns the database, the app owns nothing and cannot create, neither passes row security."""
    settings = cli_stack.settings
    assert settings.database_url
    assert settings.database_owner_url
    unbound = "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert await query(settings.database_url, unbound) is False
    assert await query(settings.database_owner_url, unbound) is False
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'gangway'"
    assert await query(settings.database_url, owner) == OWNER
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await query(settings.database_url, "CREATE TABLE nope (id int)")


async def test_postgres_is_recent_and_durable(cli_stack: EmbeddedStack) -> None:
    """It is version 18 with its durability on and the extensions there."""
    url = cli_stack.postgres.url(ADMIN)
    assert (await query(url, "SHOW server_version")).startswith("18.")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await query(url, f"SHOW {setting}") == "on"
    found = await query(url, "SELECT array_agg(extname::text) FROM pg_extension")
    assert {"pg_trgm", "unaccent", "citext"} <= set(found)


async def test_a_wrong_password_is_refused(cli_stack: EmbeddedStack) -> None:
    """Reaching PostgreSQL's socket is not enough to get in."""
    wrong = cli_stack.postgres.url(APP).replace(":", ":x", 2).replace(":x//", "://")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(wrong, "SELECT 1")


async def test_nothing_listens_beyond_this_machine(cli_stack: EmbeddedStack) -> None:
    """Every port of every server is bound to 127.0.0.1, and PostgreSQL has none."""
    for service in cli_stack.services:
        bound = {
            each.laddr.ip for each in psutil.Process(service.pid).net_connections() if each.status == "LISTEN"
        }
        assert bound == (set() if service.name == "postgres" else {"127.0.0.1"}), service.name


async def test_s3_refuses_the_anonymous(cli_stack: EmbeddedStack) -> None:
    """Without the key pair neither the bucket nor an object in it can be read."""
    bucket = Bucket(cli_stack.settings)
    await bucket.put(b"private")
    async with httpx.AsyncClient(trust_env=False) as client:
        for path in ("", "/gangway", "/gangway/k"):
            answer = await client.get(f"{cli_stack.settings.s3_endpoint_url}{path}")
            assert answer.status_code == 403, path
    assert await bucket.get() == b"private"


async def test_what_is_secret_is_private(cli_stack: EmbeddedStack) -> None:
    """Secrets, logs and the Temporal database can be read by their owner only."""
    files = [*(cli_stack.home / "secrets").iterdir(), cli_stack.home / "temporal.db"]
    assert len(files) >= 7
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(cli_stack.postgres.socket_folder.stat().st_mode) == 0o700


async def test_postgres_keeps_what_it_acknowledged(cli_stack: EmbeddedStack) -> None:
    """A committed row is there after kill -9 of the postmaster while clients are connected."""
    url = cli_stack.postgres.url(OWNER)
    held = await asyncpg.connect(url)
    await query(url, "CREATE TABLE kept (id int)")
    await query(url, "INSERT INTO kept VALUES (7)")
    await kill_and_start(cli_stack.postgres)
    assert await query(url, "SELECT id FROM kept") == 7
    held.terminate()


async def test_temporal_keeps_what_it_acknowledged(cli_stack: EmbeddedStack) -> None:
    """A started workflow is there after kill -9 of the Temporal server, at the same address."""
    address = cli_stack.settings.temporal_address
    assert address
    client = await Client.connect(address)
    await client.start_workflow("Any", id="kept", task_queue="nobody")
    await kill_and_start(cli_stack.temporal)
    client = await Client.connect(address)
    assert (await client.get_workflow_handle("kept").describe()).id == "kept"


async def test_s3_keeps_what_it_acknowledged(cli_stack: EmbeddedStack) -> None:
    """A stored object is there after kill -9 of the S3 server, at the same address."""
    bucket = Bucket(cli_stack.settings)
    await bucket.put(b"kept")
    await kill_and_start(cli_stack.s3)
    assert await bucket.get() == b"kept"


async def test_search_attributes_are_added_once(cli_stack: EmbeddedStack) -> None:
    """A later version's attribute is added to an existing namespace; another type for one is refused."""
    address = cli_stack.settings.temporal_address
    assert address
    config = ConnectConfig(target_host=address)
    wanted = {"GangwayState": "Int", "GangwayLater": "KeywordList"}
    assert await register_search_attributes(config, "default", wanted) == ["GangwayLater"]
    assert await register_search_attributes(config, "default", wanted) == []
    with pytest.raises(EmbeddedError, match="GangwayState exists"):
        await register_search_attributes(config, "default", {"GangwayState": "Keyword"})
    client = await ServiceClient.connect(config)
    request = operator.ListSearchAttributesRequest(namespace="default")
    assert "GangwayLater" in (await client.operator_service.list_search_attributes(request)).custom_attributes


async def test_a_database_of_ones_own(cli_stack: EmbeddedStack) -> None:
    """A test process can have its own database, or a copy of a prepared one."""
    postgres = cli_stack.postgres
    await postgres.create_database("first")
    await query(postgres.url(OWNER, "first"), "CREATE TABLE here (id int)")
    await postgres.create_database("second", template="first")
    assert await query(postgres.url(OWNER, "second"), "SELECT count(*) FROM here") == 0


async def test_two_stacks_side_by_side(cli_stack: EmbeddedStack, tmp_path: Path) -> None:
    """A second stack, in a folder too deep for a socket, has its own data; a folder serves one only."""
    home = tmp_path / ("deep" * 30)
    async with EmbeddedStack(home=home, settings=with_free_ports(Settings())) as other:
        assert not str(other.postgres.socket_folder).startswith(str(home))
        assert other.settings.jwt_secret != cli_stack.settings.jwt_secret
        await query(other.postgres.url(OWNER), "CREATE TABLE elsewhere (id int)")
        assert await query(cli_stack.postgres.url(OWNER), "SELECT to_regclass('elsewhere')") is None
        pids = [service.pid for service in other.services]
        with pytest.raises(HomeInUse, match="GANGWAY_HOME"):
            await EmbeddedStack(home=home, settings=with_free_ports(Settings())).__aenter__()
    other.postgres.socket_folder.rmdir()
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)
    assert not (home / "pids.json").exists()


async def test_servers_pointed_elsewhere_are_not_started(tmp_path: Path) -> None:
    """With all three addresses given no server starts, and the addresses stay."""
    given = Settings(
        database_url="postgresql://elsewhere/db", temporal_address="t:1", s3_endpoint_url="http://s:2"
    )
    async with EmbeddedStack(home=tmp_path, settings=given) as stack:
        assert stack.services == []
        assert stack.settings.database_url == "postgresql://elsewhere/db"
        assert stack.settings.s3_access_key_id is None


async def test_a_failed_start_leaves_nothing(tmp_path: Path) -> None:
    """When one server cannot start, the error quotes its log, and the others are stopped."""
    settings = with_free_ports(Settings())
    stack = EmbeddedStack(
        home=tmp_path, settings=settings, services={"postgres", "temporal"}, temporal_flags=["--no-such-flag"]
    )
    with pytest.raises(NotReady, match=r"(?s)temporal ended with status 1.*no-such-flag"):
        await stack.__aenter__()
    assert [service.pid for service in stack.services] == [None, None]
