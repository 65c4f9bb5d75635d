"""Tokens of other issuers: every way in which one can be wrong, and what a right one opens."""

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from typing import Any

import asyncpg
import jwt
import pytest

from cli.embedded import EmbeddedStack
from runtime.settings import Settings
from tests.api.foreign import (
    AUDIENCE,
    CLIENT,
    ME,
    OIDC,
    OTHER,
    POOL,
    SECRET,
    SUPABASE,
    TENANT,
    World,
    cognito_access,
    cognito_id,
    knowing_issuers,
    oidc_claims,
    signed,
)
from tests.issuers import (
    Claims,
    SigningKey,
    claims_of,
    eddsa,
    es256,
    hmac_token,
    key_server,
    now,
    raw_token,
    rs256,
)
from tests.stack import Person, ok, problem


@pytest.fixture(scope="module")
async def world(settings: Settings, worker: None) -> AsyncIterator[World]:
    """One application for all tests here; none of them moves its keys."""
    async with knowing_issuers(settings) as world:
        yield world


async def test_cognito_with_both_tokens(world: World) -> None:
    """Cognito's access token opens the door; the ID token tells tenant, e-mail and name."""
    access = cognito_access()
    email = f"{uuid.uuid4().hex}@Example.org"
    said = {"email": f" {email.upper()} ", "email_verified": True, "name": "Ada", "zoneinfo": "Europe/Kyiv"}
    identity = rs256("c1").sign(cognito_id(access["sub"], locale="es-ES", **said))
    first = ok(await world.me(rs256("c1").sign(access), identity))
    assert (first["email"], first["full_name"], first["timezone"]) == (email.lower(), "Ada", "Europe/Kyiv")
    assert (first["locale"], first["role"], first["is_active"]) == ("es", "user", True)
    again = ok(await world.me(rs256("c1").sign(cognito_access(sub=access["sub"])), identity))
    assert again["id"] == first["id"]


async def test_cognito_with_the_tenant_in_the_access_token(world: World) -> None:
    """Where the access token has the tenant itself, no second token is needed."""
    me = ok(await world.me(rs256("c1").sign(cognito_access(**{"custom:tenant": TENANT}))))
    assert me["email"] == ""


@pytest.mark.parametrize("key", [rs256("o1"), es256("o2"), eddsa("o3")], ids=["RS256", "ES256", "EdDSA"])
async def test_every_kind_of_public_key(world: World, key: SigningKey) -> None:
    """RS256, ES256 and EdDSA are accepted of an issuer with a key set."""
    ok(await world.me(signed(key)))


async def test_supabase(world: World) -> None:
    """Supabase's tokens: a shared secret, the audience `authenticated`, tenant and role in `app_metadata`."""
    claims = claims_of(
        SUPABASE,
        aud="authenticated",
        role="authenticated",
        email=f"{uuid.uuid4().hex}@example.org",
        app_metadata={"provider": "email", "tenant": TENANT, "role": "manager"},
        user_metadata={"email_verified": True},
        session_id=str(uuid.uuid4()),
    )
    me = ok(await world.me(jwt.encode(claims, SECRET, "HS256")))
    assert (me["role"], me["email"]) == ("manager", claims["email"])


@pytest.mark.parametrize("audience", [[AUDIENCE], ["elsewhere", AUDIENCE], AUDIENCE])
async def test_an_audience_among_others(world: World, audience: Any) -> None:
    """The audience may be one text, or a list that has ours in it."""
    ok(await world.me(signed(aud=audience)))


OIDC_DEFECTS: dict[str, Claims] = {
    "another audience": {"aud": "https://elsewhere.example.org"},
    "other audiences": {"aud": ["a", "b"]},
    "part of the audience": {"aud": AUDIENCE[:-1]},
    "an audience of no text": {"aud": {AUDIENCE: True}},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://elsewhere.example.org"},
    "an issuer that begins like ours": {"iss": OIDC + "x"},
    "an issuer without its slash": {"iss": OIDC.rstrip("/")},
    "an issuer in a list": {"iss": [OIDC]},
    "no issuer": {"iss": None},
    "the own issuer": {"iss": "gangway"},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject too long": {"sub": "x" * 256},
    "a number for a subject": {"sub": 5},
    "a list for a subject": {"sub": ["x"]},
    "a subject with a zero byte": {"sub": "a\0b"},
    "half a character for a subject": {"sub": "\ud800"},
    "no expiry": {"exp": None},
    "a text for an expiry": {"exp": "soon"},
    "a list for an expiry": {"exp": [1]},
    "nbf in the future": {"nbf": 2**31},
    "a text for nbf": {"nbf": "soon"},
    "iat in the future": {"iat": 2**31},
    "a list for iat": {"iat": []},
    "a number for jti": {"jti": 5},
}


@pytest.mark.parametrize("claims", OIDC_DEFECTS.values(), ids=OIDC_DEFECTS.keys())
async def test_claims_that_are_wrong(world: World, claims: Claims) -> None:
    """A token that is signed rightly and says one wrong thing is 401, and the answer does not say which."""
    said = {**oidc_claims(), **claims}
    payload = json.dumps({name: value for name, value in said.items() if value is not None})
    key = rs256("o1")
    token = jwt.PyJWS().encode(payload.encode(), key.private, "RS256", headers={"kid": key.kid})
    await world.refused(token)


COGNITO_DEFECTS: dict[str, Claims] = {
    "another client": {"client_id": "client-2"},
    "no client": {"client_id": None},
    "an audience is no client": {"client_id": None, "aud": CLIENT},
    "an ID token as bearer": {"token_use": "id", "aud": CLIENT},
    "no use": {"token_use": None},
    "another use": {"token_use": "refresh"},
    "another pool": {"iss": POOL + "2"},
}


@pytest.mark.parametrize("claims", COGNITO_DEFECTS.values(), ids=COGNITO_DEFECTS.keys())
async def test_access_tokens_of_cognito_that_are_wrong(world: World, claims: Claims) -> None:
    """Cognito's access tokens are for our client and of their use, or 401."""
    await world.refused(rs256("c1").sign(cognito_access(**{"custom:tenant": TENANT, **claims})))


ID_DEFECTS: dict[str, Callable[[str], str]] = {
    "an access token": lambda sub: rs256("c1").sign(cognito_access(sub=sub, **{"custom:tenant": TENANT})),
    "another subject": lambda sub: rs256("c1").sign(cognito_id(sub + "x")),
    "another client": lambda sub: rs256("c1").sign(cognito_id(sub, aud="client-2")),
    "a list of clients": lambda sub: rs256("c1").sign(cognito_id(sub, aud=[CLIENT])),
    "another issuer": lambda sub: signed(sub=sub),
    "an own name": lambda sub: rs256("c1").sign(cognito_id(sub, iss=OIDC)),
    "no signature": lambda sub: jwt.encode(cognito_id(sub), None, "none"),
    "garbage": lambda sub: "garbage",
    "too long": lambda sub: rs256("c1").sign(cognito_id(sub, note="x" * 9000)),
}


@pytest.mark.parametrize("made", ID_DEFECTS.values(), ids=ID_DEFECTS.keys())
async def test_id_tokens_that_are_wrong(world: World, made: Callable[[str], str]) -> None:
    """A right access token beside a wrong ID token is 401: what comes with it is not simply left out."""
    access = cognito_access(**{"custom:tenant": TENANT})
    await world.refused(rs256("c1").sign(access), made(access["sub"]))


async def test_an_expired_id_token(world: World) -> None:
    """An ID token that has expired says so: the client fetches a new pair."""
    access = cognito_access(**{"custom:tenant": TENANT})
    identity = cognito_id(access["sub"], exp=now() - 60)
    answer = await world.me(rs256("c1").sign(access), rs256("c1").sign(identity))
    problem(answer, 401, "auth_expired_token")


@pytest.mark.parametrize("audience", [AUDIENCE, ["frontend"], "frontend"])
async def test_id_tokens_of_any_issuer(world: World, audience: Any) -> None:
    """An ID token of an OIDC issuer is for our audience, or for the client that the access token is for."""
    access = oidc_claims(azp="frontend", tenant=None)
    identity = oidc_claims(sub=access["sub"], aud=audience, name="Grace")
    me = ok(await world.me(rs256("o1").sign(access), es256("o2").sign(identity)))
    assert me["full_name"] == "Grace"


