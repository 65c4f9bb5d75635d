"""A small HTTP server that can also hang up, drip, and say what is no JSON."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec


class Request:
    """What was asked. Header names are in small letters."""

    def __init__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.path, self.headers, self.body = method, parts.path, headers, body
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.pairs = parse_qsl(parts.query, keep_blank_values=True)

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of the body, where it is a form in which no field comes twice."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        pairs = parse_qsl(self.body.decode(), keep_blank_values=True)
        return dict(pairs) if len(dict(pairs)) == len(pairs) else {}

    @property
    def basic(self) -> tuple[str, str] | None:
        """Name and secret of HTTP's basic authentication."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        name, _, secret = b64decode(value).decode().partition(":")
        return name, secret

    @property
    def bearer(self) -> str:
        """The access token."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value if kind.lower() == "bearer" else ""

    def __repr__(self) -> str:
        return f"{self.method} {self.path}"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered.

    Attributes:
        body: JSON, or bytes as they are, sent so many `times`.
        drip_seconds: before each of them.
        drop: hang up instead.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = {}
    times: int = 1
    drip_seconds: float = 0.0
    drop: bool = False


nonsense = Reply(body=b"<html><body>We will be back soon</body></html>", headers={"Content-Type": "text/html"})
"""A page for people, where JSON was asked for."""

huge = Reply(body=b" " * 1_000_000, times=40)
"""More than anybody should read."""

dripping = Reply(body=b" ", times=600, drip_seconds=0.2)
"""An answer that is always about to come."""


def moved(to: str) -> Reply:
    """A redirect."""
    return Reply(status=302, headers={"Location": to})


Answer = Callable[[Request], Awaitable[Reply]]


class HttpServer:
    """One request a connection, each answered by `answer`; `errors` are those of the answers themselves."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._serving = set[asyncio.Task[Any]]()
        self.errors: list[Exception] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            await self._send(await self._answer(await _read(reader)), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has left, as it may
        except Exception as error:  # noqa: BLE001  the test fails with it at its end
            self.errors.append(error)
        finally:
            self._serving.discard(task)
            writer.close()

    def hang_up(self) -> None:
        """Close every connection."""
        for task in self._serving:
            task.cancel()

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        if reply.drop:
            writer.transport.abort()
            return
        body = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        length = str(len(body) * reply.times)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": length,
            "Connection": "close",
            **reply.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{head}\r\n".encode())
        for _ in range(reply.times):
            if reply.drip_seconds:
                await asyncio.sleep(reply.drip_seconds)
            writer.write(body)
            await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


@asynccontextmanager
async def listening(answer: Answer) -> AsyncGenerator[str]:
    """Such a server on a free port, whose address this gives."""
    http = HttpServer(answer)
    server = await asyncio.start_server(http.serve, "127.0.0.1", 0, limit=2**20)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        http.hang_up()
        await server.wait_closed()
    if http.errors:
        raise ExceptionGroup("the fake could not answer", http.errors)
