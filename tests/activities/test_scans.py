"""Risk scans in the worker: sent once, kept once, and nothing left of what went wrong."""

import asyncio
import dataclasses
import io
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from temporalio.testing import ActivityEnvironment

from activities import scan_service as module
from activities.scan_service import ScanService
from activities.scans import Scanner
from cli.embedded.ports import free_ports
from db import scans
from db.pool import Connection, Database, DatabaseUnavailable
from db.scans import Order, Scan
from db.tenant import Context
from onboarding.payloads import ScanOrder, ScanSweep
from onboarding.scans import AWAY, INTERRUPTED, Found, Risk
from runtime.settings import Settings
from runtime.storage import Objects, StorageUnavailable, prefix_of, upload_of_scan
from tests.db.given import Person
from tests.erasing import Bucket
from tests.scan_service import RISK, Reply, ScanServer, listening, scan_service
from tests.stack import until

FOUND = Found(data=(Risk(**RISK),), source="llm")


@pytest.fixture
async def service() -> AsyncIterator[ScanServer]:
    """A service that answers."""
    async with scan_service() as service:
        yield service


@pytest.fixture
def objects(settings: Settings) -> Objects:
    """The store of files."""
    return Objects(settings)


@pytest.fixture
def scanner(database: Database, objects: Objects, settings: Settings, service: ScanServer) -> Scanner:
    """The activities."""
    return Scanner(database, objects, ScanService(replace(settings, ai_service_url=service.url)))


async def ordered(database: Database, objects: Objects, person: Person, *, uploaded: bool = True) -> ScanOrder:
    """A scan that is to be done."""
    order = ScanOrder(
        scan_id=str(uuid.uuid4()), tenant_id=person.tenant_id, user_id=person.user_id, timeout_seconds=60.0
    )
    async with database.transaction(person.caller()) as conn:
        await scans.begin(
            conn,
            scan_id=order.scan_id,
            tenant_id=order.tenant_id,
            user_id=order.user_id,
            filename="a.txt",
            force_llm=False,
        )
    if uploaded:
        await objects.put(upload_of_scan(order.tenant_id, order.user_id, order.scan_id), io.BytesIO(b"hello"))
    return order


async def standing(database: Database, person: Person, order: ScanOrder) -> Scan | Order | None:
    """What became of it."""
    async with database.transaction(person.caller()) as conn:
        return await scans.standing(conn, order.scan_id, order.user_id)


async def done(activity: Any, message: Any) -> Any:
    """What an activity answers."""
    return await ActivityEnvironment().run(activity, message)


async def files(settings: Settings, person: Person) -> list[str]:
    """What they have in the store."""
    return await Bucket(settings).keys(prefix_of(person.tenant_id, person.user_id))


async def test_twice_is_once(
    scanner: Scanner, service: ScanServer, database: Database, objects: Objects, settings: Settings, person: Person
) -> None:
    """Each activity done again asks nobody and changes nothing."""
    order = await ordered(database, objects, person)
    for _ in range(2):
        await done(scanner.scan, order)
    for _ in range(2):
        await done(scanner.close_scan, order)
    found = await standing(database, person, order)
    assert isinstance(found, Scan)
    assert (found.data, found.source, found.filename) == (FOUND.data, "llm", "a.txt")
    (received,) = service.received
    assert received.fields == {"file": b"hello", "force_llm": b"false"}
    assert await files(settings, person) == []


async def test_after_a_worker_died(
    scanner: Scanner, service: ScanServer, database: Database, objects: Objects, person: Person
) -> None:
    """An attempt that finds the service asked already does not ask it again: the scan has failed."""
    order = await ordered(database, objects, person)
    async with database.transaction(person.caller()) as conn:
        assert await scans.claim(conn, order.scan_id, order.user_id)
        assert not await scans.claim(conn, order.scan_id, order.user_id)
    await done(scanner.scan, order)
    found = await standing(database, person, order)
    assert isinstance(found, Order)
    assert found.failure == INTERRUPTED
    assert service.received == []


async def test_nothing_to_send(
    scanner: Scanner, service: ScanServer, database: Database, objects: Objects, person: Person
) -> None:
    """An upload that is gone is a scan that failed; an order that is gone is nothing to do."""
    order = await ordered(database, objects, person, uploaded=False)
    await done(scanner.scan, order)
    found = await standing(database, person, order)
    assert isinstance(found, Order)
    assert found.failure == INTERRUPTED
    await done(scanner.scan, replace(order, scan_id=str(uuid.uuid4())))
    assert service.received == []


async def test_it_never_ran(
    scanner: Scanner, database: Database, objects: Objects, settings: Settings, person: Person
) -> None:
    """A scan that no worker took in time is closed as interrupted, and its upload deleted."""
    order = await ordered(database, objects, person)
    await done(scanner.close_scan, order)
    found = await standing(database, person, order)
    assert isinstance(found, Order)
    assert found.failure == INTERRUPTED
    assert await files(settings, person) == []


