"""The yardstick of chat: the scripted model asked directly, with the prompt that a turn sends it."""

import uuid
from datetime import UTC, datetime

from activities.ai.protocol import Ask, Message, Tool, ToolCall
from activities.ai.wire import PATH, request_body
from onboarding.advance import begin, new_run
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import Actor, ActorKind, Channel
from onboarding.prompting import HISTORY_AT_MOST, collected, system_prompt
from onboarding.tools import on_offer
from tests.bench.http import Http, encoded
from tests.bench.spoken import Spoken, spoken

MODEL = "stub"
SAID = "Let me think about that for a moment."
"""In which the scripted model finds nothing to save, so that it asks for more."""

ASKED_FOR_MORE = b"Could"
"""The first word of what it says then."""

_TOKENS = 600


async def direct(port: int, clients: int, total: int) -> Spoken:
    """Answers of the scripted model on that port, streamed, to so many clients."""
    body = request()
    connections = [await Http.connect(port, "/v1") for _ in range(clients)]
    try:
        return await spoken(connections, PATH, lambda: body, ASKED_FOR_MORE, total)
    finally:
        for http in connections:
            http.close()


def request() -> bytes:
    """What the model is sent in a turn about the first state, late in a conversation."""
    now, some = datetime.now(UTC), str(uuid.uuid4())
    run = new_run(id=some, tenant_id=some, user_id=some, flow=FITNESS, now=now)
    run, _ = begin(run, Actor(kind=ActorKind.PERSON, id=some), Channel.CHAT, now)
    call = ToolCall(id="known", name="get_progress", arguments="{}")
    known = encoded(collected(run, FITNESS)).decode()
    earlier = (
        Message(role="assistant" if number % 2 else "user", content=SAID) for number in range(HISTORY_AT_MOST)
    )
    ask = Ask(
        purpose="chat",
        messages=(
            Message(role="system", content=system_prompt(run, FITNESS, None)),
            Message(role="assistant", content="", tool_calls=(call,)),
            Message(role="tool", content=known, tool_call_id=call.id),
            *earlier,
            Message(role="user", content=SAID),
        ),
        tools=tuple(
            Tool(name=tool.name, description=tool.description, parameters=tool.parameters)
            for tool in on_offer(run, FITNESS, None)
        ),
        timeout_seconds=30,
        max_output_tokens=_TOKENS,
    )
    return request_body(ask, MODEL, {"max_tokens": _TOKENS})
