"""Runs as staff look for them."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from cli.embedded import EmbeddedStack
from db import admin_runs, runs, tenants
from db.admin_runs import Filter
from db.pool import Connection, Database
from db.tenant import SIGN_IN, operator
from onboarding.access import Role
from onboarding.payloads import Change, Status
from tests.db.given import Person, abandoned, answers, completed, register, started, then

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PAGE = 21
LAST = (NOW - timedelta(minutes=19_000), "00000000-0000-4000-8000-000000000000")


class Explaining:
    """A connection that tells how what it is asked was found."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.plan: dict[str, Any] = {}

    async def fetch(self, query: str, *given: Any) -> list[Any]:
        """Explain it instead."""
        plan = await self.conn.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", *given)
        self.plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
        return []


@pytest.fixture(scope="module")
async def crowded(stack: EmbeddedStack, database: Database) -> Person:
    """A tenant with twenty thousand runs, one a minute: most are completed, of `fitness`, and another person's."""
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "A tenant")
        person, other = [await register(conn, tenant.id) for _ in range(2)]
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute(
        """
        INSERT INTO onboarding_sessions (
          tenant_id, user_id, flow, flow_version, status, abandoned_reason, current_step, total_states, version,
          seq, completed_at, ended_at, created_at
        )
        SELECT $1, CASE WHEN n % 100 = 0 THEN $2::uuid ELSE $3 END,
          CASE WHEN n % 400 = 0 THEN 'company' ELSE 'fitness' END, 1,
          CASE WHEN n % 50 = 0 THEN 'abandoned' ELSE 'completed' END,
          CASE WHEN n % 50 = 0 THEN 'deleted' END, CASE WHEN n % 50 = 0 THEN 3 ELSE 0 END, 9, 1, 1,
          CASE WHEN n % 50 = 0 THEN NULL ELSE at END, at, at
        FROM generate_series(1, 20000) AS n, LATERAL (SELECT $4::timestamptz - n * interval '1 minute') AS t (at)
        """,
        person.tenant_id,
        person.user_id,
        other.user_id,
        NOW,
    )
    await admin.execute("ANALYZE onboarding_sessions")
    await admin.close()
    return person


async def listed(database: Database, person: Person, **which: Any) -> list[str]:
    """The ids of what a manager of their tenant finds."""
    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        found = await admin_runs.listed(conn, person.tenant_id, Filter(**which))
        assert await admin_runs.count(conn, person.tenant_id, Filter(**which)) == len(found)
    return [run.id for run in found]


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in _nodes(child))]


@pytest.mark.parametrize("before", [None, LAST], ids=["the first page", "the last page"])
@pytest.mark.parametrize(
    "which",
    [
        {},
        {"statuses": (Status.COMPLETED,)},
        {"statuses": (Status.ABANDONED, Status.COMPLETED)},
        {"flow": "company"},
        {"flow": "company", "statuses": (Status.ABANDONED,)},
        {"user_id": True},
        {"state": 3},
        {"state": 3, "statuses": (Status.ABANDONED,)},
        {"silent_for": timedelta(hours=24)},
    ],
    ids=str,
)
async def test_a_page_is_read_from_an_index(
    database: Database, crowded: Person, which: dict[str, Any], before: Any
) -> None:
    """No page, the last as little as the first, reads more than a fiftieth of the tenant's runs."""
    asked = Filter(**{name: crowded.user_id if value is True else value for name, value in which.items()})
    async with database.transaction(crowded.caller(Role.MANAGER)) as conn:
        explaining: Any = Explaining(conn)
        await admin_runs.listed(explaining, crowded.tenant_id, asked, before=before, limit=PAGE)
    scans = [node for node in _nodes(explaining.plan) if node.get("Relation Name") == "onboarding_sessions"]
    assert scans
    assert all("Index Name" in node or node["Node Type"] == "Bitmap Heap Scan" for node in scans)
    read = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in scans
    )
    assert read <= 20_000 / 50


