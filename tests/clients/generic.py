"""A client that finishes the onboarding of any flow and knows the name of no step.

It reads what the API says of the states (`form`, `example`), makes up an answer from the form's nodes, and
falls back on the example where a rule between fields, which no form shows, refuses what it made up.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Json = Any
Call = Callable[[str, str, Json], Awaitable[tuple[int, Json]]]
BASE = "/api/v1/onboarding"


class Stuck(Exception):
    """The API answered something that this client cannot go on from."""


async def finish(call: Call, flow: str) -> Json:
    """Take the signed-in person from start to completion of a flow.

    Args:
        call: sends a method, path and JSON body (or None) and gives the status and the body of the answer.
        flow: the key of the flow.

    Returns:
        The body of the answer to `complete`.

    Raises:
        Stuck: when a request is refused for which there is no other way.
    """
    await _ok(call, "POST", "/start", {"flow": flow})
    listed = await _ok(call, "GET", f"/states?flow={flow}", None)
    states = {state["number"]: state for state in listed["items"]}
    for _ in range(3 * len(states)):
        now = await _ok(call, "GET", f"/progress?flow={flow}", None)
        waiting = [now["current_state"], *now["requirements"]["needs_review"]]
        if not (numbers := [number for number in waiting if number is not None]):
            return await _ok(call, "POST", "/complete", {"flow": flow})
        await _answer(call, flow, states[numbers[0]])
    raise Stuck(f"{flow} does not come to an end")


async def _answer(call: Call, flow: str, state: Json) -> None:
    body = {"flow": flow, "step": state["number"], "data": value({"kind": "group", "fields": state["form"]}, 0)}
    status, _ = await call("POST", f"{BASE}/step", body)
    if status == 400:
        await _ok(call, "POST", "/step", {**body, "data": state["example"]})
    elif status != 200:
        raise Stuck(f"{status} for state {state['number']}")


async def _ok(call: Call, method: str, path: str, body: Json) -> Json:
    status, answer = await call(method, BASE + path, body)
    if status not in (200, 201):
        raise Stuck(f"{status} for {method} {path}: {answer}")
    return answer


def value(node: Json, index: int) -> Json:
    """A value that a node allows; another one for each index, so that a list of them repeats nothing."""
    match node["kind"]:
        case "integer" | "number":
            return min(node.get("minimum", 0) + index, node.get("maximum", index))
        case "text":
            return f"{node['label']} {index + 1}"[: node.get("max_length", 200)]
        case "choice":
            return node["choices"][index % len(node["choices"])]
        case "boolean":
            return True
        case "time":
            return f"{8 + index:02}:00"
        case "list":
            return [value(node["item"], i) for i in range(node.get("min_length", 0))]
        case "group":
            return {field["name"]: value(field, index) for field in node["fields"] if field["required"]}
        case other:
            raise Stuck(f"no way to fill in a {other}")
