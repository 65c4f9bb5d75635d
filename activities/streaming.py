"""What an agent is saying at this moment, written where every API process can follow it."""

import asyncio
from typing import Any

from temporalio import activity

from db import streaming
from db.pool import Database, DatabaseUnavailable
from db.runs import PersonGone
from onboarding.access import Caller

PAUSE_SECONDS = 0.015
"""Between two writes: a model says words faster than anybody reads, and each write is a round trip."""

CONTENT = "TEXT_MESSAGE_CONTENT"
RESET = "TEXT_MESSAGE_RESET"


class Stream:
    """The events of one turn. The first goes out at once, later ones with those that came meanwhile."""

    def __init__(self, database: Database, caller: Caller, turn_id: str, *, seq: int, followed: bool) -> None:
        """Nothing is said yet.

        Args:
            database: where to.
            caller: whose turn it is.
            turn_id: the turn.
            seq: of the last event that an earlier attempt wrote.
            followed: whether anybody follows; nothing is written for nobody.
        """
        self._database = database
        self._caller = caller
        self._turn_id = turn_id
        self._seq = seq
        self._followed = followed
        self._waiting: list[streaming.Streamed] = []
        self._writing: asyncio.Task[None] | None = None
        self._open_text = False
        if seq:
            # Whatever the attempt before this one said, it was not the answer.
            self.take_back()

    def say(self, delta: str) -> None:
        """More of the answer."""
        if not delta:
            return
        self._open_text = True
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last.event == CONTENT:
            self._waiting[-1] = streaming.Streamed(
                seq=last.seq, event=CONTENT, data={"delta": last.data["delta"] + delta}
            )
        else:
            self.tell(CONTENT, {"delta": delta})
        self._write()

    def take_back(self) -> None:
        """What was said of this answer so far does not count."""
        self._open_text = False
        self.tell(RESET, {})

    @property
    def has_spoken(self) -> bool:
        """Whether there is something to take back."""
        return self._open_text

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """Something happened."""
        self._seq += 1
        self._waiting.append(streaming.Streamed(seq=self._seq, event=event, data=data))
        self._write()

    async def flush(self) -> None:
        """Wait until all of it is written, or could not be."""
        while self._writing is not None:
            await asyncio.shield(self._writing)

    def _write(self) -> None:
        if self._followed and self._writing is None:
            self._writing = asyncio.create_task(self._keep_writing())

    async def _keep_writing(self) -> None:
        try:
            while self._waiting:
                events, self._waiting = self._waiting, []
                try:
                    await streaming.write(self._database, self._caller, self._turn_id, events)
                except (DatabaseUnavailable, PersonGone) as error:
                    # Who follows gets the whole answer at the end; these are only on the way to it.
                    activity.logger.warning("what is said cannot be followed: %s", type(error).__name__)
                if self._waiting:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._writing = None
