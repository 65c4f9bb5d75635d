"""The part of a provider that signs in: consent page, tokens, revocation. As strict as the real ones are."""

import asyncio
import hashlib
import hmac
import secrets
from abc import ABC, abstractmethod
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.providers.faults import Clock, Faults
from tests.providers.http import Reply, Request, moved


@dataclass(kw_only=True, eq=False)
class Grant:
    """A consent: who gave it, to what."""

    scopes: tuple[str, ...]
    account: str
    offline: bool
    revoked: bool = False
    tokens: set[str] = field(default_factory=set[str])


@dataclass(kw_only=True)
class Code:
    """A code, until when it can be exchanged, and against what."""

    grant: Grant
    redirect_uri: str
    challenge: str
    until: float
    used: bool = False


@dataclass(kw_only=True)
class Refresh:
    """A refresh token; what it was exchanged for, and when."""

    grant: Grant
    exchanged: float | None = None
    answer: dict[str, Any] | None = None


class Provider(ABC):
    """One provider. Tests read `exchanges`, `asked`, `revoked` and `known`, and set `faults`.

    Attributes:
        exchanges: how many refresh tokens were really exchanged; the same pair given again does not count.
        asked: every request, in order.
        revoked: tokens that are good for nothing any more, since they or their consent were revoked.
        known: all secrets that passed here, which no one else may be able to read anywhere.
        mark: what stands in all of them that were made here.
        redirect_uris: those that were entered at the provider.
    """

    key = ""
    issuer: str | None = None
    client_ways = frozenset({"basic"})
    api_base = "/api"
    token_characters = 40
    says_scopes = True

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self.clock, self.faults = clock, faults
        self.client_id = f"{self.key}-{secrets.token_hex(6)}"
        self.mark = secrets.token_hex(8)
        self.client_secret = f"secret-{self.mark}-{secrets.token_urlsafe(24)}"
        self.redirect_uris = set[str]()
        self.exchanges = 0
        self.asked: list[Request] = []
        self.revoked = set[str]()
        self.known = {self.client_secret}
        self._grants: list[Grant] = []
        self._codes: dict[str, Code] = {}
        self._refreshes: dict[str, Refresh] = {}
        self._accesses: dict[str, tuple[Grant, float]] = {}

    @property
    @abstractmethod
    def account(self) -> str:
        """Whose account is connected where the browser chooses no other."""

    @abstractmethod
    def call(self, grant: Grant, request: Request, path: str) -> Reply:
        """A request to the API, below `api_base`, with a good token."""

    def refusal(self, status: int) -> Reply:
        """An error, as this provider says it."""
        return Reply(status=status, body={"error": status})

    def asked_for(self, path: str) -> list[Request]:
        """Requests whose path ends so."""
        return [request for request in self.asked if request.path.endswith(path)]

    def revoke_all(self) -> None:
        """Somebody takes back all consents, at the provider."""
        for grant in self._grants:
            self._revoke(grant)

    def expire_tokens(self) -> None:
        """All access tokens end now; refresh tokens stay good."""
        self._accesses.clear()

    async def answer(self, request: Request, path: str) -> Reply:
        """A request; `path` is below the provider's own."""
        self.asked.append(request)
        if self.faults.down:
            return Reply(drop=True)
        if path == "/authorize":
            return self._authorize(request)
        if self.faults.slow_seconds:
            await asyncio.sleep(self.faults.slow_seconds)
        if self.faults.gate:
            await self.faults.gate.passed(f"{request.path} {request.query}")
        if path == "/token":
            return self._token(request)
        if path == "/revoke":
            return self._revocation(request)
        if path == "/userinfo":
            return self._api(request, path)
        if path.startswith(f"{self.api_base}/"):
            return self._api(request, path.removeprefix(self.api_base))
        return Reply(status=404)

    # The consent page

    def _authorize(self, request: Request) -> Reply:
        asked, back = request.query, request.query.get("redirect_uri", "")
        if asked.get("client_id") != self.client_id or back not in self.redirect_uris:
            return Reply(status=400, body={"error": "redirect_uri_mismatch"})
        if len(asked) != len(request.pairs):
            return Reply(status=400, body={"error": "invalid_request"})
        said = {"state": asked.get("state", "")}
        if issuer := self.faults.iss or self.issuer:
            said["iss"] = issuer
        if error := self.faults.error or self._wrong(asked):
            return moved(f"{back}?{urlencode({'error': error, **said})}")
        self.known |= {asked["state"]}
        scopes = tuple(asked["scope"].split()) if self.faults.scopes is None else self.faults.scopes
        grant = Grant(scopes=scopes, account=asked.get("as", self.account), offline=self.is_offline(asked))
        code = self._secret("code", 40)
        until = self.clock.now() + self.faults.code_seconds
        self._grants.append(grant)
        self._codes[code] = Code(grant=grant, redirect_uri=back, challenge=asked["code_challenge"], until=until)
        return moved(f"{back}?{urlencode({**self.beside(grant), 'code': code, **said})}")

    def _wrong(self, asked: dict[str, str]) -> str | None:
        if asked.get("response_type") != "code":
            return "unsupported_response_type"
        if not asked.get("scope") or not self.scopes_known(asked["scope"].split()):
            return "invalid_scope"
        pkce = asked.get("code_challenge_method") == "S256" and len(asked.get("code_challenge", "")) == 43
        return None if pkce and len(asked.get("state", "")) >= 22 else "invalid_request"

    @abstractmethod
    def scopes_known(self, scopes: list[str]) -> bool:
        """Whether there are such scopes here."""

    @abstractmethod
    def is_offline(self, asked: dict[str, str]) -> bool:
        """Whether the consent gives a refresh token."""

    def beside(self, grant: Grant) -> dict[str, str]:
        """What comes back beside the code."""
        return {}

    # Tokens

    def _token(self, request: Request) -> Reply:
        faults = self.faults
        if faults.failing_tokens and faults.next("failing_tokens"):
            return Reply(status=503, body={"error": "temporarily_unavailable"})
        if faults.tokens:
            return faults.tokens.pop(0)
        if request.method != "POST" or not request.form:
            return _error("invalid_request")
        if not self._is_client(request):
            return _error("invalid_client", 401)
        if request.form.get("grant_type") == "authorization_code":
            return self._exchange(request.form)
        if request.form.get("grant_type") == "refresh_token":
            return self._refresh(request.form)
        return _error("unsupported_grant_type")

    def _is_client(self, request: Request) -> bool:
        ways = {
            "basic": request.basic,
            "post": (request.form.get("client_id"), request.form.get("client_secret")),
        }
        given = {way for way, values in ways.items() if values and values[1] is not None}
        right = (self.client_id, self.client_secret)
        return len(given) == 1 and given <= self.client_ways and ways[given.pop()] == right

    def _exchange(self, form: dict[str, str]) -> Reply:
        code = self._codes.get(form.get("code", ""))
        if code is None:
            return _error("invalid_grant")
        if code.used:
            self._revoke(code.grant)  # RFC 6749, section 4.1.2
            return _error("invalid_grant")
        verifier = form.get("code_verifier", "")
        self.known |= {verifier} - {""}
        if not _proves(verifier, code.challenge) or form.get("redirect_uri") != code.redirect_uri:
            return _error("invalid_grant")
        if code.until < self.clock.now() or code.grant.revoked:
            return _error("invalid_grant")
        code.used = True
        answer = self._pair(code.grant, self._new_refresh(code.grant) if code.grant.offline else None)
        return Reply(drop=True) if self.faults.next("drop_codes") else Reply(body=answer)

    def _refresh(self, form: dict[str, str]) -> Reply:
        refresh = self._refreshes.get(form.get("refresh_token", ""))
        if refresh is None or refresh.grant.revoked:
            return _error("invalid_grant")
        if refresh.exchanged is None:
            answer = self._rotated(form["refresh_token"], refresh)
        elif refresh.answer and self._in_grace(refresh.exchanged):
            answer = refresh.answer
        else:
            return _error("invalid_grant")
        return Reply(drop=True) if self.faults.next("drop_tokens") else Reply(body=answer)

    def _rotated(self, token: str, refresh: Refresh) -> dict[str, Any]:
        self.exchanges += 1
        if not self.faults.rotates:
            return self._pair(refresh.grant, None)
        refresh.answer = self._pair(refresh.grant, self._new_refresh(refresh.grant))
        refresh.exchanged = self.clock.now()
        return refresh.answer

    def _in_grace(self, exchanged: float) -> bool:
        return not self.faults.refuses_old and self.clock.now() - exchanged <= self.faults.grace_seconds

    def _pair(self, grant: Grant, refresh: str | None) -> dict[str, Any]:
        access = self._secret("access", self.token_characters)
        grant.tokens.add(access)
        self._accesses[access] = (grant, self.clock.now() + self.faults.token_seconds)
        scope = {"scope": " ".join(self.granted(grant))} if self.says_scopes else {}
        again = {"refresh_token": refresh} if refresh else {}
        life = {"token_type": "Bearer", "expires_in": self.faults.token_seconds}
        return {"access_token": access, **life, **scope, **again, **self.more(grant)}

    def _new_refresh(self, grant: Grant) -> str:
        token = self._secret("refresh", 40)
        grant.tokens.add(token)
        self._refreshes[token] = Refresh(grant=grant)
        return token

    def granted(self, grant: Grant) -> tuple[str, ...]:
        """The scopes, as the answer names them."""
        return grant.scopes

    def more(self, grant: Grant) -> dict[str, Any]:
        """What else is in an answer with tokens."""
        return {}

    # Revocation

    def _revocation(self, request: Request) -> Reply:
        if self.faults.next("failing_revocations"):
            return Reply(status=503)
        return self.revocation(request)

    @abstractmethod
    def revocation(self, request: Request) -> Reply:
        """Revoke, in the way of this provider."""

    def revoke(self, token: str) -> bool:
        """Revoke the consent of this token, whichever of both it is; whether there is one."""
        found = [grant for grant in self._grants if token in grant.tokens and not grant.revoked]
        for grant in found:
            self._revoke(grant)
        return bool(found)

    def is_client(self, request: Request) -> bool:
        """Whether the client has named itself with HTTP's basic authentication."""
        return request.basic == (self.client_id, self.client_secret)

    def _revoke(self, grant: Grant) -> None:
        grant.revoked = True
        self.revoked |= grant.tokens

    # The API

    def _api(self, request: Request, path: str) -> Reply:
        faults = self.faults
        if faults.next("failing"):
            return self.refusal(503)
        if faults.next("too_many"):
            refusal = self.refusal(429)
            return Reply(status=429, body=refusal.body, headers={"Retry-After": str(faults.retry_after)})
        if faults.api:
            return faults.api.pop(0)
        grant, until = self._accesses.get(request.bearer, (None, 0.0))
        if grant is None or grant.revoked or until <= self.clock.now():
            return self.refusal(401)
        return self.call(grant, request, path)

    def _secret(self, kind: str, characters: int) -> str:
        made = f"{self.key}-{kind}-{self.mark}-{secrets.token_urlsafe(characters)}"
        self.known.add(made)
        return made


def _error(code: str, status: int = 400) -> Reply:
    return Reply(status=status, body={"error": code, "error_description": "As RFC 6749 has it."})


def _proves(verifier: str, challenge: str) -> bool:
    if not 43 <= len(verifier) <= 128:
        return False
    made = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)
