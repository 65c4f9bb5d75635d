"""Tokens as providers give them, and as those do who are none: over real HTTP."""

import hashlib
from base64 import b64decode
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from msgspec.structs import replace

from onboarding.connections import Kept, Tokens
from runtime.encryption import CannotOpen, KeyRing
from runtime.providers import PROVIDERS, keeping, oauth
from runtime.providers.asking import Away, ProviderError, Refused, Revoked
from runtime.providers.endpoints import Endpoints, available, endpoints, frontend, redirect_uri
from runtime.settings import Settings
from tests.providers.http import Reply, Request, huge, listening, moved, nonsense

GMAIL, QUICKBOOKS = PROVIDERS["gmail"].description, PROVIDERS["quickbooks"].description
GIVEN = {"access_token": "a" * 40, "refresh_token": "r" * 40, "token_type": "Bearer", "expires_in": 3600}
CLOSED = "http://127.0.0.1:9"


class Teller:
    """A provider that answers what a test says."""

    def __init__(self) -> None:
        self.reply = Reply(body=GIVEN)
        self.asked: list[Request] = []

    async def answer(self, request: Request) -> Reply:
        """See `listening`."""
        self.asked.append(request)
        return self.reply


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[tuple[Teller, str]]:
    """One for this file."""
    teller = Teller()
    async with listening(teller.answer) as url:
        yield teller, url


@pytest.fixture
def teller(address: tuple[Teller, str]) -> Teller:
    """It gives tokens, and has not been asked."""
    address[0].__init__()
    return address[0]


@pytest.fixture
def where(teller: Teller, address: tuple[Teller, str]) -> Endpoints:
    """Its addresses, and a client there."""
    assert teller
    url = address[1]
    return Endpoints(
        authorize=f"{url}/authorize",
        token=f"{url}/token",
        revoke=f"{url}/revoke",
        userinfo=None,
        api=url,
        client_id="client",
        client_secret="s3cret:/+",
    )


def test_the_consent_page(where: Endpoints) -> None:
    """The consent page is asked with what RFC 6749 and 7636 want, and what this provider wants beside it."""
    where = replace(where, authorize="https://accounts.example/auth?hl=en")
    url = oauth.consent_url(where, GMAIL, state="s", verifier="v" * 64, redirect_uri="https://a.example/back")
    assert url.startswith("https://accounts.example/auth?hl=en&")
    asked = {name: values for name, values in parse_qs(urlsplit(url).query).items() if name != "hl"}
    assert asked == {
        "response_type": ["code"],
        "client_id": ["client"],
        "redirect_uri": ["https://a.example/back"],
        "scope": ["https://www.googleapis.com/auth/gmail.readonly openid email"],
        "state": ["s"],
        "code_challenge": [create_s256_code_challenge("v" * 64)],
        "code_challenge_method": ["S256"],
        "access_type": ["offline"],
        "prompt": ["consent"],
    }


