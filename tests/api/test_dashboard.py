"""The dashboard: figures of events, tasks, users and onboarding, to those who may see them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from db.pool import Database
from db.tenant import ingest
from onboarding.payloads import Status
from runtime.settings import Settings
from tests.api.company import Company
from tests.api.test_ai_usage import call
from tests.stack import Json, Person, application, ok, problem, wrong

BASE = "/api/v1/dashboard"
PARTS = ("events-stats", "tasks-stats", "onboarding-stats", "overview")
Sql = Callable[..., Awaitable[object]]
DAY = timedelta(days=1)
_EVENT = """
INSERT INTO events (tenant_id, source, detail_type, severity, severity_level, account, created_at)
VALUES ($1, $2, 'Something', $3, $4, $5, coalesce($6::timestamptz, now()))
"""
_LEVELS = {"unknown": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}


@pytest.fixture
async def cached(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An application that keeps figures as long as it does by default."""
    async with application(
        replace(settings, dashboard_cache_seconds=Settings().dashboard_cache_seconds)
    ) as client:
        yield client


async def event(
    sql: Sql,
    person: Person,
    severity: str = "low",
    *,
    source: str = "aws.health",
    account: str | None = None,
    at: datetime | None = None,
) -> None:
    """An event of the tenant."""
    await sql(_EVENT, person.tenant_id, source, severity, _LEVELS[severity], account, at)


async def task(sql: Sql, person: Person, whose: Person, **fields: Any) -> None:
    """A task that somebody made for somebody."""
    given = {"status": "open", "priority": "medium", "due_date": None, "created_at": datetime.now(UTC), **fields}
    given["closed_at"] = datetime.now(UTC) if given["status"] == "closed" else None
    names = ", ".join(given)
    places = ", ".join(f"${number}" for number in range(4, 4 + len(given)))
    await sql(
        f"INSERT INTO tasks (tenant_id, created_by, assigned_user_id, title, description, {names}) "
        f"VALUES ($1, $2, $3, 'A task', 'Look into it', {places})",
        person.tenant_id,
        person.id,
        whose.id,
        *given.values(),
    )


async def stats(person: Person, part: str, **params: Any) -> Json:
    """A part of the dashboard."""
    return ok(await person.get(f"{BASE}/{part}", params=params))


async def onboarded(person: Person) -> Person:
    """Somebody to whom the dashboard is open."""
    await person.completed()
    return person


async def test_nothing_yet(company: Company) -> None:
    """A tenant in which nothing has happened has zeros, one for every name there is."""
    overview = await stats(company.admin, "overview", time_period="last_24h")
    events, tasks, users, onboarding = (overview[name] for name in ("events", "tasks", "users", "onboarding"))
    assert events["total"] == 0
    assert events["by_severity"] == dict.fromkeys(_LEVELS, 0)
    assert (events["by_source"], events["by_account"], events["recent_events"]) == ({}, {}, [])
    assert events["timeline_unit"] == "hour"
    assert len(events["timeline"]) in (24, 25)
    assert {item["total"] for item in events["timeline"]} == {0}
    assert tasks["by_status"] == {"open": 0, "in_progress": 0, "closed": 0}
    assert tasks["by_priority"] == {"critical": 0, "high": 0, "medium": 0, "low": 0}
    assert [tasks[name] for name in ("total", "my_tasks", "overdue", "completion_rate")] == [0, 0, 0, 0.0]
    assert (users["total"], users["active"], users["by_role"]) == (1, 1, {"user": 0, "manager": 0, "admin": 1})
    assert onboarding["by_status"] == {status.value: 0 for status in Status}
    assert (onboarding["funnel"], onboarding["median_minutes"]) == ([], None)
    assert (onboarding["completion_rate"], onboarding["ai_cost"]) == (0.0, 0.0)


