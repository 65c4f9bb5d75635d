"""The projection is written in the end, once for a burst, whatever happens to the database."""

import asyncio
import time

from onboarding.payloads import Complete, Status
from tests.domain.given import PERSON, answer, save
from tests.workflows.given import STATES, Someone, World, until
from workflows.unsettled import SETTLE_AFTER


async def test_one_activity_for_a_burst(shared: World) -> None:
    """A begin and nine answers within seconds are settled by one activity, with every event in order."""
    for _ in range(10):
        someone, began = shared.someone(), time.monotonic()
        await someone.begin()
        change = await someone.save_all()
        if time.monotonic() - began < SETTLE_AFTER.total_seconds() - 1:
            break  # else it was none: the machine stood still
    else:
        raise AssertionError("ten answers take longer than the pause")
    await someone.settled()
    (message,) = someone.outside.settled[someone.user_id]
    assert [event.seq for each in message.changes for event in each.events] == list(range(1, len(STATES) + 2))
    assert message.changes[-1].run == change.run


async def test_nothing_to_settle(someone: Someone) -> None:
    """A run that does not change does not settle again."""
    await someone.begin()
    await someone.settled()
    await someone.begin()
    await someone.settled()
    assert len(someone.outside.settled[someone.user_id]) == 1


async def test_updates_while_the_database_is_away(someone: Someone) -> None:
    """While settling fails again and again updates are answered; afterwards every event is there."""
    someone.outside.away[someone.user_id] = "away"
    await someone.begin()
    await someone.save(1)
    await someone.forward_settling()
    await until(lambda: someone.outside.attempts[someone.user_id] >= 2)
    began = time.monotonic()
    await someone.save_all(2, 5)
    assert time.monotonic() - began < 20
    assert not (await someone.view()).settled
    assert someone.outside.settled[someone.user_id] == []
    del someone.outside.away[someone.user_id]
    await someone.settled()
    assert [event.seq for event in someone.outside.events(someone.user_id)] == list(range(1, 7))


async def test_closes_after_settling(someone: Someone) -> None:
    """A completed run stays open until its projection is written; then it closes."""
    await someone.begin()
    await someone.send(save(*((step, answer(step)) for step in STATES)))
    someone.outside.away[someone.user_id] = "away"
    change = await someone.send(Complete(actor=PERSON))
    await until(lambda: someone.outside.attempts[someone.user_id] >= 2)
    assert await someone.is_open()
    again = await asyncio.gather(*(someone.send(Complete(actor=PERSON)) for _ in range(3)))
    assert all(each.run == change.run for each in again)
    del someone.outside.away[someone.user_id]
    assert (await someone.closed()).status is Status.COMPLETED
    assert someone.outside.rows(someone.user_id)[change.run.id].status is Status.COMPLETED
