"""Capture sessions in the database: what counts, what is the same thing, and what is decided for two at once."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from db import capture_lists, capture_sessions, captures, item_lists
from db.capture_sessions import (
    ACTIVE_AT_MOST,
    CaptureSession,
    SessionEnded,
    SessionNotFound,
    TooManySessions,
)
from db.captures import CaptureItem, CaptureItemNotFound, KindNotTaken, Scan, SessionFull
from db.images import ImageGone
from db.pool import Database
from db.tenant import SIGN_IN, Capturing, PhoneRefused, sweeper
from onboarding.access import Role
from tests.db.given import Person, register


async def opened(database: Database, person: Person, **fields: Any) -> CaptureSession:
    """A session of theirs."""
    asked: dict[str, Any] = {"kinds": ["barcode", "photo"], "run_id": None, "ttl_seconds": 3600, **fields}
    async with database.transaction(person.caller()) as conn:
        return await capture_sessions.begin(
            conn,
            session_id=str(uuid.uuid4()),
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            token_hash=uuid.uuid4().bytes,
            **asked,
        )


class Scanner:
    """Somebody with a session."""

    def __init__(self, database: Database, person: Person, session: CaptureSession) -> None:
        self.database, self.person, self.session = database, person, session

    async def add(self, *codes: str | Scan, **options: Any) -> list[captures.Captured]:
        """Scan some."""
        scans = [code if isinstance(code, Scan) else Scan(key=code, code=code) for code in codes]
        async with self.database.transaction(self.person.caller()) as conn:
            return await captures.add(conn, self.session.id, self.person.user_id, scans, **options)

    async def call(self, function: Any, *given: Any, **options: Any) -> Any:
        """Any other function of the session's items."""
        async with self.database.transaction(self.person.caller()) as conn:
            return await function(conn, self.session.id, *given, self.person.user_id, **options)

    async def read(self) -> CaptureSession:
        """The session now."""
        return await self.call(capture_sessions.read)

    async def items(self) -> list[CaptureItem]:
        """What there is now."""
        return await self.call(capture_lists.listed, limit=1000)

    async def quantities(self) -> dict[str | None, int]:
        """How many of each code."""
        return {each.code: each.quantity for each in await self.items()}

    async def offered(self) -> dict[str, Any]:
        """By item, what the review list has of barcodes and photos."""
        query = "SELECT ref, quantity FROM item_sources WHERE user_id = $1"
        async with self.database.transaction(self.person.caller()) as conn:
            return {row["ref"]: int(row["quantity"]) for row in await conn.fetch(query, self.person.user_id)}


@pytest.fixture
async def scanner(database: Database, person: Person) -> Scanner:
    """Somebody who has just opened a session."""
    return Scanner(database, person, await opened(database, person))


async def test_a_batch_counts_in_order(scanner: Scanner) -> None:
    """Each scan takes a number; the same code is one item, the first metadata stays, gaps are filled."""
    a, b = Scan(key="a", code="a"), Scan(key="a", code="A", code_type="ean_13", source="camera")
    first, second, third = await scanner.add(a, b, "c")
    assert (first.duplicate, second.duplicate, third.duplicate) == (False, True, False)
    assert first.item == second.item
    assert (first.item.quantity, first.item.version, third.item.version) == (2, 2, 3)
    assert (first.item.code, first.item.code_type, first.item.source) == ("a", "ean_13", "camera")
    (again,) = await scanner.add(Scan(key="a", code="a", code_type="code_128"))
    assert (again.duplicate, again.item.quantity, again.item.code_type) == (True, 3, "ean_13")
    session = await scanner.read()
    assert (session.version, session.barcodes, session.photos) == (4, 2, 0)
    assert await scanner.offered() == {first.item.id: 3, third.item.id: 1}


