"""The item sink: where approved items go, one request each."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import httpx
import msgspec
from msgspec import Struct

from runtime.settings import Settings

SECONDS = 10.0
"""For an answer."""

CONNECT_SECONDS = 5.0
ANSWER_BYTES = 64 * 1024
"""Of an answer that are read: nothing but a refusal's code is looked for in it."""

_AGAIN = {408, 409, 425, 429}
"""Refusals that are none: the same request may be under way still, or have come too early."""

_FAULT: dict[int, Literal["sink", "rate"]] = {429: "rate", 502: "sink", 503: "sink", 504: "sink"}
_SHUT = {401, 403}


class Answer(Struct, frozen=True, kw_only=True):
    """What a sink did with an item.

    Attributes:
        kind: `taken`, `refused` for good, `again` where the same may be tried again, or `shut` for a sink that
            does not know our token.
        code: why it was not taken: `http_<status>`, what the sink calls it, or `unreachable`.
        fault: why to try again: it failed at this `item`, the `sink` is away, or its `rate` is used up.
        wait_seconds: what the sink asked for.
    """

    kind: Literal["taken", "refused", "again", "shut"]
    code: str = ""
    fault: Literal["item", "sink", "rate"] = "item"
    wait_seconds: float | None = None


class ItemSink:
    """`ITEM_SINK_URL`, which the operator has set: it may well be inside. No redirect is followed."""

    def __init__(self, settings: Settings, *, seconds: float = SECONDS) -> None:
        """Nothing is sent yet."""
        self._url = settings.item_sink_url
        self._token = settings.item_sink_token
        self._seconds = seconds
        self._tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator["Connected"]:
        """Connections to it, kept open between items.

        Raises:
            ValueError: none is set.
        """
        if self._url is None:
            raise ValueError("no item sink is set")
        if self._tls is None:
            self._tls = ssl.create_default_context()
        # Compressed, a little answer could be a large one.
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        timeout = httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds))
        # Without the environment's proxies and passwords: it is the setting that says where this goes.
        async with httpx.AsyncClient(
            timeout=timeout, verify=self._tls, trust_env=False, follow_redirects=False, headers=headers
        ) as client:
            yield Connected(client, self._url, self._seconds)


class Connected:
    """A sink that items are sent to."""

    def __init__(self, client: httpx.AsyncClient, url: str, seconds: float) -> None:
        """Use `ItemSink.connected`."""
        self._client = client
        self._url = url
        self._seconds = seconds

    async def send(self, key: str, body: bytes) -> Answer:
        """Send an item.

        Args:
            key: its `Idempotency-Key`: a sink that has seen it takes the item no second time.
            body: the item as JSON.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._sent(key, body)
        except (TimeoutError, httpx.TransportError):
            return Answer(kind="again", code="unreachable", fault="sink")

    async def _sent(self, key: str, body: bytes) -> Answer:
        headers = {"Idempotency-Key": key}
        async with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
            if answer.is_success:
                return Answer(kind="taken")
            return _refusal(answer, await _read(answer))


def _refusal(answer: httpx.Response, body: bytes) -> Answer:
    status, code = answer.status_code, f"http_{answer.status_code}"
    if status in _SHUT:
        return Answer(kind="shut", code=code)
    if status in _AGAIN or status >= 500:
        wait = _seconds_of(answer.headers.get("retry-after", ""))
        return Answer(kind="again", code=code, fault=_FAULT.get(status, "item"), wait_seconds=wait)
    return Answer(kind="refused", code=_code_in(body) or code)


def _code_in(body: bytes) -> str | None:
    """The stable code of a problem body, if this is one."""
    try:
        code: object = msgspec.json.decode(body, type=dict[str, object]).get("code")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return code if isinstance(code, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,63}", code) else None


def _seconds_of(retry_after: str) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}", retry_after, re.ASCII):
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)


async def _read(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES:
            return b""
    return body
