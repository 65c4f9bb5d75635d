"""Erasing people over HTTP: everything goes, and a receipt says what there was."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from db.pool import Database
from runtime.addresses import RunAddress, erasure_workflow_id, workflow_id
from runtime.settings import Settings
from tests.api.company import Company
from tests.erasing import Bucket, another_tenant, colleagues, dump, made, planted, receipt, rows_of
from tests.stack import PASSWORD, RUNS, Person, application, ok, problem, sign_up, until

USERS = "/api/v1/users"


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A pool of the app's role."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=1, max_size=4)
    yield database
    await database.close()


async def erase(person: Person, user_id: str | None = None) -> httpx.Response:
    """Ask for it."""
    return await person.post(f"{USERS}/{user_id or person.id}/erase")


async def test_everything_goes(
    api: httpx.AsyncClient,
    settings: Settings,
    database: Database,
    admin: asyncpg.Connection,
    temporal: Client,
    said: list[str],
) -> None:
    """After the receipt nothing in database, bucket or log has a word of theirs; the counts say what there was."""
    someone = await planted(api, settings, database, admin, temporal)
    person = someone.person
    assert someone.canary in await dump(admin)
    answer = await erase(person)
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/api/v1/erasures/{body['id']}"
    assert (body["user_id"], body["status"], body["completed_at"]) == (person.id, "running", None)

    done = await receipt(person, answer.headers["location"])
    counts = done["counts"]
    assert (done["id"], done["user_id"]) == (body["id"], person.id)
    assert done["completed_at"] >= done["created_at"]
    assert (counts["objects"], counts["runs_ended"]) == (3, 1)
    tables = counts["database"]
    assert counts["data_keys"] == tables["data_keys"]
    expected = {
        "users": 1,
        "onboarding_sessions": 2,
        "onboarding_archive": 1,
        "profiles": 1,
        "profile_versions": 2,
    }
    assert {name: tables[name] for name in expected} == expected
    assert (tables["sessions"], tables["notifications"]) == (2, 1)
    assert tables["idempotency_keys"] >= 1
    assert tables["onboarding_events"] > 10

    text = await dump(admin)
    objects = await Bucket(settings).dump()
    stores = {"database": text, "bucket": repr(objects), "log": "\n".join(said)}
    assert len(said) > 5
    assert {
        (store, word) for store, content in stores.items() for word in someone.words if word in content
    } == set()
    assert await rows_of(admin, person.id) == {}
    handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

    problem(await person.get(f"{USERS}/me"), 401, "auth_invalid_token")
    problem(await erase(person), 401, "auth_invalid_token")
    login = {"email": person.email, "password": "correct horse battery"}
    problem(await api.post("/api/v1/auth/login", json=login), 401, "invalid_credentials")
    assert ok(await person.get(answer.headers["location"])) == done


async def test_their_address_is_free_again(person: Person, api: httpx.AsyncClient) -> None:
    """Whoever was erased may register again, as somebody new."""
    await receipt(person, (await erase(person)).headers["location"])
    body = {"email": person.email, "password": "correct horse battery"}
    assert ok(await api.post("/api/v1/auth/register", json=body))["id"] != person.id


async def test_the_answer_to_their_registration_goes(api: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    """What a repeat of their registration would be answered with is gone, though nobody was signed in then."""
    key = uuid.uuid4().hex
    body = {"email": f"{key}@example.org", "password": "correct horse battery"}
    ok(await api.post("/api/v1/auth/register", json=body, headers={"Idempotency-Key": key}))
    token = ok(await api.post("/api/v1/auth/login", json=body))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    id = ok(await api.get(f"{USERS}/me", headers=headers))["id"]
    location = (await api.post(f"{USERS}/{id}/erase", headers=headers)).headers["location"]

    async def completed() -> bool:
        return ok(await api.get(location, headers=headers))["status"] == "completed"

    await until(completed)
    assert key not in await dump(admin)


async def test_by_an_admin(person: Person, other: Person, admin: asyncpg.Connection) -> None:
    """An admin erases somebody of the tenant, who is signed out with it; the same again is the same receipt."""
    boss = await made(admin, other, "admin")
    await person.saved_until(2)
    first = await erase(boss, person.id)
    assert first.status_code == 202
    problem(await person.get(f"{USERS}/me"), 401, "auth_invalid_token")
    again = await erase(boss, person.id)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    done = await receipt(boss, first.headers["location"])
    assert done["counts"]["runs_ended"] == 1
    after = await erase(boss, person.id)
    assert (after.status_code, after.json()) == (202, done)
    assert after.headers["location"] == first.headers["location"]
    assert ok(await person.get(first.headers["location"])) == done


async def test_at_once(person: Person) -> None:
    """Many requests at once are one erasure."""
    answers = await asyncio.gather(*(erase(person) for _ in range(5)))
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {(202, answers[0].json()["id"])}
    assert len({answer.headers["location"] for answer in answers}) == 1


async def test_with_an_idempotency_key(person: Person) -> None:
    """The key of the request goes with the person; a repeat before is the first answer."""
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    answer = await person.post(f"{USERS}/{person.id}/erase", headers=dict(headers))
    assert answer.status_code == 202
    await receipt(person, answer.headers["location"])
    again = await person.post(f"{USERS}/{person.id}/erase", headers=dict(headers))
    problem(again, 401, "auth_invalid_token")


async def test_who_may_not(
    person: Person, other: Person, admin: asyncpg.Connection, api: httpx.AsyncClient, settings: Settings
) -> None:
    """A colleague and a manager are 403; to another tenant's admin nobody is there; nothing has begun."""
    problem(await erase(other, person.id), 403, "forbidden")
    problem(await erase(await made(admin, other, "manager"), person.id), 403, "forbidden")
    (stranger,) = await colleagues(settings, api, 1)
    problem(await erase(await made(admin, stranger, "user"), person.id), 404, "not_found")
    problem(await erase(await made(admin, stranger, "admin"), person.id), 404, "not_found")
    problem(await erase(stranger, str(uuid.uuid4())), 404, "not_found")
    problem(await api.post(f"{USERS}/{person.id}/erase"), 401, "auth_missing_token")
    assert await admin.fetchval("SELECT count(*) FROM erasures WHERE user_id = $1", person.id) == 0
    assert ok(await person.get(f"{USERS}/me"))["id"] == person.id


