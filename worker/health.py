"""The worker's health over HTTP: `/livez`, `/readyz`, `/version`."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from runtime.health import RETRY_AFTER_SECONDS, Check, readiness, shared
from runtime.request_ids import request_id_of

Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Answer(Struct, frozen=True):
    status: int
    body: object
    headers: dict[str, str]


def health_app(checks: Mapping[str, Check], git_sha: str) -> Callable[..., Awaitable[None]]:
    """A tiny ASGI application; the worker has no use for a framework."""
    checks = shared(checks)

    async def livez() -> _Answer:
        return _json(200, {"alive": True})

    async def readyz() -> _Answer:
        state = await readiness(checks)
        return _json(200, state) if state.ready else _json(503, state, {"Retry-After": RETRY_AFTER_SECONDS})

    async def version() -> _Answer:
        return _json(200, {"git_sha": git_sha})

    routes = {"/livez": livez, "/readyz": readyz, "/version": version}

    async def app(scope: Mapping[str, Any], _receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        request_id = request_id_of(dict(scope["headers"]))
        route = routes.get(scope["path"])
        if route is None:
            answer = _problem(404, "not_found", "There is nothing here.", scope["path"], request_id)
        elif scope["method"] != "GET":
            detail = "This method is not allowed here."
            answer = _problem(405, "method_not_allowed", detail, scope["path"], request_id, {"Allow": "GET"})
        else:
            answer = await route()
        await _send(send, answer, request_id)

    return app


def _json(status: int, body: object, headers: Mapping[str, str] | None = None) -> _Answer:
    return _Answer(status, body, {"Content-Type": "application/json", **(headers or {})})


def _problem(
    status: int, code: str, detail: str, path: str, request_id: str, headers: Mapping[str, str] | None = None
) -> _Answer:
    """In the shape that the API's problems have."""
    body = {
        "type": f"urn:gangway:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path,
        "code": code,
        "errors": [],
        "request_id": request_id,
        "retryable": False,
    }
    return _Answer(status, body, {"Content-Type": "application/problem+json", **(headers or {})})


async def _send(send: Send, answer: _Answer, request_id: str) -> None:
    headers = {**answer.headers, "X-Request-ID": request_id}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": msgspec.json.encode(answer.body)})
