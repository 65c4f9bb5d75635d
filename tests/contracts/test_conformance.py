"""Generated requests against the whole document: no crash, and nothing answered that is not documented."""

import asyncio
import json

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, note, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contracts.document import exported
from tests.stack import Person

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = {"/api/v1/onboarding/events"}
"""Streams; tests/api/test_events.py has them."""

DOCUMENT = json.loads(exported())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    f"{method.upper()} {path}": SCHEMA[path][method.upper()]
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if path not in ENDLESS
}
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 4}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_answers_conform(name: str, newcomer: Person, veteran: Person, boss: Person, server: str) -> None:
    """Valid and invalid requests are answered with a documented status, type and body, and never with 5xx.

    Each is sent by somebody in a run, by somebody with a profile, and by an admin.
    """
    people = {"newcomer": newcomer, "veteran": veteran, "boss": boss}
    await asyncio.to_thread(probe, name, people, server)


def probe(name: str, people: dict[str, Person], server: str) -> None:
    """Send what the document says, and what it does not: what is generated once is sent by everybody."""
    with requests.Session() as session:
        for mode, examples in EXAMPLES.items():
            if mode is GenerationMode.NEGATIVE and not takes_anything(name):
                continue

            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
            def run(case: schemathesis.Case) -> None:
                for who, person in people.items():
                    note(f"sent by the {who}")
                    headers = {"Authorization": f"Bearer {person.token}"}
                    answer = case.call(base_url=server, session=session, headers=headers, timeout=60)
                    case.validate_response(answer, checks=CHECKS)

            run()


def takes_anything(name: str) -> bool:
    """Whether an operation has something that could be wrong."""
    method, path = name.split()
    operation = DOCUMENT["paths"][path][method.lower()]
    parameters = operation.get("parameters", [])
    # Any text fits a path, and where nobody signs in there is no token to leave out.
    texts = all(each["in"] == "path" and each["schema"] == {"type": "string"} for each in parameters)
    return "requestBody" in operation or not (texts and (operation.get("security") == [] or not parameters))
