"""The books of what models cost: nothing is spent that is not there, and nothing put aside is forgotten."""

import asyncio
import json
import sys
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db import ai_usage, erasures, tenants
from db.ai_usage import Reservation
from db.pool import Database
from db.runs import PersonGone
from db.tenant import Internal, sweeper
from onboarding.access import Caller, Role
from onboarding.ai_money import Limits
from tests.db.given import Person, register, until

LIMITS = Limits(run=1_000, day=10_000, month=100_000)
ROOT = Path(__file__).parents[2]


async def reserved(
    database: Database, caller: Caller, cost: int, *, run_id: str | None = None, limits: Limits = LIMITS
) -> Reservation:
    """Try to put something aside."""
    return await ai_usage.reserve(
        database, caller, run_id=run_id, purpose="chat", model="m", input_tokens=10, cost=cost, limits=limits
    )


async def called(database: Database, caller: Caller, cost: int, **options: Any) -> str:
    """Put something aside, which must work; the id of the call."""
    made = await reserved(database, caller, cost, **options)
    assert made.refused is None
    assert made.call_id is not None
    return made.call_id


async def settled(database: Database, caller: Caller, call_id: str, cost: int, outcome: str = "ok") -> bool:
    """Settle a call."""
    return await ai_usage.settle(
        database,
        caller,
        call_id=call_id,
        outcome=outcome,
        cost=cost,
        input_tokens=11,
        output_tokens=22,
        estimated=False,
        latency_ms=33,
    )


async def budgets(admin: asyncpg.Connection, tenant_id: str) -> dict[str, tuple[int, int]]:
    """By scope, what is spent and what is put aside."""
    rows = await admin.fetch(
        "SELECT scope, sum(spent_micros)::bigint AS spent, sum(reserved_micros)::bigint AS reserved"
        " FROM ai_budgets WHERE tenant_id = $1 GROUP BY scope",
        tenant_id,
    )
    return {row["scope"]: (row["spent"], row["reserved"]) for row in rows}


async def told(admin: asyncpg.Connection, tenant_id: str) -> Counter[tuple[str, str]]:
    """The events of a tenant's budgets: severity and scope."""
    rows = await admin.fetch(
        "SELECT severity, detail FROM events WHERE tenant_id = $1 AND source = 'gangway.ai'", tenant_id
    )
    return Counter((row["severity"], json.loads(row["detail"])["budget"]) for row in rows)


