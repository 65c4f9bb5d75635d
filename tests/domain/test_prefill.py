"""A successor of an expired run offers the old answers, and one command accepts them."""

from datetime import timedelta

from msgspec.structs import replace

from onboarding.advance import advance
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import AcceptPrefilled, Complete, EventKind
from onboarding.progress import current_state, progress
from tests.domain.given import NOW, PERSON, after, answer, answered, fresh, kinds, save

ACCEPT = AcceptPrefilled(actor=PERSON)
OLD = answered(6).answers


def test_offered_answers_are_no_answers() -> None:
    """Until they are accepted, offered answers move nothing and are only announced."""
    run = fresh(prefill=OLD)
    now = progress(run)
    assert (now.prefilled, now.current_state, now.completed_states) == (True, 1, [])
    assert progress(fresh()).prefilled is False


def test_one_command_accepts_them_all() -> None:
    """Every offered answer is saved, in order and in one version, and the offer is gone."""
    run, events = advance(fresh(prefill=OLD), ACCEPT, NOW)
    assert kinds(events) == [(EventKind.STATE_COMPLETED, n) for n in range(1, 7)]
    assert (run.answers, run.prefill, run.version) == (OLD, {}, 2)
    assert progress(run).current_state == 7


def test_accepting_again_changes_nothing() -> None:
    """A repeated acceptance is the same run."""
    run = after(fresh(prefill=OLD), ACCEPT)
    assert advance(run, ACCEPT, NOW + timedelta(days=1)) == (run, ())
    assert advance(fresh(), ACCEPT, NOW) == (fresh(), ())


def test_an_answer_given_by_hand_wins() -> None:
    """An answer saved before the acceptance stays, and its offer is gone."""
    run = after(fresh(prefill=OLD), save((1, {"fitness_level": "advanced"})))
    assert "fitness_level" not in run.prefill
    run = after(run, ACCEPT)
    assert run.answers["fitness_level"] == {"fitness_level": "advanced"}
    assert progress(run).current_state == 7


def test_an_offered_answer_that_is_no_longer_valid_is_asked_again_alone() -> None:
    """What does not validate leaves its own state open; valid answers after it are not asked twice."""
    run = after(fresh(prefill={**OLD, "fitness_goals": {"goals": []}}), ACCEPT)
    assert progress(run).completed_states == [1, 3, 4, 5, 6]
    assert progress(run).current_state == 2
    run = after(run, save((2, answer(2))))
    current = current_state(run, FITNESS)
    assert current is not None
    assert current.number == 7


def test_an_offered_answer_must_fit_the_one_that_it_depends_on() -> None:
    """An offered plan that a new diet forbids is not taken over."""
    with_keto = after(fresh(prefill=OLD), save(*[(n, answer(n)) for n in (1, 2, 3)]))
    with_keto = after(with_keto, save((4, answer(4, diet_type="keto"))), ACCEPT)
    assert progress(with_keto).current_state == 5
    assert progress(with_keto).completed_states == [1, 2, 3, 4, 6]


def test_an_answer_accepted_before_the_one_it_depends_on_is_reviewed_later() -> None:
    """A plan taken over while the diet is open is re-opened when the diet turns out to forbid it."""
    offered = {**OLD, "dietary_preferences": {"diet_type": "gone"}}
    run = after(fresh(prefill=offered), ACCEPT)
    assert progress(run).completed_states == [1, 2, 3, 5, 6]
    run = after(run, save((4, answer(4, diet_type="keto"))))
    assert progress(run).requirements.needs_review == [5]


def test_nothing_valid_on_offer_changes_nothing() -> None:
    """When no offered answer is valid, the run is as it was."""
    run = fresh(prefill={"fitness_level": {"fitness_level": 1}, "no_such_state": {}})
    assert advance(run, ACCEPT, NOW) == (run, ())


def test_a_completed_run_offers_nothing() -> None:
    """Completion ends the offer."""
    run = replace(answered(9), prefill={"fitness_level": {"fitness_level": "beginner"}})
    assert after(run, Complete(actor=PERSON)).prefill == {}
