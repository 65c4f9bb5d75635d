"""The life of a connection: sixty days at a provider that rotates tokens, with what may happen in that time."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from google.protobuf.message import Message
from msgspec.structs import replace
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.converter import WorkflowSerializationContext
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.connections import Connections
from activities.refreshing import Patience, Refresher
from api.gateway import Gateway
from cli.embedded import EmbeddedStack
from db import tenants
from db.pool import Database
from db.tenant import SIGN_IN
from onboarding.payloads import (
    ConnectionMemory,
    ConnectionRef,
    ConnectionRefreshed,
    ConnectionState,
    ConnectionSweep,
    ConnectionSync,
    ConnectionSynced,
    Erase,
)
from runtime.addresses import RunAddress, connection_workflow_id, workflow_id
from runtime.codec import EncryptingCodec
from runtime.encryption import KeyRing
from runtime.settings import Settings
from tests.activities.connected import Row, connected, reconsented
from tests.db.full import empty
from tests.db.given import Person, register
from tests.providers import Providers, providers
from tests.providers.faults import Gate
from tests.workflows.given import until, working
from tests.workflows.seen import executions, metadata
from tests.workflows.server import temporal_server
from workflows.connections import ConnectionLife

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


ONCE = "limit.historyCount.suggestContinueAsNew=900"
"""In sixty days once: in the server's experiment with time, it runs away from what is continued as new again."""


class There:
    """The real activities, the database and the fake, for which as much time passes as for the workflow.

    Theirs cannot be moved; so what the row says of times is moved instead, in the other direction, and back when
    the workflow looks at it. Syncs only ask for a token.
    """

    def __init__(self, environment: WorkflowEnvironment, database: Database, fake: Providers) -> None:
        self.environment = environment
        self.database = database
        self.fake = fake
        self.queue = f"test-{uuid.uuid4()}"
        self.settings = Settings()
        self.passed = timedelta()
        self.syncs: list[tuple[datetime, str]] = []
        self.answers: list[ConnectionSynced] = []
        self.hold: asyncio.Event | None = None
        self.refreshes = 0
        self.left: list[float] = []
        self.ref: ConnectionRef
        self.row: Row
        self.real: Connections
        self.refresher: Refresher

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The workflow."""
        id = connection_workflow_id(self.ref.tenant_id, self.ref.connection_id)
        return self.environment.client.get_workflow_handle(id)

    @property
    def gateway(self) -> Gateway:
        """The API's way to it."""
        return Gateway(self.environment.client, Settings(task_queue=self.queue, update_timeout_seconds=30))

    async def now(self) -> datetime:
        """What time it is for the workflow; it is then for all."""
        now = await self.environment.get_current_time(self.handle)
        if (more := now - datetime.now(UTC) - self.passed) > timedelta(seconds=5):
            self.passed += more
            self.fake.clock.skip(more.total_seconds())
            await self.row.let_pass(more)
        return now

    async def begin(self, **memory: Any) -> None:
        """Start it, with another pace."""
        await self.environment.client.start_workflow(
            ConnectionLife.run,
            replace(self.ref, memory=ConnectionMemory(**memory)),
            id=self.handle.id,
            task_queue=self.queue,
        )
        await until(lambda: len(self.syncs) > 0)

    async def forward(self, time: timedelta) -> None:
        """Let time pass."""
        assert await self.environment.fast_forward(self.handle, time)

    @activity.defn(name="look_connection")
    async def look(self, ref: ConnectionRef) -> ConnectionState | None:
        """As it is, at the time of the workflow."""
        await self.now()
        state = await self.real.look_connection(ref)
        expires_at = state and state.token_expires_at
        if state is None or expires_at is None:
            return state
        return ConnectionState(
            provider=state.provider,
            status=state.status,
            token_expires_at=expires_at + self.passed,
            synced_at=datetime.now(UTC) if len(self.syncs) else None,
        )

    @activity.defn(name="refresh_connection")
    async def refresh(self, ref: ConnectionRef) -> ConnectionRefreshed:
        """Really."""
        await self.now()
        self.refreshes += 1
        return await self.real.refresh_connection(ref)

    @activity.defn(name="sync_connection")
    async def sync(self, order: ConnectionSync) -> ConnectionSynced:
        """Ask for a token, and be done with it."""
        self.syncs.append((await self.now(), order.kind))
        while self.hold is not None and not self.hold.is_set():
            activity.heartbeat()
            await asyncio.sleep(0.02)
        await self.refresher.token(order)
        return self.answers.pop(0) if self.answers else ConnectionSynced(status="completed", orders=5)

    def working(self) -> Any:
        """A worker."""
        done = [self.look, self.refresh, self.sync, self.real.disconnect_connection]
        return working(self.environment.client, done, self.queue)


