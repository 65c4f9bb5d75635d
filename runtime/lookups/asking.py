"""Asking a catalogue over HTTP: bounded in time and size, and not trusted."""

import asyncio
import logging
import ssl
from functools import cache
from typing import Protocol, TypeVar

import httpx
import msgspec
from msgspec import Struct

from onboarding.gtin import read_code
from onboarding.lookups import Limits, Product, Provider

ANSWER_BYTES = 1_000_000
CONNECT_SECONDS = 1.5
REST_SECONDS = 60
REST_AT_MOST_SECONDS = 24 * 3600
"""How long one is left alone that said it was asked too often, without and with a word for how long."""

AWAY_SECONDS = 5
"""How long one is left alone that could not be reached: whoever comes meanwhile need not wait for it."""


# It logs the address of each request, in which there is a key.
logging.getLogger("httpx").setLevel(logging.WARNING)

T = TypeVar("T")


class Away(Exception):
    """A catalogue did not say whether it knows the code. The message is a word; nothing of the address is in it.

    Attributes:
        rest_seconds: how long it asks not to be asked again, where it said so.
    """

    def __init__(self, why: str, rest_seconds: int = 0) -> None:
        super().__init__(why)
        self.rest_seconds = rest_seconds


class Answer(Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    body: bytes


class Catalogue(Protocol):
    """Somebody who knows products by their codes."""

    name: Provider
    limits: Limits

    async def look_up(self, gtin: str, seconds: float) -> Product | None:
        """The product, or None when they say that they know none.

        Raises:
            Away: they did not say.
        """
        ...


async def ask(url: str, *, params: dict[str, str], headers: dict[str, str], seconds: float) -> Answer:
    """Send a GET. No redirect is followed: it could lead anywhere, with the key.

    Raises:
        Away: there was no answer in time, or none that may be read: too long, too many requests, a server's error.
    """
    try:
        async with asyncio.timeout(seconds), _client(seconds) as client:
            # Compressed, a little answer could be a large one.
            plain = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
            async with client.stream("GET", url, params=params, headers=plain) as response:
                return await _read(response)
    except (TimeoutError, httpx.TimeoutException):
        raise Away("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Away(type(error).__name__, AWAY_SECONDS) from None


def read_answer(body: bytes, kind: type[T]) -> T:
    """JSON of this shape.

    Raises:
        Away: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Away("nonsense") from None


def is_of(gtin: str, *numbers: object) -> bool:
    """Whether a product is the one that was asked for: by one of its numbers, if it has any."""
    said = [number for number in numbers if isinstance(number, str) and number]
    return not said or any(read_code(number).gtin == gtin for number in said)


async def _read(response: httpx.Response) -> Answer:
    status = response.status_code
    if status == 429 or status >= 500 or status in (401, 402, 403, 408):
        raise Away(f"http_{status}", _rest_of(response.headers) or (REST_SECONDS if status == 429 else 0))
    if 300 <= status < 400:
        raise Away("redirect")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise Away("too_long")
    return Answer(status=status, body=bytes(body))


def _rest_of(headers: httpx.Headers) -> int:
    """`Retry-After` in seconds, a day at most; what else it may say is not looked at."""
    said = headers.get("retry-after", "").strip()
    return min(int(said[:9]), REST_AT_MOST_SECONDS) if said.isascii() and said.isdigit() else 0


def _client(seconds: float) -> httpx.AsyncClient:
    timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    # Without the environment's proxies and passwords: it is the settings that say where this goes.
    return httpx.AsyncClient(timeout=timeout, verify=_trusted(), trust_env=False, follow_redirects=False)


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
