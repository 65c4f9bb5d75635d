"""The review list in the database: the same thing once, whoever says it and how many at once."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import item_lists, items
from db.item_lists import Action, Filter, Item, ItemNotFound
from db.items import Offered
from db.pool import Database
from onboarding.errors import InvalidAnswer, VersionConflict
from onboarding.items import Known, Offer, Source
from tests.db.given import Person, until

GTINS = ("04006381333931", "00036000291452", "09780306406157")


def mug(ref: str = "1", source: Source = Source.BARCODE, **fields: Any) -> Offer:
    """An offer of a mug."""
    return Offer(source=source, ref=ref, **{"gtin": GTINS[0], "name": "Mug", **fields})


async def offered(database: Database, person: Person, *offers: Offer) -> list[Offered]:
    """Make offers, in a transaction of their own."""
    async with database.transaction(person.caller()) as conn:
        return await items.offer(conn, person.tenant_id, person.user_id, offers)


async def listed(database: Database, person: Person, limit: int = 100, **which: Any) -> list[Item]:
    """What is on the list."""
    async with database.transaction(person.caller()) as conn:
        found = await item_lists.listed(conn, person.user_id, Filter(**which), limit=limit)
        assert await item_lists.count(conn, person.user_id, Filter(**which)) == len(found)
        return found


async def changed(database: Database, person: Person, item_id: str, **fields: Any) -> Item:
    """Write on an item as a person does."""
    options = {name: fields.pop(name) for name in ("quantity", "looked_at", "seen") if name in fields}
    async with database.transaction(person.caller()) as conn:
        return await item_lists.change(conn, person.user_id, item_id, fields, **options)


async def test_a_thousand_offers(database: Database, person: Person) -> None:
    """As many as one may make become as many items, and the same ones again not one more, nor a new version."""
    offers = [Offer(source=Source.CSV, ref=str(n), name=f"Thing {n}", sku=f"S-{n}") for n in range(999)]
    first = await offered(database, person, *offers, mug())
    assert await offered(database, person, *offers, mug()) == [
        Offered(ref=each.ref, item_id=each.item_id, joined=True) for each in first
    ]
    async with database.transaction(person.caller()) as conn:
        assert await item_lists.count(conn, person.user_id, Filter()) == 1000
        assert await conn.fetchval("SELECT max(version) FROM items WHERE user_id = $1", person.user_id) == 1
    with pytest.raises(ValueError, match="1001"):
        await offered(database, person, *offers, mug("a"), mug("b"))


def gtin(number: int) -> str:
    """One of many numbers of goods; nobody checks its last digit here."""
    return f"{number:014}"


async def test_many_things_of_one_page(
    database: Database, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that gives every thing the shop's own address costs no more than any other: few are compared."""
    compared: list[int] = []
    fetched: list[int] = []
    match, alike = items.match, items._alike

    def counted(offer: Offer, candidates: list[Known]) -> Known | None:
        compared.append(len(candidates))
        return match(offer, candidates)

    async def looked_up(*given: Any) -> list[Known]:
        found = list(await alike(*given))
        fetched.append(len(found))
        return found

    monkeypatch.setattr(items, "match", counted)
    monkeypatch.setattr(items, "_alike", looked_up)
    shop = [mug(str(n), Source.CSV, gtin=gtin(n), url="https://shop.example") for n in range(1, 601)]
    for part in (shop[:300], shop[300:]):
        assert not any(each.joined for each in await offered(database, person, *part))
    assert (max(compared), max(fetched)) == (1, 1)
    assert len(await listed(database, person, 1000)) == 600


