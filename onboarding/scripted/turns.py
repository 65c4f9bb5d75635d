"""One turn of the conversation: a message and the draft so far give what it meant."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from onboarding.answers import followed, recall
from onboarding.flow import Flow, State
from onboarding.payloads import FieldError
from onboarding.reading import examine
from onboarding.scripted.drafts import Draft, Heard, QuickReply
from onboarding.scripted.fields import fields_of, still_wanted
from onboarding.scripted.hearing import flat, nested, read
from onboarding.scripted.intents import back_to, keeps, wish
from onboarding.scripted.text import listen

Answers = Mapping[str, Mapping[str, Any]]
_ERRORS_AT_MOST = 20


def hear(flow: Flow, state: State, message: str, draft: Draft | None, locale: str) -> Heard:
    """What a message means in a state.

    A wish counts only as the whole message; anything else is read as an answer. What cannot be assigned is not
    guessed, but may be offered. The draft keeps its data unless a field was understood, and holds nothing that
    the answer's rules refuse.

    Args:
        flow: the flow, whose states can be gone back to.
        state: the state that the message answers.
        message: any text; what is beyond 2000 characters is not read.
        draft: of the turn before; of another state or none: from the beginning.
        locale: the person's language, for readers of their own; words are understood in every language.
    """
    spoken = listen(message)
    if draft is None or draft.state != state.key:
        draft = Draft(state=state.key)
    nothing = Heard(intent="unclear", draft=draft, complete=is_complete(state, draft.data))
    if not spoken.tokens:
        return nothing
    if wish(spoken, "skip"):
        return _left_out(state, draft) or _meaning(nothing, "skip")
    if wish(spoken, "why"):
        return _meaning(nothing, "why")
    if wish(spoken, "progress"):
        return _meaning(nothing, "progress")
    back, target = back_to(flow, state, spoken)
    if back:
        return Heard(intent="back", draft=draft, complete=nothing.complete, back_to=target)
    if wish(spoken, "greeting"):
        return _meaning(nothing, "greeting")
    after, understood, errors, away = read(flow, state, spoken, draft, locale)
    if not understood and not errors:
        if draft.again and nothing.complete and keeps(spoken):
            return _meaning(nothing, "answer")
        return replace(nothing, draft=after, away=away)
    return Heard(
        intent="answer",
        draft=after,
        understood=understood,
        complete=is_complete(state, after.data),
        errors=tuple(errors[:_ERRORS_AT_MOST]),
        away=away,
    )


def going_back(flow: Flow, message: str) -> str | None:
    """The state that a message wants to change when all are answered; None when it wants something else."""
    spoken = listen(message)
    return back_to(flow, None, spoken)[1] if spoken.tokens else None


def is_complete(state: State, data: Mapping[str, Any]) -> bool:
    """Whether an answer can be saved as it is, with all that is asked for."""
    fields = fields_of(state)
    return not examine(state.answer, data).errors and not still_wanted(fields, flat(fields, data))


def fitting(
    flow: Flow, state: State, draft: Draft, replies: tuple[QuickReply, ...], answers: Answers, locale: str
) -> tuple[QuickReply, ...]:
    """The replies that would be taken with the answers to other states: no 40 % of carbs with a keto diet."""
    return tuple(r for r in replies if _is_taken(flow, state, hear(flow, state, r.value, draft, locale), answers))


def _is_taken(flow: Flow, state: State, heard: Heard, answers: Answers) -> bool:
    if heard.intent != "answer" or not heard.complete:
        return not heard.errors
    answer = examine(state.answer, heard.draft.data).answer
    return not any(
        error
        for dependency in state.depends_on
        if (on := flow.find(dependency.on)) is not None and on.key in answers
        for rule in dependency.rules
        for error in followed(rule, answer, recall(on.answer, answers[on.key]))
    )


def forget(state: State, draft: Draft, errors: tuple[FieldError, ...]) -> Draft:
    """The draft without what was refused when it was to be saved, so that it is asked for anew.

    Parts of a whole go together: with one of them, the others have to change too.
    """
    fields = fields_of(state)
    values = flat(fields, draft.data)
    for error in errors:
        field = fields.holding(error.field)
        gone = {field.path} if field is not None else set[str]()
        shares = fields.shares
        if shares is not None and (error.field == shares.error or gone & set(shares.fields)):
            gone |= set(shares.fields)
        for path in gone:
            values.pop(path, None)
    return Draft(state=draft.state, data=nested(values))


def _left_out(state: State, draft: Draft) -> Heard | None:
    """Who skips a list that may be left out has said that it is empty."""
    fields = fields_of(state)
    field = fields.find(draft.asked)
    if field is None or field not in still_wanted(fields, flat(fields, draft.data)):
        return None
    after = replace(draft, data={**draft.data, field.path: []}, offers=())
    return Heard(intent="answer", draft=after, understood=(field.path,), complete=is_complete(state, after.data))


def _meaning(heard: Heard, intent: Any) -> Heard:
    return Heard(intent=intent, draft=heard.draft, complete=heard.complete)
