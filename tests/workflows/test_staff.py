"""What staff do to runs, on a real server: reminding the person, and beginning anew in the middle."""

import asyncio
import uuid
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from api.gateway import RefusedByRun, RunClosed
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    Actor,
    ActorKind,
    Channel,
    Complete,
    EventKind,
    Fork,
    Nudge,
    Opened,
    Run,
    SnoozeReminders,
    Status,
)
from onboarding.progress import progress
from tests.domain.given import PERSON, kinds
from tests.workflows.given import Someone, World, until
from tests.workflows.seen import metadata

STAFF = Actor(kind=ActorKind.STAFF, id="00000000-0000-7000-8000-00000000000f")
NUDGE = Nudge(actor=STAFF, channel=Channel.API)


async def fork(
    someone: Someone, source: Run, from_state: int | str, *, after_end: bool = True, message_id: str | None = None
) -> Opened:
    """Fork a run, as the API does which has read it last."""
    message = Fork(
        run=someone.fresh(),
        source=source,
        from_state=from_state,
        actor=STAFF,
        channel=Channel.API,
        message_id=message_id,
    )
    resume = source if source.status is Status.IN_PROGRESS else None
    return await someone.gateway.fork(message, resume=resume, after_end=after_end)


async def refusal(attempt: Awaitable[object]) -> tuple[str, int | None, int | None]:
    """The code of a refusal, how far the run got, and after how long it may be tried again."""
    with pytest.raises(RefusedByRun) as caught:
        await attempt
    told = caught.value.refusal
    return told.code, told.current_state, told.retry_after_seconds


async def test_a_nudge_is_sent_when_it_answers(someone: Someone) -> None:
    """One reminder is there when the nudge is answered, besides those that the flow sends by itself."""
    await someone.begin()
    change = await someone.send(NUDGE)
    assert kinds(change.events) == [(EventKind.RUN_REMINDED, None)]
    assert change.events[0].actor == STAFF
    (sent,) = someone.outside.reminders[someone.user_id]
    assert (sent.nudge, sent.number, sent.since) == (True, 0, change.run.reminders.nudged_at)
    await someone.forward(timedelta(hours=25))
    await until(lambda: len(someone.outside.reminders[someone.user_id]) == 2)
    assert [(each.nudge, each.number) for each in someone.outside.reminders[someone.user_id]] == [
        (True, 0),
        (False, 1),
    ]


async def test_a_nudge_again(someone: Someone) -> None:
    """A repeated message sends nothing; another one is refused for the rest of the hour, and sent after it."""
    await someone.begin()
    first = replace(NUDGE, message_id="once")
    await someone.send(first)
    assert (await someone.send(first)).run.seq == 2
    code, _, wait = await refusal(someone.send(NUDGE))
    assert code == "reminded_recently"
    assert wait is not None
    assert 3500 < wait <= 3600
    assert len(someone.outside.reminders[someone.user_id]) == 1
    await someone.forward(timedelta(hours=1))
    await someone.send(NUDGE)
    assert len(someone.outside.reminders[someone.user_id]) == 2


async def test_nudges_at_once(someone: Someone) -> None:
    """Of several at the same moment one is sent."""
    await someone.begin()
    told = await asyncio.gather(*(someone.send(NUDGE) for _ in range(5)), return_exceptions=True)
    assert [isinstance(each, RefusedByRun) for each in told].count(False) == 1
    assert len(someone.outside.reminders[someone.user_id]) == 1


async def test_whoever_wants_no_reminders(someone: Someone) -> None:
    """Who opted out is not nudged, and who no longer snoozes is."""
    await someone.begin()
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON, muted=True))
    assert (await refusal(someone.send(NUDGE)))[0] == "reminders_off"
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON))
    await someone.send(NUDGE)


async def test_a_nudge_that_cannot_be_sent_holds_nobody_up(someone: Someone) -> None:
    """While the reminder is tried again the person goes on, to the end; then nothing is left to send."""
    await someone.begin()
    someone.outside.silent.add(someone.user_id)
    nudging = asyncio.create_task(someone.send(NUDGE))
    await until(lambda: someone.outside.attempts[f"remind {someone.user_id}"] >= 1)
    await someone.save_all()
    await someone.send(Complete(actor=PERSON))
    someone.outside.silent.discard(someone.user_id)
    await nudging
    assert (await someone.closed()).status is Status.COMPLETED


