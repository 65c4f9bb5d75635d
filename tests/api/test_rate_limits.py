"""Limits: counted in PostgreSQL, so that all processes share one count."""

import re
import uuid
from random import randrange

import httpx
from msgspec.structs import replace

from runtime.settings import Settings
from tests.stack import RUNS, Person, application, problem, until


def rest(answer: httpx.Response) -> tuple[str, int, int]:
    """The policy, what remains, and the seconds until the next window."""
    found = re.fullmatch(r'"(\w+)";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert found
    return found[1], int(found[2]), int(found[3])


async def fresh_window(person: Person) -> None:
    """Wait while the window is about to end, so that a test falls into one."""

    async def long_enough() -> bool:
        return rest(await person.get("/api/v1/users/me"))[2] > 5

    await until(long_enough)


async def test_two_processes_share_a_count(person: Person, settings: Settings) -> None:
    """Requests by turns to two processes count together; the one too many is 429 and says when to come back."""
    await fresh_window(person)
    used = 100_000 - rest(await person.get("/api/v1/users/me"))[1]
    strict = replace(settings, rate_limit_per_minute=used + 4)
    async with application(strict) as one, application(strict) as two:
        clients = [replace(person, client=client) for client in (one, two, one, two)]
        answers = [await each.get("/api/v1/users/me") for each in clients]
        assert [answer.status_code for answer in answers] == [200] * 4
        assert [rest(answer)[1] for answer in answers] == [3, 2, 1, 0]
        assert answers[0].headers["ratelimit-policy"] == f'"user";q={used + 4};w=60'
        for client in (one, two):
            refused = await replace(person, client=client).post(f"{RUNS}/start", {})
            assert problem(refused, 429, "rate_limited")["retryable"]
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert rest(refused)[:2] == ("user", 0)


async def test_errors_count_and_tell(person: Person) -> None:
    """A refused request counts like any other, and says so."""
    await fresh_window(person)
    before = rest(await person.get("/api/v1/users/me"))[1]
    refused = await person.post(f"{RUNS}/step", {"step": 1, "data": {}})
    problem(refused, 404, "run_not_found")
    assert rest(refused)[:2] == ("user", before - 1)
    assert rest(await person.post(f"{RUNS}/step", {"step": []}))[1] == before - 2


async def test_people_have_their_own(person: Person, other: Person, settings: Settings) -> None:
    """One person's haste costs another nothing; a person who is refused is not a reason to refuse others."""
    async with application(replace(settings, rate_limit_per_minute=1)) as client:
        hasty = replace(person, client=client)
        calm = replace(other, client=client)
        problem(await until_refused(hasty), 429, "rate_limited")
        assert rest(await calm.get("/api/v1/users/me"))[0] == "user"


async def until_refused(person: Person) -> httpx.Response:
    """Ask until it is too much; a window may end in between."""
    for _ in range(5):
        answer = await person.get("/api/v1/users/me")
        if answer.status_code == 429:
            break
    return answer


async def test_signing_in_is_counted_by_address(settings: Settings) -> None:
    """Sign-in routes share a count for each address, whoever tries; another address has its own."""
    here, there = (f"10.{randrange(256)}.{randrange(256)}.{n}" for n in (1, 2))
    strict = replace(settings, sign_in_limit_per_minute=2)
    body = {"email": "a@example.org", "password": "wrong password"}
    async with application(strict, address=here) as client, application(strict, address=there) as elsewhere:
        codes = [(await client.post("/api/v1/auth/login", json=body)).status_code for _ in range(5)]
        assert codes[:2] == [401, 401]
        assert 429 in codes
        new = {"email": f"{uuid.uuid4().hex}@example.org", "password": "correct horse"}
        refused = await client.post("/api/v1/auth/register", json=new)
        while refused.status_code == 201:  # the window ended just then
            refused = await client.post(
                "/api/v1/auth/register", json={**new, "email": f"{uuid.uuid4().hex}@x.org"}
            )
        problem(refused, 429, "rate_limited")
        assert refused.headers["retry-after"]
        assert refused.headers["ratelimit-policy"] == '"sign_in";q=2;w=60'
        assert (await elsewhere.post("/api/v1/auth/login", json=body)).status_code == 401


async def test_health_is_not_counted(settings: Settings) -> None:
    """Orchestrators may ask as often as they like."""
    async with application(replace(settings, sign_in_limit_per_minute=1, rate_limit_per_minute=1)) as client:
        answers = [await client.get("/livez") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers
