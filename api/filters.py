"""Filters of lists that take several values, or times."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, get_args

from litestar import Request
from litestar.params import QueryParameter

from api.parameters import together
from api.problems import Code, ProblemError
from onboarding.moments import NoMoment, moment
from onboarding.payloads import FieldError

VALUES_AT_MOST = 50

Moment = Annotated[
    str | None,
    QueryParameter(max_length=40, description="A time with its zone, or a day where the caller is: 2026-12-31."),
]


def one(request: Request[Any, Any, Any], name: str) -> str | None:
    """The value of a parameter; of one that is given twice the last, at which the framework has looked."""
    return next(reversed(request.query_params.getall(name, [])), None)


def many(request: Request[Any, Any, Any], name: str, kind: Any) -> tuple[Any, ...]:
    """The values of a filter, each once: `a=1&a=2`, `a[]=1&a[]=2` or `a=1,2`. None at all is an empty tuple.

    Args:
        request: whose query it stands in.
        name: of the filter, without brackets.
        kind: a `Literal` or an enum of texts.

    Raises:
        ProblemError: 400 for a value that is none of the kind, or too many.
    """
    sent = [*request.query_params.getall(name, []), *request.query_params.getall(f"{name}[]", [])]
    values = dict.fromkeys(value for text in sent for value in text.split(","))
    known = {str(each): each for each in _members(kind)}
    if len(values) > VALUES_AT_MOST:
        raise _wrong(name, "too_long", f"must have at most {VALUES_AT_MOST} values")
    if values.keys() - known.keys():
        raise _wrong(name, "not_allowed", "must be one of " + ", ".join(known))
    return tuple(known[value] for value in values)


def span(
    start: str | None, end: str | None, timezone: str, names: tuple[str, str] = ("start_date", "end_date")
) -> tuple[datetime | None, datetime | None]:
    """The time between two filters, both ends included: a day counts from its first moment to its last.

    Raises:
        ProblemError: 400 for what is no time, and for a start after the end.
    """
    since, until = together(
        lambda: at(names[0], start, timezone), lambda: at(names[1], end, timezone, at_end=True)
    )
    if since and until and since > until:
        raise _wrong(names[0], "too_large", f"must not be after `{names[1]}`")
    return since, until


def at(name: str, text: str | None, timezone: str, *, at_end: bool = False) -> datetime | None:
    """The time that a filter names; of a day its beginning, or its end.

    Raises:
        ProblemError: 400 when it is none.
    """
    if text is None:
        return None
    try:
        # A plus sign that nobody escaped arrives as a space.
        return moment(text.replace(" ", "+"), timezone, at_end=at_end)
    except NoMoment as error:
        raise _wrong(name, error.code, error.detail) from None


def _members(kind: Any) -> Iterable[Any]:
    return get_args(kind) or kind


def _wrong(name: str, code: str, detail: str) -> ProblemError:
    error = FieldError(field=name, code=code, detail=detail)
    return ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
