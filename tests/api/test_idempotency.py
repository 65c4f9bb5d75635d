"""`Idempotency-Key`: the first answer again, and nothing done twice."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from api.gateway import Gateway, WorkflowsUnavailable
from cli.embedded import EmbeddedStack
from runtime.settings import Settings
from tests.stack import EXAMPLES, PASSWORD, RUNS, Person, application, ok, problem, wrong

REPLAYED = "idempotent-replayed"
STEP = {"step": 1, "data": EXAMPLES[1]}


def key() -> dict[str, str]:
    """A key that nobody used."""
    return {"Idempotency-Key": str(uuid.uuid4())}


async def events(person: Person) -> int:
    """How many events their run has."""
    return len(ok(await person.get(f"{RUNS}/history"))["items"])


async def test_replay(person: Person) -> None:
    """The same key and body give the first answer again, marked, and with a request id of its own."""
    await person.start()
    headers = key()
    first = await person.save(1, headers=headers)
    again = await person.save(1, headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await events(person) == 2


async def test_a_replay_undoes_nothing(person: Person) -> None:
    """A late repeat gets the first answer although the run has moved on, and does not take it back."""
    await person.start()
    headers = key()
    first = await person.save(1, headers=headers)
    ok(await person.save(1, {"fitness_level": "advanced"}))
    ok(await person.save(2))
    assert (await person.save(1, headers=headers)).content == first.content
    state = ok(await person.get(f"{RUNS}/state"))
    assert state["step_data"]["fitness_level"] == {"fitness_level": "advanced"}


async def test_the_workflow_remembers_too(person: Person, stack: EmbeddedStack) -> None:
    """Where the API died before it kept its answer, the workflow knows the key: the repeat changes nothing."""
    await person.start()
    headers = key()
    ok(await person.save(1, headers=headers))
    ok(await person.save(1, {"fitness_level": "advanced"}))
    await changed(stack, headers, "status = NULL, body = NULL, locked_until = now()")
    answer = await person.save(1, headers=headers)
    assert answer.status_code == 200
    assert REPLAYED not in answer.headers
    state = ok(await person.get(f"{RUNS}/state"))
    assert state["step_data"]["fitness_level"] == {"fitness_level": "advanced"}
    assert await events(person) == 3


async def test_a_key_is_new_after_a_day(person: Person, stack: EmbeddedStack) -> None:
    """A day later the same key and body are another request, which is done: by the run, too."""
    await person.start()
    headers = key()
    ok(await person.save(1, headers=headers))
    ok(await person.save(1, {"fitness_level": "advanced"}))
    await changed(stack, headers, "created_at = now() - interval '25 hours'")
    answer = await person.save(1, headers=headers)
    assert REPLAYED not in answer.headers
    state = ok(await person.get(f"{RUNS}/state"))
    assert (state["step_data"]["fitness_level"], state["version"]) == (
        EXAMPLES[1],
        answer.json()["progress"]["version"],
    )
    assert await events(person) == 4


async def changed(stack: EmbeddedStack, headers: dict[str, str], values: str) -> None:
    """Set what is remembered of a key."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    query = f"UPDATE idempotency_keys SET {values} WHERE key = $1"
    assert await admin.execute(query, headers["Idempotency-Key"]) == "UPDATE 1"
    await admin.close()


