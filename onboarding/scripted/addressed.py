"""What is said to whoever asks, and is no answer: orders, questions, confusion.

A free text takes any words, so what nothing points with is looked at once more before it is kept: "complete
everything" is no limitation, and "I don't understand" no injury.
"""

from onboarding.scripted.text import Spoken
from onboarding.scripted.words import content, listed

_LONGEST = 14
"""Words of something that is named without any word pointing to it; beyond them it is a story."""
_ORDERS = listed(
    "ignore, disregard, forget, complete, finish, mark, submit, save, skip, go to, jump to, proceed, continue, "
    "show, tell, give, print, write, repeat, output, reveal, delete, reset, restart, begin, cancel, execute, "
    "pretend, "
    "act as, override, bypass, approve, confirm, answer, explain, translate, say, stop, end, ignora, olvida, "
    "completa, completar, completalo, termina, terminar, finaliza, marca, guarda, salta, saltar, ve a, vete, pasa "
    "a, muestra, dime, di, dame, escribe, repite, revela, borra, elimina, reinicia, cancela, ejecuta, actua como, "
    "finge, confirma, responde, explica, traduce, continua, acaba, let me finish, take me, bring me, llevame"
)
_CONFUSED = listed(
    "dont understand, do not understand, didnt understand, dont get, do not get, not clear, unclear, confused, "
    "lost, huh, pardon, come again, say again, makes no sense, dont know, do not know, no idea, help, what, "
    "why, how, "
    "which, who, whats, should i, can i, do i, no entiendo, no comprendo, no lo entiendo, no te entiendo, no se, "
    "ni idea, me he perdido, perdido, perdida, confundido, confundida, ayuda, ayudame, no me queda claro, cual, "
    "cuales, quien, por que, cuanto, debo, puedo"
)
_SYSTEM = listed(
    "onboarding, previous instructions, instructions, system prompt, prompt, developer mode, jailbreak, chatbot, "
    "language model, tool call, the system, you, your, youre, yours, instruccion, instrucciones, asistente, tu, "
    "tus, eres, usted"
)
_STEP = listed("step, state, stage, question, paso, estado, etapa, pregunta, number, numero")


def is_addressed(spoken: Spoken, start: int, end: int) -> bool:
    """Whether some words are for the one who asks.

    Args:
        spoken: the message.
        start: the first token of the words.
        end: the token behind them.
    """
    span = content(spoken, start, end)
    if span is None:
        return False
    for words in (_ORDERS, _CONFUSED):
        if words.at(spoken, span[0], end) is not None or words.at(spoken, start, end) is not None:
            return True
    return names_the_asker(spoken, *span) or _is_step(spoken, *span)


def names_the_asker(spoken: Spoken, start: int, end: int) -> bool:
    """Whether some words speak of the conversation itself, or to a "you"."""
    return bool(_SYSTEM.find(spoken, start, end))


def is_story(start: int, end: int) -> bool:
    """Whether some words are too many for one thing."""
    return end - start > _LONGEST


def _is_step(spoken: Spoken, start: int, end: int) -> bool:
    step = _STEP.at(spoken, start, end)
    return step is not None and step.end < end and all(not spoken.word(i).isalpha() for i in range(step.end, end))
