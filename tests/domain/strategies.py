"""Hypothesis strategies: answers made from a state's form, spoiled ones, and any JSON at all."""

from typing import Any

from hypothesis import strategies as st

from onboarding.answers import Answer
from onboarding.flow import State
from onboarding.forms import FormNode, form

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, 2000.0, "5", "07:30", "24:00", "", " ", "<b>", "beginner", "keto", "a\nb"])
    | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=3)
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8) | st.sampled_from(["a", "A", " b "])


def values(node: FormNode) -> st.SearchStrategy[Any]:
    """Values that a form's node allows; rules between fields it does not know."""
    match node.kind:
        case "integer":
            return st.integers(int(node.minimum or 0), int(node.maximum or 10**6))
        case "number":
            return st.floats(node.minimum, node.maximum, allow_nan=False, allow_infinity=False)
        case "choice":
            return st.sampled_from(node.choices or [])
        case "boolean":
            return st.booleans()
        case "time":
            return st.times().map(lambda t: f"{t:%H:%M}")
        case "text":
            return WORDS
        case "list":
            assert node.item is not None
            most = min(node.max_length or 5, 5)
            return st.lists(values(node.item), min_size=node.min_length or 0, max_size=most)
        case "group":
            return group(node.fields or [])


def group(nodes: list[FormNode]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with every required field and some of the others."""
    required = {n.name: values(n) for n in nodes if n.required}
    optional = {n.name: values(n) | st.none() for n in nodes if not n.required}
    return st.fixed_dictionaries(required, optional=optional)


def answers(state: State) -> st.SearchStrategy[dict[str, Any]]:
    """Answers that are mostly valid: the example, or what the form allows, or the example with fields of it."""
    if state.answer not in _ANSWERS:
        example, free = dict(state.example), group(form(state))
        _ANSWERS[state.answer] = st.just(example) | free | free.map(lambda fields: {**fields, **example})
    return _ANSWERS[state.answer]


def spoiled(state: State) -> st.SearchStrategy[Any]:
    """Answers that are mostly wrong: a field replaced, added or missing, or no answer at all."""

    def spoil(data: dict[str, Any], name: str, value: Any, drop: bool) -> dict[str, Any]:
        return {k: v for k, v in {**data, name: value}.items() if not (drop and k == name)}

    if state.answer not in _SPOILED:
        names = st.sampled_from([node.name for node in form(state)]) | st.text(max_size=5)
        _SPOILED[state.answer] = st.builds(spoil, answers(state), names, JSON, st.booleans()) | OBJECTS
    return _SPOILED[state.answer]


# A strategy costs more to make than to draw from.
_ANSWERS: dict[type[Answer], st.SearchStrategy[Any]] = {}
_SPOILED: dict[type[Answer], st.SearchStrategy[Any]] = {}
