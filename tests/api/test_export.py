"""A person's own copy: everything about them, and nobody else's."""

import asyncio
import io
import json
import uuid
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.client import Client

from api import takeout
from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from db.pool import Database
from runtime.settings import Settings
from runtime.storage import prefix_of
from tests.erasing import CONSTRAINTS, Bucket, Planted, colleagues, made, planted, receipt
from tests.stack import Person, application, problem

USERS = "/api/v1/users"
SECRET = ("hash", "secret", "sealed", "wrapped", "digest", "password")


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
async def someone(
    api: httpx.AsyncClient, settings: Settings, admin: asyncpg.Connection, temporal: Client
) -> AsyncIterator[Planted]:
    """Somebody with something in every store."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=1, max_size=2)
    yield await planted(api, settings, database, admin, temporal)
    await database.close()


async def exported(person: Person, user_id: str | None = None) -> zipfile.ZipFile:
    """The export of somebody, which must work."""
    answer = await person.get(f"{USERS}/{user_id or person.id}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="export.zip"'
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def read(archive: zipfile.ZipFile, name: str) -> Any:
    """A file of an export."""
    return json.loads(archive.read(name))


async def test_everything_is_there(someone: Planted) -> None:
    """Profile, runs with answers, archived ones too, events, versions, sessions, files: all of it, readable."""
    person, canary = someone.person, someone.canary
    archive = await exported(person)
    (profile,) = read(archive, "profile.json")
    assert (profile["id"], profile["email"], profile["full_name"]) == (person.id, person.email, canary)
    runs = read(archive, "runs.json")
    assert sorted(run["status"] for run in runs) == ["abandoned", "completed", "in_progress"]
    assert all(run["step_data"][CONSTRAINTS]["equipment"] == [canary] for run in runs)
    assert [run["status"] for run in runs if "archived_at" in run] == ["abandoned"]
    events = read(archive, "events.json")
    assert {event["run_id"] for event in events} == {run["id"] for run in runs}
    (kept,) = read(archive, "profiles.json")
    assert kept["answers"][CONSTRAINTS]["injuries"] == [canary]
    assert [version["version"] for version in kept["versions"]] == [1, 2]
    assert [told["body"] for told in read(archive, "notifications.json")] == [{"text": canary}]
    assert [session["user_agent"] for session in read(archive, "sessions.json")] == [canary] * 2
    assert (read(archive, "invitations.json"), read(archive, "erasures.json")) == ([], [])
    assert datetime.fromisoformat(runs[0]["created_at"]).tzinfo is not None
    assert "\n  " in archive.read("runs.json").decode()

    files = {name for name in archive.namelist() if name.startswith("objects/")}
    assert len(files) == 3
    assert f"objects/captures/{canary}.jpg" in files
    assert {archive.read(name) for name in files} == {canary.encode()}
    manifest = read(archive, "manifest.json")
    assert (manifest["user_id"], manifest["objects"], manifest["left_out"]) == (person.id, 3, [])
    assert manifest["object_bytes"] == 3 * len(canary)
    assert datetime.fromisoformat(manifest["created_at"]).tzinfo is not None
    for name, count in manifest["items"].items():
        assert len(read(archive, name)) == count


async def test_no_secret_is_there(someone: Planted) -> None:
    """No token, no hash and no key is in the export, not even by name."""
    archive = await exported(someone.person)
    for name in archive.namelist():
        text = archive.read(name).decode()
        assert not any(part in text for token in someone.tokens for part in token.split(".") if len(part) > 40)
        assert "$argon2" not in text
        if name.endswith(".json"):
            assert not [key for key in _keys(json.loads(text)) if any(word in key for word in SECRET)]


async def test_more_rows_than_a_page(person: Person, admin: asyncpg.Connection) -> None:
    """Nothing is lost or doubled between the pages in which rows are read."""
    await admin.execute(
        "INSERT INTO notifications (tenant_id, user_id, kind, dedupe_key)"
        " SELECT $1, $2, 'x', n::text FROM generate_series(1, 401) AS n",
        person.tenant_id,
        person.id,
    )
    told = read(await exported(person), "notifications.json")
    assert sorted(int(each["dedupe_key"]) for each in told) == list(range(1, 402))


async def test_invitations_and_erasure(person: Person, admin: asyncpg.Connection) -> None:
    """An invitation that they took up is theirs, too, and that their erasure was asked for; no other is."""
    for user_id in (person.id, None):
        await admin.execute(
            "INSERT INTO invitations (tenant_id, email, role, token_hash, user_id, expires_at, accepted_at)"
            " VALUES ($1, $2, 'user', uuid_send(uuidv7()), $3, now(), now())",
            person.tenant_id,
            person.email,
            user_id,
        )
    await admin.execute(
        "INSERT INTO erasures (id, tenant_id, user_id, requested_by) VALUES (uuidv7(), $1, $2, $2)",
        person.tenant_id,
        person.id,
    )
    archive = await exported(person)
    (invitation,) = read(archive, "invitations.json")
    assert invitation["email"] == person.email
    assert "token_hash" not in invitation
    assert [each["status"] for each in read(archive, "erasures.json")] == ["running"]


async def test_by_an_admin(person: Person, other: Person, admin: asyncpg.Connection) -> None:
    """An admin gets the person's copy, with nothing of their own, and without the version in the path too."""
    archive = await exported(await made(admin, other, "admin"), person.id)
    assert [each["id"] for each in read(archive, "profile.json")] == [person.id]
    assert [each["user_id"] for each in read(archive, "sessions.json")] == [person.id]
    answer = await other.get(f"/api/users/{person.id}/export")
    assert answer.headers["content-type"] == "application/zip"


