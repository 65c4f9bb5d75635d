"""An AI service whose every answer a test decides; real HTTP."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import uvicorn
from msgspec import Struct, field
from msgspec.structs import replace
from multipart import MultipartParser, parse_options_header
from temporalio.client import Client

from activities.ai.ledger import Books
from activities.ai.models import Models
from cli.embedded import local_client
from cli.embedded.ports import free_ports
from cli.stub_ai.app import Receive, Scope, Send
from db.pool import Database
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.stack import served, until
from worker.app import build_worker

RISK = {"risk": "Unlimited liability", "category": "legal", "context": "liable without limit"}
FOUND = {"data": [RISK], "source": "llm"}


class Received(Struct, frozen=True, kw_only=True):
    """What came with a request: the fields, and the file with its name and type."""

    path: str
    headers: dict[str, str]
    fields: dict[str, bytes]
    filename: str | None
    content_type: str | None


class Reply(Struct, frozen=True, kw_only=True):
    """What is done with it.

    Attributes:
        body: JSON, or bytes as they are.
        times: how often the body is sent, one after the other.
        pause_seconds: before anything, and `drip_seconds` before each body.
        held: what is waited for before anything.
        silent: never answer, and never hang up.
        cut: hang up after the body, though more was announced.
    """

    status: int = 200
    body: Any = field(default_factory=lambda: FOUND)
    headers: dict[str, str] = field(default_factory=dict[str, str])
    times: int = 1
    pause_seconds: float = 0.0
    held: asyncio.Event | None = None
    drip_seconds: float = 0.0
    silent: bool = False
    cut: bool = False


class ScanServer:
    """The service: `url`, what it `received`, and its `script`."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.script: Callable[[Received], Reply] = lambda _: Reply()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, to any address."""
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        received = _read(scope["path"], headers, await _body(receive))
        self.received.append(received)
        reply = self.script(received)
        gone = asyncio.create_task(_gone(receive))
        try:
            if reply.silent:
                await gone
                return
            if reply.held:
                await reply.held.wait()
            await asyncio.wait([gone], timeout=reply.pause_seconds)
            await _send(reply, send, gone)
        finally:
            gone.cancel()


async def _send(reply: Reply, send: Send, gone: asyncio.Task[None]) -> None:
    body = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
    headers = {"content-type": "application/json", **reply.headers}
    if reply.cut:
        headers["content-length"] = str(len(body) + 100)
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    for _ in range(reply.times):
        await asyncio.wait([gone], timeout=reply.drip_seconds)
        if gone.done():
            return
        await send({"type": "http.response.body", "body": body, "more_body": True})
    if not reply.cut:
        await send({"type": "http.response.body", "body": b""})


def _read(path: str, headers: dict[str, str], body: bytes) -> Received:
    fields: dict[str, bytes] = {}
    filename = content_type = None
    _, options = parse_options_header(headers.get("content-type", ""))
    for part in MultipartParser(io.BytesIO(body), options["boundary"], spool_limit=2**25, memory_limit=2**25):
        fields[part.name] = part.raw
        if part.filename:
            filename, content_type = part.filename, part.content_type
    return Received(path=path, headers=headers, fields=fields, filename=filename, content_type=content_type)


async def _body(receive: Receive) -> bytes:
    parts, more = list[bytes](), True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to pytest."""
        yield


@asynccontextmanager
async def listening(app: Any, port: int | None = None) -> AsyncGenerator[str]:
    """An application behind a server of its own, whose address this gives."""
    port = port or free_ports(1)[0]
    config = uvicorn.Config(
        app, port=port, lifespan="off", ws="none", log_config=None, timeout_graceful_shutdown=1
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def scan_service() -> AsyncGenerator[ScanServer]:
    """The service, on a free port, for as long as this is entered."""
    service = ScanServer()
    async with listening(service) as service.url:
        yield service


@asynccontextmanager
async def scanning(
    settings: Settings, temporal: Client, keys: Keys, **changes: Any
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of an API with a worker of its own, on a queue of their own, under other settings."""
    own = replace(settings, **{"task_queue": f"test-{uuid4()}", **changes})
    assert own.database_url
    database = await Database.open(own.database_url, min_size=1, max_size=8)
    books = Books(database, own)
    async with (
        Models(own, books) as models,
        build_worker(temporal, database, keys, books, models, own),
        served(own) as address,
        local_client(base_url=address, timeout=60) as client,
    ):
        yield client
    await database.close()
