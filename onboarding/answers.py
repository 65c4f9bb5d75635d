"""What an answer may look like.

An answer is a Struct whose annotations carry its bounds; rules between fields are methods under `rule`. The same
annotations give the JSON schema, the form and the agents' tools, so they are the only place for a bound.
What no bound can say of a field stands in `Meta(extra={"check": ...})`: a function that gives the code and
the detail of the error, or None. A null says nothing, unless `Meta(extra={"clears": True})` around the whole type
makes it a value. `Meta(extra={"lines": True})` lets a text have more than one; with `"as_said": True` beside it,
tags too, for what is kept as somebody said it. `onboarding/reading.py` reads them.
How people speak of a field stands in `Meta(extra={"said": Said(...)})`; a reader of its own for what they say, in
`Meta(extra={"hear": ...})`, a function of the text and the language that gives the value or None; `"guess"` gives
several that may be meant.
`onboarding/scripted/` listens by these.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from types import FunctionType
from typing import Annotated, Any, ClassVar, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Struct

from onboarding.payloads import FieldError


class Answer(Struct, frozen=True, kw_only=True):
    """The base of every state's answer. Rules between its fields are methods under `rule`."""

    shares: ClassVar["Shares | None"] = None
    """Its number fields that are parts of a whole, if there are such."""


class Said(Struct, frozen=True, kw_only=True):
    """How people speak of a field, for whoever asks for it in words: `Meta(extra={"said": Said(...)})`.

    All of it is optional: what is not given follows from the field's name and bounds. Texts for the person are
    by language; words that the person may use are in any language, in any case, with or without accents, singular.

    ask: the question.
    label: its short name, as in "Target weight".
    confirm: a sentence with `{}` for the value, as in "You are {}.".
    replies: answers to offer, each one that will be understood.
    words: ways to say a value. For a boolean the values are `true` and `false`; for a number its digits; for a
        text the text that is kept.
    spoken: by language, how a value is said back.
    sets: a word that stands for several values, as "weekend" does. For a list of groups, by its first field.
    ranges: for a choice, the numbers (both ends included) that mean a value, as 11 to 50 people mean "small".
    cues: words that point to the field without being part of the answer: "allergic to". For a text, what follows.
    names: words that point to the field and are part of the answer, as "knee" is in "bad left knee".
    none: words that mean an empty list.
    others: of a number, words that point to something else that is counted alike, as what somebody weighs now.
    unit: of a number, where the field's name does not end in it: `kg`, `cm`, `ml`, `minutes`, `kcal`, `percent`.
    hours: where a time is said without morning or evening, the first and the last hour that is meant, by a value
        of the group's first field; "" is for any other.
    above: of a text in a list of groups, that it names another item of the list, which this one belongs to.
    wanted: of a list that may be left out, that it is asked for all the same.
    only_with: of a text, a choice and its value without which there is none: hearing the text says the value.
    shared: one answer is for all items of the list: training has one time more often than seven.
    """

    ask: Mapping[str, str] = {}
    label: Mapping[str, str] = {}
    confirm: Mapping[str, str] = {}
    replies: Mapping[str, tuple[str, ...]] = {}
    words: Mapping[str, tuple[str, ...]] = {}
    spoken: Mapping[str, Mapping[str, str]] = {}
    sets: Mapping[str, tuple[str, ...]] = {}
    ranges: Mapping[str, tuple[float, float]] = {}
    cues: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    unit: str = ""
    hours: Mapping[str, tuple[int, int]] = {}
    above: bool = False
    wanted: bool = False
    only_with: tuple[str, str] | None = None
    shared: bool = False


class Shares(Struct, frozen=True, kw_only=True):
    """Number fields of an answer that are parts of a whole, said in one breath: "30/40/30".

    error: the field that the rule about their sum names.
    words: ways to say all of them, as "balanced".
    ask: the question for the first of them, by language.
    """

    fields: tuple[str, ...]
    total: float
    error: str
    ask: Mapping[str, str] = {}
    replies: Mapping[str, tuple[str, ...]] = {}
    words: Mapping[str, tuple[float, ...]] = {}


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
    "Shares",
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