async def test_of_many_of_one_page_the_first_is_meant(database: Database, person: Person) -> None:
    """What has no GTIN joins the oldest of its page; what has a new one the next that has none."""
    page: Any = {"source": Source.URL, "url": "https://shop.example/mug"}
    (blue,) = await offered(database, person, mug("blue", **page))
    # Their addresses come later, so that they are two of one page.
    red, green = await offered(
        database,
        person,
        *(mug(ref, Source.CSV, gtin=None, supplier="Potters", sku=ref) for ref in ("red", "green")),
    )
    late = [mug(f"late {ref}", gtin=None, supplier="Potters", sku=ref, **page) for ref in ("red", "green")]
    assert [each.item_id for each in await offered(database, person, *late)] == [red.item_id, green.item_id]
    fresh = [mug(f"fresh {n}", **page | {"gtin": gtin(n)}) for n in (1, 2, 3)]
    *joined, new = await offered(database, person, mug("any", gtin=None, **page), *fresh)
    assert [each.item_id for each in joined] == [blue.item_id, red.item_id, green.item_id]
    assert not new.joined


async def test_thirty_writers(database: Database, person: Person) -> None:
    """Two sources with thirty writers at once make one item, whose quantity is all of them together."""
    writers: list[Awaitable[Any]] = [
        offered(database, person, mug(str(n), source, quantity=Decimal("1.5")))
        for n in range(15)
        for source in (Source.BARCODE, Source.CSV)
    ]
    await asyncio.gather(*writers)
    (item,) = await listed(database, person)
    assert (item.quantity, item.sources) == (Decimal(45), (Source.BARCODE, Source.CSV))


async def test_who_waited_is_noticed(database: Database, person: Person) -> None:
    """A transaction that began before another one, and comes after it, makes a version as any other."""
    ((one, *_),) = [await offered(database, person, mug())]
    async with database.transaction(person.caller()) as conn:
        await conn.fetchval("SELECT now()")
        await offered(database, person, mug("2", quantity=Decimal(3)))
        (before,) = await listed(database, person)
        await items.offer(conn, person.tenant_id, person.user_id, [mug("1", quantity=Decimal(7))])
    (after,) = await listed(database, person)
    assert (before.id, before.quantity, after.quantity) == (one.item_id, 4, 10)
    assert after.version > before.version


async def test_the_same_offer_counts_once(database: Database, person: Person) -> None:
    """Of an offer that is made again the latest quantity counts, also of two in one call."""
    await offered(database, person, mug(quantity=Decimal(2)), mug(quantity=Decimal(5)))
    await offered(database, person, mug(quantity=Decimal(3), supplier="ACME"))
    (item,) = await listed(database, person)
    assert (item.quantity, item.supplier, item.version) == (3, "ACME", 2)


async def test_what_is_only_shown_is_there_once(database: Database, person: Person) -> None:
    """Pages and photos of a thing do not count it: alone they make one, and beside a scan they add nothing."""
    shown = [
        mug(str(n), source, quantity=Decimal(0)) for n, source in enumerate((Source.URL, Source.URL, Source.PHOTO))
    ]
    await offered(database, person, *shown)
    assert [each.quantity for each in await listed(database, person)] == [1]
    await offered(database, person, mug(quantity=Decimal(3)))
    assert [each.quantity for each in await listed(database, person)] == [3]


async def test_removed_stays_removed(database: Database, person: Person) -> None:
    """The same offer does not bring it back; another one of the same thing is a new item."""
    (made,) = await offered(database, person, mug())
    async with database.transaction(person.caller()) as conn:
        assert await item_lists.remove(conn, person.user_id, made.item_id)
        assert not await item_lists.remove(conn, person.user_id, made.item_id)
    await offered(database, person, mug(quantity=Decimal(9)))
    assert await listed(database, person) == []
    (again,) = await offered(database, person, mug("2"))
    assert again.item_id != made.item_id
    assert [item.id for item in await listed(database, person)] == [again.item_id]


async def test_removed_beside_an_offer(database: Database, person: Person) -> None:
    """A removal waits for the offers that are under way, so that none joins what is removed meanwhile."""
    (made,) = await offered(database, person, mug())

    async def remove() -> None:
        async with database.transaction(person.caller()) as conn:
            assert await item_lists.remove(conn, person.user_id, made.item_id)

    async with database.transaction(person.caller()) as conn:
        await items.alone(conn, person.user_id)
        holder = await conn.fetchval("SELECT pg_backend_pid()")
        removing = asyncio.ensure_future(remove())
        # Somebody waits for what this transaction holds: the removal.
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND $1 = ANY(pg_blocking_pids(pid))"
        await until(partial(conn.fetchval, waits, holder))
        assert not removing.done()
    await removing