async def test_what_a_device_repeats(scanner: Scanner) -> None:
    """A scan of the same name counts once: in one batch, in another, as another code, after a delete."""
    scan = Scan(key="a", code="a", client_item_id="1")
    first, repeat = await scanner.add(scan, scan)
    assert (first.repeated, repeat.repeated, repeat.duplicate) == (False, True, True)
    (renamed,) = await scanner.add(Scan(key="b", code="b", client_item_id="1"))
    assert (renamed.repeated, renamed.item) == (True, first.item)
    assert await scanner.quantities() == {"a": 1}
    await scanner.call(captures.remove, first.item.id)
    (gone,) = await scanner.add(scan)
    assert gone.repeated
    assert gone.item.deleted_at is not None
    assert (await scanner.quantities(), (await scanner.read()).version) == ({}, 2)


async def test_added_after_a_delete(scanner: Scanner) -> None:
    """A code that was deleted and is scanned again is another item, and the review list forgets the first."""
    first, _ = await scanner.add("a", "a")
    await scanner.call(captures.remove, first.item.id)
    assert await scanner.offered() == {}
    (second,) = await scanner.add("a")
    assert (second.duplicate, second.item.quantity, second.item.id == first.item.id) == (False, 1, False)
    assert await scanner.offered() == {second.item.id: 1}
    with pytest.raises(CaptureItemNotFound):
        await scanner.call(captures.remove, first.item.id)


async def test_a_full_session(scanner: Scanner, admin: asyncpg.Connection) -> None:
    """Five hundred barcodes and no more; what is there still counts up; a batch is all or nothing."""
    for start in range(0, 500, 50):
        await scanner.add(*(str(number) for number in range(start, start + 50)))
    assert (await scanner.add("7"))[0].item.quantity == 2
    for refused in (("new",), ("7", "new")):
        with pytest.raises(SessionFull):
            await scanner.add(*refused)
    session = await scanner.read()
    assert (session.barcodes, session.version, (await scanner.quantities())["7"]) == (500, 501, 2)
    await scanner.call(captures.remove, (await scanner.items())[0].id)
    assert not (await scanner.add("new"))[0].duplicate
    await admin.execute("UPDATE capture_sessions SET version = 100000 WHERE id = $1", scanner.session.id)
    with pytest.raises(SessionFull):
        await scanner.add("7")
    assert not await scanner.call(lambda conn, id, user: captures.enrich(conn, id, id, user, {}, "done"))


async def test_thirty_writers(scanner: Scanner) -> None:
    """Thirty at once, from two devices, with the same codes: one item each, and every scan is counted once."""

    async def write(writer: int) -> None:
        by: Any = ("owner", "phone")[writer % 2]
        for turn in range(3):
            codes = [f"{(writer + offset) % 7}" for offset in range(4)]
            scans = [
                Scan(key=code, code=code, client_item_id=f"{writer // 2}-{turn}-{place}")
                for place, code in enumerate(codes)
            ]
            await scanner.add(*scans, added_by=by)

    await asyncio.gather(*(write(writer) for writer in range(30)))
    items, session = await scanner.items(), await scanner.read()
    # Two writers share each name, as a device that repeats itself does.
    assert sum(each.quantity for each in items) == 15 * 3 * 4
    assert (len(items), session.barcodes, session.version) == (7, 7, 15 * 3 * 4)
    assert len({each.version for each in items}) == 7
    assert await scanner.offered() == {each.id: each.quantity for each in items}


async def test_edits(scanner: Scanner) -> None:
    """What was seen is what is changed; nothing new is no change; what a person wrote no lookup writes over."""
    (mug,) = await scanner.add("a")
    assert await scanner.call(captures.change, mug.item.id, version=9, quantity=2) is None
    changed = await scanner.call(captures.change, mug.item.id, version=1, quantity=5, details={"name": "Mug"})
    assert (changed.version, changed.quantity, changed.details, changed.edited) == (
        2,
        5,
        {"name": "Mug"},
        ["name", "quantity"],
    )
    assert await scanner.call(captures.change, mug.item.id, quantity=5, details={"name": "Mug"}) == changed
    cleared = await scanner.call(captures.change, mug.item.id, details={"name": None, "note": "chipped"})
    assert (cleared.details, cleared.edited) == ({"note": "chipped"}, ["name", "note", "quantity"])
    found = {"name": "Becher", "brand": "Acme", "category": None}
    enriched = await scanner.call(
        lambda conn, id, user: captures.enrich(conn, id, mug.item.id, user, found, "done")
    )
    assert enriched
    (item,) = await scanner.items()
    assert (item.details, item.enrichment, item.version) == ({"note": "chipped", "brand": "Acme"}, "done", 4)
    assert await scanner.offered() == {mug.item.id: 5}
    with pytest.raises(CaptureItemNotFound):
        await scanner.call(captures.change, mug.item.id, quantity=1, added_by="phone")


