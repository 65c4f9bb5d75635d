"""Staff have a person reminded, and end a run."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cli.embedded.ports import free_ports
from db import runs
from db.pool import Database
from runtime.settings import Settings
from tests.api.company import Company
from tests.api.test_admin_runs import ADMIN, archived, run_id_of
from tests.stack import RUNS, Json, Person, application, ok, problem, until

KEY = "Idempotency-Key"
AdminSql = Callable[..., Awaitable[object]]
Notified = Callable[[Person], Awaitable[list[str]]]


async def begun(company: Company) -> tuple[Person, str]:
    """Somebody with an open run, and its id."""
    person = await company.hire("user")
    await person.saved_until(2)
    return person, await run_id_of(person)


async def newest(person: Person) -> Json:
    """The last event of their run, as they see it."""
    return ok(await person.get(f"{RUNS}/history"))["items"][0]


async def expired(admin_sql: AdminSql, person: Person) -> None:
    """Let their run have ended by itself."""
    await admin_sql(
        "UPDATE onboarding_sessions SET status = 'abandoned', abandoned_reason = 'expired', ended_at = now(),"
        " seq = seq + 100 WHERE user_id = $1",
        person.id,
    )


async def test_a_nudge(company: Company, notified: Notified) -> None:
    """The person has the reminder when the nudge is answered, and the history says who of the staff it was."""
    person, run_id = await begun(company)
    manager = await company.hire("manager")
    before = ok(await manager.get(f"{ADMIN}/{run_id}"))
    answer = ok(await manager.post(f"{ADMIN}/{run_id}/nudge"))
    assert answer == {name: before[name] for name in answer}
    assert await notified(person) == ["onboarding_nudge"]
    event = await newest(person)
    assert (event["kind"], event["actor"]) == ("run_reminded", {"kind": "staff", "id": manager.id, "agent": None})
    after = ok(await manager.get(f"{ADMIN}/{run_id}"))["reminders"]
    assert after["nudged_at"] == event["created_at"]
    assert {**after, "nudged_at": None} == before["reminders"]


async def test_not_oftener_than_once_an_hour(company: Company, notified: Notified) -> None:
    """A second nudge is 429 with the time to wait; the first one's key still gets the first answer."""
    person, run_id = await begun(company)
    key = {KEY: uuid.uuid4().hex}
    first = await company.admin.post(f"{ADMIN}/{run_id}/nudge", headers=key)
    again = await company.admin.post(f"{ADMIN}/{run_id}/nudge", headers=key)
    assert (ok(again), again.headers["idempotent-replayed"]) == (ok(first), "true")
    refused = await company.admin.post(f"{ADMIN}/{run_id}/nudge")
    assert problem(refused, 429, "reminded_recently")["retryable"] is True
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert await notified(person) == ["onboarding_nudge"]