async def test_what_was_written_stays(database: Database, person: Person) -> None:
    """An edit beside thirty offers is not lost, and what was emptied is not filled again."""
    (made,) = await offered(database, person, mug(supplier="ACME", unsure=True))
    await asyncio.gather(
        *(offered(database, person, mug(str(n), description=f"{n}", name="Other")) for n in range(15)),
        changed(database, person, made.item_id, name="My mug", supplier=None),
        *(offered(database, person, mug(str(n), supplier="Other")) for n in range(15, 30)),
    )
    (item,) = await listed(database, person)
    assert (item.name, item.supplier, item.quantity) == ("My mug", None, 30)
    assert item.edited_at is not None


async def test_changing(database: Database, person: Person, stranger: Person) -> None:
    """The same change twice is one version; a stale one is refused; a quantity is given back to the sources."""
    (made,) = await offered(database, person, mug(quantity=Decimal(4), unsure=True))
    price = {"price": Decimal("2.50"), "currency": "EUR"}
    item = await changed(database, person, made.item_id, quantity=Decimal(1), looked_at=True, seen=1, **price)
    assert (item.quantity, item.attention, item.version, item.price) == (1, (), 2, Decimal("2.5"))
    again = await changed(database, person, made.item_id, quantity=Decimal(1), looked_at=True, **price)
    assert again == item
    with pytest.raises(VersionConflict):
        await changed(database, person, made.item_id, name="x", seen=1)
    with pytest.raises(InvalidAnswer):
        await changed(database, person, made.item_id, currency=None)
    assert (await changed(database, person, made.item_id, quantity=None)).quantity == 4
    with pytest.raises(ItemNotFound):
        await changed(database, stranger, made.item_id, name="x")


async def test_an_edit_is_found_by_what_it_says(database: Database, person: Person) -> None:
    """Whoever writes a number of a supplier has the next offer of it join."""
    (made,) = await offered(database, person, Offer(source=Source.PHOTO, ref="1"))
    await changed(database, person, made.item_id, supplier="ACME  Ltd", sku="a-1", name="Mug")
    offer = Offer(source=Source.CSV, ref="1", supplier="acme ltd", sku="A-1")
    assert await offered(database, person, offer) == [Offered(ref="1", item_id=made.item_id, joined=True)]


async def test_judging(database: Database, person: Person, stranger: Person) -> None:
    """Each is told for itself: what is somebody else's stops none, and the same again changes nothing."""
    mine = [each.item_id for each in await offered(database, person, mug(), mug("2", gtin=GTINS[1]))]
    ((theirs,),) = [await offered(database, stranger, mug())]
    asked = [mine[0], theirs.item_id, mine[1]]

    async def judged(action: Action) -> tuple[list[bool], set[tuple[str, int]]]:
        async with database.transaction(person.caller()) as conn:
            found = await item_lists.judge(conn, person.user_id, asked, action)
        return [each in found for each in asked], {
            (each.status, each.version) for each in await listed(database, person)
        }

    assert await judged("approve") == ([True, False, True], {("approved", 2)})
    assert await judged("approve") == ([True, False, True], {("approved", 2)})
    assert await judged("reject") == ([True, False, True], {("rejected", 3)})
    assert await judged("remove") == ([True, False, True], set())
    assert await judged("approve") == ([False, False, False], set())
    assert [each.status for each in await listed(database, stranger)] == ["pending"]


