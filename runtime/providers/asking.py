"""Asking a provider over HTTP: bounded in time and size, and not trusted."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from functools import cache
from typing import TypeVar

import httpx
import msgspec

SECONDS = 20.0
"""For an answer, from first to last byte."""

CONNECT_SECONDS = 4.0
ANSWER_BYTES = 20_000_000
REST_SECONDS = 60
REST_AT_MOST_SECONDS = 24 * 3600

_QUOTA = re.compile(rb'"reason"\s*:\s*"(?:rateLimit|userRateLimit|dailyLimit|quota)Exceeded"')
"""How Google says too many requests with a 403."""

T = TypeVar("T")


class ProviderError(Exception):
    """A provider did not do what it was asked. The message is a stable word, without addresses and tokens."""

    @property
    def code(self) -> str:
        """The word."""
        return str(self)


class Away(ProviderError):
    """There was no answer that says anything: try again later.

    Attributes:
        rest_seconds: how long it asks not to be asked again, where it said so.
        sent: whether the request may have reached it: what it does then, it may have done.
    """

    def __init__(self, why: str, rest_seconds: int = 0, *, sent: bool = True) -> None:
        super().__init__(why)
        self.rest_seconds = rest_seconds
        self.sent = sent


class Revoked(ProviderError):
    """The provider does not know the consent any more: somebody must consent anew."""


class Refused(ProviderError):
    """The provider understood and said no; asking again changes nothing."""


class NotFound(Refused):
    """What was asked for is not there."""


class Api:
    """The API of a provider, as one connection sees it.

    Args:
        base: its address.
        token: gives an access token; called with the one that was refused, it gives another one.
        http: a client to use for all requests, for who makes many.
    """

    def __init__(
        self,
        base: str,
        token: Callable[[str | None], Awaitable[str]],
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._http = http

    async def get(
        self,
        path: str,
        kind: type[T],
        *,
        params: Mapping[str, str] | list[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        base: str | None = None,
    ) -> T:
        """JSON of this shape, below the address of the API, or below `base`.

        Raises:
            Away: no answer in time, too many requests, a server's error, or one that is no JSON of this shape.
            Revoked: the token is refused, and so is a new one.
            NotFound: 404.
            Refused: any other 4xx, a redirect.
        """
        url = f"{(base or self._base).rstrip('/')}{path}"
        token = await self._token(None)
        answer = await send("GET", url, http=self._http, params=params, headers=_with(headers, token))
        if answer.status_code == 401:
            token = await self._token(token)
            answer = await send("GET", url, http=self._http, params=params, headers=_with(headers, token))
        if answer.status_code == 401:
            raise Revoked("token_refused")
        check(answer)
        return read_json(answer, kind)


def _with(headers: Mapping[str, str] | None, token: str) -> dict[str, str]:
    return {"Accept": "application/json", **(headers or {}), "Authorization": f"Bearer {token}"}


async def send(
    method: str,
    url: str,
    *,
    bytes_at_most: int = ANSWER_BYTES,
    http: httpx.AsyncClient | None = None,
    **request: object,
) -> httpx.Response:
    """Send a request and read its answer whole. No redirect is followed: it could lead anywhere, with the token.

    Without a client to use, this makes one of its own.

    Raises:
        Away: no answer in time, or one that is too long.
    """
    sent = False
    try:
        async with (
            asyncio.timeout(SECONDS),
            nullcontext(http) if http else client() as used,
            used.stream(method, url, **request) as response,  # pyright: ignore[reportArgumentType]
        ):
            sent = True
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > bytes_at_most:
                    raise Away("too_long")
            return httpx.Response(response.status_code, headers=_kept(response.headers), content=bytes(body))
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise Away("unreachable", sent=False) from None
    except (TimeoutError, httpx.TimeoutException):
        raise Away("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        raise Away("dropped" if sent else "unreachable") from None


def check(answer: httpx.Response) -> None:
    """Nothing, where the answer is a success.

    Raises:
        Away, NotFound, Refused: see `Api.get`.
    """
    status = answer.status_code
    if status == 429 or status >= 500 or status == 408:
        raise Away(f"http_{status}", rest_of(answer.headers) or (REST_SECONDS if status == 429 else 0))
    if status == 403 and _QUOTA.search(answer.content[:10_000]):
        raise Away("http_403", rest_of(answer.headers) or REST_SECONDS)
    if status == 404:
        raise NotFound("http_404")
    if not 200 <= status < 300:
        raise Refused(f"http_{status}")


def read_json(answer: httpx.Response, kind: type[T]) -> T:
    """JSON of this shape.

    Raises:
        Away: it is something else.
    """
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Away("nonsense") from None


def rest_of(headers: httpx.Headers) -> int:
    """`Retry-After` in seconds, a day at most; what else it may say is not looked at."""
    said = headers.get("retry-after", "").strip()
    return min(int(said[:9]), REST_AT_MOST_SECONDS) if said.isascii() and said.isdigit() else 0


def client() -> httpx.AsyncClient:
    """A client that follows nothing, and knows no proxy of the environment."""
    timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    return httpx.AsyncClient(timeout=timeout, verify=_trusted(), trust_env=False, follow_redirects=False)


def _kept(headers: httpx.Headers) -> dict[str, str]:
    """Of the headers what somebody reads: the body is decoded already."""
    return {name: headers[name] for name in ("content-type", "retry-after", "last-modified") if name in headers}


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
