"""The checker finds each kind of break, and takes what only adds."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.compat import breaks

BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "size": {"type": "integer", "minimum": 1},
        "kind": {"enum": ["a", "b"]},
        "more": {"anyOf": [{"$ref": "#/components/schemas/Body"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
    },
    "required": ["name"],
}
OUT_REF = {"$ref": "#/components/schemas/Out"}
CODES = {"enum": ["not_found", "gone"]}
OLD: dict[str, Any] = {
    "paths": {
        "/things": {
            "post": {
                "parameters": [{"in": "query", "name": "page", "schema": {"type": "integer"}}],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Out"}}}},
                    "4XX": {
                        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Bad"}}}
                    },
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Body": BODY,
            "Out": {
                "type": "object",
                "properties": {**BODY["properties"], "more": OUT_REF},
                "required": ["name", "size"],
            },
            "Bad": {"type": "object", "properties": {"code": {"$ref": "#/components/schemas/Code"}}},
            "Code": CODES,
        }
    },
}


def edit(*path: str | int, to: Any = None) -> Callable[[Any], None]:
    """Set a value deep in a document, or remove it."""

    def apply(document: Any) -> None:
        *way, last = path
        for part in way:
            document = document[part]
        if to is None:
            del document[last]
        else:
            document[last] = to

    return apply


POST = ("paths", "/things", "post")
IN = ("components", "schemas", "Body")
OUT = ("components", "schemas", "Out")
NAME = ("properties", "name")
BREAKS = {
    "a path goes": (edit("paths", "/things"), "POST /things: removed"),
    "a method goes": (edit(*POST), "POST /things: removed"),
    "a parameter goes": (edit(*POST, "parameters", to=[]), "POST /things: parameter page removed"),
    "a parameter is required": (
        edit(*POST, "parameters", 0, "required", to=True),
        "parameter page is required now",
    ),
    "a parameter is another type": (edit(*POST, "parameters", 0, "schema", "type", to="string"), "?page: type"),
    "a body is required": (edit(*POST, "requestBody", "required", to=True), "a body is required now"),
    "a body goes": (edit(*POST, "requestBody"), "takes no application/json"),
    "a status goes": (edit(*POST, "responses", "200"), "status 200 removed"),
    "a content type goes": (
        edit(*POST, "responses", "200", "content", to={"text/csv": {}}),
        "200 is no application/json",
    ),
    "a sent field goes": (edit(*IN, *NAME), "body.name: removed"),
    "a sent field is required": (edit(*IN, "required", to=["name", "size"]), "body.size: required now"),
    "a new required field": (edit(*IN, "required", to=["name", "colour"]), "body.colour: required now"),
    "a sent field is another type": (
        edit(*IN, *NAME, "type", to="integer"),
        "body.name: type string became integer",
    ),
    "a value is taken no more": (edit(*IN, "properties", "kind", "enum", to=["a"]), "body.kind: value b removed"),
    "a bound is tighter": (edit(*IN, *NAME, "maxLength", to=10), "body.name: maxLength is tighter now"),
    "a bound is new": (edit(*IN, "properties", "size", "maximum", to=10), "body.size: maximum is tighter now"),
    "items are another type": (edit(*IN, "properties", "tags", "items", "type", to="object"), "body.tags[]: type"),
    "a given field goes": (edit(*OUT, *NAME), "200.name: removed"),
    "a given field is sometimes gone": (edit(*OUT, "required", to=["name"]), "200.size: no longer always there"),
    "a given field may be null": (
        edit(*OUT, *NAME, "type", to=["string", "null"]),
        "200.name: type string became",
    ),
    "a code goes": (
        edit("components", "schemas", "Code", "enum", to=["gone"]),
        "4XX.code: value not_found removed",
    ),
}
SORT = {"in": "query", "name": "sort", "schema": {"type": "string"}}
ADDS: dict[str, Callable[[Any], None]] = {
    "nothing": lambda document: None,
    "a path": edit("paths", "/more", to={"get": {"responses": {}}}),
    "an optional parameter": edit(*POST, "parameters", to=[*OLD["paths"]["/things"]["post"]["parameters"], SORT]),
    "an optional field": edit(*IN, "properties", "colour", to={"type": "string"}),
    "a given field": edit(*OUT, "properties", "colour", to={"type": "string"}),
    "a status": edit(*POST, "responses", "201", to={}),
    "a code": edit("components", "schemas", "Code", "enum", to=["not_found", "gone", "teapot"]),
    "a sent field less required": edit(*IN, "required", to=[]),
    "a sent field of more types": edit(*IN, *NAME, "type", to=["string", "null"]),
    "a looser bound": edit(*IN, *NAME, "maxLength", to=200),
    "a given field always there": edit(*OUT, "required", to=["name", "size", "kind"]),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_found(name: str) -> None:
    """Each kind of break is found, and named where it is."""
    change, expected = BREAKS[name]
    new = json.loads(json.dumps(OLD))
    change(new)
    found = breaks(OLD, new)
    assert found
    assert any(expected in line for line in found), found


@pytest.mark.parametrize("name", ADDS)
def test_an_addition_is_taken(name: str) -> None:
    """What only adds is no break."""
    new = json.loads(json.dumps(OLD))
    ADDS[name](new)
    assert breaks(OLD, new) == []