async def test_id_tokens_of_two_issuers(world: World) -> None:
    """An ID token of another issuer is 401, though it is right by itself and has our audience and the subject."""
    access = oidc_claims()
    identity = claims_of(OTHER, aud=AUDIENCE, sub=access["sub"], tenant=TENANT)
    ok(await world.me(rs256("x1").sign(identity)))
    await world.refused(rs256("o1").sign(access), rs256("x1").sign(identity))


@pytest.mark.parametrize("audience", ["another-client", None, []])
async def test_id_tokens_for_others(world: World, audience: Any) -> None:
    """An ID token for another client than the access token's is 401."""
    access = oidc_claims(azp="frontend")
    identity = oidc_claims(sub=access["sub"], aud=audience)
    await world.refused(rs256("o1").sign(access), rs256("o1").sign(identity))


async def test_the_access_token_goes_first(world: World) -> None:
    """The ID token fills in what the access token lacks, and changes nothing that it says."""
    access = oidc_claims(name="Grace")
    identity = oidc_claims(sub=access["sub"], tenant="another", name="Other", locale="es")
    me = ok(await world.me(rs256("o1").sign(access), rs256("o1").sign(identity)))
    assert (me["full_name"], me["locale"]) == ("Grace", "es")


async def test_browsers_may_send_both(world: World) -> None:
    """A script of an allowed origin may send `X-ID-Token`."""
    headers = {
        "Origin": "https://app.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,x-id-token",
    }
    preflight = await world.client.options(ME, headers=headers)
    assert preflight.is_success
    assert "x-id-token" in preflight.headers["access-control-allow-headers"].lower()


async def test_no_id_token_beside_an_own_token(world: World, person: Person) -> None:
    """Beside an own token the second header is not looked at."""
    assert ok(await world.me(person.token, "garbage"))["id"] == person.id


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, ["RS256"], "HS256", "RS512", "PS256", "ES256K"])
async def test_algorithms_that_are_not_allowed(world: World, alg: Any) -> None:
    """No algorithm beside those of the issuer, and none without a signature."""
    header = json.dumps({"typ": "JWT", "kid": "o1", "alg": alg}).encode()
    claims = json.dumps(oidc_claims()).encode()
    await world.refused(raw_token(header, claims, b""))
    await world.refused(raw_token(header, claims))


async def test_the_public_key_is_no_secret(world: World) -> None:
    """HS256 with the text of the public key is 401, in every form in which it can be had."""
    for text in (rs256("o1").pem, rs256("o1").pem.strip(), json.dumps(rs256("o1").jwk)):
        token = hmac_token(oidc_claims(), text.encode(), kid="o1")
        await world.refused(token)


async def test_keys_of_one_issuer_sign_for_no_other(world: World) -> None:
    """A key signs for the issuer whose set it is in, and for nobody else, whatever `kid` says."""
    for key in (rs256("x1"), rs256("c1")):
        await world.refused(key.sign(oidc_claims()))
        await world.refused(key.sign(oidc_claims(), kid="o1"))
    await world.refused(jwt.encode(oidc_claims(), SECRET, "HS256", headers={"kid": "o1"}))
    supabase = claims_of(SUPABASE, aud="authenticated", app_metadata={"tenant": TENANT})
    await world.refused(rs256("o1").sign(supabase))
    await world.refused(jwt.encode(supabase, SECRET + "x", "HS256"))
    await world.refused(jwt.encode({**supabase, "iss": "gangway"}, SECRET, "HS256"))


async def test_other_issuers_do_not_know_the_own_secret(world: World, person: Person, settings: Settings) -> None:
    """Gangway's own secret signs for nobody else, and its tokens cannot be taken for another's."""
    assert settings.jwt_secret
    claims = claims_of(SUPABASE, aud="authenticated", app_metadata={"tenant": TENANT})
    await world.refused(jwt.encode(claims, settings.jwt_secret, "HS256"))


