"""Starting: once, again, at the same time, anew."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client

from onboarding.payloads import RunView
from runtime.addresses import RunAddress, workflow_id
from tests.stack import RUNS, Person, ok, problem, until, wrong


async def test_start(person: Person) -> None:
    """The first start is 201 with a new run at state 1, which expires seven days later."""
    answer = await person.post(f"{RUNS}/start")
    assert answer.status_code == 201
    run = answer.json()
    assert (run["flow"], run["flow_version"], run["status"]) == ("fitness", 1, "in_progress")
    assert (run["current_step"], run["step_data"], run["version"]) == (1, {}, 1)
    assert run["user_id"] == person.id
    assert run["id"][14] == "7"
    lasts = datetime.fromisoformat(run["expires_at"]) - datetime.fromisoformat(run["created_at"])
    assert lasts == timedelta(days=7)


async def test_start_again(person: Person) -> None:
    """Starting again answers 200 with the same run, as far as it is."""
    first = await person.start()
    ok(await person.save(1))
    again = await person.post(f"{RUNS}/start", {"flow": "fitness"})
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["current_step"]) == (first["id"], 2)


async def test_twenty_starts_at_once(person: Person) -> None:
    """Of twenty starts at the same time exactly one is 201, and all answer with one run."""
    answers = await asyncio.gather(*(person.post(f"{RUNS}/start", {}) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    history = ok(await person.get(f"{RUNS}/history"))["items"]
    assert [event["kind"] for event in history] == ["run_started"]


async def test_restart(person: Person) -> None:
    """`restart` abandons the run that there is and begins another, which is the one that everybody sees."""
    first = await person.start()
    ok(await person.save(1))
    answer = await person.post(f"{RUNS}/start", {"restart": True})
    assert answer.status_code == 201
    second = answer.json()
    assert second["id"] != first["id"]
    assert (second["current_step"], second["step_data"], second["prefilled"]) == (1, {}, False)
    assert (await person.progress())["run_id"] == second["id"]
    ok(await person.save(1))


async def test_twenty_restarts_at_once(person: Person) -> None:
    """Of twenty restarts at the same time one begins anew; the others find its run, which stays."""
    first = await person.saved_until(1)
    answers = await asyncio.gather(*(person.post(f"{RUNS}/start", {"restart": True}) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    (second,) = {answer.json()["id"] for answer in answers}
    assert second != first["run_id"]
    assert (await person.progress())["run_id"] == second
    ok(await person.save(1))


async def test_restarts_among_answers(person: Person) -> None:
    """Restarts among answers leave one open run, the newest, on which reads and writes soon agree."""
    await person.start()
    calls = [person.post(f"{RUNS}/start", {"restart": True}) if n % 4 == 0 else person.save(1) for n in range(20)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} <= {200, 201}
    newest = ok(await person.post(f"{RUNS}/start"))["id"]

    async def is_read() -> bool:
        progress = await person.progress()
        return (progress["run_id"], progress["status"]) == (newest, "in_progress")

    await until(is_read)  # Where one restart overtook another, the workflow writes both in their order.
    assert ok(await person.save(1))["progress"]["run_id"] == newest


async def test_many_starts_beside_complete(person: Person) -> None:
    """However many tabs ask to start while the run completes, it stays completed and takes no answer any more."""
    for _ in range(12):
        await person.start(restart=True)
        await person.saved(1, 9)
        done, *started = await asyncio.gather(
            person.post(f"{RUNS}/complete"), *(person.post(f"{RUNS}/start") for _ in range(12))
        )
        assert (done.status_code, {answer.status_code for answer in started}) == (201, {200})
        problem(await person.save(8), 409, "onboarding_already_complete")
        kinds = [event["kind"] for event in ok(await person.get(f"{RUNS}/history"))["items"]]
        assert (kinds[0], kinds.count("run_completed")) == ("run_completed", 1)


async def test_start_beside_complete(person: Person) -> None:
    """A start that meets a completion answers 200 with the run, whichever was first."""
    await person.saved_until(9)
    done, started = await asyncio.gather(person.post(f"{RUNS}/complete"), person.post(f"{RUNS}/start"))
    assert (done.status_code, started.status_code) == (201, 200)
    assert started.json()["id"] == done.json()["run_id"]


async def test_restart_after_completion(person: Person) -> None:
    """A completed run is what `start` answers with; `restart` begins anew, and completing that is version 2."""
    first = await person.completed()
    again = await person.post(f"{RUNS}/start", {})
    assert (again.status_code, again.json()["status"]) == (200, "completed")
    answer = await person.post(f"{RUNS}/start", {"restart": True})
    assert (answer.status_code, answer.json()["current_step"]) == (201, 1)
    assert ok(await person.get("/api/v1/profile"))["version"] == 1
    await person.saved(1, 9)
    second = ok(await person.post(f"{RUNS}/complete"))
    assert (second["id"], second["version"]) == (first["id"], 2)
    assert second["run_id"] != first["run_id"]


async def test_restart_without_a_run(person: Person) -> None:
    """`restart` where there is nothing to abandon is a start."""
    assert (await person.post(f"{RUNS}/start", {"restart": True})).status_code == 201


async def test_delete_then_start(person: Person) -> None:
    """After DELETE a start is a new run that offers nothing of the old one."""
    first = await person.start()
    ok(await person.save(1))
    assert (await person.send("DELETE", f"{RUNS}/")).status_code == 204
    answer = await person.post(f"{RUNS}/start", {})
    assert answer.status_code == 201
    assert answer.json()["id"] != first["id"]
    assert (answer.json()["current_step"], answer.json()["prefilled"]) == (1, False)


async def test_place(person: Person) -> None:
    """Time zone and language come from the request, else from the person; a later start changes them."""
    ok(await person.patch("/api/v1/users/me", {"timezone": "Europe/Rome", "locale": "es"}))
    run = await person.start()
    assert (run["timezone"], run["locale"]) == ("Europe/Rome", "es")
    moved = await person.start(timezone="America/Lima", locale="en")
    assert (moved["id"], moved["timezone"], moved["locale"]) == (run["id"], "America/Lima", "en")
    assert moved["version"] == run["version"]
    me = ok(await person.get("/api/v1/users/me"))
    assert (me["timezone"], me["locale"]) == ("America/Lima", "en")


async def test_who_wants_no_reminders(person: Person, temporal: Client) -> None:
    """A run of somebody who wants no reminders is begun without any."""
    ok(await person.patch("/api/v1/users/me", {"reminders_enabled": False}))
    await person.start()
    handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))
    assert (await handle.query("view", result_type=RunView)).next_reminder_at is None
    ok(await person.patch("/api/v1/users/me", {"reminders_enabled": True}))
    assert (await handle.query("view", result_type=RunView)).next_reminder_at is not None


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"restart": "yes"}, {"restart": "wrong_type"}),
        ({"restart": 1}, {"restart": "wrong_type"}),
        ({"locale": "de"}, {"locale": "not_allowed"}),
        ({"flow": 1}, {"flow": "wrong_type"}),
        ({"flow": ""}, {"flow": "too_short"}),
        ({"flow": "x" * 65}, {"flow": "too_long"}),
        ({"user_id": "someone else"}, {"user_id": "unknown_field"}),
    ],
)
async def test_start_refuses(person: Person, body: dict[str, Any], errors: dict[str, str]) -> None:
    """A body that says something wrong is 400, and starts nothing."""
    assert wrong(await person.post(f"{RUNS}/start", body)) == errors
    problem(await person.get(f"{RUNS}/progress"), 404, "run_not_found")


async def test_an_unknown_time_zone(person: Person) -> None:
    """A time zone that does not exist is 400."""
    assert wrong(await person.post(f"{RUNS}/start", {"timezone": "Moon/Base"})).keys() == {"timezone"}


async def test_an_unknown_flow(person: Person) -> None:
    """A flow that does not exist is 404 `unknown_flow`."""
    problem(await person.post(f"{RUNS}/start", {"flow": "yoga"}), 404, "unknown_flow")


async def test_the_workflow_is_found_by_support(person: Person, temporal: Client) -> None:
    """The run stands in the Temporal UI under its address, with state and status, and nothing personal."""
    await person.saved_until(2)
    handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))

    async def shown() -> bool:
        attributes = (await handle.describe()).typed_search_attributes
        found = {pair.key.name: pair.value for pair in attributes}
        return found.get("GangwayState") == 3 and found.get("GangwayStatus") == "in_progress"

    await until(shown)
    described = await handle.describe()
    assert person.email not in str(described.raw_description)
