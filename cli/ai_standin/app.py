"""The stand-in's HTTP: `POST /scan` and `GET /readyz`."""

import asyncio
import io
from typing import Any

import msgspec
from multipart import MultipartError, MultipartParser, parse_options_header

from cli.ai_standin.reading import Unreadable, text_of
from cli.ai_standin.rules import findings
from cli.stub_ai.app import Receive, Scope, Send

BODY_AT_MOST = 12_000_000


class StandinApp:
    """Answers as the service does, from rules."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        assert scope["type"] == "http", "uvicorn is told to send nothing else"
        match scope["method"], scope["path"]:
            case "POST", "/scan":
                status, answer = await self._scan(scope, receive)
            case "GET", "/readyz":
                status, answer = 200, {"status": "ok", "what": "a stand-in of the AI service"}
            case _:
                status, answer = 404, {"detail": "There is nothing here."}
        body = msgspec.json.encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _scan(self, scope: Scope, receive: Receive) -> tuple[int, Any]:
        body = await _body(receive)
        if body is None:
            return 413, {"detail": "The upload is too large."}
        header = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        try:
            text = await asyncio.to_thread(_text, header.decode("latin-1"), body)
        except Unreadable as error:
            return 422, {"detail": f"This cannot be read: {error}."}
        return 200, {"data": await asyncio.to_thread(findings, text), "source": "model"}


def _text(content_type: str, body: bytes) -> str:
    media_type, options = parse_options_header(content_type)
    if media_type != "multipart/form-data":
        raise Unreadable("a form is needed")
    try:
        boundary = options.get("boundary", "")
        for part in MultipartParser(
            io.BytesIO(body), boundary, spool_limit=BODY_AT_MOST, memory_limit=BODY_AT_MOST
        ):
            if part.name == "file":
                return text_of(part.filename or "", part.raw)
            if part.name == "text":
                return part.raw.decode(errors="replace")
    except MultipartError:
        raise Unreadable("the form is malformed") from None
    raise Unreadable("there is neither file nor text")


async def _body(receive: Receive) -> bytes | None:
    parts, size, more = list[bytes](), 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
        size += len(parts[-1])
        if size > BODY_AT_MOST:
            return None
    return b"".join(parts)
