"""What is asked of a language model, and what comes back. What comes back is untrusted.

AiError
├── ModelsUnavailable     every model failed; trying again may help, after `retry_after` seconds
├── ModelsRefused         every model failed, and would again: 400, 401, a refusal of the content
├── NotStructured         what was asked for as JSON was none of that shape, repaired neither
└── BudgetExhausted       the call was never made: there is no money for it
"""

from typing import Any, ClassVar, Literal, Protocol

from msgspec import Struct

from onboarding.errors import GangwayError

Purpose = Literal["chat", "suggestions", "industry", "photo"]
Outcome = Literal["ok", "rate_limited", "server_error", "timeout", "cut_off", "refused", "invalid", "cancelled"]
"""How a call ended. `server_error` stands for 5xx, and for a server that could not be reached."""


class Payer(Struct, frozen=True, kw_only=True):
    """Whose money a call spends: budgets are a run's and a tenant's."""

    tenant_id: str
    user_id: str
    run_id: str | None = None


class ToolCall(Struct, frozen=True, kw_only=True):
    """A tool that the model wants called; `arguments` is its text, which may be no JSON at all.

    `extra` is JSON that some servers want back with the call, and that means nothing to us: Gemini's signature of
    what it thought (`extra_content`). Keep it with the call.
    """

    id: str
    name: str
    arguments: str
    extra: str = ""


class Message(Struct, frozen=True, kw_only=True):
    """One message of a conversation. `tool_call_id` says of a tool's answer which call it answers.

    `images` are data URLs of pictures that the text is about.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    images: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class Tool(Struct, frozen=True, kw_only=True):
    """A tool on offer; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]


class Ask(Struct, frozen=True, kw_only=True):
    """One question, to one model after the other until one answers, all within `timeout_seconds`.

    With a `schema` the answer must be JSON of that schema. `max_output_tokens` counts what a model thinks, too.
    """

    purpose: Purpose
    messages: tuple[Message, ...]
    timeout_seconds: float
    tools: tuple[Tool, ...] = ()
    schema: dict[str, Any] | None = None
    max_output_tokens: int = 2048


class Said(Struct, frozen=True, kw_only=True):
    """The model says more."""

    delta: str


class TakenBack(Struct, frozen=True, kw_only=True):
    """What was said until now does not count: its model failed. Another begins anew, or an error follows."""


class Reply(Struct, frozen=True, kw_only=True):
    """The whole answer, at the end. Its text holds no control characters, and may hold markup: show it escaped."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    model: str
    input_tokens: int
    output_tokens: int


Piece = Said | TakenBack | Reply


class AiError(GangwayError):
    """No answer."""

    code: ClassVar[str] = "ai_failed"
    detail: ClassVar[str] = "No model answered."


class ModelsUnavailable(AiError):
    """Every model failed, and one of them may not the next time.

    `retry_after` is in seconds, 60 at most, and None when a model that may work at once is among them.
    """

    code: ClassVar[str] = "ai_unavailable"
    detail: ClassVar[str] = "The model is not available at the moment."

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after


class ModelsRefused(AiError):
    """Every model refused, or there is none."""

    code: ClassVar[str] = "ai_refused"
    detail: ClassVar[str] = "The model refused."


class NotStructured(AiError):
    """The answer did not have the shape that was asked for."""

    code: ClassVar[str] = "ai_not_structured"
    detail: ClassVar[str] = "The model's answer made no sense."


class BudgetExhausted(AiError):
    """A budget has no room for the call; `budget` says which: run, day or month."""

    code: ClassVar[str] = "budget_exhausted"
    detail: ClassVar[str] = "The budget is spent."

    def __init__(self, budget: str) -> None:
        super().__init__(self.code)
        self.budget = budget


class Ledger(Protocol):
    """Where the money is: reserved before a call, settled after it."""

    async def reserve(
        self, payer: Payer, purpose: Purpose, model: str, input_tokens: int, max_output_tokens: int
    ) -> str:
        """Put aside what a call may cost at most; the id of the call's row.

        Raises:
            BudgetExhausted: there is not that much left.
        """
        ...

    async def settle(
        self,
        call_id: str,
        outcome: Outcome,
        *,
        input_tokens: int,
        output_tokens: int,
        estimated: bool,
        latency_ms: int,
    ) -> None:
        """Write down what the call did cost, and give back the rest."""
        ...
