"""The own issuer with a public key: others can verify what it signs, and nobody can sign with what they know."""

import base64
import json
from collections.abc import AsyncIterator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from api.tokens import Tokens
from runtime.settings import InvalidSettings, Settings
from tests.issuers import hmac_token
from tests.stack import Person, application, ok, problem, sign_up

KEYS = "/.well-known/jwks.json"
ME = "/api/v1/auth/me"


@pytest.fixture
async def signer(settings: Settings, worker: None) -> AsyncIterator[Person]:
    """Somebody who has signed in where tokens are signed with EdDSA."""
    async with application(replace(settings, jwt_algorithm="EdDSA")) as client:
        yield await sign_up(client)


async def test_a_secret_is_not_published(api: httpx.AsyncClient) -> None:
    """With HS256 the set is empty; it is open to everybody, and may be cached."""
    answer = await api.get(KEYS)
    assert ok(answer) == {"keys": []}
    assert answer.headers["cache-control"] == "public, max-age=300"


async def test_anybody_can_verify(signer: Person) -> None:
    """With EdDSA the set has the one key that verifies the tokens, under the name that they give."""
    ok(await signer.get(ME))
    described = ok(await signer.client.get(KEYS))
    key = jwt.PyJWKSet.from_dict(described)[jwt.get_unverified_header(signer.token)["kid"]]
    claims = jwt.decode(signer.token, key, algorithms=["EdDSA"], issuer="gangway")
    assert claims["sub"] == signer.id
    assert described["keys"] == [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "x": described["keys"][0]["x"],
            "kid": key.key_id,
        }
    ]


async def test_the_published_key_is_no_secret(signer: Person) -> None:
    """HS256 with the published key in any form, or no signature at all, is 401."""
    [described] = ok(await signer.client.get(KEYS))["keys"]
    raw = base64.urlsafe_b64decode(described["x"] + "=")
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(signer.token, options={"verify_signature": False})
    forged = [hmac_token(claims, secret) for secret in (raw, pem, json.dumps(described).encode())]
    for token in [*forged, jwt.encode(claims, None, "none")]:
        answer = await signer.client.get(ME, headers={"Authorization": f"Bearer {token}"})
        problem(answer, 401, "auth_invalid_token")


@pytest.mark.parametrize(
    "secret",
    ["a" * 40, "abcabc" * 8, "changeme" * 5, "your-256-bit-secret-your-256-bit-secret", "short", "", None],
)
def test_a_secret_that_is_none(settings: Settings, secret: str | None) -> None:
    """One that is short, repeats itself or stands in examples is refused at start-up, and not shown."""
    with pytest.raises(InvalidSettings, match="JWT_SECRET") as raised:
        Tokens(replace(settings, jwt_secret=secret))
    assert not secret or secret not in str(raised.value)
