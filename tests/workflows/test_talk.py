"""Chat turns of a run: answered one after the other, each once, and never in the way."""

import asyncio
from itertools import pairwise

from onboarding.payloads import Abandon, AbandonedReason, Complete, EventKind, HandBack, Status, TakeOver
from tests.domain.given import PERSON, answer, save, say
from tests.domain.test_talk import ANN
from tests.workflows.given import Someone, World, until
from tests.workflows.seen import executions
from tests.workflows.test_continuing import grown


def _answered(someone: Someone) -> list[str]:
    return [order.turn_id for order in someone.outside.turns[someone.user_id]]


async def test_each_turn_is_answered_once(shared: World) -> None:
    """Turns are answered in their order; one that is sent again is not answered again."""
    someone = shared.someone()
    await someone.begin()
    for number in (1, 2, 2, 3, 1):
        await someone.send(say(number))
    await until(lambda: len(_answered(someone)) >= 3)
    await someone.save(1)
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()
    assert _answered(someone) == [say(number).turn_id for number in (1, 2, 3)]
    assert [order.run_version for order in someone.outside.turns[someone.user_id]] == [1, 1, 1]


async def test_a_form_does_not_wait_for_talk(shared: World) -> None:
    """While a turn is being answered, an answer by form is saved at once, and the run stays readable."""
    someone = shared.someone()
    await someone.begin()
    someone.outside.listening[someone.user_id] = asyncio.Event()
    await someone.send(say(1))
    await until(lambda: someone.outside.attempts[f"chat {someone.user_id}"] == 1)
    change = await someone.save(1)
    assert change.run.answers["fitness_level"] == answer(1)
    assert (await someone.view()).current_state == 2
    assert _answered(someone) == []
    someone.outside.listening[someone.user_id].set()
    await until(lambda: len(_answered(someone)) == 1)


async def test_a_finished_run_waits_for_its_last_turn(shared: World) -> None:
    """A run that is completed while a turn is being answered ends once that is done."""
    someone = shared.someone()
    await someone.begin()
    await someone.send(save(*((step, answer(step)) for step in range(1, 10))))
    someone.outside.listening[someone.user_id] = asyncio.Event()
    await someone.send(say(1))
    await until(lambda: someone.outside.attempts[f"chat {someone.user_id}"] == 1)
    await someone.send(Complete(actor=PERSON))
    await someone.settled()
    assert await someone.is_open()
    someone.outside.listening[someone.user_id].set()
    assert (await someone.closed()).status is Status.COMPLETED
    assert len(_answered(someone)) == 1


async def test_talk_goes_on_when_the_history_is_continued(short: World) -> None:
    """A turn that is being answered is not cut off by continuing as new, and later ones are answered too."""
    someone = short.someone()
    await someone.begin()
    await grown(someone)
    someone.outside.listening[someone.user_id] = asyncio.Event()
    first = len(await executions(someone.handle))
    await someone.send(say(1))
    await someone.send(say(2))
    for number in range(25):
        await someone.send(save((3, answer(3, equipment=[f"other {number}"]))))
    assert len(await executions(someone.handle)) == first
    someone.outside.listening[someone.user_id].set()
    await until(lambda: len(_answered(someone)) >= 2)
    await until(lambda: _continued(someone, first))
    await someone.send(say(3))
    await until(lambda: len(_answered(someone)) >= 3)
    assert _answered(someone) == [say(number).turn_id for number in (1, 2, 3)]


async def _continued(someone: Someone, executed: int) -> bool:
    return len(await executions(someone.handle)) > executed


async def test_a_turn_costs_the_same_at_any_length(shared: World) -> None:
    """The history grows by as many bytes for the fortieth turn as for the first: it holds ids, never text."""
    someone = shared.someone()
    await someone.begin()
    sizes: list[int] = []
    for number in range(1, 41):
        await someone.send(say(number))
        await until(lambda number=number: len(_answered(someone)) == number)
        if number in (10, 20, 30, 40):
            sizes.append(len((await someone.handle.fetch_history()).to_json()))
    growths = [after - before for before, after in pairwise(sizes)]
    assert max(growths) < 1.15 * min(growths), growths


async def test_staff_are_events(shared: World) -> None:
    """Taking over and handing back are settled as events by who did it."""
    someone = shared.someone()
    await someone.begin()
    assert (await someone.send(TakeOver(actor=ANN))).run.staff == ANN.id
    assert (await someone.send(HandBack(actor=ANN))).run.staff is None
    await someone.settled()
    events = someone.outside.events(someone.user_id)
    assert [event.kind for event in events[1:]] == [EventKind.TAKEN_OVER, EventKind.HANDED_BACK]
    assert {event.actor for event in events[1:]} == {ANN}
