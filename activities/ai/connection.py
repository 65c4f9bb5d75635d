"""The HTTP connection to a server of models: kept alive, and bounded in what goes out and what comes in.

The client library takes a third of a second to import: it is, here and beside this, when there is a server to ask.
The API, which knows activities by their names only, starts without it.
"""

import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx2

from activities.ai.endpoint import Endpoint

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ANSWER_BYTES_AT_MOST = 4_000_000
"""On the wire. A chunk of one token takes some 300 bytes."""

CONNECT_SECONDS = 5.0
CONNECTIONS_AT_MOST = 100
IDLE_SECONDS = 30.0

_SENT = {
    *("accept", "authorization", "connection", "content-length", "content-type", "host", "user-agent"),
}
"""The headers that leave. The library adds others, about this machine and from variables of its environment."""


def connected(endpoint: Endpoint) -> "AsyncOpenAI":
    """A client of one server, which connects when it is first used. Close it.

    It retries nothing, follows no redirect, and knows no proxy but what the settings say: none. Only connecting is
    bounded here; the rest is for who waits.
    """
    from openai import AsyncOpenAI

    # These log addresses, and in some versions bodies: what people say has no place in a log, whatever its level.
    for name in ("openai", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx2.Limits(
        max_connections=CONNECTIONS_AT_MOST,
        max_keepalive_connections=CONNECTIONS_AT_MOST,
        keepalive_expiry=IDLE_SECONDS,
    )
    return AsyncOpenAI(
        api_key=endpoint.key,
        base_url=endpoint.base_url,
        max_retries=0,
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        http_client=httpx2.AsyncClient(
            transport=_Bounded(limits=limits, trust_env=False), trust_env=False, follow_redirects=False
        ),
    )


class _Bounded(httpx2.AsyncHTTPTransport):
    """Sends what must be sent, and reads so much of an answer and no more."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        for name in [name for name in request.headers if name not in _SENT]:
            del request.headers[name]
        # A small answer may grow without measure once it is unpacked.
        request.headers["accept-encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.RemoteProtocolError("packed, and it was asked not to be", request=request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream, request)
        return response


class _Counted(httpx2.AsyncByteStream):
    """A body that ends with an error where it grows too large."""

    def __init__(self, body: httpx2.AsyncByteStream, request: httpx2.Request) -> None:
        self._body, self._request = body, request
        self._left = ANSWER_BYTES_AT_MOST

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            self._left -= len(part)
            if self._left < 0:
                raise httpx2.ReadError("too large", request=self._request)
            yield part

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._body.aclose()
