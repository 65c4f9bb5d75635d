"""Keys over the network: fetched rarely, kept through outages, forgotten when they leave the set."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest

from api.issuers import others
from api.jwks import BODY_BYTES, COLD_SECONDS, FETCH_SECONDS, MISSES_SECONDS, STALE_SECONDS
from api.problems import ProblemError
from api.verifier import Verifier, verifying
from runtime.settings import Settings
from tests.api.foreign import knowing_issuers, oidc_claims
from tests.issuers import (
    Claims,
    Clock,
    KeyServer,
    SigningKey,
    claims_of,
    eddsa,
    es256,
    http,
    key_server,
    rs256,
    with_clock,
)
from tests.stack import ok, problem, until

NAME = "https://keys.example.org"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine does beside takes no keys from anybody."""
    for module in ("api.jwks", "api.verifier"):
        monkeypatch.setattr(f"{module}.FETCH_SECONDS", 60.0)


class Desk:
    """A verifier, the issuer whose tokens it reads, and the time."""

    def __init__(self, verifier: Verifier, server: KeyServer, clock: Clock) -> None:
        self.verifier = verifier
        self.server = server
        self.clock = clock

    async def status(self, token: str) -> int:
        """What a request with the token would meet: 200, or the status of the problem."""
        try:
            await self.verifier.verify(f"Bearer {token}")
        except ProblemError as error:
            return error.status
        return 200

    async def fetched(self, times: int) -> None:
        """Wait until the server was asked so often."""
        await until(lambda: self.server.fetches == times)


@asynccontextmanager
async def desk_at(server: KeyServer) -> AsyncGenerator[Desk]:
    """A verifier for one issuer."""
    issuer = {"issuer": NAME, "audience": "us", "jwks_url": server.url}
    clock = Clock()
    async with verifying(others(Settings(oidc_issuers=json.dumps([issuer]))), clock) as verifier:
        yield Desk(verifier, server, clock)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """An issuer with two keys, of which nobody has asked yet."""
    async with key_server(rs256("a"), es256("b")) as server, desk_at(server) as desk:
        yield desk


def token(key: SigningKey, **header: Any) -> str:
    """A right token, each time another one."""
    return key.sign(claims(), **header)


def claims() -> Claims:
    """Of somebody new."""
    return claims_of(NAME, aud="us", tenant="t")


async def test_fetched_once(desk: Desk) -> None:
    """Nothing is fetched before the first token; fifty at once wait for one fetch, later ones for none."""
    assert desk.server.fetches == 0
    answers = await asyncio.gather(*(desk.status(token(rs256("a"))) for _ in range(50)))
    assert set(answers) == {200}
    assert await desk.status(token(es256("b"))) == 200
    assert desk.server.fetches == 1
    request = desk.server.requests[0].lower()
    assert b"accept-encoding: identity" in request


async def test_rotation(desk: Desk) -> None:
    """A key that appears is found with the first token that names it, however recently the set was fetched."""
    assert await desk.status(token(rs256("a"))) == 200
    desk.server.keys.append(eddsa("new").jwk)
    assert await desk.status(token(eddsa("new"))) == 200
    assert await desk.status(token(rs256("a"))) == 200
    assert desk.server.fetches == 2


async def test_fifty_unknown_kids_are_one_fetch(desk: Desk) -> None:
    """Fifty requests at once with unknown kids cost one fetch, and so do those of the minute after."""
    assert await desk.status(token(rs256("a"))) == 200
    strange = [token(rs256("evil"), kid=f"unknown-{number}") for number in range(50)]
    assert set(await asyncio.gather(*map(desk.status, strange))) == {401}
    assert desk.server.fetches == 2
    desk.clock.move(MISSES_SECONDS - 1)
    assert set(await asyncio.gather(*map(desk.status, strange))) == {401}
    assert desk.server.fetches == 2
    desk.clock.move(1)
    assert set(await asyncio.gather(*map(desk.status, strange))) == {401}
    assert desk.server.fetches == 3


