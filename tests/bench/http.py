"""A small HTTP/1.1 client: one keep-alive connection, one request at a time.

The load generator shares the machine with what it measures, so a request costs it some 50 µs, a tenth of
what a full client takes.
"""

import asyncio
import time
from typing import Any, cast

import httptools
import msgspec

TIMEOUT_SECONDS = 30.0


class Unexpected(Exception):
    """An answer that is no success."""


class Http(asyncio.Protocol):
    """One connection to the API, as one signed-in person.

    Attributes:
        marked_at: when the mark of the last call arrived, by `time.perf_counter`; None when it never did.
    """

    def __init__(self, port: int, under: str) -> None:
        """Use `connect`."""
        self._port = port
        self._under = under
        self._token = ""
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[bytes] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._mark = b""
        self.marked_at: float | None = None

    @classmethod
    async def connect(cls, port: int, under: str = "/api/v1/onboarding") -> "Http":
        """A connection to this machine's port, for paths below `under`."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(lambda: cls(port, under), "127.0.0.1", port)
        return protocol

    def become(self, token: str) -> None:
        """Send further requests as the owner of this access token."""
        self._token = token

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    async def call(self, method: str, path: str, body: bytes = b"", *, key: str = "", mark: bytes = b"") -> bytes:
        """Send one request and wait for its answer's body.

        Args:
            method: of HTTP.
            path: below what the connection is for.
            body: JSON, or nothing.
            key: for the header `Idempotency-Key`.
            mark: in the answer's body, whose arrival is noted in `marked_at`.

        Raises:
            Unexpected: the answer is no success, or the connection ended.
            TimeoutError: no answer.
        """
        assert self._transport is not None
        assert self._waiting is None, "one request at a time"
        self._waiting = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._body = []
        self._mark, self.marked_at = mark, None
        head = (
            f"{method} {self._under}{path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{f'Idempotency-Key: {key}' if key else 'Accept: */*'}\r\n\r\n"
        )
        try:
            self._transport.write(head.encode() + body)
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._waiting
        finally:
            self._waiting = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not registered as one

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Unexpected(f"the connection ended: {exc}"))

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body.append(body)
        if self._mark and self.marked_at is None and self._mark in b"".join(self._body):
            self.marked_at = time.perf_counter()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._waiting is None or self._waiting.done():
            return
        status, body = self._parser.get_status_code(), b"".join(self._body)
        if 200 <= status < 300:
            self._waiting.set_result(body)
        else:
            self._waiting.set_exception(Unexpected(f"{status}: {body[:500].decode(errors='replace')}"))


def encoded(body: Any) -> bytes:
    """A request body."""
    return msgspec.json.encode(body)
