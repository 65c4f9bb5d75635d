"""Canaries: nothing of an erased person can be read anywhere, though a worker was killed on the way."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import asyncpg
import httpx
import pytest
from google.protobuf.message import Message
from msgspec.structs import replace
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from cli.data_keys import data_keys
from cli.embedded.postgres import ADMIN, embedded_url
from cli.embedded.secret_files import SecretFiles
from db.pool import Database
from runtime.addresses import RunAddress, erasure_workflow_id, workflow_id
from runtime.encryption import CannotOpen
from runtime.settings import Settings
from runtime.temporal import connect
from tests.bench.stack import Stack
from tests.chaos.harm import HEALS_SECONDS, kill
from tests.erasing import Bucket, Planted, dump, planted, receipt, rows_of
from tests.stack import ok, until

PEOPLE = 4
PROCESSES = ("api", "worker", "temporal", "postgres", "s3")


@pytest.fixture
async def admin(dev: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(embedded_url(dev.home, ADMIN))
    yield connection
    await connection.close()


@pytest.fixture
def settings(dev: Stack) -> Settings:
    """Settings that lead to the stack's bucket too."""
    files = SecretFiles(dev.home)
    return replace(
        dev.settings,
        s3_endpoint_url=f"http://127.0.0.1:{dev.settings.s3_port}",
        s3_access_key_id=files.password("s3-access-key-id")[:20],
        s3_secret_access_key=files.password("s3-secret-access-key"),
    )


async def test_a_worker_killed_in_the_middle(
    dev: Stack,
    http: httpx.AsyncClient,
    settings: Settings,
    rows: Database,
    admin: asyncpg.Connection,
    workflows: Client,
) -> None:
    """Every erasure is completed with the right counts, and no store has a word of those people any more."""
    people = [await planted(http, settings, rows, admin, workflows) for _ in range(PEOPLE)]
    locations = [await _asked(someone) for someone in people]
    before = dev.pids()["worker"]
    kill(dev, "worker")
    await until(lambda: dev.pids()["worker"] != before, HEALS_SECONDS)
    for someone, location in zip(people, locations, strict=True):
        counts = (await receipt(someone.person, location))["counts"]
        assert (counts["objects"], counts["runs_ended"]) == (3, 1)
        assert {counts["database"][table] for table in ("users", "profiles", "onboarding_archive")} == {1}
        assert await rows_of(admin, someone.person.id) == {}
    stores = {
        "database": await dump(admin),
        "bucket": repr(await Bucket(settings).dump()),
        **{f"log of {name}": dev.log(name) for name in PROCESSES},
    }
    found = {
        (store, word)
        for store, content in stores.items()
        for someone in people
        for word in someone.words
        if word in content
    }
    assert found == set()
    assert len(stores["log of api"]) > 1000


async def test_temporal_history_is_unreadable(
    http: httpx.AsyncClient, settings: Settings, rows: Database, admin: asyncpg.Connection, workflows: Client
) -> None:
    """Of an erased person's runs no payload can be opened with the keys that are left; a colleague's still can."""
    gone, there = [await planted(http, settings, rows, admin, workflows) for _ in range(2)]
    await receipt(gone.person, await _asked(gone))
    async with data_keys(settings) as keys:  # with nothing in memory yet
        fresh = await connect(settings, keys)
        readable, raw = await _history(fresh, there)
        assert there.canary in readable
        assert there.canary not in raw
        readable, raw = await _history(fresh, gone)
    assert readable == ""
    assert not [word for word in gone.words if word in raw]


async def test_the_history_of_the_erasure(
    http: httpx.AsyncClient, settings: Settings, rows: Database, admin: asyncpg.Connection, workflows: Client
) -> None:
    """The erasure's own history, which stays readable, holds ids and numbers alone."""
    someone = await planted(http, settings, rows, admin, workflows)
    await receipt(someone.person, await _asked(someone))
    id = erasure_workflow_id(someone.person.tenant_id, someone.person.id)
    readable, raw = await _opened(workflows, id)
    assert someone.person.id in readable
    assert not [word for word in someone.words if word in readable or word in raw]


async def _asked(someone: Planted) -> str:
    answer = await someone.person.post(f"/api/v1/users/{someone.person.id}/erase")
    assert ok(answer)["status"] == "running"
    return answer.headers["location"]


async def _history(workflows: Client, someone: Planted) -> tuple[str, str]:
    person = someone.person
    return await _opened(workflows, workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))


async def _opened(workflows: Client, id: str) -> tuple[str, str]:
    """What the keys that there are open of all executions of a workflow, and what these look like raw."""
    context = WorkflowSerializationContext(namespace=workflows.namespace, workflow_id=id)
    codec = workflows.data_converter.with_context(context).payload_codec
    assert codec is not None
    readable: list[bytes] = []
    raw: list[bytes] = []
    async for execution in workflows.list_workflows(f'WorkflowId = "{id}"'):
        history = await workflows.get_workflow_handle(id, run_id=execution.run_id).fetch_history()
        for event in history.events:
            raw.append(event.SerializeToString())
            for payload in _payloads(event):
                if payload.metadata.get("encoding") == b"binary/encrypted":
                    try:
                        readable += [each.data for each in await codec.decode([payload])]
                    except CannotOpen:
                        continue
    assert raw, "it has no history"
    return b"\n".join(readable).decode(errors="replace"), b"\n".join(raw).decode(errors="replace")


def _payloads(message: Message) -> Iterable[Payload]:
    """Every payload anywhere in a message."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            values: Any = value if field.is_repeated else [value]
            if field.message_type.GetOptions().map_entry:
                values = value.values()
            yield from (p for each in values if isinstance(each, Message) for p in _payloads(each))
