"""What is said by rule: greetings, the next question, hand-overs; in the language of the run."""

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from onboarding.chat import QuickReply
from onboarding.flow import Agent, Flow, State
from onboarding.forms import form
from onboarding.payloads import Run
from onboarding.progress import current_state, progress
from onboarding.safety import FIGURES, Facts, referral
from onboarding.scripted import Draft, confirm, opener, question
from onboarding.tools import asked_state

_DONE = {
    "en": "That was everything. You can complete your onboarding now, or tell me which answer you want to change.",
    "es": "Eso era todo. Ya puedes completar tu registro, o dime qué respuesta quieres cambiar.",
}
_HOW_TO_COMPLETE = {
    "en": "Everything is answered. To complete your onboarding, confirm it in the app; here you can still change "
    "an answer.",
    "es": "Todo está respondido. Para completar tu registro, confírmalo en la aplicación; aquí aún puedes cambiar "
    "una respuesta.",
}
_COMPLETED = {
    "en": "Your onboarding is complete. From here on the assistant helps you with your profile and your schedule.",
    "es": "Tu registro está completo. A partir de aquí, el asistente te ayuda con tu perfil y tu horario.",
}
_COMPLETING = re.compile(
    r"\b(complete|finish|finali[sz]e|submit|termin|complet|finaliz|acab|envia)", re.IGNORECASE
)
_REVIEW = {
    "en": "Everything is answered, but something no longer fits together: {}. Let us look at it again.",
    "es": "Todo está respondido, pero algo ya no encaja: {}. Veámoslo otra vez.",
}
_REVIEW_LATER = {
    "en": "This no longer fits what you said earlier: {}. We come back to it at the end.",
    "es": "Esto ya no encaja con lo que dijiste antes: {}. Volveremos a ello al final.",
}
_UNCLEAR = {"en": "I did not quite get that.", "es": "No lo he entendido del todo."}
_HELLO = {"en": "Hello!", "es": "¡Hola!"}
_NOT_OPTIONAL = {"en": "This one cannot be skipped.", "es": "Esto no se puede saltar."}
_HOW_FAR = {
    "en": "{done} of {all} are done ({percentage} %).",
    "es": "Llevas {done} de {all} ({percentage} %).",
}


class Words(Struct, frozen=True, kw_only=True):
    """Something to say; `asked` is the draft of the state that it asks about."""

    text: str
    quick_replies: tuple[QuickReply, ...] = ()
    asked: Draft | None = None


def first_words(run: Run, flow: Flow, facts: Facts) -> Words:
    """The greeting and the first question, for a conversation that is empty."""
    state = current_state(run, flow)
    if state is None:
        return all_answered(run, flow, facts)
    asked = ask(state, run.locale, facts)
    greeting = _in(flow.agent(state.agent).greeting, run.locale)
    return replace(asked, text=_joined(greeting, asked.text))


def words_again(run: Run, flow: Flow, focus: str | None, draft: Draft | None, facts: Facts) -> Words:
    """What is asked in the midst of a conversation: what is understood so far, and the question that is open.

    Args:
        run: as it is now.
        flow: its flow.
        focus: the key of an earlier state that the person went back to.
        draft: what is understood of an answer; of another state it says nothing.
        facts: what must not be said to the person.
    """
    state = asked_state(run, flow, focus if focus in run.answers or focus in run.skipped else None)
    if state is None or draft is None or draft.state != state.key or draft.again:
        return gone_back_to(run, state, facts) if state and state.key == focus else first_words(run, flow, facts)
    asked = ask_on(state, draft, run.locale, facts)
    told = confirm(state, draft.data, run.locale) if draft.data else ""
    return replace(asked, text=_joined(told, asked.text))


def next_words(run: Run, flow: Flow, before: str | None, facts: Facts) -> Words:
    """What follows once something is saved: the next question, by another agent after a hand-over.

    Args:
        run: as it is now.
        flow: its flow.
        before: the key of the agent that spoke until now; None when an earlier answer was changed, after which
            nobody takes over: whoever asks now did so before.
        facts: what must not be said to the person.
    """
    state = current_state(run, flow)
    if state is None:
        return all_answered(run, flow, facts)
    asked = ask(state, run.locale, facts)
    agent: Agent = flow.agent(state.agent)
    hand_over = _in(agent.hand_over, run.locale) if before is not None and agent.key != before else ""
    return replace(asked, text=_joined(hand_over, asked.text))


