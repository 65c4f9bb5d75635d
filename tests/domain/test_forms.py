"""Schemas and forms come from the annotations alone, and say what `read` does."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, cast

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from onboarding.answers import Answer, Text, Texts, TimeOfDay, plain
from onboarding.errors import InvalidAnswer
from onboarding.flow import State
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from onboarding.forms import FormNode, StateForm, form, json_schema, label, state_forms
from onboarding.reading import read
from tests.domain.strategies import answers, spoiled
from tests.flows.ten import TEN

BOUNDED = settings(max_examples=250, deadline=None, database=None, derandomize=True)
STATES = [state for flow in (*FLOWS.newest(), TEN) for state in flow.states]
BEYOND_A_SCHEMA = {
    *("markup", "control_character", "duplicate", "sum", "before"),
    *("unknown_industry", "bad_url", "unknown_department", "cycle", "required because of another"),
}
"""Codes for what no JSON schema says: tags, repeats up to case, checks of one field, rules between fields."""


class Part(Struct, frozen=True, kw_only=True):
    size: Annotated[int, Meta(ge=1, le=9, title="How big")]
    words: Texts | UnsetType | None = UNSET


class Sample(Answer, frozen=True, kw_only=True):
    daily_water_ml: Annotated[int, Meta(ge=500, le=10_000)]
    amount: Annotated[float, Meta(le=2.5)] | UnsetType | None = UNSET
    name: Text = "me"
    symbol: Annotated[str, Meta(pattern="^[A-Z]{3}$", title="Ticker")]
    wake_up: TimeOfDay
    colour: Literal["red", "green"] = "red"
    sure: bool = False
    tags: Texts = msgspec.field(default_factory=lambda: ["x"])
    parts: Annotated[list[Part], Meta(min_length=1, max_length=3)]


EXAMPLE = {"daily_water_ml": 500, "symbol": "ABC", "wake_up": "07:00", "parts": [{"size": 1}]}


def state_of(answer: type[Answer]) -> State:
    return replace(FITNESS.states[0], answer=answer, example=EXAMPLE)


def nodes_of(nodes: list[FormNode]) -> Iterator[FormNode]:
    for node in nodes:
        yield node
        yield from nodes_of([node.item] if node.item else [])
        yield from nodes_of(node.fields or [])


def test_every_kind_of_field_has_its_node() -> None:
    """Each annotation becomes a node with its kind, label, bounds and default, and nothing else."""
    assert msgspec.to_builtins(form(state_of(Sample))) == [
        {
            "name": "daily_water_ml",
            "label": "Daily water (ml)",
            "kind": "integer",
            "required": True,
            "minimum": 500,
            "maximum": 10_000,
        },
        {"name": "amount", "label": "Amount", "kind": "number", "required": False, "maximum": 2.5},
        {
            "name": "name",
            "label": "Name",
            "kind": "text",
            "required": False,
            "min_length": 1,
            "max_length": 200,
            "default": "me",
        },
        {"name": "symbol", "label": "Ticker", "kind": "text", "required": True, "pattern": "^[A-Z]{3}$"},
        {"name": "wake_up", "label": "Wake up", "kind": "time", "required": True},
        {
            "name": "colour",
            "label": "Colour",
            "kind": "choice",
            "required": False,
            "choices": ["red", "green"],
            "default": "red",
        },
        {"name": "sure", "label": "Sure", "kind": "boolean", "required": False, "default": False},
        {
            "name": "tags",
            "label": "Tags",
            "kind": "list",
            "required": False,
            "max_length": 50,
            "default": ["x"],
            "unique": True,
            "item": {
                "name": "tags",
                "label": "Tags",
                "kind": "text",
                "required": True,
                "min_length": 1,
                "max_length": 200,
            },
        },
        {
            "name": "parts",
            "label": "Parts",
            "kind": "list",
            "required": True,
            "min_length": 1,
            "max_length": 3,
            "item": {
                "name": "parts",
                "label": "Part",
                "kind": "group",
                "required": True,
                "fields": [
                    {
                        "name": "size",
                        "label": "How big",
                        "kind": "integer",
                        "required": True,
                        "minimum": 1,
                        "maximum": 9,
                    },
                    {
                        "name": "words",
                        "label": "Words",
                        "kind": "list",
                        "required": False,
                        "max_length": 50,
                        "unique": True,
                        "item": {
                            "name": "words",
                            "label": "Words",
                            "kind": "text",
                            "required": True,
                            "min_length": 1,
                            "max_length": 200,
                        },
                    },
                ],
            },
        },
    ]


def test_choices_keep_their_declared_order() -> None:
    """A form offers choices in the order of the declaration, which has a meaning, not in that of the alphabet."""
    assert form(FITNESS.states[0])[0].choices == ["beginner", "intermediate", "advanced"]
    (goals,) = form(FITNESS.states[1])
    assert goals.item is not None
    assert goals.item.fields is not None
    assert goals.item.fields[0].choices == ["fat_loss", "muscle_gain", "general_fitness"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("goals", "Goals"),
        ("diet_type", "Diet type"),
        ("target_weight_kg", "Target weight (kg)"),
        ("reminder_frequency_minutes", "Reminder frequency (minutes)"),
        ("kg", "Kg"),
    ],
)
def test_labels_are_readable(name: str, shown: str) -> None:
    """A field's name becomes words, and a unit at its end stands in brackets."""
    assert label(name) == shown


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.key)
def test_every_state_has_a_form_with_its_bounds(state: State) -> None:
    """In every flow each number, text and list is bounded on both sides, and each choice has its values."""
    for node in nodes_of(form(state)):
        assert node.label
        match node.kind:
            case "integer" | "number":
                assert node.minimum is not None
                assert node.maximum is not None
            case "text":
                assert node.pattern or (node.min_length is not None and node.max_length)
            case "list":
                assert node.max_length
                assert node.item
            case "choice":
                assert node.choices
            case "group":
                assert node.fields
            case "boolean" | "time":
                pass


