"""Risk scans over HTTP, with an AI service that does what a test says."""

import asyncio
import io
import time
import uuid
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.client import Client

from cli.embedded import EmbeddedStack, local_client
from cli.embedded.ports import free_ports
from onboarding.access import Role
from onboarding.scans import FILE_BYTES, TEXT_BYTES
from runtime.addresses import scan_workflow_id
from runtime.encryption import Keys
from runtime.settings import Settings
from runtime.storage import prefix_of
from tests.api.company import Company
from tests.erasing import Bucket
from tests.scan_service import RISK, Received, Reply, ScanServer, scan_service, scanning
from tests.stack import Json, Person, application, ok, problem, sign_up, until, wrong

SCAN, SCANS = "/api/v1/scan", "/api/v1/scans"
SECONDS = 3.0
"""What the service has where it does not answer; elsewhere it has as long as a slow machine takes."""


class Scans:
    """A service, and a client of the application that asks it."""

    def __init__(self, service: ScanServer, client: httpx.AsyncClient, settings: Settings) -> None:
        self.service, self.client, self.settings = service, client, settings


@pytest.fixture(scope="module")
async def whole(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Scans]:
    """All of it, for this file."""
    async with scan_service() as service:
        changes = {"ai_service_url": service.url, "ai_service_timeout_seconds": 30.0}
        async with scanning(settings, temporal, keys, **changes) as client:
            yield Scans(service, client, replace(settings, **changes))


@pytest.fixture(scope="module")
async def hasty(
    whole: Scans, settings: Settings, temporal: Client, keys: Keys
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that does not wait long for the same service."""
    changes = {"ai_service_url": whole.service.url, "ai_service_timeout_seconds": SECONDS}
    async with scanning(settings, temporal, keys, **changes) as client:
        yield client


@pytest.fixture
def scans(whole: Scans) -> Scans:
    """The same, with a service that has heard nothing yet and does as it should."""
    whole.service.script = lambda _: Reply()
    whole.service.received.clear()
    return whole


@pytest.fixture
async def ann(scans: Scans) -> Person:
    """Somebody new."""
    return await sign_up(scans.client)


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


def form(**parts: Any) -> dict[str, Any]:
    """A multipart form: texts, and files as (name, content)."""
    return {
        "files": [(name, value if isinstance(value, tuple) else (None, value)) for name, value in parts.items()]
    }


async def scan(
    person: Person, *, path: str = SCAN, headers: dict[str, str] | None = None, **parts: Any
) -> httpx.Response:
    """Ask for a scan."""
    return await person.post(path, headers=headers or {}, **form(**parts))


async def events_of(admin: asyncpg.Connection, person: Person) -> list[tuple[str, str]]:
    """What staff of their tenant were told by the AI; of a tenant of their own, or others have scans there too."""
    query = "SELECT detail_type, severity, detail::text FROM events WHERE tenant_id = $1 AND source = 'gangway.ai'"
    rows = await admin.fetch(query, person.tenant_id)
    return sorted((row["detail_type"], row["severity"]) for row in rows)


async def kept(admin: asyncpg.Connection, settings: Settings, person: Person) -> tuple[int, int, list[str]]:
    """Rows of theirs, answered and under way, and their files."""
    return (
        await admin.fetchval("SELECT count(*) FROM scans WHERE user_id = $1", person.id),
        await admin.fetchval("SELECT count(*) FROM scan_orders WHERE user_id = $1", person.id),
        await Bucket(settings).keys(prefix_of(person.tenant_id, person.id)),
    )


def docx(text: str = "Hello") -> bytes:
    """A small Word document."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document><w:p>{text}</w:p></w:document>")
    return file.getvalue()


PDF = b"%PDF-1.7\n1 0 obj << >> stream\n(liable)\nendstream endobj\n%%EOF\n"
EML = b"Subject: Hello\r\nFrom: ann@example.org\r\n\r\nHi\r\n"


