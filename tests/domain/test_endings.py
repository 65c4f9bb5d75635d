"""How a run ends, and that it stays ended."""

from datetime import timedelta
from typing import Any

import pytest

from onboarding.advance import advance
from onboarding.errors import AlreadyComplete, Incomplete, Refused, RunAbandoned, RunExpired
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Complete,
    EventKind,
    Remind,
    Run,
    SetPlace,
    SnoozeReminders,
    Status,
)
from tests.domain.given import NOW, PERSON, after, answer, answered, fresh, kinds, refused, save, skip

COMPLETE = Complete(actor=PERSON)
LATER = NOW + timedelta(hours=1)
COMMANDS: list[Any] = [
    save((1, answer(1))),
    save((1, {})),
    save((9, {})),
    save(("nope", {})),
    save((1, answer(1)), expected_version=-1),
    skip(9),
    skip(1),
    AcceptPrefilled(actor=PERSON),
    Remind(actor=PERSON),
    SnoozeReminders(actor=PERSON, muted=True),
    SetPlace(actor=PERSON, timezone="Europe/Berlin"),
]


def abandoned(reason: AbandonedReason, run: Run | None = None) -> Run:
    run = run or answered(3)
    now = run.expires_at if reason is AbandonedReason.EXPIRED else LATER
    return after(run, Abandon(actor=PERSON, reason=reason), now=now)


@pytest.mark.parametrize("done", range(9))
def test_an_incomplete_run_is_not_completed(done: int) -> None:
    """As long as a state is open, completion is refused."""
    refused(Incomplete, lambda: after(answered(done), COMPLETE))


@pytest.mark.parametrize("run", [answered(9), after(answered(8), skip(9))], ids=["answered", "skipped"])
def test_a_run_with_nothing_open_is_completed(run: Run) -> None:
    """With every state answered or skipped, completion is one event and fixes the time."""
    done, events = advance(run, COMPLETE, LATER)
    assert kinds(events) == [(EventKind.RUN_COMPLETED, None)]
    assert (done.status, done.completed_at, done.answers) == (Status.COMPLETED, LATER, run.answers)


def test_completing_again_is_harmless() -> None:
    """A repeated completion is the same run, at any time."""
    run = after(answered(9), COMPLETE)
    assert advance(run, COMPLETE, NOW + timedelta(days=400)) == (run, ())


@pytest.mark.parametrize("command", [*COMMANDS, Abandon(actor=PERSON, reason=AbandonedReason.DELETED)])
def test_a_completed_run_refuses_every_write(command: Any) -> None:
    """After completion everything is `onboarding_already_complete`, whatever else is wrong with it."""
    error = refused(AlreadyComplete, lambda: after(after(answered(9), COMPLETE), command))
    assert error.code == "onboarding_already_complete"


@pytest.mark.parametrize("reason", AbandonedReason)
@pytest.mark.parametrize("command", [*COMMANDS, COMPLETE])
def test_an_abandoned_run_refuses_every_write(reason: AbandonedReason, command: Any) -> None:
    """An expired run says that it expired, any other ended run that it was ended."""
    kind: type[Refused] = RunExpired if reason is AbandonedReason.EXPIRED else RunAbandoned
    refused(kind, lambda: after(abandoned(reason), command))


@pytest.mark.parametrize("first", AbandonedReason)
@pytest.mark.parametrize("second", AbandonedReason)
def test_abandoning_again_is_harmless(first: AbandonedReason, second: AbandonedReason) -> None:
    """The first reason stands; a later one changes nothing."""
    run = abandoned(first)
    assert (run.status, run.abandoned_reason) == (Status.ABANDONED, first)
    if second is not AbandonedReason.DELETED or first is not AbandonedReason.EXPIRED:
        assert advance(run, Abandon(actor=PERSON, reason=second), LATER) == (run, ())


def test_deleting_what_expired_comes_too_late() -> None:
    """A deletion is a write: after the expiry it is refused, and does not take the offer from the successor."""
    delete = Abandon(actor=PERSON, reason=AbandonedReason.DELETED)
    refused(RunExpired, lambda: after(abandoned(AbandonedReason.EXPIRED), delete))
    run = answered(3)
    refused(RunExpired, lambda: after(run, delete, now=run.expires_at))


def test_abandoning_is_one_event_and_keeps_the_answers() -> None:
    """An abandoned run still has what was answered, for whoever starts again."""
    before = answered(3)
    run, events = advance(before, Abandon(actor=PERSON, reason=AbandonedReason.DELETED), LATER)
    assert kinds(events) == [(EventKind.RUN_ABANDONED, None)]
    assert (run.answers, run.version) == (before.answers, before.version + 1)


WRITES = [save((2, answer(2))), save((1, answer(1))), skip(9), AcceptPrefilled(actor=PERSON), COMPLETE]


@pytest.mark.parametrize("command", WRITES)
@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=1), timedelta(days=30)])
def test_a_write_after_the_expiry_is_refused_though_nobody_abandoned_the_run_yet(
    command: Any, late: timedelta
) -> None:
    """The clock decides, not the timer: from `expires_at` on a write is late, even on a run still open."""
    run = answered(1)
    refused(RunExpired, lambda: after(run, command, now=run.expires_at + late))


def test_a_write_in_the_last_moment_is_in_time() -> None:
    """Just before `expires_at` an answer is taken and the run lives on."""
    run = answered(1)
    last = run.expires_at - timedelta(microseconds=1)
    assert after(run, save((2, answer(2))), now=last).expires_at == last + timedelta(days=7)


def test_an_expired_run_can_still_be_abandoned() -> None:
    """The timer that ends an expired run is not itself too late."""
    run = fresh()
    ended = after(run, Abandon(actor=PERSON, reason=AbandonedReason.EXPIRED), now=run.expires_at)
    assert ended.abandoned_reason is AbandonedReason.EXPIRED
