"""Request bodies: read strictly, with every failing field at once."""

from collections.abc import Iterable
from typing import Any, TypeVar, cast, get_args
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.handlers import BaseRouteHandler

from api.problems import Code, ProblemError
from onboarding.answers import Answer, read
from onboarding.errors import InvalidAnswer

FORM = "application/x-www-form-urlencoded"

MAX_DEPTH = 32
"""Deeper than any answer; what is much deeper ends in the recursion limit of whoever encodes it next."""

BodyT = TypeVar("BodyT", bound=Answer)


class Body(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of request bodies. Unknown fields are refused."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is read into the handler's Struct here.

    The framework's own reading is lenient ("5" passes for 5) and stops at the first error.
    """

    async def json(self) -> Any:
        """The body as the type that the handler's `data` asks for.

        Raises:
            ProblemError: 415 for another content type, 400 naming every failing field.
        """
        kind = body_type(self.route_handler)
        assert kind is not None
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        raw = await self.body()
        if media_type == FORM and self.route_handler.opt.get("accepts_form"):
            return read_body(kind, parse_form(raw))
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise ProblemError(415, Code.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON.")
        return read_body(kind, parse_json(raw))


def body_type(handler: BaseRouteHandler) -> type[Answer] | None:
    """What a handler's `data` asks for; None when it takes no body."""
    data = handler.parsed_fn_signature.parameters.get("data")
    members = (get_args(data.annotation) or (data.annotation,)) if data else ()
    return next((kind for kind in members if isinstance(kind, type) and issubclass(kind, Answer)), None)


def parse_json(raw: bytes) -> object:
    """JSON as plain data.

    Raises:
        ProblemError: 400 `malformed_json` for what is no JSON, or is nested too deeply.
    """
    try:
        data = cast(object, msgspec.json.decode(raw))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ProblemError(400, Code.MALFORMED_JSON, "The body is not valid JSON.") from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _is_deep(data):
        raise ProblemError(400, Code.MALFORMED_JSON, f"The body is nested deeper than {MAX_DEPTH}.")
    return data


def _is_deep(data: object) -> bool:
    level = _containers([data])
    for _ in range(MAX_DEPTH):
        level = [
            inner for each in level for inner in _containers(each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _containers(items: Iterable[object]) -> list[dict[str, object] | list[object]]:
    return [cast(Any, item) for item in items if isinstance(item, list | dict)]


def parse_form(raw: bytes) -> dict[str, str]:
    """A form as plain data; of a field that is there twice the last counts.

    Raises:
        ProblemError: 400 for more fields than any form of ours has.
    """
    try:
        return dict(parse_qsl(raw.decode(errors="replace"), max_num_fields=20, keep_blank_values=True))
    except ValueError:
        raise ProblemError(400, Code.VALIDATION_ERROR, "The form has too many fields.") from None


def read_body(kind: type[BodyT], data: object) -> BodyT:
    """Plain data as a body.

    Raises:
        ProblemError: 400 with one error for each failing field.
    """
    try:
        return read(kind, data)
    except InvalidAnswer as invalid:
        raise ProblemError(
            400, Code.VALIDATION_ERROR, "The request is not valid.", errors=invalid.errors
        ) from None
