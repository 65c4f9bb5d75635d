"""The agent that speaks after an onboarding: it reads the profile, and proposes changes; the person confirms."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from onboarding.chat import Proposal
from onboarding.errors import InvalidAnswer
from onboarding.flow import Agent, Flow, State
from onboarding.forms import form
from onboarding.payloads import FieldError
from onboarding.profile import edit
from onboarding.prompting import RULES, language_of
from onboarding.scripted import Draft, confirm, hear
from onboarding.tools import Tool

GENERAL_AGENT = Agent(
    key="general",
    task=(
        "You help somebody whose onboarding is complete: you answer questions about their own profile and "
        "schedule, and propose changes. A proposal changes nothing: the person confirms it in their app. Read "
        "before you answer."
    ),
    name={"en": "Assistant", "es": "Asistente"},
    greeting={
        "en": "Hello! Ask me about your profile or your schedule, or tell me what you want to change.",
        "es": "¡Hola! Pregúntame por tu perfil o tu horario, o dime qué quieres cambiar.",
    },
    hand_over={},
)

Answers = Mapping[str, Mapping[str, Any]]

_PROPOSED = {
    "en": "I would note this: {} Confirm it to make it so; until then nothing changes.",
    "es": "Yo anotaría esto: {} Confírmalo para que valga; hasta entonces no cambia nada.",
}
_PROFILE = {"en": "This is what I know: {}", "es": "Esto es lo que sé: {}"}
_SCHEDULE = {"en": "Your next dates: {}.", "es": "Tus próximas citas: {}."}
_NO_SCHEDULE = {"en": "There is nothing in your schedule.", "es": "No hay nada en tu horario."}
_NO_PROFILE = {"en": "There is no profile yet.", "es": "Todavía no hay perfil."}
_CANNOT = {"en": "That cannot be: {}", "es": "Eso no puede ser: {}"}

_SCHEDULE_WORDS = re.compile(
    r"\b(schedule|calendar|when|next|today|tomorrow|horario|agenda|calendario|cuando|hoy|manana)\b"
)
_PROFILE_WORDS = re.compile(r"\b(profile|answers?|what do you know|perfil|respuestas?|que sabes)\b")


_EVERYWHERE = {
    *("schedule", "plan", "preferences", "target", "daily", "frequency", "percentage", "optional", "selection"),
    "fixed",
}
"""Words of titles that say too little to choose a part of the profile by."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a message asks for, by rules; with `propose`, the new answer of a state."""

    kind: Literal["profile", "schedule", "propose", "unclear"]
    state: State | None = None
    answer: dict[str, Any] = {}


def general_prompt(flow: Flow, locale: str) -> str:
    """Our own words only: what is in the profile comes as the result of a tool."""
    states = "\n".join(f"- {state.key}: {state.title}. {state.description}" for state in flow.states)
    return "\n\n".join([GENERAL_AGENT.task, f"The profile has these parts:\n{states}", language_of(locale), RULES])


def general_tools(flow: Flow, answers: Answers | None) -> list[Tool]:
    """Reads, and proposals for each part of the profile that there is."""
    nothing: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    tools = [
        Tool(name="read_profile", kind="profile", description="The person's own profile.", parameters=nothing),
        Tool(
            name="read_schedule",
            kind="schedule",
            description="The person's meals and workouts of the next seven days.",
            parameters=nothing,
        ),
    ]
    if answers:
        tools.append(
            Tool(
                name="propose_profile_change",
                kind="propose",
                description="Propose a new answer to one part of the profile, whole; the person confirms it.",
                parameters={
                    "type": "object",
                    "properties": {
                        "state": {"type": "string", "enum": [state.key for state in flow.states]},
                        "answer": {
                            "type": "object",
                            "description": "All fields of that part, as read_profile has them.",
                        },
                    },
                    "required": ["state", "answer"],
                    "additionalProperties": False,
                },
            )
        )
    return tools


def propose(
    flow: Flow, answers: Answers, state: str, answer: object, *, id: str, tenant_id: str, user_id: str
) -> Proposal:
    """A proposal that would be taken as it is.

    Raises:
        InvalidAnswer: naming every failing field.
    """
    if flow.find(state) is None:
        raise InvalidAnswer((FieldError(field="state", code="unknown_state", detail="is no part of the profile"),))
    after = edit(
        flow,
        {key: dict(value) for key, value in answers.items()},
        {state: answer},
        tenant_id=tenant_id,
        user_id=user_id,
        whole_floats=True,
    )
    return Proposal(id=id, flow=flow.key, answers={state: after[state]})


def wanted(flow: Flow, answers: Answers | None, text: str, locale: str) -> Wanted:
    """What a message asks for, by rules: a change where it says a new value of something that it names."""
    plain = _plain(text)
    if answers:
        for state in flow.states:
            if not _names(state, plain, locale):
                continue
            stored = dict(answers.get(state.key, {}))
            heard = hear(flow, state, text, Draft(state=state.key, data=stored), locale)
            if heard.intent == "answer" and heard.understood and heard.draft.data != stored:
                return Wanted(kind="propose", state=state, answer=heard.draft.data)
    if _SCHEDULE_WORDS.search(plain):
        return Wanted(kind="schedule")
    if _PROFILE_WORDS.search(plain) or any(_names(state, plain, locale) for state in flow.states):
        return Wanted(kind="profile")
    return Wanted(kind="unclear")


def told_profile(flow: Flow, answers: Answers | None, locale: str) -> str:
    """The profile in sentences."""
    if not answers:
        return _in(_NO_PROFILE, locale)
    sentences = (confirm(state, answers[state.key], locale) for state in flow.states if state.key in answers)
    return _in(_PROFILE, locale).format(" ".join(sentences))


def told_schedule(occurrences: list[str], locale: str) -> str:
    """What comes next, in a sentence."""
    if not occurrences:
        return _in(_NO_SCHEDULE, locale)
    return _in(_SCHEDULE, locale).format("; ".join(occurrences))


def told_proposal(flow: Flow, proposal: Proposal, locale: str) -> str:
    """What would change, and that nothing has yet."""
    sentences = (confirm(s, proposal.answers[s.key], locale) for s in flow.states if s.key in proposal.answers)
    return _in(_PROPOSED, locale).format(" ".join(sentences))


def told_impossible(complaint: str, locale: str) -> str:
    """Why something cannot be proposed."""
    return _in(_CANNOT, locale).format(complaint)


def greeting(locale: str) -> str:
    """What the general agent says when it did not understand, or first."""
    return _in(GENERAL_AGENT.greeting, locale)


def _names(state: State, plain: str, locale: str) -> bool:
    words = {
        word
        for text in (state.title, state.worded(locale).title, state.key.replace("_", " "), *_labels(state))
        for word in re.findall(r"[a-z]{4,}", _plain(text))
    } - _EVERYWHERE
    said = set(re.findall(r"[a-z]{4,}", plain))
    return bool({_stem(word) for word in words} & {_stem(word) for word in said})


def _labels(state: State) -> list[str]:
    return [node.label for node in form(state)]


def _stem(word: str) -> str:
    return word.removesuffix("es").removesuffix("s")


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _in(texts: Mapping[str, str], locale: str) -> str:
    return texts.get(locale, texts["en"])