async def test_a_text(scans: Scans, company: Company, admin: asyncpg.Connection) -> None:
    """A text is forwarded as it is; the answer is stored, and nothing else is left."""
    ann = replace(company.admin, client=scans.client)
    body = ok(await scan(ann, text="We are liable without limit. ÄÖ\r\n"))
    assert set(body) == {"scan_id", "filename", "data", "source", "timestamp"}
    assert (body["data"], body["source"], body["filename"]) == ([RISK], "llm", None)
    (received,) = scans.service.received
    assert received.path == "/scan"
    assert received.fields == {"text": "We are liable without limit. ÄÖ\r\n".encode()}
    assert ok(await ann.get(f"{SCANS}/{body['scan_id']}")) == body
    assert await kept(admin, scans.settings, ann) == (1, 0, [])
    assert await events_of(admin, ann) == []


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("A.PDF", PDF, "application/pdf"),
        ("a.docx", docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.txt", "ünï".encode(), "text/plain"),
        ("a.md", b"# A", "text/markdown"),
        ("a.csv", b"a,b\n1,2\n", "text/csv"),
        ("a.eml", EML, "message/rfc822"),
    ],
    ids=["pdf", "upper", "docx", "txt", "md", "csv", "eml"],
)
async def test_each_kind_of_file(scans: Scans, ann: Person, name: str, content: bytes, media_type: str) -> None:
    """Each kind is forwarded byte by byte, with its name and its own media type, whatever the client called it."""
    body = ok(await scan(ann, file=(name, content, "application/x-evil"), force_llm="true"))
    (received,) = scans.service.received
    assert received.fields == {"file": content, "force_llm": b"true"}
    assert (received.filename, received.content_type) == (name, media_type)
    assert body["filename"] == name


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ann\\a.txt", "a.txt"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("\u202etxt.exe.txt", "txt.exe.txt"),
        ("a   b.txt", "a b.txt"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"),
        ("...txt", "document.txt"),
        ("é 名.txt", "é 名.txt"),
    ],
)
async def test_names(scans: Scans, ann: Person, given: str, taken: str) -> None:
    """What a file is called holds no folder, no markup, nothing invisible, and is not long."""
    body = ok(await scan(ann, file=(given, b"hello")))
    assert body["filename"] == scans.service.received[0].filename == taken


@pytest.mark.parametrize(
    ("parts", "errors"),
    [
        ({}, {"file": "required", "text": "required"}),
        ({"text": " \n"}, {"file": "required", "text": "required"}),
        ({"text": "a", "file": ("a.txt", b"a")}, {"file": "only_one", "text": "only_one"}),
        ({"file": ("a.txt", b"")}, {"file": "too_short"}),
        ({"file": "no name"}, {"file": "wrong_type"}),
        ({"text": b"\xff\xfe"}, {"text": "bad_format"}),
        ({"text": "a\x00b"}, {"text": "bad_format"}),
        ({"text": "a", "force_llm": "perhaps"}, {"force_llm": "wrong_type"}),
        ({"text": "a", "force_llm": "true" * 100}, {"force_llm": "wrong_type"}),
        ({"text": "a", "model": "x"}, {"model": "unknown_field"}),
        (
            {"file": ("a.exe", b"MZ"), "force_llm": "x", "model": "x"},
            {"file": "not_allowed", "force_llm": "wrong_type", "model": "unknown_field"},
        ),
    ],
)
async def test_bad_forms(scans: Scans, ann: Person, parts: dict[str, Any], errors: dict[str, str]) -> None:
    """What is wrong with a form is told all at once, and nobody is asked."""
    parts = parts or {"force_llm": "false"}
    assert wrong(await scan(ann, **parts)) == errors
    assert scans.service.received == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a", b"text"),
        ("a.txt.exe", b"text"),
        ("a.pdf", b"hello"),
        ("a.pdf", docx()),
        ("a.docx", PDF),
        ("a.docx", b"PK\x03\x04 and nothing of a document"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00"),
        ("a.csv", b"a\x00b"),
        ("a.md", b"caf\xe9"),
        ("a.txt", b"cut in a character \xc3"),
        ("a.eml", b"hello there"),
    ],
)
async def test_other_kinds(scans: Scans, ann: Person, name: str, content: bytes) -> None:
    """A file of another kind, by its name or inside, is 415."""
    answer = await scan(ann, file=(name, content))
    assert wrong(answer, 415, "unsupported_media_type") == {"file": "not_allowed"}
    assert scans.service.received == []