def test_a_bound_that_no_form_shows_is_refused() -> None:
    """A field whose type or bound no input has is a mistake of the flow, and said so."""

    class Odd(Answer, frozen=True, kw_only=True):
        size: Annotated[int, Meta(gt=1)]

    class Numbered(Answer, frozen=True, kw_only=True):
        level: Literal[1, 2]

    class Either(Answer, frozen=True, kw_only=True):
        value: int | str

    for kind in (Odd, Numbered, Either):
        with pytest.raises(TypeError, match="has no input"):
            form(state_of(kind))


def test_a_schema_is_self_contained() -> None:
    """Every reference of a schema is inside it, every object refuses other fields, the example is there."""
    schema = json_schema(state_of(Sample))
    assert schema["examples"] == [EXAMPLE]
    assert set(re.findall(r'"\$ref":"#/\$defs/(\w+)"', msgspec.json.encode(schema).decode())) == {"Part"}
    assert set(schema["$defs"]) == {"Part"}
    assert schema["additionalProperties"] is schema["$defs"]["Part"]["additionalProperties"] is False
    assert schema["properties"]["tags"]["uniqueItems"] is True
    assert schema["required"] == ["daily_water_ml", "symbol", "wake_up", "parts"]


@pytest.mark.parametrize("state", [*STATES, state_of(Sample)], ids=lambda s: s.key)
def test_a_schema_is_a_schema_and_its_example_is_valid(state: State) -> None:
    """The document itself is valid, the example fits it, and so does the example as it is saved."""
    schema = json_schema(state)
    assert jsonschema_rs.meta.is_valid(schema)
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(dict(state.example))
    assert validator.is_valid(plain(read(state.answer, state.example)))
    assert not validator.is_valid({**state.example, "surprise": 1})


def test_schemas_do_not_share_what_they_are_made_of() -> None:
    """Changing one schema changes no other."""
    first = json_schema(FITNESS.states[5])
    first["$defs"].clear()
    assert json_schema(FITNESS.states[5])["$defs"]


def tidy(value: Any) -> Any:
    """The data without null fields and blanks around texts, which `read` forgives and a schema does not."""
    match value:
        case dict():
            return {k: tidy(v) for k, v in cast(dict[str, Any], value).items() if v is not None}
        case list():
            return [tidy(v) for v in cast(list[Any], value)]
        case str():
            return value.strip()
        case float() if value.is_integer():
            return value + 0.25  # a schema takes 2000.0 for an integer, `read` does not
        case _:
            return value


def codes(state: State, value: object) -> set[str]:
    """Why `read` refuses a value; nothing when it does not."""
    try:
        read(state.answer, value)
    except InvalidAnswer as invalid:
        because = {("custom_role", "required"): "required because of another"}
        return {because.get((error.field, error.code), error.code) for error in invalid.errors}
    return set()


@BOUNDED
@given(st.data())
def test_a_schema_says_what_read_does(data: st.DataObject) -> None:
    """On tidy data a schema refuses all that `read` refuses, but for what a schema cannot say, and no more."""
    state = data.draw(st.sampled_from(STATES))
    value = tidy(data.draw(answers(state) | spoiled(state)))
    allowed = jsonschema_rs.validator_for(json_schema(state)).is_valid(value)
    refusals = codes(state, value)
    assert allowed or refusals
    assert not allowed or refusals <= BEYOND_A_SCHEMA
    if not refusals:
        assert jsonschema_rs.validator_for(json_schema(state)).is_valid(plain(read(state.answer, value)))


def test_state_forms_carry_all_that_a_client_needs() -> None:
    """The states of a flow come in order with words, schema, form, example and what they depend on."""
    shown = state_forms(FITNESS)
    assert [s.key for s in shown] == [s.key for s in FITNESS.states]
    assert [s.depends_on for s in shown if s.depends_on] == [["dietary_preferences"]]
    assert [s.number for s in shown if s.optional] == [9]
    assert all(s.opener and s.why_we_ask and s.description for s in shown)


def test_state_forms_survive_the_wire() -> None:
    """Encoded and decoded, the forms are the same."""
    shown = state_forms(FITNESS)
    assert msgspec.json.decode(msgspec.json.encode(shown), type=list[StateForm]) == shown