async def test_the_store_is_away(database: Database, objects: Objects, settings: Settings, person: Person) -> None:
    """Without the store nothing is sent, and the activity fails, so that it is tried again."""
    order = await ordered(database, objects, person)
    away = Objects(replace(settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}"))
    async with scan_service() as service:
        scanner = Scanner(database, away, ScanService(replace(settings, ai_service_url=service.url)))
        for activity in (scanner.scan, scanner.close_scan):
            with pytest.raises(StorageUnavailable):
                await done(activity, order)
        assert service.received == []
    found = await standing(database, person, order)
    assert isinstance(found, Order)
    assert found.failure == INTERRUPTED


class _Counting(Database):
    """A pool that counts how often the database was away."""

    away = 0

    def wait(self, seconds: float) -> None:
        """For each statement from now on."""
        self._timeout = seconds

    @asynccontextmanager
    async def transaction(self, context: Context | None) -> AsyncGenerator[Connection]:
        """The next one."""
        try:
            async with super().transaction(context) as connection:
                yield connection
        except DatabaseUnavailable:
            self.away += 1
            raise


async def test_an_answer_outlives_an_outage(
    service: ScanServer, objects: Objects, settings: Settings, admin: asyncpg.Connection, person: Person
) -> None:
    """A database that takes nothing when the answer comes is waited for; the service is not asked again."""
    assert settings.database_url
    database = await _Counting.open(settings.database_url, min_size=1, max_size=2)
    order = await ordered(database, objects, person)
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, scheduled_time=datetime.now(UTC), schedule_to_close_timeout=timedelta(minutes=1)
    )
    scanner = Scanner(database, objects, ScanService(replace(settings, ai_service_url=service.url)))
    answer = asyncio.Event()
    service.script = lambda _: Reply(held=answer)
    running = asyncio.create_task(environment.run(scanner.scan, order))
    await until(lambda: service.received)
    async with admin.transaction():
        await admin.execute("LOCK TABLE scans IN ACCESS EXCLUSIVE MODE")
        database.wait(0.3)
        answer.set()
        await until(lambda: database.away >= 2)
        assert not running.done()
        database.wait(5.0)
    await running
    assert isinstance(await standing(database, person, order), Scan)
    assert len(service.received) == 1
    await database.close()


async def test_a_restart_is_waited_for(
    database: Database, objects: Objects, settings: Settings, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is refused is tried again for a moment: a service that is just starting is found."""
    refused = asyncio.Event()

    def pauses() -> Iterator[float]:
        yield 0.05
        refused.set()  # nobody asks for the second one before that
        while True:
            yield 0.05

    monkeypatch.setattr(module, "REFUSED_AGAIN_AFTER", pauses())
    order = await ordered(database, objects, person)
    port, service = free_ports(1)[0], ScanServer()
    scanner = Scanner(database, objects, ScanService(replace(settings, ai_service_url=f"http://127.0.0.1:{port}")))
    running = asyncio.create_task(done(scanner.scan, order))
    await asyncio.wait_for(refused.wait(), 30)
    async with listening(service, port):
        await running
    assert isinstance(await standing(database, person, order), Scan)


async def test_the_person_is_gone(
    service: ScanServer,
    scanner: Scanner,
    database: Database,
    objects: Objects,
    settings: Settings,
    admin: asyncpg.Connection,
    person: Person,
) -> None:
    """Of a scan whose person is erased while it is under way nothing is kept."""
    order = await ordered(database, objects, person)
    answer = asyncio.Event()
    service.script = lambda _: Reply(held=answer)
    running = asyncio.create_task(done(scanner.scan, order))
    await until(lambda: service.received)
    await admin.execute("DELETE FROM users WHERE id = $1", person.user_id)
    answer.set()
    await running
    await done(scanner.close_scan, order)
    for table in ("scans", "scan_orders"):
        assert await admin.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", person.user_id) == 0
    assert await files(settings, person) == []


async def test_leftovers_are_swept(
    scanner: Scanner,
    database: Database,
    objects: Objects,
    settings: Settings,
    admin: asyncpg.Connection,
    people: list[Person],
) -> None:
    """What is left for an hour goes, upload and order, of each person; what is new stays."""
    old, failed, new = [await ordered(database, objects, person) for person in people[:3]]
    async with database.transaction(people[1].caller()) as conn:
        assert await scans.fail(conn, failed.scan_id, failed.tenant_id, failed.user_id, AWAY)
    ids = [old.scan_id, failed.scan_id]
    await admin.execute(
        "UPDATE scan_orders SET created_at = now() - interval '61 minutes' WHERE id = ANY($1::uuid[])", ids
    )
    report = await done(scanner.sweep_scans, ScanSweep())
    assert report.changed >= 2
    assert [await files(settings, person) != [] for person in people[:3]] == [False, False, True]
    left = [await standing(database, *each) for each in zip(people[:3], (old, failed, new), strict=True)]
    assert [each is None for each in left] == [True, True, False]
