"""The company wizard: sessions, steps and what they refuse."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from onboarding.flow import Timing
from onboarding.flows import FLOWS
from onboarding.flows.company import COMPANY
from tests.api.company import Company
from tests.api.wizard import ANSWERS, WIZARD, answer, answered, begin, complete, end, put, session_of
from tests.stack import RUNS, Person, ok, problem, until, wrong

NOBODY = "0c8f9a52-6d0b-4c53-9d5e-5f0c1d2e3a4b"
FIELDS = {"id", "userId", "status", "currentStep", "stepData", "createdAt", "updatedAt", "expiresAt"}


async def test_start(person: Person) -> None:
    """The first start is 201 with a session that has exactly the published fields; the second is 200 with it."""
    first = await person.post(f"{WIZARD}/start", {"flow": "company"})
    assert first.status_code == 201
    session = first.json()
    assert session.keys() == FIELDS
    assert (session["userId"], session["status"], session["currentStep"]) == (person.id, "in_progress", 1)
    assert session["stepData"] == {}
    again = await person.post(f"{WIZARD}/start")
    assert (again.status_code, again.json()) == (200, session)
    assert ok(await session_of(person, session["id"])) == session


async def test_three_steps(person: Person) -> None:
    """Each step is shown as it was sent, in camelCase, and the session goes on to the next; at the end to none."""
    session = await begin(person)
    for number, (key, data) in enumerate(ANSWERS.items(), 1):
        step = key if number % 2 else number
        session = ok(await put(person, step, data, sessionId=session["id"]))
        assert session["stepData"][key] == data
        assert session["currentStep"] == (number + 1 if number < 3 else None)
        assert ok(await session_of(person, session["id"])) == session
    assert session["stepData"] == ANSWERS
    assert session["updatedAt"] > session["createdAt"]


async def test_the_same_run_under_both_interfaces(person: Person) -> None:
    """A session is a run of the flow `company`: what the wizard saves the runs show in snake_case, and so back."""
    session = await answered(person, 1)
    state = ok(await person.get(f"{RUNS}/state?flow=company"))
    assert (state["id"], state["current_step"]) == (session["id"], 2)
    assert state["step_data"]["welcome"] == {
        "role": "custom",
        "custom_role": "Chief of staff",
        "experience_level": "advanced",
    }
    data = {"role": "team_lead", "experience_level": "beginner"}
    ok(await person.post(f"{RUNS}/step", {"flow": "company", "step": 1, "data": data}))
    shown = ok(await session_of(person, session["id"]))
    assert shown["stepData"]["welcome"] == {"role": "team_lead", "experienceLevel": "beginner"}


async def test_editing_an_earlier_step(person: Person) -> None:
    """An earlier step may be saved again and moves nothing back; the same answer changes nothing at all."""
    session = await answered(person, 2)
    same = ok(await put(person, 1, answer("welcome")))
    assert same == session
    edited = ok(await put(person, 1, answer("welcome", experienceLevel="beginner")))
    assert edited["currentStep"] == 3
    assert edited["stepData"]["welcome"]["experienceLevel"] == "beginner"
    assert edited["stepData"]["company"] == session["stepData"]["company"]


async def test_a_later_step(person: Person) -> None:
    """A later step than the current one is 409 with the current one, even with a wrong answer."""
    await answered(person, 1)
    for data in (answer("organization"), {}):
        refused = problem(await put(person, "organization", data), 409, "state_mismatch")
        assert refused["current_state"] == 2


@pytest.mark.parametrize("step", [0, 4, -1, "goals", "1", "Company"])
async def test_an_unknown_step(person: Person, step: Any) -> None:
    """A step that there is not is 400 and names `step`."""
    await begin(person)
    assert wrong(await put(person, step, {})) == {"step": "unknown_state"}


async def test_every_failing_field_by_its_own_name(person: Person) -> None:
    """Failing fields are named all at once, as the wizard writes them, wherever they are."""
    await answered(person, 1)
    assert wrong(await put(person, 1, {"role": "custom"})) == {
        "experienceLevel": "required",
        "customRole": "required",
    }
    ok(await put(person, 2, answer("company")))
    data = {
        "teamSize": 0,
        "structure": "flat",
        "collaborationStyle": "remote",
        "integrations": ["slack", "slack", "fax"],
        "departments": [{"name": ""}, {"name": "A", "teamSize": 3}],
    }
    assert wrong(await put(person, 3, data)) == {
        "teamSize": "too_small",
        "methodology": "required",
        "collaborationStyle": "not_allowed",
        "integrations[1]": "duplicate",
        "integrations[2]": "not_allowed",
        "departments[0].name": "too_short",
        "departments[1].teamSize": "unknown_field",
    }
    data = answer("organization", departments=[{"name": "A", "parent": "B"}, {"name": "C", "parent": "C"}])
    assert wrong(await put(person, 3, data)) == {
        "departments[0].parent": "unknown_department",
        "departments[1].parent": "cycle",
    }


async def test_snake_case_is_not_the_wizards(person: Person) -> None:
    """A field by its other name is an unknown one, and is told as it was written."""
    await begin(person)
    data = {"role": "ceo", "experience_level": "beginner"}
    assert wrong(await put(person, 1, data)) == {
        "experienceLevel": "required",
        "experience_level": "unknown_field",
    }
    assert wrong(await put(person, 1, {**data, "experienceLevel": "beginner"})) == {
        "experience_level": "unknown_field"
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    [
        ("POST", "start", {"flow": "fitness"}, {"flow": "not_allowed"}),
        ("POST", "start", {"restart": "yes", "context": []}, {"restart": "wrong_type", "context": "wrong_type"}),
        ("POST", "start", {"context": {"note": "x" * 9000}}, {"context": "too_long"}),
        ("POST", "start", {"session_id": "x"}, {"session_id": "unknown_field"}),
        ("PUT", "progress", {}, {"step": "required", "data": "required"}),
        ("PUT", "progress", {"step": 1.5, "data": []}, {"step": "wrong_type", "data": "wrong_type"}),
        (
            "PUT",
            "progress",
            {"step": 1, "data": {}, "sessionId": 1, "session_id": "x"},
            {"sessionId": "wrong_type", "session_id": "unknown_field"},
        ),
        ("POST", "complete", {"createOrganization": "no"}, {"createOrganization": "wrong_type"}),
        ("POST", "complete", {"create_organization": False}, {"create_organization": "unknown_field"}),
    ],
)
async def test_bodies_are_strict(person: Person, method: str, path: str, body: Any, fields: Any) -> None:
    """A body that is not as published is 400 and names every field at fault as it was sent."""
    assert wrong(await person.send(method, f"{WIZARD}/{path}", json=body)) == fields


async def test_a_foreign_logo(person: Person, other: Person) -> None:
    """A picture of somebody else's is refused, one's own becomes the logo."""
    await answered(person, 1)
    theirs = f"tenants/{other.tenant_id}/users/{other.id}/2026/03/logo.png"
    assert wrong(await put(person, 2, answer("company", logo=theirs))) == {"logo": "not_yours"}
    mine = f"tenants/{person.tenant_id}/users/{person.id}/2026/03/logo.png"
    session = ok(await put(person, 2, answer("company", logo=mine)))
    assert session["stepData"]["company"]["logo"] == mine


async def test_nothing_before_the_start(person: Person) -> None:
    """Without a session there is nothing to answer and nothing to complete, whatever other runs there are."""
    await person.start(flow="fitness")
    problem(await put(person, 1, answer("welcome")), 404, "run_not_found")
    problem(await person.post(f"{WIZARD}/complete"), 404, "run_not_found")


async def test_an_end(person: Person) -> None:
    """A session that was given up is shown, and refuses answers; again changes nothing; a start begins anew."""
    session = await answered(person, 1)
    assert (await end(person, session["id"])).status_code == 204
    assert (await end(person, session["id"])).status_code == 204
    shown = ok(await session_of(person, session["id"]))
    assert (shown["status"], shown["stepData"]) == ("abandoned", session["stepData"])
    for body in ({}, {"sessionId": session["id"]}):
        problem(await put(person, 1, answer("welcome"), **body), 409, "run_abandoned")
        problem(await person.post(f"{WIZARD}/complete", body), 409, "run_abandoned")
    fresh = await person.post(f"{WIZARD}/start")
    assert fresh.status_code == 201
    assert (fresh.json()["currentStep"], fresh.json()["stepData"]) == (1, {})


async def test_a_completed_session_stays(person: Person) -> None:
    """After completion the session is shown, cannot be given up or answered, and is what a start answers with."""
    session = await answered(person)
    done = (await complete(person))["session"]
    assert done.keys() == {*FIELDS, "completedAt"}
    assert (done["id"], done["status"], done["currentStep"]) == (session["id"], "completed", None)
    assert done["updatedAt"] == done["completedAt"]
    assert ok(await session_of(person, session["id"])) == done
    problem(await end(person, session["id"]), 409, "onboarding_already_complete")
    for body in ({}, {"sessionId": session["id"]}):
        problem(await put(person, 1, answer("welcome"), **body), 409, "onboarding_already_complete")
    again = await person.post(f"{WIZARD}/start")
    assert (again.status_code, again.json()) == (200, done)


async def test_a_restart(person: Person) -> None:
    """A restart gives a new session; what is meant for the old one reaches neither, and the old one stays."""
    old = await answered(person, 2)
    answer_to = await person.post(f"{WIZARD}/start", {"restart": True})
    assert answer_to.status_code == 201
    new = answer_to.json()
    assert new["id"] != old["id"]
    problem(await put(person, 1, answer("welcome"), sessionId=old["id"]), 409, "run_abandoned")
    problem(await person.post(f"{WIZARD}/complete", {"sessionId": old["id"]}), 409, "run_abandoned")
    assert ok(await session_of(person, new["id"])) == new
    shown = ok(await session_of(person, old["id"]))
    assert (shown["status"], shown["stepData"]) == ("abandoned", old["stepData"])
    assert (await end(person, old["id"])).status_code == 204
    assert ok(await session_of(person, new["id"]))["status"] == "in_progress"


async def test_a_restart_in_the_middle(person: Person) -> None:
    """An answer that races with a restart is saved in the session that it names or refused, never in another."""
    for _ in range(5):
        session = await begin(person)
        answers = await asyncio.gather(
            put(person, 1, answer("welcome"), sessionId=session["id"]),
            person.post(f"{WIZARD}/start", {"restart": True}),
            put(person, 1, answer("welcome", role="ceo"), sessionId=session["id"]),
        )
        restarted = ok(answers[1])
        for saved in (answers[0], answers[2]):
            if saved.is_success:
                assert saved.json()["id"] == session["id"]
            else:
                problem(saved, 409, "run_abandoned")
        if restarted["id"] != session["id"]:
            assert ok(await session_of(person, restarted["id"]))["stepData"] == {}
        await end(person, restarted["id"])


@pytest.mark.parametrize("session_id", [NOBODY, "nonsense", "0", "x" * 64])
async def test_an_unknown_session(person: Person, session_id: str) -> None:
    """A session that nobody has is 404 wherever it is named, and nothing is saved in the one that there is."""
    session = await begin(person)
    problem(await put(person, 1, answer("welcome"), sessionId=session_id), 404, "run_not_found")
    problem(await person.post(f"{WIZARD}/complete", {"sessionId": session_id}), 404, "run_not_found")
    for answer_to in (await session_of(person, session_id), await end(person, session_id)):
        assert answer_to.status_code == 404
    assert ok(await session_of(person, session["id"])) == session


async def test_anothers_session(person: Person, other: Person) -> None:
    """Another person's session is 404 for somebody with a session of their own, and nothing happens to it."""
    theirs, mine = await answered(other, 1), await begin(person)
    await _all_refused(person, theirs["id"])
    assert ok(await session_of(other, theirs["id"])) == theirs
    assert ok(await session_of(person, mine["id"])) == mine


