"""Every error is a problem, whatever was sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from activities.ai.protocol import AiError
from api.__main__ import opened
from api.deps import Deps
from api.errors import EXCEPTION_HANDLERS, OUTSIDE_THE_RULES, STATUS_OF
from cli.embedded.ports import free_ports
from db.pool import Database, DatabaseUnavailable
from db.profiles import ProfileConflict
from db.tenants import TenantExists
from onboarding.errors import GangwayError, Refused
from runtime.settings import Settings
from tests.stack import EXAMPLES, RUNS, Person, application, ok, problem, wrong

JSON = {"Content-Type": "application/json"}
STEP = f"{RUNS}/step"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v1/nowhere",
        "/api/v2/onboarding/progress",
        "/api/v1/onboarding/nowhere",
        "/api/v1/onboarding/step/1",
        "/api/onboarding/state",
        "/favicon.ico",
        "/%ff",
        "/schema/nowhere",
        "/schema/assets/nowhere.js",
        "/schema/assets/..%2f..%2fpyproject.toml",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_route(person: Person, method: str, path: str) -> None:
    """What is not there is 404 as a problem, for anybody and any method."""
    answer = await person.send(method, path)
    assert answer.status_code in (404, 405)
    problem(answer, answer.status_code, "not_found" if answer.status_code == 404 else "method_not_allowed")
    if method == "GET":
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", f"{RUNS}/start", {"POST"}),
        ("PUT", f"{RUNS}/step", {"POST"}),
        ("POST", f"{RUNS}/progress", {"GET"}),
        ("DELETE", "/api/v1/profile", {"GET", "PATCH"}),
        ("PATCH", f"{RUNS}/", {"DELETE"}),
        ("POST", "/livez", {"GET"}),
    ],
)
async def test_a_wrong_method(person: Person, method: str, path: str, allowed: set[str]) -> None:
    """A method that a route does not have is 405 with those that it has."""
    answer = await person.send(method, path)
    problem(answer, 405, "method_not_allowed")
    found = {name.strip() for name in answer.headers["allow"].split(",")}
    assert allowed <= found <= allowed | {"OPTIONS", "HEAD"}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"nul",
        b"{'step': 1}",
        b'{"step": 1,}',
        b"\xff\xfe",
        b'{"step": "\xff"}',
        b'{"step": "\\ud800"}x',
        b'{"step": 1} {"step": 2}',
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"[" * 5_000 + b"]" * 5_000,
    ],
    ids=str,
)
async def test_what_is_no_json(person: Person, content: bytes) -> None:
    """What cannot be parsed, or is nested beyond reason, is 400 `malformed_json`."""
    problem(await person.send("POST", STEP, content=content, headers=JSON), 400, "malformed_json")


@pytest.mark.parametrize("content", [b"[]", b"1", b'"step"', b"true", b"null", b"[{}]"])
async def test_json_that_is_no_object(person: Person, content: bytes) -> None:
    """A body that is no object is 400."""
    problem(await person.send("POST", STEP, content=content, headers=JSON), 400, "validation_error")


@pytest.mark.parametrize("route", [STEP, f"{RUNS}/steps", f"{RUNS}/skip", "/api/v1/auth/login"])
async def test_no_body_where_one_is_needed(person: Person, route: str) -> None:
    """An empty body is no JSON: 400, whatever type it claims."""
    problem(await person.send("POST", route, headers=JSON), 400, "malformed_json")
    problem(await person.send("POST", route), 400, "malformed_json")


async def test_deep_data_in_an_answer(person: Person) -> None:
    """A body nested 32 deep is refused by the rules of its fields; deeper, it is refused unread."""
    await person.start()
    deep: Any = []
    for _ in range(29):
        deep = [deep]
    errors = wrong(await person.save(1, {"fitness_level": deep, "deep": deep}))
    assert errors == {"fitness_level": "not_allowed", "deep": "unknown_field"}
    problem(await person.save(1, {"fitness_level": [deep], "deep": 1}), 400, "malformed_json")


@pytest.mark.parametrize("number", [10**30, -(10**30), 10**400, 1e308, 2**63, 2**64])
async def test_monstrous_numbers(person: Person, number: float) -> None:
    """Numbers of any size are compared, not crashed on."""
    await person.start()
    body = json.dumps({"step": 1, "data": {"fitness_level": number}})
    answer = await person.send("POST", STEP, content=body, headers=JSON)
    assert answer.status_code == 400
    body = json.dumps({"age": number})
    assert (await person.send("PATCH", "/api/v1/users/me", content=body, headers=JSON)).status_code == 400


@pytest.mark.parametrize("text", ["\u0000", "a\u0000b", "\ud800", "\u202e", "\u200b"])
async def test_odd_characters(person: Person, text: str) -> None:
    """Characters that the database cannot hold, or nobody can see, never become a 500."""
    content = json.dumps({"full_name": text}).encode()
    answer = await person.send("PATCH", "/api/v1/users/me", content=content, headers=JSON)
    assert answer.status_code in (200, 400)
    content = json.dumps({"email": f"a{text}@example.org", "password": text}).encode()
    assert (await person.client.post("/api/v1/auth/login", content=content, headers=JSON)).status_code in (
        400,
        401,
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "json"])
async def test_a_wrong_content_type(person: Person, kind: str) -> None:
    """A body that does not say that it is JSON is 415."""
    body = json.dumps({"step": 1, "data": EXAMPLES[1]}).encode()
    answer = await person.send("POST", STEP, content=body, headers={"Content-Type": kind})
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"])
async def test_a_right_content_type(person: Person, kind: str) -> None:
    """JSON has parameters, cases and suffixes."""
    await person.start()
    body = json.dumps({"step": 1, "data": EXAMPLES[1]}).encode()
    ok(await person.send("POST", STEP, content=body, headers={"Content-Type": kind}))


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("path", [STEP, "/api/v1/auth/login"])
async def test_two_megabytes(person: Person, path: str, whole: bool, keyed: bool) -> None:
    """A body over 1 MB is 413, with its length announced or in pieces, with a key or without."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    headers = {**JSON, "Idempotency-Key": f"{whole}{path}"} if keyed else JSON
    content: Any = b" " * 2_000_000 if whole else pieces()
    problem(await person.send("POST", path, content=content, headers=headers), 413, "payload_too_large")


