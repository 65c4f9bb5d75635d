"""Single requests, bounded in every way; what comes of them in the words of `Reason`."""

import ssl
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

import httpcore
import httpx

from onboarding.scraping import Reason
from runtime.fetching.pinning import CONNECT_SECONDS, PinnedTransport, RefusedAddress
from runtime.fetching.resolving import UnknownHost

AGENT = "Gangway"
"""By which robots.txt may call it."""

REDIRECTS = 5
PIECE = 65_536
_SECONDS = 10.0
_LATER = (Reason.TIMEOUT, Reason.SERVER_ERROR)
_FORMATS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class NotFetched(Exception):
    """Nothing came of it, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def may_pass(self) -> bool:
        """Whether it may be another thing a moment later."""
        return self.reason in _LATER


class Wire:
    """Makes requests: no cookies, no redirects, nothing from the environment."""

    def __init__(self, transport: PinnedTransport, contact: str) -> None:
        """`contact` is the address at which those who are asked find out who asks."""
        self._transport = transport
        self._headers = {
            "User-Agent": f"{AGENT}/1.0 (+{contact})",
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            "Accept-Encoding": ", ".join(("gzip", "deflate")),
            "Connection": "close",
        }

    @asynccontextmanager
    async def get(self, url: str) -> AsyncGenerator[httpx.Response]:
        """An answer, of which nothing but status and headers (100 kB at most) is read.

        Raises:
            NotFetched: there is none. Raised for what goes wrong while its body is read, too.
        """
        timeout = {"connect": CONNECT_SECONDS, "read": _SECONDS, "write": _SECONDS, "pool": _SECONDS}
        try:
            request = httpx.Request("GET", url, headers=self._headers, extensions={"timeout": timeout})
            answer = await self._transport.handle_async_request(request)
            try:
                yield answer
            finally:
                await answer.aclose()
        except RefusedAddress:
            raise NotFetched(Reason.REFUSED_ADDRESS) from None
        except UnknownHost:
            raise NotFetched(Reason.UNKNOWN_HOST) from None
        except httpcore.TimeoutException:
            raise NotFetched(Reason.TIMEOUT) from None
        except httpx.InvalidURL:
            raise NotFetched(Reason.BAD_URL) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError):
            # No word of how it failed: nobody is to learn which ports of what machine are open.
            raise NotFetched(Reason.UNREACHABLE) from None


class Undecodable(Exception):
    """It is packed in a way that was not asked for, or wrongly."""


class Unpacking(Protocol):
    """What takes packed bytes and never gives more than it is asked for."""

    @property
    def unconsumed_tail(self) -> bytes:
        """What it has not looked at yet."""
        ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes:
        """Some of what is inside."""
        ...


async def read(answer: httpx.Response, at_most: int) -> tuple[bytes, bool]:
    """The body of an answer, unpacked, up to so many bytes, and whether that is all of it.

    Both as it comes and unpacked it is looked at up to that size only: what unfolds to more is not unfolded.

    Raises:
        Undecodable: see there.
    """
    body, raw = bytearray(), 0
    unpack = _Unpacker(answer.headers.get("content-encoding", ""))
    async for chunk in answer.aiter_raw(PIECE):
        raw += len(chunk)
        for piece in unpack(chunk, at_most + 1 - len(body)):
            body += piece
        if len(body) > at_most or raw > at_most:
            return bytes(body[:at_most]), False
    return bytes(body), True


class _Unpacker:
    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", *_FORMATS):
            raise Undecodable(name[:20])
        self._raw_may_follow = name == "deflate"
        self._inner: Unpacking | None = zlib.decompressobj(_FORMATS[name]) if name in _FORMATS else None

    def __call__(self, chunk: bytes, at_most: int) -> list[bytes]:
        """What is in a chunk, in pieces, all together no more than so many bytes."""
        if self._inner is None:
            return [chunk[:at_most]]
        pieces: list[bytes] = []
        while at_most > 0 and (piece := self._some(self._inner, chunk, min(at_most, PIECE))):
            pieces.append(piece)
            at_most -= len(piece)
            chunk = self._inner.unconsumed_tail
        return pieces

    def _some(self, inner: Unpacking, chunk: bytes, at_most: int) -> bytes:
        try:
            piece = inner.decompress(chunk, at_most)
        except zlib.error:
            if not self._raw_may_follow:
                raise Undecodable("broken") from None
            # Some servers say deflate, and leave the frame around it out.
            self._raw_may_follow = False
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._some(self._inner, chunk, at_most)
        self._raw_may_follow = False
        return piece
