"""Gives every request an id, an answer and a log line, whatever happens inside."""

import re
import time
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import internal_error, send_problem
from runtime.context import RequestContext, current_request
from runtime.request_ids import request_id_of

_GOOD_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

log = structlog.get_logger()


class RequestIds:
    """The outermost layer: `X-Request-ID` in, out, and in every log line; the last net for errors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application inside the request's context.

        What escapes it is answered here as long as no answer has begun; later the server logs it and hangs up.
        """
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

        try:
            await self._app(scope, receive, sending)
        # Whatever it is, who asks gets a problem with an id, and the log says why.
        except Exception as error:
            if status:
                raise
            log.error("unhandled error", exc_info=error, path=scope["path"])
            await send_problem(scope["path"], internal_error(), sending)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)


def _context(headers: dict[bytes, Any]) -> RequestContext:
    trace = headers.get(b"traceparent", b"").decode("latin-1")
    return RequestContext(
        request_id=request_id_of(headers),
        traceparent=trace if _GOOD_TRACE.fullmatch(trace) else None,
    )
