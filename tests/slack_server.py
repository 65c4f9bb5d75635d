"""A stand-in of Slack whose every answer a test decides; real HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import Struct

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Post(Struct, frozen=True, kw_only=True):
    """What somebody posted."""

    path: str
    body: Any


class SlackServer:
    """Takes posts, and answers each as `answers` says: the first one first, and the last one for ever."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[Answer] = [status(200)]
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        try:
            self.posts.append(await _read(reader))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # whoever asked did not wait for the end, or speaks TLS
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Post:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return Post(path=head.split()[1], body=msgspec.json.decode(body))


def status(code: int, **headers: str) -> Answer:
    """An answer with this status."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {code} Said\r\n{lines}Content-Length: 2\r\n\r\nok".encode())
        await writer.drain()

    return answer


def endless(header: bool = False) -> Answer:
    """A good answer whose body, or header, never ends."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + (b"X: " if header else b"Content-Length: 1000000000000\r\n\r\n"))
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    return answer


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Say nothing until whoever asked hangs up."""
    await reader.read()


async def hangs_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Close without an answer."""


async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer something that is no HTTP."""
    writer.write(b"\x00\x01\x02 nonsense\r\n\r\n")
    await writer.drain()


@asynccontextmanager
async def slack_server() -> AsyncGenerator[SlackServer]:
    """The server, on a free port, for as long as this is entered."""
    slack = SlackServer()
    server = await asyncio.start_server(slack.serve, "127.0.0.1", 0)
    slack.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/services/T0/B0/canary-secret"
    try:
        yield slack
    finally:
        server.close()
        await server.wait_closed()