async def test_a_fork_of_an_open_run(someone: Someone) -> None:
    """The run ends as restarted, the fork stands at the state with the answers before, all in one step."""
    await someone.begin()
    source = (await someone.save_all(1, 5)).run
    opened = await fork(someone, source, 3, after_end=False)
    assert opened.replaced is not None
    ended = opened.replaced.run
    assert (ended.id, ended.status, ended.abandoned_reason) == (
        source.id,
        Status.ABANDONED,
        AbandonedReason.RESTARTED,
    )
    assert opened.replaced.events[0].actor == STAFF
    run = opened.change.run
    assert kinds(opened.change.events) == [(EventKind.RUN_STARTED, 3)]
    assert (progress(run).current_state, list(run.answers)) == (3, list(source.answers)[:2])
    assert run.forked_from == opened.change.events[0].forked_from == source.id
    await someone.settled()
    rows = someone.outside.rows(someone.user_id)
    assert {each.id: each.status for each in rows.values()} == {
        source.id: Status.ABANDONED,
        run.id: Status.IN_PROGRESS,
    }
    settled = kinds(tuple(someone.outside.events(someone.user_id)))
    assert settled.count((EventKind.STATE_COMPLETED, 1)) == 1
    assert f"Forked from run `{source.id}`." in (await metadata(someone.handle)).current_details
    assert not someone.outside.reminders[someone.user_id]
    assert (await someone.save(3)).run.id == run.id


async def test_the_latest_answers_are_taken_over(someone: Someone) -> None:
    """What the person saved since the run was read is in the fork."""
    await someone.begin()
    read = (await someone.save_all(1, 2)).run
    await someone.save(3)
    run = (await fork(someone, read, 4)).change.run
    assert progress(run).current_state == 4


@pytest.mark.parametrize("end", ["complete", "abandon"])
async def test_a_fork_of_a_finished_run(someone: Someone, end: str) -> None:
    """A run that is over, its workflow closed or not, is forked; it stays as it is."""
    await someone.begin()
    await someone.save_all()
    done = Complete(actor=PERSON) if end == "complete" else Abandon(actor=PERSON, reason=AbandonedReason.DELETED)
    source = (await someone.send(done)).run
    await someone.closed()
    opened = await fork(someone, source, 9)
    assert (opened.replaced, opened.created) == (None, True)
    run = opened.change.run
    assert (run.status, len(run.answers), progress(run).current_state) == (Status.IN_PROGRESS, 8, 9)
    await someone.settled()
    assert (await someone.save(9)).run.id == run.id
    assert (await someone.send(Complete(actor=PERSON))).run.status is Status.COMPLETED


async def test_the_same_fork_again(someone: Someone) -> None:
    """A repeat gives the fork that is there, by its message or, while it is untouched, by what it asks for."""
    await someone.begin()
    source = (await someone.save_all(1, 4)).run
    first = await fork(someone, source, 2, message_id="one")
    ended = first.replaced.run if first.replaced else source
    assert await fork(someone, source, 2, message_id="one") == first
    for again in (await fork(someone, source, 2, message_id="two"), await fork(someone, ended, 2)):
        assert (again.created, again.change.run.id) == (False, first.change.run.id)


async def test_a_fork_is_refused(someone: Someone) -> None:
    """Beyond what was answered, at no state, or beside another open run there is none, and nothing has changed."""
    await someone.begin()
    source = (await someone.save_all(1, 3)).run
    assert await refusal(fork(someone, source, 5)) == ("state_mismatch", 4, None)
    assert (await refusal(fork(someone, source, "nowhere")))[0] == "validation_error"
    old = replace(source, id=str(uuid.uuid4()), status=Status.ABANDONED, abandoned_reason=AbandonedReason.DELETED)
    message = Fork(run=someone.fresh(), source=old, from_state=2, actor=STAFF, channel=Channel.API)
    gateway = someone.gateway
    assert (await refusal(gateway.fork(message, resume=source, after_end=False)))[0] == "another_run_open"
    assert (await someone.save(4)).run.id == source.id


async def test_a_fork_of_a_run_whose_workflow_is_gone(someone: Someone) -> None:
    """An open run is forked from its row when its workflow is gone; who did not know reads it again first."""
    await someone.begin()
    source = (await someone.save_all(1, 3)).run
    await someone.settled()
    await someone.handle.terminate()
    opened = await fork(someone, source, 2, after_end=True)
    assert opened.replaced is not None
    assert opened.change.run.forked_from == source.id
    await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    await someone.closed()
    with pytest.raises(RunClosed):
        await fork(someone, source, 2, after_end=False)


async def test_a_fork_outlives_a_long_history(short: World) -> None:
    """Where it comes from is remembered when the history is continued as new."""
    someone = short.someone()
    await someone.begin()
    source = (await someone.save_all(1, 3)).run
    await fork(someone, source, 2)
    first = (await someone.handle.describe()).run_id
    for number in range(40):
        level = ("bodyweight", "dumbbells")[number % 2]
        await someone.save(3 if number else 2)
        await someone.save(3, equipment=[level])
        if (await someone.handle.describe()).run_id != first:
            break
    else:
        raise AssertionError("it was not continued")
    await until(lambda: _forked(someone, source))


async def _forked(someone: Someone, source: Run) -> bool:
    return (await someone.view()).forked_from == source.id