async def test_staff_are_nobody_here(company: Company, rival: Company) -> None:
    """Neither an admin of the tenant, who may read its runs, nor one of another tenant has the session."""
    employee = await company.hire("user")
    theirs = await answered(employee, 1)
    for admin in (company.admin, rival.admin):
        await _all_refused(admin, theirs["id"])
    assert ok(await session_of(employee, theirs["id"])) == theirs


async def _all_refused(person: Person, session_id: str) -> None:
    problem(await session_of(person, session_id), 404, "run_not_found")
    problem(await end(person, session_id), 404, "run_not_found")
    problem(await put(person, 1, answer("welcome"), sessionId=session_id), 404, "run_not_found")
    problem(await person.post(f"{WIZARD}/complete", {"sessionId": session_id}), 404, "run_not_found")


async def test_a_run_of_another_flow_is_no_session(person: Person) -> None:
    """One's own run of another flow is 404 here."""
    run = await person.start(flow="fitness")
    await _all_refused(person, run["id"])
    assert (await person.progress("fitness"))["status"] == "in_progress"


async def test_who_has_not_signed_in(person: Person) -> None:
    """Every endpoint is 401 without a token."""
    for method, path in (
        ("POST", "start"),
        ("PUT", "progress"),
        ("POST", "complete"),
        ("GET", f"session/{NOBODY}"),
        ("DELETE", f"session/{NOBODY}"),
    ):
        answer_to = await person.client.request(method, f"{WIZARD}/{path}", json={})
        problem(answer_to, 401, "auth_missing_token")