async def test_who_may_not(
    person: Person, other: Person, admin: asyncpg.Connection, api: httpx.AsyncClient, settings: Settings
) -> None:
    """A colleague and a manager are 403; to another tenant's admin nobody is there; nor is who was erased."""
    path = f"{USERS}/{person.id}/export"
    problem(await other.get(path), 403, "forbidden")
    problem(await (await made(admin, other, "manager")).get(path), 403, "forbidden")
    (stranger,) = await colleagues(settings, api, 1)
    problem(await (await made(admin, stranger, "admin")).get(path), 404, "not_found")
    problem(await stranger.get(f"{USERS}/{uuid.uuid4()}/export"), 404, "not_found")
    problem(await api.get(path), 401, "auth_missing_token")
    location = (await person.post(f"{USERS}/{person.id}/erase")).headers["location"]
    await receipt(person, location)
    problem(await person.get(path), 401, "auth_invalid_token")
    problem(await (await made(admin, other, "admin")).get(path), 404, "not_found")


@pytest.mark.parametrize("id", ["1", "x", "%00", "..%2F..", "'; DROP TABLE users; --"])
async def test_hostile_ids(person: Person, id: str) -> None:
    """What is no id is 404."""
    problem(await person.get(f"{USERS}/{id}/export"), 404, "not_found")


async def test_bounds(person: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files beyond the bounds are left out and named; the others are there."""
    bucket, prefix = Bucket(settings), prefix_of(person.tenant_id, person.id)
    for name, size in (("a", 600), ("b", 500), ("c", 300), ("d", 50)):
        await bucket.put(prefix + name, b"x" * size)
    monkeypatch.setattr(takeout, "OBJECT_BYTES", 1000)
    monkeypatch.setattr(takeout, "OBJECTS", 2)
    archive = await exported(person)
    manifest = read(archive, "manifest.json")
    left = [(each["key"].removeprefix(prefix), each["size"], each["reason"]) for each in manifest["left_out"]]
    assert left == [("b", 500, "too_large"), ("d", 50, "too_many")]
    assert (manifest["objects"], manifest["object_bytes"], manifest["left_out_count"]) == (2, 900, 2)
    assert {name for name in archive.namelist() if name.startswith("objects/")} == {"objects/a", "objects/c"}


async def test_a_large_file(person: Person, settings: Settings) -> None:
    """A file of several chunks arrives as it was."""
    content = bytes(range(256)) * 4 * 2600
    await Bucket(settings).put(f"{prefix_of(person.tenant_id, person.id)}large", content)
    assert (await exported(person)).read("objects/large") == content


async def test_while_s3_is_away(person: Person, settings: Settings) -> None:
    """It is 503 with Retry-After, not half an export."""
    nowhere = replace(settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    async with application(nowhere) as client:
        answer = await replace(person, client=client).get(f"{USERS}/{person.id}/export")
    problem(answer, 503, "storage_unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_too_many_at_once(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """More exports than a process has room for are 429 with Retry-After; afterwards there is room again."""
    monkeypatch.setattr(takeout, "_places", asyncio.Semaphore(1))
    answers = await asyncio.gather(*(person.get(f"{USERS}/{person.id}/export") for _ in range(4)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 1
    problem(refused[0], 429, "rate_limited")
    assert any(answer.status_code == 200 for answer in answers)
    await exported(person)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("captures/meal 1.jpg", "captures/meal 1.jpg"),
        ("../../.ssh/keys", "%2E%2E/%2E%2E/.ssh/keys"),
        ("/etc/passwd", "%/etc/passwd"),
        ("a/./b", "a/%2E/b"),
        ("c:\\windows\\x", "c%3A%5Cwindows%5Cx"),
        ("a\x00\nb", "a%00%0Ab"),
        ("", "%"),
    ],
)
def test_names_lead_nowhere(key: str, name: str) -> None:
    """Whatever an object is called, unpacking the export writes inside the folder."""
    assert takeout.name_inside(key) == name


def _keys(data: Any) -> set[str]:
    if isinstance(data, dict):
        return set(data) | {key for value in data.values() for key in _keys(value)}
    if isinstance(data, list):
        return {key for value in data for key in _keys(value)}
    return set()
