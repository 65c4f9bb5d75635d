"""What the framework leaves open about cross-origin requests."""

from collections.abc import Collection, Iterable

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Code, ProblemError, send_problem


class CrossOrigin:
    """Refuses a preflight from a foreign origin with a problem; leaves an OPTIONS that is none to its route; tells
    caches that answers differ by origin.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a foreign preflight; pass everything else on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        added: list[tuple[bytes, bytes]] = []
        if scope["method"] == "OPTIONS":
            if b"access-control-request-method" not in headers:
                # The framework takes every OPTIONS with an origin for a preflight, so it does not see this one's.
                scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"origin"]
                added = _readable_by(origin) if origin in self._allowed else []
            elif origin not in self._allowed:
                await send_problem(scope["path"], _foreign(), send)
                return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                varies = self._allowed and not _varies(message["headers"])
                message["headers"] = [*message["headers"], *added, *([(b"vary", b"Origin")] if varies else [])]
            await send(message)

        await self._app(scope, receive, sending)


def _varies(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"vary" and b"origin" in value.lower() for name, value in headers)


def _readable_by(origin: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
    ]


def _foreign() -> ProblemError:
    detail = "This origin may not call from a browser."
    return ProblemError(403, Code.FORBIDDEN, detail, headers={"Vary": "Origin"})
