"""What an answer may look like, and how it is read: strictly, and with every failing field named at once.

An answer is a Struct whose annotations carry its bounds; rules between fields stand in `problems`. The same
annotations give the JSON schema, the form and the agents' tools, so they are the only place for a bound.
What no bound can say of a field stands in `Meta(extra={"check": ...})`: a function that gives the code and
the detail of the error, or None.

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
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Struct, inspect

from onboarding.errors import InvalidAnswer
from onboarding.payloads import FieldError


class Answer(Struct, frozen=True, kw_only=True):
    """The base of every state's answer."""

    def problems(self) -> Iterator[FieldError]:
        """Yield what is wrong between fields; each field alone is known to be valid."""
        yield from ()


Text = Annotated[str, Meta(min_length=1, max_length=200)]
Texts = Annotated[list[Text], Meta(max_length=50, extra={"unique": True}, extra_json_schema={"uniqueItems": True})]
_HH_MM = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
TimeOfDay = Annotated[str, Meta(pattern=_HH_MM, extra={"format": "time"})]

ERRORS_AT_MOST = 200
"""More than any honest form has fields; a hostile one is not answered in kind."""

AnswerT = TypeVar("AnswerT", bound=Answer)
_Report = Callable[[str, str, str], None]
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_INVISIBLE = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Cn"}


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
    errors: list[FieldError] = []

    def report(field: str, code: str, detail: str) -> None:
        errors.append(FieldError(field=field, code=code, detail=detail))

    value = _struct(kind, data, prefix, report, whole_floats)
    if errors:
        raise InvalidAnswer(tuple(errors[:ERRORS_AT_MOST]))
    answer = cast(AnswerT, value)
    errors.extend(FieldError(field=prefix + e.field, code=e.code, detail=e.detail) for e in answer.problems())
    if errors:
        raise InvalidAnswer(tuple(errors))
    return answer


def plain(answer: Answer) -> dict[str, Any]:
    """The answer as JSON data, defaults filled in, absent optional fields left out."""
    return cast(dict[str, Any], msgspec.to_builtins(answer))


def recall(kind: type[AnswerT], data: Mapping[str, Any]) -> AnswerT:
    """Read an answer that was validated when it was saved; fields that later versions dropped are ignored."""
    return msgspec.convert(data, kind)


