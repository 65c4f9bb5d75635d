"""What the stub does with a request: an answer, and how it goes wrong."""

import asyncio
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

_PIECE = 40
"""Characters of arguments in one event."""


class Function(Struct, frozen=True):
    """A function on offer, or one that was called."""

    name: str = ""
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    arguments: str = ""


class Offered(Struct, frozen=True):
    """A tool on offer."""

    function: Function


class Said(Struct, frozen=True):
    """A message of the conversation; what it says is a text, or parts of which some may be pictures."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """What it says, without pictures."""
        if isinstance(self.content, list):
            return "".join(str(part.get("text", "")) for part in self.content)
        return self.content or ""


class Request(Struct, frozen=True):
    """A request, as far as the stub looks at it; `headers` are in lower case."""

    model: str
    messages: list[Said]
    stream: bool = False
    stream_options: dict[str, Any] = field(default_factory=dict)
    tools: list[Offered] = field(default_factory=list)
    response_format: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def schema(self) -> dict[str, Any] | None:
        """What the answer must be like, if it must be JSON."""
        return (self.response_format.get("json_schema") or {}).get("schema")

    @property
    def last(self) -> Said:
        """What came last."""
        return self.messages[-1] if self.messages else Said(role="user", content="")


class Call(Struct, frozen=True, kw_only=True):
    """A tool that the stub calls; `arguments` may be any text."""

    name: str
    arguments: str


class Reaction(Struct, frozen=True, kw_only=True):
    """What is said and called, and what of that arrives.

    Attributes:
        finish_reason: None for the one that fits.
        usage: whether tokens are told when they are asked for.
        delay_seconds: before anything.
        until: before anything, too, this is waited for: a test does something meanwhile.
        silent: never answers, and never hangs up.
        status, headers, body: with a body, that is the whole answer.
        events: the data of the stream's events, instead of those that follow from the rest.
        stop_after: so many events, and `then` the stream ends, the connection breaks, nothing more comes, or the
            last event comes again and again.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    refusal: str = ""
    finish_reason: str | None = None
    usage: bool = True
    delay_seconds: float = 0.0
    until: asyncio.Event | None = None
    silent: bool = False
    status: int = 200
    headers: dict[str, str] = {}
    body: bytes | None = None
    events: tuple[bytes, ...] | None = None
    stop_after: int | None = None
    then: Literal["end", "cut", "hang", "repeat"] = "end"


def problem(status: int, message: str, code: str | None = None, **headers: str) -> Reaction:
    """An error as OpenAI words it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = msgspec.json.encode({"error": {"message": message, "type": kind, "param": None, "code": code}})
    return Reaction(status=status, body=body, headers=headers)


def whole(request: Request, reaction: Reaction) -> bytes:
    """The answer to a request without `stream`."""
    message: dict[str, Any] = {"role": "assistant", "content": reaction.text or None}
    if reaction.refusal:
        message["refusal"] = reaction.refusal
    if reaction.calls:
        message["tool_calls"] = [_called(request, i, call) for i, call in enumerate(reaction.calls)]
    choice = {"index": 0, "message": message, "finish_reason": _finish(reaction)}
    answer = {**_frame(request, "chat.completion"), "choices": [choice]}
    return msgspec.json.encode(answer | ({"usage": _usage(request, reaction)} if reaction.usage else {}))


def events(request: Request, reaction: Reaction) -> Iterator[bytes]:
    """The data of each event of a streamed answer; a word, or a piece of a call, at a time."""
    if reaction.events is not None:
        yield from reaction.events
        return
    for delta in _deltas(request, reaction):
        yield _chunk(request, {"index": 0, "delta": delta, "finish_reason": None})
    yield _chunk(request, {"index": 0, "delta": {}, "finish_reason": _finish(reaction)})
    if reaction.usage and request.stream_options.get("include_usage"):
        frame = _frame(request, "chat.completion.chunk")
        yield msgspec.json.encode({**frame, "choices": [], "usage": _usage(request, reaction)})
    yield b"[DONE]"


def _deltas(request: Request, reaction: Reaction) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    if reaction.refusal:
        yield {"refusal": reaction.refusal}
    for word in reaction.text.split(" ") if reaction.text else ():
        yield {"content": f"{word} "}
    for index, call in enumerate(reaction.calls):
        head = _called(request, index, call)
        head["function"]["arguments"] = ""
        yield {"tool_calls": [{"index": index, **head}]}
        for start in range(0, len(call.arguments), _PIECE):
            piece = {"arguments": call.arguments[start : start + _PIECE]}
            yield {"tool_calls": [{"index": index, "function": piece}]}


def _called(request: Request, index: int, call: Call) -> dict[str, Any]:
    # The number of messages keeps the ids of a conversation apart.
    own = f"call_{len(request.messages)}_{index}"
    return {"id": own, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _finish(reaction: Reaction) -> str:
    return reaction.finish_reason or ("tool_calls" if reaction.calls else "stop")


def _chunk(request: Request, choice: dict[str, Any]) -> bytes:
    return msgspec.json.encode({**_frame(request, "chat.completion.chunk"), "choices": [choice]})


def _frame(request: Request, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-stub", "object": kind, "created": 0, "model": request.model}


def _usage(request: Request, reaction: Reaction) -> dict[str, int]:
    given = sum(len(message.text) for message in request.messages) // 4 + 1
    made = (len(reaction.text) + sum(len(call.arguments) for call in reaction.calls)) // 4 + 1
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
