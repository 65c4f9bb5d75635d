"""Suggestions over HTTP: answered in time whatever is away, and judged by nobody but their person."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from msgspec.structs import replace
from temporalio.client import Client

from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from cli.stub_ai.reaction import problem as problem_of_models
from db import suggestions
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.industries import INDUSTRIES
from onboarding.suggesting.shapes import KINDS
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.activities.company import company_run
from tests.activities.models import HANGS, but_for, good, lines
from tests.api.company import Company
from tests.api.models import Talking, talking
from tests.db.given import Person as Somebody
from tests.stack import Json, Person, application, ok, problem, wrong

ASK = "/api/onboarding/ai-suggestions"
Sql = Callable[..., Awaitable[object]]


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


async def begun(admin: asyncpg.Connection, person: Person, **options: Any) -> str:
    """A run of the wizard with answers; gives its id."""
    somebody = Somebody(tenant_id=person.tenant_id, user_id=person.id, email=person.email)
    return await company_run(admin, somebody, **options)


async def asked(person: Person, kind: str = "okrs", **body: Any) -> Json:
    """Ask, which must work."""
    return ok(await person.post(ASK, {"kind": kind, **body}))


def feedback(suggestion_id: str, version: str = "/v1") -> str:
    """Where feedback goes."""
    return f"/api{version}/suggestions/{suggestion_id}/feedback"


async def test_each_kind(person: Person, admin: asyncpg.Connection) -> None:
    """Each kind fills its own fields and no others, in camelCase, each item with an id; rules are called rules."""
    await begun(admin, person)
    fields = {
        "industry": {"suggestedIndustry", "alternatives"},
        "okrs": {"suggestedOKRs"},
        "team_structure": {"teamStructureAdvice"},
        "next_steps": {"nextSteps"},
        "insights": {"industryInsights"},
    }
    fields["all"] = set().union(*fields.values())
    for kind, names in fields.items():
        body = await asked(person, kind)
        assert set(body) == {"suggestionId", "source", "sources", *names}
        assert body["source"] == "rules"
        items = [item for name in names for item in ([body[name]] if isinstance(body[name], dict) else body[name])]
        assert len({uuid.UUID(item["id"]) for item in items}) == len(items) > 0
    okr = body["suggestedOKRs"][0]
    assert set(okr) == {"id", "objective", "keyResults", "category", "priority", "rationale"}
    assert set(okr["keyResults"][0]) == {"text", "metric", "target"}
    assert set(body["nextSteps"][0]) >= {"id", "title", "description", "priority", "estimatedMinutes"}
    assert "null" not in msgspec.json.encode(body).decode()


async def test_without_a_session(person: Person) -> None:
    """Somebody who has not begun is answered by what the request says, in their language."""
    ok(await person.patch("/api/v1/users/me", {"locale": "es"}))
    body = await asked(person, "industry", companyName="Panadería Núñez & Hijos")
    assert body["suggestedIndustry"]["key"] == "food_manufacturing"
    assert body["suggestedIndustry"]["rationale"].startswith("Lo que")
    assert 0 <= body["suggestedIndustry"]["confidence"] <= 1


async def test_nothing_to_go_by(person: Person) -> None:
    """An industry cannot be told of nothing: the field that is missing is named."""
    assert wrong(await person.post(ASK, {"kind": "industry"})) == {"companyName": "required"}


async def test_the_website_is_a_hint(person: Person) -> None:
    """Of a website the words of its address count."""
    body = await asked(
        person, "industry", companyName="Rossi", website="https://www.rossi-bakery.example/menu?x=1"
    )
    assert body["suggestedIndustry"]["key"] == "food_manufacturing"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"kind": "required"}),
        ({"kind": "horoscope"}, {"kind": "not_allowed"}),
        ({"kind": "okrs", "company_name": "x"}, {"company_name": "unknown_field"}),
        ({"kind": "okrs", "companyName": "A"}, {"companyName": "too_short"}),
        ({"kind": "okrs", "companyName": "A" * 101}, {"companyName": "too_long"}),
        ({"kind": "okrs", "companyName": "<b>A</b>"}, {"companyName": "markup"}),
        ({"kind": "okrs", "description": "<script>"}, {"description": "markup"}),
        ({"kind": "okrs", "description": "a\x00b"}, {"description": "control_character"}),
        ({"kind": "okrs", "description": "a" * 501}, {"description": "too_long"}),
        ({"kind": "okrs", "website": "ftp://example.org"}, {"website": "bad_format"}),
        ({"kind": "okrs", "website": "javascript:alert(1)"}, {"website": "bad_format"}),
        ({"kind": "okrs", "website": "https://user:secret@example.org"}, {"website": "bad_format"}),
        ({"kind": "okrs", "website": "https://example.org:port"}, {"website": "bad_format"}),
        ({"kind": "okrs", "website": "https://[oops"}, {"website": "bad_format"}),
        ({"kind": "okrs", "website": "https://"}, {"website": "bad_format"}),
        ({"kind": "okrs", "website": "https://exa mple.org"}, {"website": "bad_format"}),
    ],
)
async def test_refusals(person: Person, body: Json, errors: Json) -> None:
    """What is wrong is named field by field."""
    assert wrong(await person.post(ASK, body)) == errors


async def test_several_lines(person: Person) -> None:
    """A description may have several lines, and signs that are no tags."""
    body = await asked(person, "industry", description='We bake bread.\r\nSince 1999: 3 < 4 & "more"\t!')
    assert body["suggestedIndustry"]["key"] == "food_manufacturing"


async def test_the_run_recommends(person: Person, admin: asyncpg.Connection) -> None:
    """What was suggested is what the run recommends: the newest of each kind, and where feedback goes."""
    run_id = await begun(admin, person)
    first = await asked(person, "okrs", sessionId=run_id)
    steps = await asked(person, "next_steps")
    newest = await asked(person, "okrs")
    await asked(person, "industry")
    told = ok(await person.get(f"/api/onboarding/session/{run_id}"))["aiRecommendations"]
    assert told["suggestedOKRs"] == newest["suggestedOKRs"] != first["suggestedOKRs"]
    assert told["nextSteps"] == steps["nextSteps"]
    assert (told["industryInsights"], told["teamStructureAdvice"]) == ([], [])
    assert told["suggestionIds"] == {"okrs": newest["suggestionId"], "next_steps": steps["suggestionId"]}


async def test_sessions_of_others(
    person: Person, other: Person, company: Company, admin: asyncpg.Connection
) -> None:
    """A run of somebody else, of another tenant, of another flow, or none at all, is found by nobody."""
    theirs = await begun(admin, other)
    colleague = await begun(admin, await company.hire("user"))
    await person.start()
    fitness = ok(await person.get("/api/v1/onboarding/state"))["id"]
    for asking, session in (
        *((person, each) for each in (theirs, colleague, fitness, str(uuid.uuid4()), "x", "' OR true --")),
        (company.admin, colleague),
    ):
        problem(await asking.post(ASK, {"kind": "okrs", "sessionId": session}), 404, "run_not_found")


async def test_a_completed_run(person: Person, admin: asyncpg.Connection) -> None:
    """A run that is completed can still be asked about, by its id."""
    run_id = await begun(admin, person, status="completed")
    assert (await asked(person, "okrs", sessionId=run_id))["suggestedOKRs"]


async def test_only_the_wizards_path(person: Person) -> None:
    """The endpoint is the wizard's alone: the versioned runs have none; feedback has both names."""
    problem(await person.post("/api/v1/onboarding/ai-suggestions", {"kind": "okrs"}), 404, "not_found")
    body = await asked(person)
    judged = {"itemId": body["suggestedOKRs"][0]["id"], "verdict": "accepted"}
    for version in ("", "/v1"):
        ok(await person.post(feedback(body["suggestionId"], version), judged))


