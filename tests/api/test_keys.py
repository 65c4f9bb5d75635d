"""What people's data keys mean for requests: who opens what, what they cost, and when there are none to be had."""

import asyncio
import uuid
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.converter import WorkflowSerializationContext

from activities.ai.ledger import Books
from activities.ai.models import Models
from api.__main__ import opened
from api.deps import Deps
from api.gateway import Gateway
from cli.data_keys import data_keys
from cli.embedded import EmbeddedStack
from cli.replay import Replayed, replay_all
from db.pool import Database, DatabaseUnavailable
from db.runs import PersonGone
from onboarding.advance import new_run
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import Actor, ActorKind, Begin, SetPlace
from runtime.addresses import Owner, RunAddress, workflow_id
from runtime.data_keys import DataKeys
from runtime.encryption import CannotOpen, Keys
from runtime.key_encryption import KeyEncryption
from runtime.settings import Settings
from runtime.temporal import connect
from tests.db.counting import Counting
from tests.runtime.kms_server import ARN, point_at
from tests.stack import RUNS, Person, application, ok, problem, sign_up, until
from worker.app import build_worker
from workflows.registry import WORKFLOWS


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


def first_message(person: Person) -> Begin:
    """What begins their run."""
    run = new_run(
        id=str(uuid.uuid4()),
        tenant_id=person.tenant_id,
        user_id=person.id,
        flow=FITNESS,
        now=datetime.now(UTC),
    )
    return Begin(run=run, place=SetPlace(actor=Actor(kind=ActorKind.PERSON, id=person.id)))


def run_of(person: Person) -> str:
    return workflow_id(RunAddress(person.tenant_id, person.id, "fitness"))


async def test_each_history_has_its_persons_key(api: httpx.AsyncClient, temporal: Client, keys: Keys) -> None:
    """Everything sealed in a run's history, by the API and by the worker, has the person's one key."""
    for person in (await sign_up(api), await sign_up(api)):
        await person.completed()
        history = await temporal.get_workflow_handle(run_of(person)).fetch_history()
        mine = await keys.sealing(Owner(person.tenant_id, person.id))
        text = history.to_json()
        assert text.count('"key-id"') == text.count(b64(mine.id)) > 10


async def test_a_destroyed_key(
    api: httpx.AsyncClient, settings: Settings, temporal: Client, admin: asyncpg.Connection
) -> None:
    """When a person's data key is deleted, nothing of their history opens any more; everybody else's does."""
    gone, other = await sign_up(api), await sign_up(api)
    for person in (gone, other):
        await person.saved_until(2)
    assert await admin.execute("DELETE FROM data_keys WHERE user_id = $1", uuid.UUID(gone.id)) == "DELETE 1"
    async with data_keys(settings) as fresh:
        client = await connect(settings, fresh)
        for person, opens in ((gone, False), (other, True)):
            assert await _opened(client, temporal, run_of(person)) == opens
    await temporal.get_workflow_handle(run_of(gone)).terminate()


async def _opened(client: Client, temporal: Client, id: str) -> bool:
    """Whether the payloads of the updates in a history open: all, or none."""
    history = await temporal.get_workflow_handle(id).fetch_history()
    updates = [event.workflow_execution_update_accepted_event_attributes for event in history.events]
    sealed = [payload for update in updates for payload in update.accepted_request.input.args.payloads]
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=id)
    codec = client.data_converter.with_context(context).payload_codec
    assert codec
    found: set[bool] = set()
    for payload in sealed:
        try:
            await codec.decode([payload])
            found.add(True)
        except CannotOpen:
            found.add(False)
    (answer,) = found
    return answer


async def test_histories_replay(
    api: httpx.AsyncClient, temporal: Client, settings: Settings, tmp_path: Path
) -> None:
    """A history of one's own is checked with the data keys of the database, in a process that begins now."""
    person = await sign_up(api)
    await person.completed()
    history = await temporal.get_workflow_handle(run_of(person)).fetch_history()
    await asyncio.to_thread((tmp_path / "run.json").write_text, history.to_json())
    async with data_keys(settings) as fresh:
        assert await replay_all(tmp_path, fresh) == [Replayed(history="run.json")]