@pytest.mark.parametrize("id", ["1", "x", "me", "%00", "..%2F..", "'; DROP TABLE users; --", "0" * 300])
@pytest.mark.parametrize(("method", "path"), [("POST", "/users/{}/erase"), ("GET", "/erasures/{}")])
async def test_hostile_ids(person: Person, id: str, method: str, path: str) -> None:
    """What is no id is 404."""
    problem(await person.send(method, f"/api/v1{path.format(id)}"), 404, "not_found")


async def test_receipts_of_others(
    person: Person, other: Person, admin: asyncpg.Connection, api: httpx.AsyncClient, settings: Settings
) -> None:
    """A receipt is 404 for colleagues, managers and other tenants, and is served without the version too."""
    location = (await erase(person)).headers["location"]
    await receipt(person, location)
    problem(await other.get(location), 404, "not_found")
    problem(await (await made(admin, other, "manager")).get(location), 404, "not_found")
    (stranger,) = await colleagues(settings, api, 1)
    problem(await (await made(admin, stranger, "admin")).get(location), 404, "not_found")
    problem(await person.get(f"/api/v1/erasures/{uuid.uuid4()}"), 404, "not_found")
    assert ok(await person.get(location.replace("/api/v1/", "/api/")))["status"] == "completed"
    assert ok(await (await made(admin, other, "admin")).get(location))["status"] == "completed"


async def test_an_inactive_person_reads_no_receipt(
    person: Person, other: Person, admin: asyncpg.Connection
) -> None:
    """What lets in who was erased lets in nobody else: an inactive account is 403, one that signed out is 401."""
    location = f"/api/v1/erasures/{uuid.uuid4()}"
    await admin.execute("UPDATE users SET is_active = false WHERE id = $1", person.id)
    problem(await person.get(location), 403, "account_inactive")
    query = "UPDATE sessions SET ended_at = now(), ended_because = 'logout' WHERE user_id = $1"
    await admin.execute(query, other.id)
    problem(await other.get(location), 401, "auth_invalid_token")


async def test_an_admin_who_is_none_any_more(person: Person, other: Person, admin: asyncpg.Connection) -> None:
    """Whoever asked for it sees the receipt, whatever their role is now."""
    location = (await erase(await made(admin, other, "admin"), person.id)).headers["location"]
    assert (await receipt(await made(admin, other, "user"), location))["user_id"] == person.id


