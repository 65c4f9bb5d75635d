"""What a client needs to ask for an answer that it knows nothing about: a JSON schema and form nodes.

Both come from the annotations of the answer's Struct alone. What they cannot say, rules between fields and
refused markup, `read` says when the answer arrives.
"""

import re
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct, inspect

from onboarding.flow import Flow, State

Kind = Literal["integer", "number", "text", "choice", "boolean", "time", "list", "group"]
_UNITS = {"cm", "kg", "ml", "minutes"}


class FormNode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One input of a form, or a list or group of them; absent bounds are absent in JSON too.

    Bounds are inclusive. `item` is the node of each item of a list, `fields` are those of a group. `unique`
    says that a list repeats no text, however it is written.
    """

    name: str
    label: str
    kind: Kind
    required: bool
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    choices: list[str] | None = None
    default: Any = None
    item: "FormNode | None" = None
    fields: "list[FormNode] | None" = None
    unique: bool = False


class StateForm(Struct, frozen=True, kw_only=True):
    """A state with all that a generic client needs to get it answered."""

    number: int
    key: str
    title: str
    agent: str
    description: str
    opener: str
    why_we_ask: str
    optional: bool
    depends_on: list[str]
    schema: dict[str, Any]
    form: list[FormNode]
    example: dict[str, Any]


def state_forms(flow: Flow) -> list[StateForm]:
    """The states of a flow in order."""
    return [state_form(state) for state in flow.states]


def state_form(state: State) -> StateForm:
    """A state with its schema and form."""
    return StateForm(
        number=state.number,
        key=state.key,
        title=state.title,
        agent=state.agent,
        description=state.description,
        opener=state.opener,
        why_we_ask=state.why_we_ask,
        optional=state.optional,
        depends_on=[dependency.on for dependency in state.depends_on],
        schema=json_schema(state),
        form=form(state),
        example=dict(state.example),
    )


def json_schema(state: State) -> dict[str, Any]:
    """The JSON schema (2020-12) of a state's answer, self-contained, refusing unknown fields."""
    _, parts = msgspec.json.schema_components((state.answer,), ref_template="#/$defs/{name}")
    for part in parts.values():
        if part.get("type") == "object":
            part["additionalProperties"] = False
    schema = parts.pop(state.answer.__name__)
    if parts:
        schema["$defs"] = parts
    return {**schema, "examples": [dict(state.example)]}


def form(state: State) -> list[FormNode]:
    """The inputs that make up a state's answer.

    Raises:
        TypeError: when a field of the answer has a type or bound that no input shows.
    """
    return _of_struct(state.answer)


def label(name: str) -> str:
    """A field's name made readable.

    >>> label("target_weight_kg")
    'Target weight (kg)'
    """
    words = name.split("_")
    if len(words) > 1 and words[-1] in _UNITS:
        words[-1] = f"({words[-1]})"
    return " ".join(words).capitalize()


def _of_struct(kind: type[Struct]) -> list[FormNode]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    hints = get_type_hints(kind, include_extras=True)
    return [_in_declared_order(_of_field(field), hints[field.name]) for field in info.fields]


def _of_field(field: inspect.Field) -> FormNode:
    default: object = None
    if field.default is not NODEFAULT:
        default = field.default
    elif field.default_factory is not NODEFAULT:
        default = msgspec.to_builtins(field.default_factory())
    node = _of_type(field.encode_name, label(field.encode_name), field.type)
    return msgspec.structs.replace(node, required=field.required, default=default)


def _in_declared_order(node: FormNode, hint: Any) -> FormNode:
    """The node with its choices as they were declared: msgspec sorts them, and the order has a meaning."""
    if node.item is not None:
        return msgspec.structs.replace(node, item=_in_declared_order(node.item, hint))
    if node.choices is None:
        return node
    waiting = [hint]
    while get_origin(found := waiting.pop()) is not Literal:
        waiting.extend(get_args(found))
    return msgspec.structs.replace(node, choices=list(get_args(found)))


def _of_type(name: str, title: str, kind: inspect.Type) -> FormNode:
    def node(form_kind: Kind, **bounds: Any) -> FormNode:
        return FormNode(name=name, label=title, kind=form_kind, required=True, **bounds)

    match kind:
        case inspect.Metadata():
            extra = kind.extra or {}
            inner = _of_type(name, (kind.extra_json_schema or {}).get("title", title), kind.type)
            if extra.get("format") == "time":
                return msgspec.structs.replace(inner, kind="time", pattern=None)
            return msgspec.structs.replace(inner, unique=inner.unique or bool(extra.get("unique")))
        case inspect.UnionType() if len(present := _present(kind)) == 1:
            return _of_type(name, title, present[0])
        case inspect.IntType() | inspect.FloatType() if (kind.gt, kind.lt, kind.multiple_of) == (None,) * 3:
            form_kind: Kind = "integer" if isinstance(kind, inspect.IntType) else "number"
            return node(form_kind, minimum=kind.ge, maximum=kind.le)
        case inspect.StrType():
            return node("text", min_length=kind.min_length, max_length=kind.max_length, pattern=kind.pattern)
        case inspect.LiteralType() if all(isinstance(value, str) for value in kind.values):
            return node("choice", choices=list(kind.values))
        case inspect.BoolType():
            return node("boolean")
        case inspect.ListType():
            singular = title
            if isinstance(kind.item_type, inspect.StructType):
                singular = re.sub(r"(?<!^)(?=[A-Z])", " ", kind.item_type.cls.__name__).capitalize()
            item = _of_type(name, singular, kind.item_type)
            return node("list", min_length=kind.min_length, max_length=kind.max_length, item=item)
        case inspect.StructType():
            return node("group", fields=_of_struct(kind.cls))
        case _:
            raise TypeError(f"{name}: a form has no input for {kind}")


def _present(union: inspect.UnionType) -> list[inspect.Type]:
    return [t for t in union.types if not isinstance(t, inspect.NoneType)]
