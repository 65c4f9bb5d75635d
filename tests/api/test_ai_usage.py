"""What models were asked and what it cost, for oneself and for admins."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from activities.ai.ledger import Books
from activities.ai.protocol import Outcome, Payer, Purpose
from db import ai_rates
from db.pool import Database
from runtime.settings import Settings
from tests.api.company import Company
from tests.stack import Json, Person, application, ok, problem, wrong

OWN = "/api/v1/ai/usage"
ALL = "/api/v1/admin/ai/usage"
PRICES = '{"*": {"input": 1, "output": 2}}'


async def call(
    database: Database,
    person: Person,
    *,
    purpose: Purpose = "chat",
    model: str = "m",
    run_id: str | None = None,
    outcome: Outcome = "ok",
) -> str:
    """A call of 1000 tokens in, 500 out: 0.002 dollars."""
    books = Books(database, Settings(ai_prices=PRICES))
    payer = Payer(tenant_id=person.tenant_id, user_id=person.id, run_id=run_id)
    id = await books.reserve(payer, purpose, model, 2000, 1000)
    await books.settle(id, outcome, input_tokens=1000, output_tokens=500, estimated=False, latency_ms=9)
    return id


async def from_cache(database: Database, person: Person, model: str = "m") -> None:
    """An answer that was there already."""
    payer = Payer(tenant_id=person.tenant_id, user_id=person.id)
    await Books(database, Settings()).note_cached(payer, "industry", model, 1)


async def listed(person: Person, **params: Any) -> list[Json]:
    """All pages of the list."""
    items: list[Json] = []
    cursor = None
    while True:
        body = ok(await person.get(ALL, params={**params, **({"cursor": cursor} if cursor else {})}))
        items += body["items"]
        cursor = body["next_cursor"]
        if cursor is None:
            return items


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An application with the limits that there are by default."""
    plain = Settings()
    names = ("chat_limit_per_minute", "chat_limit_burst", "suggestion_limit_per_hour", "scan_limit_per_minute")
    async with application(replace(settings, **{name: getattr(plain, name) for name in names})) as client:
        yield client


async def test_before_the_first_call(company: Company, strict: httpx.AsyncClient) -> None:
    """Who has asked nothing has everything left: the budgets and limits of the deployment."""
    user = replace(await company.hire("user"), client=strict)
    body = ok(await user.get(OWN))
    assert {name: body[name] for name in ("calls", "cached", "input_tokens", "output_tokens", "cost_usd")} == {
        "calls": 0,
        "cached": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
    }
    assert body["budgets"] == {
        "run": {"limit": 0.5, "spent": 0.0},
        "day": {"limit": 5.0, "spent": 0.0},
        "month": {"limit": 100.0, "spent": 0.0},
    }
    assert {name: (each["limit"], each["remaining"]) for name, each in body["limits"].items()} == {
        "chat": (60, 10),
        "suggestions": (20, 20),
        "scan": (30, 30),
        "photo": (30, 30),
    }


async def test_what_was_spent(company: Company, app_database: Database) -> None:
    """Calls, tokens and dollars are one's own, day and month the tenant's, the run's of the one that is active."""
    user, other = await company.hire("user"), await company.hire("user")
    ended = (await user.start())["id"]
    await call(app_database, user, run_id=ended)
    ok(await user.save(1))
    restarted = (await user.start(restart=True))["id"]
    assert ended != restarted
    for run_id in (restarted, restarted, None):
        await call(app_database, user, run_id=run_id)
    await call(app_database, other)
    await from_cache(app_database, user)
    body = ok(await user.get(OWN))
    assert (body["calls"], body["cached"], body["cost_usd"]) == (4, 1, 0.008)
    assert (body["input_tokens"], body["output_tokens"]) == (4000, 2000)
    assert {name: each["spent"] for name, each in body["budgets"].items()} == {
        "run": 0.004,
        "day": 0.01,
        "month": 0.01,
    }
    assert ok(await other.get(OWN))["budgets"]["run"]["spent"] == 0.0
    unversioned = ok(await user.get("/api/ai/usage"))
    assert {**unversioned, "limits": None} == {**body, "limits": None}


async def test_the_tenants_budgets(company: Company) -> None:
    """What an admin sets is what is shown."""
    ok(await company.admin.patch("/api/v1/tenant", {"ai_budget_run": 0, "ai_budget_month": 12.5}))
    budgets = ok(await company.admin.get(OWN))["budgets"]
    assert {name: each["limit"] for name, each in budgets.items()} == {"run": 0.0, "day": 5.0, "month": 12.5}


