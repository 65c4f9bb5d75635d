"""The inventory: what its states take, what may be skipped, and how people speak of it."""

from typing import Any

import pytest

from onboarding.advance import advance, begin, new_run
from onboarding.answers import plain
from onboarding.errors import InvalidAnswer, Refused
from onboarding.flows import FLOWS
from onboarding.flows.inventory import INVENTORY
from onboarding.payloads import Actor, ActorKind, Channel, Complete, Run, SaveSteps, SkipStep, StepAnswer
from onboarding.reading import read
from onboarding.scripted import Draft, confirm, hear, opener, question
from onboarding.scripted.fields import fields_of
from tests.domain.given import NOW, PERSON

ID = "0198a0e0-0000-7000-8000-000000000001"
COUNTED = ("urls", "barcodes", "photos", "csv", "review")
CAPTURE = Actor(kind=ActorKind.CAPTURE)


def fresh() -> Run:
    """A run of the inventory that has just begun."""
    run = new_run(id=ID, tenant_id=ID, user_id=ID, flow=INVENTORY, now=NOW)
    return begin(run, PERSON, Channel.FORM, NOW)[0]


def test_the_states_are_those_of_the_contract() -> None:
    """Seven, in this order, and all but the last may be skipped."""
    assert FLOWS.get("inventory") is INVENTORY
    assert [(state.key, state.optional) for state in INVENTORY.states] == [
        ("connect_mail", True),
        ("connect_accounting", True),
        ("urls", True),
        ("barcodes", True),
        ("photos", True),
        ("csv", True),
        ("review", False),
    ]


@pytest.mark.parametrize("key", COUNTED)
@pytest.mark.parametrize("items", [-1, 1_000_001, "3", 2.5, None])
def test_counts_have_bounds(key: str, items: object) -> None:
    """A count is a whole number that a warehouse may have."""
    state = INVENTORY.find(key)
    assert state is not None
    with pytest.raises(InvalidAnswer) as refused:
        read(state.answer, {"items": items})
    assert [error.field for error in refused.value.errors] == ["items"]


@pytest.mark.parametrize("key", COUNTED)
def test_a_workflow_answers_with_a_count(key: str) -> None:
    """What captures, imports and syncs say of what they found is an answer."""
    state = INVENTORY.find(key)
    assert state is not None
    assert plain(read(state.answer, {"items": 0})) == {"items": 0}


def test_all_but_the_review_is_skipped() -> None:
    """Six skips and a review complete it; a review cannot be skipped."""
    run = fresh()
    for number in range(1, 7):
        run, _ = advance(run, SkipStep(actor=PERSON, step=number), NOW)
    with pytest.raises(Refused):
        advance(run, SkipStep(actor=PERSON, step=7), NOW)
    done = SaveSteps(actor=CAPTURE, channel=Channel.CAPTURE, steps=(StepAnswer(step="review", data={"items": 3}),))
    run, _ = advance(run, done, NOW)
    run, _ = advance(run, Complete(actor=PERSON), NOW)
    assert run.status == "completed"


def test_a_state_that_is_not_reached_is_refused_and_saved_later() -> None:
    """Scans that end before their turn are refused; whoever comes to that state saves the same by form."""
    run = fresh()
    scanned = SaveSteps(actor=CAPTURE, steps=(StepAnswer(step="barcodes", data={"items": 40}),))
    with pytest.raises(Refused):
        advance(run, scanned, NOW)
    for number in (1, 2, 3):
        run, _ = advance(run, SkipStep(actor=PERSON, step=number), NOW)
    run, _ = advance(run, scanned, NOW)
    run, _ = advance(run, SaveSteps(actor=CAPTURE, steps=(StepAnswer(step="barcodes", data={"items": 41}),)), NOW)
    assert run.answers["barcodes"] == {"items": 41}


@pytest.mark.parametrize(
    ("number", "locale", "message", "expected"),
    [
        (3, "en", "I pasted 12 links", {"items": 12}),
        (4, "en", "about 40", {"items": 40}),
        (4, "es", "unos 40 productos", {"items": 40}),
        (5, "es", "tres", {"items": 3}),
        (6, "en", "the file has 250 rows", {"items": 250}),
        (7, "en", "all 298 are fine", {"items": 298}),
        (7, "es", "están bien 298", {"items": 298}),
        (4, "en", "I will do it later", {}),
    ],
)
def test_it_is_understood(number: int, locale: str, message: str, expected: dict[str, Any]) -> None:
    """A count is heard in either language, and nothing is made up."""
    state = INVENTORY.find(number)
    assert state is not None
    heard = hear(INVENTORY, state, message, Draft(state=state.key, asked="items"), locale)
    assert (heard.draft.data, heard.errors) == (expected, ())


@pytest.mark.parametrize("message", ["I use Gmail", "yes please", "connect it", "12", "me@example.org"])
def test_no_connection_is_made_up(message: str) -> None:
    """What a person says of their mail is no connection: that is made on the page."""
    for state in INVENTORY.states[:2]:
        heard = hear(INVENTORY, state, message, Draft(state=state.key, asked="connection_id"), "en")
        assert "connection_id" not in heard.draft.data


@pytest.mark.parametrize(("locale", "message"), [("en", "skip"), ("en", "skip this"), ("es", "saltar")])
@pytest.mark.parametrize("number", range(1, 7))
def test_skipping_is_understood(number: int, locale: str, message: str) -> None:
    """Whoever has nothing there says so."""
    state = INVENTORY.find(number)
    assert state is not None
    assert hear(INVENTORY, state, message, Draft(state=state.key), locale).intent == "skip"


@pytest.mark.parametrize("locale", ["en", "es"])
def test_both_languages_are_spoken(locale: str) -> None:
    """Each state opens, asks and confirms in the person's language, and no two alike."""
    said = [opener(state, locale) for state in INVENTORY.states]
    assert len(set(said)) == 7
    for state in INVENTORY.states:
        text, _, asked = question(state, None, locale)
        assert text == fields_of(state).all[0].said.ask[locale]
        assert asked.asked == fields_of(state).all[0].path
        assert confirm(state, state.example, locale)