async def test_an_edit_is_in_the_list(database: Database, scanner: Scanner) -> None:
    """What a person writes on a captured item is in the list, unless they wrote there too."""
    (mug,) = await scanner.add("a")

    def found(conn: Any, id: str, user: str) -> Any:
        return captures.enrich(conn, id, mug.item.id, user, {"name": "Becher", "brand": "Acme"}, "done")

    async def listed() -> tuple[str, str | None, str | None, int]:
        async with database.transaction(scanner.person.caller()) as conn:
            (item,) = await item_lists.listed(conn, scanner.person.user_id, item_lists.Filter())
        return item.id, item.name, item.supplier, item.version

    await scanner.call(captures.change, mug.item.id, details={"name": "Mgu"})
    await scanner.call(found)
    await scanner.add("a")
    id, *shown = await listed()
    assert shown == ["Mgu", "Acme", 3]
    await scanner.call(captures.change, mug.item.id, details={"name": "Mug", "brand": None})
    assert (await listed())[1:] == ("Mug", None, 4)
    async with database.transaction(scanner.person.caller()) as conn:
        await item_lists.change(conn, scanner.person.user_id, id, {"name": "Blue mug"})
    await scanner.call(captures.change, mug.item.id, details={"name": "Red mug", "brand": "Potters"})
    assert (await listed())[1:] == ("Blue mug", "Potters", 6)


class Model(Struct):
    """What a session must be after each step: by code its quantity, and the item of each name."""

    quantities: dict[str, int]
    counted: dict[str, str]
    version: int = 0


codes = st.sampled_from(["a", "b", "c"])
names = st.none() | st.sampled_from(["1", "2", "3"])
adding = st.tuples(st.just("add"), st.lists(st.tuples(codes, names), min_size=1, max_size=4))
editing = st.tuples(st.just("edit"), codes, st.integers(1, 9))
deleting = st.tuples(st.just("delete"), codes)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(adding | adding | editing | deleting, max_size=12))
async def test_any_sequence(database: Database, person: Person, steps: list[Any]) -> None:
    """Whatever is added, repeated, edited, deleted, in any order: counts, numbers and offers are the model's."""
    scanner = Scanner(database, person, await opened(database, person))
    model = Model(quantities={}, counted={})
    ids: dict[str, str] = {}
    for step in steps:
        match step:
            case ("add", scans):
                told = await scanner.add(*(Scan(key=code, code=code, client_item_id=name) for code, name in scans))
                for (code, name), each in zip(scans, told, strict=True):
                    repeated = name is not None and name in model.counted
                    assert each.repeated == repeated
                    if repeated:
                        assert each.item.id == model.counted[name]
                        continue
                    assert each.duplicate == (code in model.quantities)
                    model.quantities[code] = model.quantities.get(code, 0) + 1
                    model.version += 1
                    ids[code] = each.item.id
                    if name is not None:
                        model.counted[name] = each.item.id
            case ("edit", code, quantity) if code in model.quantities:
                await scanner.call(captures.change, ids[code], quantity=quantity)
                model.version += quantity != model.quantities[code]
                model.quantities[code] = quantity
            case ("delete", code) if code in model.quantities:
                await scanner.call(captures.remove, ids[code])
                model.version += 1
                del model.quantities[code]
            case _:
                continue
        session = await scanner.read()
        assert await scanner.quantities() == model.quantities
        assert (session.version, session.barcodes) == (model.version, len(model.quantities))
        assert await scanner.offered() == {ids[code]: count for code, count in model.quantities.items()}
    await scanner.call(capture_sessions.close)
    for item_id in {ids[code] for code in model.quantities}:
        with pytest.raises(SessionEnded):
            await scanner.call(captures.remove, item_id)
    async with database.transaction(person.caller()) as conn:
        await conn.execute("DELETE FROM item_sources WHERE user_id = $1", person.user_id)


