"""What a message to the general agent is about, by rules: the parts of a profile that it names, and how."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from onboarding.flow import Flow, State
from onboarding.forms import FormNode, form
from onboarding.scripted import Draft, Heard, hear
from onboarding.scripted.fields import cues_of, fields_of
from onboarding.scripted.text import listen

CHANGING = re.compile(r"\b(change|set|make|move|now|instead|from now on|cambia\w*|pon\w*|mueve|ahora|en vez)\b")
_ADDING = re.compile(r"\b(add|also|too|another|anade\w*|agrega\w*|tambien|otr[oa])\b")

_SINCE = re.compile(r"\b(from now on|now|a partir de ahora|ahora)\b", re.IGNORECASE)
"""Since when something holds is no part of the answer."""

_EVERYWHERE = {
    *("schedule", "plan", "preferences", "target", "daily", "frequency", "percentage", "optional", "selection"),
    "fixed",
}
"""Words of titles that say too little to choose a part of the profile by."""


def plainly(text: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def named(flow: Flow, answers: Mapping[str, Any] | None, text: str, locale: str) -> list[State]:
    """The states that a message names: by their titles and labels, by their choices, by names in what is stored
    (a meal's), or as people speak of them.
    """
    said = {_stem(word) for word in _words(text)}
    spoken = listen(text)
    places = range(len(spoken.tokens))
    return [
        state
        for state in flow.states
        if said & {_stem(word) for word in _words(" ".join(_texts(state, locale))) - _EVERYWHERE}
        or said & {_stem(word) for word in _words(" ".join(_stored((answers or {}).get(state.key))))}
        or any(cues_of(each).at(spoken, place) for each in _with_inner(fields_of(state).all) for place in places)
    ]


def changed(flow: Flow, state: State, text: str, stored: dict[str, Any], locale: str) -> Heard:
    """What a message makes of a stored answer.

    Of items that have no name, such as the days of a plan, a change means the whole list: there is no telling
    which of them was meant, and whoever adds one says so.
    """
    plain, text = plainly(text), _SINCE.sub(" ", text)
    if CHANGING.search(plain) and not _ADDING.search(plain):
        nameless = {each.path for each in fields_of(state).all if each.inner and each.identity.kind != "text"}
        rest = {name: value for name, value in stored.items() if name not in nameless}
        afresh = hear(flow, state, text, Draft(state=state.key, data=rest, again=True), locale)
        if afresh.complete and afresh.understood:
            return afresh
    return hear(flow, state, text, Draft(state=state.key, data=stored, again=True), locale)


def is_question(text: str) -> bool:
    """Whether something is asked, and nothing is to be changed."""
    return bool(re.search(r"[?¿]", text)) and not CHANGING.search(plainly(text))


def _with_inner(fields: Any) -> list[Any]:
    return [each for field in fields for each in (field, *field.inner)]


def _texts(state: State, locale: str) -> list[str]:
    nodes = form(state)
    choices = [choice for node in nodes for choice in _choices(node)]
    titles = [state.title, state.worded(locale).title, state.key.replace("_", " ")]
    return [*titles, *(node.label for node in nodes), *choices]


def _stored(value: object) -> list[str]:
    if isinstance(value, dict):
        value = list(cast(dict[str, object], value).values())
    if isinstance(value, list):
        return [text for each in cast(list[object], value) for text in _stored(each)]
    return [value] if isinstance(value, str) else []


def _choices(node: FormNode) -> list[str]:
    return list(node.choices or ())


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", plainly(text)))


def _stem(word: str) -> str:
    return word.removesuffix("s").removesuffix("e")
