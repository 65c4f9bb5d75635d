"""Imports that are interrupted, raced and left: each row is imported once, and no file stays."""

import asyncio
import io
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.imports import Importer
from db import imports
from db.pool import Connection, Database
from db.tenant import Context
from onboarding.imports.table import examine
from onboarding.payloads import ImportOrder, ImportReport
from runtime.settings import Settings
from runtime.storage import Object, Objects, file_of_import
from tests.db.given import Person
from tests.providers.faults import Gate

ROWS = 120
TABLE = "name,sku,supplier\n" + "\n".join(f"Thing {n},A-{n},ACME" for n in range(ROWS)) + "\n"
TEN = 10
MAPPING = {"name": "name", "sku": "sku", "supplier": "supplier"}


class Held(Database):
    """A pool whose transactions come through a gate: an import begins with one, and ten rows take one more."""

    gate = Gate()

    @asynccontextmanager
    async def transaction(self, context: Context | None) -> AsyncGenerator[Connection]:
        """The next one."""
        await self.gate.passed()
        async with super().transaction(context) as connection:
            yield connection


@pytest.fixture
async def held(settings: Settings) -> AsyncIterator[Held]:
    """That of another worker."""
    assert settings.database_url
    held = await Held.open(settings.database_url, min_size=0, max_size=2)
    yield held
    await held.close()


@pytest.fixture(scope="module")
def objects(settings: Settings) -> Objects:
    """The store of files."""
    return Objects(settings)


@pytest.fixture
def importer(database: Database, objects: Objects) -> Importer:
    """One that takes ten rows at a time."""
    return Importer(database, objects, rows_at_once=TEN)


@pytest.fixture
async def order(database: Database, objects: Objects, person: Person) -> ImportOrder:
    """An import that was confirmed."""
    return await confirmed(database, objects, person, TABLE)


async def confirmed(database: Database, objects: Objects, person: Person, table: str) -> ImportOrder:
    """An import of a file, as its owner has confirmed it."""
    order = ImportOrder(import_id=str(uuid.uuid4()), tenant_id=person.tenant_id, user_id=person.user_id)
    content = io.BytesIO(table.encode())
    preview = examine(content)
    async with database.transaction(person.caller()) as conn:
        await imports.begin(
            conn,
            import_id=order.import_id,
            tenant_id=order.tenant_id,
            user_id=order.user_id,
            file_name="a.csv",
            preview=preview,
        )
        assert await imports.confirm(conn, order.import_id, order.user_id, MAPPING)
    await objects.put(_key(order), content)
    return order


def _key(order: ImportOrder) -> str:
    return file_of_import(order.tenant_id, order.user_id, order.import_id)


async def shown(database: Database, person: Person, order: ImportOrder) -> imports.Import:
    """The import as it stands."""
    async with database.transaction(person.caller()) as conn:
        found = await imports.get(conn, order.import_id, order.user_id)
    assert found is not None
    return found


async def quantities(admin: asyncpg.Connection, person: Person) -> list[int]:
    """How many of each thing are on the list."""
    query = "SELECT sum(quantity)::integer FROM item_sources WHERE user_id = $1 GROUP BY item_id"
    return [row[0] for row in await admin.fetch(query, person.user_id)]


def attempt(importer: Importer, order: ImportOrder) -> Awaitable[None]:
    """One attempt of the activity."""
    return ActivityEnvironment().run(importer.import_csv, order)


