"""Edits of a profile: the answers of a completed run, checked by the same Structs and rules."""

from typing import Any

from msgspec.structs import replace

from onboarding.answers import Answer, plain
from onboarding.errors import InvalidAnswer
from onboarding.flow import Flow
from onboarding.payloads import FieldError
from onboarding.progress import misfits
from onboarding.reading import examine

Answers = dict[str, dict[str, Any]]


def edit(
    flow: Flow,
    answers: Answers,
    changes: dict[str, Any],
    *,
    tenant_id: str,
    user_id: str,
    whole_floats: bool = False,
) -> Answers:
    """The answers with some states' answers replaced; `whole_floats` as `reading.read` has it.

    Raises:
        InvalidAnswer: naming every failing field as `answers.<state key>.<field>`, also where an answer that
            is not touched no longer fits one that is.
    """
    errors: list[FieldError] = []
    changed: dict[str, Answer] = {}
    for key, data in changes.items():
        state = next((s for s in flow.states if s.key == key), None)
        if state is None:
            detail = "is no state of this flow"
            errors.append(FieldError(field=f"answers.{key[:80]}", code="unknown_state", detail=detail))
            continue
        examined = examine(state.answer, data, prefix=f"answers.{key}.", whole_floats=whole_floats)
        errors.extend(examined.errors)
        foreign = state.not_owned(examined.answer, tenant_id, user_id)
        errors.extend(replace(error, field=f"answers.{key}.{error.field}") for error in foreign)
        changed[key] = examined.answer
    errors.extend(
        replace(error, field=f"answers.{error.field}")
        for state in flow.states
        for error in misfits(flow, state, answers, changed)
    )
    if errors:
        raise InvalidAnswer(tuple(errors))
    return {**answers, **{key: plain(answer) for key, answer in changed.items()}}
