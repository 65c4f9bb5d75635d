"""Tokens of any shape: refused or read, and never a crash."""

import json
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.issuers import others
from api.problems import ProblemError
from api.verifier import Verifier, verifying
from runtime.settings import Settings
from tests.issuers import claims_of, raw_token

NAME = "https://any.example.org"
SECRET = "a shared secret of more than 32 characters"
NAMES = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "client_id",
    "a",
    "a.b",
    "email",
    "email_verified",
]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)
often = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
async def verifier() -> AsyncIterator[Verifier]:
    """A verifier for an issuer with a secret, whose claims are found in two ways."""
    issuer = {
        "issuer": NAME,
        "audience": "us",
        "secret": SECRET,
        "tenant_claim": "a.b",
        "role_claim": "a.b.c",
    }
    async with verifying(others(Settings(oidc_issuers=json.dumps([issuer])))) as verifier:
        yield verifier


async def tried(verifier: Verifier, token: str, id_token: str = "") -> None:
    """Either verified or a problem of status 401."""
    status, told = 401, {}
    try:
        told = (await verifier.verify(f"Bearer {token}", id_token)).told
    except ProblemError as error:
        status = error.status
    assert status == 401
    assert all(isinstance(value, str | bool) for value in told.values())


@often
@given(said=st.dictionaries(st.sampled_from(NAMES), anything))
async def test_any_claims(verifier: Verifier, said: dict[str, Any]) -> None:
    """Whatever a rightly signed token says, it is verified or 401."""
    claims = {**claims_of(NAME, aud="us"), **said}
    try:
        payload = json.dumps(claims).encode()
    except ValueError:
        return
    token = jwt.PyJWS().encode(payload, SECRET, "HS256")
    await tried(verifier, token, token)


@often
@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ", "jwk"]), anything))
async def test_any_header(verifier: Verifier, header: dict[str, Any]) -> None:
    """Whatever the header says, it is 401 at worst."""
    claims = json.dumps(claims_of(NAME, aud="us")).encode()
    await tried(verifier, raw_token(json.dumps(header).encode(), claims))
    await tried(verifier, raw_token(json.dumps({"alg": "HS256", **header}).encode(), claims))


@often
@given(parts=st.lists(st.binary(max_size=40), max_size=4), text=st.text(max_size=60))
async def test_any_bytes(verifier: Verifier, parts: list[bytes], text: str) -> None:
    """Whatever bytes stand in the headers, it is 401."""
    for token in (b".".join(parts).decode("latin-1"), text.encode().decode("latin-1")):
        await tried(verifier, token, token)
