"""Access tokens of the own issuer: JWTs that live for minutes."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import jwt
from msgspec import Struct

from api.problems import Code, ProblemError
from runtime.settings import InvalidSettings, Settings

ISSUER = "gangway"
LEEWAY_SECONDS = 30
MIN_SECRET_CHARACTERS = 32
REMEMBERED = 4096
_REQUIRED = ["exp", "iat", "sub", "jti", "tid"]


class Claims(Struct, frozen=True, kw_only=True):
    """What a verified token says. The role is not in it: it is read afresh with every request."""

    user_id: str
    tenant_id: str
    token_id: str
    expires_at: datetime


class Tokens:
    """Issues and verifies access tokens.

    Raises:
        InvalidSettings: when the secret is missing or short, or the algorithm is not one that we issue.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.jwt_secret or len(settings.jwt_secret) < MIN_SECRET_CHARACTERS:
            raise InvalidSettings(f"JWT_SECRET must have at least {MIN_SECRET_CHARACTERS} characters")
        if settings.jwt_algorithm != "HS256":
            raise InvalidSettings("JWT_ALGORITHM must be HS256")
        self._secret = settings.jwt_secret
        self._algorithm = settings.jwt_algorithm
        self.lifetime = timedelta(minutes=settings.access_token_expire_minutes)
        # A signature stays right, and checking it is a tenth of a request; whether it expired is asked each time.
        self._verified = lru_cache(maxsize=REMEMBERED)(self._read)

    def issue(self, *, user_id: str, tenant_id: str, token_id: str) -> str:
        """A token for a person who has just proven who they are."""
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "sub": user_id,
            "tid": tenant_id,
            "jti": token_id,
            "iat": now,
            "exp": now + self.lifetime,
        }
        return jwt.encode(claims, self._secret, self._algorithm)

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
        claims = jwt.decode(
            token,
            self._secret,
            algorithms=[self._algorithm],
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
        user_id, tenant_id = (str(UUID(str(claims[name]))) for name in ("sub", "tid"))
        return Claims(
            user_id=user_id,
            tenant_id=tenant_id,
            token_id=claims["jti"],
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


def unauthorised(code: Code, detail: str) -> ProblemError:
    """401, with the challenge that the standard asks for."""
    wrong_token = code in (Code.AUTH_INVALID_TOKEN, Code.AUTH_EXPIRED_TOKEN)
    challenge = 'Bearer error="invalid_token"' if wrong_token else "Bearer"
    return ProblemError(401, code, detail, headers={"WWW-Authenticate": challenge})
