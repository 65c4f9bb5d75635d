"""Orders in the database: whatever comes how often and in whichever order, the last state is what is there."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from db import connection_runs, item_lists, orders, tenants
from db.item_lists import Filter, Item
from db.orders import ConnectionGone
from db.pool import Connection, Database
from db.tenant import SIGN_IN, sweeper
from onboarding.connections import Counts
from onboarding.orders import Batch, Line, Order
from tests.db.given import Person, register

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


async def connected(conn: Connection, person: Person) -> str:
    """A connection of theirs."""
    return await conn.fetchval(
        """
        INSERT INTO connections (id, tenant_id, user_id, provider, status, account_id, sealed_tokens)
        VALUES (uuidv7(), $1, $2, 'quickbooks', 'connected', $3, '["sealed"]') RETURNING id::text
        """,
        person.tenant_id,
        person.user_id,
        str(uuid.uuid4()),
    )


@pytest.fixture
async def connection_id(database: Database, person: Person) -> str:
    """A connection of the person's."""
    async with database.transaction(person.caller()) as conn:
        return await connected(conn, person)


async def stored(database: Database, person: Person, connection_id: str, batch: Batch) -> Counts:
    """Store a batch, in a transaction of its own."""
    async with database.transaction(person.caller()) as conn:
        return await orders.store(
            conn,
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            connection_id=connection_id,
            batch=batch,
        )


async def on_list(database: Database, person: Person) -> list[Item]:
    """What is on the review list."""
    async with database.transaction(person.caller()) as conn:
        return await item_lists.listed(conn, person.user_id, Filter(), limit=100)


def order(name: str = "1", minute: int = 0, *lines: Line, **fields: Any) -> Order:
    """An order of two mugs, or of these lines, that changed so many minutes past noon."""
    mugs = (Line(ref="1", name="Mug", sku="M-1", quantity=Decimal(2), unit_price=Decimal("3.50")),)
    return Order(
        external_id=name,
        **{"supplier": "ACME", "currency": "EUR", "changed_at": NOON + timedelta(minutes=minute), **fields},
        lines=lines or mugs,
    )


def of(*given: Order, gone: Sequence[str] = (), **fields: Any) -> Batch:
    """A batch."""
    return Batch(orders=given, gone=tuple(gone), **{"cursor": {"at": 1}, **fields})


async def test_an_order_is_kept(database: Database, person: Person, connection_id: str) -> None:
    """It is there with its lines, to the last decimal; its lines are on the review list, and the cursor moved."""
    line = Line(ref="7", name="Bolt", sku="B-1", quantity=Decimal("0.000001"), unit_price=Decimal("-1.25"))
    given = order("P-1", 0, line, ordered_on=date(2026, 5, 1), total=Decimal("999999999999.123456"), number="1001")
    assert await stored(database, person, connection_id, of(given)) == Counts(fetched=1, added=1)
    async with database.transaction(person.caller()) as conn:
        (kept,) = await orders.listed(conn, person.user_id, connection_id)
        assert await orders.get(conn, person.user_id, kept.id) == kept
        assert await orders.count(conn, person.user_id, connection_id) == 1
        cursor = await conn.fetchval("SELECT cursor FROM connections WHERE id = $1", connection_id)
    assert (kept.order, cursor) == (given, {"at": 1})
    (item,) = await on_list(database, person)
    assert (item.sku, item.supplier, item.quantity, item.price) == ("B-1", "ACME", Decimal("0.000001"), None)


async def test_what_goes_back(database: Database, person: Person, connection_id: str) -> None:
    """A line of none or less is kept as it is, and offers nothing; one whose quantity nobody says is one."""
    lines = [
        Line(ref=str(place), name=f"Mug {place}", quantity=quantity)
        for place, quantity in enumerate((Decimal(-3), Decimal(0), None))
    ]
    await stored(database, person, connection_id, of(order("P-1", 0, *lines)))
    assert {(each.name, each.quantity) for each in await on_list(database, person)} == {("Mug 2", 1)}


async def test_the_same_again(database: Database, person: Person, connection_id: str) -> None:
    """A batch that comes again changes nothing, and says so."""
    batch = of(order("1"), order("2"))
    await stored(database, person, connection_id, batch)
    before = await on_list(database, person)
    assert await stored(database, person, connection_id, batch) == Counts(fetched=2)
    assert await on_list(database, person) == before
    assert before[0].quantity == 4