async def test_there_is_no_version(person: Person) -> None:
    """The wizard is at its unversioned paths alone; with the version there are the runs."""
    session = await begin(person)
    assert (await person.get(f"/api/v1/onboarding/session/{session['id']}")).status_code == 404
    answer_to = await person.send("PUT", "/api/v1/onboarding/progress", json={})
    problem(answer_to, 405, "method_not_allowed")


async def test_one_key_for_both_interfaces(person: Person) -> None:
    """A key that was used for a run means another request here, where the path differs by the version alone."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    run = ok(await person.post(f"{RUNS}/start", {"flow": "company"}, headers=headers))
    session = await person.post(f"{WIZARD}/start", {"flow": "company"}, headers=headers)
    assert "idempotent-replayed" not in session.headers
    assert (session.json().keys(), session.json()["id"]) == (FIELDS, run["id"])
    again = await person.post(f"{WIZARD}/start", {"flow": "company"}, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == session.json()


async def test_context_is_offered(person: Person) -> None:
    """What the caller knows is offered to a new session as far as it is valid, and is no answer."""
    context = {
        "companyName": "Acme",
        "website": "javascript:alert(1)",
        "size": "small",
        "teamSize": 12,
        "welcome": {"role": "ceo", "experienceLevel": "beginner"},
        "logo": f"tenants/{NOBODY}/2026/03/logo.png",
        "campaign": "spring",
    }
    session = await begin(person, context=context)
    assert (session["currentStep"], session["stepData"]) == (1, {})
    state = ok(await person.get(f"{RUNS}/state?flow=company"))
    assert state["prefill"] == {
        "welcome": {"role": "ceo", "experience_level": "beginner"},
        "company": {"name": "Acme", "size": "small"},
        "organization": {"team_size": 12},
    }
    again = await begin(person, context={"companyName": "Other"})
    assert again == session
    accepted = ok(await person.post(f"{RUNS}/accept-prefilled", {"flow": "company"}))
    assert accepted["current_step"] == 2
    shown = ok(await session_of(person, session["id"]))
    assert shown["stepData"] == {"welcome": context["welcome"]}


async def test_an_expired_session(person: Person) -> None:
    """After the expiry each write is 410 and the session is still shown; the next one offers its answers."""
    await answered(person, 1)
    with FLOWS.registered(replace(COMPANY, timing=Timing(expires_after=timedelta(seconds=1)))):
        # Nothing but this one answer has to come before the second is over.
        session = ok(await put(person, 2, answer("company")))

        async def is_over() -> bool:
            return ok(await session_of(person, session["id"]))["status"] == "abandoned"

        await until(is_over)
    for body in ({}, {"sessionId": session["id"]}):
        problem(await put(person, 3, answer("organization"), **body), 410, "run_expired")
        problem(await person.post(f"{WIZARD}/complete", body), 410, "run_expired")
    problem(await end(person, session["id"]), 410, "run_expired")
    successor = await begin(person, context={"companyName": "Other", "teamSize": 3})
    assert (successor["id"] != session["id"], successor["stepData"]) == (True, {})
    offered = ok(await person.get(f"{RUNS}/state?flow=company"))["prefill"]
    assert offered["company"]["name"] == session["stepData"]["company"]["name"]
    assert offered["organization"] == {"team_size": 3}
    ok(await person.post(f"{RUNS}/accept-prefilled", {"flow": "company"}))
    shown = ok(await session_of(person, successor["id"]))
    assert (shown["currentStep"], shown["stepData"]) == (3, session["stepData"])


async def test_recommendations(person: Person) -> None:
    """What was suggested in the course of a session is shown with it, and with its completion, as it was told."""
    session = await answered(person)
    assert "aiRecommendations" not in session
    asked = {"kind": "all", "sessionId": session["id"]}
    told = ok(await person.post(f"{WIZARD}/ai-suggestions", asked))
    shown = ok(await session_of(person, session["id"]))["aiRecommendations"]
    names = ("industryInsights", "suggestedOKRs", "teamStructureAdvice", "nextSteps")
    assert {name: shown[name] for name in names} == {name: told[name] for name in names}
    kinds = ("insights", "okrs", "team_structure", "next_steps")
    assert shown["suggestionIds"] == dict.fromkeys(kinds, told["suggestionId"])
    done = await complete(person)
    assert done["aiRecommendations"] == done["session"]["aiRecommendations"] == shown
