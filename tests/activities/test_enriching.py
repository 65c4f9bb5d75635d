"""What a code stands for is written into the captured item and the review list."""

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.enriching import Enricher
from db import lookups
from db.pool import Database
from onboarding.lookups import Product
from onboarding.payloads import CaptureCode, CaptureRef, Enrich
from tests.db.given import Person

GTIN = "04006381333931"
MUG = Product(name="A mug", gtin=GTIN, source="upcitemdb", brand="Potters", category="Mugs")


@pytest.fixture
async def item(admin: asyncpg.Connection, person: Person) -> CaptureRef:
    """Three of a thing that was scanned, of which nothing but the code is known."""
    ids = person.tenant_id, person.user_id
    session_id = await admin.fetchval(
        "INSERT INTO capture_sessions (id, tenant_id, user_id, kinds, expires_at, ends_at)"
        " VALUES (uuidv7(), $1, $2, '{barcode}', now(), now()) RETURNING id::text",
        *ids,
    )
    item_id = await admin.fetchval(
        "INSERT INTO capture_items (tenant_id, user_id, session_id, kind, key, gtin, code, quantity, added_by,"
        " version, enrichment) VALUES ($1, $2, $3, 'barcode', $4, $4, $4, 3, 'phone', 1, 'pending')"
        " RETURNING id::text",
        *ids,
        session_id,
        GTIN,
    )
    return CaptureRef(tenant_id=ids[0], user_id=ids[1], session_id=session_id, item_id=item_id)


@pytest.fixture
async def known(database: Database) -> None:
    """The code was looked up."""
    async with database.transaction(None) as conn:
        await lookups.keep(conn, GTIN, MUG, 60)


async def enrich(database: Database, item: CaptureRef, outcome: str) -> None:
    """Write what came of a look-up."""
    order = Enrich(item=item, gtin=GTIN, outcome=outcome)
    await ActivityEnvironment().run(Enricher(database).enrich_capture, order)


async def told(admin: asyncpg.Connection, item: CaptureRef) -> tuple[str | None, str]:
    """Name and state of the captured item."""
    query = "SELECT details ->> 'name' AS name, enrichment FROM capture_items WHERE id = $1"
    row = await admin.fetchrow(query, item.item_id)
    assert row is not None
    return row["name"], row["enrichment"]


async def test_found(database: Database, admin: asyncpg.Connection, item: CaptureRef, known: None) -> None:
    """Name and brand go into the item and, once however often it is done, into the list, as many as there are."""
    code = await ActivityEnvironment().run(Enricher(database).capture_code, item)
    assert code == CaptureCode(gtin=GTIN)
    for _ in range(2):
        await enrich(database, item, "found")
    assert await told(admin, item) == ("A mug", "done")
    rows = await admin.fetch(
        "SELECT name, supplier, gtin, s.ref, s.quantity::integer FROM items AS i JOIN item_sources AS s"
        " ON s.item_id = i.id WHERE i.user_id = $1",
        item.user_id,
    )
    assert [tuple(row) for row in rows] == [("A mug", "Potters", GTIN, item.item_id, 3)]


@pytest.mark.parametrize("outcome", ["unknown", "away"])
async def test_not_found(database: Database, admin: asyncpg.Connection, item: CaptureRef, outcome: str) -> None:
    """When nobody knows the code, or nobody could be asked, the item says that nothing was found."""
    await enrich(database, item, outcome)
    assert await told(admin, item) == (None, "failed")
    assert await admin.fetchval("SELECT count(*) FROM items WHERE user_id = $1", item.user_id) == 0


async def test_what_a_person_wrote_stays(
    database: Database, admin: asyncpg.Connection, item: CaptureRef, known: None
) -> None:
    """A name that somebody gave is not overwritten."""
    await admin.execute(
        """UPDATE capture_items SET details = '{"name": "My mug"}', edited = '{name}' WHERE id = $1""",
        item.item_id,
    )
    await enrich(database, item, "found")
    assert await told(admin, item) == ("My mug", "done")


async def test_what_a_person_cleared_stays_so(
    database: Database, admin: asyncpg.Connection, item: CaptureRef, known: None
) -> None:
    """A brand that somebody cleared before it was found comes neither into the item nor into the list."""
    await admin.execute("UPDATE capture_items SET edited = '{brand}' WHERE id = $1", item.item_id)
    await enrich(database, item, "found")
    rows = await admin.fetch("SELECT name, supplier FROM items WHERE user_id = $1", item.user_id)
    assert [tuple(row) for row in rows] == [("A mug", None)]


async def test_gone(database: Database, admin: asyncpg.Connection, item: CaptureRef, known: None) -> None:
    """An item that was deleted meanwhile, and one whose person was, need nothing."""
    await admin.execute("UPDATE capture_items SET deleted_at = now() WHERE id = $1", item.item_id)
    assert await ActivityEnvironment().run(Enricher(database).capture_code, item) == CaptureCode()
    await enrich(database, item, "found")
    assert await admin.fetchval("SELECT count(*) FROM items WHERE user_id = $1", item.user_id) == 0
    await admin.execute("DELETE FROM users WHERE id = $1", item.user_id)
    await enrich(database, item, "found")
