"""Giving up."""

import pytest

from tests.stack import RUNS, Person, ok, problem


@pytest.mark.parametrize("path", [RUNS, f"{RUNS}/", f"{RUNS}?flow=fitness"])
async def test_abandon(person: Person, path: str) -> None:
    """DELETE is 204 without a body; afterwards the run shows why it ended, and takes no answer."""
    await person.saved_until(2)
    answer = await person.send("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await person.progress())["status"] == "abandoned"
    state = ok(await person.get(f"{RUNS}/state"))
    assert (state["status"], state["abandoned_reason"]) == ("abandoned", "deleted")
    assert state["step_data"].keys() == {"fitness_level", "fitness_goals"}
    problem(await person.save(3), 409, "run_abandoned")
    problem(await person.post(f"{RUNS}/skip", {"step": 9}), 409, "run_abandoned")


async def test_twice(person: Person) -> None:
    """DELETE again is 204 again, and no second event."""
    await person.start()
    for _ in range(2):
        assert (await person.send("DELETE", f"{RUNS}/")).status_code == 204
    history = ok(await person.get(f"{RUNS}/history"))["items"]
    assert [event["kind"] for event in history] == ["run_abandoned", "run_started"]


async def test_nothing_to_abandon(person: Person) -> None:
    """Without a run it is 404, in an unknown flow too."""
    problem(await person.send("DELETE", f"{RUNS}/"), 404, "run_not_found")
    assert (await person.send("DELETE", f"{RUNS}/?flow=yoga")).status_code == 404
