"""The world outside the workflow: a database that writes down what it is told, and can be away."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from onboarding.payloads import Event, Reminder, Run, Settle, TurnOrder
from runtime.context import current_request


class Outside:
    """Activities under the names of the real ones; what they were given, by person."""

    def __init__(self) -> None:
        self.settled: dict[str, list[Settle]] = defaultdict(list)
        self.reminders: dict[str, list[Reminder]] = defaultdict(list)
        self.attempts: dict[str, int] = defaultdict(int)
        self.requests: dict[str, list[str | None]] = defaultdict(list)
        self.turns: dict[str, list[TurnOrder]] = defaultdict(list)
        self.listening: dict[str, asyncio.Event] = {}
        self.away: dict[str, str] = {}
        self.silent: set[str] = set()

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.settle, self.remind, self.answer_chat]

    @activity.defn(name="settle")
    async def settle(self, message: Settle) -> None:
        """Write the changes down, unless the database is away for this person."""
        user_id = message.changes[0].run.user_id
        self.attempts[user_id] += 1
        if (why := self.away.get(user_id)) is not None:
            raise ApplicationError(why)
        request = current_request.get()
        self.requests[user_id].append(request.request_id if request else None)
        self.settled[user_id].append(message)

    @activity.defn(name="remind")
    async def remind(self, reminder: Reminder) -> bool:
        """Write the reminder down, unless it cannot be sent to this person now."""
        self.attempts[f"remind {reminder.user_id}"] += 1
        if reminder.user_id in self.silent:
            raise ApplicationError("cannot be sent now")
        self.reminders[reminder.user_id].append(reminder)
        return True

    @activity.defn(name="answer_chat")
    async def answer_chat(self, order: TurnOrder) -> None:
        """Write the turn down once, when the person's event, if there is one, is set; each attempt counts."""
        self.attempts[f"chat {order.user_id}"] += 1
        if (event := self.listening.get(order.user_id)) is not None:
            await event.wait()
        if order not in self.turns[order.user_id]:
            self.turns[order.user_id].append(order)

    def events(self, user_id: str) -> list[Event]:
        """The events that were settled, each once, in order of their runs and numbers."""
        found = {
            (change.run.created_at, change.run.id, event.seq): event
            for message in self.settled[user_id]
            for change in message.changes
            for event in change.events
        }
        return [found[place] for place in sorted(found)]

    def rows(self, user_id: str) -> dict[str, Run]:
        """Each run as a monotonic projection holds it."""
        rows: dict[str, Run] = {}
        for message in self.settled[user_id]:
            for change in message.changes:
                known = rows.get(change.run.id)
                if known is None or known.seq < change.run.seq:
                    rows[change.run.id] = change.run
        return rows
