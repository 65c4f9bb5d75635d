"""Catalogues of products whose every answer a test decides; real HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct, field

from cli.stub_ai.app import Receive, Scope, Send
from tests.scan_service import listening


class Question(Struct, frozen=True, kw_only=True):
    """A request that came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def provider(self) -> str:
        """Which catalogue was meant; all of them are served here."""
        if self.path.startswith("/v3/"):
            return "barcode_lookup"
        return "open_food_facts" if self.path.startswith("/api/v2/") else "upcitemdb"


class Reply(Struct, frozen=True, kw_only=True):
    """What is answered: JSON or bytes, after a pause, so many times."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    times: int = 1
    pause_seconds: float = 0.0


UNKNOWN = {
    "barcode_lookup": Reply(status=404, body=b"not found"),
    "open_food_facts": Reply(status=404, body={"status": 0, "status_verbose": "product not found"}),
    "upcitemdb": Reply(body={"code": "OK", "total": 0, "items": []}),
}
"""How each of them says no."""


def found(provider: str, number: str, name: object = "A mug", **more: Any) -> Reply:
    """How each of them tells of a product."""
    match provider:
        case "barcode_lookup":
            item = {
                "barcode_number": number,
                "title": name,
                "brand": "Potters",
                "images": ["https://a.example/1.jpg"],
            }
            return Reply(body={"products": [{**item, "category": "Kitchen > Mugs", **more}]})
        case "open_food_facts":
            product = {"product_name": name, "brands": "Potters, Others", "categories": "Kitchen, Mugs", **more}
            return Reply(body={"status": 1, "code": number, "product": product})
        case _:
            item = {"ean": number, "title": name, "brand": "Potters", "category": "Kitchen > Mugs", "images": []}
            return Reply(body={"code": "OK", "total": 1, "items": [{**item, **more}]})


class Catalogues:
    """All three: `url`, what they were `asked`, and the `script`."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Question] = []
        self.script: Callable[[Question], Reply] = lambda question: UNKNOWN[question.provider]

    def says(self, **replies: Reply) -> None:
        """By provider, what it answers from now on; the others know nothing. Nothing was asked before."""
        self.asked.clear()
        self.script = lambda question: replies.get(question.provider, UNKNOWN[question.provider])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        question = Question(
            path=scope["path"],
            query={name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()},
            headers={name.decode(): value.decode() for name, value in scope["headers"]},
        )
        self.asked.append(question)
        reply = self.script(question)
        await receive()
        if reply.pause_seconds:
            gone = asyncio.ensure_future(receive())
            await asyncio.wait([gone], timeout=reply.pause_seconds)
            gone.cancel()
        body = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for _ in range(reply.times):
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def catalogues() -> AsyncGenerator[Catalogues]:
    """The catalogues, on a free port, for as long as this is entered."""
    served = Catalogues()
    async with listening(served) as served.url:
        yield served
