"""The OpenAPI document and its page, whose scripts are served from here: no CDN."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from threading import Lock
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.params import FromPath
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from api.body import FORM, MULTIPART, body_type
from api.idempotency import UNSAFE
from api.problems import PROBLEM_JSON, Problem

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


@get("/schema/assets/{name:str}", opt={"entry": "open"}, include_in_schema=False, sync_to_thread=False)
def assets(name: FromPath[str]) -> Response[bytes]:
    """A script or style of the documentation page."""
    if name not in ASSETS:
        raise NotFoundException
    content = files("swagger_ui").joinpath("static", name).read_bytes()
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(content, media_type=ASSETS[name], headers=headers)


def _no_page_is_a_problem(response: Response[Any]) -> Response[Any]:
    """The framework answers unknown paths below its pages in HTML; here every error is a problem."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return response


def _operation_id(_: HTTPRouteHandler, method: Method, path: list[str | PathParameterDefinition]) -> str:
    """Such as `post_onboarding_start`, for the names that generated clients give their methods."""
    parts = [part if isinstance(part, str) else part.name for part in path]
    named = "_".join(parts).removeprefix("api_v1_").replace("-", "_")
    return f"{method.lower()}_{named}"


def openapi_config() -> OpenAPIConfig:
    """What `/schema` shows."""
    return OpenAPIConfig(
        title="Gangway",
        version="1",
        description="Onboarding runs, and the people in them: sign-in, users, invitations, tenants.",
        operation_id_creator=_operation_id,
        use_handler_docstrings=True,
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            opt={"entry": "open"},
            before_request=_make_document,
            after_request=_no_page_is_a_problem,
        ),
        security=[{"bearer": []}, {"bearer": [], "id_token": []}],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
                "id_token": SecurityScheme(
                    type="apiKey",
                    security_scheme_in="header",
                    name="X-ID-Token",
                    description="Beside the access token of another issuer, what that does not say of the person.",
                ),
                "event_token": SecurityScheme(
                    type="apiKey",
                    security_scheme_in="header",
                    name="Authorization",
                    description="`Event <token>`, with the `ingest_token` of an AWS account.",
                ),
                "capture_token": SecurityScheme(
                    type="apiKey",
                    security_scheme_in="header",
                    name="Authorization",
                    description="`Capture <token>`, with the token in the link of a capture session.",
                ),
            }
        ),
        render_plugins=[
            SwaggerRenderPlugin(
                path=["/", "/swagger"],
                js_url="/schema/assets/swagger-ui-bundle.js",
                css_url="/schema/assets/swagger-ui.css",
                favicon="<link rel='icon' type='image/png' href='/schema/assets/favicon-32x32.png'>",
                standalone_preset_js_url="/schema/assets/swagger-ui-standalone-preset.js",
            )
        ],
    )


async def _make_document(request: Request[Any, Any, Any]) -> None:
    """Before the first page is shown; in a thread, since it takes longer than others can be held up."""
    await asyncio.to_thread(document_of, request.app)


def document_of(app: Litestar) -> OpenAPI:
    """The framework's document, completed. It is made when it is first asked for: it is a third of a start."""
    with _one_at_a_time:
        if "documented" not in app.state:
            _complete_all(app)
            app.state.documented = True
    return app.openapi_schema


_one_at_a_time = Lock()


def _complete_all(app: Litestar) -> None:
    """Add to the framework's document what it cannot know.

    Every error is a `Problem`; bodies refuse unknown fields, have bounds, and may be left out where all of
    them is optional; unsafe methods take an `Idempotency-Key`; some routes need no token.
    """
    document = app.openapi_schema
    schemas: dict[str, Any] = document.components.schemas or {}
    structs: set[type] = {Problem}
    for route in app.routes:
        item = (document.paths or {}).get(getattr(route, "path_format", ""))
        for handler in getattr(route, "route_handlers", []) if item else []:
            structs |= {
                kind for kind in [body_type(handler), handler.opt.get("form"), handler.opt.get("json")] if kind
            }
            for method in handler.http_methods:
                operation: Operation | None = getattr(item, method.lower(), None)
                if operation is not None:
                    _complete(operation, method, handler.opt)
    _, exact = msgspec.json.schema_components(
        sorted(structs, key=lambda kind: kind.__name__), ref_template="#/components/schemas/{name}"
    )
    schemas.update(exact)


_PROBLEM = OpenAPIResponse(
    description="What went wrong; `code` says it for programs.",
    content={PROBLEM_JSON: OpenAPIMediaType(schema=Reference(ref="#/components/schemas/Problem"))},
)
_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    description="The same key and body again within 24 hours get the first answer.",
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=255),
)


def _complete(operation: Operation, method: str, opt: Mapping[str, Any]) -> None:
    operation.summary, _, details = (operation.description or "").partition("\n")
    operation.summary, operation.description = operation.summary.rstrip("."), details.strip() or None
    responses = operation.responses or {}
    # The framework's own form of a 400 is not the one that leaves this house.
    kept = {code: response for code, response in responses.items() if code != "400"}
    operation.responses = {**kept, "4XX": _PROBLEM, "5XX": _PROBLEM}
    if opt.get("entry") in ("open", "sign_in", "callback"):
        operation.security = []
    if opt.get("entry") == "machine":
        operation.security = [{"event_token": []}]
    if opt.get("phone"):
        operation.security = [{"bearer": []}, {"bearer": [], "id_token": []}, {"capture_token": []}]
    if isinstance(also := opt.get("also"), str):
        text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
        (operation.responses["200"].content or {})[also] = text  # pyright: ignore
    if method in UNSAFE:
        operation.parameters = [*(operation.parameters or []), _KEY]
    if form := opt.get("form"):
        schema = Reference(ref=f"#/components/schemas/{form.__name__}")
        operation.request_body = RequestBody(content={MULTIPART: OpenAPIMediaType(schema=schema)}, required=True)
        if json := opt.get("json"):
            as_json = Reference(ref=f"#/components/schemas/{json.__name__}")
            operation.request_body.content["application/json"] = OpenAPIMediaType(schema=as_json)
    elif isinstance(body := operation.request_body, RequestBody):
        media = body.content["application/json"]
        if isinstance(media.schema, Schema) and media.schema.one_of:
            media.schema, body.required = media.schema.one_of[0], False
        if opt.get("accepts_form"):
            body.content[FORM] = media
