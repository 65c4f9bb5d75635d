"""What all streams of server-sent events share: how many there may be, what wakes them, when they end."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
from litestar.response import ServerSentEventMessage
from msgspec import Struct

from api.deps import Principal
from api.problems import Code, ProblemError
from api.verifier import LEEWAY_SECONDS
from db.listen import Listener
from db.pool import DatabaseUnavailable

HEARTBEAT_SECONDS = 15

STREAMS_AT_MOST = 20
"""Of one subject in one process: somebody's tabs, devices and phones, not a way to use up connections."""


class Told(Struct, frozen=True, kw_only=True):
    """What a look brought: the messages to send, whether there is `more` to look at now, and if not, the `end`."""

    messages: list[ServerSentEventMessage]
    more: bool = False
    end: bool = False


Look = Callable[[], Awaitable[Told | None]]
"""What is new since the last time; None for who would not be let in any more."""


def room_for_one(listener: Listener, id: str, subject: str) -> None:
    """Refuse a stream that would be one too many.

    Args:
        listener: which knows how many there are.
        id: of what is to be followed.
        subject: what that is, in a word for the client.

    Raises:
        ProblemError: 429.
    """
    if listener.subscribers(id) >= STREAMS_AT_MOST:
        headers = {"Retry-After": str(HEARTBEAT_SECONDS)}
        raise ProblemError(
            429, Code.RATE_LIMITED, f"Too many streams of this {subject} are open.", headers=headers
        )


async def follow(
    listener: Listener, principal: Principal, id: str, look: Look, *, first: Look | None = None
) -> AsyncGenerator[ServerSentEventMessage]:
    """Look at each change and at each heartbeat, until the subject, the token or the server comes to its end.

    Args:
        listener: which wakes at a change.
        principal: whose token it is.
        id: of what is followed.
        look: may find the database away, and is asked again then.
        first: a look that comes before all others, and has to succeed.
    """
    # Subscribed before the first look, so that no change falls between the two.
    async with listener.subscribe(id) as changed:
        if listener.subscribers(id) > STREAMS_AT_MOST:
            return  # They were asked for at once: each was told yes before the others had begun.
        if first is not None:
            told = await first()
            for message in told.messages if told else ():
                yield message
            if told is None or told.end:
                return
        changed.set()
        while (left := _seconds_left(principal)) > 0:
            if not await _set_within(changed, min(HEARTBEAT_SECONDS, left)):
                yield ServerSentEventMessage(data=None, comment="heartbeat")
            if listener.dismissed:
                return
            changed.clear()
            try:
                told = await look()
            except DatabaseUnavailable:
                # The listener wakes everybody when the database is back.
                continue
            if told is None:
                return
            for message in told.messages:
                yield message
            if told.more:
                changed.set()
            elif told.end:
                return


def message_of(event: str, id: str, data: Struct) -> ServerSentEventMessage:
    """One event; the client names its id when it comes back."""
    return ServerSentEventMessage(event=event, id=id, data=msgspec.json.encode(data).decode())


def _seconds_left(principal: Principal) -> float:
    ends_at = principal.expires_at + timedelta(seconds=LEEWAY_SECONDS)
    return (ends_at - datetime.now(UTC)).total_seconds()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