async def test_signed_in(api: httpx.AsyncClient) -> None:
    """Nobody is answered who has not signed in."""
    problem(await api.post(ASK, json={"kind": "okrs"}), 401, "auth_missing_token")
    problem(await api.post(feedback(str(uuid.uuid4())), json={}), 401, "auth_missing_token")


async def test_replayed(person: Person) -> None:
    """The same request under the same key is answered with the same suggestion."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = await person.post(ASK, {"kind": "okrs"}, headers=headers)
    again = await person.post(ASK, {"kind": "okrs"}, headers=headers)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"


async def test_twenty_an_hour(company: Company, settings: Settings) -> None:
    """After the twentieth a request is refused with a time to come back; refusals do not count for others."""
    person, colleague = await company.hire("user"), await company.hire("user")
    async with application(replace(settings, suggestion_limit_per_hour=20)) as client:
        here, there = replace(person, client=client), replace(colleague, client=client)
        for _ in range(20):
            await asked(here)
        for _ in range(3):
            answer = await here.post(ASK, {"kind": "okrs"})
            problem(answer, 429, "rate_limited")
            assert 1 <= int(answer.headers["retry-after"]) <= 180
        await asked(there)
        assert (await left(here), await left(there)) == (0, 19)


async def left(person: Person) -> int:
    """How many suggestions somebody may still ask for."""
    return ok(await person.get("/api/v1/ai/usage"))["limits"]["suggestions"]["remaining"]


Modelled = Callable[..., AbstractAsyncContextManager[Talking]]


@pytest.fixture
def modelled(temporal: Client, settings: Settings, keys: Keys) -> Modelled:
    """Opens an API and a worker whose models a test scripts; twenty suggestions an hour, and time for each."""
    few = {"suggestion_limit_per_hour": 20, "ai_suggestion_timeout_seconds": 30.0}
    return lambda script, **changes: talking(settings, temporal, keys, script, **{**few, **changes})


async def test_by_a_model(modelled: Modelled, company: Company) -> None:
    """What a model says is told as the model's, and the same again as remembered; both requests count."""
    async with modelled(good) as there:
        here = replace(company.admin, client=there.client)
        body, again = [await asked(here, "all", companyName="Ada Ltd") for _ in range(2)]
        assert await left(here) == 18
        assert len(there.models.requests) == len(KINDS)
    assert body["sources"] == dict.fromkeys(KINDS, "model")
    assert again["sources"] == dict.fromkeys(KINDS, "cache")
    assert (body["source"], again["source"]) == ("model", "cache")
    assert body["suggestedOKRs"][0]["objective"] == again["suggestedOKRs"][0]["objective"] == "Sell more"
    assert body["suggestedIndustry"]["name"] == "Manufacture of food products"
    assert body["suggestedIndustry"]["id"] != again["suggestedIndustry"]["id"]


