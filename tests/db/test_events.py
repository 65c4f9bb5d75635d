"""What is written of events: severity by the tenant's rules, redelivery, remarks, and how long they are kept."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import ai_usage, events
from db.events import Arrived
from db.pool import Connection, Database
from db.tenant import SIGN_IN, ingest, monitor, sweeper
from onboarding.access import Role
from onboarding.ai_money import Limits
from tests.db.given import Person

Json = Any


async def configure(admin: asyncpg.Connection, tenant_id: str, services: Json, **global_settings: Json) -> None:
    """What the tenant's admins set."""
    await admin.execute(
        """
        INSERT INTO monitoring_configs (tenant_id, services, global_settings) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id) DO UPDATE SET services = $2, global_settings = $3
        """,
        tenant_id,
        json.dumps(services),
        json.dumps(global_settings),
    )


def service(name: str, *conditions: tuple[str, str, Json, str], enabled: bool = True) -> Json:
    """A service with rules."""
    fields = ("metric", "operator", "value", "severity")
    rules = [dict(zip(fields, each, strict=True)) for each in conditions]
    return {"service_name": name, "enabled": enabled, "severity_rules": {"conditions": rules}}


async def sent(database: Database, person: Person, source: str, detail: Json, level: int = 1) -> tuple[str, int]:
    """The severity that an event from outside has once it is there."""
    id = str(uuid.uuid4())
    arrived = Arrived(
        id=id, source=source, detail_type="x", detail=detail, severity_level=level, published_at=datetime.now(UTC)
    )
    async with database.transaction(ingest(person.tenant_id)) as conn:
        assert await events.arrive(conn, person.tenant_id, [arrived]) == 1
        event = await events.get(conn, person.tenant_id, id)
    assert event is not None
    return event.severity, event.severity_level


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"cpu": 95}, ("critical", 4)),
        ({"cpu": "95.5"}, ("critical", 4)),
        ({"cpu": 85}, ("high", 3)),
        ({"cpu": 80}, ("high", 3)),
        ({"cpu": 79.999}, ("low", 1)),
        ({"cpu": None}, ("low", 1)),
        ({"cpu": {"value": 99}}, ("low", 1)),
        ({"cpu": [99]}, ("low", 1)),
        ({"cpu": "much"}, ("low", 1)),
        ({"state": {"reasons": [{"code": "a"}, {"code": "DISK"}]}}, ("medium", 2)),
        ({"state": {"reasons": [{"code": "DISK"}]}}, ("low", 1)),
        ({"test": True}, ("unknown", 0)),
        ({"test": "true"}, ("unknown", 0)),
        ({}, ("low", 1)),
    ],
    ids=str,
)
async def test_the_first_rule_that_holds(
    database: Database, admin: asyncpg.Connection, person: Person, detail: Json, expected: tuple[str, int]
) -> None:
    """The first rule of the service that holds decides; a metric is a path, and what is not there says nothing."""
    rules = service(
        "cloudwatch.alarms",
        ("cpu", ">", 90, "critical"),
        ("cpu", ">=", 80, "high"),
        ("cpu", ">", 10**9, "medium"),
        ("state.reasons[1].code", "==", "DISK", "medium"),
        ("test", "==", True, "unknown"),
        ("nothing.there", "!=", 1, "critical"),
    )
    off = service("cloudwatch.alarms", ("cpu", ">", 0, "medium"), enabled=False)
    await configure(admin, person.tenant_id, [off, service("other", ("cpu", ">", 0, "medium")), rules])
    assert await sent(database, person, "aws.cloudwatch.alarms", detail) == expected


