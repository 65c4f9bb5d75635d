"""The page for support staff: what it shows and names is there."""

import re
from pathlib import Path

import msgspec
import pytest

from cli.__main__ import gangway
from tests.contracts.document import exported
from workflows.search_attributes import SEARCH_ATTRIBUTES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "support.md").read_text()
PICTURES = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
BYTES_AT_MOST = 150_000
DOCUMENT = msgspec.json.decode(exported())


def _requests() -> list[tuple[str, str, list[str]]]:
    """Method, path and query names of each curl."""
    found: list[tuple[str, str, list[str]]] = []
    for command in re.findall(r"^curl ((?:.*\\\n)*.*)", PAGE, re.MULTILINE):
        method = re.search(r"-X (\w+)", command)
        address = re.search(r'"\$BASE([^"?]+)\??([^"]*)"', command)
        assert address, command
        names = [part.partition("=")[0] for part in address[2].split("&") if part]
        found.append((method[1].lower() if method else "get", address[1].replace("$RUN_ID", "{run_id}"), names))
    return found


def test_the_pictures_are_there() -> None:
    """Each picture of any page is a small PNG in the folder of pictures, and each one there is on a page."""
    assert len(PICTURES) >= 3
    shown = {
        name for page in DOCS.glob("*.md") for name in re.findall(r"\]\((pictures/[^)]+)\)", page.read_text())
    }
    assert {f"pictures/{file.name}" for file in (DOCS / "pictures").iterdir()} == shown
    for name in shown:
        content = (DOCS / name).read_bytes()
        assert content.startswith(b"\x89PNG\r\n")
        assert len(content) < BYTES_AT_MOST


@pytest.mark.parametrize(("method", "path", "names"), _requests(), ids=lambda value: str(value))
def test_its_requests_can_be_sent(method: str, path: str, names: list[str]) -> None:
    """Each curl asks a route of the document, by parameters that it has."""
    operation = DOCUMENT["paths"][path][method]
    known = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    assert set(names) <= known


def test_every_route_of_a_run_is_on_the_page() -> None:
    """What staff can ask of a run is shown with a curl."""
    shown = {(method, path) for method, path, _ in _requests()}
    theirs = {
        (method, path)
        for path, item in DOCUMENT["paths"].items()
        if path.startswith("/api/v1/admin/runs")
        for method in item
    }
    assert theirs <= shown


def test_what_it_searches_by_exists() -> None:
    """The search attributes of its queries are those that runs have, and its commands those of `gangway run`."""
    assert set(re.findall(r"\bGangway\w+", PAGE)) <= {key.name for key in SEARCH_ATTRIBUTES}
    named = re.findall(r"gangway run (\w+)", PAGE)
    assert named
    assert set(named) <= set(gangway.commands["run"].commands)  # type: ignore[attr-defined]


def test_its_codes_exist() -> None:
    """Each code that it names can be met."""
    codes = set(DOCUMENT["components"]["schemas"]["Code"]["enum"])
    named = set(re.findall(r"4\d\d\s+`(\w+)`|503 `(\w+)`", PAGE))
    assert {one or other for one, other in named} <= codes
    assert len(named) >= 4
