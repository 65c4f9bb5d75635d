"""Parameters that several controllers share, and how wrong ones are told."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from litestar import Request
from litestar.params import HeaderParameter, QueryParameter

from api.problems import Code, ProblemError
from onboarding.errors import VersionConflict
from onboarding.payloads import FieldError

FlowQuery = Annotated[str | None, QueryParameter(pattern="^[a-z0-9_]{1,64}$", description="A flow's key.")]
IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", max_length=40, description='The version seen, as `"3"`.')
]
AgentContext = Annotated[
    str | None,
    HeaderParameter(name="X-Agent-Context", description="Which agent claims to ask; logged only."),
]
LastEventId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", max_length=80, description="The last event seen.")
]


def read_version(if_match: str | None) -> int | None:
    """The version that `If-Match` names; None for none or `*`.

    Raises:
        ProblemError: 400 when it is no version.
        VersionConflict: when no run can be at it.
    """
    text = (if_match or "*").strip()
    if text == "*":
        return None
    found = re.fullmatch(r'(W/)?"?([0-9]+)"?', text)
    if found is None:
        error = FieldError(field="If-Match", code="bad_format", detail='must be a version such as "3"')
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
    if found[1] or len(found[2]) > 9:  # a weak tag never matches here (RFC 9110, 13.1.1)
        raise VersionConflict
    return int(found[2])


UUID_PATTERN = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def together(*readings: Callable[[], Any]) -> tuple[Any, ...]:
    """What each of several readings of parameters gives.

    Raises:
        ProblemError: 400 with the errors of all that fail.
    """
    found: list[Any] = []
    errors: list[FieldError] = []
    for reading in readings:
        try:
            found.append(reading())
        except ProblemError as problem:
            errors += problem.errors
    if errors:
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=tuple(errors))
    return tuple(found)


def also_wrong(request: Request[Any, Any, Any]) -> tuple[FieldError, ...]:
    """What a handler's own reading of parameters, `opt["reads"]`, finds in a request that is refused already."""
    reading: Callable[[Request[Any, Any, Any]], object] | None = request.route_handler.opt.get("reads")
    if reading is not None:
        try:
            reading(request)
        except ProblemError as problem:
            return problem.errors
    return ()


def required_version(if_match: str | None) -> int | None:
    """The version that `If-Match` names, of what is replaced as a whole; None for `*`, which is any.

    Raises:
        ProblemError: 400 without the header, or when it is no version; 412 when nothing can be at it.
    """
    if if_match is None:
        error = FieldError(field="If-Match", code="required", detail='is required: the version seen, such as "3"')
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
    try:
        return read_version(if_match)
    except VersionConflict:
        raise stale() from None


def stale() -> ProblemError:
    """412 for who has not seen the latest version of what they want to replace."""
    return ProblemError(412, Code.VERSION_CONFLICT, "It has changed since it was read; read it again.")


_TYPES = {"int": "an integer", "bool": "true or false", "float": "a number"}
_WRONG: list[tuple[str, str, str]] = [
    (r"[^h] >= (\S+)$", "too_small", "must be at least {}"),
    (r"[^h] <= (\S+)$", "too_large", "must be at most {}"),
    (r"length >= (\d+)$", "too_short", "must have at least {} character(s)"),
    (r"length <= (\d+)$", "too_long", "must have at most {} characters"),
    (r"matching regex", "bad_format", "is malformed"),
    (r"^Invalid RFC3339 encoded date$", "bad_format", "must be a date such as 2026-12-31"),
    (r"^Invalid enum value", "not_allowed", "is none of the known ones"),
]


def field_error(request: Request[Any, Any, Any], wrong: dict[str, Any]) -> FieldError:
    """What the framework found wrong with a parameter, in the words that bodies use.

    Args:
        request: whose handler the parameter belongs to.
        wrong: `key`, `message` and `source` of the framework's finding.
    """
    key, message = str(wrong.get("key", "")), str(wrong.get("message", ""))
    definition = request.route_handler.parsed_fn_signature.parameters.get(key)
    name: str = getattr(definition.kwarg_definition, "name", None) or key if definition else key
    for pattern, code, detail in _WRONG:
        if found := re.search(pattern, message):
            return FieldError(field=name, code=code, detail=detail.format(*found.groups()))
    if found := re.match(r"Expected `(\w+)", message):
        return FieldError(field=name, code="wrong_type", detail=f"must be {_TYPES.get(found[1], 'a text')}")
    return FieldError(field=name, code="invalid", detail="is not valid")