async def test_events(company: Company, admin_sql: Sql) -> None:
    """Events count by severity, source, account and time; the latest ones are told without their details."""
    admin, now = company.admin, datetime.now(UTC)
    one, two = "111111111111", "222222222222"
    await event(admin_sql, admin, "critical", account=one, at=now - timedelta(hours=30))
    await event(admin_sql, admin, "high", account=one, at=now - timedelta(hours=3))
    await event(admin_sql, admin, "low", account=two, source="aws.ec2", at=now - timedelta(hours=2))
    for _ in range(10):
        await event(admin_sql, admin, "unknown", source="gangway.auth")
    body = await stats(admin, "events-stats", time_period="last_24h")
    assert body["total"] == 12
    assert body["by_severity"] == {"critical": 0, "high": 1, "medium": 0, "low": 1, "unknown": 10}
    assert body["by_source"] == {"aws.health": 1, "aws.ec2": 1, "gangway.auth": 10}
    assert body["by_account"] == {one: 1, two: 1}
    assert (body["without_account"], body["other_accounts"], body["other_sources"]) == (10, 0, 0)
    assert sum(item["total"] for item in body["timeline"]) == 12
    assert [each["source"] for each in body["recent_events"]] == ["gangway.auth"] * 10
    assert "detail" not in body["recent_events"][0]
    week = await stats(admin, "events-stats", time_period="last_7d")
    assert (week["total"], week["timeline_unit"], week["by_severity"]["critical"]) == (13, "day", 1)
    everything = await stats(admin, "events-stats")
    assert (everything["total"], everything["period"]["start_date"]) == (13, None)
    hours = {"start_date": f"{now - timedelta(hours=4):%FT%TZ}", "end_date": f"{now - timedelta(hours=1):%FT%TZ}"}
    assert (await stats(admin, "events-stats", **hours))["total"] == 2


async def test_a_timeline_has_no_gaps(company: Company, admin_sql: Sql) -> None:
    """A month is told by the day (UTC), also where nothing happened; several years by the month."""
    now = datetime.now(UTC)
    for days in (1, 29, 900):
        await event(admin_sql, company.admin, at=now - days * DAY)
    month = (await stats(company.admin, "events-stats", time_period="last_30d"))["timeline"]
    days = [datetime.fromisoformat(item["at"]) for item in month]
    assert {later - earlier for earlier, later in pairwise(days[1:])} == {DAY}
    assert (len(days), sum(item["total"] for item in month)) == (31, 2)
    everything = await stats(company.admin, "events-stats")
    assert (everything["timeline_unit"], everything["total"]) == ("month", 3)
    assert len(everything["timeline"]) in (30, 31)


async def test_days_are_where_the_person_is(company: Company, admin_sql: Sql) -> None:
    """A day without a time begins and ends in the time zone of whoever asks."""
    manager = await company.hire("manager")
    ok(await manager.patch("/api/v1/users/me", {"timezone": "America/New_York"}))
    await event(admin_sql, manager, at=datetime(2026, 1, 11, 3, tzinfo=UTC))
    day = {"start_date": "2026-01-10", "end_date": "2026-01-10"}
    assert (await stats(manager, "events-stats", **day))["total"] == 1
    assert (await stats(company.admin, "events-stats", **day))["total"] == 0


async def test_deleted_events_do_not_count(company: Company, admin_sql: Sql) -> None:
    """What was deleted is in no figure, and comes back with the event."""
    await event(admin_sql, company.admin)
    change = "UPDATE events SET deleted_at = {} WHERE tenant_id = $1"
    await admin_sql(change.format("now()"), company.admin.tenant_id)
    body = await stats(company.admin, "events-stats", time_period="last_24h")
    assert (body["total"], body["by_source"], body["recent_events"]) == (0, {}, [])
    await admin_sql(change.format("NULL"), company.admin.tenant_id)
    assert (await stats(company.admin, "events-stats", time_period="last_24h"))["total"] == 1


