"""The company wizard with everything that is suggested on the way, over HTTP: by rules, and by a model."""

import uuid

import httpx
from temporalio.client import Client

from runtime.encryption import Keys
from runtime.settings import Settings
from tests.activities.models import good
from tests.api.models import talking
from tests.api.wizard import ANSWERS
from tests.stack import Json, ok

FIELDS = {
    "industry": ("suggestedIndustry", "alternatives"),
    "okrs": ("suggestedOKRs",),
    "team_structure": ("teamStructureAdvice",),
    "next_steps": ("nextSteps",),
    "insights": ("industryInsights",),
}


async def test_by_rules(server: str) -> None:
    """Without a model: what is accepted goes with the organization, what is suggested with the session."""
    async with httpx.AsyncClient(base_url=server, timeout=60) as http:
        await journey(http, "rules")


async def test_by_a_model(settings: Settings, temporal: Client, keys: Keys) -> None:
    """The same with a model that is asked over HTTP."""
    async with talking(settings, temporal, keys, good, ai_suggestion_timeout_seconds=30.0) as there:
        await journey(there.client, "model")


async def journey(http: httpx.AsyncClient, source: str) -> None:
    """From the registration to the organization, as somebody whose tenant has asked nothing like it before."""
    email = f"{uuid.uuid4().hex}@example.org"
    ok(await http.post("/api/auth/register", json={"email": email, "password": "correct horse battery"}))
    signed = ok(await http.post("/api/auth/login", json={"email": email, "password": "correct horse battery"}))
    http.headers["Authorization"] = f"Bearer {signed['access_token']}"

    company = {**ANSWERS["company"], "name": f"Rossi Bakery {uuid.uuid4().hex}", "description": "We bake bread."}
    hints = {"companyName": company["name"], "description": company["description"]}
    first = await suggested(http, "industry", **hints)
    assert (first["source"], first["suggestedIndustry"]["key"]) == (source, "food_manufacturing")
    session = ok(await http.post("/api/onboarding/start", json={"context": hints}))
    company["industry"] = first["suggestedIndustry"]["key"]
    for step, data in {**ANSWERS, "company": company}.items():
        saved = await http.put(
            "/api/onboarding/progress", json={"sessionId": session["id"], "step": step, "data": data}
        )
        assert ok(saved)["stepData"][step] == data

    told = {kind: await suggested(http, kind, sessionId=session["id"]) for kind in FIELDS if kind != "industry"}
    # Asked for last: of each kind that is what the session recommends.
    told["all"] = await suggested(http, "all", sessionId=session["id"])
    assert told["all"].keys() >= {name for names in FIELDS.values() for name in names}
    assert {each["source"] for kind, each in told.items() if kind != "all"} == {source}

    accepted, edited, rejected = told["okrs"]["suggestedOKRs"][:3]
    await judged(http, told["okrs"], accepted, "accepted")
    await judged(http, told["okrs"], rejected, "rejected")
    changes = {"objective": "Bake for ten cafés", "priority": "low"}
    await judged(http, told["okrs"], edited, "edited", value=changes)
    await judged(http, told["all"], told["all"]["nextSteps"][0], "accepted")
    # Suggested again, and accepted again: one objective all the same.
    twin = next(okr for okr in told["all"]["suggestedOKRs"] if without_id(okr) == without_id(accepted))
    await judged(http, told["all"], twin, "accepted")

    done = ok(await http.post("/api/onboarding/complete", json={"sessionId": session["id"]}))
    assert done.keys() == {"session", "organization", "aiRecommendations"}
    assert (done["session"]["status"], done["session"]["currentStep"]) == ("completed", None)
    assert done["organization"]["name"] == company["name"]
    assert list(map(without_id, done["organization"]["okrs"])) == [
        without_id(accepted),
        {**without_id(edited), **changes},
    ]
    recommended = done["aiRecommendations"]
    for kind, (name, *_) in FIELDS.items():
        if kind != "industry":
            assert recommended[name] == told["all"][name]
    assert set(recommended["suggestionIds"].values()) == {told["all"]["suggestionId"]}
    assert done["session"]["aiRecommendations"] == recommended

    assert ok(await http.get(f"/api/onboarding/session/{session['id']}")) == done["session"]
    # What they make of it afterwards changes nothing of the organization.
    await judged(http, told["okrs"], rejected, "accepted")
    assert ok(await http.post("/api/onboarding/complete", json={"sessionId": session["id"]})) == done


async def suggested(http: httpx.AsyncClient, kind: str, **body: str) -> Json:
    """Ask for suggestions, which must work."""
    return ok(await http.post("/api/onboarding/ai-suggestions", json={"kind": kind, **body}))


async def judged(http: httpx.AsyncClient, suggestion: Json, item: Json, verdict: str, **body: Json) -> None:
    """Say what one makes of an item."""
    where = f"/api/v1/suggestions/{suggestion['suggestionId']}/feedback"
    ok(await http.post(where, json={"itemId": item["id"], "verdict": verdict, **body}))


def without_id(item: Json) -> Json:
    """An item but for its id, which each suggestion gives anew."""
    return {name: value for name, value in item.items() if name != "id"}
