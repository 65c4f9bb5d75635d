"""Talk and staff, as a run knows them."""

import pytest

from onboarding.advance import advance
from onboarding.errors import AlreadyComplete, RunAbandoned, RunExpired
from onboarding.payloads import Abandon, AbandonedReason, Actor, ActorKind, Complete, EventKind, HandBack, TakeOver
from tests.domain.given import NOW, PERSON, after, answered, fresh, kinds, refused, say

ANN = Actor(kind=ActorKind.STAFF, id="00000000-0000-7000-8000-0000000000a1")
BEN = Actor(kind=ActorKind.STAFF, id="00000000-0000-7000-8000-0000000000b2")


def test_talk_changes_nothing() -> None:
    """What somebody says is no answer: the run, its version and its expiry stay."""
    run = fresh()
    assert advance(run, say(1), NOW) == (run, ())


@pytest.mark.parametrize("command", [say(1), TakeOver(actor=ANN), HandBack(actor=ANN)])
def test_a_run_that_is_over_takes_none_of_it(command: object) -> None:
    """Completed, abandoned and expired runs refuse talk and staff like any other write."""
    complete = after(answered(9), Complete(actor=PERSON))
    gone = after(fresh(), Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    late = fresh()
    refused(AlreadyComplete, lambda: advance(complete, command, NOW))  # type: ignore[arg-type]
    refused(RunAbandoned, lambda: advance(gone, command, NOW))  # type: ignore[arg-type]
    refused(RunExpired, lambda: advance(late, command, late.expires_at))  # type: ignore[arg-type]


def test_taking_over_and_handing_back() -> None:
    """Both are events, twice is once, and a colleague may take over from whoever answers."""
    run, events = advance(fresh(), TakeOver(actor=ANN), NOW)
    assert (run.staff, kinds(events)) == (ANN.id, [(EventKind.TAKEN_OVER, None)])
    assert advance(run, TakeOver(actor=ANN), NOW) == (run, ())
    run, events = advance(run, TakeOver(actor=BEN), NOW)
    assert (run.staff, events[0].actor) == (BEN.id, BEN)
    run, events = advance(run, HandBack(actor=ANN), NOW)
    assert (run.staff, kinds(events)) == (None, [(EventKind.HANDED_BACK, None)])
    assert advance(run, HandBack(actor=ANN), NOW) == (run, ())
