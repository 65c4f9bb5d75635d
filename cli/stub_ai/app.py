"""The stub's HTTP: plain ASGI, since breaking a connection in the midst of an answer is what it is for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from cli.stub_ai.reaction import Reaction, Request, events, problem, whole

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Decide = Callable[[Request], Reaction]

_BODY_AT_MOST = 4_000_000
_JSON = "application/json"


class StubApp:
    """`POST /v1/chat/completions`, `GET /v1/models` and `GET /readyz`."""

    def __init__(self, decide: Decide, models: Iterable[str]) -> None:
        """`decide` says what is done with each request."""
        self._decide = decide
        self._models = list(models)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        assert scope["type"] == "http", "uvicorn is told to send nothing else"
        match scope["method"], scope["path"]:
            case "POST", "/v1/chat/completions":
                await self._complete(scope, receive, send)
            case "GET", "/v1/models":
                listed = [{"id": name, "object": "model", "owned_by": "stub"} for name in self._models]
                await _send_all(send, 200, msgspec.json.encode({"object": "list", "data": listed}))
            case "GET", "/readyz":
                await _send_all(send, 200, b'{"status":"ok"}')
            case _:
                await _react(problem(404, "There is nothing here."), send)

    async def _complete(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _react(problem(413, "The request is too large."), send)
            return
        try:
            fields = msgspec.json.decode(body, type=dict[str, Any])
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            request = msgspec.convert({**fields, "body": fields, "headers": headers}, Request)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            await _react(problem(400, str(error)), send)
            return
        reaction = self._decide(request)
        gone = asyncio.create_task(_gone(receive))
        try:
            if reaction.silent or await _gone_before(gone, reaction):
                await gone
            elif reaction.body is not None:
                await _react(reaction, send)
            elif request.stream:
                await _stream(request, reaction, send, gone)
            else:
                await _send_all(send, reaction.status, whole(request, reaction), reaction.headers)
        finally:
            gone.cancel()


async def _stream(request: Request, reaction: Reaction, send: Send, gone: asyncio.Task[None]) -> None:
    await _begin(send, reaction.status, {"content-type": "text/event-stream", **reaction.headers})
    event = b""
    for number, data in enumerate(events(request, reaction)):
        if number == reaction.stop_after:
            break
        event = b"data: " + data + b"\n\n"
        await send({"type": "http.response.body", "body": event, "more_body": True})
    if reaction.stop_after is not None and reaction.then != "end":
        while reaction.then == "repeat" and not gone.done():
            await send({"type": "http.response.body", "body": event, "more_body": True})
            await asyncio.sleep(0)
        if reaction.then == "hang":
            await gone
        return  # without an end: the server breaks the connection
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _react(reaction: Reaction, send: Send) -> None:
    await _send_all(send, reaction.status, reaction.body or b"", reaction.headers)


async def _begin(send: Send, status: int, headers: dict[str, str]) -> None:
    pairs = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


async def _send_all(send: Send, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    await _begin(send, status, {"content-type": _JSON, "content-length": str(len(body)), **(headers or {})})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _body(receive: Receive) -> bytes | None:
    parts, size, more = list[bytes](), 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
        size += len(parts[-1])
        if size > _BODY_AT_MOST:
            return None
    return b"".join(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _gone_before(gone: asyncio.Task[None], reaction: Reaction) -> bool:
    """Whether whoever asks has hung up before it was time to answer."""
    if reaction.until is not None:
        until = asyncio.create_task(reaction.until.wait())
        await asyncio.wait([gone, until], return_when=asyncio.FIRST_COMPLETED)
        until.cancel()
    done, _ = await asyncio.wait([gone], timeout=reaction.delay_seconds)
    return bool(done)
