"""Reading answers: strictly, and with every failing field named at once.

>>> from typing import Annotated
>>> from msgspec import Meta
>>> from onboarding.answers import Answer
>>> class Water(Answer):
...     daily_ml: Annotated[int, Meta(ge=500, le=10_000)]
>>> read(Water, {"daily_ml": 2000})
Water(daily_ml=2000)
>>> read(Water, {"daily_ml": "2000", "cups": 8})
Traceback (most recent call last):
onboarding.errors.InvalidAnswer: validation_error
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Generic, cast

from msgspec import NODEFAULT, UNSET, Struct, inspect

from onboarding.answers import HH_MM, AnswerT, NotThere, followed, rules_of
from onboarding.errors import InvalidAnswer
from onboarding.payloads import FieldError

ERRORS_AT_MOST = 200
"""More than any honest form has fields; a hostile one is not answered in kind."""

_Report = Callable[[str, str, str], None]
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_LINES = "\r\n\t"
_INVISIBLE = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Cn"}

_FAILED = object()
"""What stands for a value that was reported, until its Struct leaves it out."""


def read(kind: type[AnswerT], data: object, *, prefix: str = "", whole_floats: bool = False) -> AnswerT:
    """Turn plain JSON data into an answer.

    Args:
        kind: the answer's Struct.
        data: what came over the wire; a mapping, or it is refused.
        prefix: the path in front of each field in the errors, for example `steps[1].data.`.
        whole_floats: take `2000.0` for the integer 2000, as models write it.

    Raises:
        InvalidAnswer: with one error for every failing field.
    """
    examined = examine(kind, data, prefix=prefix, whole_floats=whole_floats)
    if examined.errors:
        raise InvalidAnswer(examined.errors)
    return examined.answer


def has_markup(text: str) -> bool:
    """Whether a browser could take a part of the text for a tag, be it open or closed.

    >>> has_markup("5 < 6"), has_markup("<b>bold</b>"), has_markup("<img src=x ")
    (False, True, True)
    """
    return _MARKUP.search(text) is not None


class Examined(Struct, Generic[AnswerT], frozen=True, kw_only=True):
    """An answer as far as it is valid, and every failing field. With errors, the fields that failed are not there:
    whoever looks at one must be a rule that `followed` runs.
    """

    answer: AnswerT
    errors: tuple[FieldError, ...]


def examine(
    kind: type[AnswerT], data: object, *, prefix: str = "", whole_floats: bool = False
) -> Examined[AnswerT]:
    """Like `read`, for who has more rules to try before anybody is refused."""
    errors: list[FieldError] = []

    def report(field: str, code: str, detail: str) -> None:
        errors.append(FieldError(field=field, code=code, detail=detail))

    answer = cast(AnswerT, _struct(kind, data, prefix, report, whole_floats))
    for method in rules_of(kind):
        for error in followed(method, answer):
            report(prefix + error.field, error.code, error.detail)
    return Examined(answer=answer, errors=tuple(errors[:ERRORS_AT_MOST]))


class _Partial:
    """The valid fields of a Struct that others failed of."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> object:
        raise NotThere(name)