@cache
def _fields(kind: type[Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _struct(kind: type[Struct], data: object, prefix: str, report: _Report, whole: bool) -> object:
    if not isinstance(data, Mapping):
        report(prefix.rstrip("."), "wrong_type", "must be an object")
        return None
    given = cast(Mapping[str, object], data)
    values: dict[str, object] = {}
    for field in _fields(kind):
        value = given.get(field.name)
        if value is not None:
            values[field.name] = _value(field.type, value, prefix + field.name, report, whole)
        elif field.required:
            report(prefix + field.name, "required", "is required")
    known = {field.name for field in _fields(kind)}
    for name in given:
        if name not in known:
            report(prefix + name[:80], "unknown_field", "is not a known field")
    # A failed field leaves a hole; the struct is only a value when the report stayed empty.
    return kind(**{**{f.name: None for f in _fields(kind) if f.required}, **values})


def _value(kind: inspect.Type, value: object, path: str, report: _Report, whole: bool) -> object:
    match kind:
        case inspect.Metadata() if (kind.extra or {}).get("verbatim"):
            return _verbatim(kind.type, value, path, report)
        case inspect.Metadata():
            checked = _value(kind.type, value, path, report, whole)
            extra = kind.extra or {}
            if extra.get("unique") and isinstance(checked, list):
                _refuse_repeats(cast(list[object], checked), path, report)
            if (check := extra.get("check")) and (wrong := check(checked)):
                report(path, *wrong)
            return checked
        case inspect.UnionType():
            return _value(_member(kind, value), value, path, report, whole)
        case inspect.StructType():
            return _struct(kind.cls, value, f"{path}.", report, whole)
        case inspect.DictType():
            if not isinstance(value, Mapping):
                report(path, "wrong_type", "must be an object")
            return cast(object, value)
        case inspect.ListType():
            return _list(kind, value, path, report, whole)
        case inspect.StrType():
            return _text(kind, value, path, report)
        case inspect.LiteralType():
            if not isinstance(value, str) or value not in kind.values:
                report(path, "not_allowed", "must be one of " + ", ".join(map(str, kind.values)))
            return value
        case inspect.BoolType():
            if not isinstance(value, bool):
                report(path, "wrong_type", "must be true or false")
            return value
        case inspect.IntType():
            if whole and isinstance(value, float) and value.is_integer():
                value = int(value)
            if not isinstance(value, int) or isinstance(value, bool):
                report(path, "wrong_type", "must be an integer")
                return value
            return _bounded(kind, value, path, report)
        case inspect.FloatType():
            # An int is always finite, and one of a thousand digits does not even fit isfinite.
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or (isinstance(value, float) and not math.isfinite(value))
            ):
                report(path, "wrong_type", "must be a number")
                return value
            return _bounded(kind, value, path, report)
        case _:
            raise TypeError(f"{path}: answers have no field of type {kind}")


def _member(union: inspect.UnionType, value: object) -> inspect.Type:
    """The member of a union that a value is measured by; without a better one the first."""
    members = [t for t in union.types if not isinstance(t, inspect.NoneType)]
    texts = [t for t in members if isinstance(t, inspect.StrType)]
    return texts[0] if texts and isinstance(value, str) else members[0]


def _verbatim(kind: inspect.Type, value: object, path: str, report: _Report) -> object:
    assert isinstance(kind, inspect.StrType)
    if not isinstance(value, str):
        report(path, "wrong_type", "must be a text")
    elif kind.min_length is not None and len(value) < kind.min_length:
        report(path, "too_short", f"must have at least {kind.min_length} character(s)")
    elif kind.max_length is not None and len(value) > kind.max_length:
        report(path, "too_long", f"must have at most {kind.max_length} characters")
    return value


def _list(kind: inspect.ListType, value: object, path: str, report: _Report, whole: bool) -> object:
    if not isinstance(value, list):
        report(path, "wrong_type", "must be a list")
        return value
    items = cast(list[object], value)
    if kind.min_length is not None and len(items) < kind.min_length:
        report(path, "too_short", f"must have at least {kind.min_length} item(s)")
    if kind.max_length is not None and len(items) > kind.max_length:
        report(path, "too_long", f"must have at most {kind.max_length} items")
        return []  # one error speaks for all of them
    return [_value(kind.item_type, item, f"{path}[{i}]", report, whole) for i, item in enumerate(items)]


def _text(kind: inspect.StrType, value: object, path: str, report: _Report) -> object:
    if not isinstance(value, str):
        report(path, "wrong_type", "must be a text")
        return value
    if kind.pattern is not None:
        fits = (kind.min_length or 0) <= len(value) <= (kind.max_length or 100)
        if not fits or not re.fullmatch(kind.pattern.removesuffix("$"), value, re.ASCII):
            time = kind.pattern == _HH_MM
            report(
                path,
                "bad_format",
                "must be a time of day, HH:MM from 00:00 to 23:59" if time else "is malformed",
            )
        return value
    text = value.strip()
    if all(unicodedata.category(c) in _INVISIBLE for c in text):
        text = ""
    if kind.min_length is not None and len(text) < kind.min_length:
        report(path, "too_short", f"must have at least {kind.min_length} character(s)")
    elif kind.max_length is not None and len(text) > kind.max_length:
        report(path, "too_long", f"must have at most {kind.max_length} characters")
    elif _MARKUP.search(text):
        report(path, "markup", "must be plain text without tags")
    elif any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        report(path, "control_character", "must not contain control characters")
    return text


def _bounded(kind: inspect.IntType | inspect.FloatType, value: float, path: str, report: _Report) -> float:
    if kind.ge is not None and value < kind.ge:
        report(path, "too_small", f"must be at least {kind.ge}")
    elif kind.le is not None and value > kind.le:
        report(path, "too_large", f"must be at most {kind.le}")
    return value


def _refuse_repeats(values: list[object], path: str, report: _Report) -> None:
    seen: set[object] = set()
    for index, value in enumerate(values):
        if not isinstance(value, str):
            continue
        key = value.casefold()
        if key in seen:
            report(f"{path}[{index}]", "duplicate", "is there already")
        seen.add(key)


def repeats(path: str, keys: list[Any]) -> Iterator[FieldError]:
    """Yield an error for each key that stood earlier in the list; `path` has `{}` for the index."""
    seen: set[Any] = set()
    for index, key in enumerate(keys):
        if key in seen:
            yield FieldError(field=path.format(index), code="duplicate", detail="is there already")
        seen.add(key)


__all__ = ["UNSET", "Answer", "Text", "Texts", "TimeOfDay", "plain", "read", "recall", "repeats"]
