"""Refresh tokens: exchanged, spent, reused, ended."""

import asyncio
import base64
import uuid
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
from msgspec.structs import replace

from cli.embedded import EmbeddedStack
from runtime.settings import Settings
from tests.stack import PASSWORD, Person, application, ok, problem, wrong

AUTH = "/api/v1/auth"


async def exchange(client: httpx.AsyncClient, token: str) -> httpx.Response:
    """Exchange a refresh token."""
    return await client.post(f"{AUTH}/refresh", json={"refresh_token": token})


async def sign_in(person: Person, **fields: Any) -> dict[str, Any]:
    """Sign in once more."""
    body = {"email": person.email, "password": PASSWORD, **fields}
    return ok(await person.client.post(f"{AUTH}/login", json=body))


async def later(stack: EmbeddedStack, person: Person, seconds: int = 11) -> None:
    """As if the person's sessions had been used longer ago."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute(
        "UPDATE sessions SET rotated_at = rotated_at - make_interval(secs => $2), "
        "expires_at = expires_at - make_interval(secs => $2) WHERE user_id = $1",
        person.id,
        seconds,
    )
    await admin.close()


async def events_of(stack: EmbeddedStack, person: Person) -> list[str]:
    """What staff are told about the person."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    rows = await admin.fetch(
        "SELECT detail_type FROM events WHERE tenant_id = $1 AND detail ->> 'user_id' = $2",
        person.tenant_id,
        person.id,
    )
    await admin.close()
    return [row["detail_type"] for row in rows]


async def test_a_pair_gives_the_next(person: Person) -> None:
    """A refresh token is exchanged for a new pair, again and again, and each access token works."""
    tokens = {person.refresh_token}
    token = person.refresh_token
    for _ in range(3):
        answer = await exchange(person.client, token)
        assert answer.status_code == 200
        signed = answer.json()
        assert (signed["token_type"], signed["user"]["id"]) == ("bearer", person.id)
        assert 1790 <= signed["expires_in"] <= 1800
        ok(await replace(person, token=signed["access_token"]).get(f"{AUTH}/me"))
        token = signed["refresh_token"]
        assert token not in tokens
        tokens.add(token)


async def test_the_tab_beside_gets_the_same_pair(person: Person, settings: Settings) -> None:
    """Twenty exchanges of one token at once, over two processes, give one and the same pair."""
    async with application(settings) as other:
        clients = [person.client, other] * 10
        answers = await asyncio.gather(*(exchange(client, person.refresh_token) for client in clients))
    pairs = {(ok(answer)["access_token"], answer.json()["refresh_token"]) for answer in answers}
    assert len(pairs) == 1
    ok(await exchange(person.client, pairs.pop()[1]))


async def test_reuse_ends_the_session(person: Person, stack: EmbeddedStack) -> None:
    """A token that was spent a while ago ends its session, the new tokens too; staff are told once."""
    signed = ok(await exchange(person.client, person.refresh_token))
    await later(stack, person)
    for token in (person.refresh_token, signed["refresh_token"], person.refresh_token):
        problem(await exchange(person.client, token), 401, "auth_invalid_token")
    for token in (person.token, signed["access_token"]):
        problem(await replace(person, token=token).get(f"{AUTH}/me"), 401, "auth_invalid_token")
    assert await events_of(stack, person) == ["refresh_token_reused"]


async def test_reuse_ends_no_other_session(person: Person, stack: EmbeddedStack) -> None:
    """Another sign-in of the same person goes on when a token of the first is reused."""
    second = await sign_in(person)
    ok(await exchange(person.client, person.refresh_token))
    await later(stack, person)
    problem(await exchange(person.client, person.refresh_token), 401, "auth_invalid_token")
    ok(await exchange(person.client, second["refresh_token"]))


async def test_it_expires(person: Person, stack: EmbeddedStack) -> None:
    """After thirty days without use a refresh token is worth nothing, and that is no reuse."""
    await later(stack, person, 30 * 86_400 + 1)
    problem(await exchange(person.client, person.refresh_token), 401, "auth_invalid_token")
    assert await events_of(stack, person) == []