async def test_a_name_that_it_has_already(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A rule that says `critical` of what is critical leaves the level 5 that it came with."""
    await configure(admin, person.tenant_id, [service("x", ("a", "==", 1, "critical"))])
    assert await sent(database, person, "aws.x", {"a": 1}, level=5) == ("critical", 5)
    assert await sent(database, person, "aws.x", {"a": 1}, level=3) == ("critical", 4)


async def test_rules_are_the_tenants(
    database: Database, admin: asyncpg.Connection, person: Person, stranger: Person
) -> None:
    """Another tenant's events are as they came, and a rule of one service is none of another's."""
    await configure(admin, person.tenant_id, [service("x", ("a", "==", 1, "critical"))])
    assert await sent(database, stranger, "aws.x", {"a": 1}) == ("low", 1)
    assert await sent(database, person, "aws.y", {"a": 1}) == ("low", 1)
    assert await sent(database, person, "monitoring.x", {"a": 1}) == ("critical", 4)


@pytest.mark.parametrize(
    "services",
    [{}, [], "x", [1], [{"service_name": "x"}], [{"service_name": "x", "severity_rules": [[]]}]],
    ids=str,
)
async def test_a_configuration_of_any_shape(
    database: Database, admin: asyncpg.Connection, person: Person, services: Json
) -> None:
    """No configuration keeps an event from being written."""
    await configure(admin, person.tenant_id, services)
    assert await sent(database, person, "aws.x", {"a": 1}) == ("low", 1)


async def test_our_own_events(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Rules hold for what Gangway writes itself, in each role that does: sign-in, monitor, budgets of models."""
    auth = service("auth", ("user_id", "==", person.user_id, "critical"))
    ai = service("ai", ("budget", "==", "run", "low"), ("limit_usd", "<", 1, "unknown"))
    await configure(admin, person.tenant_id, [auth, ai, service("onboarding", ("n", "==", 1, "high"))])
    for context, source, detail in (
        (SIGN_IN, "gangway.auth", {"user_id": person.user_id}),
        (monitor(person.tenant_id), "gangway.onboarding", {"n": 1}),
    ):
        async with database.transaction(context) as conn:
            await events.note(
                conn, tenant_id=person.tenant_id, source=source, detail_type="x", severity="medium", detail=detail
            )
    await ai_usage.reserve(
        database,
        person.caller(),
        run_id=str(uuid.uuid4()),
        purpose="chat",
        model="m",
        input_tokens=1,
        cost=100,
        limits=Limits(run=10, day=10, month=10_000),
    )
    rows = await admin.fetch("SELECT source, severity FROM events WHERE tenant_id = $1", person.tenant_id)
    assert sorted(map(tuple, rows)) == [
        ("gangway.ai", "low"),
        ("gangway.ai", "unknown"),
        ("gangway.auth", "critical"),
        ("gangway.onboarding", "high"),
    ]


_scalar = (
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.floats(-1e6, 1e6).map(lambda number: round(number, 3))
    | st.sampled_from(["", " 12 ", "12.0", "1e1", "1e", ".5", "-", "abc", "abd", "true", "٣"])
)
_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)


def holds(fact: Json, operator: str, value: Json) -> bool:
    """The rule as docs/events.md tells it."""
    if fact is None or value is None or isinstance(fact, list | dict):
        return False
    a, b = (json.dumps(each) if not isinstance(each, str) else each for each in (fact, value))
    if _NUMBER.fullmatch(a) and _NUMBER.fullmatch(b):
        sign = (float(a) > float(b)) - (float(a) < float(b))
    elif operator in ("==", "!=") or (isinstance(fact, str) and isinstance(value, str)):
        sign = (a > b) - (a < b)
    else:
        return False
    signs = {">=": (0, 1), ">": (1,), "<=": (0, -1), "<": (-1,), "==": (0,), "!=": (1, -1)}
    return sign in signs[operator]


async def test_comparisons(admin: asyncpg.Connection) -> None:
    """Whatever is compared, in whatever form, numbers go by size, texts by characters, and nothing fails."""
    cases: list[tuple[Json, str, Json]] = []

    @settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        _scalar | st.just([1]) | st.just({"a": 1}), st.sampled_from([">=", ">", "<=", "<", "==", "!="]), _scalar
    )
    def gather(fact: Json, operator: str, value: Json) -> None:
        cases.append((fact, operator, value))

    gather()
    plain = [[json.dumps(fact), operator, json.dumps(value)] for fact, operator, value in cases]
    rows = await admin.fetch(
        """
        SELECT event_holds((c ->> 0)::jsonb, c ->> 1, (c ->> 2)::jsonb)
        FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (c, n) ORDER BY n
        """,
        json.dumps(plain),
    )
    wrong = [case for case, row in zip(cases, rows, strict=True) if row[0] is not holds(*case)]
    assert len(rows) >= 100
    assert wrong == []


