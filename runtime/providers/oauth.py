"""Consents and tokens of OAuth 2 (RFC 6749, 7009, 7636), made by Authlib and sent by `asking.py`.

What a provider answers is not trusted, and nothing of it is told on but stable words.
"""

import re
from typing import Any

import httpx
import msgspec
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from msgspec import Struct

from onboarding.connections import Tokens
from runtime.providers.asking import REST_SECONDS, Away, Refused, Revoked, check, read_json, send
from runtime.providers.endpoints import Endpoints
from runtime.providers.provider import Description

ANSWER_BYTES = 100_000
TOKEN_CHARACTERS = 10_000
SCOPES_AT_MOST = 100
SCOPE_CHARACTERS = 200
EXPIRES_IN = 3600
"""Where a provider does not say, or not in seconds."""

EXPIRES_IN_AT_MOST = 90 * 24 * 3600

_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{TOKEN_CHARACTERS}}}")
_SCOPE = re.compile(rf"[\x21-\x7e]{{1,{SCOPE_CHARACTERS}}}")
_FORM = "application/x-www-form-urlencoded"
_TOLD = {
    "invalid_request",
    "invalid_client",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_token_type",
}


class _Answer(Struct, frozen=True, kw_only=True):
    """Whatever stands there; only what is read below is believed."""

    access_token: Any = None
    refresh_token: Any = None
    token_type: Any = "bearer"  # noqa: S105 - the kind of a token
    expires_in: Any = None
    scope: Any = None
    error: Any = None


def consent_url(
    endpoints: Endpoints, description: Description, *, state: str, verifier: str, redirect_uri: str
) -> str:
    """The page on which somebody consents."""
    return prepare_grant_uri(
        endpoints.authorize,
        client_id=endpoints.client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope=description.scopes,
        state=state,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
        **description.authorize,
    )


async def exchange(
    endpoints: Endpoints, description: Description, *, code: str, verifier: str, redirect_uri: str
) -> Tokens:
    """Tokens for the code of a consent, which holds once.

    Raises:
        Away: no answer that says anything; where it was `sent`, the code may be used up.
        Revoked: the code does not hold.
        Refused: anything else is wrong.
    """
    grant = prepare_token_request(
        "authorization_code", code=code, code_verifier=verifier, redirect_uri=redirect_uri
    )
    return await _tokens(endpoints, description, grant)


async def refresh(endpoints: Endpoints, description: Description, refresh_token: str) -> Tokens:
    """New tokens for a refresh token, which may hold no longer then.

    Raises:
        Away: no answer that says anything; where it was `sent`, the refresh token may be another one by now.
        Revoked: the consent does not hold any more.
        Refused: anything else is wrong.
    """
    return await _tokens(
        endpoints, description, prepare_token_request("refresh_token", refresh_token=refresh_token)
    )


async def revoke(endpoints: Endpoints, description: Description, token: str) -> None:
    """Have a provider forget a token. One that it does not know is forgotten.

    Raises:
        Away, Refused: it was not done.
    """
    if description.revokes == "json":
        body, headers = msgspec.json.encode({"token": token}), {"Content-Type": "application/json"}
        _, headers, _ = _as_client(endpoints, "client_secret_basic", endpoints.revoke, headers, "")
    else:
        form, headers = prepare_revoke_token_request(token, "refresh_token")
        _, headers, body = _as_client(endpoints, description.client, endpoints.revoke, headers, form)
    answer = await send("POST", endpoints.revoke, bytes_at_most=ANSWER_BYTES, content=body, headers=headers)
    try:
        _check(answer)
    except Revoked:
        return
    except Refused as refused:
        if refused.code not in ("invalid_token", "http_404"):
            raise


async def _tokens(endpoints: Endpoints, description: Description, grant: str) -> Tokens:
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    _, headers, body = _as_client(endpoints, description.client, endpoints.token, headers, grant)
    answer = await send("POST", endpoints.token, bytes_at_most=ANSWER_BYTES, content=body, headers=headers)
    _check(answer)
    return _read(read_json(answer, _Answer))


def _as_client(
    endpoints: Endpoints, method: str, url: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    client = ClientAuth(endpoints.client_id, endpoints.client_secret, method)
    return client.prepare("POST", url, headers, body)


def _check(answer: httpx.Response) -> None:
    """Nothing, where it is a success.

    Raises:
        Away: too many requests, a server's error.
        Revoked: the grant does not hold.
        Refused: any other refusal.
    """
    if 400 <= answer.status_code < 500 and answer.status_code not in (408, 429):
        try:
            error = read_json(answer, _Answer).error
        except Away:
            error = None
        _refuse(error)
    check(answer)


def _refuse(error: object) -> None:
    """What the error of a provider means; an unknown one means nothing.

    Raises:
        Away, Revoked, Refused: see `_check`.
    """
    if error == "invalid_grant":
        raise Revoked("invalid_grant")
    if error in ("temporarily_unavailable", "server_error"):
        raise Away("temporarily_unavailable", REST_SECONDS)
    if isinstance(error, str) and error in _TOLD | {"invalid_token"}:
        raise Refused(error)


def _read(answer: _Answer) -> Tokens:
    """The tokens of an answer.

    Raises:
        Away: there are none in it, or not such as can be sent in a header.
    """
    # Some say with 200 that they refuse.
    _refuse(answer.error)
    kind = answer.token_type
    if answer.error is not None or not isinstance(kind, str) or kind.lower() != "bearer":
        raise Away("nonsense")
    access = _token(answer.access_token)
    if access is None:
        raise Away("nonsense")
    return Tokens(
        access=access,
        refresh=_token(answer.refresh_token),
        expires_in=_seconds(answer.expires_in),
        scopes=_scopes(answer.scope),
    )


def _token(value: object) -> str | None:
    """A token, None where there is none.

    Raises:
        Away: it is none that could be one.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise Away("nonsense")
    return value


def _seconds(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return EXPIRES_IN
    return int(min(max(value, 1), EXPIRES_IN_AT_MOST))


def _scopes(value: object) -> tuple[str, ...] | None:
    """What was granted: None where nothing is said, which means all that was asked for (RFC 6749, section 5.1)."""
    if value is None:
        return None
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list):
        return ()
    kept = (word for word in words[:SCOPES_AT_MOST] if isinstance(word, str) and _SCOPE.fullmatch(word))
    return tuple(dict.fromkeys(kept))
