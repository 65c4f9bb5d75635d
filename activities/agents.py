"""An agent that is a language model: it talks, and what it wants done goes through the tools on offer."""

import asyncio
from collections.abc import Callable, Set
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from activities.ai.protocol import (
    Ask,
    Message,
    ModelsRefused,
    ModelsUnavailable,
    Payer,
    Reply,
    Said,
    TakenBack,
    ToolCall,
)
from activities.ai.protocol import Tool as OfferedTool
from activities.streaming import Stream
from activities.turns import Bounds
from db.messages import ChatMessage
from onboarding.chat import REPLY_AT_MOST
from onboarding.prompting import HISTORY_AT_MOST
from onboarding.safety import Censor, Facts
from onboarding.tools import Done, Tool

if TYPE_CHECKING:  # whoever only names these activities, as the API does, needs no client of models
    from activities.ai.models import Models

TOOLS_AT_MOST = 4
"""Calls of tools in one answer of the model that are followed; the others are told so."""

TOKENS_AT_MOST = 600
"""Of one answer."""

SAID_AT_MOST = REPLY_AT_MOST - 1000
"""Characters of what a model says in one turn: what is left is for the hand-over and the next question."""


class Known(Struct, frozen=True, kw_only=True):
    """A tool's name, and what it would answer."""

    tool: str
    told: dict[str, Any]


class Hands(Protocol):
    """What an agent can do, at this moment."""

    @property
    def locale(self) -> str:
        """The language that the person chose."""
        ...

    @property
    def agent(self) -> str:
        """Who speaks."""
        ...

    @property
    def at_the_end(self) -> bool:
        """Whether there is nothing left to talk about."""
        ...

    def prompt(self) -> str:
        """What the agent is told: our own words only."""
        ...

    def known(self) -> Known:
        """What it knows from the start, as the result of a tool: what people stored is data."""
        ...

    def offered(self) -> list[Tool]:
        """The tools on offer."""
        ...

    async def use(self, name: str, arguments: str) -> Done:
        """Do what the model asks for, if the tool is on offer."""
        ...

    def refuse(self, name: str, code: str, detail: str) -> Done:
        """Do nothing, and say so."""
        ...


class ModelAgent:
    """One turn by a model. `reply` is what it said, markup and all that it may not say taken out.

    Letter by letter it is what was streamed.
    """

    def __init__(
        self,
        models: "Models",
        payer: Payer,
        hands: Hands,
        stream: Stream,
        facts: Callable[[], Facts],
        bounds: Bounds,
    ) -> None:
        """Nothing is asked yet.

        Args:
            models: whom to ask.
            payer: who pays.
            hands: what it can do.
            stream: where it speaks.
            facts: what it must not say, as things stand: a tool may have changed that.
            bounds: for how long, and how often, models may be asked.
        """
        self._models = models
        self._payer = payer
        self._hands = hands
        self._stream = stream
        self._facts = facts
        self._ends_at = asyncio.get_running_loop().time() + bounds.seconds
        self._calls = bounds.calls
        self._preface = ""
        self._space = ""
        self.reply = ""

    def begin_with(self, text: str) -> None:
        """Say this before anything else, whatever the model says."""
        self._preface = f"{text} " if text else ""

    async def answer(self, earlier: list[ChatMessage], text: str) -> None:
        """Talk until something is said that is no tool call, or enough has been done.

        Raises:
            AiError: no model answered, or there is no money; what was said is taken back by then.
            Moot: the run ended meanwhile.
        """
        turn = [Message(role="user", content=text)]
        for _ in range(self._calls):
            agent, tools = self._hands.agent, self._hands.offered()
            reply = await self._ask(earlier, turn, tools)
            if not reply.tool_calls:
                return
            turn.append(Message(role="assistant", content=reply.text, tool_calls=reply.tool_calls))
            offered = {tool.name for tool in tools}
            done = [await self._use(call, index, offered) for index, call in enumerate(reply.tool_calls)]
            turn += (
                Message(role="tool", content=msgspec.json.encode(each.told).decode(), tool_call_id=call.id)
                for call, each in zip(reply.tool_calls, done, strict=True)
            )
            if self._hands.agent != agent or self._hands.at_the_end:
                return  # Another agent speaks now: its words follow, in this same turn.
            if not all(each.ok for each in done):
                self._take_back()  # It may have said that it is done.
        raise ModelsRefused  # It never came to a word of its own.

    async def _ask(self, earlier: list[ChatMessage], turn: list[Message], tools: list[Tool]) -> Reply:
        hands, censor = self._hands, self._censor()
        # What was said before a tool was called and what is said after it are sentences of one answer.
        self._space = " " if self.reply else ""
        ask = Ask(
            purpose="chat",
            messages=(
                Message(role="system", content=hands.prompt()),
                *_as_called(hands.known()),
                *_remembered(earlier),
                *turn,
            ),
            tools=tuple(
                OfferedTool(name=tool.name, description=tool.description, parameters=tool.parameters)
                for tool in tools
            ),
            max_output_tokens=TOKENS_AT_MOST,
            timeout_seconds=self._left(),
        )
        async with aclosing(self._models.stream(ask, self._payer)) as pieces:
            async for piece in pieces:
                match piece:
                    case Said():
                        self._say(censor.feed(piece.delta))
                    case TakenBack():
                        self._take_back()
                        censor = self._censor()
                    case Reply():
                        self._say(censor.end())
                        return piece
        raise ModelsRefused

    async def _use(self, call: ToolCall, index: int, offered: Set[str]) -> Done:
        """Follow a call of what was on offer when the model was asked: what one opens, the next answer may use."""
        if index >= TOOLS_AT_MOST:
            return self._hands.refuse(call.name, "too_many_calls", "Not more tools at once; call it again.")
        if call.name not in offered:
            return self._hands.refuse(call.name, "tool_not_allowed", "There is no such tool now.")
        return await self._hands.use(call.name, call.arguments)

    def _censor(self) -> Censor:
        return Censor(self._facts(), self._hands.locale, max(SAID_AT_MOST - len(self.reply), 1))

    def _say(self, text: str) -> None:
        """Say more, as long as there is room; the space at an end is said when something follows it."""
        if len(self.reply) >= SAID_AT_MOST:
            return
        text = self._space + text
        if not self.reply:
            text = text.lstrip()
        told = text.rstrip()
        self._space = text[len(told) :]
        if told and not self.reply:
            told = self._preface + told
        self.reply += told
        self._stream.say(told)

    def _take_back(self) -> None:
        self.reply = self._space = ""
        if self._stream.has_spoken:
            self._stream.take_back()

    def _left(self) -> float:
        """Seconds.

        Raises:
            ModelsUnavailable: none.
        """
        left = self._ends_at - asyncio.get_running_loop().time()
        if left <= 0:
            raise ModelsUnavailable
        return left


def _as_called(known: Known) -> tuple[Message, Message]:
    """As if the model had asked."""
    call = ToolCall(id="known", name=known.tool, arguments="{}")
    return (
        Message(role="assistant", content="", tool_calls=(call,)),
        Message(role="tool", content=msgspec.json.encode(known.told).decode(), tool_call_id=call.id),
    )


def _remembered(earlier: list[ChatMessage]) -> list[Message]:
    """The conversation so far, its newest messages."""
    return [
        Message(role="user" if each.role == "person" else "assistant", content=each.text)
        for each in earlier[-HISTORY_AT_MOST:]
    ]
