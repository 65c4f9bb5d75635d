"""The agent that speaks after the onboarding: it reads, proposes, and changes nothing by itself."""

import httpx

from tests.api.talk import CHAT, GENERAL, heard, text_of
from tests.stack import RUNS, Json, Person, ok, problem, sign_up, wrong


async def ask(person: Person, message: str, **fields: object) -> Json:
    """Say something to the general agent, which must be answered."""
    return ok(await person.post(f"{GENERAL}/", {"message": message, **fields}, timeout=60))


async def test_closed_before_completion(person: Person) -> None:
    """Before the onboarding is complete it is closed, and says how far it is; another agent is never allowed."""
    answer = await person.post(f"{GENERAL}/", {"message": "hi"})
    assert problem(answer, 403, "onboarding_required")["onboarding_progress"] is None
    await person.saved_until(3)
    answer = await person.post(f"{GENERAL}/stream", {"message": "hi"})
    assert problem(answer, 403, "onboarding_required")["onboarding_progress"] == 33
    await person.saved(4, 9)
    ok(await person.post(f"{RUNS}/complete"))
    answer = await person.post(f"{GENERAL}/", {"message": "hi", "agent_type": "diet_planning"})
    problem(answer, 403, "agent_not_allowed")
    assert (await ask(person, "hi", agent_type="general"))["agent_type"] == "general"


async def test_reads(person: Person) -> None:
    """It tells the person's own profile and schedule."""
    await person.completed()
    profile = await ask(person, "what do you know about me? show me my profile")
    assert "2200" in profile["response"] or "2,200" in profile["response"]
    schedule = await ask(person, "when is my next workout?")
    assert "18:00" in schedule["response"] or "07:30" in schedule["response"]
    assert schedule["saved"] == []


async def test_a_change_is_proposed_and_confirmed(person: Person, other: Person) -> None:
    """A proposal changes nothing until its person confirms it; twice is once, and it is nobody else's."""
    await person.completed()
    await other.completed()
    proposed = await ask(person, "please change my hydration to 3 litres of water")
    proposal = proposed["proposal"]
    assert proposal["answers"]["hydration_schedule"]["daily_water_target_ml"] == 3000
    assert ok(await person.get("/api/v1/profile"))["version"] == 1
    path = f"{GENERAL}/proposals/{proposal['id']}"
    problem(await other.post(f"{path}/confirm"), 404, "not_found")
    profile = ok(await person.post(f"{path}/confirm"))
    assert profile["version"] == 2
    assert profile["answers"]["hydration_schedule"]["daily_water_target_ml"] == 3000
    assert ok(await person.post(f"{path}/confirm"))["version"] == 2


async def test_a_declined_proposal_is_gone(person: Person) -> None:
    """What was declined cannot be confirmed later."""
    await person.completed()
    proposal = (await ask(person, "change my hydration to 3 litres of water"))["proposal"]
    path = f"{GENERAL}/proposals/{proposal['id']}"
    assert (await person.post(f"{path}/decline")).status_code == 204
    problem(await person.post(f"{path}/confirm"), 404, "not_found")
    assert ok(await person.get("/api/v1/profile"))["version"] == 1


async def test_what_cannot_be_is_not_proposed(person: Person) -> None:
    """A change that the rules would refuse is no proposal, and the reply says why."""
    await person.completed()
    answer = await ask(person, "change my hydration to 50 litres of water")
    assert answer["proposal"] is None
    assert ok(await person.get("/api/v1/profile"))["version"] == 1


async def test_history(person: Person, other: Person) -> None:
    """The conversation is the person's own, apart from the onboarding's, and they can delete it."""
    await person.completed()
    await ask(person, "hello", message_id="m1")
    assert await ask(person, "hello", message_id="m1") == await ask(person, "hello", message_id="m1")
    history = ok(await person.get(f"{GENERAL}/history", params={"with_total": True}))
    assert (history["total"], [item["role"] for item in history["items"]]) == (2, ["agent", "person"])
    assert ok(await person.get(f"{CHAT}/history"))["items"] == []
    assert ok(await other.get(f"{GENERAL}/history"))["items"] == []
    assert (await person.send("DELETE", f"{GENERAL}/history")).status_code == 204
    assert ok(await person.get(f"{GENERAL}/history"))["items"] == []


async def test_as_a_stream(server: str) -> None:
    """The general agent can be followed as it speaks."""
    async with httpx.AsyncClient(base_url=server, timeout=60) as client:
        person = await sign_up(client)
        await person.completed()
        stream = await heard(client, person, "hello", f"{GENERAL}/stream")
        assert (stream[0].event, stream[-1].event) == ("RUN_STARTED", "RUN_FINISHED")
        assert text_of(stream) == stream[-1].data["response"]


async def test_refusals(person: Person) -> None:
    """Each failing field is named."""
    await person.completed()
    answer = await person.post(f"{GENERAL}/", {"message": "", "agent_type": "", "x": 1})
    assert wrong(answer) == {"message": "too_short", "agent_type": "too_short", "x": "unknown_field"}