@pytest.mark.parametrize("kid", ["unknown", "", 5, None, ["o1"], {"o1": 1}, "o2", "../o1", "x" * 5000])
async def test_kids_that_name_no_key(world: World, kid: Any) -> None:
    """A `kid` that is unknown, of another kind of key or no text is 401; without one the set must have one key."""
    header: dict[str, Any] = {"alg": "RS256", "kid": kid}
    if kid is None:
        header.pop("kid")
    claims = json.dumps(oidc_claims()).encode()
    signing_input = raw_token(json.dumps(header).encode(), claims).rpartition(".")[0]
    signature = jwt.get_algorithm_by_name("RS256").sign(signing_input.encode(), rs256("o1").private)
    await world.refused(f"{signing_input}." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode())


async def test_no_kid_where_there_is_one_key(world: World) -> None:
    """An issuer with a single key need not name it."""
    claims = claims_of(OTHER, aud=AUDIENCE, tenant=TENANT)
    ok(await world.me(jwt.encode(claims, rs256("x1").private, "RS256")))


@pytest.mark.parametrize("crit", [["exp"], ["x"], [], "exp", [5]])
async def test_critical_extensions(world: World, crit: Any) -> None:
    """What a token declares critical and nobody here understands is 401."""
    await world.refused(rs256("o1").sign(oidc_claims(), crit=crit, exp=1, x=1))


async def test_keys_inside_the_token(world: World) -> None:
    """A key, or an address of keys, that the token itself brings is not looked at."""
    async with key_server(rs256("evil")) as evil:
        claims = oidc_claims()
        embedded = {"jwk": rs256("evil").jwk, "jku": evil.url, "x5u": evil.url, "x5c": ["MII"]}
        await world.refused(rs256("evil").sign(claims, **embedded))
        await world.refused(rs256("evil").sign(claims, **{**embedded, "kid": "o1"}))
        ok(await world.me(rs256("o1").sign(claims, **embedded)))
        assert evil.fetches == 0


