"""Turns: stored, handed to whoever answers them, and followed until they are answered."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog
from litestar.response import ServerSentEventMessage

from api.deps import Deps, Principal
from api.errors import unavailable
from api.problems import Code, ProblemError
from db import chat, streaming
from db.chat import Turn
from db.pool import DatabaseUnavailable
from db.streaming import Tail
from db.tenant import CallerChanged
from onboarding.chat import ChatAnswer
from onboarding.errors import GangwayError

log = structlog.get_logger()

HEARTBEAT_SECONDS = 15

LOOK_AGAIN_SECONDS = 5
"""At what should have been announced: an announcement is lost when PostgreSQL goes away at that moment."""

PATIENCE_SECONDS = 15
"""Beyond the time that models have: for a worker that is started again, and rules."""

FIRST_LOOK_SECONDS = 0.25
"""At a turn that was handed over just now: what comes of it is announced, save where somebody else had handed the
same message over a moment earlier.
"""

JUST_NOW = timedelta(seconds=1)

LOST_AFTER = timedelta(seconds=5)
"""A turn that is older may never have been handed over: whoever meets it does that again."""

CONTENT, RESET = "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_RESET"

Handing = asyncio.Future[Any] | None

_UNDER_WAY: set[asyncio.Future[Any]] = set()
"""What is being handed over; a loop by itself forgets its tasks."""

HandOver = Callable[[str], Awaitable[Any]]
"""Has the turn with this id answered; twice is once."""


async def answered(deps: Deps, principal: Principal, turn: Turn, hand_over: HandOver) -> ChatAnswer:
    """The answer to a turn.

    Raises:
        ProblemError: 503 when it does not come in time; the same message finds it later.
        WorkflowsUnavailable: nobody could be asked.
    """
    async for news in _followed(deps, principal, turn, _handing(turn, hand_over), 0):
        if news is not None and news.turn.status != "running":
            return _answer_of(news.turn)
    raise _late()


def streamed(
    deps: Deps, principal: Principal, turn: Turn, hand_over: HandOver, last_event_id: str | None
) -> AsyncGenerator[ServerSentEventMessage]:
    """A turn as it is answered: from its beginning, or after the event that was seen last.

    It is handed over here and now: whoever leaves before the first event has asked all the same.
    """
    return _streamed(deps, principal, turn, _handing(turn, hand_over), last_event_id)


async def _streamed(
    deps: Deps, principal: Principal, turn: Turn, handing: Handing, last_event_id: str | None
) -> AsyncGenerator[ServerSentEventMessage]:
    seen = _seen(last_event_id, turn)
    if seen is None:
        yield _message(turn, 0, "RUN_STARTED", {"message_id": turn.message_id})
    after = seen or 0
    try:
        async for news in _followed(deps, principal, turn, handing, after):
            if news is None:
                yield ServerSentEventMessage(data=None, comment="heartbeat")
                continue
            for event in news.events:
                after = event.seq
                yield _message(turn, event.seq, event.event, event.data)
            if news.turn.status != "running":
                for message in _ending(news.turn, after, whole=news.last == 0 or after > news.last):
                    yield message
                return
        problem = _late()
    except ProblemError as error:
        problem = error
    except DatabaseUnavailable as error:
        problem = unavailable(Code.DATABASE_UNAVAILABLE, error.detail)
    except CallerChanged as error:
        problem = ProblemError(401, Code.AUTH_INVALID_TOKEN, error.detail)
    except GangwayError as error:
        problem = unavailable(Code.WORKFLOW_UNAVAILABLE, error.detail)
    yield _message(turn, after, "RUN_ERROR", _told(problem))


def is_lost(running: chat.TurnInProgress) -> bool:
    """Whether a turn that stands in the way may have to be handed over once more."""
    return bool(running.turn_id) and datetime.now(UTC) - running.since > LOST_AFTER


async def _followed(
    deps: Deps, principal: Principal, turn: Turn, handing: Handing, after: int
) -> AsyncGenerator[Tail | None]:
    """What is new of a turn, until it is answered or patience ends; None now and then when nothing is.

    Subscribed while it is being handed over, so that nothing is missed.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + deps.settings.ai_timeout_seconds + PATIENCE_SECONDS
    told_at, patience = loop.time(), LOOK_AGAIN_SECONDS
    async with deps.listener.subscribe(turn.id) as changed:
        if handing is not None:
            await asyncio.shield(handing)
        if turn.status == "running" and datetime.now(UTC) - turn.created_at < JUST_NOW:
            patience = FIRST_LOOK_SECONDS
        else:
            changed.set()
        while loop.time() < ends_at and not deps.listener.dismissed:
            try:
                async with asyncio.timeout(min(patience, max(ends_at - loop.time(), 0))):
                    await changed.wait()
            except TimeoutError:
                if loop.time() - told_at >= HEARTBEAT_SECONDS - LOOK_AGAIN_SECONDS:
                    told_at = loop.time()
                    yield None
            changed.clear()
            patience = LOOK_AGAIN_SECONDS
            async with deps.database.transaction(principal.caller) as connection:
                news = await streaming.tail(connection, turn.id, after=after)
            if news is None:
                raise ProblemError(404, Code.NOT_FOUND, "This conversation is gone.")
            if news.events:
                after, told_at = news.events[-1].seq, loop.time()
            if news.events or news.turn.status != "running":
                yield news
            if news.turn.status != "running":
                return


