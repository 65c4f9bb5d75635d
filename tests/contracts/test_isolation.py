"""Every route of the document, asked by tenant B for what is tenant A's: not there, and as if it never was."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from api.export import export_openapi
from cli.embedded import EmbeddedStack
from db.pool import Connection, Database
from onboarding.access import Role
from runtime.settings import Settings
from tests.contracts.foreign import Answer, Foreign, Operation, counted, cursor_of, filled, operations, two_tenants
from tests.db.full import empty
from tests.stack import RUNS, ok

DOCUMENT = json.loads(export_openapi())
OPERATIONS = {each.name: each for each in operations(DOCUMENT)}
STREAM = f"GET {RUNS}/events"
"""It does not end: `test_streams` has it."""

NOBODY = str(uuid.uuid4())

WITH_PATHS = [name for name, each in OPERATIONS.items() if "{" in each.path]
WITH_QUERIES = [name for name, each in OPERATIONS.items() if each.parameters("query") and name != STREAM]
NAMES_OF_REPEATS = {"message_id"}
"""Names that callers give to what they send, within what is theirs: the same again is a repeat."""

WITH_BODIES = [name for name, each in OPERATIONS.items() if each.body_fields()]
LISTS = [name for name, each in OPERATIONS.items() if '"with_total"' in json.dumps(each.spec)]
READS = [
    name for name, each in OPERATIONS.items() if each.method == "GET" and "{" not in each.path and name != STREAM
]


@pytest.fixture(scope="module")
async def foreign(
    stack: EmbeddedStack, settings: Settings, api: httpx.AsyncClient, every_statement: None
) -> AsyncIterator[Foreign]:
    """Both tenants."""
    assert settings.database_url
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    database = await Database.open(settings.database_url, min_size=1, max_size=2)
    foreign = await two_tenants(admin, database, api, settings)
    yield foreign
    await empty(admin, foreign.full.person.tenant_id, foreign.ours[Role.USER].tenant_id)
    await database.close()
    await admin.close()


@pytest.fixture(scope="module")
def every_statement() -> Iterator[None]:
    """Count what requests ask of the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_reported", counted(Connection))
        yield


@pytest.fixture(autouse=True)
async def nothing_changes(foreign: Foreign) -> AsyncIterator[None]:
    """Whatever a test here asks for, afterwards all rows of A are as they were."""
    before = await foreign.unchanged()
    yield
    after = await foreign.unchanged()
    assert [table for table in before if after[table] != before[table]] == []


def request_of(operation: Operation, place: str, value: str) -> tuple[str, dict[str, Any]]:
    """The path and the rest of a request that names something in one place."""
    path = filled(operation.path, dict.fromkeys(operation.parameters("path"), value))
    body = operation.body()
    match place.split():
        case ["query", name]:
            return path, {"params": {name: cursor_of(value) if name == "cursor" else value}}
        case ["body", name]:
            nobody = filled(operation.path, dict.fromkeys(operation.parameters("path"), NOBODY))
            return nobody, {"json": operation.put(name, value)}
        case _:
            return path, {} if body is None else {"json": body}


async def alike(
    foreign: Foreign, role: Role, operation: Operation, value: str, other: str, place: str
) -> list[str]:
    """Ask with an id of A's, and before and after it with one of nobody's; what is wrong with the answer."""
    answers: list[Answer] = []
    for each in (other, value, other):
        path, options = request_of(operation, place, each)
        answers.append(await foreign.ask(role, operation.method, path, **options))
    if "/chat" in operation.path:
        # Whoever waits for an answer looks for it as often as it takes.
        answers = [replace(each, statements=0) for each in answers]
    before, found, after = answers
    what = f"{operation.name} as {role} with {value} in the {place}"
    wrong = [f"{what}: tells {each}" for each in foreign.leaked(found, value)]
    if place == "path" and found.status not in (403, 404):
        wrong.append(f"{what}: {found.status} {found.text[:200]}")
    if found.looks(value) not in (before.looks(other), after.looks(other)):
        wrong.append(f"{what}: {found.looks(value)}, but for nobody's {after.looks(other)}")
    return wrong


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", WITH_PATHS)
async def test_by_path(foreign: Foreign, name: str, role: Role) -> None:
    """An id of A's in a path, of its kind or another, is answered as nobody's is: 404, or 403 for both."""
    operation = OPERATIONS[name]
    unknown = set(operation.parameters("path")) - foreign.ids.keys()
    assert not unknown, (
        f"{name} takes {unknown}: give tenant A such a thing in tests/db/full.py, with its id by that name"
    )
    wrong: list[str] = []
    for each in foreign.ids.values():
        wrong += await alike(foreign, role, operation, each, str(uuid.uuid4()), "path")
    assert wrong == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", WITH_QUERIES)
