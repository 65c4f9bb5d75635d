"""Every route of the document, asked by tenant B for what is tenant A's: not there, and as if it never was."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace

from cli.embedded import EmbeddedStack
from db.pool import Connection, Database
from onboarding.access import Role
from runtime.settings import Settings
from tests.contracts.document import exported
from tests.contracts.foreign import Answer, Foreign, Operation, counted, cursor_of, filled, operations, two_tenants
from tests.db.full import empty
from tests.stack import RUNS, ok

DOCUMENT = json.loads(exported())
OPERATIONS = {each.name: each for each in operations(DOCUMENT)}
STREAM = f"GET {RUNS}/events"
"""It does not end: `test_streams` has it."""

NOBODY = str(uuid.uuid4())

OF_NOBODY = {
    "GET /api/v1/barcodes/{code}",
    "POST /api/v1/connections/{provider}/start",
    "GET /api/v1/connections/{provider}/callback",
}
"""A code of goods, or a provider, is the same whoever asks for it."""

WITH_PATHS = [name for name, each in OPERATIONS.items() if "{" in each.path and name not in OF_NOBODY]
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
            return path, {"headers": operation.headers(), **({} if body is None else {"json": body})}


class Asking(Struct, kw_only=True):
    """Somebody of B asks for one thing after the other of A's in one place; `nobody` is how nobody's look."""

    foreign: Foreign
    role: Role
    operation: Operation
    place: str
    nobody: list[tuple[str, Answer]] = []

    async def alike(self, value: str, other: str) -> list[str]:
        """Ask with an id of A's; what is wrong with the answer.

        It must look like the answer to one of nobody's, which was asked for before, or is after it.
        """
        if not self.nobody:
            await self._ask_nobody(other)
        found = await self._ask(value)
        if not self._looks_like_nobody(found, value):
            await self._ask_nobody(other)
        wrong = list[str]()
        if not self._looks_like_nobody(found, value) and self._takes_another_time_alone(found, value):
            # What is kept for minutes, such as a key, may have been looked up anew just then; not so twice.
            wrong += self._leaks(found, value)
            found = await self._ask(value)
        what = self._what(value)
        wrong += self._leaks(found, value)
        if self.place == "path" and found.status not in (403, 404):
            wrong.append(f"{what}: {found.status} {found.text[:200]}")
        if not self._looks_like_nobody(found, value):
            sent, answer = self.nobody[-1]
            wrong.append(f"{what}: {found.looks(value)}, but for nobody's {answer.looks(sent)}")
        return wrong

    def _what(self, value: str) -> str:
        return f"{self.operation.name} as {self.role} with {value} in the {self.place}"

    def _leaks(self, found: Answer, value: str) -> list[str]:
        return [f"{self._what(value)}: tells {each}" for each in self.foreign.leaked(found, value)]

    def _takes_another_time_alone(self, found: Answer, value: str) -> bool:
        """Whether it is nobody's but for the number of its statements."""
        return found.looks(value)[:2] in [answer.looks(sent)[:2] for sent, answer in self.nobody[-2:]]

    def _looks_like_nobody(self, found: Answer, value: str) -> bool:
        return found.looks(value) in [answer.looks(sent) for sent, answer in self.nobody[-2:]]

    async def _ask_nobody(self, other: str) -> None:
        self.nobody = [*self.nobody, (other, await self._ask(other))]

    async def _ask(self, value: str) -> Answer:
        path, options = request_of(self.operation, self.place, value)
        answer = await self.foreign.ask(self.role, self.operation.method, path, **options)
        # Whoever waits for an answer of a model looks for it as often as it takes.
        return replace(answer, statements=0) if "/chat" in self.operation.path else answer


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
    asking = Asking(foreign=foreign, role=role, operation=operation, place="path")
    for each in foreign.ids.values():
        wrong += await asking.alike(each, str(uuid.uuid4()))
    assert wrong == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", WITH_QUERIES)
async def test_by_query(foreign: Foreign, name: str, role: Role) -> None:
    """An id or an e-mail of A's in the query, as a cursor for one, finds nothing more than one of nobody's."""
    wrong: list[str] = []
    for parameter in OPERATIONS[name].parameters("query"):
        place = f"query {parameter}"
        asking = Asking(foreign=foreign, role=role, operation=OPERATIONS[name], place=place)
        for kind in ("user_id", "run_id", "tenant_id", "session_id"):
            wrong += await asking.alike(foreign.ids[kind], str(uuid.uuid4()))
        asking = Asking(foreign=foreign, role=role, operation=OPERATIONS[name], place=place)
        wrong += await asking.alike(foreign.ada.email, f"{uuid.uuid4().hex}@example.org")
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
        asking = Asking(foreign=foreign, role=role, operation=operation, place=f"body {field}")
        for kind in ("user_id", "run_id"):
            foreign.told.add(foreign.ids[kind])
            wrong += await asking.alike(foreign.ids[kind], str(uuid.uuid4()))
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
