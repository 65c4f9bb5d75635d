"""A fork takes over what an earlier run has up to a state, and nothing that led there happens again."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from onboarding.advance import begin, new_run
from onboarding.errors import AnotherRunOpen, InvalidAnswer, StateMismatch
from onboarding.flow import Flow
from onboarding.flows import FLOWS
from onboarding.flows.fitness import FITNESS
from onboarding.forking import flow_for, fork, forked, is_same_fork
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    Actor,
    ActorKind,
    Channel,
    Complete,
    EventKind,
    Fork,
    Run,
    Status,
)
from onboarding.progress import current_state, flow_of, progress
from tests.domain.given import NOW, PERSON, after, answer, answered, errors, fresh, kinds, refused, save, skip

STAFF = Actor(kind=ActorKind.STAFF, id="00000000-0000-7000-8000-00000000000f")
NEWER = replace(FITNESS, version=7)


def shell(flow: Flow = FITNESS) -> Run:
    """A run that has not begun."""
    return replace(
        new_run(id="00000000-0000-7000-8000-0000000000f0", tenant_id="t", user_id="u", flow=flow, now=NOW),
        tenant_id=fresh().tenant_id,
        user_id=fresh().user_id,
    )


def asked(source: Run, from_state: int | str) -> Fork:
    return Fork(run=shell(), source=source, from_state=from_state, actor=STAFF, channel=Channel.API)


@pytest.mark.parametrize("step", range(1, 10))
def test_it_stands_at_the_state_with_what_was_before(step: int) -> None:
    """Of a run with nine answers a fork at any state has those before it, as they are, and stands there."""
    source = answered(9)
    run = fork(source, shell(), step)
    earlier = [state.key for state in FITNESS.states[: step - 1]]
    assert run.answers == {key: source.answers[key] for key in earlier}
    assert progress(run).current_state == step
    assert run.forked_from == source.id
    assert (run.status, run.completed_at, run.version, run.seq) == (Status.IN_PROGRESS, None, 0, 0)


def test_a_state_is_named_by_its_key_too() -> None:
    """A key is as good as a number."""
    source = answered(4)
    assert fork(source, shell(), FITNESS.states[2].key) == fork(source, shell(), 3)


def test_what_was_skipped_stays_skipped() -> None:
    """A state that was left out before the fork's is left out in it, too, and one after it is open."""
    source = after(answered(8), skip(9))
    optional = replace(FITNESS.states[2], optional=True)
    flow = replace(FITNESS, version=8, states=(*FITNESS.states[:2], optional, *FITNESS.states[3:]))
    with FLOWS.registered(flow):
        left_out = after(answered(2, flow), skip(3), save((4, answer(4))))
        run = fork(left_out, shell(flow), 4)
        assert (run.skipped, progress(run).current_state) == ((flow.states[2].key,), 4)
        assert fork(left_out, shell(flow), 3).skipped == ()
    assert fork(source, shell(), 5).skipped == ()


def test_the_only_event_is_the_start() -> None:
    """The first event names the source and the state; the answers that are taken over are no events."""
    source = answered(6)
    run, events = begin(fork(source, shell(), 4), STAFF, Channel.API, NOW + timedelta(hours=1))
    assert kinds(events) == [(EventKind.RUN_STARTED, 4)]
    assert (events[0].forked_from, events[0].actor, events[0].seq) == (source.id, STAFF, 1)
    assert [turn.state for turn in run.agent_history] == [4]
    assert (run.created_at, run.last_activity_at) == (NOW + timedelta(hours=1),) * 2
    later = after(run, save((4, answer(4))))
    assert progress(later).current_state == 5
    assert [e.forked_from for e in begin(shell(), PERSON, Channel.FORM, NOW)[1]] == [None]


def test_as_far_as_the_source_got() -> None:
    """Beyond the first open state of the source there is no fork, and the refusal says where that is."""
    source = answered(3)
    fork(source, shell(), 4)
    for step in (5, 9):
        assert refused(StateMismatch, lambda step=step: fork(source, shell(), step)).current_state == 4


