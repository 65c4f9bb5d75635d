"""Skipping an optional state."""

from tests.stack import RUNS, Person, ok, problem, wrong


async def test_skip(person: Person) -> None:
    """The optional state can be skipped, which counts as done; skipping it again changes nothing."""
    await person.saved_until(8)
    skipped = ok(await person.post(f"{RUNS}/skip", {"step": 9}))
    assert (skipped["current_step"], skipped["progress"]["can_complete"]) == (None, True)
    assert skipped["progress"]["skipped_states"] == [9]
    assert skipped["progress"]["completion_percentage"] == 100
    again = ok(await person.post(f"{RUNS}/skip", {"step": "supplement_preferences"}))
    assert again["progress"] == skipped["progress"]
    profile = ok(await person.post(f"{RUNS}/complete"))
    assert "supplement_preferences" not in profile["answers"]


async def test_a_required_state(person: Person) -> None:
    """A required state cannot be skipped: 400."""
    await person.start()
    problem(await person.post(f"{RUNS}/skip", {"step": 1}), 400, "state_not_optional")
    assert (await person.progress())["current_state"] == 1


async def test_too_early(person: Person) -> None:
    """A later state than the current one is 409 with the current one, optional or not."""
    await person.start()
    assert problem(await person.post(f"{RUNS}/skip", {"step": 9}), 409, "state_mismatch")["current_state"] == 1
    assert problem(await person.post(f"{RUNS}/skip", {"step": 2}), 409, "state_mismatch")["current_state"] == 1


async def test_answering_what_was_skipped(person: Person) -> None:
    """An answer to a skipped state takes the skip back, and a skip takes an answer back."""
    await person.saved_until(8)
    ok(await person.post(f"{RUNS}/skip", {"step": 9}))
    answered = ok(await person.save(9))["progress"]
    assert (answered["skipped_states"], answered["completed_states"]) == ([], list(range(1, 10)))
    skipped = ok(await person.post(f"{RUNS}/skip", {"step": 9}))["progress"]
    assert (skipped["skipped_states"], skipped["completed_states"]) == ([9], list(range(1, 9)))


async def test_malformed(person: Person) -> None:
    """A state that does not exist, or none, is 400; a stale version 412."""
    await person.start()
    assert wrong(await person.post(f"{RUNS}/skip", {})) == {"step": "required"}
    assert wrong(await person.post(f"{RUNS}/skip", {"step": "x"})) == {"step": "unknown_state"}
    assert wrong(await person.post(f"{RUNS}/skip", {"step": 9, "data": {}})) == {"data": "unknown_field"}
    stale = await person.post(f"{RUNS}/skip", {"step": 9}, headers={"If-Match": '"9"'})
    problem(stale, 412, "version_conflict")