@pytest.mark.parametrize(
    "number", ["1" * 4000, "1e999", "-1e-999", "0." + "1" * 300, "1" * 201, "٣", "NaN", "inf"]
)
async def test_monstrous_numbers(admin: asyncpg.Connection, number: str) -> None:
    """Texts that look like numbers of any size are compared or not, and stop nothing."""
    for operator in (">", "<", "==", "!=", "~", ""):
        query = "SELECT event_holds(to_jsonb($1::text), $2, '5')"
        assert await admin.fetchval(query, number, operator) in (True, False)


async def counted(conn: Connection, tenant_id: str) -> int:
    return await conn.fetchval("SELECT count(*) FROM events WHERE tenant_id = $1", tenant_id)


async def test_kept_as_long_as_the_tenant_says(
    database: Database, admin: asyncpg.Connection, person: Person, stranger: Person
) -> None:
    """The purge drops what is older than the tenant keeps it, deleted or not, in pages; without a word 90 days."""
    await configure(admin, person.tenant_id, [], data_retention_days=10)
    for days in (1, 9, 11, 50, 89, 91):
        for who in (person, stranger):
            await admin.execute(
                """
                INSERT INTO events
                  (tenant_id, source, detail_type, severity, severity_level, created_at, deleted_at)
                VALUES ($1, 'x', 'x', 'low', 1, now() - make_interval(days => $2::int),
                  CASE WHEN $2 < 20 THEN now() END)
                """,
                who.tenant_id,
                days,
            )
    pages: list[int] = []
    for who in (person, stranger):
        async with database.transaction(sweeper(who.tenant_id)) as conn:
            pages += [await events.purge(conn, limit=3) for _ in range(3)]
    assert pages == [3, 1, 0, 1, 0, 0]
    ages = "SELECT (now()::date - created_at::date)::int FROM events WHERE tenant_id = $1 ORDER BY 1"
    assert [row[0] for row in await admin.fetch(ages, person.tenant_id)] == [1, 9]
    assert [row[0] for row in await admin.fetch(ages, stranger.tenant_id)] == [1, 9, 11, 50, 89]
    async with database.transaction(sweeper()) as conn:
        assert await events.purge(conn) == 0


async def test_only_staff_remark(database: Database, person: Person, colleague: Person) -> None:
    """The policies let managers and admins remark and delete, and nobody else, nor change what an event says."""
    await sent(database, person, "aws.x", {})
    async with database.transaction(person.caller()) as conn:
        id = await conn.fetchval("SELECT id::text FROM events WHERE tenant_id = $1", person.tenant_id)
        assert await events.remark(conn, person.tenant_id, id, person.user_id, notes="x") is None
        assert not await events.delete(conn, person.tenant_id, id, person.user_id)
        assert await conn.execute("DELETE FROM events") == "DELETE 0"
    first, second = person.caller(Role.MANAGER), colleague.caller(Role.ADMIN)
    async with database.transaction(first) as conn:
        event = await events.remark(conn, person.tenant_id, id, first.user_id, acknowledged=True, notes="n")
    async with database.transaction(second) as conn:
        assert await events.remark(conn, person.tenant_id, id, second.user_id, acknowledged=True) == event
        assert event is not None
        assert (event.acknowledged_by, event.notes) == (first.user_id, "n")
        undone = await events.remark(conn, person.tenant_id, id, second.user_id, acknowledged=False)
        assert undone is not None
        assert (undone.acknowledged_at, undone.acknowledged_by, undone.notes) == (None, None, "n")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(second) as conn:
            await conn.execute("UPDATE events SET severity = 'low'")


async def test_arriving_in_one_go(database: Database, person: Person) -> None:
    """Of several events those that are new are counted, and one twice in a batch is one."""
    batch = [
        Arrived(
            id=str(uuid.UUID(int=n)),
            source="aws.x",
            detail_type="x",
            detail={"n": n},
            severity_level=n % 6,
            published_at=datetime.now(UTC) - timedelta(days=n),
        )
        for n in (1, 2, 2, 3)
    ]
    async with database.transaction(monitor(person.tenant_id)) as conn:
        assert await events.arrive(conn, person.tenant_id, batch[:2]) == 2
        assert await events.arrive(conn, person.tenant_id, batch) == 1
        assert await counted(conn, person.tenant_id) == 3
