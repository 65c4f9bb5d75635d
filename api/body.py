"""Request bodies: read strictly, with every failing field at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, TypeVar, cast, get_args
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.handlers import BaseRouteHandler

from api.problems import Code, ProblemError
from onboarding.answers import Answer, followed
from onboarding.payloads import FieldError
from onboarding.reading import examine

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

MAX_DEPTH = 32
"""Deeper than any answer; what is much deeper ends in the recursion limit of whoever encodes it next."""

ARRIVES_WITHIN_SECONDS = 10
"""From the end of the headers to the end of the body: a slow line has the time, and nobody holds a connection."""

UPLOADS_WITHIN_SECONDS = 60
"""The same for files, which are larger."""

BodyT = TypeVar("BodyT", bound=Answer)
ReadT = TypeVar("ReadT")
Rule = Callable[[BodyT], Iterable[FieldError]]


class Body(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of request bodies. Unknown fields are refused."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is read into the handler's Struct here.

    The framework's own reading is lenient ("5" passes for 5) and stops at the first error.
    """

    async def body(self) -> bytes:
        """The body as it came.

        Raises:
            ProblemError: 408 for one that does not arrive in time.
        """
        return await within(super().body())

    async def json(self) -> Any:
        """The body as the type that the handler's `data` asks for.

        A handler's `opt["rule"]` is one more rule for its body, which looks at the settings too; `opt["takes"]`
        says what of the body it takes at all.

        Raises:
            ProblemError: 415 for another content type, 400 naming every failing field.
        """
        kind = body_type(self.route_handler)
        assert kind is not None
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        raw = await self.body()
        rule = self.route_handler.opt.get("rule")
        rules = [partial(rule, self.app.state.deps.settings)] if rule else []
        if media_type == FORM and self.route_handler.opt.get("accepts_form"):
            return read_body(kind, parse_form(kind, raw), *rules)
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise ProblemError(415, Code.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON.")
        takes = self.route_handler.opt.get("takes")
        data = parse_json(raw)
        return read_body(kind, takes(data) if takes else data, *rules)


async def within(reading: Awaitable[ReadT], seconds: float | None = None) -> ReadT:
    """A body, as long as it arrives in time: in `ARRIVES_WITHIN_SECONDS` unless it may take longer.

    Raises:
        ProblemError: 408; the connection ends with it, since nobody waits for the rest.
    """
    try:
        async with asyncio.timeout(seconds or ARRIVES_WITHIN_SECONDS):
            return await reading
    except TimeoutError:
        headers = {"Connection": "close"}
        detail = "The body did not arrive in time."
        raise ProblemError(408, Code.REQUEST_TIMEOUT, detail, headers=headers) from None


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


def parse_form(kind: type[Answer], raw: bytes) -> dict[str, str | bool]:
    """A form as plain data, `true` and `false` where those are asked for; of a field given twice the last counts.

    Raises:
        ProblemError: 400 for more fields than any form of ours has.
    """
    try:
        texts = dict(parse_qsl(raw.decode(errors="replace"), max_num_fields=20, keep_blank_values=True))
    except ValueError:
        raise ProblemError(400, Code.VALIDATION_ERROR, "The form has too many fields.") from None
    flags = {field.name for field in msgspec.structs.fields(kind) if bool in (field.type, *get_args(field.type))}
    words = {"true": True, "false": False}
    return {name: words.get(text, text) if name in flags else text for name, text in texts.items()}


def read_body(kind: type[BodyT], data: object, *rules: Rule[BodyT]) -> BodyT:
    """Plain data as a body.

    Args:
        kind: the body's Struct.
        data: what was sent.
        rules: what else must hold, beside what the Struct says itself.

    Raises:
        ProblemError: 400 with one error for each failing field.
    """
    examined = examine(kind, data)
    more = (error for rule in rules for error in followed(rule, examined.answer))
    if errors := (*examined.errors, *more):
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=errors)
    return examined.answer
