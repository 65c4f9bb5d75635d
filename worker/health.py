"""The worker's health over HTTP: `/livez`, `/readyz`, `/version`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from runtime.health import Check, readiness

Send = Callable[[dict[str, Any]], Awaitable[None]]


def health_app(checks: Mapping[str, Check], git_sha: str) -> Callable[..., Awaitable[None]]:
    """A tiny ASGI application; the worker has no use for a framework."""

    async def app(scope: Mapping[str, Any], _receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        match scope["path"]:
            case "/livez":
                await _answer(send, 200, {"alive": True})
            case "/readyz":
                state = await readiness(checks)
                await _answer(send, 200 if state.ready else 503, state)
            case "/version":
                await _answer(send, 200, {"git_sha": git_sha})
            case _:
                await _answer(send, 404, _nothing_here(scope["path"]), "application/problem+json")

    return app


def _nothing_here(path: str) -> dict[str, Any]:
    return {
        "type": "urn:gangway:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing here.",
        "instance": path,
        "code": "not_found",
        "errors": [],
        "request_id": None,
        "retryable": False,
    }


async def _answer(send: Send, status: int, body: object, media_type: str = "application/json") -> None:
    headers = [(b"content-type", media_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(body)})