async def test_both_names_of_a_route(api: httpx.AsyncClient) -> None:
    """The path with the version and the one without are one route to a key."""
    headers = key()
    body = {"email": f"{uuid.uuid4().hex}@example.org", "password": "correct horse"}
    first = await api.post("/api/v1/auth/register", json=body, headers=headers)
    again = await api.post("/api/auth/register", json=body, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers[REPLAYED] == "true"


async def test_a_wrong_content_type_is_not_kept(person: Person) -> None:
    """Who corrects the content type has the request done."""
    await person.start()
    headers = key()
    body = json.dumps(STEP).encode()
    for kind, status in (("text/plain", 415), ("application/json", 200)):
        answer = await person.post(f"{RUNS}/step", content=body, headers={**headers, "Content-Type": kind})
        assert (answer.status_code, REPLAYED in answer.headers) == (status, False)


async def test_a_large_body_is_refused_unread(person: Person) -> None:
    """A body that is announced to be too large is 413 before it arrives."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 1000

    headers = {**key(), "Content-Type": "application/json", "Content-Length": "5000000"}
    problem(await person.post(f"{RUNS}/step", content=endless(), headers=headers), 413, "payload_too_large")
    assert sent < 10


async def test_another_body(person: Person) -> None:
    """The same key with another body, or another query, is 409 `idempotency_key_reused`."""
    await person.start()
    headers = key()
    ok(await person.save(1, headers=headers))
    other = await person.save(1, {"fitness_level": "advanced"}, headers=headers)
    problem(other, 409, "idempotency_key_reused")
    query = await person.post(f"{RUNS}/step?x=1", STEP, headers=headers)
    problem(query, 409, "idempotency_key_reused")
    assert await events(person) == 2


async def test_a_key_belongs_to_a_person_and_a_route(person: Person, other: Person) -> None:
    """Another person, and another route, may use the same key."""
    headers = key()
    for each in (person, other):
        started = await each.post(f"{RUNS}/start", {}, headers=headers)
        assert (started.status_code, REPLAYED in started.headers) == (201, False)
        assert started.json()["user_id"] == each.id
    saved = await person.save(1, headers=headers)
    assert (saved.status_code, REPLAYED in saved.headers) == (200, False)


async def test_refusals_are_kept(person: Person) -> None:
    """A 4xx is an answer like any: the repeat gets it with the first request's id, as a problem."""
    await person.start()
    headers = key()
    first = await person.save(1, {}, headers=headers)
    again = await person.save(1, {}, headers=headers)
    assert again.content == first.content
    assert problem(again, 400, "validation_error")["request_id"] == first.headers["x-request-id"]
    assert again.headers[REPLAYED] == "true"


async def test_every_unsafe_method(person: Person) -> None:
    """Start, skip, complete, PATCH and DELETE are kept with their own status."""
    started = key()
    assert [(await person.post(f"{RUNS}/start", {}, headers=started)).status_code for _ in range(2)] == [201, 201]
    await person.saved(1, 8)
    calls: list[tuple[str, str, Any, int]] = [
        ("POST", f"{RUNS}/skip", {"step": 9}, 200),
        ("POST", f"{RUNS}/complete", None, 201),
        ("PATCH", "/api/v1/profile", {"answers": {"fitness_level": {"fitness_level": "advanced"}}}, 200),
        ("PATCH", "/api/v1/users/me", {"age": 40}, 200),
        ("POST", f"{RUNS}/start", {"restart": True}, 201),
        ("DELETE", f"{RUNS}/", None, 204),
    ]
    for method, path, body, status in calls:
        headers = key()
        given = {} if body is None else {"json": body}
        answers = [await person.send(method, path, headers=headers, **given) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [status] * 2
        assert answers[0].content == answers[1].content
        assert [REPLAYED in answer.headers for answer in answers] == [False, True]
    assert ok(await person.get("/api/v1/profile"))["version"] == 2


async def test_reading_takes_no_key(person: Person) -> None:
    """A key on a GET means nothing."""
    headers = key()
    await person.start()
    for _ in range(2):
        assert REPLAYED not in (await person.get(f"{RUNS}/progress", headers=headers)).headers


@pytest.mark.parametrize(("length", "status"), [(1, 200), (255, 200), (256, 400), (0, 400)])
async def test_the_length_of_a_key(person: Person, length: int, status: int) -> None:
    """A key has 1 to 255 characters."""
    await person.start()
    answer = await person.save(1, headers={"Idempotency-Key": "k" * length})
    assert answer.status_code == status
    if status == 400:
        assert wrong(answer).keys() == {"Idempotency-Key"}


@pytest.mark.parametrize("sent", [b"\xff\xfe", b"a b;c'\"", b"%00"])
async def test_any_bytes_are_a_key(person: Person, sent: bytes) -> None:
    """Odd bytes make a key like any other."""
    await person.start()
    ok(await person.save(1, headers={"Idempotency-Key": sent}))
    assert (await person.save(1, headers={"Idempotency-Key": sent})).headers[REPLAYED] == "true"


async def test_twenty_at_once(person: Person) -> None:
    """Of twenty requests with one key one is done; the others replay it or are told that it runs."""
    await person.start()
    headers = key()
    answers = await asyncio.gather(*(person.save(1, headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    done = [answer for answer in answers if answer.status_code == 200]
    assert sum(REPLAYED not in answer.headers for answer in done) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert problem(answer, 409, "request_in_progress")["retryable"]
    assert await events(person) == 2


def through(person: Person, client: httpx.AsyncClient) -> Person:
    """The same person over another application."""
    return replace(person, client=client)


async def test_while_the_first_runs(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeat while the first request runs is 409; a 5xx is not kept, so a later repeat does the work."""
    await person.start()
    headers = key()
    asked, failing = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> None:
        asked.set()
        await failing.wait()
        raise WorkflowsUnavailable

    monkeypatch.setattr(Gateway, "send", slow)
    first = asyncio.create_task(person.save(1, headers=headers))
    await asked.wait()
    problem(await person.save(1, headers=headers), 409, "request_in_progress")
    failing.set()
    problem(await first, 503, "workflow_unavailable")
    monkeypatch.undo()
    later = await person.save(1, headers=headers)
    assert (later.status_code, REPLAYED in later.headers) == (200, False)
    assert await events(person) == 2


async def test_another_body_after_a_failure(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key whose request failed still belongs to that request: nobody knows whether its work was done."""
    await person.start()
    headers = key()

    async def away(*_: object) -> None:
        raise WorkflowsUnavailable

    monkeypatch.setattr(Gateway, "send", away)
    problem(await person.save(1, headers=headers), 503, "workflow_unavailable")
    monkeypatch.undo()
    other = await person.save(1, {"fitness_level": "advanced"}, headers=headers)
    problem(other, 409, "idempotency_key_reused")
    assert REPLAYED not in (await person.save(1, headers=headers)).headers
    assert await events(person) == 2


async def test_a_refusal_for_haste_is_not_kept(person: Person, settings: Settings) -> None:
    """429 is not kept: the same key works when there is room again."""
    await person.start()
    headers = key()
    async with application(replace(settings, rate_limit_per_minute=1)) as client:
        hasty = through(person, client)
        problem(await hasty.save(1, headers=headers), 429, "rate_limited")
    assert REPLAYED not in (await person.save(1, headers=headers)).headers


async def test_registering_twice_by_a_double_click(api: httpx.AsyncClient) -> None:
    """Sign-in routes take keys too: the repeat gets the account that was made."""
    headers = key()
    body = {"email": f"{uuid.uuid4().hex}@example.org", "password": "correct horse"}
    first = await api.post("/api/v1/auth/register", json=body, headers=headers)
    again = await api.post("/api/v1/auth/register", json=body, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers[REPLAYED] == "true"
    problem(await api.post("/api/v1/auth/register", json=body), 409, "email_taken")


async def test_what_is_kept_is_sealed(person: Person, stack: EmbeddedStack) -> None:
    """The kept answer cannot be read in the database."""
    await person.start()
    headers = key()
    ok(await person.save(1, headers=headers))
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    body = await admin.fetchval("SELECT body FROM idempotency_keys WHERE key = $1", headers["Idempotency-Key"])
    await admin.close()
    assert body
    assert b"progress" not in bytes(body)


async def test_what_is_kept_goes_with_its_person(person: Person, stack: EmbeddedStack) -> None:
    """The answer to a login that is kept for repeats is gone with the person whom it tells of."""
    headers = key()
    body = {"email": person.email, "password": PASSWORD}
    first = ok(await person.client.post("/api/v1/auth/login", json=body, headers=headers))
    again = await person.client.post("/api/v1/auth/login", json=body, headers=headers)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first, "true")
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    kept = "SELECT count(*) FROM idempotency_keys WHERE key = $1"
    assert await admin.fetchval(kept, headers["Idempotency-Key"]) == 1
    await admin.execute("DELETE FROM users WHERE id = $1", person.id)
    assert await admin.fetchval(kept, headers["Idempotency-Key"]) == 0
    await admin.close()


async def test_a_challenge_is_replayed(person: Person) -> None:
    """A 401 that is given again has the challenge of the first."""
    headers, body = key(), {"email": person.email, "password": "a wrong one"}
    for replayed in (False, True):
        answer = await person.client.post("/api/v1/auth/login", json=body, headers=headers)
        problem(answer, 401, "invalid_credentials")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert (REPLAYED in answer.headers) is replayed


async def test_again_at_once(person: Person) -> None:
    """Whoever has the first answer gets it again, however soon they ask."""
    for n in range(20):
        headers, body = key(), {"full_name": f"Ada {n}"}
        first = ok(await person.patch("/api/v1/users/me", body, headers=headers))
        again = await person.patch("/api/v1/users/me", body, headers=headers)
        assert (ok(again), again.headers[REPLAYED]) == (first, "true")
