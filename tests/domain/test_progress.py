"""What a run's answers amount to, for a frontend and for support staff."""

import msgspec
import pytest

from onboarding.errors import UnknownFlow
from onboarding.payloads import Abandon, AbandonedReason, Complete, Status
from onboarding.progress import progress, view
from tests.domain.given import PERSON, after, answer, answered, fresh, save, skip

PERCENTAGES = [0, 11, 22, 33, 44, 55, 66, 77, 88, 100]


@pytest.mark.parametrize("done", range(10))
def test_progress_of_a_run_along_the_way(done: int) -> None:
    """Counts, position, percentage (rounded down) and requirements follow the answers at every stage."""
    now = progress(answered(done))
    assert now.completed_states == list(range(1, done + 1))
    assert now.requirements.currently_due == list(range(done + 1, 10))
    assert now.completion_percentage == PERCENTAGES[done]
    assert now.current_state == (done + 1 if done < 9 else None)
    assert (now.current_state_info is None, now.next_state_info is None) == (done == 9, done >= 8)
    assert (now.can_complete, now.is_complete, now.total_states) == (done == 9, False, 9)


def test_skipped_states_count_as_done() -> None:
    """A skipped state adds to the percentage and is listed apart."""
    now = progress(after(answered(8), skip(9)))
    assert (now.completion_percentage, now.skipped_states, now.can_complete) == (100, [9], True)
    assert now.completed_states == list(range(1, 9))


def test_a_state_is_described_for_a_frontend() -> None:
    """The current state's number, key, name, agent, required fields and whether it can be skipped."""
    info = progress(answered(2)).current_state_info
    assert info is not None
    assert (info.state_number, info.key, info.name) == (
        3,
        "workout_constraints",
        "Workout preferences and constraints",
    )
    assert info.required_fields == ["equipment", "injuries", "limitations"]
    assert (info.agent, info.optional) == ("workout_planning", False)
    last = progress(answered(8)).current_state_info
    assert last is not None
    assert (last.optional, last.required_fields) == (True, ["interested_in_supplements"])


def test_complete_means_the_status() -> None:
    """All states done is `can_complete`; only a completed run is `is_complete`."""
    now = progress(after(answered(9), Complete(actor=PERSON)))
    assert (now.is_complete, now.can_complete, now.status) == (True, False, Status.COMPLETED)
    assert (now.current_state, now.completion_percentage) == (None, 100)


def test_an_abandoned_run_shows_where_it_stood() -> None:
    """Progress of an abandoned run keeps its answers' position and cannot be completed."""
    now = progress(after(answered(9), Abandon(actor=PERSON, reason=AbandonedReason.DELETED)))
    assert (now.status, now.is_complete, now.can_complete) == (Status.ABANDONED, False, False)
    assert now.completion_percentage == 100


def test_the_view_shows_no_answer() -> None:
    """Support staff see which states are done, never a word of what was said."""
    secret = "peanuts-and-secrets"
    run = after(answered(3), save((4, answer(4, allergies=[secret]))))
    shown = view(run)
    assert secret not in msgspec.json.encode(shown).decode()
    assert [s.status for s in shown.states] == ["completed"] * 4 + ["open"] * 5
    assert (shown.current_state, shown.flow, shown.version) == (5, "fitness@1", run.version)
    assert view(after(answered(8), skip(9))).states[8].status == "skipped"


def test_a_run_of_a_flow_that_is_gone_is_an_error_with_a_name() -> None:
    """A run keeps its flow's version; when that is not registered, it is said so."""
    run = msgspec.structs.replace(fresh(), flow_version=99)
    with pytest.raises(UnknownFlow):
        progress(run)
