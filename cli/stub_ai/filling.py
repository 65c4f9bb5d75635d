"""Arguments of a tool from what a person says: the first word that fits, and no understanding."""

import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec

_Schema = dict[str, Any]
_TIMES = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_NUMBERS = re.compile(r"(?<![\d:.,])-?\d+(?:\.\d+)?(?![\d:])")
_YES = re.compile(r"\b(yes|yeah|yep|sure|true|si|sí)\b", re.IGNORECASE)
_NO = re.compile(r"\b(no|nope|not|none|false)\b", re.IGNORECASE)
_NOTHING = re.compile(r"\s*(no|none|nothing|nope|n/a|-|ninguno|ninguna|nada)\W*", re.IGNORECASE)
_NOT_FOUND = object()


class _Words:
    """What is left of a message: each number and time in it is taken once, in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.times = [f"{int(hour):02}:{minute}" for hour, minute in _TIMES.findall(text)]
        self.numbers = [float(number) for number in _NUMBERS.findall(text)]


def fill(schema: _Schema, text: str) -> dict[str, Any] | None:
    """An object of the schema; None when a field that it must have is not in the text.

    A text that is itself a JSON object is taken as it is: the developer's way to say exactly what to save.
    """
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        filled = _object(schema, _Words(text), schema.get("$defs", {}))
    return cast(dict[str, Any], filled) if isinstance(filled, dict) else None


def _object(schema: _Schema, words: _Words, parts: dict[str, _Schema]) -> object:
    required = schema.get("required", ())
    filled: dict[str, object] = {}
    for name, field in cast(dict[str, _Schema], schema.get("properties", {})).items():
        if name not in required and "default" in field:
            continue
        value = _value(field, words, parts)
        if value is not _NOT_FOUND:
            filled[name] = value
        elif name in required:
            return _NOT_FOUND
    return filled


def _value(schema: _Schema, words: _Words, parts: dict[str, _Schema]) -> object:
    schema = _plain(schema, parts)
    if choices := schema.get("enum"):
        return next(_named(choices, words.text), _NOT_FOUND)
    match schema.get("type"):
        case "object":
            return _object(schema, words, parts)
        case "array":
            return _array(schema, words, parts)
        case "integer" | "number" as kind:
            return _number(schema, words, whole=kind == "integer")
        case "boolean":
            if _YES.search(words.text):
                return True
            return False if _NO.search(words.text) else _NOT_FOUND
        case "string" if "pattern" in schema or schema.get("format") == "time":
            return words.times.pop(0) if words.times else _NOT_FOUND
        case "string":
            text = words.text.strip()[: schema.get("maxLength", 200)]
            return text if len(text) >= schema.get("minLength", 0) else _NOT_FOUND
        case _:
            return _NOT_FOUND


def _plain(schema: _Schema, parts: dict[str, _Schema]) -> _Schema:
    if "$ref" in schema:
        return _plain(parts[str(schema["$ref"]).rpartition("/")[2]], parts)
    if options := schema.get("anyOf"):
        return _plain(next((option for option in options if option.get("type") != "null"), {}), parts)
    return schema


def _array(schema: _Schema, words: _Words, parts: dict[str, _Schema]) -> object:
    item = _plain(schema.get("items", {}), parts)
    most = schema.get("maxItems", 50)
    found: list[object]
    if item.get("type") == "object":
        found = []
        # One object for each choice that is named, or for each time that is left.
        texts = _choices_in(item, words.text, parts) or [words.text]
        for text in texts if len(texts) > 1 else texts * max(len(words.times), 1):
            part = _Words(text)
            part.times, part.numbers = words.times, words.numbers
            if (value := _object(item, part, parts)) is not _NOT_FOUND:
                found.append(value)
    elif choices := item.get("enum"):
        found = list(_named(choices, words.text))
    elif _NOTHING.fullmatch(words.text):
        found = []
    else:
        found = [part.strip() for part in re.split(r",|;|\band\b|\by\b", words.text) if part.strip()]
    enough = len(found) >= schema.get("minItems", 0)
    return found[:most] if enough else _NOT_FOUND


def _choices_in(item: _Schema, text: str, parts: dict[str, _Schema]) -> list[str]:
    for field in cast(dict[str, _Schema], item.get("properties", {})).values():
        if choices := _plain(field, parts).get("enum"):
            return [str(choice) for choice in _named(choices, text)]
    return []


def _number(schema: _Schema, words: _Words, *, whole: bool) -> object:
    least, most = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    for number in words.numbers:
        if least <= number <= most and (number.is_integer() or not whole):
            words.numbers.remove(number)
            return int(number) if whole else number
    return _NOT_FOUND


def _named(choices: list[Any], text: str) -> Iterator[Any]:
    """The choices that the text names, in its own order."""
    spoken = re.sub(r"[_\-\s]+", " ", text.lower())
    places = {choice: spoken.find(str(choice).lower().replace("_", " ")) for choice in choices}
    yield from sorted((choice for choice in choices if places[choice] >= 0), key=lambda choice: places[choice])
