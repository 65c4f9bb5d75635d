"""What the framework leaves open about cross-origin requests."""

from collections.abc import Collection, Iterable

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import PROBLEM_JSON, Code, ProblemError, problem_at


class CrossOrigin:
    """Refuses a preflight from a foreign origin with a problem; tells caches that answers differ by origin."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a foreign preflight; pass everything else on."""
        if scope["type"] != "http" or not self._allowed:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in headers
        if preflight and origin not in self._allowed:
            await _refuse(scope["path"], send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not _varies(message["headers"]):
                message["headers"] = [*message["headers"], (b"vary", b"Origin")]
            await send(message)

        await self._app(scope, receive, sending)


def _varies(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"vary" and b"origin" in value.lower() for name, value in headers)


async def _refuse(path: str, send: Send) -> None:
    problem = problem_at(path, ProblemError(403, Code.FORBIDDEN, "This origin may not call from a browser."))
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"vary", b"Origin")]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(problem), "more_body": False})
