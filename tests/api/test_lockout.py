"""The door is shut to whoever guesses."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from api.__main__ import opened
from api.deps import Deps
from cli.embedded import EmbeddedStack
from db.failures import PAIR_LIMIT, WHO_LIMIT
from runtime.settings import Settings
from tests.api.test_refresh import events_of
from tests.stack import PASSWORD, Person, application, ok, problem, reachable, sign_up

LOGIN = "/api/v1/auth/login"


async def attempt(client: httpx.AsyncClient, email: str, password: str = "a wrong one") -> httpx.Response:
    """Try to sign in."""
    return await client.post(LOGIN, json={"email": email, "password": password})


async def passes(stack: EmbeddedStack, minutes: int) -> None:
    """As if every failure so far were older."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute("UPDATE sign_in_failures SET at = at - make_interval(mins => $1)", minutes)
    await admin.close()


async def test_five_failures_shut_the_door(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """After five failures the right password is refused too, by every process; staff are told once."""
    for _ in range(PAIR_LIMIT):
        problem(await attempt(person.client, person.email), 401, "invalid_credentials")
    async with application(settings) as restarted:
        for client in (person.client, restarted):
            for password in (PASSWORD, "a wrong one"):
                answer = await attempt(client, f" {person.email.upper()}", password)
                assert problem(answer, 429, "sign_in_locked")["retryable"]
                assert 800 < int(answer.headers["retry-after"]) <= 900
    assert await events_of(stack, person) == ["sign_in_locked"]


async def test_the_door_opens_again(person: Person, stack: EmbeddedStack) -> None:
    """Fifteen minutes after the first of the five, the right password works."""
    for _ in range(PAIR_LIMIT):
        await attempt(person.client, person.email)
    await passes(stack, 15)
    ok(await attempt(person.client, person.email, PASSWORD))


async def test_the_right_password_forgives(person: Person) -> None:
    """Four failures and a success, again and again, shut no door."""
    for _ in range(3):
        for _ in range(PAIR_LIMIT - 1):
            problem(await attempt(person.client, person.email), 401, "invalid_credentials")
        ok(await attempt(person.client, person.email, PASSWORD))


async def test_other_addresses_and_people_are_let_in(person: Person, other: Person, settings: Settings) -> None:
    """A shut door is that of one e-mail from one address."""
    for _ in range(PAIR_LIMIT):
        await attempt(person.client, person.email)
    ok(await attempt(other.client, other.email, PASSWORD))
    async with application(settings, address="198.51.100.7") as elsewhere:
        ok(await attempt(elsewhere, person.email, PASSWORD))


async def test_fifty_failures_from_anywhere(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """Fifty failures within an hour, five from each of ten addresses, shut the door to all addresses."""
    async with reachable(settings) as client_at:
        for n in range(WHO_LIMIT // PAIR_LIMIT):
            async with client_at(f"198.51.100.{n}") as client:
                for _ in range(PAIR_LIMIT):
                    problem(await attempt(client, person.email), 401, "invalid_credentials")
    answer = await attempt(person.client, person.email, PASSWORD)
    problem(answer, 429, "sign_in_locked")
    assert int(answer.headers["retry-after"]) > 3500
    await passes(stack, 60)
    ok(await attempt(person.client, person.email, PASSWORD))


async def test_many_at_once_gain_no_try(person: Person, settings: Settings) -> None:
    """Thirty wrong attempts at once, over two processes, are let through five times in all."""
    async with application(settings) as other:
        clients = [person.client, other] * 15
        answers = await asyncio.gather(*(attempt(client, person.email) for client in clients))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (PAIR_LIMIT, 30 - PAIR_LIMIT)


async def test_many_right_ones_at_once_are_let_in(person: Person) -> None:
    """Twenty tabs that sign in at once with the right password all get in."""
    answers = await asyncio.gather(*(attempt(person.client, person.email, PASSWORD) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}


async def test_unknown_addresses_are_counted_alike(api: httpx.AsyncClient) -> None:
    """An e-mail that nobody has is locked as one that somebody has: the answers tell nothing."""
    email = f"{uuid.uuid4().hex}@example.org"
    answers = [await attempt(api, email) for _ in range(PAIR_LIMIT + 1)]
    assert [answer.status_code for answer in answers] == [401] * PAIR_LIMIT + [429]


async def test_nothing_personal_is_counted(person: Person, stack: EmbeddedStack) -> None:
    """What is stored of a failure names neither the e-mail nor the address."""
    await attempt(person.client, person.email)
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    rows = await admin.fetch("SELECT who, whence FROM sign_in_failures")
    await admin.close()
    assert rows
    assert not any(b"example" in cell or b"127.0" in cell for row in rows for cell in row)


async def test_unknown_and_wrong_take_as_long(settings: Settings) -> None:
    """With a hash that costs something, an unknown e-mail takes as long as a wrong password."""
    costly = replace(settings, argon2_time_cost=3, argon2_memory_kib=32_768)
    async with application(costly) as client:
        person = await sign_up(client)
        took: dict[str, list[float]] = {person.email: [], f"{uuid.uuid4().hex}@example.org": []}
        for n in range(4):
            for email in took:
                began = time.perf_counter()
                problem(await attempt(client, email, f"wrong {n}"), 401, "invalid_credentials")
                took[email].append(time.perf_counter() - began)
    # The quickest of each: what else the machine does only ever adds to it.
    known, unknown = map(min, took.values())
    assert 0.4 < known / unknown < 2.5


async def test_a_hash_follows_the_settings(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """When the parameters rise, the next login hashes anew, and a wrong password does not."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))

    async def stored() -> str:
        return await admin.fetchval("SELECT password_hash FROM users WHERE id = $1", person.id)

    before = await stored()
    async with application(replace(settings, argon2_time_cost=2)) as client:
        await attempt(client, person.email)
        assert await stored() == before
        ok(await attempt(client, person.email, PASSWORD))
        after = await stored()
        assert "t=1" in before
        assert "t=2" in after
        ok(await attempt(client, person.email, PASSWORD))
        assert await stored() == after
    await admin.close()


async def test_too_many_at_once(person: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would have to wait for too long is asked to come back: 503 with Retry-After."""
    monkeypatch.setattr("api.passwords.WAIT_SECONDS", 0.05)
    opened_with: list[Deps] = []

    @asynccontextmanager
    async def opening(settings: Settings) -> AsyncGenerator[Deps]:
        async with opened(settings) as deps:
            opened_with.append(deps)
            yield deps

    async with application(settings, opening) as client:
        passwords = opened_with[0].passwords
        async with passwords.turn(), passwords.turn():
            answer = await attempt(client, person.email, PASSWORD)
        assert problem(answer, 503, "sign_in_busy")["retryable"]
        assert answer.headers["retry-after"]
        monkeypatch.undo()
        ok(await attempt(client, person.email, PASSWORD))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("x" * 100, "unknown"),
        ("';--", "unknown"),
        ("::ffff:198.51.100.9", "198.51.100.9"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
async def test_addresses_of_any_kind(person: Person, settings: Settings, address: str, shown: str) -> None:
    """What a proxy names as the address is one in its one form, or none."""
    async with application(settings, address=address) as client:
        signed = ok(await attempt(client, person.email, PASSWORD))
    mine = replace(person, token=signed["access_token"])
    assert ok(await mine.get("/api/v1/auth/sessions"))["items"][0]["address"] == shown
