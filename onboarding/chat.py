"""What a chat turn amounts to, whoever answered it."""

from typing import Any, Literal

from msgspec import Struct, field

from onboarding.progress import Progress
from onboarding.scripted import QuickReply

GENERAL = "general"
"""The conversation with the agent that speaks after the onboarding; the others are `onboarding/<flow>`."""

MESSAGE_AT_MOST = 2000
"""Characters of what a person says at once."""

REPLY_AT_MOST = 4000
"""Characters of what an agent says at once."""

Source = Literal["model", "rules", "staff"]
Role = Literal["person", "agent", "staff"]


class Saved(Struct, frozen=True, kw_only=True):
    """An answer that a turn stored."""

    state: int
    key: str
    answer: dict[str, Any]


class ToolUse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tool that the agent called, and what became of it; never with what."""

    tool: str
    ok: bool
    error: str | None = None


class Proposal(Struct, frozen=True, kw_only=True):
    """A change of the profile that waits for the person's yes, by its id; `answers` are by state key."""

    id: str
    flow: str
    answers: dict[str, dict[str, Any]]


class ChatAnswer(Struct, frozen=True, kw_only=True):
    """The answer to one message. `response` is None while staff answer in the agent's place: theirs comes later.

    `progress` is None before a run is started, and for the agent that speaks after it. `budget_exhausted` says
    why there are rules where a model is set up.
    """

    message_id: str
    response: str | None
    agent_type: str
    source: Source
    state_updated: bool = False
    new_state: int | None = None
    saved: list[Saved] = field(default_factory=list)
    quick_replies: list[QuickReply] = field(default_factory=list)
    progress: Progress | None = None
    proposal: Proposal | None = None
    budget_exhausted: bool = False


class Memory(Struct, frozen=True, kw_only=True):
    """What a conversation remembers from turn to turn, beside its messages.

    `focus` is the key of an earlier state that the person went back to; `draft` what the scripted agent has
    understood of an answer that is not complete.
    """

    focus: str | None = None
    draft: dict[str, Any] | None = None


def conversation_of(flow: str) -> str:
    """The conversation in which a flow is gone through."""
    return f"onboarding/{flow}"