async def test_each_exchange_begins_thirty_days_anew(person: Person, stack: EmbeddedStack) -> None:
    """Who comes back within thirty days each time stays signed in."""
    token = person.refresh_token
    for _ in range(3):
        await later(stack, person, 29 * 86_400)
        token = ok(await exchange(person.client, token))["refresh_token"]


async def test_who_does_not_want_to_be_remembered(person: Person, stack: EmbeddedStack) -> None:
    """With `remember_me: false` the refresh token lives for a day; with true, or unsaid, for thirty."""
    lifetimes = {}
    for said in (False, True, None):
        signed = await sign_in(person, remember_me=said)
        mine = replace(person, token=signed["access_token"])
        session = ok(await mine.get(f"{AUTH}/sessions"))["items"][0]
        assert session["current"]
        lifetimes[said] = session["expires_at"][:10]
    assert lifetimes[True] == lifetimes[None] > lifetimes[False]


async def test_an_inactive_account(person: Person, stack: EmbeddedStack) -> None:
    """A deactivated person's refresh token gives no pair."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute("UPDATE users SET is_active = false WHERE id = $1", person.id)
    await admin.close()
    problem(await exchange(person.client, person.refresh_token), 403, "account_inactive")


@pytest.mark.parametrize("end", ["flip", "cut", "grow", "generation", "session"])
async def test_forged_tokens(person: Person, end: str, stack: EmbeddedStack) -> None:
    """A token with any change in it is refused, and ends nothing."""
    raw = bytearray(base64.urlsafe_b64decode(person.refresh_token))
    match end:
        case "flip":
            raw[-1] ^= 1
        case "cut":
            raw = raw[:-1]
        case "grow":
            raw += b"x"
        case "generation":
            raw[51] += 1
        case _:
            raw[32:48] = uuid.uuid4().bytes
    problem(await exchange(person.client, base64.urlsafe_b64encode(raw).decode()), 401, "auth_invalid_token")
    ok(await exchange(person.client, person.refresh_token))


@pytest.mark.parametrize("token", ["x", "=", "ÿ", "a" * 500, "AAAA", " ", "\u0000"])
async def test_garbage(api: httpx.AsyncClient, token: str) -> None:
    """What is no token is 401, whatever it is."""
    problem(await exchange(api, token), 401, "auth_invalid_token")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"refresh_token": "required"}),
        ({"refresh_token": ""}, {"refresh_token": "too_short"}),
        ({"refresh_token": "x" * 501}, {"refresh_token": "too_long"}),
        ({"refresh_token": 5, "x": 1}, {"refresh_token": "wrong_type", "x": "unknown_field"}),
    ],
)
async def test_bodies_that_are_none(api: httpx.AsyncClient, body: Any, errors: dict[str, str]) -> None:
    """A body without a token is 400, not 401: nobody has signed out."""
    assert wrong(await api.post(f"{AUTH}/refresh", json=body)) == errors


async def test_another_secret(person: Person, settings: Settings) -> None:
    """A process with another secret takes none of these tokens."""
    async with application(replace(settings, jwt_secret="another secret, and long enough for this")) as client:
        problem(await exchange(client, person.refresh_token), 401, "auth_invalid_token")


async def test_eddsa(person: Person, settings: Settings) -> None:
    """With `JWT_ALGORITHM=EdDSA` tokens are signed with a key pair, work, and HS256 ones are refused."""
    async with application(replace(settings, jwt_algorithm="EdDSA")) as client:
        signed = ok(await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD}))
        assert jwt.get_unverified_header(signed["access_token"])["alg"] == "EdDSA"
        mine = replace(person, client=client, token=signed["access_token"])
        ok(await mine.get(f"{AUTH}/me"))
        ok(await exchange(client, signed["refresh_token"]))
        problem(await replace(person, client=client).get(f"{AUTH}/me"), 401, "auth_invalid_token")


async def test_logout(person: Person, settings: Settings) -> None:
    """After the logout neither token works, in no process, from the next request on; other sessions go on."""
    second = await sign_in(person)
    async with application(settings) as other:
        elsewhere = replace(person, client=other)
        ok(await elsewhere.get(f"{AUTH}/me"))
        answer = await person.post(f"{AUTH}/logout")
        assert (answer.status_code, answer.content) == (204, b"")
        for each in (person, elsewhere):
            problem(await each.get(f"{AUTH}/me"), 401, "auth_invalid_token")
            problem(await each.post(f"{AUTH}/logout"), 401, "auth_invalid_token")
            problem(await exchange(each.client, person.refresh_token), 401, "auth_invalid_token")
    ok(await replace(person, token=second["access_token"]).get(f"{AUTH}/me"))


async def test_logout_with_the_token_of_another_session(person: Person, other: Person) -> None:
    """A refresh token of one's own ends its session too; somebody else's, or garbage, changes nothing for them."""
    second = await sign_in(person)
    third = await sign_in(person)
    for token in (other.refresh_token, "garbage"):
        mine = replace(person, token=(await sign_in(person))["access_token"])
        assert (await mine.post(f"{AUTH}/logout", {"refresh_token": token})).status_code == 204
    ok(await exchange(other.client, other.refresh_token))
    await replace(person, token=second["access_token"]).post(
        f"{AUTH}/logout", {"refresh_token": third["refresh_token"]}
    )
    for signed in (second, third):
        problem(await exchange(person.client, signed["refresh_token"]), 401, "auth_invalid_token")
        problem(await replace(person, token=signed["access_token"]).get(f"{AUTH}/me"), 401, "auth_invalid_token")
    ok(await person.get(f"{AUTH}/me"))


async def test_sessions(person: Person, other: Person) -> None:
    """A person sees where they are signed in, in pages, and can end one; others' are not there for them."""
    headers = {"User-Agent": "phone" * 100}
    body = {"email": person.email, "password": PASSWORD}
    signed = ok(await person.client.post(f"{AUTH}/login", json=body, headers=headers))
    first = ok(await person.get(f"{AUTH}/sessions", params={"limit": 1, "with_total": "true"}))
    assert (len(first["items"]), first["total"]) == (1, 2)
    phone = first["items"][0]
    assert (phone["user_agent"], phone["address"], phone["current"]) == (("phone" * 100)[:200], "127.0.0.1", False)
    rest = ok(await person.get(f"{AUTH}/sessions", params={"cursor": first["next_cursor"]}))
    assert [each["current"] for each in rest["items"]] == [True]
    assert rest["next_cursor"] is None
    problem(await other.send("DELETE", f"{AUTH}/sessions/{phone['id']}"), 404, "not_found")
    assert (await person.send("DELETE", f"{AUTH}/sessions/{phone['id']}")).status_code == 204
    problem(await person.send("DELETE", f"{AUTH}/sessions/{phone['id']}"), 404, "not_found")
    problem(await exchange(person.client, signed["refresh_token"]), 401, "auth_invalid_token")
    assert len(ok(await person.get(f"{AUTH}/sessions"))["items"]) == 1