async def test_a_model_that_hangs(modelled: Modelled, company: Company) -> None:
    """A model that says nothing has its default time, and then the rules answer, in less than 5 seconds.

    The request does not count.
    """
    default = Settings().ai_suggestion_timeout_seconds
    async with modelled(lines(HANGS), ai_suggestion_timeout_seconds=default) as there:
        here = replace(company.admin, client=there.client)
        took = 5.0
        for _ in range(3):  # the machine may stand still for a second, but not each time
            began = time.monotonic()
            body = await asked(here)
            took = time.monotonic() - began
            assert await left(here) == 20
            assert body["source"] == "rules"
            assert took > default * 0.9
            if took < 5:
                break
    assert took < 5


async def test_a_part_that_fails(modelled: Modelled, company: Company) -> None:
    """What a model answered in part was answered, and counts."""
    async with modelled(but_for("okrs", problem_of_models(400, "No."))) as there:
        here = replace(company.admin, client=there.client)
        body = await asked(here, "all", companyName="Ada Ltd")
        assert await left(here) == 19
    assert body["sources"] == {**dict.fromkeys(KINDS, "model"), "okrs": "rules"}


async def test_no_worker(settings: Settings, person: Person) -> None:
    """Where no worker takes it, the rules answer in time all the same."""
    lonely = replace(settings, task_queue=f"nobody-{uuid.uuid4()}", ai_suggestion_timeout_seconds=1.0)
    async with application(lonely) as client:
        here = replace(person, client=client)
        began = time.monotonic()
        body = await asked(here, "all")
        assert time.monotonic() - began < 6
    assert body["source"] == "rules"
    judged = {"itemId": body["suggestedOKRs"][0]["id"], "verdict": "accepted"}
    ok(await person.post(feedback(body["suggestionId"]), judged))