@pytest.mark.parametrize("step", [0, 10, -1, "nowhere", "4", ""])
def test_a_state_that_is_none(step: int | str) -> None:
    """Something that is no state of the flow is named as what is wrong."""
    error = refused(InvalidAnswer, lambda: fork(answered(9), shell(), step))
    assert errors(error) == [("from_state", "unknown_state")]


def test_finished_sources() -> None:
    """A completed, an abandoned and an expired run are forked like an open one."""
    done = after(answered(9), Complete(actor=PERSON))
    given_up = after(answered(5), Abandon(actor=PERSON, reason=AbandonedReason.DELETED))
    overdue = answered(5)
    expired = after(
        overdue, Abandon(actor=PERSON, reason=AbandonedReason.EXPIRED), now=overdue.expires_at + timedelta(1)
    )
    for source in (done, given_up, expired):
        run = forked(source, asked(source, 5), NOW)
        assert current_state(run, FITNESS) == FITNESS.states[4]


def test_what_needs_review_still_does() -> None:
    """An answer that does not fit an earlier one any more is taken over with that."""
    source = after(answered(6), save((4, answer(4, diet_type="keto"))))
    assert source.needs_review
    run = fork(source, shell(), 7)
    assert run.needs_review == source.needs_review
    assert fork(source, shell(), 4).needs_review == ()


def test_another_open_run_is_not_thrown_away() -> None:
    """While the person is in the middle of another run, an earlier one is not forked; after its expiry it is."""
    source = after(answered(5), Abandon(actor=PERSON, reason=AbandonedReason.RESTARTED))
    other = replace(answered(1), id="00000000-0000-7000-8000-0000000000f1")
    refused(AnotherRunOpen, lambda: forked(other, asked(source, 3), NOW))
    assert forked(other, asked(source, 3), other.expires_at).forked_from == source.id
    done = replace(after(answered(9), Complete(actor=PERSON)), id=other.id)
    assert forked(done, asked(source, 3), NOW).forked_from == source.id


def test_the_run_as_it_is_goes_before_the_run_as_it_was_read() -> None:
    """Of an open source the latest answers are taken over, whatever the request had read."""
    read = answered(3)
    now = after(read, save((4, answer(4))))
    assert progress(forked(now, asked(read, 5), NOW)).current_state == 5
    assert refused(StateMismatch, lambda: forked(read, asked(now, 5), NOW)).current_state == 4


def test_the_same_fork_again() -> None:
    """An untouched fork is found to be the same for its state by number and key, and for nothing else."""
    source = answered(6)
    run, _ = begin(fork(source, shell(), 4), STAFF, Channel.API, NOW)
    assert is_same_fork(run, asked(source, 4))
    assert is_same_fork(run, asked(source, FITNESS.states[3].key))
    assert not is_same_fork(run, asked(source, 3))
    assert not is_same_fork(run, asked(run, 4))
    assert not is_same_fork(after(run, save((4, answer(4)))), asked(source, 4))
    assert not is_same_fork(source, asked(source, 4))


def test_the_version_of_the_source_while_there_is_one() -> None:
    """A newer version changes nothing for a fork while that of its source is known."""
    with FLOWS.registered(NEWER):
        assert flow_for(answered(2)) == FITNESS
        assert flow_for(replace(answered(2), flow_version=3)) == NEWER


def test_a_version_that_is_gone() -> None:
    """Then the newest one takes of the answers what it would accept, and no further."""
    source = answered(6)
    spoiled = {**source.answers, "fitness_goals": {"nothing": "that it knows"}}
    old = replace(source, flow_version=99)
    assert progress(fork(old, shell(), 6)).current_state == 6
    assert fork(old, shell(), 6).answers == {s.key: source.answers[s.key] for s in FITNESS.states[:5]}
    bad = replace(old, answers=spoiled)
    assert refused(StateMismatch, lambda: fork(bad, shell(), 3)).current_state == 2
    assert flow_of(fork(bad, shell(), 2)) == FITNESS


def test_nothing_of_the_source_changes() -> None:
    """The source is as it was."""
    source = answered(6)
    before = repr(source)
    fork(source, shell(), 3)
    assert repr(source) == before