async def test_expired(world: World) -> None:
    """An expired token has its own code, once its signature is right."""
    answer = await world.me(signed(exp=now() - 60, iat=now() - 600))
    problem(answer, 401, "auth_expired_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    await world.refused(rs256("x1").sign(oidc_claims(exp=now() - 60), kid="o1"))


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let these modules have a clock that stands still."""

    class Still(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return moment.astimezone(tz)

    for module in modules:
        monkeypatch.setattr(f"{module}.datetime", Still)


@pytest.fixture
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever signs and for whoever verifies."""
    at(datetime.now(UTC), monkeypatch, "tests.issuers", "api.verifier", "jwt.api_jwt")


async def test_a_remembered_token_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was right is still asked each time whether it has expired."""
    token = signed(exp=now() + 300)
    ok(await world.me(token))
    # The clock of what is remembered alone: for whoever read the token anew it would be right.
    at(datetime.now(UTC) + timedelta(seconds=315), monkeypatch, "api.verifier")
    ok(await world.me(token))
    at(datetime.now(UTC) + timedelta(seconds=331), monkeypatch, "api.verifier")
    problem(await world.me(token), 401, "auth_expired_token")


@pytest.mark.usefixtures("no_time_passes")
@pytest.mark.parametrize(
    "claims", [lambda: {"exp": now() - 28}, lambda: {"nbf": now() + 29}, lambda: {"iat": now() + 29}]
)
async def test_clocks_that_differ_a_little(world: World, claims: Callable[[], Claims]) -> None:
    """Half a minute between two clocks is forgiven."""
    ok(await world.me(signed(**claims())))


@pytest.mark.usefixtures("no_time_passes")
async def test_clocks_that_differ_too_much(world: World) -> None:
    """More than half a minute is not."""
    problem(await world.me(signed(exp=now() - 31)), 401, "auth_expired_token")
    await world.refused(signed(nbf=now() + 32))
    await world.refused(signed(iat=now() + 32))


async def test_truncated_and_changed(world: World) -> None:
    """A token that lost a part, or of which a part was changed, is 401."""
    token = signed()
    head, body, signature = token.split(".")
    other = signed(sub="somebody-else").split(".")[1]
    for text in (
        token[:-10],
        token[: len(token) // 2],
        f"{head}.{body}",
        f"{head}.{body}.",
        f"{head}..{signature}",
        f".{body}.{signature}",
        f"{head}.{other}.{signature}",
        f"{head}.{body}.{signature}.{signature}",
        f" {token}",
        token + "!",
    ):
        await world.refused(text)


GARBAGE = {
    "no segments": "x",
    "dots": "." * 500,
    "bytes": b"\xff\xfe.\xff.\xff",
    "no JSON": raw_token(b"x", b"x"),
    "arrays": raw_token(b"[]", b"[]"),
    "texts": raw_token(b'"a"', b'"b"'),
    "deep": raw_token(b'{"alg":"RS256"}', b'{"iss":' + b"[" * 5000),
    "not UTF-8": raw_token(b'{"alg":"\xff"}', b"{}"),
    "a huge number": raw_token(b'{"alg":"RS256"}', b'{"exp":' + b"9" * 5000 + b"}"),
    "not a number": raw_token(b'{"alg":"RS256"}', b'{"exp":NaN}'),
}


@pytest.mark.parametrize("token", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage(world: World, token: str | bytes) -> None:
    """What is no token at all is 401, whatever its bytes."""
    await world.refused(token)


async def test_oversized(world: World) -> None:
    """A token of more than 8 KB is 401 though everything about it is right, and one just below is read."""
    await world.refused(signed(note="x" * 8192))
    token = signed(note="x" * 5000)
    assert len(token) < 8192
    ok(await world.me(token))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "tenant", "exp"])
async def test_claims_said_twice(world: World, name: str) -> None:
    """A token that says one thing twice is 401: others may have read the other one."""
    claims = oidc_claims()
    body = json.dumps(claims)[:-1] + f', "{name}": {json.dumps(claims[name])}' + "}"
    key = rs256("o1")
    await world.refused(jwt.PyJWS().encode(body.encode(), key.private, "RS256", headers={"kid": key.kid}))


@pytest.mark.parametrize("exp", [1e300, 2**62, 253402300800, 10**40])
async def test_tokens_for_ever(world: World, exp: float) -> None:
    """An expiry beyond every calendar is a far one."""
    ok(await world.me(signed(exp=exp)))


async def test_at_once(world: World) -> None:
    """Fifty first requests at once with one token are one person."""
    token = signed()
    answers = await asyncio.gather(*(world.me(token) for _ in range(50)))
    assert len({ok(answer)["id"] for answer in answers}) == 1


async def refuse(stack: EmbeddedStack, world: World, token: str, digest: bytes) -> None:
    """Sign out with a token, which must work before."""
    me = ok(await world.me(token))
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    try:
        query = "INSERT INTO refused_tokens VALUES ($1, $2, $3, now() + interval '1 hour')"
        await admin.execute(query, digest, me["tenant_id"], me["id"])
    finally:
        await admin.close()


async def test_signed_out_by_jti(world: World, stack: EmbeddedStack) -> None:
    """A token that was signed out with is 401 by its `jti`; another token of the person goes on."""
    claims = oidc_claims(jti="a/1")
    token = rs256("o1").sign(claims)
    await refuse(stack, world, token, sha256(f"jti\0{OIDC}\0a/1".encode()).digest())
    assert problem(await world.me(token), 401, "auth_invalid_token")["detail"] == "The session has ended."
    ok(await world.me(rs256("o1").sign({**claims, "jti": "a/2"})))


async def test_signed_out_whatever_its_signature(world: World, stack: EmbeddedStack) -> None:
    """A token without `jti` stays signed out when its signature is written in another way that is right too."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    token = signed(es256("o2"))
    content, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    twisted = r.to_bytes(32, "big") + (order - s).to_bytes(32, "big")
    again = f"{content}." + base64.urlsafe_b64encode(twisted).rstrip(b"=").decode()
    ok(await world.me(again))
    await refuse(stack, world, token, sha256(f"all\0{content}".encode()).digest())
    for each in (token, again):
        assert problem(await world.me(each), 401, "auth_invalid_token")["detail"] == "The session has ended."
