"""What a person says, understood by the rules that a real flow has for it: the stub's arguments for its tools."""

from typing import Any

from cli.stub_ai.reaction import Offered
from onboarding.flow import Flow, State
from onboarding.flows import FLOWS
from onboarding.forms import json_schema
from onboarding.reading import examine
from onboarding.scripted import going_back, hear

_SAVE = "save_"
_LOCALE = "en"
"""Words are understood in every language; this one only decides between two equal readings."""


def state_of(tool: Offered) -> tuple[Flow, State] | None:
    """The state whose answer a tool saves: by its name and its schema; None where no flow has it."""
    for flow in FLOWS.newest():
        for state in flow.states:
            if tool.function.name == _SAVE + state.key and tool.function.parameters == json_schema(state):
                return flow, state
    return None


def heard(flow: Flow, state: State, text: str) -> dict[str, Any] | None:
    """The whole answer that one message gives to a state; None when something is missing."""
    meant = hear(flow, state, text, None, _LOCALE)
    whole = not meant.errors and not examine(state.answer, meant.draft.data).errors
    return meant.draft.data if meant.intent == "answer" and whole else None


def wanted_back(tool: Offered, text: str) -> str | None:
    """The earlier state that a message asks to go back to, of those that the tool for it names."""
    fields: dict[str, Any] = tool.function.parameters.get("properties", {})
    keys: list[str] = fields.get("state", {}).get("enum", [])
    for flow in FLOWS.newest():
        if keys and all(flow.find(key) for key in keys) and (target := going_back(flow, text)) in keys:
            return target
    return None
