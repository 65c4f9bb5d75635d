"""The settings of issuers: what start-up refuses, and that it says so without a secret."""

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from api.issuers import others
from runtime.settings import InvalidSettings, Settings, load_settings
from tests.issuers import eddsa, rs256

PAGE = Path(__file__).parents[2] / "docs" / "users.md"
SECRET = "canary-of-more-than-thirty-two-letters"
COGNITO = {
    "cognito_user_pool_id": "eu-west-1_Pool1",
    "cognito_client_id": "4example",
    "cognito_region": "eu-west-1",
}


def oidc(**fields: Any) -> dict[str, Any]:
    """One of OIDC_ISSUERS; a field that is UNSET is left out."""
    described = {"issuer": "https://id.example.org", "audience": "us", "secret": SECRET, **fields}
    return {name: value for name, value in described.items() if value is not UNSET}


def public(**fields: Any) -> dict[str, Any]:
    """One with a key set."""
    return oidc(secret=UNSET, jwks_url="https://id.example.org/jwks.json", **fields)


def known(*described: Any, **settings: Any) -> Any:
    """The issuers of these settings."""
    return others(Settings(oidc_issuers=json.dumps(described) if described else "", **settings))


def test_none() -> None:
    """Without settings there are no other issuers."""
    assert known() == []
    assert known(tenant_auto_create=False) == []


def test_cognito() -> None:
    """A pool's issuer and the address of its keys follow from region and pool."""
    [issuer] = known(**COGNITO)
    assert issuer.name == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool1"
    assert issuer.jwks_url == f"{issuer.name}/.well-known/jwks.json"
    assert (issuer.algorithms, issuer.audience, issuer.tenant_claim) == (("RS256",), "4example", "custom:tenant")
    assert (issuer.key, issuer.role_claim) == (None, None)
    [issuer] = known(**COGNITO, cognito_jwks_url="http://localhost:9229/keys")
    assert issuer.jwks_url == "http://localhost:9229/keys"


@pytest.mark.parametrize("missing", COGNITO)
def test_half_of_cognito(missing: str) -> None:
    """Settings of Cognito that are half given are refused, naming what is missing."""
    with pytest.raises(InvalidSettings, match=missing.upper()):
        known(**{**COGNITO, missing: None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cognito_region", "eu-west-1.evil.example/"),
        ("cognito_user_pool_id", "../other"),
        ("cognito_client_id", "a b"),
        ("cognito_jwks_url", "http://keys.example.org/jwks.json"),
        ("cognito_jwks_url", "keys"),
    ],
)
def test_wrong_settings_of_cognito(name: str, value: str) -> None:
    """What would lead elsewhere is refused, naming the setting."""
    with pytest.raises(InvalidSettings, match=name.upper()):
        known(**{**COGNITO, name: value})


def test_the_address_of_keys_alone() -> None:
    """COGNITO_JWKS_URL without a pool is half of the settings too."""
    with pytest.raises(InvalidSettings, match="COGNITO_JWKS_URL"):
        known(cognito_jwks_url="https://keys.example.org")


def test_defaults_of_an_issuer() -> None:
    """The tenant claim is `tenant`, and there is no role claim, unless others are named."""
    plain, named = known(oidc(), public(issuer="b", tenant_claim="app_metadata.tenant", role_claim="role"))
    assert (plain.tenant_claim, plain.role_claim, plain.key) == ("tenant", None, SECRET)
    assert (named.tenant_claim, named.role_claim, named.key) == ("app_metadata.tenant", "role", None)


@pytest.mark.parametrize(("length", "bits"), [(32, (256,)), (47, (256,)), (48, (256, 384)), (64, (256, 384, 512))])
def test_secrets_never_sign_like_keys(length: int, bits: tuple[int, ...]) -> None:
    """A secret allows HS algorithms that it is long enough for, a key set those of public keys; never both."""
    secret, keys = known(oidc(secret=(string.ascii_letters * 2)[:length]), public(issuer="b"))
    assert secret.algorithms == tuple(f"HS{each}" for each in bits)
    assert keys.algorithms == ("RS256", "ES256", "EdDSA")


