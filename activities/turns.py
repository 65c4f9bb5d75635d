"""What all turns have in common: they end, whoever dies and whatever fails."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ai.protocol import ModelsUnavailable
from activities.beating import alive
from db import ai_usage, chat, recall
from db.pool import Connection, Database
from db.runs import PersonGone
from onboarding import safety
from onboarding.access import Caller, Role
from onboarding.payloads import TurnOrder
from onboarding.safety import Facts, referral, topics

MODEL_ATTEMPTS = 3
"""Of a turn in which a model is asked; then rules answer."""

CALLS_AT_MOST = 8
"""Of models in one turn, all attempts together; with several models, of each."""

ATTEMPTS_AT_MOST = 6
"""Of a turn that meets a bug; then it is given up."""

LEAST_SECONDS = 1.0
"""In which a model can still be of use."""


class Bounds(Struct, frozen=True, kw_only=True):
    """For how long, and how often, models may be asked in this attempt at a turn."""

    seconds: float
    calls: int


class Moot(Exception):
    """There is nothing to answer any more: the run has ended, or the person is gone."""


Answering = Callable[[TurnOrder, Caller], Awaitable[None]]


class Turns:
    """Has turns answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, order: TurnOrder, answering: Answering) -> None:
        """Answer a turn, or give it up: the person is told, and may send the message again."""
        caller = Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)
        async with alive():
            try:
                await answering(order, caller)
            except ApplicationError:
                raise  # Temporal is asked to try again.
            except (Moot, PersonGone):
                await self._give_up(order, caller)
            # Whatever it is, nobody must wait for it for ever.
            except Exception:
                if activity.info().attempt < ATTEMPTS_AT_MOST:
                    raise
                activity.logger.exception("a chat turn is given up")
                await self._give_up(order, caller)

    async def _give_up(self, order: TurnOrder, caller: Caller) -> None:
        async with self._database.transaction(caller) as connection:
            await chat.fail(connection, order.turn_id)


async def calls_left(connection: Connection, turn: chat.Turn) -> int:
    """How often models may still be asked: the books know what earlier attempts did, whoever died over them."""
    if activity.info().attempt == 1:
        return CALLS_AT_MOST
    return CALLS_AT_MOST - await ai_usage.chats_since(connection, turn.created_at)


def may_ask(turn: chat.Turn, seconds: float, calls: int) -> Bounds | None:
    """Within what models may be asked in this attempt; None when there is no time, or no sense, in it."""
    left = seconds - (datetime.now(UTC) - turn.created_at).total_seconds()
    if left <= LEAST_SECONDS or calls <= 0 or activity.info().attempt > MODEL_ATTEMPTS:
        return None
    return Bounds(seconds=left, calls=calls)


def try_again(error: ModelsUnavailable, left: float) -> None:
    """Have Temporal try the turn again, if that can lead to something.

    Raises:
        ApplicationError: that is how it is told.
    """
    wait = error.retry_after or 0.2
    if activity.info().attempt < MODEL_ATTEMPTS and wait + LEAST_SECONDS < left / 2:
        raise ApplicationError(error.code, type=error.code, next_retry_delay=timedelta(seconds=wait)) from error


def facts_of(context: recall.Context, answers: Mapping[str, Mapping[str, Any]]) -> Facts:
    """What must not be said to this person: by what is stored, and by what they say now or said lately."""
    said = [message.text for message in context.messages if message.role == "person"]
    return safety.facts_of(context.age, [*said, context.text], answers)


def warning_of(context: recall.Context, locale: str) -> str:
    """Whom to ask instead of an agent, where what the person says now is for a professional; else nothing."""
    return referral(topics(context.text), locale) or ""