async def test_what_they_cost(settings: Settings, worker: None) -> None:
    """A person's first request with a key looks twice; progress never does, nor does any save after the first."""
    store: list[Counting] = []

    @asynccontextmanager
    async def counted(settings: Settings) -> AsyncGenerator[Deps]:
        async with opened(settings) as deps:
            store.append(Counting(deps.database))
            keys = DataKeys(store[0], KeyEncryption(settings))
            yield replace(deps, keys=keys, gateway=Gateway(await connect(settings, keys), settings))

    async with application(settings, counted) as client:
        person = await sign_up(client)
        ok(await person.post(f"{RUNS}/start", {}, headers={"Idempotency-Key": "first"}))
        assert store[0].asked == 2  # nobody's key and the person's
        for number in range(1, 4):
            ok(await person.save(number, headers={"Idempotency-Key": f"save-{number}"}))
            ok(await person.get(f"{RUNS}/progress"))
        assert store[0].asked == 2


async def test_progress_needs_no_key(
    api: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With AWS KMS away, and no key in memory, reads go on; writes are 503 with Retry-After, and heal."""
    person = await sign_up(api)
    await person.saved_until(1)
    point_at(monkeypatch, "http://127.0.0.1:9")
    stranger = await sign_up(api)
    async with application(replace(settings, kms_key_id=ARN)) as client:
        away = replace(stranger, client=client)
        ok(await replace(person, client=client).get(f"{RUNS}/progress"))
        started = await away.post(f"{RUNS}/start", {})
        problem(started, 503, "keys_unavailable")
        assert int(started.headers["Retry-After"]) > 0
        assert "127.0.0.1" not in started.text
        # What the key file wrapped it still unwraps.
        ok(await replace(person, client=client).save(2))
    ok(await stranger.post(f"{RUNS}/start", {}))


async def test_the_database_is_away(api: httpx.AsyncClient, settings: Settings) -> None:
    """When a key cannot be looked up, the client's call ends at once with that very error, and nothing is sent."""
    person = await sign_up(api)
    nowhere = replace(settings, database_url="postgresql://gangway_app:x@127.0.0.1:9/gangway")
    async with data_keys(nowhere) as keys:
        gateway = Gateway(await connect(nowhere, keys), settings)
        with pytest.raises(DatabaseUnavailable):
            await gateway.begin(first_message(person))
    assert (await person.get(f"{RUNS}/progress")).json()["code"] == "run_not_found"


async def test_a_person_who_is_gone(
    api: httpx.AsyncClient, settings: Settings, admin: asyncpg.Connection, temporal: Client
) -> None:
    """Who was deleted gets no key, so no run of theirs begins; the caller is told why."""
    person = await sign_up(api)
    await admin.execute("DELETE FROM users WHERE id = $1", uuid.UUID(person.id))
    with pytest.raises(PersonGone):
        await Gateway(temporal, settings).begin(first_message(person))


async def test_a_worker_that_gets_no_key(
    api: httpx.AsyncClient, settings: Settings, temporal: Client, keys: Keys
) -> None:
    """A worker that cannot look a key up delays the run and does not fail it: another one goes on."""
    person = await sign_up(api)
    settings = replace(settings, task_queue=f"test-{uuid.uuid4()}", update_timeout_seconds=30)
    nowhere = replace(settings, database_url="postgresql://gangway_app:x@127.0.0.1:9/gangway")
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=0, max_size=4)
    books = Books(database, settings)
    async with Models(settings, books) as models, data_keys(nowhere) as none:
        blind = await connect(nowhere, none, workflows=WORKFLOWS)
        async with build_worker(blind, database, none, books, models, settings):
            begun = asyncio.create_task(Gateway(temporal, settings).begin(first_message(person)))
            handle = temporal.get_workflow_handle(run_of(person))
            await until(lambda: _task_failed(handle))
    async with (
        Models(settings, books) as models,
        build_worker(temporal, database, keys, books, models, settings),
    ):
        try:
            await begun
        except Exception:  # noqa: BLE001 - the server may have given this update up with the failed task
            await Gateway(temporal, settings).begin(first_message(person))
        await handle.terminate()
    await database.close()


async def _task_failed(handle: WorkflowHandle) -> bool:
    try:
        history = await handle.fetch_history()
    except Exception:  # noqa: BLE001 - not started yet
        return False
    return any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED for event in history.events)


def b64(text: str) -> str:
    """As the metadata of a payload stands in a history's JSON."""
    return b64encode(text.encode()).decode()