@pytest.mark.parametrize("id", ["x", "00000000-0000-7000-8000-000000000000", "%00", "' OR 1=1"])
async def test_sessions_that_are_none(person: Person, id: str) -> None:
    """What is no session of theirs is 404."""
    problem(await person.send("DELETE", f"{AUTH}/sessions/{id}"), 404, "not_found")


@pytest.mark.parametrize("cursor", ["x", "MTI=", "ÿ"])
async def test_cursors_that_are_none(person: Person, cursor: str) -> None:
    """A cursor that is none of this list is 400."""
    assert wrong(await person.get(f"{AUTH}/sessions", params={"cursor": cursor})) == {"cursor": "bad_format"}


async def test_a_cursor_is_named_with_the_others(person: Person) -> None:
    """A cursor that is none is told along with what else is wrong, and one that is right is not."""
    params = {"cursor": "x", "limit": 500, "with_total": "perhaps"}
    answer = await person.get(f"{AUTH}/sessions", params=params)
    assert wrong(answer).keys() == {"cursor", "limit", "with_total"}
    right = base64.urlsafe_b64encode(person.id.encode()).decode()
    assert wrong(await person.get(f"{AUTH}/sessions", params={**params, "cursor": right})).keys() == {
        "limit",
        "with_total",
    }
