"""The bodies and answers of `/chat`."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from api.body import Body
from api.paging import Page
from api.run_shapes import OptionalFlow, StepName
from db.messages import ChatMessage, MessageStatus
from onboarding.chat import MESSAGE_AT_MOST, QuickReply, Role, ToolUse
from onboarding.progress import Progress

Said = Annotated[str, Meta(min_length=1, max_length=MESSAGE_AT_MOST, extra={"lines": True, "as_said": True})]
"""What a person says is data, tags and all; what is made of it follows the rules of answers."""

Told = Annotated[str, Meta(min_length=1, max_length=MESSAGE_AT_MOST, extra={"lines": True})]
"""What staff say to a person in the agent's place is plain text, as the agent's own words are."""

MessageKey = Annotated[str, Meta(min_length=1, max_length=255)]


class ChatBody(Body, frozen=True, kw_only=True):
    """Something to say in an onboarding. `message_id` makes a repeat harmless: it finds the same answer."""

    message: Said
    current_state: StepName | UnsetType | None = UNSET
    message_id: MessageKey | UnsetType | None = UNSET
    flow: OptionalFlow = UNSET


class GeneralChatBody(Body, frozen=True, kw_only=True):
    """Something to say to the agent that speaks after the onboarding."""

    message: Said
    agent_type: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType | None = UNSET
    message_id: MessageKey | UnsetType | None = UNSET


class StaffBody(Body, frozen=True, kw_only=True):
    """Something to say in the agent's place."""

    message: Told


class OpenerOut(Struct, frozen=True, kw_only=True):
    """What an agent would say first, or next. `progress` is None before a run is started."""

    response: str
    agent_type: str
    agent_name: str
    current_state: int | None
    quick_replies: list[QuickReply]
    progress: Progress | None


class ChatMessageOut(Struct, frozen=True, kw_only=True):
    """A message of a conversation. `agent_type` is who speaks in the state that it belongs to.

    `message_id` is that of the person's message, also with its answer; None with what staff say.
    """

    id: str
    role: Role
    agent_type: str
    state: int | None
    text: str
    tool_calls: list[ToolUse]
    status: MessageStatus
    created_at: datetime
    message_id: str | None = None


class ChatPage(Page[ChatMessageOut], frozen=True, kw_only=True):
    """A page of a conversation, newest message first."""


def message_out(message: ChatMessage) -> ChatMessageOut:
    """A message as the API shows it."""
    return ChatMessageOut(**{name: getattr(message, name) for name in ChatMessageOut.__struct_fields__})