async def test_the_last_admin(api: httpx.AsyncClient, settings: Settings, admin: asyncpg.Connection) -> None:
    """The only active admin who has signed in cannot be erased and nothing begins; with a second one they can."""
    first, second = await colleagues(settings, api, 2)
    await made(admin, first, "admin")
    problem(await erase(first), 409, "last_admin")
    await made(admin, second, "admin")
    await admin.execute("UPDATE users SET is_active = false WHERE id = $1", second.id)
    problem(await erase(first), 409, "last_admin")
    assert await admin.fetchval("SELECT count(*) FROM erasures WHERE user_id = $1", first.id) == 0
    waiting = "UPDATE users SET is_active = true, password_hash = NULL WHERE id = $1"
    password = await admin.fetchval("SELECT password_hash FROM users WHERE id = $1", second.id)
    await admin.execute(waiting, second.id)
    problem(await erase(first), 409, "last_admin")
    await admin.execute("UPDATE users SET password_hash = $2 WHERE id = $1", second.id, password)
    location = (await erase(first)).headers["location"]
    await receipt(second, location)
    problem(await erase(second), 409, "last_admin")


async def test_while_temporal_is_away(person: Person, settings: Settings, admin: asyncpg.Connection) -> None:
    """It is 503 with Retry-After and nothing is gone; the same request works when it is back."""
    nowhere = replace(settings, temporal_address=f"127.0.0.1:{free_ports(1)[0]}", update_timeout_seconds=1.0)
    async with application(nowhere) as client:
        answer = await erase(replace(person, client=client))
    problem(answer, 503, "workflow_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert ok(await person.get(f"{USERS}/me"))["id"] == person.id
    done = await erase(person)
    assert done.status_code == 202
    await receipt(person, done.headers["location"])


async def test_answers_meanwhile(person: Person, admin: asyncpg.Connection, temporal: Client) -> None:
    """Somebody who goes on answering, and starting, gets refusals and then 401; no row of theirs survives."""
    await person.saved_until(2)
    statuses: list[int] = []

    async def go_on(number: int) -> None:
        for turn in range(1000):
            key = {"headers": {"Idempotency-Key": f"{number} {turn}"}} if number % 2 else {}
            answers = [
                await person.save(3, **key),
                *([await person.post(f"{RUNS}/start", {})] if turn < 20 else []),
                await person.patch(f"{USERS}/me", {"full_name": f"x {turn}"}),
            ]
            statuses.extend(answer.status_code for answer in answers)
            if any(answer.status_code == 401 for answer in answers):
                return

    going = [asyncio.create_task(go_on(number)) for number in range(4)]
    await until(lambda: len(statuses) > 20)
    location = (await erase(person)).headers["location"]
    done = await receipt(person, location)
    await asyncio.gather(*going)
    assert set(statuses) <= {200, 201, 401, 404, 409}, sorted(set(statuses))
    assert statuses.count(401) >= len(going)
    assert done["counts"]["database"]["users"] == 1
    assert await rows_of(admin, person.id) == {}
    await temporal.get_workflow_handle(erasure_workflow_id(person.tenant_id, person.id)).terminate()
    left = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))
    with suppress(RPCError):  # there may be none, or one that comes to its end just now
        await left.terminate()


async def test_others_stay(
    person: Person, other: Person, admin: asyncpg.Connection, settings: Settings, api: httpx.AsyncClient
) -> None:
    """What colleagues and other tenants have is as it was."""
    await other.saved_until(3)
    async with another_tenant(settings) as own:
        stranger = await sign_up(own)
        await stranger.saved_until(3)
    before = [await rows_of(admin, each.id) for each in (other, stranger)]
    await receipt(person, (await erase(person)).headers["location"])
    assert [await rows_of(admin, each.id) for each in (other, stranger)] == before
    assert (await other.progress())["completion_percentage"] > 0


async def test_what_staff_were_answered_goes(
    company: Company, settings: Settings, admin: asyncpg.Connection
) -> None:
    """Answers to staff that tell of the person are not given again: made by them, changed, or invited."""
    boss, canary = company.admin, f"canary{uuid.uuid4().hex}"
    email = f"{canary}@example.org"
    keys = [{"Idempotency-Key": uuid.uuid4().hex} for _ in range(3)]
    body = {"emails": [email], "role": "user"}
    ok(await boss.post("/api/v1/invitations", body, headers=keys[0]))
    made = {"email": email, "full_name": canary, "role": "user", "password": PASSWORD}
    user = ok(await boss.post(USERS, made, headers=keys[1]))
    ok(await boss.patch(f"{USERS}/{user['id']}", {"full_name": canary}, headers=keys[2]))
    await receipt(boss, (await erase(boss, user["id"])).headers["location"])
    again = [
        await boss.post("/api/v1/invitations", body, headers=keys[0]),
        await boss.post(USERS, made, headers=keys[1]),
        await boss.patch(f"{USERS}/{user['id']}", {"full_name": canary}, headers=keys[2]),
    ]
    assert not any("idempotent-replayed" in answer.headers for answer in again)
    problem(again[2], 404, "not_found")