async def test_by_query(foreign: Foreign, name: str, role: Role) -> None:
    """An id or an e-mail of A's in the query, as a cursor for one, finds nothing more than one of nobody's."""
    wrong: list[str] = []
    for place in OPERATIONS[name].parameters("query"):
        for kind in ("user_id", "run_id", "tenant_id", "session_id"):
            other = str(uuid.uuid4())
            wrong += await alike(foreign, role, OPERATIONS[name], foreign.ids[kind], other, f"query {place}")
        other = f"{uuid.uuid4().hex}@example.org"
        wrong += await alike(foreign, role, OPERATIONS[name], foreign.ada.email, other, f"query {place}")
    assert wrong == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", READS)
async def test_reads(foreign: Foreign, name: str, role: Role) -> None:
    """What can be read without naming anything has nothing of A's in it."""
    answer = await foreign.ask(role, "GET", OPERATIONS[name].path)
    assert foreign.leaked(answer) == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", LISTS)
async def test_counts(foreign: Foreign, name: str, role: Role) -> None:
    """A total counts what the list shows, and nothing of A's."""
    answer = await foreign.ask(role, "GET", OPERATIONS[name].path, params={"limit": 100, "with_total": True})
    assert foreign.leaked(answer) == []
    if answer.status == 200:
        assert answer.body["total"] == len(answer.body["items"])
    else:
        assert answer.status in (403, 404)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", WITH_BODIES)
async def test_by_body(foreign: Foreign, name: str, role: Role) -> None:
    """An id of A's in a field of a body is taken for what anybody could have written there."""
    operation = OPERATIONS[name]
    wrong: list[str] = []
    for field in set(operation.body_fields()) - NAMES_OF_REPEATS:
        for kind in ("user_id", "run_id"):
            foreign.told.add(foreign.ids[kind])
            wrong += await alike(foreign, role, operation, foreign.ids[kind], str(uuid.uuid4()), f"body {field}")
        if not operation.is_open:  # without a token anybody may knock with an e-mail or a token that they know
            for value in (foreign.ada.email, foreign.ada.refresh_token):
                foreign.told.add(value)
                path = filled(operation.path, dict.fromkeys(operation.parameters("path"), foreign.ids["user_id"]))
                answer = await foreign.ask(role, operation.method, path, json=operation.put(field, value))
                wrong += [f"{name}, {field}: tells {each}" for each in foreign.leaked(answer, path)]
    assert wrong == []


async def test_the_same_key(foreign: Foreign) -> None:
    """A key that A used for a request replays nothing to B, who sends the very same."""
    key = next(each for each in foreign.forbidden if each.startswith("canary") and "-" not in each)
    person = foreign.ours[Role.USER]
    for _ in range(2):
        answer = await person.save(1, headers={"Idempotency-Key": key})
        ok(answer)
        assert not [mark for mark in foreign.forbidden if mark in answer.text]


@pytest.mark.parametrize("role", Role)
async def test_streams(foreign: Foreign, server: str, role: Role) -> None:
    """Who goes on reading the stream of A's run gets their own, or none."""
    headers = {**foreign.ours[role].headers({}), "Last-Event-ID": f"{foreign.run_id}:1"}
    async with (
        httpx.AsyncClient(base_url=server) as client,
        client.stream("GET", f"{RUNS}/events", headers=headers) as answer,
    ):
        seen = f"{answer.headers}"
        if answer.status_code == 200:
            async with asyncio.timeout(5):
                async for line in answer.aiter_lines():
                    seen += line
                    if line.startswith("data:"):
                        break
        else:
            assert answer.status_code in (204, 404)
    assert not [mark for mark in foreign.forbidden if mark in seen]


async def test_ada_goes_on(foreign: Foreign) -> None:
    """Her run and her session are as they were."""
    progress = await foreign.ada.progress("fitness")
    assert progress["current_state"] == 4
