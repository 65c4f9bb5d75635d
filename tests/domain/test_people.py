"""What a person may tell of themselves beside their answers."""

from typing import Any

import pytest

from onboarding.answers import plain
from onboarding.errors import InvalidAnswer
from onboarding.people import Person
from onboarding.reading import read
from tests.domain.given import errors, refused


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"age": None, "sex": None, "height_cm": None, "weight_kg": None},
        *[{"age": v} for v in (13, 14, 99, 100)],
        *[{"sex": v} for v in ("female", "male", "other")],
        *[{"height_cm": v} for v in (100, 100.1, 249.9, 250)],
        *[{"weight_kg": v} for v in (30, 30.5, 299.5, 300)],
    ],
)
def test_body_data_is_voluntary_and_bounded(data: dict[str, Any]) -> None:
    """Everything may be left out, null is left out, and each value at or inside its bounds is kept."""
    assert plain(read(Person, data)) == {k: v for k, v in data.items() if v is not None}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("age", 12, "too_small"),
        ("age", 101, "too_large"),
        ("age", 30.0, "wrong_type"),
        ("age", "30", "wrong_type"),
        ("age", True, "wrong_type"),
        ("sex", "Female", "not_allowed"),
        ("sex", "", "not_allowed"),
        ("sex", 1, "not_allowed"),
        ("height_cm", 99.9, "too_small"),
        ("height_cm", 250.1, "too_large"),
        ("weight_kg", 29.9, "too_small"),
        ("weight_kg", 300.1, "too_large"),
        ("weight_kg", "80", "wrong_type"),
        ("shoe_size", 42, "unknown_field"),
    ],
)
def test_body_data_past_its_bounds(field: str, value: object, code: str) -> None:
    """A value just past a bound or of another type is refused by name."""
    assert errors(refused(InvalidAnswer, lambda: read(Person, {field: value}))) == [(field, code)]


def test_all_wrong_body_data_is_named_at_once() -> None:
    """Every failing field is named in one reading."""
    data = {"age": 5, "sex": "x", "height_cm": 10, "weight_kg": None, "other": 1}
    assert errors(refused(InvalidAnswer, lambda: read(Person, data))) == [
        ("age", "too_small"),
        ("sex", "not_allowed"),
        ("height_cm", "too_small"),
        ("other", "unknown_field"),
    ]


@pytest.mark.parametrize("data", [{}, {"timezone": "Europe/Berlin"}, {"locale": "es"}, {"locale": "en"}])
def test_a_place_that_exists(data: dict[str, Any]) -> None:
    """An IANA zone and one of the languages, or neither."""
    assert plain(read(Person, data)) == data


@pytest.mark.parametrize("zone", ["", "Berlin", "../UTC", "CET+1", "Europe/Atlantis"])
def test_a_zone_that_does_not_exist(zone: str) -> None:
    """A zone that IANA does not know is one error with a code of its own."""
    error = refused(InvalidAnswer, lambda: read(Person, {"timezone": zone}))
    assert errors(error) == [("timezone", "unknown_time_zone")]


def test_a_place_wrong_in_every_way() -> None:
    """Zone and language are refused together, and a zone of the wrong type is only that."""
    error = refused(InvalidAnswer, lambda: read(Person, {"timezone": "Mars", "locale": "fr"}))
    assert errors(error) == [("timezone", "unknown_time_zone"), ("locale", "not_allowed")]
    error = refused(InvalidAnswer, lambda: read(Person, {"timezone": 5, "locale": None}))
    assert errors(error) == [("timezone", "wrong_type")]