async def test_since(scanner: Scanner) -> None:
    """Whoever asks what changed since a number is told each item once, deleted ones too, in order."""
    await scanner.add("a", "b", "c")
    items = {each.code: each for each in await scanner.items()}
    await scanner.call(captures.remove, items["a"].id)
    await scanner.add("b")
    changed = await scanner.call(capture_lists.changed, since=2)
    assert [(each.code, each.version, each.deleted_at is None) for each in changed] == [
        ("c", 3, True),
        ("a", 4, False),
        ("b", 5, True),
    ]
    assert await scanner.call(capture_lists.total, since=3) == 2
    assert await scanner.call(capture_lists.total, kind="photo") == 0


async def test_a_session_of_one_kind(database: Database, person: Person) -> None:
    """A session that was opened for photos takes no barcodes."""
    scanner = Scanner(database, person, await opened(database, person, kinds=["photo"]))
    with pytest.raises(KindNotTaken):
        await scanner.add("a")


async def test_photos(scanner: Scanner, admin: asyncpg.Connection) -> None:
    """A picture is one photo, however often; a hundred and no more; each is offered as one that is not sure."""
    pictures = [str(uuid.uuid4()) for _ in range(3)]
    for image in pictures:
        await admin.execute(
            "INSERT INTO images (id, tenant_id, user_id, object_key, content_type)"
            " VALUES ($1, $2, $3, $1::uuid::text, 'image/png')",
            image,
            scanner.person.tenant_id,
            scanner.person.user_id,
        )
    first = await scanner.call(captures.add_photo, image_id=pictures[0], client_item_id="1", added_by="phone")
    again = await scanner.call(captures.add_photo, image_id=pictures[0])
    assert (first.duplicate, again.duplicate, again.item.quantity, again.item.id) == (
        False,
        True,
        1,
        first.item.id,
    )
    repeat = await scanner.call(captures.add_photo, image_id=pictures[1], client_item_id="1")
    assert (repeat.repeated, repeat.item.image_id) == (True, pictures[0])
    await admin.execute("UPDATE capture_sessions SET photos = 99 WHERE id = $1", scanner.session.id)
    await scanner.call(captures.add_photo, image_id=pictures[1])
    with pytest.raises(SessionFull):
        await scanner.call(captures.add_photo, image_id=pictures[2])
    assert (await scanner.add("a"))[0].item.kind == "barcode"
    await admin.execute("UPDATE capture_sessions SET photos = 3 WHERE id = $1", scanner.session.id)
    with pytest.raises(ImageGone):
        await scanner.call(captures.add_photo, image_id=str(uuid.uuid4()))
    await scanner.call(captures.remove, first.item.id)
    orphans = await scanner.call(capture_lists.orphans)
    assert [each.id for each in orphans] == [pictures[0]]


async def test_expiry(database: Database, person: Person, scanner: Scanner, admin: asyncpg.Connection) -> None:
    """A session lasts on by use, is written for it seldom, never beyond its end, and is over when its time is."""
    before = await scanner.read()
    assert (await scanner.read()).expires_at == before.expires_at
    age = "UPDATE capture_sessions SET expires_at = now() + $2::interval WHERE id = $1"
    await admin.execute(age, scanner.session.id, timedelta(minutes=30))
    assert (await scanner.read()).expires_at > before.expires_at - timedelta(seconds=5)
    await admin.execute(age, scanner.session.id, timedelta(minutes=30))
    await scanner.add("a")
    assert (await scanner.read()).expires_at > before.expires_at - timedelta(seconds=5)
    await admin.execute(
        "UPDATE capture_sessions SET expires_at = now() + interval '50 s', ends_at = now() + interval '60 s'"
        " WHERE id = $1",
        scanner.session.id,
    )
    late = await scanner.read()
    assert late.expires_at == late.ends_at
    await admin.execute("UPDATE capture_sessions SET expires_at = now() WHERE id = $1", scanner.session.id)
    over = await scanner.read()
    assert (over.status, over.expires_at < late.expires_at) == ("expired", True)
    for call in (scanner.add("a"), scanner.call(capture_sessions.renew)):
        with pytest.raises(SessionEnded):
            await call
    async with database.transaction(person.caller()) as conn:
        with pytest.raises(SessionNotFound):
            await capture_sessions.current(conn, person.user_id)
        assert await capture_sessions.close(conn, scanner.session.id, person.user_id) is None


