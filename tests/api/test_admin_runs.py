"""Staff look for runs, and at one."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from api.admin_runs import LONGEST, SHORTEST
from db import sweeps
from db.pool import Database
from db.tenant import sweeper
from onboarding.flows.fitness import FITNESS
from runtime.settings import Settings
from tests.api.company import Company
from tests.stack import EXAMPLES, RUNS, Json, Person, ok, problem, until, wrong

ADMIN = "/api/v1/admin/runs"
CANARY = "canary-5c1e"


async def listed(staff: Person, **params: object) -> list[Json]:
    """The runs on the first page."""
    return ok(await staff.get(ADMIN, params=params))["items"]


async def run_id_of(person: Person) -> str:
    """Of their latest run."""
    return ok(await person.get(f"{RUNS}/state"))["id"]


async def silent_for(admin_sql: Callable[..., Awaitable[object]], person: Person, hours: int) -> None:
    """Let their last answer be a while ago."""
    query = (
        "UPDATE onboarding_sessions SET last_activity_at = now() - make_interval(hours => $2) WHERE user_id = $1"
    )
    await admin_sql(query, person.id, hours)


async def archived(database: Database, tenant_id: str) -> None:
    """Let the clean-up archive what is finished in a tenant; it passes over a run that is just being settled."""

    async def none_is_left() -> bool:
        async with database.transaction(sweeper(tenant_id)) as connection:
            await sweeps.archive(connection, datetime.now(UTC))
            left = "SELECT count(*) FROM onboarding_sessions WHERE status <> 'in_progress'"
            return await connection.fetchval(left) == 0

    await until(none_is_left)


async def test_a_run_in_the_list(company: Company) -> None:
    """A manager sees whose run it is and where it stands."""
    person, manager = await company.hire("user", full_name="Ada Example"), await company.hire("manager")
    await person.saved_until(2)
    (run,) = await listed(manager)
    state = ok(await person.get(f"{RUNS}/state"))
    same = ("id", "flow", "flow_version", "status", "current_step", "version", "created_at", "last_activity_at")
    assert {name: run[name] for name in same} == {name: state[name] for name in same}
    assert run["expires_at"] == state["expires_at"]
    assert run["user"] == {"id": person.id, "name": "Ada Example", "email": person.email}
    assert (run["current_step_name"], run["total_states"]) == (FITNESS.states[2].title, 9)
    assert (run["completion_percentage"], run["needs_review"]) == (22, 0)
    assert (run["staff"], run["forked_from"], run["abandoned_reason"], run["completed_at"]) == (None,) * 4
    ok(await manager.post(f"{ADMIN}/{run['id']}/take-over"))
    assert (await listed(manager))[0]["staff"] == manager.id


async def test_filters(company: Company, admin_sql: Callable[..., Awaitable[object]]) -> None:
    """Each filter finds what it names, in every way of writing several, and all of them together."""
    new, second, done, gone = [await company.hire("user") for _ in range(4)]
    await new.start()
    await second.saved_until(3)
    await done.completed()
    await gone.saved_until(3)
    assert (await gone.send("DELETE", f"{RUNS}/")).status_code == 204
    await silent_for(admin_sql, second, 30)
    await silent_for(admin_sql, gone, 30)
    ok(await new.post(f"{RUNS}/start", {"flow": "company"}))

    async def found(query: str) -> list[str]:
        names = {new.id: "new", second.id: "second", done.id: "done", gone.id: "gone"}
        items = ok(await company.admin.get(f"{ADMIN}?{query}"))["items"]
        return sorted(names[each["user"]["id"]] for each in items)

    assert await found("") == ["done", "gone", "new", "new", "second"]
    assert await found("status=completed") == ["done"]
    for several in (
        "status=completed&status=abandoned",
        "status[]=completed&status[]=abandoned",
        "status=completed,abandoned",
    ):
        assert await found(several) == ["done", "gone"]
    assert await found("flow=company") == ["new"]
    assert await found("flow=nothing_like_it") == []
    assert await found("state=4") == ["second"]
    assert await found("state=4&status=in_progress,abandoned") == ["gone", "second"]
    for day in ("24h", "1440m", "1d", "86400s", "PT24H", "P1D"):
        assert await found(f"stuck_for={day}") == ["second"], day
    assert await found("stuck_for=31h") == []
    assert await found("stuck_for=24h&status=abandoned") == []
    assert await found(f"user_id={new.id}") == ["new", "new"]
    assert await found(f"user_id={new.id}&flow=fitness&status=in_progress&state=1") == ["new"]


async def test_pages(company: Company) -> None:
    """Pages of any size show each run once, newest first, with the total when it is asked for."""
    people = [await company.hire("user") for _ in range(5)]
    for person in people:
        await person.start()
    expected = [person.id for person in reversed(people)]
    for limit in (1, 2, 5):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            params = {"limit": limit, "with_total": "true", **({"cursor": cursor} if cursor else {})}
            page = ok(await company.admin.get(ADMIN, params=params))
            assert page["total"] == 5
            seen += [run["user"]["id"] for run in page["items"]]
            cursor = page["next_cursor"]
        assert seen == expected


async def test_every_wrong_parameter_is_named(company: Company) -> None:
    """All that is wrong in a query is told at once, each field with why."""
    query = "status=open&flow=NO&state=0&stuck_for=soon&user_id=me&limit=0&cursor=x&with_total=perhaps"
    assert wrong(await company.admin.get(f"{ADMIN}?{query}")) == {
        "status": "not_allowed",
        "flow": "bad_format",
        "state": "too_small",
        "stuck_for": "bad_format",
        "user_id": "bad_format",
        "limit": "too_small",
        "cursor": "bad_format",
        "with_total": "wrong_type",
    }


@pytest.mark.parametrize(
    ("stuck_for", "code"),
    [
        ("", "bad_format"),
        ("24", "bad_format"),
        ("-1h", "bad_format"),
        ("1.5h", "bad_format"),
        ("1 h", "bad_format"),
        ("24H", "bad_format"),
        ("٣d", "bad_format"),
        ("PT", "bad_format"),
        ("59s", "out_of_range"),
        ("0d", "out_of_range"),
        ("-P1D", "out_of_range"),
        ("366d", "out_of_range"),
        ("999999999d", "out_of_range"),
        ("P999999999D", "out_of_range"),
        ("x" * 21, "too_long"),
    ],
)
async def test_times_that_are_refused(company: Company, stuck_for: str, code: str) -> None:
    """A time to be stuck for is one that can be read, from a minute to a year."""
    found = wrong(await company.admin.get(ADMIN, params={"stuck_for": stuck_for}))
    assert found["stuck_for"] == code


async def test_times_at_the_bounds(company: Company) -> None:
    """The shortest and the longest time are taken."""
    for bound in (SHORTEST, LONGEST):
        assert await listed(company.admin, stuck_for=f"{bound.total_seconds():.0f}s") == []


async def test_a_run_as_a_whole(company: Company, settings: Settings) -> None:
    """One run shows its states, what is missing, what happened and its Temporal page, but no answer."""
    person = await company.hire("user", full_name="Ada Example")
    await person.saved_until(2)
    ok(await person.save(3, {"equipment": [CANARY], "injuries": [], "limitations": []}))
    await person.saved(4, 5)
    ok(await person.save(4, {**EXAMPLES[4], "diet_type": "keto"}))
    answer = await company.admin.get(f"{ADMIN}/{await run_id_of(person)}")
    run = ok(answer)
    assert CANARY not in answer.text
    assert "keto" not in answer.text
    assert [state["status"] for state in run["states"]] == ["completed"] * 4 + ["needs_review"] + ["open"] * 4
    assert run["states"][2]["title"] == FITNESS.states[2].title
    asked = run["requirements"]
    assert (asked["currently_due"], asked["needs_review"], run["needs_review"]) == ([6, 7, 8, 9], [5], 1)
    assert {error["field"].partition(".")[0] for error in asked["errors"]} == {FITNESS.states[4].key}
    assert (run["archived"], run["can_complete"], run["current_step"]) == (False, False, 6)
    assert run["agent_history"][0]["state"] == 1
    assert run["reminders"]["sent"] == 0
    assert run["reminders"]["next_at"] > run["last_activity_at"]
    kinds = [event["kind"] for event in run["history"]["items"]]
    assert (kinds[-1], kinds[1], kinds[0]) == ("run_started", "state_edited", "state_reopened")
    assert run["workflow_id"] == f"onboarding/{person.tenant_id}/{person.id}/fitness"
    page = f"{settings.temporal_ui_url}/namespaces/default/workflows/{quote(run['workflow_id'], safe='')}"
    assert run["temporal_ui_url"] == page


async def test_the_history_goes_on(company: Company) -> None:
    """The history of a run is read on from where its first page ends."""
    person = await company.hire("user")
    await person.saved_until(9)
    for level in ("advanced", "beginner") * 7:
        ok(await person.save(1, {**EXAMPLES[1], "fitness_level": level}))
    run_id = await run_id_of(person)
    first = ok(await company.admin.get(f"{ADMIN}/{run_id}"))["history"]
    cursor = first["next_cursor"]
    assert cursor is not None
    rest = ok(await company.admin.get(f"{ADMIN}/{run_id}/history", params={"cursor": cursor, "with_total": True}))
    own = ok(await person.get(f"{RUNS}/history", params={"limit": 100}))["items"]
    assert first["items"] + rest["items"] == own
    assert (rest["total"], rest["next_cursor"]) == (len(own), None)
    found = wrong(await company.admin.get(f"{ADMIN}/{run_id}/history?limit=101&cursor=x"))
    assert found == {"limit": "too_large", "cursor": "bad_format"}


async def test_an_archived_run(company: Company, app_database: Database) -> None:
    """A run that has been archived is found by its id, with its history, and not in the list."""
    person = await company.hire("user")
    await person.completed()
    run_id = await run_id_of(person)
    before = ok(await company.admin.get(f"{ADMIN}/{run_id}"))
    await archived(app_database, person.tenant_id)
    after = ok(await company.admin.get(f"{ADMIN}/{run_id}"))
    assert (before.pop("archived"), after.pop("archived")) == (False, True)
    assert after == before
    assert len(ok(await company.admin.get(f"{ADMIN}/{run_id}/history"))["items"]) == 11
    assert await listed(company.admin) == []


async def test_every_look_is_noted(company: Company) -> None:
    """Who of the staff looked at whose run stands in the log."""
    person = await company.hire("user")
    await person.start()
    run_id = await run_id_of(person)
    for path in (f"{ADMIN}/{run_id}", f"{ADMIN}/{run_id}/history"):
        with capture_logs() as logs:
            ok(await company.admin.get(path))
        (noted,) = [line for line in logs if line["event"] == "run read by staff"]
        assert (noted["run_id"], noted["user_id"], noted["staff_id"]) == (run_id, person.id, company.admin.id)


async def test_who_may_look(company: Company, rival: Company) -> None:
    """Users may not, of their own run neither; staff of another tenant find nothing by any way."""
    person = await company.hire("user")
    await person.start()
    run_id = await run_id_of(person)
    for path in (ADMIN, f"{ADMIN}/{run_id}", f"{ADMIN}/{run_id}/history"):
        problem(await person.get(path), 403, "forbidden")
        assert ok(await company.admin.get(path))
        assert (await company.client.get(path)).status_code == 401
    for path in (f"{ADMIN}/{run_id}", f"{ADMIN}/{run_id}/history"):
        problem(await rival.admin.get(path), 404, "run_not_found")
    assert await listed(rival.admin, user_id=person.id) == []
    assert ok(await rival.admin.get(ADMIN, params={"with_total": True}))["total"] == 0


async def test_both_addresses(company: Company) -> None:
    """The same is served without the version."""
    person = await company.hire("user")
    await person.start()
    run_id = await run_id_of(person)
    for path in ("/admin/runs", f"/admin/runs/{run_id}", f"/admin/runs/{run_id}/history"):
        assert ok(await company.admin.get(f"/api{path}")) == ok(await company.admin.get(f"/api/v1{path}"))
