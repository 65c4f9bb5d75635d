"""The tools of an agent: which there are follows from where the run stands, never from what anybody says."""

from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from onboarding.flow import Flow, State
from onboarding.forms import json_schema
from onboarding.payloads import FieldError, Refusal, Run
from onboarding.progress import current_state

Kind = Literal["save", "skip", "progress", "why", "back", "profile", "schedule", "propose"]

ARGUMENTS_AT_MOST = 32_000
"""Characters of a tool call: more than any answer has."""

DEPTH_AT_MOST = 32
"""Levels of its arguments; what is much deeper ends in the recursion limit of whoever encodes it next."""


class Tool(Struct, frozen=True, kw_only=True):
    """A tool on offer. `parameters` is the JSON schema of its arguments, `state` the key of what it is about."""

    name: str
    kind: Kind
    description: str
    parameters: dict[str, Any]
    state: str | None = None


class Done(Struct, frozen=True, kw_only=True):
    """What became of a tool call: `told` is what the model reads, `error` the code of a refusal."""

    told: dict[str, Any]
    error: str | None = None
    errors: tuple[FieldError, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it did what it says."""
        return self.error is None


def done(**told: Any) -> Done:
    """It worked."""
    return Done(told={"success": True, **told})


def refused(refusal: Refusal) -> Done:
    """It did not; the model may ask the person again."""
    errors = refusal.errors
    told: dict[str, Any] = {
        "success": False,
        "error": "; ".join(f"{e.field} {e.detail}" for e in errors) or refusal.detail,
        "field": errors[0].field if errors else None,
        "error_code": errors[0].code if errors else refusal.code,
    }
    if refusal.current_state is not None:
        told["current_state"] = refusal.current_state
    return Done(told=told, error=refusal.code, errors=errors)


def arguments_of(text: str) -> dict[str, Any] | None:
    """The arguments of a call, whatever a model wrote; None when they are no object. Nothing at all is one."""
    if len(text) > ARGUMENTS_AT_MOST:
        return None
    try:
        given = msgspec.json.decode(text.encode() or b"{}", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return None
    return None if _is_deeper(given, DEPTH_AT_MOST) else given


def _is_deeper(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(cast(dict[str, object], value).values())
    if not isinstance(value, list):
        return False
    return not levels or any(_is_deeper(each, levels - 1) for each in cast(list[object], value))


def asked_state(run: Run, flow: Flow, focus: str | None) -> State | None:
    """The state that is talked about: one that the person went back to, else the current one.

    Once all are answered it is the first one that no longer fits the others: nothing else is left to settle.
    """
    state = flow.find(focus) if focus else None
    doubted = (each for each in flow.states if each.key in run.needs_review)
    return state or current_state(run, flow) or next(doubted, None)


def on_offer(run: Run, flow: Flow, focus: str | None) -> list[Tool]:
    """The tools that an agent has now: those of one state, and those that change nothing."""
    state = asked_state(run, flow, focus)
    tools: list[Tool] = []
    if state is not None:
        tools.append(
            Tool(
                name=f"save_{state.key}",
                kind="save",
                state=state.key,
                description=f"Save the person's answer: {state.description} Only what the person said; "
                "ask for what is missing.",
                parameters=json_schema(state),
            )
        )
        if state.optional:
            tools.append(
                Tool(
                    name="skip_state",
                    kind="skip",
                    state=state.key,
                    description="Skip this state, when the person says that they do not want to answer.",
                    parameters=_nothing(),
                )
            )
        tools.append(
            Tool(
                name="explain_why_we_ask",
                kind="why",
                state=state.key,
                description="Why this is asked, in the words of the product.",
                parameters=_nothing(),
            )
        )
    tools.append(
        Tool(
            name="get_progress",
            kind="progress",
            description="What is collected, what is missing and where the onboarding stands.",
            parameters=_nothing(),
        )
    )
    if earlier := [s.key for s in flow.states if s.key in run.answers or s.key in run.skipped]:
        tools.append(
            Tool(
                name="go_back_to",
                kind="back",
                description="Talk about an earlier state again, when the person wants to change that answer.",
                parameters={
                    "type": "object",
                    "properties": {"state": {"type": "string", "enum": earlier}},
                    "required": ["state"],
                    "additionalProperties": False,
                },
            )
        )
    return tools


def _nothing() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "additionalProperties": False}
