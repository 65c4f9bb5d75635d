"""Generated requests against the whole document: no crash, and nothing answered that is not documented."""

import asyncio
import json

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.export import export_openapi
from tests.stack import Person

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = {"/api/v1/onboarding/events"}
"""Streams; tests/api/test_events.py has them."""

DOCUMENT = json.loads(export_openapi())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    f"{method.upper()} {path}": SCHEMA[path][method.upper()]
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if path not in ENDLESS
}
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 4}


@pytest.mark.parametrize("who", ["newcomer", "veteran", "boss"])
@pytest.mark.parametrize("name", OPERATIONS)
async def test_answers_conform(
    name: str, who: str, newcomer: Person, veteran: Person, boss: Person, server: str
) -> None:
    """Valid and invalid requests are answered with a documented status, type and body, and never with 5xx."""
    people = {"newcomer": newcomer, "veteran": veteran, "boss": boss}
    await asyncio.to_thread(probe, name, people[who], server)


def probe(name: str, person: Person, server: str) -> None:
    """Send what the document says, and what it does not."""
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
                headers = {"Authorization": f"Bearer {person.token}"}
                answer = case.call(base_url=server, session=session, headers=headers)
                case.validate_response(answer, checks=CHECKS)

            run()


def takes_anything(name: str) -> bool:
    """Whether an operation has something that could be wrong."""
    method, path = name.split()
    operation = DOCUMENT["paths"][path][method.lower()]
    return bool(operation.get("parameters") or operation.get("requestBody"))
