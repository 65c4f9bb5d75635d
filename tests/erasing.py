"""Somebody who has left something in every store, and looking for it afterwards."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import boto3
import httpx
from msgspec import Struct
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus

from db import notifications, sweeps
from db.pool import Database
from db.tenant import sweeper
from onboarding.access import Caller, Role
from runtime.addresses import RunAddress, workflow_id
from runtime.settings import Settings
from runtime.storage import prefix_of
from tests.stack import EXAMPLES, PASSWORD, RUNS, Person, application, ok, sign_up, until

CONSTRAINTS = "workout_constraints"
TABLES = """
SELECT c.oid::regclass::text FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


class Bucket:
    """The bucket, through a client that a test owns."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.s3_bucket
        self.client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint_url,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_access_key_id,
            aws_secret_access_key=settings.s3_secret_access_key,
        )

    async def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        await asyncio.to_thread(self.client.put_object, Bucket=self.name, Key=key, Body=content)

    async def keys(self, prefix: str = "") -> list[str]:
        """What is there under a prefix."""

        def listed() -> list[str]:
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            return [each["Key"] for page in pages for each in page.get("Contents", ())]

        return await asyncio.to_thread(listed)

    async def get(self, key: str) -> bytes:
        """Read an object."""
        answer = await asyncio.to_thread(self.client.get_object, Bucket=self.name, Key=key)
        return await asyncio.to_thread(answer["Body"].read)

    async def dump(self) -> dict[str, bytes]:
        """Every object, by key; one that somebody deletes meanwhile is none."""
        found: dict[str, bytes] = {}
        for key in await self.keys():
            with suppress(self.client.exceptions.NoSuchKey):
                found[key] = await self.get(key)
        return found


class Planted(Struct, frozen=True, kw_only=True):
    """Somebody, and the words that nobody but them has: in answers, name, e-mail, files, tokens, user agent."""

    person: Person
    canary: str
    tokens: list[str]

    @property
    def words(self) -> list[str]:
        """What must not be found once they are gone."""
        return [self.canary, *(part for token in self.tokens for part in token.split(".") if len(part) > 40)]


async def planted(
    client: httpx.AsyncClient, settings: Settings, database: Database, admin: asyncpg.Connection, temporal: Client
) -> Planted:
    """Somebody with an archived run, a completed one, its edited profile, an open run, and all the rest."""
    canary = f"canary{uuid.uuid4().hex}"
    body = {"email": f"{canary}@example.org", "password": PASSWORD, "full_name": canary}
    user = ok(await client.post("/api/v1/auth/register", json=body))
    tokens: list[str] = []
    for _ in range(2):
        login = {"email": body["email"], "password": PASSWORD}
        signed = ok(await client.post("/api/v1/auth/login", json=login, headers={"User-Agent": canary}))
        tokens += [signed["access_token"], signed["refresh_token"]]
    person = Person(
        client=client,
        id=user["id"],
        tenant_id=user["tenant_id"],
        email=body["email"],
        token=tokens[-2],
        refresh_token=tokens[-1],
    )
    await _runs(person, canary, database, admin, temporal)
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    async with database.transaction(caller) as connection:
        await notifications.add(
            connection,
            tenant_id=person.tenant_id,
            user_id=person.id,
            kind="told",
            body={"text": canary},
            dedupe_key=canary,
        )
    bucket = Bucket(settings)
    for name in ("captures/meal.jpg", f"captures/{canary}.jpg", "odd 'name' ü.txt"):
        await bucket.put(prefix_of(person.tenant_id, person.id) + name, canary.encode())
    return Planted(person=person, canary=canary, tokens=tokens)


async def _runs(
    person: Person, canary: str, database: Database, admin: asyncpg.Connection, temporal: Client
) -> None:
    answer = {**EXAMPLES[3], "equipment": [canary]}
    await person.start()
    await person.saved(1, 2)
    ok(await person.save(3, answer, headers={"Idempotency-Key": f"key-{canary}"}))
    abandoned = await person.send("DELETE", f"{RUNS}/")
    assert abandoned.status_code == 204
    await archived(person, database, admin, temporal)
    await person.start()
    await person.saved(1, 2)
    ok(await person.save(3, answer))
    await person.saved(4, 9)
    ok(await person.post(f"{RUNS}/complete"))
    change = {"answers": {CONSTRAINTS: {**answer, "injuries": [canary]}}}
    ok(await person.patch("/api/v1/profile", change))
    await _talked(person, canary)
    await person.start(restart=True)
    await person.saved(1, 2)
    ok(await person.save(3, answer))
    said = {"message": f"my {canary} hurts", "message_id": canary}
    ok(await person.post("/api/v1/chat/onboarding", said, timeout=30))


async def _talked(person: Person, canary: str) -> None:
    """To the agent that speaks after the onboarding, which proposes something; and about a company."""
    said = {"message": f"I have a new dumbbell called {canary}, change my equipment", "message_id": canary}
    ok(await person.post("/api/v1/chat", said, timeout=30))
    asked = {"kind": "industry", "companyName": canary, "description": f"bakery {canary}"}
    suggested = ok(await person.post("/api/onboarding/ai-suggestions", asked, timeout=30))
    verdict = {"itemId": suggested["suggestedIndustry"]["id"], "verdict": "accepted"}
    ok(await person.post(f"/api/v1/suggestions/{suggested['suggestionId']}/feedback", verdict))
    await _scanned(person, canary)


async def _scanned(person: Person, canary: str) -> None:
    """A file, in which something is found; and one that the service refuses, of which nobody comes to hear."""
    file = {"file": (f"{canary}.txt", f"my password {canary}")}
    assert canary in ok(await person.post("/api/v1/scan", files=file, timeout=30))["data"][0]["context"]
    broken = {"file": (f"{canary}.docx", b"PK\x03\x04[Content_Types].xml word/ " + canary.encode())}
    later = {"Prefer": "respond-async"}
    asked = await person.post("/api/v1/scan", files=broken, headers=later)
    assert asked.status_code == 202

    async def refused() -> bool:
        return (await person.get(asked.headers["location"])).status_code == 422

    await until(refused)


async def archived(person: Person, database: Database, admin: asyncpg.Connection, temporal: Client) -> None:
    """Their ended runs go to the archive."""
    handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))

    async def closed() -> bool:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING

    await until(closed)  # before that, it may write the row once more
    long_ago = datetime.now(UTC) - timedelta(days=60)
    query = "UPDATE onboarding_sessions SET ended_at = $2 WHERE user_id = $1 AND status <> 'in_progress'"
    await admin.execute(query, person.id, long_ago)
    async with database.transaction(sweeper(person.tenant_id)) as connection:
        assert await sweeps.archive(connection, long_ago + timedelta(days=1))


async def rows_of(admin: asyncpg.Connection, user_id: str) -> dict[str, int]:
    """How many rows of each table name somebody anywhere in them, receipts left out; only those that have some."""
    found: dict[str, int] = {}
    for (table,) in await admin.fetch(TABLES):
        query = f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%' || $1 || '%'"
        if table not in ("erasures", "rate_counters", "ai_rates") and (
            rows := await admin.fetchval(query, user_id)
        ):
            found[table] = rows
    return found


async def dump(admin: asyncpg.Connection) -> str:
    """The database as text: every row of every table; bytes also as the text that they may be."""
    lines: list[str] = []
    for (table,) in await admin.fetch(TABLES):
        for (row,) in await admin.fetch(f"SELECT to_jsonb(t)::text FROM {table} AS t"):
            lines += [f"{table} {row}", *_unhexed(row)]
    return "\n".join(lines)


def _unhexed(row: str) -> list[str]:
    parts = (part.split('"')[0] for part in row.split('"\\\\x')[1:])
    return [bytes.fromhex(part).decode(errors="replace") for part in parts]


async def receipt(person: Person, location: str) -> Any:
    """The receipt once it is completed."""

    async def completed() -> Any:
        body = ok(await person.get(location))
        return body if body["status"] == "completed" else None

    return await until(completed, 120)


async def made(admin: asyncpg.Connection, person: Person, role: str) -> Person:
    """Them, with another role."""
    await admin.execute("UPDATE users SET role = $2 WHERE id = $1", person.id, role)
    return person


@asynccontextmanager
async def another_tenant(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application through which people register in a tenant of their own."""
    async with application(replace(settings, default_tenant=uuid.uuid4().hex)) as client:
        yield client


async def colleagues(settings: Settings, client: httpx.AsyncClient, count: int) -> list[Person]:
    """People of one new tenant, who use `client`."""
    async with another_tenant(settings) as own:
        return [replace(await sign_up(own), client=client) for _ in range(count)]