async def test_changes(database: Database, person: Person, connection_id: str) -> None:
    """Lines that went, changed and came are so on the review list; what is older changes nothing."""
    cup, pot = Line(ref="2", name="Cup", sku="C-1"), Line(ref="3", name="Pot", quantity=Decimal(4))
    mug = order().lines[0]
    await stored(database, person, connection_id, of(order("1", 0, mug, cup)))
    fewer = Line(ref="1", name="Mug", sku="M-1", quantity=Decimal(1))
    assert await stored(database, person, connection_id, of(order("1", 9, fewer, pot))) == Counts(
        fetched=1, changed=1
    )
    assert {(each.name, each.quantity) for each in await on_list(database, person)} == {("Mug", 1), ("Pot", 4)}
    assert await stored(database, person, connection_id, of(order("1", 5))) == Counts(fetched=1)
    assert len(await on_list(database, person)) == 2


async def test_a_line_that_is_another_thing(database: Database, person: Person, connection_id: str) -> None:
    """Under the name of a line that names another thing now, the old thing is not offered any more."""
    await stored(database, person, connection_id, of(order()))
    await stored(database, person, connection_id, of(order("1", 1, Line(ref="1", name="Cup", sku="C-1"))))
    (item,) = await on_list(database, person)
    assert (item.name, item.sku, item.quantity) == ("Cup", "C-1", 1)


@pytest.mark.parametrize("how", ["voided", "deleted", "gone"])
async def test_voided_and_gone(database: Database, person: Person, connection_id: str, how: str) -> None:
    """What is void or deleted upstream is marked and offers nothing; what came before does not bring it back."""
    await stored(database, person, connection_id, of(order("1"), order("2")))
    void = of(gone=["1", "never-seen"]) if how == "gone" else of(order("1", 3, status=how))
    fetched = 2 if how == "gone" else 1
    assert await stored(database, person, connection_id, void) == Counts(fetched=fetched, removed=1)
    assert await stored(database, person, connection_id, of(order("1"))) == Counts(fetched=1)
    async with database.transaction(person.caller()) as conn:
        kept = {each.external_id: each.status for each in await orders.listed(conn, person.user_id, connection_id)}
        assert await orders.count(conn, person.user_id, connection_id, only_open=True) == 1
    assert kept == {"1": "deleted" if how == "gone" else how, "2": "open"}
    assert [each.quantity for each in await on_list(database, person)] == [2]
    await stored(database, person, connection_id, of(order("1", 9)))
    assert [each.quantity for each in await on_list(database, person)] == [4]


async def test_what_does_not_fit(database: Database, person: Person, connection_id: str) -> None:
    """What no column takes is unknown, an order without a usable name has failed, and the rest is there."""
    numbers = [Decimal("NaN"), Decimal("-Infinity"), Decimal("1e9999999"), Decimal("1e12"), Decimal("1e-400")]
    lines = [
        Line(ref=ref, name=f"T{n}\0" + "x" * 400, sku="y" * 101, quantity=number, unit_price=number, amount=number)
        for n, (ref, number) in enumerate(zip(["", "1", "1", "z" * 51, "#4"], numbers, strict=True))
    ]
    odd = order("1", 0, *lines, total=Decimal("1e30"), currency="euro", number="n" * 999, supplier="\0 ")
    odd_times = order("2", ordered_on=date(1, 1, 1), changed_at=datetime(1, 1, 1))  # noqa: DTZ001
    batch = of(odd, odd_times, order(""), order("x" * 101), order("a\0b"), failed=2)
    assert await stored(database, person, connection_id, batch) == Counts(fetched=7, added=2, failed=5)
    async with database.transaction(person.caller()) as conn:
        late, kept = await orders.listed(conn, person.user_id, connection_id)
    if late.external_id == "1":
        late, kept = kept, late
    assert (late.ordered_on, late.changed_at) == (None, None)
    assert (kept.total, kept.currency, kept.supplier, len(kept.number or "")) == (None, None, None, 100)
    assert [(line.ref, line.quantity) for line in kept.lines] == [
        *(("#1", None), ("1", None), ("#3", None), ("#4", None), ("#5", Decimal(0))),
    ]


async def test_a_removed_connection(database: Database, person: Person, connection_id: str) -> None:
    """For a connection that was removed while a sync runs nothing more is written."""
    async with database.transaction(person.caller()) as conn:
        await conn.execute(
            """
            UPDATE connections SET status = 'disconnected', sealed_tokens = NULL, disconnected_at = now()
            WHERE id = $1
            """,
            connection_id,
        )
    with pytest.raises(ConnectionGone):
        await stored(database, person, connection_id, of(order()))
    async with database.transaction(person.caller()) as conn:
        assert await orders.count(conn, person.user_id, connection_id) == 0


async def test_only_ones_own(database: Database, person: Person, colleague: Person, connection_id: str) -> None:
    """Nobody writes for, or reads of, the connection of a colleague."""
    await stored(database, person, connection_id, of(order()))
    with pytest.raises(ConnectionGone):
        await stored(database, colleague, connection_id, of(order("2")))
    async with database.transaction(colleague.caller()) as conn:
        assert await orders.listed(conn, colleague.user_id, connection_id) == []


