"""Sending one item after the other to a sink: what is tried again, for how long, and when the sink is away."""

import asyncio
import random
import time

import msgspec

from db import syncs
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.payloads import SyncOrder
from onboarding.syncs import Sent, key_of, plain_number
from runtime.item_sink import Answer, Connected

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0
GIVEN_UP_AT_MOST = 8
"""Items one after the other that the sink fails at: then it is not the items."""


class SinkAway(Exception):
    """There is no point in sending more; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sending:
    """The items of a sync on their way, as many at once as call `send`."""

    def __init__(self, database: Database, sink: Connected, order: SyncOrder, patience_seconds: float) -> None:
        """Nothing is sent yet; each item is tried again for so long."""
        self._database = database
        self._sink = sink
        self._order = order
        self._caller = Caller(tenant_id=order.tenant_id, user_id=order.user_id, role=Role.USER)
        self._patience = patience_seconds
        self._not_before = 0.0
        self._heard_at = 0.0
        self._given_up = 0

    async def send(self, item_id: str) -> None:
        """Send an item until the sink has taken or refused it, and write that down.

        Raises:
            SinkAway: the sink is down, or shut to us. Nothing is known of this item then.
        """
        began, held, tries = time.monotonic(), 0.0, 0
        while True:
            held += await self._hold()
            if (item := await self._claimed(item_id)) is None:
                return
            answer = await self._sink.send(key_of(item.id, item.version), _body(self._order, item))
            if answer.kind == "shut":
                raise SinkAway(answer.code)
            if answer.kind != "again":
                self._heard_at, self._given_up = time.monotonic(), 0
                await self._settle(item, answer.code if answer.kind == "refused" else None)
                return
            pause = self._pause(answer, tries)
            if time.monotonic() + pause > self._until(answer, began, held):
                await self._give_up(item, answer, began)
                return
            tries += 1
            await asyncio.sleep(pause)

    async def _hold(self) -> float:
        """Wait as long as the sink has asked all items to; for how many seconds that was."""
        seconds = max(self._not_before - time.monotonic(), 0.0)
        await asyncio.sleep(seconds)
        return seconds

    def _pause(self, answer: Answer, tries: int) -> float:
        """How long to wait before the next try."""
        pause = min(FIRST_PAUSE_SECONDS * 2**tries, LONGEST_PAUSE_SECONDS)
        if answer.wait_seconds is not None:
            self._not_before = max(self._not_before, time.monotonic() + min(answer.wait_seconds, self._patience))
        # So that those that failed together do not come back together.
        return max(pause * random.uniform(0.5, 1.0), answer.wait_seconds or 0.0)  # noqa: S311 - no secret

    def _until(self, answer: Answer, began: float, held: float) -> float:
        """Till when an item is tried: whose rate is used up waits as long as others get through."""
        match answer.fault:
            case "rate":
                return max(began, self._heard_at) + self._patience
            case "sink":
                return began + self._patience
            case "item":
                return began + held + self._patience

    async def _give_up(self, item: Sent, answer: Answer, began: float) -> None:
        """It is the item's fault where the sink has answered others meanwhile, or does not say that it is away.

        Raises:
            SinkAway: it is the sink's.
        """
        self._given_up += 1
        is_away = answer.fault == "rate" or (answer.fault == "sink" and self._heard_at < began)
        if is_away or self._given_up >= GIVEN_UP_AT_MOST:
            raise SinkAway(answer.code)
        await self._settle(item, answer.code)

    async def _claimed(self, item_id: str) -> Sent | None:
        async with self._database.transaction(self._caller) as connection:
            return await syncs.claim(connection, self._order.sync_id, self._order.user_id, item_id)

    async def _settle(self, item: Sent, refused: str | None) -> None:
        order = self._order
        async with self._database.transaction(self._caller) as connection:
            await syncs.settle(
                connection, order.sync_id, order.user_id, item.id, version=item.version, refused=refused
            )


def _body(order: SyncOrder, item: Sent) -> bytes:
    fields = {name: getattr(item, name) for name in item.__struct_fields__}
    fields["price"] = None if item.price is None else plain_number(item.price)
    fields["quantity"] = plain_number(item.quantity)
    return msgspec.json.encode({**fields, "tenant_id": order.tenant_id, "user_id": order.user_id})
