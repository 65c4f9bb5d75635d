"""Gives every request an id and a log line, known routes or not."""

import re
import time
import uuid
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from runtime.context import RequestContext, current_request

_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_GOOD_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

log = structlog.get_logger()


class RequestIds:
    """The outermost layer: `X-Request-ID` in, out, and in every log line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application inside the request's context."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = _context(dict(scope["headers"]))
        current_request.set(context)
        started = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-request-id", context.request_id.encode())
                message["headers"] = [*message["headers"], header]
            await send(message)

        await self._app(scope, receive, sending)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        log.info("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)


def _context(headers: dict[bytes, Any]) -> RequestContext:
    request_id = headers.get(b"x-request-id", b"").decode("latin-1")
    trace = headers.get(b"traceparent", b"").decode("latin-1")
    return RequestContext(
        request_id=request_id if _GOOD_ID.fullmatch(request_id) else uuid.uuid4().hex,
        traceparent=trace if _GOOD_TRACE.fullmatch(trace) else None,
    )