async def test_tasks(company: Company, admin_sql: Sql) -> None:
    """Tasks count by status and priority, whether overdue, and by whose they are; users see their own alone."""
    admin, now = company.admin, datetime.now(UTC)
    user = await onboarded(await company.hire("user"))
    await task(admin_sql, admin, user, priority="critical", due_date=now - DAY)
    await task(admin_sql, admin, user, status="closed", due_date=now - DAY)
    await task(admin_sql, admin, admin, status="in_progress", due_date=now + DAY)
    await task(admin_sql, admin, user, created_at=now - 10 * DAY)
    await task(admin_sql, admin, user, deleted_at=now)
    body = await stats(admin, "tasks-stats", time_period="last_7d")
    assert (body["total"], body["my_tasks"], body["overdue"]) == (3, 1, 1)
    assert body["by_status"] == {"open": 1, "in_progress": 1, "closed": 1}
    assert body["by_priority"] == {"critical": 1, "high": 0, "medium": 2, "low": 0}
    assert body["completion_rate"] == 0.3333
    assert (await stats(admin, "tasks-stats"))["total"] == 4
    own = await stats(user, "tasks-stats")
    assert (own["total"], own["my_tasks"], own["by_status"]["in_progress"]) == (3, 3, 0)


async def test_users(company: Company) -> None:
    """All accounts count by role, those that are not active too; how many are is told."""
    await company.hire("manager")
    leaves = await company.hire("user")
    ok(await company.admin.patch(f"/api/v1/users/{leaves.id}", {"is_active": False}))
    body = await stats(company.admin, "users-stats")
    assert (body["total"], body["active"]) == (3, 2)
    assert body["by_role"] == {"user": 1, "manager": 1, "admin": 1}


async def test_onboarding(company: Company, app_database: Database) -> None:
    """Runs by status and state, what they took, and what models cost, the same for a manager."""
    manager = await company.hire("manager")
    people = [await company.hire("user") for _ in range(4)]
    await people[0].completed()
    await people[1].completed()
    await people[2].saved_until(3)
    await people[3].saved_until(1)
    assert (await people[3].send("DELETE", "/api/v1/onboarding")).status_code == 204
    await call(app_database, people[0])
    body = await stats(manager, "onboarding-stats", time_period="last_24h")
    assert body["by_status"] == {"in_progress": 1, "completed": 2, "abandoned": 1}
    assert body["completion_rate"] == 0.5
    assert body["ai_cost"] == 0.002
    assert 0 <= body["median_minutes"] < 5
    shown = ("state", "key", "entered", "completed", "abandoned")
    rows = [tuple(step[name] for name in shown) for step in body["funnel"]]
    assert rows[:5] == [
        (1, "fitness_level", 4, 4, 0),
        (2, body["funnel"][1]["key"], 4, 3, 1),
        (3, body["funnel"][2]["key"], 3, 3, 0),
        (4, body["funnel"][3]["key"], 3, 2, 0),
        (5, body["funnel"][4]["key"], 2, 2, 0),
    ]
    assert len(rows) == 9
    seen_by_admin = await stats(company.admin, "onboarding-stats", time_period="last_24h")
    assert {name for name in body if seen_by_admin[name] != body[name]} == {"generated_at", "period"}


async def test_who_may(company: Company, admin_sql: Sql) -> None:
    """Users see events and their own tasks once they are onboarded; staff see everything at once."""
    user, manager = await company.hire("user"), await company.hire("manager")
    for part in (*PARTS, "users-stats"):
        body = problem(await user.get(f"{BASE}/{part}"), 403, "onboarding_required")
        assert body["onboarding_progress"] is None
        ok(await manager.get(f"{BASE}/{part}"))
        problem(await company.client.get(f"{BASE}/{part}"), 401, "auth_missing_token")
    await onboarded(user)
    await event(admin_sql, company.admin)
    overview = await stats(user, "overview")
    assert (overview["events"]["total"], overview["users"], overview["onboarding"]) == (1, None, None)
    for part in ("users-stats", "onboarding-stats"):
        problem(await user.get(f"{BASE}/{part}"), 403, "forbidden")
    assert (await stats(user, "overview")).keys() == ok(await manager.get("/api/dashboard/overview")).keys()