async def test_filters(database: Database, person: Person) -> None:
    """Each filter leaves out what it should, and a search takes its letters as they are."""
    await offered(database, person, mug(supplier="100% ACME"), Offer(source=Source.PHOTO, ref="1", unsure=True))
    first = (await offered(database, person, mug("2", Source.CSV)))[0].item_id
    async with database.transaction(person.caller()) as conn:
        await item_lists.judge(conn, person.user_id, [first], "approve")
    cases: list[tuple[dict[str, Any], int]] = [
        ({}, 2),
        ({"statuses": ("approved",)}, 1),
        ({"statuses": ("approved", "pending")}, 2),
        ({"sources": (Source.CSV, Source.BARCODE)}, 1),
        ({"sources": (Source.URL,)}, 0),
        ({"needs_attention": True}, 1),
        ({"needs_attention": False}, 1),
        ({"search": "0% ac"}, 1),
        ({"search": "%"}, 1),
        ({"search": "_"}, 0),
        ({"search": GTINS[0][3:9]}, 1),
    ]
    for which, many in cases:
        assert len(await listed(database, person, **which)) == many, which


async def test_withdrawing(database: Database, person: Person) -> None:
    """What nobody offers any more goes, unless somebody has edited or judged it."""
    (kept, gone) = await offered(database, person, mug(), mug("2", gtin=GTINS[1]))
    await changed(database, person, kept.item_id, name="My mug")
    async with database.transaction(person.caller()) as conn:
        assert await items.withdraw(conn, person.user_id, Source.BARCODE, ["1", "2", "3"]) == 2
    assert [(each.id, each.quantity) for each in await listed(database, person)] == [(kept.item_id, 0)]
    ((again,),) = [await offered(database, person, mug("2", gtin=GTINS[1]))]
    assert again.item_id != gone.item_id


REFS = st.sampled_from("abcd")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), REFS, st.sampled_from(GTINS), st.integers(0, 9)),
        st.tuples(st.just("withdraw"), REFS, st.none(), st.none()),
        st.tuples(st.just("edit"), REFS, st.none(), st.integers(0, 9)),
        st.tuples(st.just("remove"), REFS, st.none(), st.none()),
    ),
    min_size=4,
    max_size=12,
)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_any_order_of_steps(app_url: str, person: Person, steps: list[tuple[str, str, str, int]]) -> None:
    """After any offers, withdrawals, edits and removals each thing is there once, with its quantity."""

    async def walk() -> None:
        database = await Database.open(app_url, min_size=1, max_size=2)
        try:
            await _walked(database, person, steps)
        finally:
            async with database.transaction(person.caller()) as conn:
                for ref in "abcd":
                    await items.withdraw(conn, person.user_id, Source.BARCODE, [ref])
                await conn.execute("UPDATE items SET removed_at = now() WHERE removed_at IS NULL")
            await database.close()

    asyncio.run(walk())


async def _walked(database: Database, person: Person, steps: list[tuple[str, str, str, int]]) -> None:
    """Each step, and what must hold after it."""
    quantities: dict[str, tuple[str, int]] = {}
    said: dict[str, int] = {}
    removed: set[str] = set()
    for step, ref, gtin, number in steps:
        item_id = quantities[ref][0] if ref in quantities else None
        if step == "offer":
            (made,) = await offered(database, person, mug(ref, gtin=gtin, quantity=Decimal(number)))
            quantities[ref] = (made.item_id, number)
        elif step == "withdraw":
            async with database.transaction(person.caller()) as conn:
                await items.withdraw(conn, person.user_id, Source.BARCODE, [ref])
            quantities.pop(ref, None)
        elif item_id and item_id not in removed:
            if step == "edit":
                await changed(database, person, item_id, quantity=Decimal(number))
                said[item_id] = number
            else:
                async with database.transaction(person.caller()) as conn:
                    await item_lists.remove(conn, person.user_id, item_id)
                removed.add(item_id)
        found = await listed(database, person)
        assert len({each.gtin for each in found}) == len(found)
        assert not removed & {each.id for each in found}
        for each in found:
            mine = [quantity for of, quantity in quantities.values() if of == each.id]
            assert each.quantity == said.get(each.id, (mine and (sum(mine) or 1)) or 0)
        assert {of for of, _ in quantities.values()} - removed <= {each.id for each in found}
