"""Completing the company wizard: one organization, however often and at whatever moment it is asked for."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from api import commands, wizard
from db import runs, sweeps
from db.pool import Database
from db.tenant import sweeper
from tests.api.company import Company
from tests.api.wizard import ANSWERS, WIZARD, answer, answered, begin, complete, put, session_of
from tests.stack import RUNS, Person, ok, problem, until

COMPLETE = f"{WIZARD}/complete"
FIELDS = {"session", "organization", "aiRecommendations"}


async def test_complete(person: Person) -> None:
    """Completion is 200 with the session, the organization as it was described, and its departments."""
    session = await answered(person)
    done = await complete(person)
    assert done.keys() == FIELDS
    assert done["session"]["id"] == session["id"]
    assert done["aiRecommendations"] is None
    organization = done["organization"]
    described = {**ANSWERS["company"], "logo": None, **ANSWERS["organization"]}
    del described["departments"]
    assert {name: organization[name] for name in described} == described
    assert (organization["createdBy"], organization["okrs"]) == (person.id, [])
    shown = [(each["name"], each["description"], each["parent"]) for each in organization["departments"]]
    assert shown == [("Platform", None, "Engineering"), ("Engineering", "Builds.", None)]
    assert ok(await person.get("/api/v1/users/me"))["onboarding_completed"]


async def test_again(person: Person) -> None:
    """A repeat, with the session's id or without, answers the same."""
    session = await answered(person)
    first = await complete(person)
    assert await complete(person) == first
    assert await complete(person, sessionId=session["id"]) == first
    assert await complete(person, createOrganization=False) == first


async def test_ten_at_once(person: Person) -> None:
    """Ten completions at once are one: one organization, one answer."""
    session = await answered(person)
    bodies = ({"sessionId": session["id"]} if number % 2 else {} for number in range(10))
    answers = await asyncio.gather(*(person.post(COMPLETE, body) for body in bodies))
    assert {each.status_code for each in answers} == {200}, [each.text for each in answers]
    assert len({each.text for each in answers}) == 1
    history = ok(await person.get(f"{RUNS}/history?flow=company"))["items"]
    assert [event["kind"] for event in history].count("run_completed") == 1


async def test_without_an_organization(person: Person) -> None:
    """Whoever wants none gets none; whoever asks for one later gets it then."""
    await answered(person)
    without = await complete(person, createOrganization=False)
    assert (without["session"]["status"], without["organization"]) == ("completed", None)
    assert (await complete(person, createOrganization=False))["organization"] is None
    later = await complete(person)
    assert later["organization"]["name"] == ANSWERS["company"]["name"]
    assert later["session"] == without["session"]


async def test_completed_elsewhere(person: Person) -> None:
    """A session that was completed as a run still gets its organization here."""
    await answered(person)
    ok(await person.post(f"{RUNS}/complete", {"flow": "company"}))
    assert (await complete(person))["organization"]["teamSize"] == 12


@pytest.mark.parametrize(("saved", "due"), [(0, [1, 2, 3]), (2, [3])])
async def test_too_early(person: Person, saved: int, due: list[int]) -> None:
    """With steps open it is 400 with what is due, and nothing is made."""
    session = await answered(person, saved)
    for body in ({}, {"sessionId": session["id"]}):
        refused = problem(await person.post(COMPLETE, body), 400, "onboarding_incomplete")
        assert refused["requirements"]["currently_due"] == due
    assert ok(await session_of(person, session["id"])) == session


async def test_a_crash_in_between(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the process dies after the run is completed, the same request makes the organization, once."""

    class Died(BaseException):
        pass

    async def dies(*_: Any) -> None:
        raise Died

    session = await answered(person)
    with monkeypatch.context() as patch:
        patch.setattr(wizard, "organize", dies)
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - however the server passes it on
            await person.post(COMPLETE, {})
        assert "Died" in repr(caught.value)
    assert ok(await session_of(person, session["id"]))["status"] == "completed"
    assert (await complete(person))["organization"]["name"] == ANSWERS["company"]["name"]


async def test_a_second_company(person: Person) -> None:
    """After a restart there is a second session and a second organization; the first one keeps its own."""
    first_session = await answered(person)
    first = await complete(person)
    second_session = await begin(person, restart=True)
    assert second_session["id"] != first_session["id"]
    for step in ANSWERS:
        changes = {"name": "Second & Sons"} if step == "company" else {}
        ok(await put(person, step, answer(step, **changes), sessionId=second_session["id"]))
    second = await complete(person, sessionId=second_session["id"])
    assert second["organization"]["name"] == "Second & Sons"
    assert second["organization"]["id"] != first["organization"]["id"]
    assert await complete(person, sessionId=first_session["id"]) == first


async def test_after_a_month(company: Company, app_database: Database) -> None:
    """A session that has been archived is shown as it was, and a repeat still makes and shows its organization."""
    person = await company.hire("user")
    session = await answered(person)
    without = await complete(person, createOrganization=False)
    async with app_database.transaction(sweeper(person.tenant_id)) as connection:
        assert await sweeps.archive(connection, datetime.now(UTC)) == 1
    assert ok(await session_of(person, session["id"])) == without["session"]
    done = await complete(person, sessionId=session["id"])
    assert done["session"] == without["session"]
    assert done["organization"]["teamSize"] == 12
    assert await complete(person) == done


async def test_not_written_yet(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who repeats a completion that another process is still writing is told to come again, and then gets it."""

    written, write = asyncio.Event(), runs.project

    async def written_elsewhere(*_: Any) -> bool:
        return True

    async def later(*changes: Any, **how: Any) -> None:
        await written.wait()
        await write(*changes, **how)

    await answered(person)
    with monkeypatch.context() as patch:
        patch.setattr(commands, "record", written_elsewhere)
        patch.setattr(runs, "project", later)
        refused = await person.post(COMPLETE, {})
    written.set()
    problem(refused, 503, "database_unavailable")
    assert refused.headers["retry-after"]

    async def there() -> bool:
        answer_to = await person.post(COMPLETE, {})
        return answer_to.is_success and answer_to.json()["organization"]["teamSize"] == 12

    await until(there)


async def test_a_repeat_with_a_key(person: Person) -> None:
    """With an `Idempotency-Key` the first answer comes again, and says so."""
    await answered(person)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = await person.post(COMPLETE, {}, headers=headers)
    again = await person.post(COMPLETE, {}, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert ok(again) == ok(first)
