"""What saving an answer does: once, and nothing the second time."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from onboarding.advance import advance
from onboarding.errors import InvalidAnswer, VersionConflict
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import Channel, EventKind, Reminders
from tests.domain.given import NOW, PERSON, after, answer, answered, errors, fresh, kinds, refused, save

LATER = NOW + timedelta(days=2)


def test_a_first_answer_is_one_event_and_one_version() -> None:
    """An answer that is new completes its state and is seen by everybody as the next version."""
    run, events = advance(fresh(), save((1, answer(1))), LATER)
    assert kinds(events) == [(EventKind.STATE_COMPLETED, 1)]
    assert (run.version, run.seq, events[0].seq, events[0].version) == (2, 2, 2, 2)
    assert (events[0].actor, events[0].at) == (PERSON, LATER)


@pytest.mark.parametrize("step", range(1, 10))
def test_the_same_answer_again_changes_nothing(step: int) -> None:
    """Saving what is saved gives the very same run: no event, no version, no later expiry."""
    run = answered(9)
    assert advance(run, save((step, answer(step))), LATER) == (run, ())


def test_an_answer_that_means_the_same_changes_nothing() -> None:
    """Blanks around a text, 30 for 30.0, null for an absent field: the same answer written differently."""
    run = after(answered(2), save((3, answer(3, equipment=["Mat"], target_weight_kg=30))))
    same = answer(3, equipment=["  Mat "], target_weight_kg=30.0, target_body_fat_percentage=None)
    assert advance(run, save((3, same)), LATER) == (run, ())


def test_another_answer_is_an_edit() -> None:
    """A changed answer is an edit of its state, one version later, and slides the expiry."""
    run, events = advance(answered(3), save((1, {"fitness_level": "advanced"})), LATER)
    assert kinds(events) == [(EventKind.STATE_EDITED, 1)]
    assert run.version == answered(3).version + 1
    assert run.expires_at == LATER + timedelta(days=7)


def test_an_answer_slides_the_expiry_and_resets_the_reminders() -> None:
    """After an answer the run has its whole time again, and reminders count from there; opting out stays."""
    silent = replace(answered(2), reminders=Reminders(sent=2, muted=True))
    run = after(silent, save((3, answer(3))), now=LATER)
    assert (run.last_activity_at, run.expires_at) == (LATER, LATER + FITNESS.timing.expires_after)
    assert run.reminders == Reminders(sent=0, muted=True)


def test_a_batch_is_one_version_and_many_events() -> None:
    """Several answers in one command are several events of one version, in order."""
    run, events = advance(fresh(), save((1, answer(1)), (2, answer(2)), (3, answer(3))), NOW)
    assert kinds(events) == [(EventKind.STATE_COMPLETED, n) for n in (1, 2, 3)]
    assert ([e.seq for e in events], {e.version for e in events}) == ([2, 3, 4], {2})
    assert (run.version, run.seq) == (2, 4)
    assert advance(run, save((1, answer(1)), (2, answer(2)), (3, answer(3))), LATER) == (run, ())


def test_a_batch_is_all_or_nothing_and_names_every_error() -> None:
    """One wrong answer keeps the whole batch out; every wrong field of every answer is named by its path."""
    command = save((1, {}), (2, {"goals": []}), (3, answer(3)), (4, answer(4, diet_type=5, x=1)))
    error = refused(InvalidAnswer, lambda: after(fresh(), command))
    assert errors(error) == [
        ("steps[0].data.fitness_level", "required"),
        ("steps[1].data.goals", "too_short"),
        ("steps[3].data.diet_type", "not_allowed"),
        ("steps[3].data.x", "unknown_field"),
    ]


def test_a_batch_of_one_writes_its_paths_as_a_batch() -> None:
    """The form of the paths follows the endpoint, not the number of answers."""
    error = refused(InvalidAnswer, lambda: after(fresh(), save((1, {}), batch=True)))
    assert errors(error) == [("steps[0].data.fitness_level", "required")]


def test_a_rule_between_states_holds_inside_a_batch() -> None:
    """An answer is measured by the earlier answer of the same batch, not by the one that it replaces."""
    keto, plan = answer(4, diet_type="keto"), answer(5)
    error = refused(InvalidAnswer, lambda: after(answered(5), save((4, keto), (5, plan))))
    assert errors(error) == [
        ("steps[1].data.carbs_percentage", "too_large"),
        ("steps[1].data.fats_percentage", "too_small"),
    ]


def test_an_empty_batch_changes_nothing() -> None:
    """No answers, no change."""
    assert advance(fresh(), save(batch=True), LATER) == (fresh(), ())


def test_whole_floats_are_taken_from_chat_only() -> None:
    """A model's 2000.0 is 2000; a form's is refused."""
    run, data = answered(4), answer(5, daily_calorie_target=2000.0)
    refused(InvalidAnswer, lambda: after(run, save((5, data))))
    saved = after(run, save((5, data), channel=Channel.CHAT)).answers["meal_plan"]["daily_calorie_target"]
    assert (saved, type(saved)) == (2000, int)
    refused(
        InvalidAnswer, lambda: after(run, save((5, answer(5, daily_calorie_target=2000.5)), channel=Channel.CHAT))
    )


def test_a_stale_version_is_refused_and_the_right_one_is_not() -> None:
    """With an expected version a command is followed only on that version."""
    run = answered(1)
    for stale in (run.version - 1, run.version + 1, 0, -1):
        refused(VersionConflict, lambda v=stale: after(run, save((2, answer(2)), expected_version=v)))
    assert after(run, save((2, answer(2)), expected_version=run.version)).version == run.version + 1


def test_the_run_that_is_advanced_is_left_alone() -> None:
    """`advance` gives a new run and never touches the one that it was given, nor the data."""
    run, data = answered(3), answer(4, allergies=[" nuts "])
    before = msgspec.json.encode((run, data))
    after(run, save((4, data)))
    refused(InvalidAnswer, lambda: after(run, save((1, answer(1)), (4, {}))))
    assert msgspec.json.encode((run, data)) == before


def test_the_agent_history_says_who_took_over_when() -> None:
    """An agent's turn is written when the position comes to its first state, and once for all its states."""
    run = answered(9)
    assert [(turn.agent, turn.state) for turn in run.agent_history] == [
        ("workout_planning", 1),
        ("diet_planning", 4),
        ("scheduling", 6),
        ("supplement_guidance", 9),
    ]
    edited = after(run, save((1, {"fitness_level": "advanced"})))
    assert edited.agent_history == run.agent_history


def test_the_agent_history_is_bounded() -> None:
    """A flow with many turns keeps the latest fifty of them."""
    first = FITNESS.states[0]
    states = [replace(first, number=n, key=f"s{n}", agent=f"agent_{n}") for n in range(1, 61)]
    with FLOWS.registered(replace(FITNESS, key="long", states=tuple(states))) as flow:
        turns = [turn.state for turn in answered(59, flow).agent_history]
    assert turns == list(range(11, 61))