async def test_given_twice(scans: Scans, ann: Person) -> None:
    """A field that is given twice is refused, and so is a form of very many parts."""
    twice = [("text", (None, "a")), ("text", (None, "b"))]
    assert wrong(await ann.post(SCAN, files=twice)) == {"text": "repeated"}
    many = [(f"x{number}", (None, "a")) for number in range(50)]
    problem(await ann.post(SCAN, files=many), 400, "validation_error")


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/json", 415, "unsupported_media_type"),
        ("multipart/form-data", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=x", 400, "validation_error"),
        ("multipart/mixed; boundary=x", 415, "unsupported_media_type"),
        ("", 415, "unsupported_media_type"),
    ],
)
async def test_no_form(ann: Person, content_type: str, status: int, code: str) -> None:
    """What is no form, or breaks off in its midst, is told so."""
    broken = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello'
    answer = await ann.post(SCAN, content=broken, headers={"Content-Type": content_type})
    problem(answer, status, code)


async def test_the_largest_file(scans: Scans, ann: Person) -> None:
    """A file of 10 MB is scanned; a byte more is 413, with a key and without."""
    largest = b"a" * FILE_BYTES
    ok(await scan(ann, file=("a.txt", largest)))
    assert scans.service.received[0].fields["file"] == largest
    ok(await scan(ann, file=("a.txt", largest), headers={"Idempotency-Key": str(uuid.uuid4())}))
    for headers in ({}, {"Idempotency-Key": str(uuid.uuid4())}):
        answer = await scan(ann, file=("a.txt", largest + b"a"), headers=headers)
        assert wrong(answer, 413, "payload_too_large") == {"file": "too_large"}
        problem(await scan(ann, file=("a.txt", largest * 2), headers=headers), 413, "payload_too_large")
    assert len(scans.service.received) == 2


async def test_the_largest_text(scans: Scans, ann: Person) -> None:
    """A text of 1 MB is scanned; a byte more is 413."""
    ok(await scan(ann, text="a" * TEXT_BYTES))
    answer = await scan(ann, text="a" * (TEXT_BYTES + 1))
    assert wrong(answer, 413, "payload_too_large") == {"text": "too_large"}


async def test_a_key(scans: Scans, ann: Person) -> None:
    """The same form under a key is scanned once, though its boundary is another; another form is a conflict."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = await scan(ann, file=("a.pdf", PDF), headers=headers)
    again = await scan(ann, file=("a.pdf", PDF), headers=headers, path="/api/scan")
    assert again.headers["idempotent-replayed"] == "true"
    assert ok(again) == ok(first)
    assert len(scans.service.received) == 1
    problem(await scan(ann, file=("b.pdf", PDF), headers=headers), 409, "idempotency_key_reused")


async def test_a_key_while_it_runs(scans: Scans, ann: Person) -> None:
    """The same under a key while the first is scanned is told to wait, and gets the first one's answer then."""
    gate = asyncio.Event()
    scans.service.script = lambda _: Reply(held=gate)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = asyncio.create_task(scan(ann, text="a", headers=headers))
    await until(lambda: scans.service.received)
    problem(await scan(ann, text="a", headers=headers), 409, "request_in_progress")
    gate.set()
    told = ok(await first)
    assert ok(await scan(ann, text="a", headers=headers)) == told
    assert len(scans.service.received) == 1


async def test_a_key_after_a_failure(scans: Scans, ann: Person) -> None:
    """A scan that failed for a moment is done anew under its key."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    scans.service.script = lambda _: Reply(status=500, body={})
    problem(await scan(ann, text="a", headers=headers), 502, "ai_service_error")
    scans.service.script = lambda _: Reply()
    answer = await scan(ann, text="a", headers=headers)
    assert ok(answer)["data"] == [RISK]


async def test_a_lost_answer(scans: Scans, ann: Person, admin: asyncpg.Connection) -> None:
    """An API that died before it could keep its answer: the same under the key finds the scan, and asks nobody."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = ok(await scan(ann, text="a", headers=headers))
    await admin.execute(
        "UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL, locked_until = '-infinity'"
        " WHERE user_id = $1",
        ann.id,
    )
    assert ok(await scan(ann, text="a", headers=headers)) == first
    assert len(scans.service.received) == 1
    await until(lambda: _all_gone(admin, scans, ann))


