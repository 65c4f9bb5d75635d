"""Only optional states are skipped, and a skip can be taken back."""

from datetime import timedelta

import pytest

from onboarding.advance import advance
from onboarding.errors import StateMismatch, StateNotOptional
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import EventKind
from onboarding.progress import current_state, progress
from tests.domain.given import NOW, after, answer, answered, fresh, kinds, refused, save, skip

LATER = NOW + timedelta(hours=5)


def test_an_optional_state_is_skipped() -> None:
    """Skipping the current optional state is one event and counts as done."""
    run, events = advance(answered(8), skip(9), LATER)
    assert kinds(events) == [(EventKind.STATE_SKIPPED, 9)]
    assert current_state(run, FITNESS) is None
    assert (progress(run).skipped_states, progress(run).completion_percentage) == ([9], 100)
    assert run.expires_at == LATER + timedelta(days=7)


def test_skipping_again_changes_nothing() -> None:
    """A repeated skip is the same run."""
    run = after(answered(8), skip(9))
    assert advance(run, skip("supplement_preferences"), LATER) == (run, ())


@pytest.mark.parametrize("step", [1, "fitness_level"])
def test_a_required_state_is_not_skipped(step: int | str) -> None:
    """The current state, when required, refuses to be skipped."""
    refused(StateNotOptional, lambda: after(fresh(), skip(step)))


def test_an_answered_required_state_is_not_skipped_either() -> None:
    """Being answered makes a required state no more optional."""
    refused(StateNotOptional, lambda: after(answered(5), skip(2)))


@pytest.mark.parametrize("step", [2, 9])
def test_a_later_state_is_not_skipped(step: int) -> None:
    """A later state than the current one is a mismatch, whether optional or not."""
    error = refused(StateMismatch, lambda: after(fresh(), skip(step)))
    assert error.current_state == 1


def test_a_skipped_state_can_be_answered() -> None:
    """An answer to a skipped state takes the skip back."""
    run, events = advance(after(answered(8), skip(9)), save((9, answer(9))), NOW)
    assert kinds(events) == [(EventKind.STATE_COMPLETED, 9)]
    assert (run.skipped, "supplement_preferences" in run.answers) == ((), True)


def test_an_answered_optional_state_can_be_skipped() -> None:
    """Skipping an optional state that was answered removes its answer."""
    run, events = advance(answered(9), skip(9), NOW)
    assert kinds(events) == [(EventKind.STATE_SKIPPED, 9)]
    assert (run.skipped, "supplement_preferences" in run.answers) == (("supplement_preferences",), False)