async def test_put_aside_then_settled(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """What a call may cost is put aside from all three budgets, and what it did cost is spent of them."""
    run_id = str(uuid.uuid4())
    call = await called(database, person.caller(), 100, run_id=run_id)
    assert await budgets(admin, person.tenant_id) == dict.fromkeys(("day", "month", "run"), (0, 100))
    assert await settled(database, person.caller(), call, 40)
    assert await budgets(admin, person.tenant_id) == dict.fromkeys(("day", "month", "run"), (40, 0))
    row = await admin.fetchrow("SELECT * FROM ai_usage WHERE id = $1", call)
    assert row is not None
    assert (str(row["run_id"]), row["purpose"], row["model"], row["outcome"]) == (run_id, "chat", "m", "ok")
    assert (row["input_tokens"], row["output_tokens"], row["cost_micros"]) == (11, 22, 40)
    assert (row["latency_ms"], row["estimated"], row["cached"]) == (33, False, False)


async def test_settled_once(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A call is settled once, by whoever made it, and what is settled cannot be changed."""
    call = await called(database, person.caller(), 100)
    somebody = Caller(tenant_id=person.tenant_id, user_id=str(uuid.uuid4()), role=Role.USER)
    assert not await settled(database, somebody, call, 0)
    assert await settled(database, person.caller(), call, 60)
    assert not await settled(database, person.caller(), call, 0)
    async with database.transaction(person.caller()) as conn:
        assert await conn.execute("UPDATE ai_usage SET cost_micros = 0") == "UPDATE 0"
        assert await conn.execute("DELETE FROM ai_usage") == "DELETE 0"
    assert await budgets(admin, person.tenant_id) == {"day": (60, 0), "month": (60, 0)}


@pytest.mark.parametrize("scope", ["run", "day", "month"])
async def test_each_budget_binds(
    database: Database, admin: asyncpg.Connection, person: Person, scope: str
) -> None:
    """Up to a budget everything goes, beyond it nothing does, and the refusal names it and puts nothing aside."""
    fields: Any = {**dict.fromkeys(("run", "day", "month"), 10_000), scope: 100}
    options: dict[str, Any] = {"run_id": str(uuid.uuid4()), "limits": Limits(**fields)}
    assert (await reserved(database, person.caller(), 101, **options)).refused == scope
    call = await called(database, person.caller(), 60, **options)
    assert await reserved(database, person.caller(), 41, **options) == Reservation(call_id=None, refused=scope)
    await called(database, person.caller(), 40, **options)
    assert (await reserved(database, person.caller(), 1, **options)).refused == scope
    assert await reserved(database, person.caller(), 0, **options) != Reservation(call_id=None, refused=scope)
    assert (await budgets(admin, person.tenant_id))[scope] == (0, 100)
    await settled(database, person.caller(), call, 10)
    await called(database, person.caller(), 50, **options)


async def test_another_run_has_its_own(database: Database, person: Person) -> None:
    """A run that has spent its budget leaves that of another untouched, and calls of no run go on."""
    spent_one, other = str(uuid.uuid4()), str(uuid.uuid4())
    await called(database, person.caller(), 1_000, run_id=spent_one)
    assert (await reserved(database, person.caller(), 1, run_id=spent_one)).refused == "run"
    await called(database, person.caller(), 1_000, run_id=other)
    await called(database, person.caller(), 1)


async def test_the_tenants_own_budget(
    database: Database, admin: asyncpg.Connection, person: Person, stranger: Person
) -> None:
    """What an admin set goes before the deployment's, more or less or nothing at all, and for them alone."""
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        await tenants.update(conn, person.tenant_id, ai_budget_day=Decimal("0.0000505"))
    assert (await reserved(database, person.caller(), 51)).refused == "day"
    await called(database, person.caller(), 50)
    await called(database, stranger.caller(), 51)
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        await tenants.update(conn, person.tenant_id, ai_budget_day=Decimal("0.02"))
    await called(database, person.caller(), 19_950)
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        await tenants.update(conn, person.tenant_id, ai_budget_day=Decimal(0))
    assert (await reserved(database, person.caller(), 1)).refused == "day"


async def test_told_once(database: Database, admin: asyncpg.Connection, person: Person, colleague: Person) -> None:
    """At 80 % staff are told with severity medium, at the first refusal with high: once for a budget's period."""
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    await called(database, person.caller(), 799, run_id=first)
    assert await told(admin, person.tenant_id) == {}
    await called(database, person.caller(), 1, run_id=first)
    await called(database, person.caller(), 100, run_id=first)
    assert await told(admin, person.tenant_id) == {("medium", "run"): 1}
    for _ in range(3):
        assert (await reserved(database, person.caller(), 101, run_id=first)).refused == "run"
    assert await told(admin, person.tenant_id) == {("medium", "run"): 1, ("high", "run"): 1}
    assert (await reserved(database, colleague.caller(), 1_001, run_id=second)).refused == "run"
    assert (await told(admin, person.tenant_id))["high", "run"] == 2
    event = await admin.fetchrow(
        "SELECT detail_type, severity_level, run_id::text, detail::text FROM events"
        " WHERE tenant_id = $1 AND run_id = $2 AND severity = 'high'",
        person.tenant_id,
        first,
    )
    assert event is not None
    assert (event["detail_type"], event["severity_level"], event["run_id"]) == ("ai_budget_exhausted", 3, first)
    assert json.loads(event["detail"]) == {"budget": "run", "period": first, "limit_usd": 0.001}


async def test_told_of_the_tenants_budgets(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Day and month are told too, without a run; a refusal by two budgets is told of both."""
    limits = Limits(run=10_000, day=100, month=100)
    await called(database, person.caller(), 100, limits=limits, run_id=str(uuid.uuid4()))
    await reserved(database, person.caller(), 1, limits=limits, run_id=str(uuid.uuid4()))
    expected = {(severity, scope): 1 for severity in ("medium", "high") for scope in ("day", "month")}
    assert await told(admin, person.tenant_id) == expected
    runs = "SELECT count(run_id) FROM events WHERE tenant_id = $1"
    assert await admin.fetchval(runs, person.tenant_id) == 0


async def test_free_calls(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """What costs nothing passes where there is no money, and nobody is told of it."""
    nothing = Limits(run=0, day=0, month=0)
    await called(database, person.caller(), 0, limits=nothing)
    assert (await reserved(database, person.caller(), 1, limits=nothing)).refused == "month"
    assert await told(admin, person.tenant_id) == {("high", "day"): 1, ("high", "month"): 1}


async def test_no_overshoot_from_two_processes(
    database: Database, app_url: str, admin: asyncpg.Connection, person: Person
) -> None:
    """A hundred at once from two processes put aside what there is to the last, and not a millionth more."""
    cost, limit = 70, 70 * 37 + 5
    run_id = str(uuid.uuid4())
    await called(database, person.caller(), 0, run_id=run_id)
    words = [app_url, person.tenant_id, person.user_id, run_id, *map(str, (cost, limit, 50))]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.db.reserving", *words),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
    async with admin.transaction():
        # None gets anything before each of both stands in line with all its connections.
        await admin.execute("SELECT FROM ai_budgets WHERE tenant_id = $1 FOR UPDATE", person.tenant_id)
        told_to_begin = [asyncio.ensure_future(process.communicate(b"now\n")) for process in processes]
        await until(partial(admin.fetchval, "SELECT count(*) >= 16 FROM pg_locks WHERE NOT granted"))
    got = [int(out) for out, _ in await asyncio.wait_for(asyncio.gather(*told_to_begin), 60)]
    assert sum(got) == 37
    assert all(got), "both must have been at it"
    assert await budgets(admin, person.tenant_id) == dict.fromkeys(("day", "month", "run"), (0, 37 * cost))
    assert await told(admin, person.tenant_id) == {("medium", "day"): 1, ("high", "day"): 1}


async def test_written_off(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A call that nobody came back from is spent at what was put aside, once; one under way is left alone."""
    lost = [await called(database, person.caller(), 100, run_id=str(uuid.uuid4())) for _ in range(3)]
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await ai_usage.write_off(conn, 0, limit=2) == 2
        assert await ai_usage.write_off(conn, 0, limit=2) == 1
        assert await ai_usage.write_off(conn, 0, limit=2) == 0
    open_call = await called(database, person.caller(), 1)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await ai_usage.write_off(conn, 300, limit=2) == 0
    assert await budgets(admin, person.tenant_id) == {"day": (300, 1), "month": (300, 1), "run": (300, 0)}
    outcomes = "SELECT outcome, estimated FROM ai_usage WHERE id = $1"
    assert tuple(await admin.fetchrow(outcomes, lost[0]) or ()) == ("lost", True)
    assert not await settled(database, person.caller(), lost[0], 1)
    assert await settled(database, person.caller(), open_call, 1)


async def test_the_day_of_the_call(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A call that is settled after midnight is spent of the day in which it was made."""
    call = await called(database, person.caller(), 100)
    for table, column in (("ai_budgets", "period"), ("ai_usage", "created_at")):
        back = "'2026-02-28'" if table == "ai_budgets" else "timestamptz '2026-02-28 23:59:59Z'"
        where = "AND scope = 'day'" if table == "ai_budgets" else ""
        await admin.execute(f"UPDATE {table} SET {column} = {back} WHERE tenant_id = $1 {where}", person.tenant_id)
    await admin.execute(
        "UPDATE ai_budgets SET period = '2026-02' WHERE tenant_id = $1 AND scope = 'month'", person.tenant_id
    )
    await called(database, person.caller(), 7)
    assert await settled(database, person.caller(), call, 30)
    rows = await admin.fetch(
        "SELECT period, spent_micros, reserved_micros FROM ai_budgets WHERE tenant_id = $1", person.tenant_id
    )
    now = datetime.now(UTC)
    assert {tuple(row) for row in rows} == {
        ("2026-02-28", 30, 0),
        ("2026-02", 30, 0),
        (f"{now:%Y-%m-%d}", 0, 7),
        (f"{now:%Y-%m}", 0, 7),
    }


async def erased(database: Database, person: Person) -> None:
    """Erase somebody, as the workflow does."""
    receipt = str(uuid.uuid4())
    async with database.transaction(person.caller()) as conn:
        await conn.execute(
            "INSERT INTO erasures (id, tenant_id, user_id, requested_by) VALUES ($1, $2, $3, $3)",
            receipt,
            person.tenant_id,
            person.user_id,
        )
    context = Internal(role="eraser", tenant_id=person.tenant_id, user_id=person.user_id)
    async with database.transaction(context) as conn:
        await erasures.erase(conn, receipt, person.user_id, 0)


async def test_who_is_erased(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """What an erased person spent stays spent, a call under way at what was put aside; all else of theirs goes."""
    run_id = str(uuid.uuid4())
    await settled(database, person.caller(), await called(database, person.caller(), 100, run_id=run_id), 40)
    call = await called(database, person.caller(), 200, run_id=run_id)
    await erased(database, person)
    assert await budgets(admin, person.tenant_id) == {"day": (240, 0), "month": (240, 0)}
    assert await admin.fetchval("SELECT count(*) FROM ai_usage WHERE user_id = $1", person.user_id) == 0
    assert not await settled(database, person.caller(), call, 1)
    with pytest.raises(PersonGone):
        await reserved(database, person.caller(), 1)
    with pytest.raises(PersonGone):
        async with database.transaction(person.caller()) as conn:
            await ai_usage.note_cached(
                conn, person.caller(), run_id=None, purpose="industry", model="m", latency_ms=1
            )


@pytest.mark.parametrize("_", range(8))
async def test_nobody_waits_in_a_ring(
    database: Database, admin: asyncpg.Connection, person: Person, _: int
) -> None:
    """Calls, sweeps and erasures of one tenant at the same time all come to their end, and the sums agree."""
    async with database.transaction(Internal(role="sign_in")) as conn:
        people = [person, *[await register(conn, person.tenant_id) for _ in range(7)]]
    limits = Limits(run=10**9, day=10**9, month=10**9)

    async def calls(somebody: Person) -> None:
        run_id = str(uuid.uuid4())
        for number in range(12):
            try:
                made = await reserved(database, somebody.caller(), 10, run_id=run_id, limits=limits)
            except PersonGone:
                return
            if number % 3:
                await settled(database, somebody.caller(), str(made.call_id), 4)

    async def sweeps() -> None:
        for _ in range(20):
            async with database.transaction(sweeper(person.tenant_id)) as conn:
                await ai_usage.write_off(conn, -1, limit=3)

    async def erase(somebody: Person) -> None:
        await asyncio.sleep(0.02)
        await erased(database, somebody)

    async with asyncio.timeout(60):
        await asyncio.gather(*map(calls, people), sweeps(), *map(erase, people[:4]))
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        while await ai_usage.write_off(conn, -1, limit=100):
            pass
    found = await budgets(admin, person.tenant_id)
    assert found["day"][1] == found["month"][1] == found["run"][1] == 0
    left = await admin.fetchval(
        "SELECT sum(cost_micros)::bigint FROM ai_usage WHERE tenant_id = $1", person.tenant_id
    )
    assert found["run"][0] == left
    assert found["day"][0] == found["month"][0] >= left


async def test_own_figures(database: Database, person: Person, colleague: Person) -> None:
    """A person's figures have their calls that are settled, failed ones too, and nobody else's."""
    caller = person.caller()
    await settled(database, caller, await called(database, caller, 100), 40)
    await settled(database, caller, await called(database, caller, 100), 0, "timeout")
    await called(database, caller, 100)
    await settled(database, colleague.caller(), await called(database, colleague.caller(), 100), 40)
    async with database.transaction(caller) as conn:
        await ai_usage.note_cached(conn, caller, run_id=None, purpose="industry", model="m", latency_ms=2)
        figures = await ai_usage.of_person(conn, person.user_id)
    assert figures == ai_usage.Figures(
        calls=2, cached=1, failed=1, input_tokens=22, output_tokens=44, cost_micros=40
    )


async def test_by_day(database: Database, admin: asyncpg.Connection, person: Person, colleague: Person) -> None:
    """An admin has all calls of the tenant by day, purpose and model, newest first, in pages that lose none."""
    for somebody in (person, colleague):
        caller = somebody.caller()
        for model in ("a/b", "m"):
            made = await ai_usage.reserve(
                database,
                caller,
                run_id=None,
                purpose="chat",
                model=model,
                input_tokens=1,
                cost=1,
                limits=LIMITS,
            )
            await settled(database, caller, str(made.call_id), 5)
        async with database.transaction(caller) as conn:
            await ai_usage.note_cached(conn, caller, run_id=None, purpose="industry", model="m", latency_ms=2)
    await admin.execute(
        "UPDATE ai_usage SET created_at = created_at - interval '2 days' WHERE user_id = $1", colleague.user_id
    )
    today = datetime.now(UTC).date()
    past, tenant_id = today - timedelta(days=2), person.tenant_id
    found: list[ai_usage.Group] = []
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        while page := await ai_usage.by_day(
            conn,
            tenant_id,
            past,
            today,
            after=(found[-1].day, found[-1].purpose, found[-1].model) if found else None,
            limit=2,
        ):
            found += page
        assert await ai_usage.count_groups(conn, tenant_id, past, today) == 6
        assert await ai_usage.count_groups(conn, tenant_id, today, today) == 3
        assert [each.day for each in await ai_usage.by_day(conn, tenant_id, today, today)] == [today] * 3
    names = [("chat", "a/b", 1, 0), ("chat", "m", 1, 0), ("industry", "m", 0, 1)]
    assert [(each.day, each.purpose, each.model, each.calls, each.cached) for each in found] == [
        (day, *name) for day in (today, past) for name in names
    ]
    async with database.transaction(person.caller()) as conn:
        assert await ai_usage.count_groups(conn, tenant_id, past, today) == 3, "others see their own"


async def test_old_rows_go(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Old calls and budgets go once they are settled, and nothing before."""
    call = await called(database, person.caller(), 100)
    for table, column in (("ai_usage", "created_at"), ("ai_budgets", "updated_at")):
        await admin.execute(
            f"UPDATE {table} SET {column} = now() - interval '9 days' WHERE tenant_id = $1", person.tenant_id
        )
    before = datetime.now(UTC) - timedelta(days=8)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await ai_usage.purge(conn, before) == 0
        assert await ai_usage.purge_budgets(conn, before) == 0
    await admin.execute("UPDATE ai_usage SET outcome = 'ok' WHERE id = $1", call)
    await admin.execute("UPDATE ai_budgets SET reserved_micros = 0 WHERE tenant_id = $1", person.tenant_id)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await ai_usage.purge(conn, before) == 1
        assert await ai_usage.purge_budgets(conn, before) == 2