async def test_a_key_whose_lease_is_over(scans: Scans, ann: Person, admin: asyncpg.Connection) -> None:
    """The same under a key, after the first one's lease and before its end, waits for the same scan."""
    gate = asyncio.Event()
    scans.service.script = lambda _: Reply(held=gate)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = asyncio.create_task(scan(ann, text="a", headers=headers))
    await until(lambda: scans.service.received)
    await admin.execute("UPDATE idempotency_keys SET locked_until = '-infinity' WHERE user_id = $1", ann.id)
    again = asyncio.create_task(scan(ann, text="a", headers=headers))

    async def leased() -> bool:
        query = "SELECT locked_until > now() FROM idempotency_keys WHERE user_id = $1"
        return bool(await admin.fetchval(query, ann.id))

    await until(leased)
    gate.set()
    assert ok(await again) == ok(await first)
    assert len(scans.service.received) == 1
    await until(lambda: _all_gone(admin, scans, ann))


async def _all_gone(admin: asyncpg.Connection, scans: Scans, person: Person) -> bool:
    return (await kept(admin, scans.settings, person))[1:] == (0, [])


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (Reply(status=400, body={"detail": "No."}), 400, "scan_refused"),
        (Reply(status=404, body=b"<html>gone"), 400, "scan_refused"),
        (Reply(status=429, body={}), 400, "scan_refused"),
        (Reply(status=422, body={"detail": [{"loc": ["file"], "msg": "No."}]}), 422, "scan_refused"),
        (Reply(status=500, body=b"Traceback"), 502, "ai_service_error"),
        (Reply(status=503, body={"message": "No."}), 502, "ai_service_error"),
        (Reply(status=302, headers={"location": "http://169.254.169.254/latest"}), 502, "ai_service_error"),
        (Reply(status=307, headers={"location": "/elsewhere"}), 502, "ai_service_error"),
        (Reply(body=b"<html>hello</html>", headers={"content-type": "text/html"}), 502, "ai_service_error"),
        (Reply(body=b""), 502, "ai_service_error"),
        (Reply(body=b"["), 502, "ai_service_error"),
        (Reply(body=b"[" * 100_000), 502, "ai_service_error"),
        (Reply(body=[]), 502, "ai_service_error"),
        (Reply(body={"data": [RISK]}), 502, "ai_service_error"),
        (Reply(body={"data": {}, "source": "llm"}), 502, "ai_service_error"),
        (Reply(body={"data": [RISK], "source": "oracle"}), 502, "ai_service_error"),
        (Reply(body={"data": [{**RISK, "risk": 5}], "source": "llm"}), 502, "ai_service_error"),
        (Reply(body={"data": [{**RISK, "context": None}], "source": "llm"}), 502, "ai_service_error"),
        (Reply(body={"data": [{**RISK, "category": "x" * 201}], "source": "llm"}), 502, "ai_service_error"),
        (Reply(body={"data": [{**RISK, "context": "a\x00b"}], "source": "llm"}), 502, "ai_service_error"),
        (Reply(body=b'{"data": [], "source": "l\xff"}'), 502, "ai_service_error"),
        (Reply(body={"data": [RISK] * 2001, "source": "llm"}), 502, "ai_service_error"),
        (Reply(body=b" " * 1_000_000, times=100), 502, "ai_service_error"),
        (Reply(headers={"content-encoding": "gzip"}, body=b"\x1f\x8b not read"), 502, "ai_service_error"),
        (Reply(cut=True), 502, "ai_service_error"),
        (Reply(silent=True), 503, "ai_service_unavailable"),
        (Reply(body=b" ", times=1000, drip_seconds=0.1), 503, "ai_service_unavailable"),
    ],
)
async def test_a_service_that_fails(
    scans: Scans,
    hasty: httpx.AsyncClient,
    ann: Person,
    admin: asyncpg.Connection,
    reply: Reply,
    status: int,
    code: str,
) -> None:
    """Whatever the service does, it is told by class, once asked and in time, and nothing but an event is kept."""
    scans.service.script = lambda _: reply
    ann = replace(ann, client=hasty if status == 503 else scans.client)
    began = time.monotonic()
    body = problem(answer := await scan(ann, text="canary of a text"), status, code)
    assert time.monotonic() - began < SECONDS + 8
    assert ("retry-after" in answer.headers) is (status == 503)
    assert body["retryable"] is (status >= 500)
    assert len(scans.service.received) == 1
    assert (body["detail"].endswith(": No.")) is ("No." in str(reply.body))
    assert "<" not in body["detail"]
    assert "Traceback" not in body["detail"]
    assert await kept(admin, scans.settings, ann) == (0, 0, [])
    assert ok(await ann.get(SCANS))["items"] == []


