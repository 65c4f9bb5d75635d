"""Whose tokens are accepted: Gangway's own, those of an Amazon Cognito pool, those of other OIDC issuers.

Everything about an issuer is checked when the process starts. See docs/users.md.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import jwt
import msgspec
from msgspec import Struct

from api.public_keys import PUBLIC_ALGORITHMS
from api.tokens import ISSUER, MIN_SECRET_CHARACTERS, Tokens, is_guessable
from runtime.settings import InvalidSettings, Settings

NAME_CHARACTERS = 300
"""What `users.issuer` holds."""

_COGNITO_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Issuer(Struct, frozen=True, kw_only=True):
    """One that signs tokens. `key` is its secret or its only public key; without one they are at `jwks_url`."""

    kind: Literal["own", "cognito", "oidc"]
    name: str
    algorithms: tuple[str, ...]
    audience: str = ""
    key: Any = None
    jwks_url: str = ""
    tenant_claim: str = "tenant"
    role_claim: str | None = None

    def __repr__(self) -> str:
        return f"Issuer({self.name!r})"


def own(tokens: Tokens) -> Issuer:
    """Gangway itself."""
    return Issuer(kind="own", name=ISSUER, algorithms=(tokens.algorithm,), key=tokens.verifying_key)


def others(settings: Settings) -> list[Issuer]:
    """The issuers that the settings name.

    Raises:
        InvalidSettings: naming what is wrong, and never a secret.
    """
    issuers = [*_cognito(settings), *_oidc(settings)]
    names = [ISSUER, *(issuer.name for issuer in issuers)]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise InvalidSettings(f"OIDC_ISSUERS: the issuer {repeated!r} is there already")
    return issuers


def _cognito(settings: Settings) -> list[Issuer]:
    given = {
        "COGNITO_USER_POOL_ID": settings.cognito_user_pool_id,
        "COGNITO_CLIENT_ID": settings.cognito_client_id,
        "COGNITO_REGION": settings.cognito_region,
    }
    if not any(given.values()):
        if settings.cognito_jwks_url:
            raise InvalidSettings(f"COGNITO_JWKS_URL needs {', '.join(given)}")
        return []
    if missing := [name for name, value in given.items() if not value]:
        raise InvalidSettings(f"{', '.join(missing)}: not set, while other settings of Cognito are")
    for name, value in given.items():
        if not _COGNITO_WORD.fullmatch(value or ""):
            raise InvalidSettings(f"{name} has letters, digits, - and _ only, 64 at most")
    pool = f"https://cognito-idp.{settings.cognito_region}.amazonaws.com/{settings.cognito_user_pool_id}"
    url = settings.cognito_jwks_url or f"{pool}/.well-known/jwks.json"
    if wrong := _wrong_url(url):
        raise InvalidSettings(f"COGNITO_JWKS_URL {wrong}")
    return [
        Issuer(
            kind="cognito",
            name=pool,
            algorithms=("RS256",),
            audience=settings.cognito_client_id or "",
            jwks_url=url,
            tenant_claim="custom:tenant",
        )
    ]


class _Described(Struct, kw_only=True, forbid_unknown_fields=True):
    """One of OIDC_ISSUERS."""

    issuer: str
    audience: str
    jwks_url: str | None = None
    secret: str | None = None
    tenant_claim: str = "tenant"
    role_claim: str | None = None


def _oidc(settings: Settings) -> list[Issuer]:
    if not settings.oidc_issuers.strip():
        return []
    try:
        described = msgspec.json.decode(settings.oidc_issuers, type=list[_Described])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidSettings(f"OIDC_ISSUERS: {error}") from None
    return [_issuer(each, f"OIDC_ISSUERS[{index}]") for index, each in enumerate(described)]


def _issuer(described: _Described, where: str) -> Issuer:
    texts = {
        "issuer": described.issuer,
        "audience": described.audience,
        "tenant_claim": described.tenant_claim,
        "role_claim": described.role_claim,
    }
    for name, text in texts.items():
        if text is not None and not (0 < len(text.strip()) == len(text) <= NAME_CHARACTERS and text.isprintable()):
            raise InvalidSettings(f"{where}.{name} must be a text of 1 to {NAME_CHARACTERS} characters")
    if bool(described.jwks_url) == bool(described.secret):
        raise InvalidSettings(f"{where} needs exactly one of jwks_url and secret")
    if described.jwks_url and (wrong := _wrong_url(described.jwks_url)):
        raise InvalidSettings(f"{where}.jwks_url {wrong}")
    if described.secret and (wrong := _wrong_secret(described.secret)):
        raise InvalidSettings(f"{where}.secret {wrong}")
    return Issuer(
        kind="oidc",
        name=described.issuer,
        algorithms=_secret_algorithms(described.secret) if described.secret else PUBLIC_ALGORITHMS,
        audience=described.audience,
        key=described.secret,
        jwks_url=described.jwks_url or "",
        tenant_claim=described.tenant_claim,
        role_claim=described.role_claim,
    )


def _wrong_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if not host or not url.isprintable() or " " in url:
        return "is no URL"
    if "@" in parts.netloc or parts.fragment:
        return "must name neither a user nor a fragment"
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        return "must begin with https:// (http:// for this machine only)"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong_secret(secret: str) -> str | None:
    if len(secret) < MIN_SECRET_CHARACTERS:
        return f"must have at least {MIN_SECRET_CHARACTERS} characters"
    if is_guessable(secret):
        return "is easy to guess"
    check: Callable[[str], object] = jwt.get_algorithm_by_name("HS256").prepare_key
    try:
        check(secret)
    # A public key is known to everybody, so whoever signs with it as a secret could be anybody.
    except (jwt.InvalidKeyError, ValueError):
        return "is a key of another kind; its place is a key set at jwks_url"
    return None


def _secret_algorithms(secret: str) -> tuple[str, ...]:
    """Those whose digests are no longer than the secret (RFC 7518, 3.2)."""
    return tuple(f"HS{bits}" for bits in (256, 384, 512) if len(secret.encode()) * 8 >= bits)
