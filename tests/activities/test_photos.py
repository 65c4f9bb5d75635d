"""Photos in the worker: a model is asked once, whatever dies, and what was seen is told once."""

import asyncio
import io
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.ai.ledger import Books
from activities.ai.models import Models
from activities.photos import Photos
from cli.stub_ai.reaction import Reaction
from db import captures, images, photos
from db.pool import Database
from onboarding.payloads import PhotoOrder
from onboarding.photos import Analysis
from runtime.settings import Settings
from runtime.storage import Objects, key_of_image, key_of_thumbnail
from tests.ai_server import AiServer, ai_server
from tests.db.given import Person
from tests.pictures import barcode, saved

PHOTO = saved(barcode("4006381333931", "EAN13"))
SEEN = {
    "suggested_name": "Highlighter",
    "suggested_supplier": "",
    "barcodes": [],
    "extracted_text": [],
    "is_internal_item": True,
    "confidence": 0.4,
    "notes": "a label by hand",
}


@pytest.fixture
async def model() -> AsyncIterator[AiServer]:
    """A model that sees something."""
    async with ai_server(lambda _: Reaction(text=json.dumps(SEEN))) as server:
        yield server


@pytest.fixture
async def acting(database: Database, settings: Settings, model: AiServer) -> AsyncIterator[Photos]:
    """The activities."""
    own = model.settings(settings=settings)
    async with Models(own, Books(database, own)) as models:
        yield Photos(database, Objects(settings), models)


async def ordered(
    database: Database, settings: Settings, person: Person, *, stored: bool = True, seconds: float = 60.0
) -> PhotoOrder:
    """A photo of theirs that is to be analysed; a model has so many seconds."""
    image_id = str(uuid.uuid4())
    key = key_of_image(person.tenant_id, image_id, "jpg", datetime.now(UTC))
    async with database.transaction(person.caller()) as conn:
        await images.begin(
            conn,
            image_id=image_id,
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            object_key=key,
            thumbnail_key=key_of_thumbnail(key),
            kind="image/jpeg",
        )
        await images.settle(
            conn, image_id, person.user_id, kind="image/jpeg", size=9, width=9, height=9, uploaded=False
        )
        await photos.begin(conn, person.tenant_id, person.user_id, image_id)
    if stored:
        await Objects(settings).put(key, io.BytesIO(PHOTO))
    return PhotoOrder(
        image_id=image_id, tenant_id=person.tenant_id, user_id=person.user_id, timeout_seconds=seconds
    )


async def result(database: Database, order: PhotoOrder, person: Person) -> Analysis | None:
    """What is told of it."""
    async with database.transaction(person.caller()) as conn:
        standing = await photos.standing(conn, order.image_id, order.user_id)
    return standing.result if standing else None


async def done(activity: Any, message: Any) -> Any:
    """What an activity answers."""
    return await ActivityEnvironment().run(activity, message)


async def test_done_twice(
    acting: Photos, model: AiServer, database: Database, settings: Settings, person: Person
) -> None:
    """An analysis that is there is not made again."""
    order = await ordered(database, settings, person)
    for _ in range(2):
        await done(acting.analyse_photo, order)
        await done(acting.settle_photo, order)
    found = await result(database, order, person)
    assert found is not None
    assert (found.suggested_name, found.suggested_supplier, found.source) == ("Highlighter", None, "ai")
    assert (found.is_internal_item, found.notes, found.unsure) == (True, "a label by hand", True)
    assert len(model.requests) == 1


async def test_after_a_worker_died(
    acting: Photos, model: AiServer, database: Database, settings: Settings, person: Person
) -> None:
    """Where a model was asked by a worker that is gone, nobody asks it again: what was read here is told."""
    order = await ordered(database, settings, person, seconds=1.0)
    async with database.transaction(person.caller()) as conn:
        assert await photos.claim(conn, order.image_id, order.user_id)
        assert not await photos.claim(conn, order.image_id, order.user_id)
    await done(acting.analyse_photo, order)
    found = await result(database, order, person)
    assert found is not None
    assert (found.gtin, found.source, found.degraded) == ("04006381333931", "local", True)
    assert model.requests == []


async def test_two_at_once(
    acting: Photos, model: AiServer, database: Database, settings: Settings, person: Person
) -> None:
    """Who comes second waits for the answer that the first has asked for."""
    model.script = lambda _: Reaction(text=json.dumps(SEEN), delay_seconds=0.3)
    order = await ordered(database, settings, person)
    await asyncio.gather(*(done(acting.analyse_photo, order) for _ in range(3)))
    found = await result(database, order, person)
    assert found is not None
    assert found.source == "ai"
    assert len(model.requests) == 1


async def test_what_is_gone(
    acting: Photos, model: AiServer, database: Database, settings: Settings, person: Person
) -> None:
    """A photo whose object is gone, one that never came to its end, one that is nobody's: no model is asked."""
    lost = await ordered(database, settings, person, stored=False)
    await done(acting.analyse_photo, lost)
    unfinished = await ordered(database, settings, person)
    await done(acting.settle_photo, unfinished)
    for order in (lost, unfinished):
        assert await result(database, order, person) == Analysis()
    nobodys = PhotoOrder(
        image_id=str(uuid.uuid4()), tenant_id=person.tenant_id, user_id=person.user_id, timeout_seconds=1.0
    )
    await done(acting.analyse_photo, nobodys)
    await done(acting.settle_photo, nobodys)
    assert model.requests == []


async def test_told_once(
    acting: Photos, database: Database, settings: Settings, person: Person, admin: asyncpg.Connection
) -> None:
    """The item of a session is told, and offered once however often; one that was deleted is told nothing."""
    order = await ordered(database, settings, person)
    session_id = await admin.fetchval(
        "INSERT INTO capture_sessions (id, tenant_id, user_id, kinds, expires_at, ends_at)"
        " VALUES (uuidv7(), $1, $2, '{photo}', now() + interval '1 day', now() + interval '1 day')"
        " RETURNING id::text",
        person.tenant_id,
        person.user_id,
    )
    async with database.transaction(person.caller()) as conn:
        item = (await captures.add_photo(conn, session_id, person.user_id, image_id=order.image_id)).item
    whole = PhotoOrder(
        image_id=order.image_id,
        tenant_id=order.tenant_id,
        user_id=order.user_id,
        timeout_seconds=60.0,
        session_id=session_id,
        item_id=item.id,
    )
    await done(acting.analyse_photo, whole)
    for _ in range(2):
        await done(acting.settle_photo, whole)
    offered = "SELECT name, gtin, attention FROM items WHERE user_id = $1 AND removed_at IS NULL"
    (row,) = await admin.fetch(offered, person.user_id)
    assert tuple(row) == ("Highlighter", "04006381333931", ["unsure"])
    await admin.execute("UPDATE capture_items SET deleted_at = now(), details = '{}' WHERE id = $1", item.id)
    await done(acting.settle_photo, whole)
    assert await admin.fetchval("SELECT details::text FROM capture_items WHERE id = $1", item.id) == "{}"
