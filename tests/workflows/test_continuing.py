"""Continue-as-new, suggested early by a server with a low limit, loses nothing."""

import asyncio
from datetime import timedelta

from temporalio.client import WorkflowHistory

from onboarding.payloads import Complete, SaveSteps, SetPlace, Status
from tests.domain.given import PERSON, answer, save
from tests.workflows.given import Someone, World, until
from tests.workflows.seen import executions, metadata

DAY = timedelta(days=1)


def edit(number: int, **command: object) -> SaveSteps:
    """A save that changes the answer, whatever came before it."""
    return save((3, answer(3, equipment=[f"thing {number}"])), message_id=f"edit {number}", **command)


async def grown(someone: Someone, edits: int = 25) -> None:
    """Answer until the history has been continued."""
    first = (await someone.handle.describe()).run_id
    await someone.save_all(1, 3)
    for number in range(edits):
        await someone.send(edit(number))
    await until(lambda: _moved(someone, first))


async def _moved(someone: Someone, first: str) -> bool:
    return (await someone.handle.describe()).run_id != first


async def test_concurrent_updates_and_signals(short: World) -> None:
    """Updates and signals that arrive while the run is continued are each applied exactly once."""
    someone = short.someone()
    await someone.begin()
    await someone.save_all(1, 3)

    async def client(first: int) -> list[int]:
        versions: list[int] = []
        for number in range(first, first + 12):
            versions.append((await someone.send(edit(number))).run.version)
            if number % 4 == 0:
                await someone.handle.signal("step_completed", edit(number + 1000))
        return versions

    versions = await asyncio.gather(*(client(first) for first in range(0, 96, 12)))
    assert all(each == sorted(each) for each in versions)
    await until(lambda: _version(someone, 4 + 96 + 24))
    await someone.settled()
    assert [event.seq for event in someone.outside.events(someone.user_id)] == list(range(1, 4 + 96 + 24 + 1))
    assert len(await executions(someone.handle)) > 1


async def test_messages_stay_seen(short: World) -> None:
    """A message of the execution before is still known: its repeat answers the run and changes nothing."""
    someone = short.someone()
    await someone.begin()
    await grown(someone)
    before = await someone.view()
    change = await someone.send(edit(0))
    assert change.run.answers["workout_constraints"]["equipment"] == ["thing 24"]
    assert (await someone.view()).version == before.version == change.run.version


async def test_what_is_carried_over(short: World) -> None:
    """Unsettled changes, refusals, place and answers are carried over, and settled when the database is back."""
    someone = short.someone()
    someone.outside.away[someone.user_id] = "away"
    await someone.begin()
    await someone.handle.signal("step_completed", save((9, answer(9))))
    await someone.gateway.tell(someone.address, SetPlace(actor=PERSON, timezone="Asia/Tokyo"))
    await grown(someone)
    view = await someone.view()
    assert ([r.step for r in view.refusals], view.settled, view.current_state) == (["9"], False, 4)
    del someone.outside.away[someone.user_id]
    await someone.settled()
    events = someone.outside.events(someone.user_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(events) == 1 + 1 + 3 + 25
    (row,) = someone.outside.rows(someone.user_id).values()
    assert row.timezone == "Asia/Tokyo"


async def test_found_and_finished_afterwards(short: World) -> None:
    """A continued run is found by begin, shows its details and attributes at once, and can be completed."""
    someone = short.someone()
    opened = await someone.begin()
    await grown(someone)
    assert "workout_constraints" not in (await metadata(someone.handle)).current_details
    assert (
        "| 3 | Workout preferences and constraints | ✅ completed |"
        in (await metadata(someone.handle)).current_details
    )
    assert (await someone.begin()).change.run.id == opened.change.run.id
    await someone.save_all(4, 9)
    await someone.send(Complete(actor=PERSON))
    assert (await someone.closed()).status is Status.COMPLETED


async def test_expiry_goes_on(short: World) -> None:
    """A continued run still reminds and expires, counted from its last answer."""
    someone = short.someone()
    await someone.begin()
    await grown(someone)
    await someone.forward(30 * DAY)
    assert (await someone.closed()).status is Status.ABANDONED
    assert [reminder.number for reminder in someone.outside.reminders[someone.user_id]] == [1, 2]


async def test_a_reminder_under_way_is_not_lost(short: World) -> None:
    """A run does not continue as new while a reminder is being sent: nobody else would send it."""
    someone = short.someone()
    await someone.begin()
    await someone.save_all(1, 3)
    someone.outside.silent.add(someone.user_id)
    await someone.forward(timedelta(hours=24, minutes=1))
    await until(lambda: someone.outside.attempts[f"remind {someone.user_id}"] > 0)
    for number in range(40):
        await someone.send(edit(number))
    someone.outside.silent.discard(someone.user_id)
    await until(lambda: len(someone.outside.reminders[someone.user_id]) == 1)
    await until(lambda: _continued(someone))


async def _continued(someone: Someone) -> bool:
    histories: list[WorkflowHistory] = await executions(someone.handle)
    return len(histories) > 1


async def _version(someone: Someone, version: int) -> bool:
    return (await someone.view()).version == version