async def test_not_too_many(database: Database, person: Person) -> None:
    """Of many that are opened at once, no more than may be are; a closed one makes room."""
    made = await asyncio.gather(
        *(opened(database, person) for _ in range(ACTIVE_AT_MOST + 3)), return_exceptions=True
    )
    sessions = [each for each in made if isinstance(each, CaptureSession)]
    assert (len(sessions), {type(each) for each in made}) == (ACTIVE_AT_MOST, {CaptureSession, TooManySessions})
    async with database.transaction(person.caller()) as conn:
        assert await capture_sessions.close(conn, sessions[0].id, person.user_id)
    await opened(database, person)


async def test_the_token(database: Database, person: Person) -> None:
    """A phone acts for its owner as long as its token is the session's; one that ended is known by it still."""
    session = await opened(database, person, kinds=["barcode"])
    async with database.transaction(person.caller()) as conn:
        await capture_sessions.renew(conn, session.id, person.user_id, b"old")
    phone = Capturing(tenant_id=person.tenant_id, user_id=person.user_id, role=Role.USER, token_hash=b"old")
    async with database.transaction(phone) as conn:
        assert await captures.add(conn, session.id, person.user_id, [Scan(key="a", code="a")], added_by="phone")
    async with database.transaction(person.caller()) as conn:
        await capture_sessions.renew(conn, session.id, person.user_id, b"new")
    with pytest.raises(PhoneRefused):
        async with database.transaction(phone):
            raise AssertionError
    async with database.transaction(person.caller()) as conn:
        await capture_sessions.close(conn, session.id, person.user_id)
    async with database.transaction(SIGN_IN) as conn:
        assert await capture_sessions.by_token(conn, b"old") is None
        holder = await capture_sessions.by_token(conn, b"new")
    assert holder
    assert (holder.session_id, holder.user_id, holder.active) == (session.id, person.user_id, False)


async def test_what_is_left(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """The sweeper finds sessions whose end nobody saw to, and deletes those that ended long ago."""
    expired, closed, active = [await opened(database, person) for _ in range(3)]
    age = """
        UPDATE capture_sessions SET expires_at = now() - $2::interval, ends_at = now() - $2::interval WHERE id = $1
    """
    await admin.execute(age, expired.id, timedelta(minutes=10))
    async with database.transaction(person.caller()) as conn:
        await capture_sessions.close(conn, closed.id, person.user_id)
    await admin.execute(
        "UPDATE capture_sessions SET closed_at = now() - interval '10 minutes' WHERE id = $1", closed.id
    )
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert {each.id for each in await capture_sessions.overdue(conn, 300)} == {expired.id, closed.id}
        assert await capture_sessions.overdue(conn, 3600) == []
    async with database.transaction(person.caller()) as conn:
        state = await capture_sessions.expire(conn, expired.id, person.user_id)
        assert state
        assert state.status == "expired"
        for each in (expired, closed, active):
            await capture_sessions.settle(conn, each.id, person.user_id)
    await admin.execute(age, expired.id, timedelta(days=31))
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await capture_sessions.overdue(conn, 300) == []
        assert await capture_sessions.purge(conn, limit=10) == 1
    async with database.transaction(person.caller()) as conn:
        assert await capture_sessions.expire(conn, expired.id, person.user_id) is None
        assert (await capture_sessions.current(conn, person.user_id)).id == active.id


async def test_nobody_elses(database: Database, scanner: Scanner, stranger: Person) -> None:
    """Of somebody else's session one is told that there is none: by a colleague and by a stranger alike."""
    async with database.transaction(SIGN_IN) as conn:
        colleague = await register(conn, scanner.person.tenant_id)
    for other in (colleague, stranger):
        thief = Scanner(database, other, scanner.session)
        for call in (thief.read(), thief.add("a"), thief.call(capture_sessions.close)):
            with pytest.raises(SessionNotFound):
                await call
        assert await thief.items() == []
