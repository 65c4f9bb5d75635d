"""What the scripted agent asks, confirms and complains of: one field at a time, in its own words."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from onboarding.flow import Flow, State
from onboarding.forms import label as readable
from onboarding.payloads import FieldError
from onboarding.reading import examine
from onboarding.scripted.drafts import Draft, QuickReply
from onboarding.scripted.fields import Field, Fields, fields_of, still_wanted
from onboarding.scripted.hearing import flat, nested
from onboarding.scripted.phrases import joined, language, own, say

_REPLIES_AT_MOST = 8
_SHOWN_AT_MOST = 12


def opener(state: State, locale: str) -> tuple[str, tuple[QuickReply, ...]]:
    """The question that opens a state, with answers to offer; an optional one can be skipped."""
    fields = fields_of(state)
    first = next(iter(_missing(state, fields, {})), None)
    replies = () if first is None else _replies(state, fields, first, locale)
    return state.worded(language(locale)).opener, replies + _skip(state, locale)


def question(state: State, draft: Draft | None, locale: str) -> tuple[str, tuple[QuickReply, ...], Draft]:
    """What to ask next: the first required field that is not there yet, and the draft that knows it was asked.

    When nothing is missing it asks whether something is to be changed, and no field was asked for.
    """
    draft = draft if draft is not None and draft.state == state.key else Draft(state=state.key)
    fields = fields_of(state)
    values = flat(fields, draft.data)
    field = next(iter(_missing(state, fields, values)), None)
    if field is None:
        return say(locale, "all_there"), (), replace(draft, asked=None, offers=())
    if draft.offers and field.guess is not None and draft.asked in {None, field.path}:
        text, replies, path = _which(field, draft.offers, locale)
    else:
        text, replies, path = _ask(state, fields, field, values.get(field.path), locale)
    asked = replace(draft, asked=path, offers=())
    return text, replies + _skip(state, locale), asked


def confirm(state: State, data: Mapping[str, Any], locale: str) -> str:
    """What was understood, a sentence for each field that is there: "Your fitness level is intermediate."."""
    fields = fields_of(state)
    values = flat(fields, data)
    shown = [_sentence(field, values[field.path], locale) for field in fields.all if field.path in values]
    return " ".join(shown) or say(locale, "nothing")


def complain(state: State, errors: Sequence[FieldError], locale: str) -> str:
    """What cannot be, politely, with the range that can."""
    said = dict.fromkeys(_complaint(fields_of(state), error, locale) for error in errors)
    return " ".join(said) or say(locale, "sorry")


def redirect(flow: Flow, state: State, away: Sequence[str], locale: str) -> str:
    """Where what was said for other states is asked for, so that nobody thinks that it is kept."""
    said: list[str] = []
    for key in away:
        other = flow.find(key)
        if other is not None:
            text = "asked_later" if other.number > state.number else "asked_before"
            said.append(say(locale, text, title=other.worded(language(locale)).title, number=other.number))
    return " ".join(said)


def insist(state: State, draft: Draft, errors: Sequence[FieldError], locale: str) -> tuple[str, Draft]:
    """What cannot be in an answer that is whole without it: it is said again, or left as it is.

    Returns:
        The text, and the draft that takes an "ok" for the answer as it is.
    """
    field = next((f for e in errors if (f := fields_of(state).holding(e.field)) is not None), None)
    asked = replace(draft, asked=field.path if field is not None else None, offers=(), again=True)
    return f"{complain(state, errors, locale)} {say(locale, 'or_as_it_is')}", asked


def label_of(field: Field, locale: str) -> str:
    """A field's short name in a language."""
    return own(field.said.label, locale, field.node.label)


def _skip(state: State, locale: str) -> tuple[QuickReply, ...]:
    return (QuickReply(label=say(locale, "Skip"), value=say(locale, "skip")),) if state.optional else ()


def _missing(state: State, fields: Fields, values: Mapping[str, Any]) -> list[Field]:
    """The required fields that are not there, or not whole; by their own declaration or by a rule."""
    lacking = [f for f in fields.all if _lacks(f, values.get(f.path), f.path in values)]
    named = [f for f in fields.all if _is_chosen(f, values) and f.path not in values]
    if lacking:
        # The text that a choice wants belongs to it, and comes before all else.
        failing = {e.field for e in examine(state.answer, _filled(state, values)).errors} if named else set[str]()
        return [*(f for f in named if f.path in failing), *lacking]
    errors = examine(state.answer, nested(values)).errors
    failing = [field for error in errors if (field := fields.holding(error.field)) is not None]
    return failing or still_wanted(fields, values)


def _is_chosen(field: Field, values: Mapping[str, Any]) -> bool:
    """Whether a text goes with a choice that was taken."""
    return field.said.only_with is not None and values.get(field.said.only_with[0]) == field.said.only_with[1]