@pytest.fixture(scope="module")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A pool like the worker's."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=0, max_size=4)
    yield database
    await database.close()


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
async def person(database: Database, admin: asyncpg.Connection) -> AsyncIterator[Person]:
    """Somebody in a tenant of their own."""
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "A tenant")
        person = await register(conn, tenant.id)
    yield person
    await empty(admin, tenant.id)


@pytest.fixture(scope="module")
async def lasting(keys: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """A server with histories of the usual length, almost."""
    async with temporal_server(keys, ONCE) as environment:
        yield environment


@pytest.fixture
async def there(
    lasting: WorkflowEnvironment,
    database: Database,
    admin: asyncpg.Connection,
    person: Person,
    settings: Settings,
    keys: KeyRing,
) -> AsyncIterator[There]:
    """Somebody who is connected to Xero, and whose connection nobody looks after yet."""
    async with providers() as fake:
        there = There(lasting, database, fake)
        there.settings = fake.set(settings)
        patience = Patience(pause=0.01, pause_at_most=0.02)
        there.refresher = Refresher(database, keys, there.settings, patience)
        client = lasting.client
        there.real = Connections(database, keys, there.settings, there.refresher, client)
        there.ref = await connected(database, keys, fake, there.settings, person, "xero")
        there.row = Row(admin, there.ref)
        async with there.working():
            yield there


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload in a message."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            values = [each for each in value.values() if isinstance(each, Message)]
        else:
            values = value if field.is_repeated else [value]
        for each in values:
            yield from payloads(each)


async def read(handle: WorkflowHandle[Any, Any], keys: KeyRing) -> tuple[bytes, bytes]:
    """All histories of a workflow as they lie there, and what is sealed in them, also for other workflows."""
    found = await executions(handle)
    raw = b"".join(event.SerializeToString() for history in found for event in history.events)
    sealed = [each for history in found for event in history.events for each in payloads(event)]
    return raw, b"\n".join([await opened(each, keys) for each in sealed])


async def opened(payload: Payload, keys: KeyRing) -> bytes:
    """What is sealed, wherever it belongs."""
    namespace, _, id = payload.metadata["place"].decode().partition("/")
    codec = EncryptingCodec(keys).with_context(WorkflowSerializationContext(namespace=namespace, workflow_id=id))
    (found,) = await codec.decode([payload])
    return found.data


async def test_sixty_days(there: There, keys: KeyRing) -> None:
    """Tokens are exchanged before they expire, syncs are made, a day's outage changes nothing, a revocation is
    noticed and a new consent taken up, the history is begun anew many times, and holds no token.

    A token lasts three days, and there is a sync every other: at the usual pace it would be 7200 activities.
    """
    there.fake.xero.faults.token_seconds = 3 * 24 * 3600
    await there.begin(sync_every_seconds=2 * 24 * 3600, sync_jitter_seconds=3600)
    await there.forward(20 * DAY)
    assert 6 <= there.fake.xero.exchanges <= 7

    there.fake.xero.faults.down = True
    await there.forward(DAY)
    assert (await there.row.now())["status"] == "connected"
    there.fake.xero.faults.down = False
    await there.forward(4 * DAY)

    there.fake.xero.revoke_all()
    await there.forward(5 * DAY)
    assert (await there.row.now())["status"] == "reauth_required"
    assert await there.row.events() == ["Connection needs consent: consent_revoked"]
    synced = len(there.syncs)
    await there.forward(2 * DAY)
    assert len(there.syncs) == synced

    await reconsented(there.database, keys, there.fake, there.settings, there.ref)
    await there.gateway.wake_connection(there.ref)
    await until(lambda: len(there.syncs) > synced)
    await there.forward(28 * DAY)

    now = await there.row.now()
    assert (now["status"], len(await there.row.events())) == ("connected", 1)
    times = [at for at, _ in there.syncs]
    assert [kind for _, kind in there.syncs] == ["backfill"] + ["scheduled"] * (len(times) - 1)
    apart = [after - before for before, after in pairwise(times)]
    assert sum(2 * DAY - MINUTE < each < 2 * DAY + HOUR + MINUTE for each in apart) >= len(apart) - 3
    raw, within = await read(there.handle, keys)
    assert len(await executions(there.handle)) == 2
    assert there.ref.connection_id.encode() in within
    assert [each for each in there.fake.known if each.encode() in raw + within] == []
    await there.gateway.disconnect(there.ref)
    await there.handle.result()


async def test_a_quarter_of_an_hour(there: There) -> None:
    """At the pace of everybody there is a sync every quarter of an hour and a bit, and a token that lasts."""
    there.fake.xero.faults.token_seconds = 1800
    await there.begin()
    await there.forward(2 * HOUR)
    times = [at for at, _ in there.syncs]
    apart = [after - before for before, after in pairwise(times)]
    assert 6 <= len(apart) <= 8
    # Each is noted when its activity begins, which may be a moment late.
    assert all(15 * MINUTE - timedelta(seconds=10) <= each < 19 * MINUTE for each in apart)
    assert len(set(apart)) > 3
    assert there.fake.xero.exchanges == 4  # each 25 minutes
    assert 4 <= there.refreshes <= 8  # one that comes a little early by the other clock asks in vain
    await there.handle.terminate()


async def test_asked_for_while_it_runs(there: There) -> None:
    """However often a sync is asked for while one runs, one more is made after it, never two at once."""
    there.hold = asyncio.Event()
    await there.begin()
    for _ in range(5):
        await there.gateway.sync_connection(there.ref, "webhook")
    there.hold.set()
    await until(lambda: len(there.syncs) == 2)
    await there.forward(10 * MINUTE)
    assert [kind for _, kind in there.syncs] == ["backfill", "webhook"]
    await there.handle.terminate()


async def test_asked_to_rest(there: There) -> None:
    """A provider that asks for two hours of rest is left in peace, whoever wants a sync meanwhile."""
    there.answers = [ConnectionSynced(status="failed", code="rate_limited", rest_seconds=7200)]
    await there.begin()
    await there.gateway.sync_connection(there.ref, "manual")
    await there.forward(119 * MINUTE)
    assert len(there.syncs) == 1
    await there.forward(3 * MINUTE)
    assert len(there.syncs) == 2
    await there.handle.terminate()


async def test_a_rest_begins_when_it_is_asked_for(there: There) -> None:
    """However long a sync took, the rest that it is asked for at its end follows."""
    there.answers = [ConnectionSynced(status="failed", code="rate_limited", rest_seconds=1)]
    there.hold = asyncio.Event()
    await there.begin()
    await there.gateway.sync_connection(there.ref, "manual")
    await asyncio.sleep(1.2)
    released = datetime.now(UTC)
    there.hold.set()
    await until(lambda: len(there.syncs) == 2)
    assert datetime.now(UTC) - released >= timedelta(seconds=0.9)
    await there.handle.terminate()


async def test_a_token_that_is_soon_due_again(there: There) -> None:
    """Tokens that last hardly longer than they are exchanged before are not exchanged all the time."""
    there.fake.xero.faults.token_seconds = 301
    await there.begin()
    await there.row.expires_in(301)
    await there.gateway.wake_connection(there.ref)
    await asyncio.sleep(4)
    assert there.refreshes <= 2
    await there.handle.terminate()


async def test_nobody_woke_it(there: There, admin: asyncpg.Connection) -> None:
    """A connection that has its tokens again while nobody told its life is looked at when the net finds it."""
    there.fake.xero.revoke_all()
    await there.row.expires_in(10)
    await there.environment.client.start_workflow(
        ConnectionLife.run, there.ref, id=there.handle.id, task_queue=there.queue
    )

    async def waits() -> bool:
        return "reauth_required" in (await metadata(there.handle)).current_details

    await until(waits)
    await admin.execute("UPDATE connections SET status = 'connected' WHERE id = $1", there.ref.connection_id)
    long_ago = 10**8
    await there.row.expires_in(-2 * long_ago)
    await ActivityEnvironment().run(there.real.resume_connections, ConnectionSweep(overdue_seconds=long_ago))
    await until(lambda: len(there.syncs) > 0)
    await there.handle.terminate()


async def test_disconnected_while_it_syncs(there: There) -> None:
    """A sync that runs is cancelled, the consent revoked, the tokens destroyed; then the workflow ends. Once more
    is harmless.
    """
    there.hold = asyncio.Event()
    await there.begin()
    await there.gateway.disconnect(there.ref)
    await there.handle.result()
    now = await there.row.now()
    assert (now["status"], now["sealed_tokens"], now["token_expires_at"]) == ("disconnected", None, None)
    assert len(there.fake.xero.revoked) == 2
    await there.gateway.disconnect(there.ref)
    await there.handle.result()
    assert len(there.fake.xero.asked_for("/revoke")) + len(there.fake.xero.asked_for("/revocation")) == 1


async def test_a_provider_that_does_not_revoke(there: There) -> None:
    """Tokens are destroyed whether the provider can be asked or not."""
    there.fake.xero.faults.failing_revocations = 100
    await there.begin()
    await there.gateway.disconnect(there.ref)
    await there.handle.result()
    assert (await there.row.now())["sealed_tokens"] is None


async def test_an_owner_who_is_gone(there: There, admin: asyncpg.Connection) -> None:
    """The life of a connection whose owner was erased ends at the next look."""
    await there.begin()
    await admin.execute("DELETE FROM connections WHERE id = $1", there.ref.connection_id)
    await there.gateway.wake_connection(there.ref)
    await there.handle.result()


async def test_an_owner_who_is_erased(there: There, admin: asyncpg.Connection) -> None:
    """Erasing somebody ends the lives of their connections, also of one that waits for them to consent anew, which
    nobody would wake any more.
    """
    await there.begin()
    query = "UPDATE connections SET status = 'reauth_required', reason = 'consent_revoked' WHERE id = $1"
    await admin.execute(query, there.ref.connection_id)
    await there.gateway.wake_connection(there.ref)
    person = Erase(erasure_id=str(uuid.uuid4()), tenant_id=there.ref.tenant_id, user_id=there.ref.user_id)
    assert await ActivityEnvironment().run(there.real.leave_connections, person) == 1
    assert (await there.handle.describe()).status is WorkflowExecutionStatus.TERMINATED
    assert (await there.row.now())["sealed_tokens"] is None


async def test_consented_anew_while_it_is_disconnected(there: There, keys: KeyRing) -> None:
    """Tokens of a consent that came while the old one was being revoked are revoked too, not only destroyed."""
    gate = there.fake.xero.faults.gate = Gate()
    leaving = asyncio.create_task(ActivityEnvironment().run(there.real.disconnect_connection, there.ref))
    await until(lambda: bool(there.fake.xero.asked_for("/revoke")))
    there.fake.xero.faults.gate = None  # for those who come later
    await reconsented(there.database, keys, there.fake, there.settings, there.ref)
    gate.open()
    assert await leaving
    assert (await there.row.now())["status"] == "disconnected"
    assert len(there.fake.xero.revoked) == 4


async def test_the_inventory_is_told(there: There, lasting: WorkflowEnvironment, keys: KeyRing) -> None:
    """The person's inventory hears of the connection, and once of the orders of the first sync, under ids of their
    own; what the Temporal UI shows of the connection is how it stands.
    """
    address = RunAddress(there.ref.tenant_id, there.ref.user_id, "inventory")
    run = await lasting.client.start_workflow(
        "OnboardingRun", id=workflow_id(address), task_queue=f"nobody-{uuid.uuid4()}"
    )
    await there.begin()
    await there.gateway.sync_connection(there.ref, "manual")
    await until(lambda: len(there.syncs) == 2)
    details = (await metadata(there.handle)).current_details
    signals = [
        event.workflow_execution_signaled_event_attributes.input.payloads[0]
        async for event in run.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    told = b"\n".join([await opened(each, keys) for each in signals]).decode()
    await run.terminate()
    await there.handle.terminate()
    assert len(signals) == 2
    assert told.count('"connect_accounting"') == 2
    assert told.count('"orders":5') == 1
    assert f"connect_accounting/{there.handle.id}/connected" in told
    assert f"connect_accounting/{there.handle.id}/orders" in told
    assert details.startswith("**xero**: connected.")