def gone_back_to(run: Run, state: State, facts: Facts) -> Words:
    """A state that is looked at again: what is stored of it, which whatever is said next changes."""
    asked, draft = ask(state, run.locale, facts), stored(run, state)
    told = confirm(state, draft.data, run.locale) if draft else ""
    return replace(asked, text=_joined(told, asked.text), asked=draft)


def stored(run: Run, state: State) -> Draft | None:
    """The answer that is stored of a state, as the beginning of another one."""
    answer = run.answers.get(state.key)
    return Draft(state=state.key, data=answer, again=True) if answer else None


def ask(state: State, locale: str, facts: Facts) -> Words:
    """The question of a state, as a whole."""
    text, replies = opener(state, locale)
    return _careful(state, Words(text=text, quick_replies=replies), locale, facts)


def ask_on(state: State, draft: Draft | None, locale: str, facts: Facts) -> Words:
    """The question for what a state's answer still lacks."""
    text, replies, asked = question(state, draft, locale)
    return _careful(state, Words(text=text, quick_replies=replies, asked=asked), locale, facts)


def refers(state: State | None, facts: Facts, locale: str) -> str:
    """Whom to ask instead, where a state asks for figures that are for a professional; else nothing."""
    if state is None or not any(node.required and node.name in FIGURES for node in form(state)):
        return ""
    return referral(facts.touched, locale) or ""


def _careful(state: State, words: Words, locale: str, facts: Facts) -> Words:
    """The same question to somebody whose figures are for a professional: it suggests none."""
    if not facts.touched:
        return words
    return replace(
        words,
        text=_joined(refers(state, facts, locale), facts.without_suggestions(words.text)),
        quick_replies=tuple(each for each in words.quick_replies if facts.without_suggestions(each.value)),
    )


def all_answered(run: Run, flow: Flow, facts: Facts) -> Words:
    """No state is open: what no longer fits is asked about, else it is done."""
    state = asked_state(run, flow, None)
    if state is None:
        return Words(text=_in(_DONE, run.locale))
    again = gone_back_to(run, state, facts)
    return replace(again, text=_joined(_in(_REVIEW, run.locale).format(_titles(run, flow)), again.text))


def at_the_end(run: Run, flow: Flow, text: str, facts: Facts) -> Words:
    """What is said to a message when nothing is asked any more."""
    if _COMPLETING.search(text):
        return Words(text=_in(_HOW_TO_COMPLETE, run.locale))
    return all_answered(run, flow, facts)


def completed(locale: str) -> Words:
    """What is said where an onboarding was gone through."""
    return Words(text=_in(_COMPLETED, locale))


def review_later(run: Run, flow: Flow, before: Run) -> str:
    """That a change has put other answers in doubt, while there is more to ask before them; else nothing."""
    if set(run.needs_review) <= set(before.needs_review) or current_state(run, flow) is None:
        return ""
    return _in(_REVIEW_LATER, run.locale).format(_titles(run, flow))


def _titles(run: Run, flow: Flow) -> str:
    return ", ".join(state.worded(run.locale).title for state in flow.states if state.key in run.needs_review)


def unclear(run: Run) -> str:
    """That the message was no answer."""
    return _in(_UNCLEAR, run.locale)


def hello(run: Run) -> str:
    """A greeting returned."""
    return _in(_HELLO, run.locale)


def not_optional(run: Run) -> str:
    """That a state must be answered."""
    return _in(_NOT_OPTIONAL, run.locale)


def how_far(run: Run, flow: Flow) -> str:
    """Where the run stands, in a sentence."""
    where = progress(run)
    done = len(where.completed_states) + len(where.skipped_states)
    return _in(_HOW_FAR, run.locale).format(
        done=done, all=len(flow.states), percentage=where.completion_percentage
    )


def _in(texts: Mapping[str, str], locale: str) -> str:
    return texts.get(locale) or texts.get("en", "")


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
