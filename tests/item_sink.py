"""An item sink whose every answer a test decides; real HTTP."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import Struct, field

from cli.stub_ai.app import Receive, Scope, Send
from tests.scan_service import listening


class Got(Struct, frozen=True, kw_only=True):
    """An item that came: under which key, and what of it."""

    key: str
    headers: dict[str, str]
    item: dict[str, Any]
    times: int
    """How often this key had come, with this time."""


class Told(Struct, frozen=True, kw_only=True):
    """What is answered, once `held` is set, if there is one."""

    status: int = 202
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b"{}"
    pause_seconds: float = 0.0
    held: asyncio.Event | None = None


class SinkServer:
    """The sink: `url`, what it `got`, and its `script`. `taken` counts the items that it took, by key."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[Got] = []
        self.seen: Counter[str] = Counter()
        self.taken: dict[str, dict[str, Any]] = {}
        self.most_at_once = 0
        self.script: Callable[[Got], Told] = lambda _: Told()
        self._at_once = 0

    def reset(self) -> None:
        """Forget everything, and take what comes."""
        self.got.clear()
        self.seen.clear()
        self.taken.clear()
        self.most_at_once = 0
        self.script = lambda _: Told()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One item."""
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        key = headers["idempotency-key"]
        self.seen[key] += 1
        got = Got(key=key, headers=headers, item=msgspec.json.decode(body), times=self.seen[key])
        self.got.append(got)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._answer(got, send)
        finally:
            self._at_once -= 1

    async def _answer(self, got: Got, send: Send) -> None:
        told = self.script(got)
        if told.status < 300:
            self.taken.setdefault(got.key, got.item)
        if told.held:
            await told.held.wait()
        await asyncio.sleep(told.pause_seconds)
        pairs = [(name.encode(), value.encode()) for name, value in told.headers.items()]
        await send({"type": "http.response.start", "status": told.status, "headers": pairs})
        await send({"type": "http.response.body", "body": told.body})


@asynccontextmanager
async def item_sink() -> AsyncGenerator[SinkServer]:
    """The sink, on a free port, for as long as this is entered."""
    sink = SinkServer()
    async with listening(sink) as sink.url:
        yield sink
