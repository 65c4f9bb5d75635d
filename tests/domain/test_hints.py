"""What somebody else knows already is offered, as far as it could be an answer."""

import doctest
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onboarding.hints
from onboarding.flows.company import COMPANY
from onboarding.hints import Hints, hints
from onboarding.payloads import AcceptPrefilled
from tests.domain.given import PERSON, after, fresh
from tests.domain.strategies import JSON

ME = {"tenant_id": "00000000-0000-7000-8000-000000000002", "user_id": "00000000-0000-7000-8000-000000000003"}
NAMES = [name for state in COMPANY.states for name in (state.key, *state.answer.__struct_fields__)]
BOUNDED = settings(max_examples=150, deadline=None, database=None, derandomize=True)


def found(**data: Any) -> Hints:
    return hints(COMPANY, data, **ME)


def test_the_example_of_the_docstring() -> None:
    """What the module says of itself is so."""
    assert doctest.testmod(onboarding.hints) == (0, 2)


@pytest.mark.parametrize(
    ("data", "offered"),
    [
        ({}, {}),
        ({"campaign": "spring", "x": {"name": "Acme"}}, {}),
        ({"name": "Acme", "team_size": 3}, {"company": {"name": "Acme"}, "organization": {"team_size": 3}}),
        ({"company": {"name": "Acme"}, "name": "Other"}, {"company": {"name": "Acme"}}),
        ({"company": "Acme", "welcome": [], "organization": None}, {}),
        ({"name": "A", "size": "gigantic", "website": "nowhere", "industry": "magic"}, {}),
        ({"integrations": ["slack", "fax"], "structure": "flat"}, {"organization": {"structure": "flat"}}),
        ({"departments": [{"name": "A", "parent": "A"}]}, {}),
        ({"logo": "tenants/00000000-0000-7000-8000-00000000000f/2026/a.png"}, {}),
        ({"name": None, "role": "custom"}, {"welcome": {"role": "custom"}}),
    ],
)
def test_what_is_offered(data: dict[str, Any], offered: Hints) -> None:
    """Fields count by their names, those of a state's own object first; what is not valid alone is left out."""
    assert found(**data) == offered


def test_a_whole_answer_can_be_taken_over() -> None:
    """A state of which everything is known is answered by one call; one of which a part is known stays open."""
    prefill = found(role="ceo", experience_level="beginner", name="Acme")
    run = after(fresh(COMPANY, prefill=prefill), AcceptPrefilled(actor=PERSON))
    assert run.answers == {"welcome": {"role": "ceo", "experience_level": "beginner"}}


@BOUNDED
@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), JSON, max_size=6))
def test_anything_may_be_sent(data: dict[str, Any]) -> None:
    """Whatever is sent, what is offered is part of it, and a run can be asked to take it over."""
    offered = found(**data)
    assert offered.keys() <= {state.key for state in COMPANY.states}
    after(fresh(COMPANY, prefill=offered), AcceptPrefilled(actor=PERSON))
