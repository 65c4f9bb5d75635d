"""Tokens of the own issuer: access tokens that live for minutes, refresh tokens that are exchanged for new pairs.

Both follow from the session's row and `JWT_SECRET`: nothing of them is stored, and who asks twice for a pair gets
the same one. See docs/decisions/0006-sessions.md. The access tokens are read in `api.verifier`.
"""

import base64
import binascii
import hmac
import struct
import uuid
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from api.problems import Code, ProblemError
from db.sessions import Session
from runtime.settings import InvalidSettings, Settings

ISSUER = "gangway"
MIN_SECRET_CHARACTERS = 32
MIN_DIFFERENT = 8
FROM_EXAMPLES = (
    *("changeme", "changethis", "replaceme", "yoursecret", "your256bitsecret", "supersecret", "insecure"),
    *("atleast32characters", "atleast256bits"),
)
"""Parts of secrets that stand in examples, without what joins their words."""
_REFRESH = struct.Struct(">16s16s16sI")


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


class PublicKey(Struct, frozen=True, kw_only=True):
    """A key as key sets have it (RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"
    x: str
    kid: str


class Tokens:
    """Issues tokens.

    Raises:
        InvalidSettings: when the secret is missing or short, or the algorithm is not one that we issue.
    """

    def __init__(self, settings: Settings) -> None:
        secret = settings.jwt_secret
        if not secret or len(secret) < MIN_SECRET_CHARACTERS:
            raise InvalidSettings(f"JWT_SECRET must have at least {MIN_SECRET_CHARACTERS} characters")
        if is_guessable(secret):
            raise InvalidSettings("JWT_SECRET is easy to guess: openssl rand -base64 48 makes one that is not")
        self.algorithm = settings.jwt_algorithm
        match self.algorithm:
            case "HS256":
                self._signing_key = self.verifying_key = secret
            case "EdDSA":
                self._signing_key = Ed25519PrivateKey.from_private_bytes(derived(secret, "gangway access tokens"))
                self.verifying_key = self._signing_key.public_key()
            case _:
                raise InvalidSettings("JWT_ALGORITHM must be HS256 or EdDSA")
        public = self.public_key()
        self._header = {"kid": public.kid} if public else None
        self._refresh_key = derived(secret, "gangway refresh tokens")
        self._lifetime = timedelta(minutes=settings.access_token_expire_minutes)

    def public_key(self) -> PublicKey | None:
        """What others verify access tokens with; None when only the secret does."""
        key = self.verifying_key
        if not isinstance(key, Ed25519PublicKey):
            return None
        x = base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()
        thumbprint = sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()  # RFC 7638
        return PublicKey(x=x, kid=base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode())

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
            access_token=jwt.encode(claims, self._signing_key, self.algorithm, self._header),
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


def is_guessable(secret: str) -> bool:
    """Whether a secret is one that stands in examples, or repeats a few characters."""
    letters = "".join(filter(str.isalnum, secret.lower()))
    return len(set(secret)) < MIN_DIFFERENT or any(word in letters for word in FROM_EXAMPLES)


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
