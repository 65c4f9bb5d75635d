"""The main job, over HTTP: nine states, completion, profile."""

from tests.stack import EXAMPLES, RUNS, Person, ok


async def test_nine_states_one_by_one(person: Person) -> None:
    """A new person answers nine states one by one, completes, and reads a profile that holds every answer."""
    await person.start(timezone="Europe/Berlin")
    for number, example in EXAMPLES.items():
        saved = ok(await person.save(number, example))
        assert saved["current_step"] == (number + 1 if number < 9 else None)
        assert saved["progress"]["completion_percentage"] == 100 * number // 9
        assert (await person.progress()) == saved["progress"]
    assert saved["progress"]["can_complete"]
    profile = ok(await person.post(f"{RUNS}/complete"))
    assert profile == ok(await person.get("/api/v1/profile"))
    assert profile["answers"].keys() == {info["key"] for info in ok(await person.get(f"{RUNS}/states"))["items"]}
    assert (await person.progress())["is_complete"]