async def test_calls_that_are_left(company: Company, app_database: Database, strict: httpx.AsyncClient) -> None:
    """What was taken is missing until it has come again."""
    user = replace(await company.hire("user"), client=strict)
    for _ in range(4):
        await ai_rates.take(app_database, user.tenant_id, user.id, "suggestions")
    before = datetime.now(UTC)
    suggestions = ok(await user.get(OWN))["limits"]["suggestions"]
    assert (suggestions["remaining"], suggestions["burst"], suggestions["window_seconds"]) == (16, 20, 3600)
    resets_at = datetime.fromisoformat(suggestions["resets_at"])
    assert timedelta(minutes=11) < resets_at - before < timedelta(minutes=13)


async def test_by_day(
    company: Company,
    app_database: Database,
    admin_sql: Callable[..., Awaitable[object]],
) -> None:
    """An admin sees all calls of the tenant by day, purpose and model, from the newest day on, page by page."""
    user = await company.hire("user")
    await call(app_database, user, model="a/b")
    await call(app_database, company.admin, model="a/b")
    await call(app_database, user, outcome="timeout")
    await call(app_database, user, purpose="industry")
    await from_cache(app_database, user)
    old = await call(app_database, user)
    await admin_sql("UPDATE ai_usage SET created_at = created_at - interval '3 days' WHERE id = $1", old)
    today = datetime.now(UTC).date()
    past = today - timedelta(days=3)
    items = await listed(company.admin, limit=1)
    assert items == await listed(company.admin)
    shown = [(each["day"], each["purpose"], each["model"], each["calls"], each["cached"]) for each in items]
    assert shown == [
        (f"{today}", "chat", "a/b", 2, 0),
        (f"{today}", "chat", "m", 1, 0),
        (f"{today}", "industry", "m", 1, 1),
        (f"{past}", "chat", "m", 1, 0),
    ]
    assert items[0] == {
        "day": f"{today}",
        "purpose": "chat",
        "model": "a/b",
        "tenant_id": company.admin.tenant_id,
        "calls": 2,
        "cached": 0,
        "failed": 0,
        "input_tokens": 2000,
        "output_tokens": 1000,
        "cost_usd": 0.004,
    }
    assert items[1]["failed"] == 1
    assert len(await listed(company.admin, **{"from": f"{today}"})) == 3
    assert len(await listed(company.admin, to=f"{past}")) == 1
    between = {"from": f"{past + timedelta(days=1)}", "to": f"{today - timedelta(days=1)}"}
    assert await listed(company.admin, **between) == []
    page = ok(await company.admin.get(ALL, params={"limit": 1, "with_total": True}))
    assert page["total"] == 4


async def test_ones_own_tenant_only(company: Company, rival: Company, app_database: Database) -> None:
    """Nothing of another tenant is counted."""
    await call(app_database, rival.admin)
    assert await listed(company.admin) == []
    assert ok(await company.admin.get(OWN))["budgets"]["day"]["spent"] == 0.0


async def test_only_admins(company: Company) -> None:
    """Neither a manager nor a user sees what others ask; nobody without a token anything."""
    for role in ("manager", "user"):
        problem(await (await company.hire(role)).get(ALL), 403, "forbidden")
    problem(await company.client.get(ALL), 401, "auth_missing_token")
    problem(await company.client.get(OWN), 401, "auth_missing_token")


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"from": "yesterday"}, {"from": "bad_format"}),
        ({"from": "2026-02-30"}, {"from": "bad_format"}),
        ({"to": "20260201"}, {"to": "bad_format"}),
        ({"to": ""}, {"to": "bad_format"}),
        ({"from": "2026-02-02", "to": "2026-02-01"}, {"from": "too_large"}),
        ({"from": "2024-01-01", "to": "2026-01-01"}, {"from": "too_small"}),
        ({"from": "0001-01-01"}, {"from": "too_small"}),
        ({"to": "9999-12-31"}, {"to": "too_large"}),
        ({"limit": 101}, {"limit": "too_large"}),
        ({"cursor": "x"}, {"cursor": "bad_format"}),
        ({"cursor": _cursor("12")}, {"cursor": "bad_format"}),
        ({"cursor": _cursor("2026-02-01/chat")}, {"cursor": "bad_format"}),
        ({"cursor": _cursor("2026-02-01/chat/\x00")}, {"cursor": "bad_format"}),
        ({"cursor": _cursor("soon/chat/m")}, {"cursor": "bad_format"}),
        ({"cursor": _cursor("2026-02-01/chat/m"), "limit": 0}, {"limit": "too_small"}),
    ],
)
async def test_what_cannot_be_asked(company: Company, params: dict[str, Any], errors: dict[str, str]) -> None:
    """Days that are none or too many, and cursors of other lists, are refused by name."""
    assert wrong(await company.admin.get(ALL, params=params)) == errors


async def test_the_oldest_day(company: Company) -> None:
    """The first day of the calendar is a day like any other."""
    assert ok(await company.admin.get(ALL, params={"to": "0001-01-01"}))["items"] == []
