"""Tokens of the own issuer: access tokens that live for minutes, refresh tokens that are exchanged for new pairs.

Both follow from the session's row and `JWT_SECRET`: nothing of them is stored, and who asks twice for a pair gets
the same one. See docs/decisions/0006-sessions.md.
"""

import base64
import binascii
import hmac
import struct
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from api.problems import Code, ProblemError
from db.sessions import Session
from runtime.settings import InvalidSettings, Settings

ISSUER = "gangway"
LEEWAY_SECONDS = 30
MIN_SECRET_CHARACTERS = 32
REMEMBERED = 4096
_REQUIRED = ["exp", "iat", "sub", "jti", "tid", "sid"]
_REFRESH = struct.Struct(">16s16s16sI")


class Claims(Struct, frozen=True, kw_only=True):
    """What a verified token says. The role is not in it: it is read afresh with every request."""

    user_id: str
    tenant_id: str
    session_id: str
    expires_at: datetime


class Refresh(Struct, frozen=True, kw_only=True):
    """What a refresh token stands for: one generation of a session."""

    user_id: str
    tenant_id: str
    session_id: str
    generation: int


class Pair(Struct, frozen=True, kw_only=True):
    """An access token until `expires_at`, and the refresh token for the next pair."""

    access_token: str
    refresh_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Pair(expires_at={self.expires_at!r})"


class Tokens:
    """Issues and verifies tokens.

    Raises:
        InvalidSettings: when the secret is missing or short, or the algorithm is not one that we issue.
    """

    def __init__(self, settings: Settings) -> None:
        secret = settings.jwt_secret
        if not secret or len(secret) < MIN_SECRET_CHARACTERS:
            raise InvalidSettings(f"JWT_SECRET must have at least {MIN_SECRET_CHARACTERS} characters")
        self._algorithm = settings.jwt_algorithm
        match self._algorithm:
            case "HS256":
                self._signing_key = self._verifying_key = secret
            case "EdDSA":
                self._signing_key = Ed25519PrivateKey.from_private_bytes(derived(secret, "gangway access tokens"))
                self._verifying_key = self._signing_key.public_key()
            case _:
                raise InvalidSettings("JWT_ALGORITHM must be HS256 or EdDSA")
        self._refresh_key = derived(secret, "gangway refresh tokens")
        self._lifetime = timedelta(minutes=settings.access_token_expire_minutes)
        # A signature stays right, and checking it is a tenth of a request; whether it expired is asked each time.
        self._verified = lru_cache(maxsize=REMEMBERED)(self._read)

    def issue(self, session: Session) -> Pair:
        """The pair of a session's present generation: the same each time."""
        issued_at = session.rotated_at.replace(microsecond=0)
        expires_at = issued_at + self._lifetime
        claims = {
            "iss": ISSUER,
            "sub": session.user_id,
            "tid": session.tenant_id,
            "sid": session.id,
            "jti": str(uuid.uuid5(uuid.UUID(session.id), str(session.generation))),
            "iat": issued_at,
            "exp": expires_at,
        }
        ids = (uuid.UUID(id).bytes for id in (session.tenant_id, session.user_id, session.id))
        content = _REFRESH.pack(*ids, session.generation)
        sealed = content + hmac.digest(self._refresh_key, content, "sha256")
        return Pair(
            access_token=jwt.encode(claims, self._signing_key, self._algorithm),
            refresh_token=base64.urlsafe_b64encode(sealed).decode(),
            expires_at=expires_at,
        )

    def read_refresh(self, token: str) -> Refresh:
        """What a refresh token stands for, whether or not it was spent.

        Raises:
            ProblemError: 401 when it is none of ours.
        """
        try:
            sealed = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            sealed = b""
        content, mac = sealed[: _REFRESH.size], sealed[_REFRESH.size :]
        if not hmac.compare_digest(mac, hmac.digest(self._refresh_key, content, "sha256")):
            raise refresh_refused()
        tenant, user, session, generation = _REFRESH.unpack(content)
        tenant_id, user_id, session_id = (str(uuid.UUID(bytes=id)) for id in (tenant, user, session))
        return Refresh(tenant_id=tenant_id, user_id=user_id, session_id=session_id, generation=generation)

    def verify(self, authorization: str | None) -> Claims:
        """Read the `Authorization` header.

        Raises:
            ProblemError: 401 for a missing, invalid or expired token.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorised(Code.AUTH_MISSING_TOKEN, "Sign in first.")
        try:
            claims = self._verified(token)
            if datetime.now(UTC) >= claims.expires_at + timedelta(seconds=LEEWAY_SECONDS):
                raise jwt.ExpiredSignatureError
        except jwt.ExpiredSignatureError:
            raise unauthorised(Code.AUTH_EXPIRED_TOKEN, "The access token has expired.") from None
        except (jwt.InvalidTokenError, ValueError):
            raise unauthorised(Code.AUTH_INVALID_TOKEN, "The access token is not valid.") from None
        return claims

    def _read(self, token: str) -> Claims:
        claims: dict[str, Any] = jwt.decode(
            token,
            self._verifying_key,
            algorithms=[self._algorithm],
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
        user_id, tenant_id, session_id = (str(uuid.UUID(str(claims[name]))) for name in ("sub", "tid", "sid"))
        return Claims(
            user_id=user_id,
            tenant_id=tenant_id,
            session_id=session_id,
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


def derived(secret: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


def unauthorised(code: Code, detail: str) -> ProblemError:
    """401, with the challenge that the standard asks for."""
    wrong_token = code in (Code.AUTH_INVALID_TOKEN, Code.AUTH_EXPIRED_TOKEN)
    challenge = 'Bearer error="invalid_token"' if wrong_token else "Bearer"
    return ProblemError(401, code, detail, headers={"WWW-Authenticate": challenge})


def refresh_refused() -> ProblemError:
    """A refresh token that is none, was spent, or whose session has ended: which of them is not told."""
    return unauthorised(Code.AUTH_INVALID_TOKEN, "The refresh token is not valid.")