async def test_ones_own_tenant_only(
    company: Company, rival: Company, admin_sql: Sql, app_database: Database
) -> None:
    """Nothing of another tenant is in any figure."""
    await event(admin_sql, rival.admin)
    await task(admin_sql, rival.admin, rival.admin)
    await (await rival.hire("user")).completed()
    await call(app_database, rival.admin)
    overview = await stats(company.admin, "overview")
    assert (overview["events"]["total"], overview["tasks"]["total"], overview["users"]["total"]) == (0, 0, 1)
    assert (overview["onboarding"]["funnel"], overview["onboarding"]["ai_cost"]) == ([], 0.0)


@pytest.mark.parametrize("part", [*PARTS, "../admin/funnel"])
@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"time_period": "last_year"}, {"time_period": "not_allowed"}),
        ({"time_period": ""}, {"time_period": "not_allowed"}),
        ({"time_period": "last_7d", "start_date": "2026-01-01"}, {"time_period": "not_allowed"}),
        ({"time_period": "last_7d", "end_date": "2026-01-01"}, {"time_period": "not_allowed"}),
        (
            {"time_period": "x", "start_date": "y", "end_date": "z"},
            {"time_period": "not_allowed", "start_date": "bad_format", "end_date": "bad_format"},
        ),
        ({"start_date": ["x", "2026-01-01", "2026-01-03"], "end_date": "2026-01-02"}, {"start_date": "too_large"}),
        ({"start_date": "2026-01-02", "end_date": "2026-01-01"}, {"start_date": "too_large"}),
        ({"start_date": "yesterday"}, {"start_date": "bad_format"}),
        ({"start_date": "2026-01-01T10:00:00"}, {"start_date": "bad_format"}),
        ({"start_date": "x", "end_date": "2026-02-30"}, {"start_date": "bad_format", "end_date": "bad_format"}),
        ({"start_date": "1970-01-01"}, {"start_date": "too_small"}),
        ({"start_date": "2098-01-01"}, {"start_date": "too_large"}),
        ({"end_date": "2099-12-31"}, {"end_date": "too_large"}),
        ({"end_date": "9999-12-31"}, {"end_date": "too_large"}),
        ({"start_date": "2026-01-01" * 5}, {"start_date": "too_long"}),
    ],
)
async def test_what_cannot_be_asked(
    company: Company, part: str, params: dict[str, Any], errors: dict[str, str]
) -> None:
    """Periods and dates that are none, contradict each other or ask for too much are refused by name."""
    found = wrong(await company.admin.get(httpx.URL(BASE + "/").join(part).path, params=params))
    assert found == errors


async def test_given_again_for_some_seconds(company: Company, cached: httpx.AsyncClient, admin_sql: Sql) -> None:
    """Whoever asks again within fifteen seconds gets the same figures, to each role its own."""
    admin = replace(company.admin, client=cached)
    manager = replace(await company.hire("manager"), client=cached)
    user = replace(await onboarded(await company.hire("user")), client=cached)
    await task(admin_sql, admin, user)
    first = await stats(admin, "overview", time_period="last_7d")
    await event(admin_sql, admin)
    await task(admin_sql, admin, admin)
    assert await stats(admin, "overview", time_period="last_7d") == first
    again = await stats(manager, "overview", time_period="last_7d")
    assert (again["events"], again["users"]) == (first["events"], first["users"])
    assert (again["tasks"]["total"], again["tasks"]["my_tasks"]) == (2, 0)
    own = await stats(user, "overview", time_period="last_7d")
    assert (own["tasks"]["total"], own["users"], own["onboarding"]) == (1, None, None)
    assert (await stats(admin, "events-stats", time_period="last_24h"))["total"] == 1


async def test_many_at_once_count_once(
    company: Company, cached: httpx.AsyncClient, app_database: Database
) -> None:
    """A hundred people who open the dashboard at once have it counted once."""
    manager = replace(await company.hire("manager"), client=cached)
    answers = await asyncio.gather(*(stats(manager, "events-stats", time_period="last_30d") for _ in range(100)))
    assert len({answer["generated_at"] for answer in answers}) == 1
    async with app_database.transaction(ingest(company.admin.tenant_id)) as conn:
        await conn.execute(_EVENT, company.admin.tenant_id, "aws.x", "low", 1, None, None)
    assert (await stats(manager, "events-stats", time_period="last_7d"))["total"] == 1
