"""Every message of the workflow, on a real server."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from api.gateway import RefusedByRun, RunClosed
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Begin,
    Change,
    Command,
    Complete,
    EventKind,
    Opened,
    Run,
    SaveSteps,
    SetPlace,
    SnoozeReminders,
    Status,
)
from tests.domain.given import PERSON, answer, kinds, save, skip
from tests.workflows.given import STATES, Someone, until
from tests.workflows.seen import metadata


async def refusal(someone: Someone, command: Command) -> str:
    """The code with which a command is refused."""
    with pytest.raises(RefusedByRun) as caught:
        await someone.send(command)
    return caught.value.refusal.code


async def test_begin_starts_once(someone: Someone) -> None:
    """The first begin makes the run, later ones find the same."""
    first, second = await someone.begin(), await someone.begin()
    assert (first.created, second.created) == (True, False)
    assert kinds(first.change.events) == [(EventKind.RUN_STARTED, None)]
    assert second.change.run == first.change.run
    await someone.settled()
    assert kinds(tuple(someone.outside.events(someone.user_id))) == [(EventKind.RUN_STARTED, None)]


async def test_concurrent_begins(someone: Someone) -> None:
    """Of many begins at once exactly one makes the run, and all are given it."""
    opened = await asyncio.gather(*(someone.begin() for _ in range(10)))
    assert [each.created for each in opened].count(True) == 1
    assert len({each.change.run.id for each in opened}) == 1


async def test_begin_takes_the_place(someone: Someone) -> None:
    """Who starts again from another time zone takes the run there."""
    await someone.begin()
    found = await someone.begin(timezone="Europe/Lisbon", locale="es")
    assert (found.change.run.timezone, found.change.run.locale) == ("Europe/Lisbon", "es")
    assert kinds(found.change.events) == [(EventKind.PLACE_CHANGED, None)]


async def test_nine_saves_and_complete(someone: Someone) -> None:
    """Nine answers and a completion make a completed run with one version each; the workflow closes with it."""
    await someone.begin()
    change = await someone.save_all()
    assert change.run.version == 1 + len(STATES)
    done = await someone.send(Complete(actor=PERSON))
    assert (done.run.status, set(done.run.answers)) == (Status.COMPLETED, set(change.run.answers))
    closed = await someone.closed()
    assert (closed.status, closed.current_state) == (Status.COMPLETED, None)
    assert someone.outside.rows(someone.user_id)[done.run.id] == done.run
    with pytest.raises(RunClosed):
        await someone.send(Complete(actor=PERSON))


async def test_batch(someone: Someone) -> None:
    """A batch is one version; one wrong answer in it saves none."""
    await someone.begin()
    wrong = save((1, answer(1)), (2, answer(2, goals=[])))
    with pytest.raises(RefusedByRun) as caught:
        await someone.send(wrong)
    assert [error.field for error in caught.value.refusal.errors] == ["steps[1].data.goals"]
    assert (await someone.view()).current_state == 1
    change = await someone.send(save(*((step, answer(step)) for step in (1, 2, 3))))
    assert (change.run.version, len(change.events)) == (2, 3)


async def test_skip(someone: Someone) -> None:
    """The optional state can be skipped when it is due, a required one not."""
    await someone.begin()
    assert await refusal(someone, skip(1)) == "state_not_optional"
    assert await refusal(someone, skip(9)) == "state_mismatch"
    await someone.send(save(*((step, answer(step)) for step in range(1, 9))))
    change = await someone.send(skip(9))
    assert change.run.skipped == ("supplement_preferences",)


async def test_accept_prefilled(someone: Someone) -> None:
    """What an expired run offers is taken over in one call."""
    offered = {"fitness_level": answer(1), "fitness_goals": answer(2)}
    await someone.begin(msgspec.structs.replace(someone.fresh(), prefill=offered))
    change = await someone.send(AcceptPrefilled(actor=PERSON))
    assert (change.run.answers, change.run.prefill) == (offered, {})


async def test_edit_reopens_a_dependant(someone: Someone) -> None:
    """An earlier answer that changes re-opens the one that no longer fits, in the view too."""
    await someone.begin()
    await someone.save_all(1, 5)
    change = await someone.save(4, diet_type="keto")
    assert kinds(change.events) == [(EventKind.STATE_EDITED, 4), (EventKind.STATE_REOPENED, 5)]
    seen = await someone.view()
    assert (seen.needs_review, seen.states[4].status, seen.current_state) == ((5,), "needs_review", 6)


async def test_same_answer_twice(someone: Someone) -> None:
    """Saving the same answer again is no event and no version, also from twenty tabs at once."""
    await someone.begin()
    changes = await asyncio.gather(*(someone.save(1) for _ in range(20)))
    assert {change.run.version for change in changes} == {2}
    await someone.settled()
    events = kinds(tuple(someone.outside.events(someone.user_id)))
    assert events == [(EventKind.RUN_STARTED, None), (EventKind.STATE_COMPLETED, 1)]


async def test_stale_version(someone: Someone) -> None:
    """A page that shows an old version is told so."""
    await someone.begin()
    await someone.save(1)
    assert await refusal(someone, save((1, answer(1)), expected_version=1)) == "version_conflict"
    assert (await someone.send(save((2, answer(2)), expected_version=2))).run.version == 3


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (save((1, {"fitness_level": "wizard"})), "validation_error"),
        (save((3, answer(3))), "state_mismatch"),
        (skip(2), "state_mismatch"),
        (Complete(actor=PERSON), "onboarding_incomplete"),
        (save((1, answer(1)), expected_version=77), "version_conflict"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_refused_updates_leave_no_history(someone: Someone, command: Command, code: str) -> None:
    """A refused update adds no event to the history."""
    await someone.begin()
    await someone.settled()
    before = await someone.history_length()
    assert await refusal(someone, command) == code
    assert await someone.history_length() == before


async def test_abandon_update(someone: Someone) -> None:
    """Abandoning answers with the abandoned run, and the workflow closes."""
    await someone.begin()
    change = await someone.send(Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    assert (change.run.status, change.run.abandoned_reason) == (Status.ABANDONED, AbandonedReason.DELETED)
    assert (await someone.closed()).status is Status.ABANDONED


async def test_abandon_signal(someone: Someone) -> None:
    """The signal ends the run too, with its reason, and it is settled before the workflow closes."""
    opened = await someone.begin()
    await someone.handle.signal("abandon", Abandon(actor=PERSON, reason=AbandonedReason.ERASED))
    assert (await someone.closed()).status is Status.ABANDONED
    row = someone.outside.rows(someone.user_id)[opened.change.run.id]
    assert row.abandoned_reason is AbandonedReason.ERASED


async def test_restart(someone: Someone) -> None:
    """Restart abandons the run that there is, answers with both, and settles both; none means a first one."""
    first = await someone.begin(restart=True)
    assert (first.created, first.replaced) == (True, None)
    await someone.save(1)
    second = await someone.begin(restart=True)
    assert second.replaced is not None
    assert second.replaced.run.id == first.change.run.id
    assert second.replaced.run.abandoned_reason is AbandonedReason.RESTARTED
    assert (second.change.run.answers, second.change.run.version) == ({}, 1)
    rows = someone.outside.rows
    await until(lambda: len(rows(someone.user_id)) == 2)
    assert {row.status for row in rows(someone.user_id).values()} == {Status.ABANDONED, Status.IN_PROGRESS}
    assert (await someone.save(1)).run.id == second.change.run.id


async def test_step_completed_signal(someone: Someone) -> None:
    """The signal saves an answer, and it is settled at once because nobody else writes it."""
    opened = await someone.begin()
    await someone.handle.signal("step_completed", save((1, answer(1))))
    await until(lambda: "fitness_level" in _answers(someone, opened.change.run.id))
    assert (await someone.view()).current_state == 2


async def test_refused_signal_is_kept(someone: Someone) -> None:
    """A refused signal is listed in the view, newest last and at most twenty; the run goes on."""
    await someone.begin()
    await someone.handle.signal("step_completed", save((5, answer(5))))
    await someone.handle.signal("step_completed", save(("nonsense", {})))
    await until(lambda: _refusals(someone, 2))
    assert [(r.code, r.step) for r in (await someone.view()).refusals] == [
        ("state_mismatch", "5"),
        ("validation_error", "nonsense"),
    ]
    await asyncio.gather(
        *(someone.handle.signal("step_completed", save((f"x{n}", {}))) for n in range(25)),
    )
    await until(lambda: _refusals(someone, 20))
    assert (await someone.save(1)).run.version == 2


async def test_refused_signals_are_shown_at_once(someone: Someone) -> None:
    """Support staff see a refused signal in the current details, without the next change of the run."""
    await someone.begin()
    await someone.settled()
    await someone.handle.signal("step_completed", save((5, answer(5))))
    await until(lambda: _details_hold(someone, "state_mismatch"))


async def test_signal_of_an_unknown_shape(someone: Someone) -> None:
    """A signal that is no command at all is dropped, and the run goes on."""
    await someone.begin()
    await someone.handle.signal("step_completed", {"steps": "everything"})
    assert (await someone.save(1)).run.version == 2


async def test_snooze_and_place(someone: Someone) -> None:
    """Snooze moves the next reminder away, mute takes it away, and the place moves with the person."""
    opened = await someone.begin()
    until_when = datetime.now(UTC) + timedelta(days=3)
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON, until=until_when))
    assert ((await someone.view()).next_reminder_at or datetime.now(UTC)) >= until_when
    await someone.gateway.tell(someone.address, SnoozeReminders(actor=PERSON, muted=True))
    assert (await someone.view()).next_reminder_at is None
    await someone.gateway.tell(someone.address, SetPlace(actor=PERSON, timezone="Asia/Tokyo"))
    await until(lambda: _row(someone, opened.change.run.id).timezone == "Asia/Tokyo")
    row = _row(someone, opened.change.run.id)
    assert (row.reminders.muted, row.version) == (True, 1)


async def test_telling_nobody(someone: Someone) -> None:
    """Telling a run that does not exist its place is no error."""
    await someone.gateway.tell(someone.address, SetPlace(actor=PERSON, timezone="Asia/Tokyo"))


async def test_revive(someone: Someone) -> None:
    """A run whose workflow is gone is made again from its row, with the command applied."""
    await someone.begin()
    change = await someone.save_all(1, 3)
    await someone.settled()
    await someone.handle.terminate()
    with pytest.raises(RunClosed):
        await someone.save(4)
    revived = await someone.gateway.revive(change.run, save((4, answer(4))))
    assert (revived.run.id, revived.run.version) == (change.run.id, change.run.version + 1)
    assert not (await someone.begin()).created


async def test_an_ended_run_is_not_revived_by_an_old_row(someone: Someone) -> None:
    """Who read a run just before it was completed does not bring it back; who reads it open again after that, as
    from a restored database, does.
    """
    await someone.begin()
    stale = (await someone.save_all()).run
    await someone.send(Complete(actor=PERSON))
    await someone.closed()
    with pytest.raises(RunClosed):
        await someone.begin(resume=stale, after_end=False)
    with pytest.raises(RunClosed):
        await someone.gateway.revive(stale, save((8, answer(8))))
    restored = await someone.gateway.revive(stale, save((8, answer(8, daily_water_target_ml=999))), after_end=True)
    assert restored.run.id == stale.id


async def test_repeat_of_a_message(someone: Someone) -> None:
    """The same message id is answered with the run as it is, and applied once, whatever it now says."""
    await someone.begin()
    await someone.send(save((1, answer(1)), message_id="one"))
    await someone.handle.signal("step_completed", save((1, answer(1, fitness_level="advanced")), message_id="one"))
    before = await someone.save(2)
    repeated = await someone.handle.execute_update(
        "save_step",
        save((1, answer(1, fitness_level="advanced")), message_id="one"),
        id=str(uuid.uuid4()),
        result_type=Change,
    )
    assert repeated.run == before.run
    assert repeated.run.answers["fitness_level"] == answer(1)
    assert (await someone.view()).refusals == ()


async def test_repeat_of_a_restart(someone: Someone) -> None:
    """A restart that is sent twice under one message id makes one new run."""
    await someone.begin()
    first = await someone.begin(restart=True, message_id="again")
    second = await someone.begin(restart=True, message_id="again")
    assert second.change.run.id == first.change.run.id
    unknown_to_the_server = await someone.handle.execute_update(
        "restart",
        Begin(run=someone.fresh(), place=SetPlace(actor=PERSON, message_id="again")),
        id=str(uuid.uuid4()),
        result_type=Opened,
    )
    assert not unknown_to_the_server.created
    assert unknown_to_the_server.change.run.id == first.change.run.id


async def test_repeat_that_would_be_refused_now(someone: Someone) -> None:
    """A repeated message is not refused by what has happened since: here its own."""
    await someone.begin()
    await someone.send(save((1, answer(1)), expected_version=1, message_id="stale by now"))
    command: SaveSteps = save((1, answer(1)), expected_version=1, message_id="stale by now")
    assert (await someone.send(command)).run.version == 2


def _row(someone: Someone, run_id: str) -> Run:
    return someone.outside.rows(someone.user_id).get(run_id) or someone.fresh()


def _answers(someone: Someone, run_id: str) -> dict[str, object]:
    return dict(_row(someone, run_id).answers)


async def _refusals(someone: Someone, count: int) -> bool:
    return len((await someone.view()).refusals) == count


async def _details_hold(someone: Someone, text: str) -> bool:
    return text in (await metadata(someone.handle)).current_details
