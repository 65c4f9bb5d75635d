"""The one verifier of access and ID tokens, whoever signed them. See docs/decisions/0008-one-verifier.md."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NoReturn, Protocol

import httpx
import jwt
from cachetools import LRUCache
from msgspec import Struct

from api.claims import REQUIRED, Claims, Use, Verified, joined, verified
from api.issuers import Issuer
from api.jwks import COLD_SECONDS, FETCH_SECONDS, Clock, Jwks, KeysUnavailable
from api.problems import Code, ProblemError
from api.tokens import unauthorised

LEEWAY_SECONDS = 30
TOKEN_CHARACTERS = 8 * 1024
REMEMBERED = 4096

_LEEWAY = timedelta(seconds=LEEWAY_SECONDS)
_REFUSED = (jwt.PyJWTError, ValueError, OverflowError, RecursionError)
"""What a token that is none of ours makes the libraries raise."""


class _Keys(Protocol):
    def generation(self) -> int: ...

    async def find(self, kid: str | None) -> object | None: ...


class _OneKey(Struct, frozen=True):
    """Of an issuer that has one, whatever its tokens call it."""

    key: object

    def generation(self) -> int:
        return 0

    async def find(self, kid: str | None) -> object | None:  # noqa: ARG002
        return self.key


class _Remembered(Struct, frozen=True):
    verified: Verified
    keys: _Keys
    generation: int


class Verifier:
    """Verifies tokens. A signature stays right as long as its key, and checking it is a tenth of a request: so the
    tokens that were right are remembered, and only asked whether they have expired.
    """

    def __init__(self, issuers: Iterable[tuple[Issuer, _Keys]]) -> None:
        """Use `verifying`."""
        self._issuers = {issuer.name: (issuer, keys) for issuer, keys in issuers}
        self._remembered = LRUCache[tuple[Use, bytes], _Remembered](REMEMBERED)

    async def verify(self, authorization: str, id_token: str = "") -> Verified:
        """Read the headers `Authorization` and `X-ID-Token`; beside an own token the second is not looked at.

        Raises:
            ProblemError: 401 for a missing, invalid or expired token, 503 while the issuer's keys cannot be had.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorised(Code.AUTH_MISSING_TOKEN, "Sign in first.")
        try:
            access = await self._verified(token, "access")
            if not id_token or access.issuer.kind == "own":
                return access
            return joined(access, await self._verified(id_token, "id"))
        except jwt.ExpiredSignatureError:
            raise unauthorised(Code.AUTH_EXPIRED_TOKEN, "The access token has expired.") from None
        except _REFUSED:
            raise unauthorised(Code.AUTH_INVALID_TOKEN, "The access token is not valid.") from None
        except KeysUnavailable:
            # Not 401: the token may well be right, and clients sign out on that.
            detail = "The issuer of this token cannot be asked for its keys at the moment."
            headers = {"Retry-After": str(COLD_SECONDS)}
            raise ProblemError(503, Code.ISSUER_UNAVAILABLE, detail, headers=headers) from None

    async def _verified(self, token: str, use: Use) -> Verified:
        if len(token) > TOKEN_CHARACTERS:
            raise jwt.DecodeError("longer than any token")
        key = (use, sha256(token.encode()).digest())
        known = self._remembered.get(key)
        if known is None or known.generation != known.keys.generation():
            known = await self._read(token, use)
            self._remembered[key] = known
        if datetime.now(UTC) >= known.verified.token.expires_at + _LEEWAY:
            raise jwt.ExpiredSignatureError
        return known.verified

    async def _read(self, token: str, use: Use) -> _Remembered:
        header, unverified = _parsed(token)
        name = unverified.get("iss")
        issuer, keys = self._issuers.get(name, (None, None)) if isinstance(name, str) else (None, None)
        if issuer is None or keys is None or header.get("alg") not in issuer.algorithms:
            raise jwt.InvalidTokenError("of nobody whom we know")
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise jwt.InvalidTokenError("no name of a key")
        generation = keys.generation()
        signing: Any = await keys.find(kid)
        if signing is None:
            raise jwt.InvalidTokenError("by no key that we know")
        claims = jwt.decode(
            token,
            signing,
            algorithms=issuer.algorithms,
            issuer=issuer.name,
            leeway=LEEWAY_SECONDS,
            # For whom it is depends on its use, and on the issuer.
            options={"require": REQUIRED[issuer.kind], "verify_aud": False},
        )
        return _Remembered(verified(issuer, claims, use, token.rpartition(".")[0]), keys, generation)


@asynccontextmanager
async def verifying(issuers: Iterable[Issuer], clock: Clock = time.monotonic) -> AsyncGenerator[Verifier]:
    """A verifier of these issuers' tokens, and the client that fetches their keys."""
    issuers = list(issuers)
    if not any(issuer.jwks_url for issuer in issuers):
        yield Verifier((issuer, _OneKey(issuer.key)) for issuer in issuers)
        return
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=FETCH_SECONDS) as client:
        sets = {i.name: Jwks(i.jwks_url, i.algorithms, client, clock) for i in issuers if i.jwks_url}
        try:
            yield Verifier((issuer, sets.get(issuer.name) or _OneKey(issuer.key)) for issuer in issuers)
        finally:
            await asyncio.gather(*(each.close() for each in sets.values()))


def _parsed(token: str) -> tuple[Claims, Claims]:
    """Header and claims of a token that nobody has checked, to choose the issuer and the key by."""
    header, claims, _ = token.split(".")
    return _object(header), _object(claims)


def _object(segment: str) -> Claims:
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    parsed = json.loads(decoded, object_pairs_hook=_once, parse_constant=_no_number)
    if not isinstance(parsed, dict):
        raise jwt.DecodeError("no object")
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> Claims:
    """What is said twice may be read in two ways, by us and by whoever looked at the token before."""
    known = dict(pairs)
    if len(known) < len(pairs):
        raise jwt.DecodeError("said twice")
    return known


def _no_number(name: str) -> NoReturn:
    raise jwt.DecodeError(f"{name} is no number")