async def test_unknown_kids_while_nothing_is_known(desk: Desk) -> None:
    """The very first tokens naming unknown kids cost one fetch in their minute too."""
    strange = [token(rs256("evil"), kid=f"unknown-{number}") for number in range(50)]
    assert set(await asyncio.gather(*map(desk.status, strange))) == {401}
    assert desk.server.fetches == 1
    assert await desk.status(token(rs256("evil"), kid="again")) == 401
    assert desk.server.fetches == 1
    desk.server.keys.append(eddsa("new").jwk)
    desk.clock.move(MISSES_SECONDS)
    assert await desk.status(token(eddsa("new"))) == 200


async def test_an_outage(desk: Desk) -> None:
    """While the issuer is away known keys work on, and unknown kids are 401 at one fetch a minute."""
    remembered = token(rs256("a"))
    assert await desk.status(remembered) == 200
    desk.server.away = True
    for _ in range(20):
        assert await desk.status(token(rs256("evil"), kid="unknown")) == 401
        assert await desk.status(token(rs256("a"))) == 200
        desk.clock.move(2)
    assert desk.server.fetches == 2
    desk.clock.move(10 * STALE_SECONDS)
    assert await desk.status(remembered) == 200
    assert await desk.status(token(es256("b"))) == 200


async def test_a_cold_start_during_an_outage(desk: Desk) -> None:
    """Without any key it is 503 and a time to come back, not 401; a few seconds later it is tried again."""
    desk.server.away = True
    with pytest.raises(ProblemError) as raised:
        await desk.verifier.verify(f"Bearer {token(rs256('a'))}")
    assert (raised.value.status, raised.value.code) == (503, "issuer_unavailable")
    assert raised.value.headers == {"Retry-After": str(COLD_SECONDS)}
    assert set(await asyncio.gather(*(desk.status(token(rs256("a"))) for _ in range(50)))) == {503}
    assert desk.server.fetches == 1
    desk.server.away = False
    desk.clock.move(COLD_SECONDS)
    assert await desk.status(token(rs256("a"))) == 200
    assert desk.server.fetches == 2


async def test_wrong_tokens_are_401_even_then(desk: Desk) -> None:
    """An algorithm that is not allowed needs no key to be refused, and costs no fetch."""
    desk.server.away = True
    assert await desk.status(token(rs256("a")).replace(".", "..", 1)) == 401
    assert await desk.status(SigningKey("a", "RS512", rs256("a").private).sign(claims())) == 401
    assert desk.server.fetches == 0


async def test_a_key_that_left_is_forgotten(desk: Desk) -> None:
    """A key that left the set signs no longer, not even for a token that was verified while it was in it."""
    remembered, kept = token(rs256("a")), token(es256("b"))
    assert (await desk.status(remembered), await desk.status(kept)) == (200, 200)
    desk.server.keys.pop(0)
    desk.clock.move(STALE_SECONDS + 1)
    assert await desk.status(remembered) == 200  # nobody waits for the fetch that this begins
    await desk.fetched(2)
    await until(lambda: _is(desk, remembered, 401))
    assert await desk.status(kept) == 200


async def _is(desk: Desk, text: str, status: int) -> bool:
    return await desk.status(text) == status


async def test_a_key_that_was_replaced_under_its_name(desk: Desk) -> None:
    """The same `kid` with another key is another key: what the old one signed does not count any more."""
    remembered = token(rs256("a"))
    assert await desk.status(remembered) == 200
    desk.server.keys[0] = {**rs256("a2").jwk, "kid": "a"}
    assert await desk.status(token(rs256("evil"), kid="unknown")) == 401
    assert await desk.status(remembered) == 401
    assert await desk.status(token(rs256("a2"), kid="a")) == 200