async def test_events(scans: Scans, hasty: httpx.AsyncClient, company: Company, admin: asyncpg.Connection) -> None:
    """Staff are told of each scan that failed, and of an outage once, with ids and codes alone."""
    boss = replace(company.admin, client=scans.client)
    scans.service.script = lambda _: Reply(status=400, body={"detail": "canary"})
    await scan(boss, file=("canary.txt", b"canary"))
    failed = ("Scan failed", "low")
    assert await events_of(admin, boss) == [failed]
    boss = replace(boss, client=hasty)
    scans.service.script = lambda _: Reply(silent=True)
    await asyncio.gather(*(scan(boss, text="canary") for _ in range(3)))
    assert await events_of(admin, boss) == [failed] * 4 + [("Scan service down", "high")]
    details = await admin.fetch("SELECT detail::text FROM events WHERE tenant_id = $1", boss.tenant_id)
    assert "canary" not in str(details)
    long_ago = "UPDATE events SET created_at = now() - interval '61 minutes' WHERE tenant_id = $1"
    await admin.execute(long_ago, boss.tenant_id)
    await scan(boss, text="canary")
    assert (await events_of(admin, boss)).count(("Scan service down", "high")) == 2


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("The <b>file</b> is <script>alert(1)</script>empty", "The file is alert(1)empty"),
        ("see http://10.0.0.7:8080/admin?key=1 there", "see [...] there"),
        ("api_key=abc123 and Bearer abc.def", "[...] and [...]"),
        ("wrong key sk-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "wrong key [...]"),
        ("line\r\nX-Evil: \x1b[31mred", "line X-Evil: [31mred"),
        ("word " * 1000, ("word " * 60)[:297].rstrip() + "..."),
    ],
)
async def test_what_the_service_says(scans: Scans, ann: Person, said: str, told: str) -> None:
    """A message of the service arrives in one short line, without markup, addresses and keys."""
    scans.service.script = lambda _: Reply(status=400, body={"error": {"message": said}})
    body = problem(await scan(ann, text="a"), 400, "scan_refused")
    assert body["detail"] == f"The service that scans refused this: {told}"


