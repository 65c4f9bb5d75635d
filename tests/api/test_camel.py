"""Names in the two ways of writing."""

import doctest
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import api.camel
from api.camel import camel
from api.wizard_shapes import NAMES
from tests.domain.strategies import JSON

WORDS = st.sampled_from(["teamSize", "team_size", "customRole", "custom_role", "name", "departments", "x"])
BOUNDED = settings(max_examples=200, deadline=None, database=None, derandomize=True)


def test_the_examples_of_the_docstring() -> None:
    """What the module says of itself is so."""
    assert doctest.testmod(api.camel) == (0, 4)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("custom_role", "customRole"),
        ("experience_level", "experienceLevel"),
        ("team_size", "teamSize"),
        ("collaboration_style", "collaborationStyle"),
        ("name", "name"),
        ("departments[12].parent", "departments[12].parent"),
        ("x.team_size[0]", "x.teamSize[0]"),
        ("no_field_of_ours", "no_field_of_ours"),
        ("my team_size", "my team_size"),
        ("", ""),
    ],
)
def test_paths(ours: str, theirs: str) -> None:
    """The names of known fields change in a path, whole names only, and change back."""
    assert (NAMES.path(ours), NAMES.path(theirs)) == (theirs, ours)


def test_a_name_of_more_words() -> None:
    """Every word but the first has a capital."""
    assert [camel(name) for name in ("id", "a_b_c", "suggested_okrs")] == ["id", "aBC", "suggestedOkrs"]


@BOUNDED
@given(st.dictionaries(WORDS, JSON | st.dictionaries(WORDS, JSON)))
def test_there_and_back(data: dict[str, Any]) -> None:
    """Whatever is sent comes back as it was, whichever names it has, and no field is lost on the way."""
    assert NAMES.swapped(NAMES.swapped(data)) == data
    assert len(NAMES.swapped(data)) == len(data)
