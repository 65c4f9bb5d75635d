"""An answer, put together from the chunks of a stream that may hold anything."""

import re

import msgspec

from activities.ai.failures import CallFailed
from activities.ai.protocol import Outcome, ToolCall
from activities.ai.wire import CallDelta, Chunk, Usage, estimated_tokens

CALLS_AT_MOST = 16
ARGUMENTS_AT_MOST = 64_000
"""Characters, of all calls of an answer together; JSON that was asked for may be as long."""

TEXT_AT_MOST = 8_000
"""Characters. A longer text is ended here."""

_FAILED: dict[str | None, Outcome] = {"content_filter": "refused", "error": "server_error"}
"""What ends an answer that is none; the second one gateways say."""

_EXTRA_AT_MOST = 64_000
_TOKENS_AT_MOST = 10_000_000
_NAME = re.compile(r"[\w.:/-]{1,64}", re.ASCII)
_ID = re.compile(r"[\x21-\x7e]{1,128}")
# PostgreSQL and UTF-8 take neither; a carriage return is no one's wish.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class _Call:
    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.extra = ""


class Gathering:
    """What has come of an answer until now.

    Attributes:
        finished: the model has said that it is done, or its text is as long as it may be.
        full: there is no point in reading on.
    """

    def __init__(self, text_at_most: int = TEXT_AT_MOST) -> None:
        self.finished = False
        self.full = False
        self._text: list[str] = []
        self._text_left = text_at_most
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._arguments_left = ARGUMENTS_AT_MOST
        self._extra_left = _EXTRA_AT_MOST
        self._usage: Usage | None = None

    @property
    def text(self) -> str:
        """What was said."""
        return "".join(self._text)

    def add(self, chunk: Chunk) -> str:
        """Take in a chunk; what it adds to the text.

        Raises:
            CallFailed: the model refuses, or its calls are out of bounds.
        """
        self._usage = chunk.usage or self._usage
        added = ""
        for choice in chunk.choices or ():
            if choice.index:
                continue
            if choice.delta is not None:
                if choice.delta.refusal:
                    raise CallFailed("refused")
                added += self._say(choice.delta.content or "")
                for part in choice.delta.tool_calls or ():
                    self._add_call(part)
            if choice.finish_reason in _FAILED:
                raise CallFailed(_FAILED[choice.finish_reason])
            self.finished = self.finished or bool(choice.finish_reason)
        return added

    def answer(self) -> tuple[str, tuple[ToolCall, ...]]:
        """The text and the calls, once the stream has ended.

        Raises:
            CallFailed: it ended before the model did, or there is nothing in it, or calls without a name.
        """
        if not self.finished:
            raise CallFailed("cut_off")
        text = self.text.strip()
        if not text and not self._calls:
            raise CallFailed("invalid")
        taken: set[str] = set()
        calls: list[ToolCall] = []
        for number, call in enumerate(self._calls):
            if not _NAME.fullmatch(call.name):
                raise CallFailed("invalid")
            own = call.id if _ID.fullmatch(call.id) and call.id not in taken else f"call_{number}"
            taken.add(own)
            arguments = _UNWANTED.sub("", "".join(call.arguments))
            calls.append(ToolCall(id=own, name=call.name, arguments=arguments, extra=call.extra))
        return text, tuple(calls)

    def tokens(self, estimated_input: int) -> tuple[int, int, bool]:
        """Tokens in, tokens out, and whether they are estimated, since the server did not say."""
        if self._usage is not None:
            used, made = self._usage.prompt_tokens, self._usage.completion_tokens
            if (
                used is not None
                and made is not None
                and 0 <= min(used, made) <= max(used, made) <= _TOKENS_AT_MOST
            ):
                return used, made, False
        said = sum(len(text.encode()) for text in self._text)
        called = ARGUMENTS_AT_MOST - self._arguments_left
        return estimated_input, estimated_tokens(said + called), True

    def _say(self, content: str) -> str:
        text = _UNWANTED.sub("", content)[: self._text_left]
        self._text_left -= len(text)
        if text:
            self._text.append(text)
        if content and self._text_left == 0:
            self.finished = self.full = True
        return text

    def _add_call(self, part: CallDelta) -> None:
        if part.function is None and not self._calls:
            return  # says something about a call, and there is none
        call = self._call_of(part)
        call.id = call.id or part.id or ""
        if part.function is not None:
            call.name = call.name or part.function.name or ""
            arguments = part.function.arguments or ""
            self._arguments_left -= len(arguments)
            call.arguments.append(arguments)
        if part.extra_content and not call.extra:
            call.extra = msgspec.json.encode(part.extra_content).decode()
            self._extra_left -= len(call.extra)
        if self._arguments_left < 0 or self._extra_left < 0:
            raise CallFailed("invalid")

    def _call_of(self, part: CallDelta) -> _Call:
        """The call that a part belongs to.

        By the protocol `index` says so. Some servers leave it out, or number every call 0; then a new id begins a
        new call, and so does a name where there was one already; what has neither belongs to the last.
        """
        name = part.function.name if part.function is not None else None
        if part.index is not None:
            call = self._by_index.get(part.index)
        elif part.id:
            call = next((known for known in self._calls if known.id == part.id), None)
        else:
            call = self._calls[-1] if self._calls else None
        if call is not None and name and call.name:
            another = part.id != call.id if part.id else part.index is None
            call = None if another else call
        if call is None:
            if len(self._calls) == CALLS_AT_MOST:
                raise CallFailed("invalid")
            call = _Call()
            self._calls.append(call)
        if part.index is not None:
            self._by_index[part.index] = call
        return call
