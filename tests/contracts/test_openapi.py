"""The document: committed, complete, and compatible with what was released before."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.app import create_app
from api.export import export_openapi
from api.problems import Code
from runtime.settings import Settings
from tests.contracts.compat import breaks
from tests.contracts.document import exported

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs" / "openapi.json"
TOLERANT = {"Envelope"}
"""Bodies that others define, and may add to."""

RELEASED = Path(__file__).with_name("released.json")


@pytest.fixture(scope="module")
def document() -> Any:
    """The application's document."""
    return json.loads(exported())


def test_the_file_is_the_document() -> None:
    """docs/openapi.json is what the code says; `gangway openapi export > docs/openapi.json` makes it so."""
    assert COMMITTED.read_bytes() == exported(), "run: gangway openapi export > docs/openapi.json"


def test_the_export_is_always_the_same() -> None:
    """Exporting twice gives the same bytes, with sorted keys."""
    text = exported()
    assert text == export_openapi()
    assert msgspec.json.encode(json.loads(text), order="sorted") == msgspec.json.encode(json.loads(text))


def test_nothing_that_was_promised_breaks(document: Any) -> None:
    """Against the document of the last release, nothing is removed, renamed, retyped or required anew."""
    assert breaks(json.loads(RELEASED.read_bytes()), document) == []


def test_every_code_is_in_the_document(document: Any) -> None:
    """The codes that a client can meet are an enum, all of them."""
    assert set(document["components"]["schemas"]["Code"]["enum"]) == {code.value for code in Code}


def test_every_operation_tells_its_problems(document: Any) -> None:
    """Each operation documents its errors as problems, and none in another form."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for family in ("4XX", "5XX"):
                assert operation["responses"][family]["content"] == problem, f"{method} {path}"
            assert "400" not in operation["responses"]


def test_bodies_are_strict_and_bounded(document: Any) -> None:
    """Bodies refuse unknown fields, and their lists and texts have bounds."""
    schemas = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            for media in operation.get("requestBody", {"content": {}})["content"].values():
                name = media["schema"]["$ref"].rpartition("/")[2]
                if name not in TOLERANT:
                    assert schemas[name]["additionalProperties"] is False
    steps = schemas["StepsBody"]["properties"]["steps"]
    assert (steps["minItems"], steps["maxItems"]) == (1, 50)
    assert steps["items"] == {"$ref": "#/components/schemas/OneStep"}
    assert schemas["OneStep"]["additionalProperties"] is False
    assert schemas["PatchMeBody"]["properties"]["age"]["anyOf"][0] == {
        "maximum": 100,
        "minimum": 13,
        "type": "integer",
    }


def test_what_needs_a_token(document: Any) -> None:
    """Only health, signing in, public keys, the way back from providers, and what they sign are open."""
    open_paths = {
        path
        for path, item in document["paths"].items()
        if any(operation.get("security", document["security"]) == [] for operation in item.values())
    }
    sign_in = {"login", "register", "refresh", "password/forgot", "password/reset"}
    assert open_paths == {
        *("/livez", "/readyz", "/version", "/.well-known/jwks.json"),
        *(f"/api/v1/auth/{name}" for name in sign_in),
        "/api/v1/connections/{provider}/callback",
        "/api/v1/connections/webhooks/quickbooks",
    }


def test_unversioned_routes_work_and_are_not_told(document: Any) -> None:
    """Each versioned route outside `/onboarding` has an unversioned twin, which the document leaves out.

    Unversioned `/onboarding` is the wizard's, all of which the document has: its names are in camelCase.
    """
    app = create_app(Settings(), lambda _: None)  # type: ignore[arg-type, return-value]
    routes = {route.path_format for route in app.routes if hasattr(route, "path_format")}
    versioned = [path for path in document["paths"] if path.startswith("/api/v1/")]
    for path in versioned:
        twin = path.replace("/api/v1/", "/api/")
        if path.startswith("/api/v1/onboarding"):
            assert twin not in routes or twin in document["paths"], path
        else:
            assert twin in routes, path
            assert twin not in document["paths"]
    wizard = [path for path in document["paths"] if path.startswith("/api/onboarding/")]
    assert set(wizard) == {path for path in routes if path.startswith("/api/onboarding/")}
    for path in wizard:
        assert not [name for name in _fields(document, document["paths"][path]) if "_" in name], path


def _fields(document: Any, part: Any) -> set[str]:
    """The names of all fields of bodies and answers, but problems, which are the same everywhere."""
    names: set[str] = set()
    waiting, seen = [part], set[str]()
    while waiting:
        match waiting.pop():
            case {"$ref": str(ref)}:
                name = ref.rpartition("/")[2]
                if name != "Problem" and name not in seen:
                    seen.add(name)
                    waiting.append(document["components"]["schemas"][name])
            case dict() as each:
                if isinstance(fields := each.get("properties"), dict):
                    names |= fields.keys()
                waiting.extend(each.values())
            case list() as items:
                waiting.extend(items)
            case _:
                pass
    return names


def test_unsafe_methods_take_a_key(document: Any) -> None:
    """POST and PATCH and DELETE document `Idempotency-Key`, GET does not."""
    for item in document["paths"].values():
        for method, operation in item.items():
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) is (method != "get")
