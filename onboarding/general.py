"""The agent that speaks after an onboarding: it reads the profile, and proposes changes; the person confirms."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from onboarding.asking import changed, is_question, named, plainly
from onboarding.chat import Proposal
from onboarding.errors import InvalidAnswer
from onboarding.flow import Agent, Flow, State
from onboarding.payloads import FieldError
from onboarding.profile import edit
from onboarding.prompting import RULES, language_of
from onboarding.scripted import confirm
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
_THANKS_WORDS = re.compile(r"\b(thanks|thank you|thx|gracias)\b")
_WHO_WORDS = re.compile(r"\b(who are you|what are you|what can you do|quien eres|que eres|que puedes hacer)\b")
_THANKED = {"en": "You are welcome.", "es": "De nada."}
_WHO = {
    "en": "I am the assistant of this app, a program. I tell you about your profile and schedule, and "
    "propose changes that you confirm.",
    "es": "Soy el asistente de esta aplicación, un programa, no una persona. Te cuento tu perfil y tu horario, y "
    "propongo cambios que tú confirmas.",
}
_DATE = {"en": "{day} {number} {month} at {time}", "es": "{day} {number} de {month} a las {time}"}
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
}
_WORKOUT = {"en": "workout", "es": "entrenamiento"}


class Wanted(Struct, frozen=True, kw_only=True):
    """What a message asks for, by rules; with `propose`, the new answer of a state.

    `about` are the keys of the states that it names: of those the profile and the schedule are told, of all when
    it names none.
    """

    kind: Literal["profile", "schedule", "propose", "thanks", "who", "unclear"]
    state: State | None = None
    answer: dict[str, Any] = {}
    about: tuple[str, ...] = ()


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
    plain = plainly(text)
    about = named(flow, answers, text, locale)
    if answers and not is_question(text):
        for state in about:
            stored = dict(answers.get(state.key, {}))
            heard = changed(flow, state, text, stored, locale)
            if heard.intent == "answer" and heard.understood and heard.draft.data != stored:
                return Wanted(kind="propose", state=state, answer=heard.draft.data)
    keys = tuple(state.key for state in about)
    if _WHO_WORDS.search(plain):
        return Wanted(kind="who")
    if _SCHEDULE_WORDS.search(plain):
        return Wanted(kind="schedule", about=keys)
    if keys or _PROFILE_WORDS.search(plain):
        return Wanted(kind="profile", about=keys)
    return Wanted(kind="thanks" if _THANKS_WORDS.search(plain) else "unclear")


def told_profile(flow: Flow, answers: Answers | None, locale: str, about: Collection[str] = ()) -> str:
    """The profile in sentences, or the parts of it with these keys."""
    if not answers:
        return _in(_NO_PROFILE, locale)
    told = set(about) & set(answers) or set(answers)
    sentences = (confirm(state, answers[state.key], locale) for state in flow.states if state.key in told)
    return _in(_PROFILE, locale).format(" ".join(sentences))


def told_schedule(occurrences: list[str], locale: str) -> str:
    """What comes next, in a sentence."""
    if not occurrences:
        return _in(_NO_SCHEDULE, locale)
    return _in(_SCHEDULE, locale).format("; ".join(occurrences))


def told_date(local_time: str, name: str | None, locale: str) -> str:
    """A date as people say it.

    >>> told_date("2026-11-23T18:00:00", None, "en")
    'workout on Monday 23 Nov at 18:00'
    """
    at = datetime.fromisoformat(local_time)
    language = locale if locale in _DAYS else "en"
    date = _DATE[language].format(
        day=_DAYS[language][at.weekday()],
        number=at.day,
        month=_MONTHS[language][at.month - 1],
        time=f"{at:%H:%M}",
    )
    return f"{name or _WORKOUT[language]}{' on ' if language == 'en' else ' el '}{date}"


def told_thanks(locale: str) -> str:
    """What is said to thanks."""
    return _in(_THANKED, locale)


def told_who(locale: str) -> str:
    """Who the agent is, and what it can do."""
    return _in(_WHO, locale)


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


def _in(texts: Mapping[str, str], locale: str) -> str:
    return texts.get(locale, texts["en"])