async def test_an_exchange(where: Endpoints, teller: Teller) -> None:
    """A code is sent with its verifier, the client names itself in one way only, and the tokens come back."""
    tokens = await oauth.exchange(where, QUICKBOOKS, code="c/+", verifier="v" * 64, redirect_uri="https://a/b")
    assert (tokens.access, tokens.refresh, tokens.expires_in, tokens.scopes) == ("a" * 40, "r" * 40, 3600, None)
    await oauth.exchange(where, GMAIL, code="c/+", verifier="v" * 64, redirect_uri="https://a/b")
    basic, posted = teller.asked
    form = {"grant_type": "authorization_code", "code": "c/+", "code_verifier": "v" * 64}
    form["redirect_uri"] = "https://a/b"
    assert basic.form == form
    assert b64decode(basic.headers["authorization"].removeprefix("Basic ")) == b"client:s3cret:/+"
    assert posted.form == {**form, "client_id": "client", "client_secret": "s3cret:/+"}
    assert "authorization" not in posted.headers


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(status=400, body={"error": "invalid_grant"}), Revoked, "invalid_grant"),
        (Reply(body={"error": "invalid_grant"}), Revoked, "invalid_grant"),
        (Reply(status=401, body={"error": "invalid_client"}), Refused, "invalid_client"),
        (Reply(status=400, body={"error": "s3cret told"}), Refused, "http_400"),
        (Reply(status=400, body={"error": ["invalid_grant"]}), Refused, "http_400"),
        (Reply(status=403, body=b"<html>"), Refused, "http_403"),
        (moved("http://127.0.0.1:9/elsewhere"), Refused, "http_302"),
        (Reply(status=400, body={"error": "temporarily_unavailable"}), Away, "temporarily_unavailable"),
        (Reply(status=503, body={"error": "invalid_grant"}), Away, "http_503"),
        (Reply(status=429, headers={"Retry-After": "7"}), Away, "http_429"),
        (Reply(drop=True), Away, "unreachable"),
        (nonsense, Away, "nonsense"),
        (huge, Away, "too_long"),
        (Reply(body=b"[" * 50_000), Away, "nonsense"),
        (Reply(body=[GIVEN]), Away, "nonsense"),
        (Reply(body={}), Away, "nonsense"),
        (Reply(body={**GIVEN, "error": 1}), Away, "nonsense"),
        (Reply(body={**GIVEN, "token_type": "mac"}), Away, "nonsense"),
        (Reply(body={**GIVEN, "access_token": None}), Away, "nonsense"),
        (Reply(body={**GIVEN, "access_token": 7}), Away, "nonsense"),
        (Reply(body={**GIVEN, "access_token": "a\r\nX: y"}), Away, "nonsense"),
        (Reply(body={**GIVEN, "access_token": "é"}), Away, "nonsense"),
        (Reply(body={**GIVEN, "access_token": "a" * 10_001}), Away, "nonsense"),
        (Reply(body={**GIVEN, "refresh_token": {"a": "b"}}), Away, "nonsense"),
        (Reply(body={**GIVEN, "refresh_token": "r" * 10_001}), Away, "nonsense"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_no_tokens(
    where: Endpoints, teller: Teller, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    """What is no token is one of three errors, each with a stable word that tells nothing secret."""
    teller.reply = reply
    with pytest.raises(ProviderError) as caught:
        await oauth.refresh(where, QUICKBOOKS, "the-refresh-token")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert not isinstance(caught.value, Away) or caught.value.sent
    assert caught.value.__cause__ is None
    assert len(teller.asked) == 1


async def test_who_asks_to_be_left_alone(where: Endpoints, teller: Teller) -> None:
    """How long a provider asks not to be asked is told, a day at most."""
    teller.reply = Reply(status=503, headers={"Retry-After": "99999999"})
    with pytest.raises(Away) as caught:
        await oauth.refresh(where, QUICKBOOKS, "r")
    assert caught.value.rest_seconds == 86400


async def test_a_server_that_was_not_reached(where: Endpoints) -> None:
    """Where nobody listens nothing was sent: the same code or token may be sent again."""
    with pytest.raises(Away) as caught:
        await oauth.refresh(replace(where, token=CLOSED), QUICKBOOKS, "r")
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (3600, 3600),
        ("1800", 1800),
        (59.9, 59),
        (0, 1),
        (-5, 1),
        (10**15, 90 * 86400),
        (1e300, 90 * 86400),
        (None, 3600),
        (True, 3600),
        ("soon", 3600),
        ("9" * 5000, 90 * 86400),
        ([], 3600),
    ],
    ids=lambda value: str(value)[:9],
)
async def test_how_long_tokens_last(where: Endpoints, teller: Teller, said: object, seconds: int) -> None:
    """The life of a token is within bounds; no token that came is thrown away for what is said of it."""
    teller.reply = Reply(body={**GIVEN, "expires_in": said})
    assert (await oauth.refresh(where, QUICKBOOKS, "r")).expires_in == seconds


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        (None, None),
        ("", ()),
        ("a b a", ("a", "b")),
        (["a", 1, "b"], ("a", "b")),
        ({"a": 1}, ()),
        (f"a {'b' * 201}", ("a",)),
        ("a b\x00 é", ("a",)),
        (" ".join(map(str, range(150))), tuple(map(str, range(100)))),
    ],
    ids=["none", "nothing", "twice", "list", "object", "long", "odd", "many"],
)
async def test_scopes(where: Endpoints, teller: Teller, said: object, scopes: tuple[str, ...] | None) -> None:
    """Nothing said is all that was asked for; of what is said, what could be a scope is kept."""
    teller.reply = Reply(body={**GIVEN, "scope": said, "refresh_token": ""})
    tokens = await oauth.refresh(where, QUICKBOOKS, "r")
    assert (tokens.scopes, tokens.refresh) == (scopes, None)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(), None),
        (Reply(status=400, body={"error": "invalid_token"}), None),
        (Reply(status=400, body={"error": "invalid_grant"}), None),
        (Reply(status=404), None),
        (Reply(status=401, body={"error": "invalid_client"}), "invalid_client"),
        (Reply(status=503), "http_503"),
        (Reply(drop=True), "unreachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_revocation(where: Endpoints, teller: Teller, reply: Reply, error: str | None) -> None:
    """A token that a provider does not know is revoked; one that it cannot take back now is not."""
    teller.reply = reply
    if error is None:
        await oauth.revoke(where, GMAIL, "r")
        return
    with pytest.raises(ProviderError) as caught:
        await oauth.revoke(where, GMAIL, "r")
    assert caught.value.code == error


async def test_both_ways_to_revoke(where: Endpoints, teller: Teller) -> None:
    """One provider takes a form, another JSON; the client names itself to both."""
    await oauth.revoke(where, GMAIL, "r/+")
    await oauth.revoke(where, QUICKBOOKS, "r/+")
    form, json = teller.asked
    assert form.form["token"] == "r/+"
    assert form.form["client_secret"] == "s3cret:/+"
    assert json.body == b'{"token":"r/+"}'
    assert json.headers["content-type"] == "application/json"
    assert json.headers["authorization"].startswith("Basic ")


async def test_tokens_are_sealed_for_one_row() -> None:
    """Tokens open in the row that they were sealed for and in no other; outside nothing is readable."""
    ring = KeyRing("k", {"k": hashlib.sha256(b"a key").digest()})
    kept = Kept(access="the-access-token", refresh="the-refresh-token")
    value = keeping.sealed(ring.current, "one", kept)
    assert "token" not in str(value)
    assert await keeping.opened(ring, "one", value) == kept
    with pytest.raises(CannotOpen):
        await keeping.opened(ring, "another", value)
    text = keeping.sealed_text(ring.current, "the-code", keeping.code_place("one"))
    assert await keeping.opened_text(ring, text, keeping.code_place("one")) == "the-code"
    with pytest.raises(CannotOpen):
        await keeping.opened_text(ring, text, keeping.verifier_place("one"))


def test_nothing_shows_itself(where: Endpoints) -> None:
    """Neither tokens nor secrets stand in a representation, which logs and errors are made of."""
    shown = repr((where, Tokens(access="xyz", refresh="xyz", expires_in=1), Kept(access="xyz", refresh="xyz")))
    assert "xyz" not in shown
    assert "s3cret" not in shown


def test_settings() -> None:
    """A provider is there with id and secret, where it is enabled; addresses are exact."""
    one = Settings(gmail_client_id="i", gmail_client_secret="s", xero_client_id="i", xero_client_secret="s")
    assert available(one) == ("gmail",)
    assert available(replace(one, connections_enabled=" xero,gmail ,nothing")) == ("gmail", "xero")
    assert available(replace(one, gmail_client_secret=None)) == ()
    assert endpoints(one, "quickbooks") is None
    assert redirect_uri(one, "xero") == "http://127.0.0.1:8000/api/v1/connections/xero/callback"
    one = replace(one, api_url="https://api.example.org/", app_url="https://user:pass@app.example.org:8443/x")
    assert redirect_uri(one, "gmail") == "https://api.example.org/api/v1/connections/gmail/callback"
    assert frontend(one) == "https://app.example.org:8443"
    assert frontend(replace(one, frontend_origin="https://front.example.org/")) == "https://front.example.org"