async def test_nobody_listens(
    scans: Scans, settings: Settings, admin: asyncpg.Connection, temporal: Client, keys: Keys
) -> None:
    """A service that refuses connections is 503 within seconds; one that comes up meanwhile is found."""
    port = free_ports(1)[0]
    url = f"http://user:pass-canary@127.0.0.1:{port}/base/"
    async with AsyncExitStack() as exits:
        client = await exits.enter_async_context(scanning(settings, temporal, keys, ai_service_url=url))
        bob = await sign_up(client)
        began = time.monotonic()
        answer = await scan(bob, text="a")
        problem(answer, 503, "ai_service_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "canary" not in answer.text
        assert time.monotonic() - began < 15
        assert await kept(admin, settings, bob) == (0, 0, [])


async def test_no_service(settings: Settings) -> None:
    """Without an address of a service every scan is 503 and says why; a wrong form is told first."""
    async with application(replace(settings, ai_service_url=None)) as client:
        bob = await sign_up(client)
        body = problem(await scan(bob, text="a"), 503, "ai_service_unavailable")
        assert "AI_SERVICE_URL" in body["detail"]
        assert wrong(await scan(bob, text="")) == {"file": "required", "text": "required"}


async def test_a_slow_one(scans: Scans, ann: Person) -> None:
    """With `Prefer: respond-async` the answer is where `Location` leads: 202 while it is scanned, then 200."""
    for path in (SCAN, "/api/scan"):
        gate = asyncio.Event()
        scans.service.script = lambda _, gate=gate: Reply(held=gate)
        answer = await scan(ann, text="a", headers={"Prefer": "wait=1, respond-async"}, path=path)
        assert (answer.status_code, answer.headers["preference-applied"]) == (202, "respond-async")
        location = answer.headers["location"]
        assert location == f"{path}s/{answer.json()['scan_id']}"
        running = await ann.get(location)
        assert (running.status_code, running.json()["status"]) == (202, "running")
        assert ok(await ann.get(SCANS))["items"] == [] or path != SCAN
        gate.set()

        async def done(location: str = location) -> Json:
            found = await ann.get(location)
            return found.json() if found.status_code == 200 else None

        assert (await until(done))["data"] == [RISK]


async def test_a_slow_one_that_fails(scans: Scans, ann: Person, admin: asyncpg.Connection) -> None:
    """The one who asks later for a scan that failed is told as the one who waited would have been."""
    scans.service.script = lambda _: Reply(status=422, body={"detail": "No."})
    answer = await scan(ann, text="a", headers={"Prefer": "respond-async"})
    location = answer.headers["location"]

    async def failed() -> bool:
        return (await ann.get(location)).status_code != 202

    await until(failed)
    for _ in range(2):
        assert problem(await ann.get(location), 422, "scan_refused")["detail"].endswith(": No.")
    assert ok(await ann.get(SCANS))["items"] == []
    assert (await ann.send("DELETE", location)).status_code == 204
    problem(await ann.get(location), 404, "not_found")
    assert await kept(admin, scans.settings, ann) == (0, 0, [])


async def test_an_overdue_one(scans: Scans, ann: Person, admin: asyncpg.Connection) -> None:
    """A scan whose workflow was ended from outside is told as interrupted once it is overdue."""
    scan_id = str(uuid.uuid4())
    await admin.execute(
        "INSERT INTO scan_orders (id, tenant_id, user_id, created_at)"
        " VALUES ($1, $2, $3, now() - interval '5 min')",
        scan_id,
        ann.tenant_id,
        ann.id,
    )
    problem(await ann.get(f"{SCANS}/{scan_id}"), 503, "ai_service_unavailable")


async def test_somebody_hangs_up(scans: Scans, ann: Person) -> None:
    """A scan is finished though whoever asked for it has gone."""
    gate = asyncio.Event()
    scans.service.script = lambda _: Reply(held=gate)
    async with local_client(base_url=scans.client.base_url, timeout=60) as client:
        asking = asyncio.create_task(scan(replace(ann, client=client), text="a"))
        await until(lambda: scans.service.received)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    gate.set()

    async def listed() -> list[Json]:
        return ok(await ann.get(SCANS))["items"]

    assert len(await until(listed)) == 1


async def test_deleted_while_it_runs(scans: Scans, ann: Person, admin: asyncpg.Connection) -> None:
    """A scan that is deleted while it is under way comes to nothing."""
    gate = asyncio.Event()
    scans.service.script = lambda _: Reply(held=gate)
    location = (await scan(ann, text="a", headers={"Prefer": "respond-async"})).headers["location"]
    await until(lambda: scans.service.received)
    assert (await ann.send("DELETE", location)).status_code == 204
    gate.set()
    await until(lambda: _all_gone(admin, scans, ann))
    problem(await ann.get(location), 404, "not_found")
    assert await kept(admin, scans.settings, ann) == (0, 0, [])


async def test_lists(scans: Scans, ann: Person, admin: asyncpg.Connection) -> None:
    """One's scans, newest first, page by page, also where two are of one moment and ids say nothing."""
    ids = [ok(await scan(ann, text=str(number)))["scan_id"] for number in range(3)]
    same = """
        INSERT INTO scans (id, tenant_id, user_id, data, size, source, created_at)
        VALUES ($1, $2, $3, '[]', 2, 'model', $4)
    """
    moment = await admin.fetchval("SELECT now() - interval '1 day'")
    old = sorted((str(uuid.UUID(int=number << 120)) for number in (3, 200, 90)), reverse=True)
    for each in old:
        await admin.execute(same, each, ann.tenant_id, ann.id, moment)
    first = ok(await ann.get(SCANS, params={"limit": 4, "with_total": True}))
    assert (first["total"], len(first["items"])) == (6, 4)
    second = ok(await ann.get("/api/scans", params={"limit": 4, "cursor": first["next_cursor"]}))
    assert second["next_cursor"] is None
    assert [each["scan_id"] for each in first["items"] + second["items"]] == [*reversed(ids), *old]


async def test_large_scans(scans: Scans, ann: Person) -> None:
    """A page ends where there is very much on it, and the rest follows; nothing is lost."""
    long = {"data": [{**RISK, "context": "x" * 19_000}] * 50, "source": "model"}
    scans.service.script = lambda _: Reply(body=long)
    ids = [ok(await scan(ann, text=str(number)))["scan_id"] for number in range(6)]
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = await ann.get(SCANS, params={"cursor": cursor} if cursor else {})
        assert len(page.content) < 6_000_000
        seen += [each["scan_id"] for each in ok(page)["items"]]
        cursor, pages = page.json()["next_cursor"], pages + 1
    assert (seen, pages) == (ids[::-1], 2)


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"limit": 0}, {"limit": "too_small"}),
        ({"limit": 101}, {"limit": "too_large"}),
        ({"limit": "x"}, {"limit": "wrong_type"}),
        ({"cursor": "x"}, {"cursor": "bad_format"}),
        ({"cursor": "MjAyNi0wMS0wMS94"}, {"cursor": "bad_format"}),
        ({"limit": 0, "cursor": "x"}, {"limit": "too_small", "cursor": "bad_format"}),
    ],
)
async def test_bad_pages(ann: Person, params: dict[str, Any], errors: dict[str, str]) -> None:
    """Bounds and cursors that are none are named."""
    assert wrong(await ann.get(SCANS, params=params)) == errors


