"""Progress, the run, the flow's states, and its history."""

from datetime import datetime

import jsonschema_rs
import pytest

from onboarding.flows.fitness import FITNESS
from tests.stack import EXAMPLES, RUNS, Person, ok, problem, wrong


async def test_progress(person: Person) -> None:
    """Progress has every field of the contract, each right for a run in the middle."""
    saved = await person.saved_until(3)
    answer = await person.get(f"{RUNS}/progress")
    progress = ok(answer)
    assert progress == saved
    assert (progress["current_state"], progress["total_states"]) == (4, 9)
    assert (progress["completed_states"], progress["skipped_states"]) == ([1, 2, 3], [])
    assert progress["current_state_info"] == {
        "state_number": 4,
        "key": "dietary_preferences",
        "name": "Diet preferences and restrictions",
        "agent": "diet_planning",
        "description": FITNESS.states[3].description,
        "required_fields": ["diet_type", "allergies", "intolerances", "dislikes"],
        "optional": False,
    }
    assert progress["next_state_info"]["state_number"] == 5
    assert (progress["completion_percentage"], progress["is_complete"], progress["can_complete"]) == (
        33,
        False,
        False,
    )
    assert progress["requirements"] == {"currently_due": [4, 5, 6, 7, 8, 9], "needs_review": [], "errors": []}
    assert progress["status"] == "in_progress"
    assert datetime.fromisoformat(progress["expires_at"]).utcoffset() is not None


async def test_progress_before_the_start(person: Person) -> None:
    """Before the start it is 404, for the named flow as for the default one."""
    problem(await person.get(f"{RUNS}/progress"), 404, "run_not_found")
    problem(await person.get(f"{RUNS}/progress?flow=fitness"), 404, "run_not_found")
    assert (await person.get(f"{RUNS}/progress?flow=yoga")).status_code == 404


async def test_the_last_state_has_no_next(person: Person) -> None:
    """At the last state there is a current one and no next one."""
    progress = await person.saved_until(8)
    assert progress["current_state_info"]["optional"]
    assert progress["next_state_info"] is None
    assert progress["completion_percentage"] == 88


async def test_state(person: Person) -> None:
    """The run shows its answers by key, its agents in turn, and its times in UTC."""
    await person.saved_until(6)
    state = ok(await person.get(f"{RUNS}/state"))
    assert state["user_id"] == person.id
    assert state["step_data"].keys() == {each.key for each in FITNESS.states[:6]}
    assert state["step_data"]["meal_schedule"]["meals"][0]["enable_notifications"] is True
    agents = [turn["agent"] for turn in state["agent_history"]]
    assert agents == ["workout_planning", "scheduling"]
    for name in ("created_at", "last_activity_at", "expires_at"):
        assert state[name].endswith("Z")
    assert state["completed_at"] is None
    assert "tenant_id" not in state


async def test_states(person: Person) -> None:
    """Each state brings a schema that takes its example, a form, and the words to ask with."""
    found = ok(await person.get(f"{RUNS}/states"))
    assert (found["flow"], found["flow_version"], len(found["items"])) == ("fitness", 1, 9)
    for state in found["items"]:
        jsonschema_rs.validate(state["schema"], state["example"])
        assert not jsonschema_rs.is_valid(state["schema"], {**state["example"], "more": 1})
        assert state["form"]
        assert state["opener"]
        assert state["why_we_ask"]
    assert found["items"][4]["depends_on"] == ["dietary_preferences"]
    assert [state["number"] for state in found["items"] if state["optional"]] == [9]


async def test_states_of_no_flow(person: Person) -> None:
    """An unknown flow is 404; a name too long to be one is 400."""
    problem(await person.get(f"{RUNS}/states?flow=yoga"), 404, "unknown_flow")
    assert wrong(await person.get(f"{RUNS}/states?flow={'x' * 65}")).keys() == {"flow"}


async def test_history(person: Person) -> None:
    """Each change is one event with who made it, by which channel, and when."""
    await person.saved_until(1)
    ok(await person.save(1, {"fitness_level": "advanced"}))
    items = ok(await person.get(f"{RUNS}/history"))["items"]
    assert [(event["kind"], event["state"], event["version"]) for event in items] == [
        ("state_edited", 1, 3),
        ("state_completed", 1, 2),
        ("run_started", None, 1),
    ]
    assert {event["channel"] for event in items} == {"form"}
    assert {event["actor"]["id"] for event in items} == {person.id}
    assert len({event["id"] for event in items}) == 3
    assert not any("advanced" in str(event) for event in items)


async def test_history_by_pages(person: Person) -> None:
    """Pages of two give every event once, newest first, and the last page has no cursor."""
    await person.saved_until(8)
    everything = ok(await person.get(f"{RUNS}/history"))
    assert everything["next_cursor"] is None
    found, cursor = [], None
    for _ in range(5):
        query = {"limit": 2, "cursor": cursor} if cursor else {"limit": 2}
        page = ok(await person.get(f"{RUNS}/history", params=query))
        found += page["items"]
        cursor = page["next_cursor"]
    assert (cursor, found) == (None, everything["items"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%C3%A9", "cursor"),
        ("cursor=LTE%3D%3D%3D", "cursor"),
        (f"cursor={'MTE5' * 20}", "cursor"),
        (f"cursor={'x' * 201}", "cursor"),
        (f"flow={'x' * 65}", "flow"),
    ],
)
async def test_history_refuses(person: Person, query: str, field: str) -> None:
    """A limit out of bounds and a cursor of somebody else's are 400 and named."""
    await person.start()
    assert wrong(await person.get(f"{RUNS}/history?{query}")).keys() == {field}


async def test_all_wrong_parameters_at_once(person: Person) -> None:
    """Every wrong parameter is named, in the words that bodies use and by the name that the client knows."""
    await person.start()
    answer = await person.get(f"{RUNS}/history?limit=0&flow=-&with_total=7&cursor={'x' * 201}")
    assert wrong(answer) == {
        "limit": "too_small",
        "flow": "bad_format",
        "with_total": "wrong_type",
        "cursor": "too_long",
    }
    long = await person.save(1, headers={"If-Match": "1" * 41})
    assert wrong(long) == {"If-Match": "too_long"}
    details = [error["detail"] for answer in (answer, long) for error in answer.json()["errors"]]
    assert not any("Expected" in detail for detail in details)


async def test_the_only_active_run_is_meant(person: Person) -> None:
    """Without `flow` a request means the person's only active run."""
    await person.start(flow="fitness")
    assert (await person.progress())["flow"] == "fitness"
    assert await person.progress("fitness") == await person.progress()
    assert ok(await person.save(1, {**EXAMPLES[1]}))["current_step"] == 2
