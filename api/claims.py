"""What a token says once its signature is right: for whom it is, whom it is about, what it tells of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, cast
from uuid import UUID

import jwt
from msgspec import Struct

from api.issuers import Issuer

Use = Literal["access", "id"]
"""`Authorization` has the access token, `X-ID-Token` the one that tells more of the person."""

REQUIRED = {"own": ["exp", "iat", "sub", "jti", "tid", "sid"], "cognito": ["exp", "sub"], "oidc": ["exp", "sub"]}
SUBJECT_CHARACTERS = 255
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
"""A token that lasts longer lasts until then: a date that every part of the way can hold."""

TOLD_CHARACTERS = 1000
"""More than any claim of use has; what is longer fails its own bound all the same."""

_PERSONAL = ("email", "email_verified", "name", "zoneinfo", "locale")
_FLAGS = {"email_verified"}

Claims = dict[str, Any]
Told = dict[str, str | bool]
"""Claims about the person, and what the claim map found under `tenant` and `role`. None of them is checked yet."""


class TokenRef(Struct, frozen=True, kw_only=True):
    """What signing out needs to know of a token: its session or, of another issuer, its digest."""

    expires_at: datetime
    session_id: str | None = None
    digest: bytes | None = None


class Member(Struct, frozen=True, kw_only=True):
    """A person of ours and their tenant."""

    tenant_id: str
    user_id: str


class Verified(Struct, frozen=True, kw_only=True):
    """A token that is right. Own tokens name the `member`; others tell of a person, to be looked up."""

    issuer: Issuer
    subject: str
    token: TokenRef
    member: Member | None = None
    issued_at: datetime | None = None
    audiences: tuple[str, ...] = ()
    client: str | None = None
    told: Told


def verified(issuer: Issuer, claims: Claims, use: Use, signed: str) -> Verified:
    """Read the claims of a token whose signature, issuer and times are right.

    Args:
        issuer: who signed it.
        claims: all that it says.
        use: what it was sent as.
        signed: the part of the token that the signature is over.

    Raises:
        jwt.InvalidTokenError, ValueError: it is not for us, not for this use, or says things that cannot be.
    """
    expires_at = datetime.fromtimestamp(min(int(claims["exp"]), LATEST), UTC)
    subject: str = claims["sub"]
    if issuer.kind == "own":
        user_id, tenant_id, session_id = (str(UUID(str(claims[name]))) for name in ("sub", "tid", "sid"))
        return Verified(
            issuer=issuer,
            subject=user_id,
            token=TokenRef(expires_at=expires_at, session_id=session_id),
            member=Member(tenant_id=tenant_id, user_id=user_id),
            told={},
        )
    if not 0 < len(subject) <= SUBJECT_CHARACTERS or not subject.isprintable():
        raise jwt.InvalidTokenError("about nobody")
    audiences = _audiences(claims)
    if not _is_for_us(issuer, claims, audiences, use):
        raise jwt.InvalidAudienceError("for somebody else, or for another use")
    client = claims.get("azp") or claims.get("client_id")
    return Verified(
        issuer=issuer,
        subject=subject,
        token=TokenRef(expires_at=expires_at, digest=_digest(issuer, claims, signed)),
        issued_at=datetime.fromtimestamp(min(int(claims["iat"]), LATEST), UTC) if "iat" in claims else None,
        audiences=audiences,
        client=client if isinstance(client, str) else None,
        told=_told(issuer, claims),
    )


def joined(access: Verified, identity: Verified) -> Verified:
    """An access token, with what an ID token has to tell beyond it.

    An ID token of an OIDC issuer is made out to the client that signed in, which is not always our audience: the
    client of the access token will do.

    Raises:
        jwt.InvalidTokenError: the two are not about the same person, or not for the same client.
    """
    if identity.issuer is not access.issuer or identity.subject != access.subject:
        raise jwt.InvalidTokenError("two people")
    if not {access.issuer.audience, access.client}.intersection(identity.audiences):
        raise jwt.InvalidAudienceError("for somebody else")
    return Verified(
        issuer=access.issuer,
        subject=access.subject,
        token=access.token,
        issued_at=access.issued_at,
        told={**identity.told, **access.told},
    )


def found(claims: Mapping[str, object], name: str) -> object | None:
    """A claim by its literal name, else by a dotted path.

    >>> found({"app_metadata": {"tenant": "acme"}}, "app_metadata.tenant")
    'acme'
    >>> found({"app_metadata.tenant": "literal", "app_metadata": {"tenant": "acme"}}, "app_metadata.tenant")
    'literal'
    """
    if name in claims:
        return claims[name]
    value: object = claims
    for part in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _audiences(claims: Claims) -> tuple[str, ...]:
    audience = claims.get("aud")
    many = cast(list[object], audience) if isinstance(audience, list) else [audience]
    return tuple(one for one in many if isinstance(one, str))


def _is_for_us(issuer: Issuer, claims: Claims, audiences: tuple[str, ...], use: Use) -> bool:
    if issuer.kind == "cognito":
        # Its access tokens have no audience, its ID tokens no client.
        client = claims.get("client_id") if use == "access" else claims.get("aud")
        return claims.get("token_use") == use and client == issuer.audience
    return issuer.audience in audiences or (use == "id" and bool(audiences))


def _digest(issuer: Issuer, claims: Claims, signed: str) -> bytes:
    """What tells this token from others: not its signature, of which there can be several that are right."""
    named = f"jti\0{issuer.name}\0{claims['jti']}" if claims.get("jti") else f"all\0{signed}"
    return sha256(named.encode("utf-8", "surrogatepass")).digest()


def _told(issuer: Issuer, claims: Claims) -> Told:
    told: dict[str, object] = {name: claims.get(name) for name in _PERSONAL}
    told["tenant"] = found(claims, issuer.tenant_claim)
    told["role"] = found(claims, issuer.role_claim) if issuer.role_claim else None
    texts = {name: text[:TOLD_CHARACTERS] for name, text in told.items() if isinstance(text, str) and text.strip()}
    flags = {name: flag for name, flag in told.items() if name in _FLAGS and isinstance(flag, bool)}
    return {**texts, **flags}
