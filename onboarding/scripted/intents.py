"""What a message wants other than to answer: skip, go back, know why, see how far it is.

Such a wish must be the whole message: "skip" is one, "I skip breakfast" is an answer.
"""

from onboarding.flow import Flow, State
from onboarding.scripted.drafts import Intent
from onboarding.scripted.text import Phrases, Spoken, tokens
from onboarding.scripted.words import LEAD, listed

_WISHES: dict[Intent, str] = {
    "skip": (
        "skip, pass, next, skip this, skip it, skip this one, skip this step, skip this question, no thanks "
        "skip, id rather not say, i would rather not say, prefer not to say, id prefer not to say, rather "
        "not, not applicable, next question, saltar, saltalo, salta, saltarlo, omitir, omitelo, omite, paso, "
        "siguiente, prefiero no decirlo, prefiero no contestar, prefiero no responder, saltar esto, saltar "
        "esta pregunta, omitir esta pregunta, saltar este paso, quiero saltar, can we skip, can i skip, puedo "
        "saltar, podemos saltar, move on, lets move on, lo salto, la salto, saltar pregunta"
    ),
    "why": (
        "why, why do you ask, why do you need, why do you want to know, what for, whats this for, what is "
        "this for, how come, what do you need, why should i, why are you asking, por que, para que, por que "
        "preguntas, por que lo preguntas, por que me preguntas, por que necesitas, para que sirve, para que "
        "quieres, para que necesitas, a que viene, why is that important, why does it matter, why does that "
        "matter, por que es importante, why would you need"
    ),
    "progress": (
        "progress, my progress, how far, how far am i, how much longer, how much is left, how many questions, "
        "how many steps, how many more, where am i, whats left, what is left, status, how long will this "
        "take, are we done, are we there yet, cuanto falta, cuanto queda, cuantas preguntas, cuantas faltan, "
        "cuantos pasos, como voy, que tal voy, progreso, mi progreso, por donde voy, donde estoy, que falta, "
        "que queda, hemos "
        "terminado, how long, cuanto tiempo falta, show progress, show my progress"
    ),
    "greeting": (
        "hi, hello, hey, hiya, good morning, good afternoon, good evening, hola, buenas, buenos dias, buenas "
        "tardes, buenas noches, hey there, hi there, hello there, que tal, how are you, whats up, greetings, "
        "saludos, 👋"
    ),
}
_KEEP = (
    "keep it, keep it as it is, keep that, leave it, leave it as it is, leave it like that, no change, no "
    "changes, no, nothing, its fine, thats fine, its ok, thats ok, thats right, all good, as it is, never mind, "
    "ok, okay, yes, dejalo, dejalo asi, dejalo como esta, asi esta bien, esta bien, sin cambios, nada, "
    "correcto, no cambies nada, si, vale, todo bien, nothing to change, nada que cambiar, no cambiar nada"
)
_WISH: dict[Intent, Phrases[bool]] = {intent: listed(said) for intent, said in _WISHES.items()}
_KEEPING = listed(_KEEP)
_BACK = listed(
    "go back, back, go back to, take me back to, return, return to, previous, undo, change, edit, correct, "
    "redo, fix, update, revisit, go to the previous, change my answer, atras, volver, volver a, vuelve, "
    "vuelve a, vuelve atras, regresar, regresa, regresar a, cambiar, cambia, cambiar mi respuesta, editar, "
    "corregir, ir atras, anterior, volver atras, deshacer, rehacer, modificar, la anterior, el anterior, "
    "previous question, previous step, step back, one step back, un paso atras"
)
_PLAIN_BACK = listed(
    "go back, back, previous, undo, atras, volver, vuelve, regresar, regresa, anterior, deshacer, return"
)
_AROUND = listed(
    "this, it, one, that, state, estado, number, step, question, can, could, you, may, do, now, again, to, the, "
    "what, know, need, "
    "want, ask, asking, all, there, left, more, are, have, information, info, esta, este, pregunta, paso, "
    "puedo, quiero, podemos, saber, eso, esto, necesitas, me, queda, quedan, falta, faltan, for, que, last, "
    "previous, anterior, section, part, seccion, parte, answer, respuesta, day, preguntas, preguntais, "
    "questions, would, rather, wanna, please, por favor, favor, hay, es, lo, sirve, id"
)
_WISH_AT_MOST = 14


def wish(spoken: Spoken, intent: Intent) -> bool:
    """Whether a message is a wish of this kind and nothing else; "paso 9" names a step and passes nothing."""
    if intent == "skip" and spoken.word(0) == "paso" and spoken.word(1).isdigit():
        return False
    return _is_only(spoken, _WISH[intent])


def keeps(spoken: Spoken) -> bool:
    """Whether a message only says that an answer shall stay as it is."""
    return _is_only(spoken, _KEEPING)


def back_to(flow: Flow, state: State | None, spoken: Spoken) -> tuple[bool, str | None]:
    """Whether a message asks for an earlier state, and which one; without a name it is the one before.

    With no state, because all are answered, every one of them is earlier.
    """
    numbers = [token.word for token in spoken.tokens if token.word.isdigit()]
    if not numbers and _is_only(spoken, _PLAIN_BACK):
        return True, _before(flow, state)
    if len(spoken.tokens) > _WISH_AT_MOST:
        return False, None
    verb = next((m for m in _BACK.find(spoken) if _just_fillers(spoken, 0, m.start)), None)
    if verb is None:
        return False, None
    if numbers:
        step = len(numbers) == 1 and len(numbers[0]) < 4 and _is_only(spoken, _BACK)
        found = flow.find(int(numbers[0])) if step else None
        earlier = found is not None and _is_before(found, state)
        return earlier, found.key if found is not None and earlier else None
    named = _named_state(flow, state, {t.stem for t in spoken.tokens[verb.end :]})
    return named is not None, named


def _is_before(found: State, state: State | None) -> bool:
    return state is None or found.number < state.number


def _before(flow: Flow, state: State | None) -> str | None:
    earlier = [s.key for s in flow.states if _is_before(s, state)]
    return earlier[-1] if earlier else None


def _named_state(flow: Flow, state: State | None, said: set[str]) -> str | None:
    """The earlier state whose own words a message has; words of many states count less."""
    words = {other.key: _words_of(other) for other in flow.states}
    common = {word: sum(word in own for own in words.values()) for own in words.values() for word in own}
    scores = {key: sum(1 / common[word] for word in own & said) for key, own in words.items()}
    best = max(scores, key=lambda key: scores[key])
    found = flow.find(best)
    if found is None or not _is_before(found, state) or scores[best] == 0:
        return None
    return best if state is None or scores[best] > scores[state.key] else None


def _words_of(state: State) -> set[str]:
    wordings = [state.title, *(wording.title for wording in state.wordings.values())]
    said = " ".join([state.key.replace("_", " "), *wordings])
    return {token.stem for token in tokens(said) if len(token.stem) > 3}


def _is_only(spoken: Spoken, phrases: Phrases[bool]) -> bool:
    if len(spoken.tokens) > _WISH_AT_MOST:
        return False
    return any(
        _just_fillers(spoken, 0, match.start) and _just_fillers(spoken, match.end, len(spoken.tokens))
        for match in phrases.find(spoken)
    )


def _just_fillers(spoken: Spoken, start: int, end: int) -> bool:
    index = start
    while index < end:
        found = LEAD.at(spoken, index) or _AROUND.at(spoken, index)
        if found is None and spoken.word(index).isalpha():
            return False
        index = found.end if found is not None else index + 1
    return index == end or start >= end