async def test_goes_on_where_it_was(
    importer: Importer,
    order: ImportOrder,
    database: Database,
    held: Held,
    objects: Objects,
    person: Person,
    admin: asyncpg.Connection,
) -> None:
    """However often an attempt is broken off in its middle, in the end each row is imported once."""

    async def look() -> imports.Import:
        return await shown(database, person, order)

    reached: list[int] = []
    dying = Importer(held, objects, rows_at_once=TEN)
    for rows in (20, 40):
        held.gate = Gate(1 + rows // TEN)
        running = asyncio.ensure_future(attempt(dying, order))
        await asyncio.wait_for(held.gate.reached.wait(), 60)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        reached.append((await look()).reached)
    await attempt(importer, order)
    end = await look()
    assert (end.status, end.imported, end.failed) == ("completed", ROWS, 0)
    assert await quantities(admin, person) == [1] * ROWS
    assert 20 <= reached[0] < reached[1] - 20 < ROWS


async def test_blank_lines_above_the_header(
    importer: Importer, order: ImportOrder, objects: Objects, person: Person, admin: asyncpg.Connection
) -> None:
    """The header is no thing, however many blank lines stand above it."""
    await objects.put(_key(order), io.BytesIO(b"\n,,\n" + TABLE.encode()))
    await attempt(importer, order)
    names = await admin.fetch("SELECT name FROM items WHERE user_id = $1", person.user_id)
    assert (len(names), "name" in {row["name"] for row in names}) == (ROWS, False)


async def test_two_at_once(
    importer: Importer, order: ImportOrder, database: Database, person: Person, admin: asyncpg.Connection
) -> None:
    """A worker that was given up and lives, beside the one that came after it: each row is imported once."""
    await asyncio.gather(*(attempt(importer, order) for _ in range(3)))
    await attempt(importer, order)
    end = await shown(database, person, order)
    assert (end.status, end.imported) == ("completed", ROWS)
    assert await quantities(admin, person) == [1] * ROWS


async def test_cancelled_in_the_middle(
    importer: Importer, order: ImportOrder, database: Database, held: Held, person: Person, objects: Objects
) -> None:
    """A cancelled import stops after some rows, which stay; the file goes."""
    held.gate = Gate(1 + 20 // TEN)
    running = asyncio.ensure_future(attempt(Importer(held, objects, rows_at_once=TEN), order))
    await asyncio.wait_for(held.gate.reached.wait(), 60)
    async with database.transaction(person.caller()) as conn:
        assert await imports.cancel(conn, order.import_id, order.user_id)
    held.gate.open()
    await running
    report = await ActivityEnvironment().run(importer.close_import, order)
    end = await shown(database, person, order)
    assert (end.status, report.status) == ("cancelled", "cancelled")
    assert 20 <= end.imported == report.imported < ROWS
    assert await objects.copy(_key(order), io.BytesIO(), 1) is None


async def test_without_its_file(
    importer: Importer, order: ImportOrder, database: Database, person: Person, objects: Objects
) -> None:
    """An import whose file is gone has failed, and says so."""
    await objects.delete([Object(key=_key(order), size=0)])
    await attempt(importer, order)
    end = await shown(database, person, order)
    assert (end.status, end.reason, end.imported) == ("failed", "file_gone", 0)


async def test_what_nobody_finished(
    importer: Importer, order: ImportOrder, database: Database, person: Person, objects: Objects
) -> None:
    """Closing an import that did not end says that it was interrupted, deletes the file, and may be repeated."""
    for _ in range(2):
        report = await ActivityEnvironment().run(importer.close_import, order)
        assert report == ImportReport(status="failed")
    assert (await shown(database, person, order)).reason == "interrupted"
    assert await objects.copy(_key(order), io.BytesIO(), 1) is None
    await attempt(importer, order)
    assert (await shown(database, person, order)).imported == 0


async def test_the_person_is_gone(importer: Importer, order: ImportOrder, admin: asyncpg.Connection) -> None:
    """Of somebody who was erased meanwhile nothing is imported, and nothing is raised."""
    await admin.execute("DELETE FROM users WHERE id = $1", order.user_id)
    await attempt(importer, order)
    assert await ActivityEnvironment().run(importer.close_import, order) == ImportReport(status="cancelled")


async def test_a_second_file(
    importer: Importer, order: ImportOrder, database: Database, objects: Objects, person: Person
) -> None:
    """What is told of at the end is how many goods of files are on the list, whichever of them brought these."""
    await attempt(importer, order)
    few = await confirmed(database, objects, person, "name,sku,supplier\nThing 1,A-1,ACME\nOther,B-1,ACME\n")
    await attempt(importer, few)
    report = await ActivityEnvironment().run(importer.close_import, few)
    assert (report.imported, report.listed) == (2, ROWS + 1)