async def test_nudges_of_several_at_once(company: Company, notified: Notified) -> None:
    """Of colleagues who nudge at the same moment one does."""
    person, run_id = await begun(company)
    answers = await asyncio.gather(*(company.admin.post(f"{ADMIN}/{run_id}/nudge") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429, 429]
    assert await notified(person) == ["onboarding_nudge"]


@pytest.mark.parametrize("why", ["opted out", "inactive"])
async def test_who_gets_no_reminders(company: Company, notified: Notified, why: str) -> None:
    """Who opted out, or is no longer active, is not nudged."""
    person, run_id = await begun(company)
    if why == "opted out":
        ok(await person.patch("/api/v1/users/me", {"reminders_enabled": False}))
    else:
        assert (await company.admin.send("DELETE", f"/api/v1/users/{person.id}")).status_code == 204
    problem(await company.admin.post(f"{ADMIN}/{run_id}/nudge"), 409, "reminders_off")
    assert await notified(person) == []


async def test_a_run_that_is_over_is_not_nudged(
    company: Company, admin_sql: AdminSql, app_database: Database
) -> None:
    """A completed and a deleted run are 409, an expired one 410, in the archive too."""
    done, gone, late = [await company.hire("user") for _ in range(3)]
    await done.completed()
    await gone.start()
    await gone.send("DELETE", f"{RUNS}/")
    await late.start()
    await expired(admin_sql, late)
    ids = {person.id: await run_id_of(person) for person in (done, gone, late)}
    for moment in ("before", "after"):
        for person, status, code in (
            (done, 409, "onboarding_already_complete"),
            (gone, 409, "run_abandoned"),
            (late, 410, "run_expired"),
        ):
            problem(await company.admin.post(f"{ADMIN}/{ids[person.id]}/nudge"), status, code)
        if moment == "before":
            await archived(app_database, done.tenant_id)


async def test_staff_end_a_run(company: Company) -> None:
    """The run ends as deleted, by staff; the person is told so and can start again."""
    person, run_id = await begun(company)
    manager = await company.hire("manager")
    ended = ok(await manager.post(f"{ADMIN}/{run_id}/abandon"))
    assert (ended["id"], ended["status"], ended["abandoned_reason"]) == (run_id, "abandoned", "deleted")
    event = await newest(person)
    assert (event["kind"], event["actor"]["kind"], event["actor"]["id"]) == ("run_abandoned", "staff", manager.id)
    problem(await person.save(3), 409, "run_abandoned")
    assert ok(await manager.post(f"{ADMIN}/{run_id}/abandon")) == ended
    assert (await person.start())["id"] != run_id
    assert ok(await manager.post(f"{ADMIN}/{run_id}/abandon")) == ended
    assert (await person.progress())["status"] == "in_progress"


async def test_what_is_over_is_not_ended(company: Company, admin_sql: AdminSql, app_database: Database) -> None:
    """A completed run is 409 and an expired one 410, and they stay as they are, in the archive too."""
    done, late = [await company.hire("user") for _ in range(2)]
    await done.completed()
    await late.start()
    await expired(admin_sql, late)
    ids = [await run_id_of(person) for person in (done, late)]
    for moment in ("before", "after"):
        problem(await company.admin.post(f"{ADMIN}/{ids[0]}/abandon"), 409, "onboarding_already_complete")
        problem(await company.admin.post(f"{ADMIN}/{ids[1]}/abandon"), 410, "run_expired")
        if moment == "before":
            await archived(app_database, done.tenant_id)
    assert ok(await company.admin.get(f"{ADMIN}/{ids[0]}"))["status"] == "completed"


async def test_who_may(company: Company, rival: Company) -> None:
    """Users may do nothing to a run of theirs this way; to staff of another tenant it is not there."""
    person, run_id = await begun(company)
    for what, body in (("nudge", None), ("abandon", None), ("fork", {"from_state": 1})):
        problem(await person.post(f"{ADMIN}/{run_id}/{what}", body), 403, "forbidden")
        problem(await rival.admin.post(f"{ADMIN}/{run_id}/{what}", body), 404, "run_not_found")
        missing = f"{ADMIN}/{uuid.UUID(int=7)}/{what}"
        problem(await company.admin.post(missing, body), 404, "run_not_found")
        problem(await company.admin.post(f"{ADMIN}/nothing/{what}", body), 404, "not_found")
    assert (await newest(person))["kind"] == "state_completed"


async def test_while_temporal_is_away(company: Company, settings: Settings) -> None:
    """Staff read on, and what would change a run is 503 with the time to wait."""
    _, run_id = await begun(company)
    address = f"127.0.0.1:{free_ports(1)[0]}"
    async with application(replace(settings, temporal_address=address, update_timeout_seconds=0.3)) as client:
        cut = replace(company.admin, client=client)
        ok(await cut.get(ADMIN))
        ok(await cut.get(f"{ADMIN}/{run_id}"))
        for what, body in (("nudge", None), ("abandon", None), ("fork", {"from_state": 1})):
            answer = await cut.post(f"{ADMIN}/{run_id}/{what}", body)
            assert problem(answer, 503, "workflow_unavailable")["retryable"]
            assert int(answer.headers["retry-after"]) > 0


async def test_what_is_kept_of_an_answer_goes_with_the_person(company: Company, admin_sql: AdminSql) -> None:
    """What staff were answered of a run names whose it is: once they are erased, no repeat gets it again."""
    person, run_id = await begun(company)
    sent: tuple[tuple[str, Json | None], ...] = (
        ("take-over", None),
        ("say", {"message": "Hello"}),
        ("hand-back", None),
        ("nudge", None),
        ("fork", {"from_state": 1}),
        ("abandon", None),
    )
    for what, body in sent:
        await company.admin.post(f"{ADMIN}/{run_id}/{what}", body, headers={KEY: "once"})
    query = "SELECT FROM idempotency_keys WHERE tenant_id = $1 AND scope LIKE $2"
    kept = (query, person.tenant_id, f"%/admin/runs/{run_id}/%")
    assert await admin_sql(*kept) == f"SELECT {len(sent)}"
    receipt = await company.admin.post(f"/api/v1/users/{person.id}/erase")

    async def done() -> bool:
        return ok(await company.admin.get(receipt.headers["location"]))["status"] == "completed"

    await until(done, 60)
    assert await admin_sql(*kept) == "SELECT 0"


async def test_a_person_who_is_erased_meanwhile(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff whose request meets the erasure of the person find no run, and stay signed in."""
    person, run_id = await begun(company)
    erased = f"/api/v1/users/{person.id}/erase"
    project = runs.project

    async def erase() -> None:
        assert (await company.admin.post(erased)).status_code == 202
        await until(lambda: gone(company.admin, person), 60)

    async def too_late(*given: Any, durable: bool = True) -> None:
        if not durable:  # the API's own; the workflow settles as ever
            await asyncio.create_task(erase())
        await project(*given, durable=durable)

    monkeypatch.setattr(runs, "project", too_late)
    problem(await company.admin.post(f"{ADMIN}/{run_id}/nudge"), 404, "run_not_found")
    monkeypatch.undo()
    ok(await company.admin.get(ADMIN))


async def gone(admin: Person, person: Person) -> bool:
    """Whether an account is no longer there."""
    return (await admin.get(f"/api/v1/users/{person.id}")).status_code == 404