def _handing(turn: Turn, hand_over: HandOver) -> Handing:
    """Hand a turn over that is not answered, whoever waits for it."""
    if turn.status != "running":
        return None
    handing = asyncio.ensure_future(hand_over(turn.id))
    _UNDER_WAY.add(handing)
    handing.add_done_callback(_handed)
    return handing


def _handed(handing: asyncio.Future[Any]) -> None:
    _UNDER_WAY.discard(handing)
    if not handing.cancelled() and (error := handing.exception()) is not None:
        # Told to whoever still waits; the message is stored, and the next one hands it over again.
        log.info("a turn was not handed over", error=type(error).__name__)


def _answer_of(turn: Turn) -> ChatAnswer:
    if turn.answer is None:
        raise unavailable(Code.WORKFLOW_UNAVAILABLE, "This message could not be answered; send it again.")
    return turn.answer


def _ending(turn: Turn, after: int, *, whole: bool) -> list[ServerSentEventMessage]:
    """The last events of a turn; `whole` when what was said on the way is not there any more."""
    if turn.answer is None:
        error = unavailable(Code.WORKFLOW_UNAVAILABLE, "This message could not be answered; send it again.")
        return [_message(turn, after, "RUN_ERROR", _told(error))]
    messages: list[ServerSentEventMessage] = []
    if whole and turn.answer.response is not None:
        if after:
            messages.append(_message(turn, after, RESET, {}))
        messages.append(_message(turn, after, CONTENT, {"delta": turn.answer.response}))
    return [*messages, _message(turn, after + 1, "RUN_FINISHED", msgspec.to_builtins(turn.answer))]


def _late() -> ProblemError:
    return unavailable(Code.WORKFLOW_UNAVAILABLE, "The answer is not there yet; send the same message again.")


def _told(problem: ProblemError) -> dict[str, Any]:
    return {"code": problem.code.value, "detail": problem.detail, "retryable": problem.status in (429, 502, 503)}


def _seen(last_event_id: str | None, turn: Turn) -> int | None:
    turn_id, _, seq = (last_event_id or "").rpartition(":")
    return int(seq) if turn_id == turn.id and seq.isdecimal() and len(seq) < 9 else None


def _message(turn: Turn, seq: int, event: str, data: dict[str, Any]) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=event, id=f"{turn.id}:{seq}", data=msgspec.json.encode(data).decode())