async def test_no_temporal(settings: Settings, person: Person) -> None:
    """Where Temporal is away, the rules answer in time all the same."""
    away = replace(settings, temporal_address=f"127.0.0.1:{free_ports(1)[0]}", ai_suggestion_timeout_seconds=0.5)
    async with application(away) as client:
        here = replace(person, client=client)
        began = time.monotonic()
        body = await asked(here)
        assert time.monotonic() - began < 6
    assert body["source"] == "rules"


async def test_many_at_once(modelled: Modelled, company: Company) -> None:
    """Ten people who ask at once are all answered in time, although the model hangs."""
    people = [await company.hire("user") for _ in range(10)]
    async with modelled(lines(HANGS), ai_suggestion_timeout_seconds=1.0) as there:
        here = [replace(person, client=there.client) for person in people]
        began = time.monotonic()
        bodies = await asyncio.gather(*(asked(each, "okrs") for each in here))
        assert time.monotonic() - began < 1.0 + 7.0  # one after the other they would take ten
    assert {body["source"] for body in bodies} == {"rules"}


async def test_no_money_is_told(modelled: Modelled, company: Company) -> None:
    """Where the budget is spent the answer says so, and is the rules'; with money it is the model's."""
    person = await company.hire("user")
    ok(await company.admin.patch("/api/v1/tenant", {"ai_budget_day": 0}))
    async with modelled(good) as there:
        here = replace(person, client=there.client)
        poor = await asked(here)
        assert there.models.requests == []
        ok(await company.admin.patch("/api/v1/tenant", {"ai_budget_day": 5}))
        rich = await asked(here)
    assert (poor["source"], poor["budgetExhausted"]) == ("rules", True)
    assert (rich["source"], "budgetExhausted" in rich) == ("model", False)


async def test_feedback(person: Person, admin: asyncpg.Connection, app_database: Database) -> None:
    """What is accepted or edited is what the organization gets; a later verdict replaces another."""
    run_id = await begun(admin, person)
    body = await asked(person, "okrs")
    first, second, third = body["suggestedOKRs"][:3]
    where = feedback(body["suggestionId"])
    ok(await person.post(where, {"itemId": first["id"], "verdict": "rejected"}))
    ok(await person.post(where, {"itemId": second["id"], "verdict": "accepted"}))
    result = {"text": "Ten bakeries", "metric": "bakeries", "target": "10"}
    changes = {"objective": "Win bakeries", "keyResults": [result], "priority": "low"}
    told = ok(await person.post(where, {"itemId": third["id"], "verdict": "edited", "value": changes}))
    assert told == {
        "suggestionId": body["suggestionId"],
        "itemId": third["id"],
        "verdict": "edited",
        "value": {**third, **changes},
    }
    assert await accepted(app_database, person, run_id) == [second["objective"], "Win bakeries"]
    ok(await person.post(where, {"itemId": third["id"], "verdict": "accepted"}))
    ok(await person.post(where, {"itemId": second["id"], "verdict": "rejected"}))
    ok(await person.post(where, {"itemId": first["id"], "verdict": "accepted"}))
    assert await accepted(app_database, person, run_id) == [first["objective"], third["objective"]]


async def accepted(database: Database, person: Person, run_id: str) -> list[str]:
    """The objectives that were accepted in a run."""
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    async with database.transaction(caller) as conn:
        return [okr.objective for okr in await suggestions.accepted_okrs(conn, run_id)]