WRONG: dict[str, tuple[Any, str]] = {
    "neither key nor secret": (oidc(secret=UNSET), "exactly one"),
    "both": (oidc(jwks_url="https://id.example.org"), "exactly one"),
    "an empty secret": (oidc(secret=""), "exactly one"),
    "a short secret": (oidc(secret=SECRET[:31]), "at least 32"),
    "a secret that repeats itself": (oidc(secret="abcd" * 10), "easy to guess"),
    "a number for a secret": (oidc(secret=5), "secret"),
    "a public key for a secret": (oidc(secret=rs256("c1").pem), "another kind"),
    "another public key for a secret": (oidc(secret=eddsa("o3").pem), "another kind"),
    "no audience": (oidc(audience=UNSET), "audience"),
    "an empty audience": (oidc(audience=""), "audience"),
    "a list of audiences": (oidc(audience=["us"]), "audience"),
    "no issuer": (oidc(issuer=UNSET), "issuer"),
    "an empty issuer": (oidc(issuer=" "), "issuer"),
    "a long issuer": (oidc(issuer="x" * 301), "issuer"),
    "an issuer with a line end": (oidc(issuer="a\n"), "issuer"),
    "the own issuer": (oidc(issuer="gangway"), "there already"),
    "an empty claim": (oidc(tenant_claim=""), "tenant_claim"),
    "no claim": (oidc(tenant_claim=None), "tenant_claim"),
    "an empty role claim": (oidc(role_claim=""), "role_claim"),
    "an unknown field": (oidc(algorithms=["none"]), "algorithms"),
    "plain http": (oidc(secret=UNSET, jwks_url="http://id.example.org/jwks"), "https://"),
    "plain http to what begins like this machine": (
        oidc(secret=UNSET, jwks_url="http://localhost.example.org/"),
        "https://",
    ),
    "plain http by a user": (oidc(secret=UNSET, jwks_url="http://localhost@example.org/"), "user"),
    "a password in the address": (oidc(secret=UNSET, jwks_url=f"https://a:{SECRET}@example.org/"), "user"),
    "a file": (oidc(secret=UNSET, jwks_url="file:///etc/keys"), "URL"),
    "another scheme": (oidc(secret=UNSET, jwks_url="ftp://localhost/keys"), "https://"),
    "a wrong port": (oidc(secret=UNSET, jwks_url="https://localhost:99999/"), "URL"),
    "no address": (oidc(secret=UNSET, jwks_url="https:///keys"), "URL"),
    "a text": ("https://id.example.org", "OIDC_ISSUERS"),
    "a list": ([], "OIDC_ISSUERS"),
}


@pytest.mark.parametrize(("described", "said"), WRONG.values(), ids=WRONG.keys())
def test_issuers_that_are_refused(described: Any, said: str) -> None:
    """The message names the setting and what is wrong, and holds no secret."""
    with pytest.raises(InvalidSettings, match="OIDC_ISSUERS") as raised:
        known(described)
    assert said in str(raised.value)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "{}", "null", "x", "[1]", '[{"issuer": "canary"', "[" * 100_000])
def test_no_list_of_issuers(text: str) -> None:
    """What is no JSON list of issuers is refused in one line."""
    with pytest.raises(InvalidSettings, match=r"^OIDC_ISSUERS: ") as raised:
        others(Settings(oidc_issuers=text))
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://localhost:1/a", "http://127.0.0.2/a", "http://[::1]:8000/a"])
def test_plain_http_on_this_machine(url: str) -> None:
    """Keys may come over plain http from this machine."""
    [issuer] = known(oidc(secret=UNSET, jwks_url=url))
    assert issuer.jwks_url == url


def test_each_issuer_once() -> None:
    """Two of one name are refused, a Cognito pool included."""
    with pytest.raises(InvalidSettings, match="there already"):
        known(oidc(), public())
    pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool1"
    with pytest.raises(InvalidSettings, match="there already"):
        known(public(issuer=pool), **COGNITO)


def test_a_secret_is_not_shown() -> None:
    """An issuer does not show its secret."""
    [issuer] = known(oidc())
    assert SECRET not in repr(issuer)


def test_the_examples_of_the_page(tmp_path: Path) -> None:
    """Every example of settings in docs/users.md is accepted as it stands."""
    examples = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) >= 3
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.env"
        file.write_text(example)
        assert others(load_settings({}, dotenv=file))
