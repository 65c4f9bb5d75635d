"""The ends of capture sessions in the worker: pictures that nothing shows are deleted, and no end is forgotten."""

import dataclasses
import uuid
from datetime import timedelta

import asyncpg
import pytest
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.captures import Captures
from cli.embedded.ports import free_ports
from db import capture_sessions, captures
from db.capture_sessions import CaptureSession
from db.captures import Scan
from db.pool import Database
from onboarding.payloads import CaptureOrder, CaptureSweep
from runtime.addresses import capture_session_workflow_id, capture_workflow_id
from runtime.settings import Settings
from runtime.storage import Objects, StorageUnavailable
from tests.db.given import Person
from tests.db.test_captures import opened
from tests.erasing import Bucket
from tests.stack import until


@pytest.fixture
def activities(database: Database, settings: Settings, temporal: Client) -> Captures:
    """The activities, with the real store."""
    return Captures(database, Objects(settings), temporal)


@pytest.fixture
async def session(database: Database, person: Person) -> CaptureSession:
    """A session of somebody."""
    return await opened(database, person)


def order_of(session: CaptureSession) -> CaptureOrder:
    """What its workflow is given."""
    return CaptureOrder(tenant_id=session.tenant_id, user_id=session.user_id, session_id=session.id)


async def _photo(database: Database, person: Person, session: CaptureSession, bucket: Bucket) -> tuple[str, str]:
    """A photo with its picture in the store; gives the item and the key."""
    image_id = str(uuid.uuid4())
    keys = [f"tenants/{person.tenant_id}/2026/05/{image_id}{end}" for end in (".png", "-320.jpg")]
    for key in keys:
        await bucket.put(key, b"picture")
    async with database.transaction(person.caller()) as conn:
        await conn.execute(
            "INSERT INTO images (id, tenant_id, user_id, object_key, thumbnail_key, content_type, status, size,"
            " width, height) VALUES ($1, $2, $3, $4, $5, 'image/png', 'ready', 7, 1, 1)",
            image_id,
            person.tenant_id,
            person.user_id,
            *keys,
        )
        captured = await captures.add_photo(conn, session.id, person.user_id, image_id=image_id)
    return captured.item.id, image_id


async def test_pictures_of_deleted_photos(
    database: Database, activities: Captures, person: Person, session: CaptureSession, settings: Settings
) -> None:
    """Of a session that has ended, pictures of deleted photos go, files first; all others stay; twice is once."""
    bucket = Bucket(settings)
    kept, gone, shown = [await _photo(database, person, session, bucket) for _ in range(3)]
    async with database.transaction(person.caller()) as conn:
        for item, _ in (gone, shown):
            await captures.remove(conn, session.id, item, person.user_id)
        # Somebody has taken this picture over for another thing of the review list.
        await conn.execute(
            "INSERT INTO items (id, tenant_id, user_id, name, image_url) VALUES ($1, $2, $3, 'A mug', $4)",
            str(uuid.uuid4()),
            person.tenant_id,
            person.user_id,
            f"/api/v1/images/{shown[1]}",
        )
        await capture_sessions.close(conn, session.id, person.user_id)
    away = replace(settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    without = Captures(database, Objects(away), activities._client)
    with pytest.raises(StorageUnavailable):
        await ActivityEnvironment().run(without.settle_capture, order_of(session))
    deleted = [await ActivityEnvironment().run(activities.settle_capture, order_of(session)) for _ in range(2)]
    assert deleted == [1, 0]
    left = await bucket.keys(f"tenants/{person.tenant_id}/")
    assert sorted({key.rpartition("/")[2][:36] for key in left}) == sorted([kept[1], shown[1]])
    assert len(left) == 4
    async with database.transaction(person.caller()) as conn:
        rows = await conn.fetch("SELECT id::text FROM images WHERE user_id = $1", person.user_id)
        assert {row["id"] for row in rows} == {kept[1], shown[1]}
        assert await conn.fetchval("SELECT settled_at FROM capture_sessions WHERE id = $1", session.id)


async def test_codes_that_nobody_looked_up(
    database: Database, activities: Captures, person: Person, session: CaptureSession, temporal: Client
) -> None:
    """What was scanned while Temporal was away is looked up when the session ends; that twice is once."""
    mug = Scan(key="04006381333931", code="4006381333931", gtin="04006381333931")
    async with database.transaction(person.caller()) as conn:
        added = await captures.add(conn, session.id, person.user_id, [mug, Scan(key="SN-1", code="SN-1")])
        await capture_sessions.close(conn, session.id, person.user_id)
    for _ in range(2):
        await ActivityEnvironment().run(activities.settle_capture, order_of(session))
    lookups = [capture_workflow_id(person.tenant_id, each.item.id) for each in added]
    begun = await temporal.get_workflow_handle(lookups[0]).describe()
    assert begun.workflow_type == "EnrichCapture"
    with pytest.raises(RPCError, match="not found"):
        await temporal.get_workflow_handle(lookups[1]).describe()


async def test_where_a_session_stands(
    database: Database, activities: Captures, person: Person, session: CaptureSession, admin: asyncpg.Connection
) -> None:
    """An active session is left alone, one whose time is over is written down as expired, none is nothing."""
    environment, order = ActivityEnvironment(), order_of(session)
    state = await environment.run(activities.expire_capture, order)
    assert state
    assert (state.active, state.expires_at) == (True, session.expires_at)
    await admin.execute("UPDATE capture_sessions SET expires_at = now() WHERE id = $1", session.id)
    for _ in range(2):
        state = await environment.run(activities.expire_capture, order)
        assert state
        assert not state.active
    row = await admin.fetchrow("SELECT status, version, closed_at FROM capture_sessions WHERE id = $1", session.id)
    assert row
    assert (row["status"], row["version"], row["closed_at"] is not None) == ("expired", 1, True)
    missing = replace(order, session_id=str(uuid.uuid4()))
    assert await environment.run(activities.expire_capture, missing) is None


async def test_the_net(
    activities: Captures,
    session: CaptureSession,
    admin: asyncpg.Connection,
    temporal: Client,
    settings: Settings,
    worker: None,
) -> None:
    """A session whose workflow never began is found once it is over, and its end seen to by the real worker."""
    await admin.execute("UPDATE capture_sessions SET settled_at = now() WHERE id <> $1", session.id)
    await admin.execute(
        "UPDATE capture_sessions SET expires_at = now() - $2::interval WHERE id = $1",
        session.id,
        timedelta(minutes=6),
    )
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, task_queue=settings.task_queue)
    report = await environment.run(activities.sweep_captures, CaptureSweep())
    assert report.seen == 1
    await temporal.get_workflow_handle(capture_session_workflow_id(session.tenant_id, session.id)).result()

    async def settled() -> bool:
        row = await admin.fetchrow("SELECT status, settled_at FROM capture_sessions WHERE id = $1", session.id)
        return bool(row and row["status"] == "expired" and row["settled_at"])

    await until(settled)
    assert (await environment.run(activities.sweep_captures, CaptureSweep())).seen == 0
