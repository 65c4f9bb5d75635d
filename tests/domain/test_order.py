"""Position is derived from the answers, and order comes before content."""

from typing import Any

import pytest

from onboarding.errors import InvalidAnswer, StateMismatch, StateNotOptional, VersionConflict
from onboarding.flows.fitness import FITNESS
from onboarding.progress import current_state
from tests.domain.given import after, answer, answered, errors, fresh, refused, save, skip


def position(run: Any) -> int | None:
    current = current_state(run, FITNESS)
    return current.number if current else None


@pytest.mark.parametrize("done", range(10))
def test_the_position_follows_the_answers(done: int) -> None:
    """With the first n states answered the current one is the next, and none after the last."""
    assert position(answered(done)) == (done + 1 if done < 9 else None)


@pytest.mark.parametrize("step", [2, 5, 9, "fitness_goals", "supplement_preferences"])
@pytest.mark.parametrize("data", [{}, {"wrong": 1}, None])
def test_a_later_state_is_a_mismatch_whatever_its_answer(step: int | str, data: dict[str, Any] | None) -> None:
    """A later state than the current one is refused for its order, before its answer is looked at."""
    data = answer(step) if data is None else data
    error = refused(StateMismatch, lambda: after(fresh(), save((step, data))))
    assert (error.current_state, error.errors) == (1, ())


@pytest.mark.parametrize("step", [0, 10, -1, 10**30, "nope", "1", ""])
def test_a_state_that_does_not_exist_is_an_invalid_step(step: int | str) -> None:
    """A step that the flow does not have is an error of the field `step`, when saved and when skipped."""
    for command in (save((step, {})), skip(step)):
        assert errors(refused(InvalidAnswer, lambda c=command: after(fresh(), c))) == [("step", "unknown_state")]
    batch = save((1, answer(1)), (step, {}))
    assert errors(refused(InvalidAnswer, lambda: after(fresh(), batch))) == [("steps[1].step", "unknown_state")]


def test_an_edit_moves_nothing_back() -> None:
    """Saving an earlier state changes its answer and leaves the position where it is."""
    run = answered(6)
    edited = after(run, save((2, {"goals": [{"goal_type": "fat_loss"}]})))
    assert position(edited) == position(run) == 7
    assert edited.answers["fitness_goals"] == {"goals": [{"goal_type": "fat_loss"}]}


def test_a_state_can_be_named_by_its_number_or_its_key() -> None:
    """Number and key of a state mean the same."""
    assert after(fresh(), save((1, answer(1)))) == after(fresh(), save(("fitness_level", answer(1))))


def test_a_batch_goes_forward_from_the_current_state() -> None:
    """A batch may answer several states in a row, since each makes the next one current."""
    run = after(fresh(), save(*[(n, answer(n)) for n in range(1, 10)]))
    assert position(run) is None
    run = after(answered(3), save((2, answer(2)), (4, answer(4)), (5, answer(5))))
    assert position(run) == 6


@pytest.mark.parametrize("steps", [(2,), (1, 3), (2, 1), (1, 2, 4)])
def test_a_batch_with_a_gap_is_a_mismatch(steps: tuple[int, ...]) -> None:
    """A batch that leaves a state out saves nothing and says where the run stands."""
    run = fresh()
    error = refused(StateMismatch, lambda: after(run, save(*[(n, answer(n)) for n in steps], batch=True)))
    assert error.current_state == 1


@pytest.mark.parametrize("steps", [(1, 1), (2, 1), (1, 3, 2), (1, 2, 1), (4, 4)])
def test_a_batch_names_each_state_once_and_in_order(steps: tuple[int, ...]) -> None:
    """A batch with a state twice or before an earlier one would not be the same twice, so it is refused."""
    error = refused(InvalidAnswer, lambda: after(answered(3), save(*[(n, answer(n)) for n in steps])))
    assert errors(error) == [(f"steps[{len(steps) - 1}].step", "out_of_order")]


def test_the_order_of_checks_is_version_order_content() -> None:
    """A stale page is told so first, a wrong order next, a wrong answer last."""
    run = answered(2)
    refused(VersionConflict, lambda: after(run, save((5, {}), expected_version=run.version - 1)))
    refused(StateMismatch, lambda: after(run, save((5, {}), expected_version=run.version)))
    refused(InvalidAnswer, lambda: after(run, save((3, {}), expected_version=run.version)))
    refused(StateMismatch, lambda: after(run, skip(5)))
    refused(StateNotOptional, lambda: after(run, skip(3)))