async def test_a_full_batch(database: Database, person: Person, connection_id: str) -> None:
    """A hundred orders of twenty lines each, more offers than may be made at once, come in one transaction."""
    lines = [Line(ref=str(n), name=f"Thing {n}", sku=f"S-{n}") for n in range(20)]
    batch = of(*(order(str(n), 0, *lines) for n in range(100)))
    assert await stored(database, person, connection_id, batch) == Counts(fetched=100, added=100)
    found = await on_list(database, person)
    assert [each.quantity for each in found] == [100] * 20


_LINES = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5)), max_size=3, unique_by=lambda line: line[0]
)
_WORLD = st.lists(
    st.tuples(st.sampled_from("abc"), st.one_of(st.sampled_from(["voided", "gone"]), _LINES)),
    min_size=1,
    max_size=6,
)
_REPEATS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=6)


class _Crash(Exception):
    """The worker dies after it has written, and before that counts."""


def _changed(name: str, minute: int, what: Any, last: Order | None) -> Order | None:
    """An order after something has happened to it."""
    at = NOON + timedelta(minutes=minute)
    if isinstance(what, str):
        return replace(last, status="voided" if what == "voided" else "deleted", changed_at=at) if last else None
    lines = tuple(
        Line(ref=str(ref), name=f"T{sku}", sku=f"S{sku}", quantity=Decimal(quantity))
        for ref, sku, quantity in what
    )
    return Order(external_id=name, supplier="ACME", changed_at=at, lines=lines)


async def _state(database: Database, person: Person, connection_id: str) -> Any:
    async with database.transaction(person.caller()) as conn:
        kept = await orders.listed(conn, person.user_id, connection_id, limit=100)
    things = {each.sku: each.quantity for each in await on_list(database, person)}
    return {each.external_id: (each.status, each.lines) for each in kept}, things


@given(world=_WORLD, repeats=_REPEATS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_way_to_the_last_state(
    database: Database, world: list[tuple[str, Any]], repeats: list[tuple[int, bool]]
) -> None:
    """Changes and deletions, with older ones again and crashes between, come to the last state stored once."""
    last: dict[str, Order] = {}
    told: list[Batch] = []
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "A tenant")
        one, other = await register(conn, tenant.id), await register(conn, tenant.id)
    async with database.transaction(one.caller()) as conn:
        mine = await connected(conn, one)
    async with database.transaction(other.caller()) as conn:
        theirs = await connected(conn, other)
    for minute, (name, what) in enumerate(world):
        changed = _changed(name, minute, what, last.get(name))
        if changed is None:
            continue
        last[name] = changed
        told.append(of(gone=[name]) if what == "gone" else of(changed))
        again = [told[n] for n, _ in repeats if n < len(told) and not told[n].gone]
        with suppress(_Crash):
            async with database.transaction(one.caller()) as conn:
                await orders.store(
                    conn, tenant_id=one.tenant_id, user_id=one.user_id, connection_id=mine, batch=told[-1]
                )
                raise _Crash
        for batch in [told[-1], *again]:
            await stored(database, one, mine, batch)
    await stored(database, other, theirs, of(*last.values()))
    assert await _state(database, one, mine) == await _state(database, other, theirs)


async def test_runs_are_forgotten(database: Database, person: Person, connection_id: str) -> None:
    """Of the runs that ended long ago the newest of a connection is kept, and those under way are."""
    insert = """
      INSERT INTO connection_runs (id, tenant_id, user_id, connection_id, kind, status, created_at, ended_at)
      SELECT uuidv7(), $1, $2, $3, 'scheduled', status, now() - days * interval '1 day',
        CASE status WHEN 'completed' THEN now() - days * interval '1 day' END
      FROM unnest($4::text[], $5::integer[]) AS r (status, days)
    """
    done = "completed"
    async with database.transaction(person.caller()) as conn:
        idle = await connected(conn, person)
        of_person = (person.tenant_id, person.user_id)
        await conn.execute(insert, *of_person, connection_id, ["running", *[done] * 3], [200, 199, 91, 1])
        await conn.execute(insert, *of_person, idle, [done] * 2, [400, 300])
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await connection_runs.purge(conn, limit=1) == 1
        assert await connection_runs.purge(conn, limit=10) == 2
        assert await connection_runs.purge(conn, limit=10) == 0
    async with database.transaction(person.caller()) as conn:
        rows = await conn.fetch(
            "SELECT connection_id::text, status, (now() - created_at >= interval '200 days') AS old"
            " FROM connection_runs ORDER BY created_at"
        )
    assert [tuple(row) for row in rows] == [
        (idle, done, True),
        (connection_id, "running", True),
        (connection_id, done, False),
    ]
