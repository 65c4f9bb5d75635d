"""Several answers in one request: all or nothing."""

from typing import Any

import pytest

from tests.stack import EXAMPLES, RUNS, Person, ok, problem, wrong


def steps(*numbers: int | str, **changed: Any) -> dict[str, Any]:
    """The examples of some states in a batch."""
    return {"steps": [{"step": n, "data": changed.get(f"s{n}", EXAMPLES.get(n, {}))} for n in numbers]}  # type: ignore[call-overload]


async def test_a_batch(person: Person) -> None:
    """Answers in order are saved together, as one version with an event each."""
    await person.start()
    saved = ok(await person.post(f"{RUNS}/steps", steps(1, 2, 3)))
    assert (saved["current_step"], saved["progress"]["version"]) == (4, 2)
    assert [event["version"] for event in ok(await person.get(f"{RUNS}/history"))["items"]] == [2, 2, 2, 1]


async def test_all_or_nothing(person: Person) -> None:
    """One wrong answer refuses the batch; every failing field of every answer is named with its place."""
    await person.start()
    batch = steps(1, 2, 3, s2={"goals": []}, s3={"equipment": [""], "injuries": []})
    assert wrong(await person.post(f"{RUNS}/steps", batch)) == {
        "steps[1].data.goals": "too_short",
        "steps[2].data.equipment[0]": "too_short",
        "steps[2].data.limitations": "required",
    }
    assert (await person.progress())["completed_states"] == []


async def test_a_rule_between_fields(person: Person) -> None:
    """A rule between fields, and one between states, has its place in the batch too."""
    await person.start()
    keto = {**EXAMPLES[4], "diet_type": "keto"}
    batch = steps(1, 2, 3, 4, 5, s4=keto)
    assert wrong(await person.post(f"{RUNS}/steps", batch)) == {
        "steps[4].data.carbs_percentage": "too_large",
        "steps[4].data.fats_percentage": "too_small",
    }


@pytest.mark.parametrize("numbers", [(2,), (1, 3), (1, 2, 9)])
async def test_out_of_order(person: Person, numbers: tuple[int, ...]) -> None:
    """A batch that leaves a state out is 409 and saves nothing."""
    await person.start()
    refused = problem(await person.post(f"{RUNS}/steps", steps(*numbers)), 409, "state_mismatch")
    assert refused["current_state"] == 1
    assert (await person.progress())["completed_states"] == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"steps": "required"}),
        ({"steps": []}, {"steps": "too_short"}),
        ({"steps": [{"step": 1, "data": {}}] * 51}, {"steps": "too_long"}),
        ({"steps": {"step": 1}}, {"steps": "wrong_type"}),
        ({"steps": [1]}, {"steps[0]": "wrong_type"}),
        ({"steps": [{"step": 1}]}, {"steps[0].data": "required"}),
        ({"steps": [{"step": 1, "data": {}, "x": 1}]}, {"steps[0].x": "unknown_field"}),
        (steps(1, 77), {"steps[1].step": "unknown_state"}),
    ],
)
async def test_a_malformed_batch(person: Person, body: dict[str, Any], errors: dict[str, str]) -> None:
    """What is no batch is 400 with the place of each error."""
    await person.start()
    assert wrong(await person.post(f"{RUNS}/steps", body)) == errors


async def test_twice_the_same_state(person: Person) -> None:
    """A state stands in a batch once."""
    await person.start()
    assert wrong(await person.post(f"{RUNS}/steps", steps(1, 1))).keys() == {"steps[1].step"}


async def test_the_same_batch_again(person: Person) -> None:
    """The same batch again changes nothing."""
    await person.start()
    first = ok(await person.post(f"{RUNS}/steps", steps(1, 2)))
    assert ok(await person.post(f"{RUNS}/steps", steps(1, 2))) == first


async def test_a_stale_batch(person: Person) -> None:
    """`If-Match` holds for batches."""
    await person.start()
    stale = await person.post(f"{RUNS}/steps", steps(1), headers={"If-Match": '"7"'})
    problem(stale, 412, "version_conflict")