async def test_old_keys_are_fetched_in_the_background(desk: Desk) -> None:
    """After an hour one fetch begins while requests go on; during an outage it is tried once a minute."""
    assert await desk.status(token(rs256("a"))) == 200
    desk.clock.move(STALE_SECONDS + 1)
    desk.server.gate.clear()
    answers = await asyncio.gather(*(desk.status(token(rs256("a"))) for _ in range(20)))
    assert set(answers) == {200}
    await desk.fetched(2)
    desk.server.away = True
    waiting = asyncio.create_task(desk.status(token(rs256("evil"), kid="unknown")))
    desk.server.gate.set()
    assert await waiting == 401  # it has waited for the fetch that runs
    desk.clock.move(MISSES_SECONDS - 1)
    for _ in range(3):
        assert await desk.status(token(rs256("a"))) == 200
    assert await desk.status(token(rs256("evil"), kid="unknown")) == 401  # would wait for one if it ran
    assert desk.server.fetches == 2
    desk.clock.move(MISSES_SECONDS + 1)

    async def tried_again() -> bool:
        return await desk.status(token(rs256("a"))) == 200 and desk.server.fetches == 3

    await until(tried_again)


async def test_who_leaves_stops_no_fetch(desk: Desk) -> None:
    """A request that is given up while the keys are fetched takes them from nobody."""
    desk.server.gate.clear()
    leaving = asyncio.create_task(desk.status(token(rs256("a"))))
    staying = asyncio.create_task(desk.status(token(rs256("a"))))
    await desk.fetched(1)
    leaving.cancel()
    desk.server.gate.set()
    assert await staying == 200
    assert desk.server.fetches == 1