def _filled(state: State, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as part of a whole answer, so that the rules about several fields can be asked."""
    return {**state.example, **nested(values)}


def _lacks(field: Field, value: Any, there: bool) -> bool:
    if not there:
        return field.node.required
    if field.node.kind != "list":
        return False
    short = len(value) < (field.node.min_length or 0)
    return short or any(_lacking(field, item) is not None for item in value if field.inner)


def _lacking(field: Field, item: Mapping[str, Any]) -> Field | None:
    return next((i for i in field.inner if _lacks(i, item.get(i.name), i.name in item)), None)


def _ask(
    state: State, fields: Fields, field: Field, value: Any, locale: str
) -> tuple[str, tuple[QuickReply, ...], str]:
    """The question for a field, answers to offer, and the path that is asked for."""
    if field.inner and value:
        lacking = [(index, inner) for index, item in enumerate(value) if (inner := _lacking(field, item))]
        if lacking:
            return _ask_inside(field, value, lacking, locale)
    shares = fields.shares
    if shares is not None and field.path == shares.fields[0] and shares.ask:
        replies = tuple(QuickReply(label=text, value=text) for text in shares.replies.get(language(locale), ()))
        return own(shares.ask, locale), replies, field.path
    if value and field.node.kind == "list" and not field.inner:
        what = joined([_word(field, item, locale) for item in value], locale)
        text = say(locale, "list_more", label=label_of(field, locale), count=field.node.min_length, what=what)
        return text, (), field.path
    return _question(state, field, locale), _replies(state, fields, field, locale), field.path


def _which(field: Field, offers: Sequence[str], locale: str) -> tuple[str, tuple[QuickReply, ...], str]:
    """What was said may mean one of these."""
    words = [_word(field, value, locale) for value in offers]
    text = say(locale, "which", label=label_of(field, locale), choices="; ".join(words))
    return text, tuple(QuickReply(label=word[:1].upper() + word[1:], value=word) for word in words), field.path


def _ask_inside(
    field: Field, value: Sequence[Mapping[str, Any]], lacking: list[tuple[int, Field]], locale: str
) -> tuple[str, tuple[QuickReply, ...], str]:
    """The question for what the items of a list lack: for the first of them, or for all where one answer does."""
    index, inner = lacking[0]
    same = [i for i, other in lacking if other.name == inner.name]
    shared = inner.said.shared
    shown = same if shared else [index]
    names = [_item_name(field, value[i], locale) for i in shown]
    item = joined(list(dict.fromkeys(names)), locale)
    place = f"{field.path}[]" if shared and len(same) > 1 else f"{field.path}[{index}]"
    text = own(inner.said.ask, locale) or _generic(inner, locale)
    asks = text.format(item) if "{}" in text else say(locale, "of_item", item=item, question=text)
    return asks, _offered(inner, locale), f"{place}.{inner.name}"


def _item_name(field: Field, item: Mapping[str, Any], locale: str) -> str:
    value = item.get(field.identity.name)
    if value is not None:
        return _word(field.identity, value, locale)
    told = [i for i in field.inner if i.name in item and i.kind != "boolean"]
    return ", ".join(_shown_value(item[i.name], locale) for i in told)


def _question(state: State, field: Field, locale: str) -> str:
    declared = own(field.said.ask, locale)
    if declared:
        return declared
    if field.node.pattern is not None and field.path in state.example:
        return say(locale, "form", label=label_of(field, locale), example=state.example[field.path])
    return _generic(field, locale)


def _generic(field: Field, locale: str) -> str:
    """A question made from what the form knows."""
    node, label = field.node, label_of(field, locale)
    match node.kind:
        case "integer" | "number" if node.minimum is not None and node.maximum is not None:
            return say(
                locale, f"{node.kind}_between", label=label, low=f"{node.minimum:g}", high=f"{node.maximum:g}"
            )
        case "choice":
            choices = joined([_word(field, value, locale) for value in field.values], locale, "or")
            return say(locale, "choice", label=label, choices=choices)
        case "list" if field.may_be_empty:
            return say(locale, "list_or_none", label=label)
        case _:
            return say(locale, "url" if field.url else node.kind, label=label)


def _replies(state: State, fields: Fields, field: Field, locale: str) -> tuple[QuickReply, ...]:
    required = [f for f in fields.all if f.node.required]
    if fields.shares is not None and field.path in fields.shares.fields:
        return ()
    if (
        field.node.pattern is not None
        and field.kind == "text"
        and field.path in state.example
        and len(required) == 1
    ):
        return ()
    return _offered(field, locale)


def _offered(field: Field, locale: str) -> tuple[QuickReply, ...]:
    """Answers that the field itself gives: its choices, yes and no, none."""
    declared = field.said.replies.get(language(locale)) or ()
    if declared:
        return tuple(QuickReply(label=text, value=text) for text in declared)
    choice = field.identity if field.kind == "groups" else field
    if choice.item.choices is not None:
        words = [_word(choice, value, locale) for value in choice.values[:_REPLIES_AT_MOST]]
        return tuple(QuickReply(label=word[:1].upper() + word[1:], value=word) for word in words)
    if field.kind == "boolean":
        return tuple(
            QuickReply(label=say(locale, word), value=say(locale, word.lower())) for word in ("Yes", "No")
        )
    if field.may_be_empty:
        return (QuickReply(label=say(locale, "None"), value=say(locale, "none")),)
    return ()


def _word(field: Field, value: Any, locale: str) -> str:
    """How a value is said."""
    spoken = field.said.spoken
    found = (spoken.get(language(locale)) or spoken.get("en") or {}).get(str(value))
    if found is not None:
        return found
    return str(value).replace("_", " ") if field.item.choices is not None else _shown_value(value, locale)


def _shown_value(value: Any, locale: str) -> str:
    if isinstance(value, bool):
        return say(locale, "yes" if value else "no")
    return _number(value, locale) if isinstance(value, int | float) else str(value)


def _sentence(field: Field, value: Any, locale: str) -> str:
    shown = _shown(field, value, locale)
    template = own(field.said.confirm, locale)
    if template and shown != say(locale, "there_are_none"):
        return template.format(shown)
    return say(locale, "says", label=label_of(field, locale), value=shown)


def _shown(field: Field, value: Any, locale: str) -> str:
    if field.node.kind != "list":
        return _word(field, value, locale)
    if not value:
        return say(locale, "there_are_none")
    parts = [_item(field, item, locale) if field.inner else _word(field, item, locale) for item in value]
    if len(parts) > _SHOWN_AT_MOST:
        parts = [*parts[:_SHOWN_AT_MOST], f"… ({len(parts)})"]
    return joined(parts, locale)


def _item(field: Field, item: Mapping[str, Any], locale: str) -> str:
    """One item of a list of groups: its name, its time, and what is not as usual."""
    said = _item_name(field, item, locale)
    for inner in field.inner[1:]:
        value = item.get(inner.name)
        if value is None or value == inner.node.default or field.identity.name not in item:
            continue
        if inner.kind == "time":
            said = say(locale, "at", item=said, value=value)
        elif inner.kind == "boolean":
            off = own(inner.said.confirm, locale)
            said = f"{said} ({off})" if off and not value else f"{said} ({_sentence(inner, value, locale)[:-1]})"
        elif own(inner.said.confirm, locale):
            said = f"{said} ({own(inner.said.confirm, locale).format(_shown(inner, value, locale))})"
        else:
            said = f"{said} ({label_of(inner, locale)}: {_shown(inner, value, locale)})"
    return said


def _complaint(fields: Fields, error: FieldError, locale: str) -> str:
    field = fields.holding(error.field)
    shares = fields.shares
    if field is None:
        if shares is not None and error.field == shares.error:
            named = [label_of(f, locale) for f in fields.all if f.path in shares.fields]
            return say(locale, "sum", label=joined(named, locale), total=f"{shares.total:g}")
        return _other(readable(error.field[:80]), error, locale)
    inside = error.field.rpartition("].")[2] if "]." in error.field else ""
    meant = next((i for i in field.inner if i.name == inside), field)
    label, node = label_of(meant, locale), meant.node
    code = error.code
    if code in {"too_small", "too_large"}:
        return _range(meant, error, locale)
    low, high = node.min_length, node.max_length
    if code in {"too_short", "too_long"} and node.kind == "list" and not error.field.endswith("]"):
        return say(locale, "too_few" if code == "too_short" else "too_many", label=label, low=low, high=high)
    if code == "bad_format" and meant.item.kind == "time":
        code = "bad_format_time"
    if code == "wrong_type" and node.kind == "integer":
        code = "wrong_type_integer"
    known = {"too_short", "too_long", "markup", "control_character", "duplicate", "bad_format", "bad_format_time",
             "not_allowed", "wrong_type", "wrong_type_integer", "required"}  # fmt: skip
    if code not in known:
        return _other(label, error, locale)
    choices = joined([_word(meant, value, locale) for value in meant.values], locale, "or")
    return say(locale, code, label=label, choices=choices)


def _other(label: str, error: FieldError, locale: str) -> str:
    """A rule's own words are English; in another language it is only said that it will not do."""
    if language(locale) == "en" and error.detail:
        return f"{label}: {error.detail}."
    return say(locale, "other", label=label)


def _range(field: Field, error: FieldError, locale: str) -> str:
    """The range of a number; where another rule than the field's own bounds draws it, what that one says."""
    low, high, label = field.node.minimum, field.node.maximum, label_of(field, locale)
    said = [word for word in error.detail.split() if word.replace(".", "", 1).replace("-", "", 1).isdigit()]
    bound = float(said[0]) if said else None
    if bound is not None and bound not in {low, high}:
        name = "too_small" if error.code == "too_small" else "too_large"
        return say(locale, name, label=label, low=f"{bound:g}", high=f"{bound:g}")
    if low is not None and high is not None:
        return say(locale, "out_of_range", label=label, low=_number(low, locale), high=_number(high, locale))
    if error.code == "too_small" and low is not None:
        return say(locale, "too_small", label=label, low=_number(low, locale))
    if error.code == "too_large" and high is not None:
        return say(locale, "too_large", label=label, high=_number(high, locale))
    return say(locale, "other", label=label)


def _number(value: float, locale: str) -> str:
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return shown.replace(".", ",") if language(locale) == "es" else shown