async def test_runs_of_one_moment(database: Database, person: Person, colleague: Person, lonely: Person) -> None:
    """Runs that began at the same moment, with ids in no order, are each on one page."""
    everybody = (person, colleague, lonely)
    for somebody in everybody:
        await runs.project(database, somebody.caller(), started(somebody), *abandoned(somebody))
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        whole = await admin_runs.listed(conn, person.tenant_id, Filter(), limit=10)
        assert len(whole) == 6
        assert [(r.created_at, r.id) for r in whole] == sorted(((r.created_at, r.id) for r in whole), reverse=True)
        seen: list[str] = []
        before = None
        while page := await admin_runs.listed(conn, person.tenant_id, Filter(), before=before, limit=1):
            seen += [run.id for run in page]
            before = (page[-1].created_at, page[-1].id)
    assert seen == [run.id for run in whole]


@pytest.fixture
async def lonely(database: Database, person: Person) -> Person:
    """One more of the same tenant."""
    async with database.transaction(SIGN_IN) as conn:
        return await register(conn, person.tenant_id)


async def test_what_is_told_of_a_run(database: Database, person: Person) -> None:
    """How far it is follows from what is answered and skipped; no answer is told."""
    done = completed(person)
    await runs.project(database, person.caller(), *done)
    half = then([started(person)], *answers(1, 3))
    await runs.project(database, person.caller(), *half)
    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        found = {run.id: run for run in await admin_runs.listed(conn, person.tenant_id, Filter())}
    first, second = found[done[-1].run.id], found[half[-1].run.id]
    assert (first.done, first.total_states, first.current_step) == (9, 9, 0)
    assert (second.done, second.current_step, second.email) == (3, 4, person.email)
    assert not {"answers", "step_data", "prefill"} & set(type(first).__struct_fields__)


async def test_filters_meet(database: Database, person: Person) -> None:
    """What is asked for together holds together; what no run can be is found without asking."""
    half, over = then([started(person)], *answers(1, 3)), abandoned(person)
    await runs.project(database, person.caller(), *half, *over)
    ours, theirs = half[-1].run.id, over[-1].run.id
    assert await listed(database, person, state=4) == [ours]
    assert await listed(database, person, state=2) == []
    assert await listed(database, person, state=2, statuses=(Status.ABANDONED,)) == [theirs]
    assert await listed(database, person, silent_for=timedelta(minutes=1)) == [ours]
    assert await listed(database, person, silent_for=timedelta(days=100_000)) == []
    assert await listed(database, person, silent_for=timedelta(0), statuses=(Status.ABANDONED,)) == []
    assert sorted(await listed(database, person, user_id=person.user_id)) == sorted([ours, theirs])
    assert await listed(database, person, user_id=str(uuid.uuid4())) == []
    assert await listed(database, person, flow="company") == []


async def test_where_a_run_comes_from(database: Database, person: Person) -> None:
    """The source of a fork is in its row, its first event and its archived form, and no later change drops it."""
    plain = started(person)
    source = str(uuid.uuid4())
    fork = Change(
        run=replace(plain.run, forked_from=source),
        events=tuple(replace(e, forked_from=source) for e in plain.events),
    )
    changes = then([fork], *answers(1, 2))
    await runs.project(database, person.caller(), *changes)
    older = replace(changes[-1].run, forked_from=None, seq=50)
    await runs.project(database, person.caller(), Change(run=older, events=()))
    async with database.transaction(person.caller()) as conn:
        kept = await runs.get(conn, fork.run.id)
        events = await runs.events(conn, fork.run.id)
    assert kept is not None
    assert kept.forked_from == source
    assert [event.forked_from for event in events] == [None, None, source]


async def test_the_operator_reads_runs_of_a_tenant(database: Database, person: Person, stranger: Person) -> None:
    """Whoever is at the command line finds a run in its tenant, and changes nothing."""
    run = started(person)
    await runs.project(database, person.caller(), run)
    async with database.transaction(operator(person.tenant_id)) as conn:
        assert await runs.anywhere(conn, run.run.id) == (run.run, False)
        assert await conn.execute("UPDATE onboarding_sessions SET version = 99") == "UPDATE 0"
    async with database.transaction(operator(stranger.tenant_id)) as conn:
        assert await runs.anywhere(conn, run.run.id) is None
