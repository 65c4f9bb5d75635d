"""What the admins of a tenant set."""

from typing import Any

import pytest

from tests.api.company import Company
from tests.stack import RUNS, Json, Person, ok, problem, wrong

TENANT = "/api/v1/tenant"
EVERYTHING = {
    "name": "Acme & Söhne",
    "default_flow": "fitness",
    "ai_budget_run": 0.25,
    "ai_budget_day": 0,
    "ai_budget_month": 1_000_000,
    "allowed_connections": ["xero", "gmail"],
}


async def test_read_and_change(company: Company) -> None:
    """What is set is read back; what is left out stays."""
    before = ok(await company.admin.get(TENANT))
    assert before["id"] == company.admin.tenant_id
    assert before["allowed_connections"] == ["gmail", "quickbooks", "xero"]
    assert (before["ai_budget_run"], before["ai_budget_day"], before["ai_budget_month"]) == (None, None, None)
    changed = ok(await company.admin.patch(TENANT, EVERYTHING))
    assert {name: changed[name] for name in EVERYTHING} == EVERYTHING
    assert ok(await company.admin.patch(TENANT, {"name": "Acme"})) == {
        **changed,
        "name": "Acme",
        "updated_at": ok(await company.admin.get(TENANT))["updated_at"],
    }


async def test_null_is_the_deployments_budget(company: Company) -> None:
    """A budget of null is the default again; a null elsewhere says nothing."""
    ok(await company.admin.patch(TENANT, EVERYTHING))
    body = {"ai_budget_run": None, "name": None, "default_flow": None, "allowed_connections": None}
    changed = ok(await company.admin.patch(TENANT, body))
    assert changed["ai_budget_run"] is None
    assert {name: changed[name] for name in EVERYTHING if name != "ai_budget_run"} == {
        name: value for name, value in EVERYTHING.items() if name != "ai_budget_run"
    }
    assert ok(await company.admin.patch(TENANT, {"allowed_connections": []}))["allowed_connections"] == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": ""}, {"name": "too_short"}),
        ({"name": "x" * 201}, {"name": "too_long"}),
        ({"name": "<script>"}, {"name": "markup"}),
        ({"name": "a\x00b"}, {"name": "control_character"}),
        ({"default_flow": "no_such_flow"}, {"default_flow": "unknown_flow"}),
        ({"ai_budget_run": -0.01}, {"ai_budget_run": "too_small"}),
        ({"ai_budget_day": 1_000_001}, {"ai_budget_day": "too_large"}),
        ({"ai_budget_month": "10"}, {"ai_budget_month": "wrong_type"}),
        ({"ai_budget_month": True}, {"ai_budget_month": "wrong_type"}),
        ({"allowed_connections": ["gmail", "gmail"]}, {"allowed_connections[1]": "duplicate"}),
        ({"allowed_connections": ["dropbox"]}, {"allowed_connections[0]": "not_allowed"}),
        ({"allowed_connections": "gmail"}, {"allowed_connections": "wrong_type"}),
        ({"external_id": "x", "id": "y"}, {"external_id": "unknown_field", "id": "unknown_field"}),
        (
            {"name": "<b>", "default_flow": "x", "ai_budget_run": -1, "allowed_connections": [1, "xero"]},
            {
                "name": "markup",
                "default_flow": "unknown_flow",
                "ai_budget_run": "too_small",
                "allowed_connections[0]": "not_allowed",
            },
        ),
    ],
)
async def test_what_cannot_be_set(company: Company, body: Json, errors: dict[str, str]) -> None:
    """Every failing field is named, and nothing is kept."""
    before = ok(await company.admin.get(TENANT))
    assert wrong(await company.admin.patch(TENANT, body)) == errors
    assert ok(await company.admin.get(TENANT)) == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
async def test_numbers_that_are_none(company: Company, number: str) -> None:
    """What JSON has no number for is refused."""
    headers = {"Content-Type": "application/json"}
    content = f'{{"ai_budget_run": {number}}}'
    answer = await company.admin.send("PATCH", TENANT, content=content, headers=headers)
    assert answer.status_code == 400


async def test_only_admins(company: Company, person: Person) -> None:
    """A manager and a user neither read nor change it."""
    for who in (await company.hire("manager"), person):
        problem(await who.get(TENANT), 403, "forbidden")
        problem(await who.patch(TENANT, {"name": "Mine"}), 403, "forbidden")
    problem(await company.client.get(TENANT), 401, "auth_missing_token")


async def test_ones_own_only(company: Company, rival: Company) -> None:
    """A change reaches one's own tenant and no other."""
    theirs = ok(await rival.admin.get(TENANT))
    ok(await company.admin.patch(TENANT, {"name": "Ours"}))
    assert ok(await rival.admin.get(TENANT)) == theirs


async def test_the_default_flow_is_the_one_that_starts(company: Company, admin_sql: Any) -> None:
    """Who names no flow starts the tenant's, with the next request."""
    user = await company.hire("user")
    query = "UPDATE tenants SET default_flow = 'gone' WHERE id = $1::text::uuid"
    await admin_sql(query, user.tenant_id)
    problem(await user.post(f"{RUNS}/start", {}), 404, "unknown_flow")
    ok(await company.admin.patch(TENANT, {"default_flow": "fitness"}))
    assert (await user.start())["flow"] == "fitness"