async def test_nobody_elses(scans: Scans, company: Company, admin: asyncpg.Connection) -> None:
    """Neither colleagues nor staff of the same tenant see or delete somebody's scan: to them it is not there."""
    people = {role: replace(await company.hire(role), client=scans.client) for role in Role}
    ann = people.pop(Role.USER)
    scan_id = ok(await scan(ann, text="a"))["scan_id"]
    colleague = replace(await company.hire("user"), client=scans.client)
    for each in (colleague, *people.values()):
        for method in ("GET", "DELETE"):
            problem(await each.send(method, f"{SCANS}/{scan_id}"), 404, "not_found")
        assert ok(await each.get(SCANS, params={"with_total": True}))["total"] == 0
    assert (await ann.send("DELETE", f"{SCANS}/{scan_id}")).status_code == 204
    problem(await ann.send("DELETE", f"{SCANS}/{scan_id}"), 404, "not_found")
    problem(await ann.get(f"{SCANS}/no-uuid"), 404, "not_found")


async def test_too_often(scans: Scans, settings: Settings) -> None:
    """Scans are counted apart; one that came to nothing is not."""
    few = replace(settings, scan_limit_per_minute=2, task_queue=f"nobody-{uuid.uuid4()}")
    async with application(few) as client:
        bob = await sign_up(client)
        for _ in range(5):
            wrong(await scan(bob, text=""))
        for _ in range(2):
            assert (await scan(bob, text="a", headers={"Prefer": "respond-async"})).status_code == 202
        answer = await scan(bob, text="a", headers={"Prefer": "respond-async"})
        problem(answer, 429, "rate_limited")
        assert int(answer.headers["retry-after"]) > 0


async def test_the_store_is_away(scans: Scans, settings: Settings, admin: asyncpg.Connection) -> None:
    """Without a store of files a scan is 503, and nobody waits for it."""
    away = replace(scans.settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    async with application(away) as client:
        bob = await sign_up(client)
        problem(await scan(bob, text="a"), 503, "storage_unavailable")
    assert await admin.fetchval("SELECT count(*) FROM scans WHERE user_id = $1", bob.id) == 0


async def test_temporal_is_away(scans: Scans) -> None:
    """Without Temporal a scan is 503; those that there are can be read."""
    nowhere = replace(scans.settings, temporal_address=f"127.0.0.1:{free_ports(1)[0]}", update_timeout_seconds=0.5)
    async with application(nowhere) as client:
        bob = await sign_up(client)
        problem(await scan(bob, text="a"), 503, "workflow_unavailable")
        assert ok(await bob.get(SCANS))["items"] == []


async def test_history_holds_ids(scans: Scans, ann: Person, temporal: Client) -> None:
    """Neither the name nor the text nor what was found is in the history of the workflow, even opened."""
    canary = f"canary{uuid.uuid4().hex}"

    def found(_: Received) -> Reply:
        return Reply(body={"data": [{**RISK, "context": canary}], "source": "llm"})

    scans.service.script = found
    body = ok(await scan(ann, file=(f"{canary}.txt", canary.encode())))
    assert canary in str(body["data"])
    handle = temporal.get_workflow_handle(scan_workflow_id(body["scan_id"]))
    history = await handle.fetch_history()
    payloads = [
        payload
        for event in history.events
        for payload in (
            *event.workflow_execution_started_event_attributes.input.payloads,
            *event.activity_task_scheduled_event_attributes.input.payloads,
            *event.activity_task_completed_event_attributes.result.payloads,
        )
    ]
    context_free = b"".join(event.SerializeToString() for event in history.events)
    assert canary.encode() not in context_free
    assert payloads
