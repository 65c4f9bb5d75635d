"""Somebody at the company wizard."""

import copy
from typing import Any

import httpx

from onboarding.flows.company import COMPANY
from tests.stack import Json, Person, ok

WIZARD = "/api/onboarding"
ANSWERS: dict[str, dict[str, Any]] = {
    "welcome": {"role": "custom", "customRole": "Chief of staff", "experienceLevel": "advanced"},
    "company": {
        "name": "Ñandú & O'Neill",
        "industry": "other",
        "size": "small",
        "description": "We make things.\nAnd sell them.",
        "website": "https://example.org",
    },
    "organization": {
        "teamSize": 12,
        "structure": "flat",
        "methodology": "okrs",
        "collaborationStyle": "hybrid",
        "integrations": ["slack", "github"],
        "departments": [
            {"name": "Platform", "parent": "Engineering"},
            {"name": "Engineering", "description": "Builds."},
        ],
    },
}
"""A valid answer to each step, as the wizard's clients write them."""

assert list(ANSWERS) == [state.key for state in COMPANY.states]


def answer(step: str, **changes: Any) -> dict[str, Any]:
    """A valid answer with some fields changed."""
    return {**copy.deepcopy(ANSWERS[step]), **changes}


async def begin(person: Person, **body: Any) -> Json:
    """Start, which must work; gives the session."""
    return ok(await person.post(f"{WIZARD}/start", body))


async def put(person: Person, step: int | str, data: Any, **body: Any) -> httpx.Response:
    """Save the answer to a step."""
    return await person.send("PUT", f"{WIZARD}/progress", json={"step": step, "data": data, **body})


async def answered(person: Person, last: int = 3) -> Json:
    """Start, and answer the first steps; gives the session."""
    session = await begin(person)
    for step in list(ANSWERS)[:last]:
        session = ok(await put(person, step, answer(step)))
    return session


async def complete(person: Person, **body: Any) -> Json:
    """Complete, which must work."""
    return ok(await person.post(f"{WIZARD}/complete", body))


async def session_of(person: Person, session_id: str) -> httpx.Response:
    """Ask for a session."""
    return await person.get(f"{WIZARD}/session/{session_id}")


async def end(person: Person, session_id: str) -> httpx.Response:
    """Give a session up."""
    return await person.send("DELETE", f"{WIZARD}/session/{session_id}")
