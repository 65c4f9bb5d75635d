"""What the good stub says and calls: always the same for the same conversation."""

import re
from typing import Any

import msgspec

from cli.stub_ai.filling import fill
from cli.stub_ai.hearing import heard, state_of, wanted_back
from cli.stub_ai.instances import NoInstance, instance
from cli.stub_ai.reaction import Call, Offered, Reaction, Request, problem

_ASKED = (
    ("skip_state", re.compile(r"\bskip\b", re.IGNORECASE)),
    ("explain_why_we_ask", re.compile(r"\bwhy\b", re.IGNORECASE)),
    ("get_progress", re.compile(r"\b(progress|how far)\b", re.IGNORECASE)),
)
"""Tools that the first word of their kind calls."""


def answer(request: Request) -> Reaction:
    """JSON where that is wanted, a sentence after a tool has answered, a call where one fits, else a question."""
    if request.schema is not None:
        try:
            return Reaction(text=msgspec.json.encode(instance(request.schema)).decode())
        except NoInstance as error:
            return problem(400, str(error), "invalid_json_schema")
    if request.last.role == "tool":
        return Reaction(text=_after(request.last.text))
    text = request.last.text
    for name, words in _ASKED:
        if words.search(text) and (tool := _offered(request, name)):
            return Reaction(calls=(_call(name, instance(tool.function.parameters)),))
    if (tool := _offered(request, "go_back_to")) and (state := wanted_back(tool, text)):
        return Reaction(calls=(_call("go_back_to", {"state": state}),))
    for tool in request.tools:
        if tool.function.name.startswith("save_"):
            arguments = arguments_for(tool, text)
            if arguments is not None:
                return Reaction(calls=(_call(tool.function.name, arguments),))
    return Reaction(text="Could you tell me a little more?" if request.tools else f"You said: {text[:200]}")


def arguments_for(tool: Offered, text: str) -> dict[str, Any] | None:
    """What a tool is called with when a person says this; None when it is not enough for a call.

    A tool of a flow is filled by the flow's own rules. For any other the first words that fit will do; so they do
    for what is JSON already: the developer's way to say exactly what to save.
    """
    known = state_of(tool)
    if known is None or text.lstrip().startswith("{"):
        return fill(tool.function.parameters, text)
    return heard(*known, text)


def _call(name: str, arguments: object) -> Call:
    return Call(name=name, arguments=msgspec.json.encode(arguments).decode())


def _offered(request: Request, name: str) -> Offered | None:
    return next((tool for tool in request.tools if tool.function.name == name), None)


def _after(result: str) -> str:
    try:
        said = msgspec.json.decode(result, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return "Thank you."
    if said.get("success") is False:
        return f"That did not work: {said.get('error', 'it was refused')}. Could you say it differently?"
    return str(said.get("message") or "Thank you, that is noted.")