@cache
def _fields(kind: type[Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _struct(kind: type[Struct], data: object, prefix: str, report: _Report, whole: bool) -> object:
    if not isinstance(data, Mapping):
        report(prefix.rstrip("."), "wrong_type", "must be an object")
        return _Partial({})
    given = cast(Mapping[str, object], data)
    values: dict[str, object] = {}
    for field in _fields(kind):
        # By the name that it has in JSON, which is another one where a Struct renames its fields.
        value = given.get(field.encode_name)
        if value is not None:
            values[field.name] = _value(field.type, value, prefix + field.encode_name, report, whole)
        elif field.encode_name in given and _clears(field.type):
            values[field.name] = None
        elif field.required:
            report(prefix + field.encode_name, "required", "is required")
            values[field.name] = _FAILED
    known = {field.encode_name for field in _fields(kind)}
    for name in given:
        if name not in known:
            report(prefix + name[:80], "unknown_field", "is not a known field")
    valid = {name: value for name, value in values.items() if value is not _FAILED}
    if len(valid) == len(values):
        return kind(**valid)
    absent = {field.name: _default(field) for field in _fields(kind) if field.name not in values}
    return _Partial({**absent, **valid})


def _clears(kind: inspect.Type) -> bool:
    """Whether null is a value here: `Meta(extra={"clears": True})`. Elsewhere it says nothing."""
    return isinstance(kind, inspect.Metadata) and bool((kind.extra or {}).get("clears"))


def _default(field: inspect.Field) -> object:
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return UNSET if field.default is NODEFAULT else field.default


def _value(kind: inspect.Type, value: object, path: str, report: _Report, whole: bool) -> object:
    """The value as it is kept; `_FAILED` when it was reported."""
    match kind:
        case inspect.Metadata():
            extra = kind.extra or {}
            if extra.get("verbatim"):
                checked = _verbatim(kind.type, value, path, report)
            elif extra.get("lines") and isinstance(kind.type, inspect.StrType):
                as_said = bool(extra.get("as_said"))
                checked = _text(kind.type, value, path, report, allowed=_LINES, as_said=as_said)
            else:
                checked = _value(kind.type, value, path, report, whole)
            if extra.get("unique") and isinstance(kind.type, inspect.ListType) and _fits_in(kind.type, value):
                _refuse_repeats(cast(list[object], value), path, report)
            if checked is not _FAILED and (check := extra.get("check")) and (wrong := check(checked)):
                return _failed(report, path, *wrong)
            return checked
        case inspect.UnionType():
            return _value(_member(kind, value), value, path, report, whole)
        case inspect.StructType():
            return _struct(kind.cls, value, f"{path}.", report, whole)
        case inspect.DictType():
            if not isinstance(value, Mapping):
                return _failed(report, path, "wrong_type", "must be an object")
            return cast(object, value)
        case inspect.ListType():
            return _list(kind, value, path, report, whole)
        case inspect.StrType():
            return _text(kind, value, path, report)
        case inspect.LiteralType():
            if not isinstance(value, str) or value not in kind.values:
                return _failed(report, path, "not_allowed", "must be one of " + ", ".join(map(str, kind.values)))
            return value
        case inspect.BoolType():
            if not isinstance(value, bool):
                return _failed(report, path, "wrong_type", "must be true or false")
            return value
        case inspect.IntType():
            if whole and isinstance(value, float) and value.is_integer():
                value = int(value)
            if not isinstance(value, int) or isinstance(value, bool):
                return _failed(report, path, "wrong_type", "must be an integer")
            return _bounded(kind, value, path, report)
        case inspect.FloatType():
            # An int is always finite, and one of a thousand digits does not even fit isfinite.
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or (isinstance(value, float) and not math.isfinite(value))
            ):
                return _failed(report, path, "wrong_type", "must be a number")
            return _bounded(kind, value, path, report)
        case _:
            raise TypeError(f"{path}: answers have no field of type {kind}")


def _failed(report: _Report, path: str, code: str, detail: str) -> object:
    report(path, code, detail)
    return _FAILED


_OF_A_VALUE: dict[type, tuple[type[inspect.Type], ...]] = {
    str: (inspect.StrType,),
    bool: (inspect.BoolType,),
    int: (inspect.IntType, inspect.FloatType),
    float: (inspect.FloatType, inspect.IntType),
}


def _member(union: inspect.UnionType, value: object) -> inspect.Type:
    """The member of a union that a value is measured by; without a better one the first."""
    members = [t for t in union.types if not isinstance(t, inspect.NoneType)]
    fitting = _OF_A_VALUE.get(type(value), ())
    return next((t for kind in fitting for t in members if isinstance(t, kind)), members[0])


def _verbatim(kind: inspect.Type, value: object, path: str, report: _Report) -> object:
    assert isinstance(kind, inspect.StrType)
    if not isinstance(value, str):
        return _failed(report, path, "wrong_type", "must be a text")
    if kind.min_length is not None and len(value) < kind.min_length:
        return _failed(report, path, "too_short", f"must have at least {kind.min_length} character(s)")
    if kind.max_length is not None and len(value) > kind.max_length:
        return _failed(report, path, "too_long", f"must have at most {kind.max_length} characters")
    return value


def _list(kind: inspect.ListType, value: object, path: str, report: _Report, whole: bool) -> object:
    """A list of Structs stays one, each as far as it is valid; another list fails with any of its items."""
    if not isinstance(value, list):
        return _failed(report, path, "wrong_type", "must be a list")
    items = cast(list[object], value)
    if kind.max_length is not None and len(items) > kind.max_length:
        # One error speaks for all of them.
        return _failed(report, path, "too_long", f"must have at most {kind.max_length} items")
    read = [_value(kind.item_type, item, f"{path}[{i}]", report, whole) for i, item in enumerate(items)]
    if kind.min_length is not None and len(items) < kind.min_length:
        return _failed(report, path, "too_short", f"must have at least {kind.min_length} item(s)")
    return _FAILED if any(item is _FAILED for item in read) else read


def _text(
    kind: inspect.StrType,
    value: object,
    path: str,
    report: _Report,
    allowed: str = "",
    *,
    as_said: bool = False,
) -> object:
    if not isinstance(value, str):
        return _failed(report, path, "wrong_type", "must be a text")
    if kind.pattern is not None:
        fits = (kind.min_length or 0) <= len(value) <= (kind.max_length or 100)
        if fits and re.fullmatch(kind.pattern.removesuffix("$"), value, re.ASCII):
            return value
        time = "must be a time of day, HH:MM from 00:00 to 23:59"
        return _failed(report, path, "bad_format", time if kind.pattern == HH_MM else "is malformed")
    text = value.strip()
    if all(unicodedata.category(c) in _INVISIBLE for c in text):
        text = ""
    if kind.min_length is not None and len(text) < kind.min_length:
        return _failed(report, path, "too_short", f"must have at least {kind.min_length} character(s)")
    if kind.max_length is not None and len(text) > kind.max_length:
        return _failed(report, path, "too_long", f"must have at most {kind.max_length} characters")
    if not as_said and has_markup(text):
        return _failed(report, path, "markup", "must be plain text without tags")
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in text):
        return _failed(report, path, "control_character", "must not contain control characters")
    return text


def _bounded(kind: inspect.IntType | inspect.FloatType, value: float, path: str, report: _Report) -> object:
    if kind.ge is not None and value < kind.ge:
        return _failed(report, path, "too_small", f"must be at least {kind.ge}")
    if kind.le is not None and value > kind.le:
        return _failed(report, path, "too_large", f"must be at most {kind.le}")
    return value


def _fits_in(kind: inspect.ListType, value: object) -> bool:
    return isinstance(value, list) and (
        kind.max_length is None or len(cast(list[object], value)) <= kind.max_length
    )


def _refuse_repeats(values: list[object], path: str, report: _Report) -> None:
    seen: set[object] = set()
    for index, value in enumerate(values):
        if not isinstance(value, str):
            continue
        key = value.strip().casefold()
        if key in seen:
            report(f"{path}[{index}]", "duplicate", "is there already")
        seen.add(key)
