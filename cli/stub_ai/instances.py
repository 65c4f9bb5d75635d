"""A value that a JSON schema allows."""

import re
from collections.abc import Callable
from typing import Any, cast

_Schema = dict[str, Any]
_TIME = "12:00"
_DEEP = 32

_FORMATS = {
    "time": _TIME,
    "date": "2026-01-01",
    "date-time": "2026-01-01T12:00:00Z",
    "email": "somebody@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_TRIED = [
    *_FORMATS.values(),
    "a",
    "A",
    "0",
    "a1",
    "en",
    "EUR",
    "#000000",
    "word",
    "a-word",
    "a_word",
    "+10000000000",
]


class NoInstance(ValueError):
    """The stub knows no value that this schema allows."""


def instance(schema: _Schema) -> Any:
    """The schema's own example; without one the first of a choice, the least number, the shortest list and text,
    and only what is required.

    Raises:
        NoInstance: a pattern that none of the texts it knows matches, or references without end.
    """
    return _of(schema, schema.get("$defs", {}), 0)


def _of(schema: _Schema, parts: dict[str, _Schema], depth: int) -> Any:
    if depth > _DEEP:
        raise NoInstance("the schema holds itself")

    def inner(part: _Schema) -> Any:
        return _of(part, parts, depth + 1)

    if "$ref" in schema:
        return inner(parts[str(schema["$ref"]).rpartition("/")[2]])
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            options: list[_Schema] = schema[union]
            return inner(next((option for option in options if option.get("type") != "null"), options[0]))
    if schema.get("allOf"):
        merged: _Schema = {}
        for option in cast(list[_Schema], schema["allOf"]):
            merged |= option
        return inner(merged)
    return _typed(schema, inner)


def _typed(schema: _Schema, inner: Callable[[_Schema], Any]) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "null")
    if isinstance(kind, list):
        kind = next((name for name in cast(list[str], kind) if name != "null"), "null")
    match kind:
        case "object":
            fields: dict[str, _Schema] = schema.get("properties", {})
            return {name: inner(fields.get(name, {})) for name in schema.get("required", ())}
        case "array":
            return _array(schema, inner)
        case "string":
            return _text(schema)
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case "boolean":
            return False
        case _:
            return None


def _array(schema: _Schema, inner: Callable[[_Schema], Any]) -> list[Any]:
    if "prefixItems" in schema:
        return [inner(item) for item in schema["prefixItems"]]
    item, count = schema.get("items", {}), schema.get("minItems", 0)
    if choices := item.get("enum"):
        return [choices[i % len(choices)] for i in range(count)]
    return [inner(item) for _ in range(count)]


def _text(schema: _Schema) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 1 << 20)
    if (pattern := schema.get("pattern")) is not None:
        fitting = (text for text in _TRIED if least <= len(text) <= most and re.search(pattern, text))
        if (found := next(fitting, None)) is None:
            raise NoInstance(f"no text is known for the pattern {pattern}")
        return found
    if (known := _FORMATS.get(schema.get("format", ""))) is not None:
        return known
    return ("A text." * (least // 7 + 1))[: min(max(least, 7), most)]


def _number(schema: _Schema, *, whole: bool) -> float:
    step = schema.get("multipleOf", 1)
    if "minimum" in schema:
        least = schema["minimum"]
    elif "exclusiveMinimum" in schema:
        least = schema["exclusiveMinimum"] + (step if whole or "multipleOf" in schema else 1e-6)
    elif "exclusiveMaximum" in schema:
        least = min(0, schema["exclusiveMaximum"] - step)
    else:
        least = min(0, schema.get("maximum", 0))
    if "multipleOf" in schema:
        least = -(-least // step) * step
    return -(-least // 1) if whole else least
