"""The scripted agent understands answers as people write them, in English and Spanish."""

from typing import Any

import pytest

from onboarding.flows.company import COMPANY
from onboarding.flows.fitness import FITNESS
from onboarding.scripted import Draft, hear
from tests.domain.phrasings import ASKED_ROWS, COMPANY_ROWS, ROWS


@pytest.mark.parametrize(
    ("number", "locale", "message", "expected"), ROWS, ids=[f"{r[0]}-{r[2][:60]}" for r in ROWS]
)
def test_it_is_understood(number: int, locale: str, message: str, expected: dict[str, Any]) -> None:
    """A message gives the fields that it names, each as it is kept, and invents no other."""
    state = FITNESS.find(number)
    assert state is not None
    heard = hear(FITNESS, state, message, None, locale)
    assert heard.draft.data == expected
    assert heard.errors == ()
    assert heard.intent == ("answer" if expected else "unclear")


@pytest.mark.parametrize(
    ("number", "locale", "asked", "before", "message", "adds"),
    ASKED_ROWS,
    ids=[f"{r[0]}-{r[2]}-{r[4][:60]}" for r in ASKED_ROWS],
)
def test_an_answer_to_a_question_is_understood(
    number: int, locale: str, asked: str, before: dict[str, Any], message: str, adds: dict[str, Any]
) -> None:
    """Behind a question any words may be the answer; those that are none add nothing."""
    state = FITNESS.find(number)
    assert state is not None
    heard = hear(FITNESS, state, message, Draft(state=state.key, data=before, asked=asked), locale)
    assert heard.draft.data == before | adds
    assert heard.intent == ("answer" if adds else "unclear")


@pytest.mark.parametrize(
    ("number", "locale", "message", "expected"), COMPANY_ROWS, ids=[r[2][:60] for r in COMPANY_ROWS]
)
def test_a_company_is_understood(number: int, locale: str, message: str, expected: dict[str, Any]) -> None:
    """The words that the company's states declare are heard; the industry has a reader of its own."""
    state = COMPANY.find(number)
    assert state is not None
    heard = hear(COMPANY, state, message, None, locale)
    assert {key: value for key, value in heard.draft.data.items() if key != "industry"} == expected
    assert heard.errors == ()


def test_the_table_is_as_large_as_was_promised() -> None:
    """At least 200 phrasings, 60 of them Spanish, each there once, of every state."""
    assert len(ROWS) >= 200
    assert sum(row[1] == "es" for row in ROWS) >= 60
    assert len({row[:3] for row in ROWS}) == len(ROWS)
    assert {row[0] for row in ROWS} == set(range(1, 10))
