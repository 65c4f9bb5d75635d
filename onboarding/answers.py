"""What an answer may look like.

An answer is a Struct whose annotations carry its bounds; rules between fields are methods under `rule`. The same
annotations give the JSON schema, the form and the agents' tools, so they are the only place for a bound.
What no bound can say of a field stands in `Meta(extra={"check": ...})`: a function that gives the code and
the detail of the error, or None. A null says nothing, unless `Meta(extra={"clears": True})` around the whole type
makes it a value. `Meta(extra={"lines": True})` lets a text have more than one. `onboarding/reading.py` reads them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from types import FunctionType
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Struct

from onboarding.payloads import FieldError


class Answer(Struct, frozen=True, kw_only=True):
    """The base of every state's answer. Rules between its fields are methods under `rule`."""


class Said(Struct, frozen=True, kw_only=True):
    """How people speak of a field, for whoever asks for it in words: `Meta(extra={"said": Said(...)})`.

    `ask` is the question and `label` its short name, by language; `words` are ways to say a value of a choice, in
    any language, lower case and without accents. What is not given follows from the field's name.
    """

    ask: Mapping[str, str] = {}
    label: Mapping[str, str] = {}
    words: Mapping[str, tuple[str, ...]] = {}


Text = Annotated[str, Meta(min_length=1, max_length=200)]
Texts = Annotated[list[Text], Meta(max_length=50, extra={"unique": True}, extra_json_schema={"uniqueItems": True})]
HH_MM = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
TimeOfDay = Annotated[str, Meta(pattern=HH_MM, extra={"format": "time"})]

AnswerT = TypeVar("AnswerT", bound=Answer)
ItemT = TypeVar("ItemT")
RuleT = TypeVar("RuleT", bound=Callable[[Any], Iterable[FieldError]])


def rule(method: RuleT) -> RuleT:
    """A method of an answer that yields what is wrong between its fields.

    It finds fields that are valid in themselves, and ends where it looks at one that is not. So that nothing else
    is left unsaid then, each rule is a method of its own; it calls no other.
    """
    _RULES.add(method)
    return method


def followed(rule: Callable[..., Iterable[FieldError]], *given: object) -> Iterator[FieldError]:
    """What a rule finds in answers before it looks at a field that failed."""
    with suppress(NotThere):
        yield from rule(*given)


def plain(answer: Answer) -> dict[str, Any]:
    """The answer as JSON data, defaults filled in, absent optional fields left out."""
    return cast(dict[str, Any], msgspec.to_builtins(answer))


def recall(kind: type[AnswerT], data: Mapping[str, Any]) -> AnswerT:
    """Read an answer that was validated when it was saved; fields that later versions dropped are ignored."""
    return msgspec.convert(data, kind)


class NotThere(Exception):
    """A rule looked at a field that failed."""


_RULES: set[Callable[..., Iterable[FieldError]]] = set()


@cache
def rules_of(kind: type[Answer]) -> tuple[Callable[..., Iterable[FieldError]], ...]:
    """Its methods under `rule`, inherited ones first."""
    return tuple(m for base in reversed(kind.__mro__) for m in vars(base).values() if _is_rule(m))


def _is_rule(member: object) -> bool:
    return isinstance(member, FunctionType) and member in _RULES


def repeats(path: str, items: Iterable[ItemT], key: Callable[[ItemT], object]) -> Iterator[FieldError]:
    """A rule: an error for each item whose key an earlier one had; `path` has `{}` for the index."""
    seen: set[object] = set()
    for index, item in enumerate(items):
        with suppress(NotThere):
            found = key(item)
            if found in seen:
                yield FieldError(field=path.format(index), code="duplicate", detail="is there already")
            seen.add(found)


__all__ = [
    "HH_MM",
    "UNSET",
    "Answer",
    "AnswerT",
    "NotThere",
    "Said",
    "Text",
    "Texts",
    "TimeOfDay",
    "followed",
    "plain",
    "recall",
    "repeats",
    "rule",
    "rules_of",
]