async def test_just_under_the_limit(person: Person) -> None:
    """A body of almost 1 MB is read, and judged by its content."""
    await person.start()
    body = json.dumps({"step": 1, "data": EXAMPLES[1]}).encode() + b" " * 990_000
    ok(await person.send("POST", STEP, content=body, headers=JSON))


@pytest.mark.parametrize("host", ["a:99999999", "a:b", "a:-1", "[", "[::1", "a:1:2", "@", "a@b:c"])
async def test_an_odd_host(server: str, person: Person, host: str) -> None:
    """A Host that names no place hinders no answer, and no problem: nothing here is decided by it."""
    async with httpx.AsyncClient(base_url=server, timeout=60, headers={"Host": host}) as client:
        at = replace(person, client=client)
        assert (await at.get("/livez")).status_code == 200
        assert (await at.get("/schema")).status_code == 200
        problem(await at.get("/nowhere"), 404, "not_found")
        problem(await at.post("/livez"), 405, "method_not_allowed")
        problem(await at.get(f"{RUNS}/progress"), 404, "run_not_found")
        problem(await client.get(f"{RUNS}/progress"), 401, "auth_missing_token")


async def test_a_bug_under_an_odd_host(server: str, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours is told as such, whatever the Host."""

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("api.runs.current_run", broken)
    async with httpx.AsyncClient(base_url=server, timeout=60, headers={"Host": "a:99999999"}) as client:
        problem(await replace(person, client=client).get(f"{RUNS}/progress"), 500, "internal_error")


@pytest.mark.parametrize(
    ("announced", "begun"),
    [
        ("Content-Length: 100", b""),
        ("Content-Length: 100", b"{"),
        ("Transfer-Encoding: chunked", b"1\r\n{\r\n"),
        ("Content-Length: 100\r\nIdempotency-Key: late", b"{"),
    ],
)
async def test_a_body_that_never_arrives(
    server: str, monkeypatch: pytest.MonkeyPatch, announced: str, begun: bytes
) -> None:
    """A body that does not arrive in time is 408, and its connection ends, rest or no rest."""
    monkeypatch.setattr("api.body.ARRIVES_WITHIN_SECONDS", 0.1)
    url = httpx.URL(server)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    request = (
        f"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{announced}\r\n\r\n"
    )
    writer.write(request.encode() + begun)
    try:
        async with asyncio.timeout(60):
            answer = await reader.read()
    finally:
        writer.close()
    headers, _, body = answer.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nconnection: close" in headers.lower()
    told = json.loads(body)
    assert (told["code"], told["status"], told["retryable"]) == ("request_timeout", 408, True)
    assert told["request_id"].encode() in headers


async def test_a_bug_tells_nothing(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours is 500 with the request id, and nothing of its inside."""

    async def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2 at 10.0.0.1")

    monkeypatch.setattr("api.runs.current_run", broken)
    answer = await person.get(f"{RUNS}/progress")
    problem(answer, 500, "internal_error")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "Traceback" not in answer.text


@pytest.fixture(params=["refuses", "is silent"])
async def no_temporal(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a Temporal that is not there, or takes connections and says nothing."""
    port = free_ports(1)[0]
    address = f"127.0.0.1:{port}"
    if request.param == "refuses":
        yield address
        return
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", port)
    yield address
    silent.close()
    for writer in held:
        writer.transport.abort()


async def test_without_temporal(person: Person, settings: Settings, no_temporal: str) -> None:
    """While Temporal is away reads work, and writes are 503 with Retry-After within their time-out."""
    await person.saved_until(2)
    dead = replace(settings, temporal_address=no_temporal, update_timeout_seconds=0.3)
    async with application(dead) as client:
        cut = replace(person, client=client)
        assert (await cut.progress())["current_state"] == 3
        ok(await cut.get(f"{RUNS}/state"))
        ok(await cut.get(f"{RUNS}/history"))
        writes: list[tuple[str, str, Any]] = [
            ("POST", f"{RUNS}/step", {"step": 3, "data": EXAMPLES[3]}),
            ("POST", f"{RUNS}/steps", {"steps": [{"step": 3, "data": EXAMPLES[3]}]}),
            ("POST", f"{RUNS}/skip", {"step": 9}),
            ("POST", f"{RUNS}/start", {}),
            ("POST", f"{RUNS}/complete", {}),
            ("DELETE", f"{RUNS}/", None),
            ("PATCH", "/api/v1/users/me", {"timezone": "Asia/Tokyo", "full_name": "Half Done"}),
        ]
        for method, path, body in writes:
            answer = await cut.send(method, path, json=body) if body is not None else await cut.send(method, path)
            assert problem(answer, 503, "workflow_unavailable")["retryable"]
            assert int(answer.headers["retry-after"]) > 0
    me = ok(await person.get("/api/v1/users/me"))
    assert (me["timezone"], me["full_name"]) == ("UTC", None)
    ok(await person.save(3))


class Away(Database):
    """PostgreSQL that does not answer."""

    def __init__(self) -> None:
        """No pool."""

    def transaction(self, context: object) -> Any:
        """Refuse."""
        raise DatabaseUnavailable

    def autocommit(self) -> Any:
        """Refuse."""
        raise DatabaseUnavailable


async def test_without_postgresql(person: Person, settings: Settings) -> None:
    """While PostgreSQL is away everything that needs it is 503 with Retry-After."""

    @asynccontextmanager
    async def opening(given: Settings) -> AsyncIterator[Deps]:
        async with opened(given) as deps:
            yield replace(deps, database=Away())

    async with application(settings, opening) as client:
        cut = replace(person, client=client)
        for answer in (await cut.get(f"{RUNS}/progress"), await cut.post(f"{RUNS}/start", {})):
            assert problem(answer, 503, "database_unavailable")["retryable"]
            assert int(answer.headers["retry-after"]) > 0
        body = {"email": "a@example.org", "password": "x"}
        problem(await client.post("/api/v1/auth/login", json=body), 503, "database_unavailable")
        assert (await client.get("/livez")).status_code == 200


def test_every_error_is_told() -> None:
    """Every error of ours that may reach a client has its status, its code and its words."""
    handled = {error for error in EXCEPTION_HANDLERS if isinstance(error, type)} - {GangwayError}
    caught = {ProfileConflict, TenantExists, AiError}  # where it is raised, at the command line, by rules
    for error in set(GangwayError.__subclasses__()) - {Refused} - caught:
        assert error in handled ^ OUTSIDE_THE_RULES.keys(), error
    assert {error.code for error in Refused.__subclasses__()} == STATUS_OF.keys()


async def test_an_unknown_parameter_value(api: httpx.AsyncClient, person: Person) -> None:
    """A query that is no UTF-8 is an error or ignored, never a crash."""
    answer = await person.get(f"{RUNS}/progress?flow=%ff%00")
    assert answer.status_code in (400, 404)
