"""A message read into a draft: all readers in turn, then only what the answer's own rules allow is kept."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from onboarding.flow import Flow, State
from onboarding.payloads import FieldError
from onboarding.reading import examine
from onboarding.scripted.amounts import hear_numbers
from onboarding.scripted.choices import hear_choices
from onboarding.scripted.drafts import Draft
from onboarding.scripted.elsewhere import elsewhere
from onboarding.scripted.fields import Fields, fields_of
from onboarding.scripted.groups import hear_groups
from onboarding.scripted.listening import Listening
from onboarding.scripted.lists import hear_lists
from onboarding.scripted.names import hear_names
from onboarding.scripted.text import Spoken
from onboarding.scripted.texts import hear_own, hear_texts, offered
from onboarding.scripted.times import hear_times
from onboarding.scripted.trees import hear_trees

_STILL_TO_COME = {"required", "too_short"}
_ROUNDS = 6


class Read(NamedTuple):
    """The draft with what a message adds, the fields that it gave, what cannot be, and other states it is for."""

    draft: Draft
    understood: tuple[str, ...]
    errors: list[FieldError]
    away: tuple[str, ...]


def read(flow: Flow, state: State, spoken: Spoken, draft: Draft, locale: str) -> Read:
    """Read a message into the draft of a state."""
    fields = fields_of(state)
    before = flat(fields, draft.data)
    on = Listening(spoken, fields, elsewhere(flow, state), draft.asked, before, locale)
    on.correcting = on.correcting or draft.again
    hear_names(on)
    if on.asked is not None and any(inner.said.above for inner in on.asked.inner):
        hear_trees(on)
    for reader in (hear_choices, hear_trees, hear_groups, hear_times, hear_numbers):
        reader(on)
    if not on.markup:
        hear_own(on)
        hear_texts(on)
        hear_lists(on)
    elif not on.found:
        # Cut into pieces, a tag would no longer look like one.
        on.fail(on.asked_path or fields.all[0].path, "markup", "must be plain text without tags")
    found = {path: value for path, value in on.found.items() if value is not None}
    kept, errors = valid_part(state, {**before, **found}, before)
    left = flat(fields, kept)
    understood = tuple(f.path for f in fields.all if f.path in found and f.path in left)
    after = replace(draft, data=kept, offers=offered(on))
    return Read(after, understood, [*on.errors, *errors], tuple(on.away))


def valid_part(
    state: State, new: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[dict[str, Any], list[FieldError]]:
    """What the answer's rules allow of some values by path, and why not the rest.

    A value that fails gives way to the one there was before. A rule about several fields undoes all that are new.
    """
    values, errors = dict(new), list[FieldError]()
    fields = fields_of(state)
    for _ in range(_ROUNDS):
        data = nested(values)
        failing = [e for e in examine(state.answer, data).errors if not _to_come(fields, e)]
        if not failing:
            return data, errors
        errors.extend(e for e in failing if e not in errors)
        for error in reversed(failing):
            _undo(fields, values, before, error)
    return nested(before), errors


def _to_come(fields: Fields, error: FieldError) -> bool:
    """Whether an error only says that something is not there yet."""
    if error.code == "required":
        return True
    field = fields.find(error.field)
    return (
        error.code == "too_short" and field is not None and error.field == field.path and field.node.kind == "list"
    )


def _undo(fields: Fields, values: dict[str, Any], before: Mapping[str, Any], error: FieldError) -> None:
    field = fields.holding(error.field)
    if field is None:
        together = fields.shares.fields if fields.shares is not None and fields.shares.error == error.field else ()
        changed = [p for p in (together or tuple(values)) if values.get(p) != before.get(p)]
        for path in changed or list(values):
            _restore(values, before, path)
        return
    index, inside = _place(error.field, field.path)
    items = values.get(field.path)
    if index is None or not isinstance(items, list) or index >= len(items):
        _restore(values, before, field.path)
    elif inside and error.code not in {"duplicate"}:
        item = {key: value for key, value in items[index].items() if key != inside}
        values[field.path] = [*items[:index], *([item] if item else []), *items[index + 1 :]]
    else:
        values[field.path] = [*items[:index], *items[index + 1 :]]


def _restore(values: dict[str, Any], before: Mapping[str, Any], path: str) -> None:
    old = before.get(path)
    if old is not None and values.get(path) != old:
        values[path] = old
    else:
        values.pop(path, None)


def _place(error: str, path: str) -> tuple[int | None, str]:
    """The index and the inner field in an error's path: `meals[1].scheduled_time`."""
    number, closed, inside = error.removeprefix(path).removeprefix("[").partition("]")
    if not closed or not number.isdigit():
        return None, ""
    return int(number), inside.removeprefix(".").split("[")[0].split(".")[0]


def flat(fields: Fields, data: Mapping[str, Any]) -> dict[str, Any]:
    """Values by path."""
    found: dict[str, Any] = {}
    for field in fields.all:
        value: Any = data
        for name in field.path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None:
            found[field.path] = value
    return found


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Values by path as the answer has them, in groups."""
    data: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split(".")
        inner = data
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = value
    return data
