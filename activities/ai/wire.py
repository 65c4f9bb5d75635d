"""The chat-completions protocol: a request as it is sent, and the chunks of a stream as they come."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from activities.ai.protocol import Ask, Message, Tool, ToolCall

PATH = "/chat/completions"

PICTURE_TOKENS = 3000
"""As much as most servers take for a picture of 1024 by 1024 pixels, and then some; the bill says what it was."""


class FunctionDelta(Struct, frozen=True):
    """More of a call."""

    name: str | None = None
    arguments: str | None = None


class CallDelta(Struct, frozen=True):
    """A part of a call. Which one, `index` or `id` says, where the server sends them."""

    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None
    extra_content: dict[str, Any] | None = None


class Delta(Struct, frozen=True):
    """What is new in a chunk."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: list[CallDelta] | None = None


class Choice(Struct, frozen=True):
    """One of the answers that were asked for: one was."""

    index: int | None = None
    delta: Delta | None = None
    finish_reason: str | None = None


class Usage(Struct, frozen=True):
    """Tokens, as the server counts them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Chunk(Struct, frozen=True):
    """One event of a stream."""

    choices: list[Choice] | None = None
    usage: Usage | None = None


def chunk_of(data: object) -> Chunk:
    """Read an event's JSON.

    Raises:
        msgspec.ValidationError: it is no chunk.
    """
    return msgspec.convert(data, Chunk)


def request_body(ask: Ask, model: str, limits: dict[str, Any]) -> bytes:
    """The request for a streamed answer.

    Args:
        ask: what is asked.
        model: of which model.
        limits: the fields that bound the answer, in the server's words.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in ask.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        **limits,
    }
    if ask.tools:
        body["tools"] = [_tool(tool) for tool in ask.tools]
    if ask.schema is not None:
        # Not `strict`: that mode knows half of JSON schema, and the answer is validated anyway.
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": ask.schema}}
    return msgspec.json.encode(body)


def estimated_tokens(size: int) -> int:
    """How many tokens so many bytes are, at four bytes each, as is usual for English; rounded up."""
    return -(-size // 4)


def input_tokens(ask: Ask, body: bytes) -> int:
    """How many tokens a request may be: a picture counts by itself, not by the bytes that it is sent as."""
    pictures = [picture for message in ask.messages for picture in message.images]
    return estimated_tokens(len(body) - sum(map(len, pictures))) + PICTURE_TOKENS * len(pictures)


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.images:
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in message.images]
        said["content"] = [{"type": "text", "text": message.content}, *pictures]
    if message.tool_calls:
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        said["tool_call_id"] = message.tool_call_id
    return said


def _call(call: ToolCall) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": _object_or_empty(call.arguments)},
    }
    if call.extra:
        sent["extra_content"] = Raw(call.extra.encode())
    return sent


def _object_or_empty(arguments: str) -> str:
    """A model's own arguments, shown to it again: some servers refuse a conversation where they are no JSON."""
    try:
        msgspec.json.decode(arguments, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return "{}"
    return arguments


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
