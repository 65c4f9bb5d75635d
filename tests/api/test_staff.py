"""Staff answer in the agent's place."""

import asyncio

import httpx

from db.pool import Database
from runtime.settings import Settings
from tests.api.company import Company, found
from tests.api.talk import CHAT, Heard, events, heard, say
from tests.stack import RUNS, Person, ok, problem


async def _run_id(person: Person) -> str:
    return ok(await person.get(f"{RUNS}/state"))["id"]


def _admin(run_id: str, what: str) -> str:
    return f"/api/v1/admin/runs/{run_id}/{what}"


async def test_a_person_answers_in_the_agents_place(company: Company) -> None:
    """After a take-over the agent is silent and staff speak; after the hand-back it speaks again."""
    person, helper = await company.hire("user"), await company.hire("manager")
    await say(person, "hello")
    run_id = await _run_id(person)
    run = ok(await helper.post(_admin(run_id, "take-over")))
    assert run["id"] == run_id
    answer = await say(person, "beginner", message_id="m1")
    assert (answer["source"], answer["response"], answer["saved"]) == ("staff", None, [])
    assert await say(person, "beginner", message_id="m1") == answer
    said = await helper.post(_admin(run_id, "say"), {"message": "Hi, this is Ann. How can I help?"})
    assert said.status_code == 201
    history = ok(await person.get(f"{CHAT}/history"))["items"]
    assert [item["role"] for item in history] == ["staff", "person", "agent", "person"]
    assert history[0]["text"] == "Hi, this is Ann. How can I help?"
    assert (await person.progress())["current_state"] == 1
    ok(await helper.post(_admin(run_id, "hand-back")))
    assert (await say(person, "beginner"))["new_state"] == 2
    kinds = [e["kind"] for e in ok(await person.get(f"{RUNS}/history"))["items"]]
    assert kinds == ["state_completed", "handed_back", "taken_over", "run_started"]


async def test_staff_text_arrives_by_the_stream(server: str, app_database: Database, settings: Settings) -> None:
    """Whoever follows the run hears what staff say as they say it, and after a break what they missed."""
    async with httpx.AsyncClient(base_url=server, timeout=30) as client:
        company = await found(client, app_database, settings)
        person, helper = await company.hire("user"), company.admin
        await person.start()
        run_id = await _run_id(person)
        ok(await helper.post(_admin(run_id, "take-over")))
        headers = {"Authorization": f"Bearer {person.token}"}
        async with client.stream("GET", f"{RUNS}/events", headers=headers) as response:
            stream = events(response)
            assert (await anext(stream)).event == "STATE_SNAPSHOT"
            ok(await helper.post(_admin(run_id, "say"), {"message": "One"}))
            first = await asyncio.wait_for(_next(stream, "STAFF_MESSAGE"), 10)
        assert first.data["message"]["text"] == "One"
        ok(await helper.post(_admin(run_id, "say"), {"message": "Two"}))
        headers["Last-Event-ID"] = first.id
        async with client.stream("GET", f"{RUNS}/events", headers=headers) as response:
            missed = await asyncio.wait_for(_next(events(response), "STAFF_MESSAGE"), 10)
        assert missed.data["message"]["text"] == "Two"
        told = await heard(client, person, "thanks")
        assert [each.event for each in told] == ["RUN_STARTED", "RUN_FINISHED"]
        assert told[-1].data["source"] == "staff"


async def _next(stream: object, event: str) -> Heard:
    async for each in stream:  # type: ignore[attr-defined]
        if each.event == event:
            return each
    raise AssertionError(f"no {event}")


async def test_who_may(company: Company, rival: Company) -> None:
    """People may not, staff of another tenant find nothing, and nobody speaks before taking over."""
    person, colleague = await company.hire("user"), await company.hire("user")
    await person.start()
    run_id = await _run_id(person)
    for what, body in (("take-over", None), ("say", {"message": "x"}), ("hand-back", None)):
        problem(await colleague.post(_admin(run_id, what), body), 403, "forbidden")
        problem(await rival.admin.post(_admin(run_id, what), body), 404, "not_found")
    problem(await company.admin.post(_admin(run_id, "say"), {"message": "x"}), 409, "not_taken_over")
    await person.saved(1, 9)
    ok(await person.post(f"{RUNS}/complete"))
    problem(await company.admin.post(_admin(run_id, "take-over")), 409, "onboarding_already_complete")


async def test_a_colleague_takes_over(company: Company) -> None:
    """Who takes over from somebody else is who answers; what they said stays."""
    person, first, second = [await company.hire(role) for role in ("user", "manager", "manager")]
    await person.start()
    run_id = await _run_id(person)
    for helper in (first, second, second):
        ok(await helper.post(_admin(run_id, "take-over")))
        ok(await helper.post(_admin(run_id, "say"), {"message": f"I am {helper.id}"}))
    kinds = [e["kind"] for e in ok(await person.get(f"{RUNS}/history"))["items"]]
    assert kinds.count("taken_over") == 2
    assert len(ok(await person.get(f"{CHAT}/history"))["items"]) == 3