HOSTILE: dict[str, bytes] = {
    "HTML": http(b"<html>Sign in to the network</html>", "200 OK", "Content-Type: text/html"),
    "500": http(b'{"keys": []}', "500 Internal Server Error"),
    "not found": http(b'{"keys": []}', "404 Not Found"),
    "a list": http(b"[]"),
    "a text": http(b'"keys"'),
    "no keys": http(b"{}"),
    "keys of no object": http(b'{"keys": [1, "a", null]}'),
    "keys in an object": http(b'{"keys": {"a": {}}}'),
    "none": http(b'{"keys": []}'),
    "nothing": http(b""),
    "deep": http(b'{"keys": ' + b"[" * 100_000),
    "half": b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"keys"',
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "compressed": http(b"\x1f\x8b\x08\x00", "200 OK", "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
async def test_answers_that_are_no_key_set(desk: Desk, answer: bytes) -> None:
    """Whatever is served instead of keys counts as an issuer that is away."""
    desk.server.says = answer
    assert await desk.status(token(rs256("a"))) == 503
    desk.server.says = None
    desk.clock.move(COLD_SECONDS)
    assert await desk.status(token(rs256("a"))) == 200


@pytest.mark.parametrize("status", ["500 Internal Server Error", "404 Not Found", "203 Transformed", "302 Found"])
async def test_a_right_set_under_a_wrong_status(desk: Desk, status: str) -> None:
    """A key set in the body of an error is none."""
    desk.server.says = http(json.dumps({"keys": desk.server.keys}).encode(), status)
    assert await desk.status(token(rs256("a"))) == 503


async def test_no_redirects(desk: Desk) -> None:
    """A redirect is not followed, wherever it leads."""
    async with key_server(rs256("evil")) as evil:
        desk.server.says = http(b"", "302 Found", f"Location: {evil.url}")
        assert await desk.status(token(rs256("evil"))) == 503
        assert evil.fetches == 0


async def test_no_more_than_so_much(desk: Desk) -> None:
    """A body of more than 256 KB is not read to its end, however right it begins; one just below is."""
    keys = json.dumps({"keys": desk.server.keys}).encode()
    desk.server.says = http(keys + b" " * (BODY_BYTES - len(keys) + 1))
    assert await desk.status(token(rs256("a"))) == 503
    endless = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 64
    )
    desk.server.says = endless
    desk.clock.move(COLD_SECONDS)
    assert await desk.status(token(rs256("a"))) == 503
    desk.server.says = http(keys + b" " * (BODY_BYTES - len(keys)))
    desk.clock.move(COLD_SECONDS)
    assert await desk.status(token(rs256("a"))) == 200


async def test_no_longer_than_so_long(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is given up after three seconds."""
    monkeypatch.setattr("api.jwks.FETCH_SECONDS", FETCH_SECONDS)
    desk.server.gate.clear()
    began = asyncio.get_running_loop().time()
    assert await desk.status(token(rs256("a"))) == 503
    assert 2.5 < asyncio.get_running_loop().time() - began < 30


def broken(**changes: Any) -> dict[str, Any]:
    """The key `a`, changed; a field that is None is left out."""
    return {name: value for name, value in {**rs256("a").jwk, **changes}.items() if value is not None}


UNSUITABLE: dict[str, dict[str, Any]] = {
    "a secret": {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMyLWNocw", "kid": "a", "alg": "HS256"},
    "a secret that calls itself RSA": {"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "RS256"},
    "for encryption": broken(use="enc"),
    "for another operation": broken(key_ops=["encrypt"]),
    "operations of no list": broken(key_ops="verify"),
    "another algorithm": broken(alg="RS512"),
    "an algorithm that is none": broken(alg="none"),
    "a number for an algorithm": broken(alg=5),
    "short": {**rs256("short", 1024).jwk, "kid": "a"},
    "with its private half": {
        **jwt.get_algorithm_by_name("RS256").to_jwk(rs256("a").private, as_dict=True),
        "kid": "a",
        "key_ops": ["verify"],
    },
    "without a modulus": broken(n=None),
    "a number for a modulus": broken(n=5),
    "no base64": broken(n="!!!"),
    "another type": broken(kty="EC"),
    "a number for a kid": broken(kid=5),
    "an exponent of one": broken(e="AQ"),
}


@pytest.mark.parametrize("key", UNSUITABLE.values(), ids=UNSUITABLE.keys())
async def test_keys_that_are_not_suitable(desk: Desk, key: dict[str, Any]) -> None:
    """A key that must not sign is ignored; the others of its set count."""
    desk.server.keys = [key, es256("b").jwk]
    assert await desk.status(token(es256("b"))) == 200
    assert await desk.status(token(rs256("a"))) == 401
    assert await desk.status(token(rs256("short", 1024), kid="a")) == 401


async def test_without_a_kid_only_one_suitable_key_counts(desk: Desk) -> None:
    """A token that names no key is for the only suitable one; with two it is 401."""
    unnamed = [jwt.encode(claims(), key.private, key.alg) for key in (rs256("a"), es256("b"))]
    assert [await desk.status(each) for each in unnamed] == [401, 401]
    desk.server.keys = [UNSUITABLE["a secret"], es256("b").jwk]
    desk.clock.move(MISSES_SECONDS)
    assert [await desk.status(each) for each in unnamed] == [401, 200]


async def test_a_key_says_little(desk: Desk) -> None:
    """A key without `use` and `alg` is suitable by its type."""
    desk.server.keys = [broken(use=None, alg=None)]
    assert await desk.status(token(rs256("a"))) == 200


async def test_over_http(settings: Settings, worker: None) -> None:
    """Through the application: a cold start that is 503, rotation in the middle, an outage."""
    clock = Clock()
    async with knowing_issuers(settings, with_clock(clock)) as world:
        world.oidc.away = True
        cold = await world.me(rs256("o1").sign(oidc_claims()))
        assert problem(cold, 503, "issuer_unavailable")["retryable"]
        assert cold.headers["retry-after"] == str(COLD_SECONDS)
        world.oidc.away = False
        clock.move(COLD_SECONDS)
        ok(await world.me(rs256("o1").sign(oidc_claims())))
        world.oidc.keys = [rs256("o9").jwk]
        ok(await world.me(rs256("o9").sign(oidc_claims())))
        await world.refused(rs256("o1").sign(oidc_claims()))
        world.oidc.away = True
        for _ in range(10):
            await world.refused(rs256("evil").sign(oidc_claims(), kid="unknown"))
        ok(await world.me(rs256("o9").sign(oidc_claims())))
        assert world.oidc.fetches == 3
