"""When an earlier answer changes, what depends on it is re-opened, closed or confirmed."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from onboarding.advance import advance
from onboarding.answers import Answer
from onboarding.errors import Incomplete, InvalidAnswer
from onboarding.flow import Dependency, Flow, State
from onboarding.flows import FLOWS
from onboarding.payloads import Complete, EventKind, FieldError
from onboarding.progress import progress, view
from tests.domain.given import NOW, PERSON, after, answer, answered, errors, kinds, refused, save, skip

KETO = answer(4, diet_type="keto")
LEAN = answer(5, protein_percentage=25, carbs_percentage=10, fats_percentage=65)


class Number(Answer, frozen=True, kw_only=True):
    value: int


def at_least(later: Number, earlier: Number) -> Iterator[FieldError]:
    if later.value < earlier.value:
        yield FieldError(field="value", code="too_small", detail="is less than before")


def chain() -> Flow:
    """Three numbers that must not fall; the first two may be skipped."""

    def state(number: int, key: str, *on: str, optional: bool = False) -> State:
        return State(
            number=number,
            key=key,
            title=key,
            agent="counting",
            description=key,
            opener=key,
            why_we_ask=key,
            answer=Number,
            example={"value": 5},
            optional=optional,
            depends_on=tuple(Dependency(on=other, rules=(at_least,)) for other in on),
        )

    states = (state(1, "a", optional=True), state(2, "b", "a", optional=True), state(3, "c", "a", "b"))
    return Flow(key="chain", version=1, title="Chain", states=states)


def test_a_plan_that_no_longer_fits_is_re_opened() -> None:
    """Choosing keto over a plan rich in carbs re-opens the plan, in one version, and keeps its answer."""
    run, events = advance(answered(9), save((4, KETO)), NOW)
    assert kinds(events) == [(EventKind.STATE_EDITED, 4), (EventKind.STATE_REOPENED, 5)]
    assert len({event.version for event in events}) == 1
    assert run.needs_review == ("meal_plan",)
    assert "meal_plan" in run.answers


def test_the_requirements_name_what_needs_review_and_why() -> None:
    """Progress lists the number of the re-opened state and each field at fault; the position stays."""
    now = progress(after(answered(9), save((4, KETO))))
    assert (now.current_state, now.can_complete, now.requirements.needs_review) == (None, False, [5])
    assert [e.field for e in now.requirements.errors] == [
        "meal_plan.carbs_percentage",
        "meal_plan.fats_percentage",
    ]
    assert view(after(answered(9), save((4, KETO)))).states[4].status == "needs_review"


def test_a_run_with_something_to_review_is_not_completed() -> None:
    """Completion waits for the review."""
    run = after(answered(9), save((4, KETO)))
    refused(Incomplete, lambda: after(run, Complete(actor=PERSON)))
    after(run, save((5, LEAN)), Complete(actor=PERSON))


def test_a_fitting_answer_closes_the_review() -> None:
    """Re-saving the re-opened state with an answer that fits is an edit and closes it."""
    run, events = advance(after(answered(9), save((4, KETO))), save((5, LEAN)), NOW)
    assert kinds(events) == [(EventKind.STATE_EDITED, 5)]
    assert run.needs_review == ()


def test_an_answer_that_still_does_not_fit_leaves_the_review_open() -> None:
    """The old plan is refused, field by field, as long as it does not fit."""
    run = after(answered(9), save((4, KETO)))
    error = refused(InvalidAnswer, lambda: after(run, save((5, answer(5)))))
    assert errors(error) == [("carbs_percentage", "too_large"), ("fats_percentage", "too_small")]


def test_taking_the_change_back_closes_the_review() -> None:
    """When the earlier answer changes so that the dependant fits again, nothing is left to review."""
    run, events = advance(after(answered(9), save((4, KETO))), save((4, answer(4))), NOW)
    assert kinds(events) == [(EventKind.STATE_EDITED, 4)]
    assert run.needs_review == ()


def test_an_answer_under_review_is_confirmed_by_saving_it_again() -> None:
    """A review that somebody else asked for is closed by the same answer, which is an event of its own."""
    run = replace(answered(9), needs_review=("meal_plan",))
    confirmed, events = advance(run, save((5, answer(5))), NOW)
    assert kinds(events) == [(EventKind.STATE_CONFIRMED, 5)]
    assert (confirmed.needs_review, confirmed.version) == ((), run.version + 1)
    assert advance(confirmed, save((5, answer(5))), NOW) == (confirmed, ())


def test_a_change_that_fits_re_opens_nothing() -> None:
    """A change of the earlier answer that binds nothing, or while nothing depends on it, is only an edit."""
    assert after(answered(9), save((4, answer(4, diet_type="vegan")))).needs_review == ()
    assert after(answered(4), save((4, KETO))).needs_review == ()
    lean = after(answered(4), save((5, LEAN)), save((4, KETO)))
    assert lean.needs_review == ()


def test_a_re_opened_state_is_re_opened_once() -> None:
    """A second change that does not fit either adds no second event."""
    with FLOWS.registered(chain()) as flow:
        run = after(answered(3, flow), save((1, {"value": 6})))
        run, events = advance(run, save((1, {"value": 7})), NOW)
        assert kinds(events) == [(EventKind.STATE_EDITED, 1)]
        assert run.needs_review == ("b", "c")


def test_a_state_that_depends_on_two_needs_both() -> None:
    """A dependant is closed only when it fits every state that it depends on."""
    with FLOWS.registered(chain()) as flow:
        run = after(answered(3, flow), save((1, {"value": 9})), save((2, {"value": 10})))
        assert run.needs_review == ("c",)
        run = after(run, save((1, {"value": 1})))
        assert run.needs_review == ("c",)
        assert after(run, save((2, {"value": 5}))).needs_review == ()
        assert after(run, save((3, {"value": 10}))).needs_review == ()


@pytest.mark.parametrize("step", [1, "a"])
def test_skipping_what_a_state_depended_on_frees_it(step: int | str) -> None:
    """Once the earlier answer is gone, nothing binds the dependant, so it needs no review."""
    with FLOWS.registered(chain()) as flow:
        run = after(answered(3, flow), save((1, {"value": 9})))
        assert run.needs_review == ("b", "c")
        assert after(run, skip(step)).needs_review == ()


def test_a_skipped_dependant_needs_no_review() -> None:
    """Skipping a state that waits for review is one way to settle it."""
    with FLOWS.registered(chain()) as flow:
        run = after(answered(3, flow), save((2, {"value": 5})), save((1, {"value": 9})), skip(2))
        assert run.needs_review == ("c",)
        assert run.skipped == ("b",)
