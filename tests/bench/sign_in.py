"""What signing in costs those who have signed in: `GET progress` beside logins, and a look at the session."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx

from db.pool import Database
from runtime.settings import Settings
from tests.bench.load import Sample, Work, closed_loop
from tests.bench.people import People, Person
from tests.bench.scenarios import Gangway
from tests.bench.stack import Stack

CLIENTS, LOGINS = 10, 20
PASSWORD = "correct horse battery"
REAL_HASHES = {
    name: getattr(Settings(), name) for name in ("argon2_time_cost", "argon2_memory_kib", "argon2_parallelism")
}
_BEFORE = "SELECT * FROM enter($1, $2, $3, 60)"
_NOW = "SELECT * FROM enter($1, $2, $4, NULL, $3, 60)"


@dataclass
class SignIn:
    """`GET progress` alone and beside logins, these logins, and the entrance without and with a session."""

    alone: Sample
    beside: Sample
    logins: Sample
    without_session: Sample
    with_session: Sample


async def measure(stack: Stack, samples: int) -> SignIn:
    """On a stack whose hashes cost what they do in life."""
    people = People(stack.settings)
    gangway = Gangway(stack, people)
    await gangway.open(CLIENTS)
    alone = await gangway.progress(CLIENTS, samples)
    emails = [await _registered(stack) for _ in range(LOGINS)]
    logins = Sample()
    signing_in = [asyncio.create_task(_sign_in(stack, email, logins)) for email in emails]
    await asyncio.sleep(1)
    beside = await gangway.progress(CLIENTS, samples)
    for task in signing_in:
        task.cancel()
    await asyncio.gather(*signing_in, return_exceptions=True)
    (person,) = await people.new(1)
    without, with_session = await _entrance(stack, person, samples)
    return SignIn(alone, beside, logins, without, with_session)


async def _registered(stack: Stack) -> str:
    email = f"{uuid.uuid4().hex}@example.com"
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False, timeout=30) as client:
        body = {"email": email, "password": PASSWORD}
        (await client.post("/api/v1/auth/register", json=body)).raise_for_status()
    return email


async def _sign_in(stack: Stack, email: str, sample: Sample) -> None:
    """Again and again, until cancelled."""
    body = {"email": email, "password": PASSWORD}
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False, timeout=30) as client:
        while True:
            began = time.perf_counter()
            (await client.post("/api/v1/auth/login", json=body)).raise_for_status()
            took = time.perf_counter() - began
            sample.latencies.append(took * 1000)
            sample.seconds += took / LOGINS


async def _entrance(stack: Stack, person: Person, samples: int) -> tuple[Sample, Sample]:
    """In turn, so that a slow moment hits both."""
    assert stack.settings.database_url
    database = await Database.open(stack.settings.database_url, min_size=1, max_size=1)
    measured = (Sample(), Sample())
    arguments: list[Any] = [person.tenant_id, person.id, f"user/{person.id}"]

    def asking(query: str, *more: Any) -> Work:
        async def work() -> None:
            async with database.autocommit() as connection:
                await connection.fetchrow(query, *arguments, *more)

        return work

    works = cycle(zip(measured, (asking(_BEFORE), asking(_NOW, person.session_id)), strict=True))
    try:
        for _ in range(20):
            sample, work = next(works)
            sample.add(await closed_loop([work], max(samples // 20, 2)))
    finally:
        await database.close()
    return measured
