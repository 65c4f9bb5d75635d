"""Answers as Structs: the schema that a model is given, and the reading of what it makes of it."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from activities.ai.protocol import Message
from onboarding.reading import has_markup

T = TypeVar("T", bound=Struct)

_SHOWN_AT_MOST = 4_000
"""Characters of an answer that a model is shown again."""

_ERROR_AT_MOST = 300
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n?\s*```", re.DOTALL | re.IGNORECASE)


class Unreadable(Exception):
    """An answer is not what was asked for; the message says why, and is for the model."""


@cache
def schema_of(kind: type[Struct]) -> dict[str, Any]:
    """The JSON schema of a Struct in one piece: not every server follows references.

    Raises:
        TypeError: the Struct holds itself, which has no such schema.
    """
    (schema,), parts = msgspec.json.schema_components((kind,), ref_template="{name}")
    return cast(dict[str, Any], _inlined(schema, parts, ()))


def read(text: str, kind: type[T]) -> T:
    """Turn an answer into the Struct.

    A number in quotes is taken for one. Fences around the JSON are none of it.

    Raises:
        Unreadable: it is no JSON, not of the Struct, or a text in it has tags or control characters.
    """
    stripped = text.strip()
    if fenced := _FENCE.fullmatch(stripped):
        stripped = fenced[1]
    try:
        data: object = msgspec.json.decode(stripped.encode(), type=object)
        value = msgspec.convert(data, kind, strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        # The message may quote a key that the model made up, of any length.
        raise Unreadable(f"{str(error)[:_ERROR_AT_MOST]}.") from None
    for part in _texts(msgspec.to_builtins(value)):
        if has_markup(part):
            raise Unreadable("A text has tags; write plain text.")
        if any(ord(character) < ord(" ") and character not in "\n\t" for character in part):
            raise Unreadable("A text has control characters; write plain text.")
    return value


def repair(text: str, error: str) -> tuple[Message, Message]:
    """What follows upon an answer that is unreadable: the answer, and what is wrong with it."""
    wanted = f"That is not valid: {error} Answer again, with JSON of the schema and nothing else."
    return Message(role="assistant", content=text[:_SHOWN_AT_MOST]), Message(role="user", content=wanted)


def _inlined(schema: object, parts: dict[str, Any], around: tuple[str, ...]) -> object:
    if isinstance(schema, list):
        return [_inlined(item, parts, around) for item in cast(list[object], schema)]
    if not isinstance(schema, dict):
        return schema
    fields = cast(dict[str, object], schema)
    if isinstance(name := fields.get("$ref"), str):
        if name in around:
            raise TypeError(f"{name} holds itself")
        part = cast(dict[str, object], _inlined(parts[name], parts, (*around, name)))
        # The class's own name says nothing that the field's does not.
        closed = {"additionalProperties": False} if part.get("type") == "object" else {}
        return {key: value for key, value in part.items() if key != "title"} | closed
    return {key: _inlined(value, parts, around) for key, value in fields.items()}


def _texts(data: object) -> Iterator[str]:
    match data:
        case str():
            yield data
        case dict():
            for key, value in cast(dict[object, object], data).items():
                yield from _texts(key)
                yield from _texts(value)
        case list():
            for item in cast(list[object], data):
                yield from _texts(item)
        case _:
            return
