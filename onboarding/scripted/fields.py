"""The fields of an answer, as somebody who asks in words sees them: form node, vocabulary, and own reader.

Fields of a group stand beside the others with their path; a list of groups is one field with fields inside.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct, inspect

from onboarding.answers import Answer, Said, Shares
from onboarding.flow import State
from onboarding.forms import FormNode, form
from onboarding.scripted.quantities import OF_FIELD, Unit
from onboarding.scripted.text import Phrases

Hear = Callable[[str, str], Any]
Guess = Callable[[str, str], tuple[str, ...]]
_NOTHING_SAID = Said()


class Field(Struct, frozen=True, kw_only=True):
    """A field that can be asked for. `inner` are the fields of each item of a list of groups."""

    path: str
    node: FormNode
    said: Said = _NOTHING_SAID
    hear: Hear | None = None
    guess: Guess | None = None
    inner: "tuple[Field, ...]" = ()
    url: bool = False

    @property
    def name(self) -> str:
        """Its own name, without the groups it is in."""
        return self.node.name

    @property
    def kind(self) -> str:
        """What it holds: the kind of its form node, and for a list "texts", "choices", "groups", or "list"."""
        item = self.node.item
        if item is None:
            return self.node.kind
        return {"text": "texts", "choice": "choices", "group": "groups"}.get(item.kind, "list")

    @property
    def item(self) -> FormNode:
        """The node of each item of a list, or its own."""
        return self.node.item or self.node

    @property
    def identity(self) -> "Field":
        """The first field of a group, by which people tell its items apart."""
        return self.inner[0]

    @property
    def unit(self) -> Unit | None:
        """What its number counts."""
        return OF_FIELD.get(self.said.unit or self.name.rsplit("_", 1)[-1])

    @property
    def may_be_empty(self) -> bool:
        """Whether it is a list that may have nothing in it."""
        return self.node.kind == "list" and not self.node.min_length

    @property
    def values(self) -> tuple[str, ...]:
        """The values that have words: those of a choice, of a boolean, or those that are declared."""
        if self.item.choices is not None:
            return tuple(self.item.choices)
        return ("true", "false") if self.item.kind == "boolean" else tuple(self.said.words)


class Fields(Struct, frozen=True, kw_only=True):
    """All fields of a state's answer, in order."""

    all: tuple[Field, ...]
    shares: Shares | None

    def find(self, path: str | None) -> Field | None:
        """The field with this path; for a path inside of a list, the list."""
        top = (path or "").split("[", 1)[0]
        return next((field for field in self.all if field.path == top), None)

    def holding(self, error: str) -> Field | None:
        """The field that an error's path is in."""
        own = self.find(error)
        return own or next((f for f in self.all if error.startswith(f.path + ".")), None)


def still_wanted(fields: Fields, values: Mapping[str, Any]) -> list[Field]:
    """Lists that may be left out, and are asked for once all the same."""
    return [field for field in fields.all if field.said.wanted and field.may_be_empty and field.path not in values]


def fields_of(state: State) -> Fields:
    """The fields of a state's answer."""
    return _fields(state.answer, state)


_KNOWN: dict[type[Answer], Fields] = {}


def _fields(answer: type[Answer], state: State) -> Fields:
    if answer not in _KNOWN:
        _KNOWN[answer] = Fields(all=_of_group(form(state), answer, ""), shares=answer.shares)
    return _KNOWN[answer]


def _of_group(nodes: list[FormNode], kind: type[Struct], prefix: str) -> tuple[Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    by_name = {field.encode_name: field.type for field in info.fields}
    found: list[Field] = []
    for node in nodes:
        bare, extra = _unwrapped(by_name[node.name])
        if isinstance(bare, inspect.StructType):
            found.extend(_of_group(node.fields or [], bare.cls, f"{prefix}{node.name}."))
            continue
        inner: tuple[Field, ...] = ()
        if isinstance(bare, inspect.ListType):
            item, of_item = _unwrapped(bare.item_type)
            extra = {**of_item, **extra}
            if isinstance(item, inspect.StructType):
                inner = _of_group((node.item and node.item.fields) or [], item.cls, "")
        said = extra.get("said", _NOTHING_SAID)
        url = extra.get("format") in {"url", "uri"} or node.name.rsplit("_", 1)[-1] in {"url", "website", "site"}
        found.append(
            Field(
                path=prefix + node.name,
                node=node,
                said=said,
                hear=extra.get("hear"),
                guess=extra.get("guess"),
                inner=inner,
                url=url,
            )
        )
    return tuple(found)


def _unwrapped(kind: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """A type without what is said about it, and that."""
    extra: dict[str, Any] = {}
    while True:
        if isinstance(kind, inspect.Metadata):
            extra = {**(kind.extra or {}), **extra}
            kind = kind.type
        elif isinstance(kind, inspect.UnionType):
            kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
        else:
            return kind, extra


@cache
def _phrases(entries: tuple[tuple[str, str], ...]) -> Phrases[str]:
    return Phrases(entries)


def words_of(field: Field) -> Phrases[str]:
    """The ways to say a field's values: its words, and those values that are words themselves."""
    own = tuple((value.replace("_", " "), value) for value in field.item.choices or ())
    said = tuple((word, value) for value, words in field.said.words.items() for word in words)
    return _phrases(said + own)


def sets_of(field: Field) -> Phrases[str]:
    """Words that stand for several of its values; the meaning is the word's own key."""
    return _phrases(tuple((word, word) for word in field.said.sets))


def cues_of(field: Field) -> Phrases[str]:
    """Words that point to a field: those declared, and its name and labels."""
    named = (field.name.replace("_", " "), field.node.label.split(" (")[0], *field.said.label.values())
    return _phrases(tuple((cue, "cue") for cue in (*field.said.cues, *named)))


def names_of(field: Field) -> Phrases[str]:
    """Words that point to a field and belong to the answer."""
    return _phrases(tuple((name, "name") for name in field.said.names))


def others_of(field: Field) -> Phrases[str]:
    """Words that point to something else that is counted alike."""
    return _phrases(tuple((word, "other") for word in field.said.others))


def none_of(field: Field) -> Phrases[str]:
    """Words that mean that a list is empty."""
    return _phrases(tuple((word, "none") for word in field.said.none))