async def test_edits_of_each_kind(person: Person, admin: asyncpg.Connection) -> None:
    """Each kind of item is edited by its own fields."""
    await begun(admin, person)
    body = await asked(person, "all")
    where = feedback(body["suggestionId"])
    for item, changes, more in (
        (body["suggestedIndustry"], {"key": "retail_trade"}, {"name": INDUSTRIES["retail_trade"].name["en"]}),
        (body["teamStructureAdvice"][0], {"title": "Two teams", "priority": "low"}, {}),
        (body["nextSteps"][0], {"estimatedMinutes": 3}, {}),
        (body["industryInsights"][0], {"metric": "bread"}, {}),
    ):
        told = ok(await person.post(where, {"itemId": item["id"], "verdict": "edited", "value": changes}))
        assert told["value"] == {**item, **changes, **more}


async def test_wrong_edits(person: Person, admin: asyncpg.Connection) -> None:
    """An edit is read like a form: every failing field is named, and nothing is kept."""
    run_id = await begun(admin, person)
    body = await asked(person, "all", sessionId=run_id)
    where, okr = feedback(body["suggestionId"]), body["suggestedOKRs"][0]["id"]
    hostile = {
        "objective": "<img src=x>",
        "keyResults": [{"text": "", "metric": "m"}],
        "category": "money",
        "id": "x",
    }
    refused = wrong(await person.post(where, {"itemId": okr, "verdict": "edited", "value": hostile}))
    assert refused == {
        "value.objective": "markup",
        "value.keyResults[0].text": "too_short",
        "value.keyResults[0].target": "required",
        "value.category": "not_allowed",
        "value.id": "unknown_field",
    }
    unknown = {"itemId": body["suggestedIndustry"]["id"], "verdict": "edited", "value": {"key": "moon_mining"}}
    assert wrong(await person.post(where, unknown)) == {"value.key": "not_allowed"}
    assert wrong(await person.post(where, {"itemId": okr, "verdict": "edited"})) == {"value": "required"}
    assert wrong(
        await person.post(where, {"itemId": okr, "verdict": "accepted", "value": {"objective": "x"}})
    ) == {"value": "not_allowed"}
    assert wrong(await person.post(where, {"itemId": okr, "verdict": "maybe"})) == {"verdict": "not_allowed"}
    assert await admin.fetchval("SELECT count(*) FROM suggestion_feedback WHERE user_id = $1", person.id) == 0


async def test_suggestions_of_others(person: Person, company: Company, rival: Company) -> None:
    """Nobody judges what is not theirs, be they strangers, colleagues or admins; nothing unknown is judged."""
    owner = await company.hire("user")
    body = await asked(owner)
    judged = {"itemId": body["suggestedOKRs"][0]["id"], "verdict": "accepted"}
    manager = await company.hire("manager")
    for somebody in (person, rival.admin, company.admin, manager):
        problem(await somebody.post(feedback(body["suggestionId"]), judged), 404, "suggestion_not_found")
    own = await asked(person)
    for where, item in (
        (feedback(str(uuid.uuid4())), judged["itemId"]),
        (feedback(own["suggestionId"]), judged["itemId"]),
        (feedback(own["suggestionId"]), "x"),
    ):
        answer = await person.post(where, {"itemId": item, "verdict": "accepted"})
        problem(answer, 404, "suggestion_not_found")


async def test_not_before_it_is_settled(person: Person, admin: asyncpg.Connection) -> None:
    """What is not settled yet has no items to judge."""
    body = await asked(person)
    await admin.execute(
        "UPDATE suggestions SET source = NULL, settled_at = NULL WHERE id = $1", uuid.UUID(body["suggestionId"])
    )
    judged = {"itemId": body["suggestedOKRs"][0]["id"], "verdict": "accepted"}
    problem(await person.post(feedback(body["suggestionId"]), judged), 404, "suggestion_not_found")
