"""The projection of runs."""

import asyncio
import random
import uuid
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import profiles, runs, users
from db.pool import Database
from onboarding.advance import advance, begin, new_run
from onboarding.errors import Refused
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import (
    Abandon,
    AbandonedReason,
    AcceptPrefilled,
    Change,
    Channel,
    Complete,
    EventKind,
    Remind,
    Run,
    SaveSteps,
    SetPlace,
    SkipStep,
    SnoozeReminders,
    StepAnswer,
)
from tests.db.given import ACTOR, NOW, Person, abandoned, answers, completed, started, then


async def project(database: Database, person: Person, *changes: Change) -> None:
    await runs.project(database, person.caller(), *changes)


async def stored(database: Database, person: Person, run_id: str) -> tuple[Run | None, list[runs.StoredEvent]]:
    async with database.transaction(person.caller()) as conn:
        return await runs.get(conn, run_id), await runs.events(conn, run_id, after=0, limit=1000)


async def test_row_and_events(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """Each change is in the row and in the history: position, actor, channel, times."""
    changes = then([started(person)], *answers(1, 3))
    for change in changes:
        await project(database, person, change)
    run, events = await stored(database, person, changes[-1].run.id)
    assert run == changes[-1].run
    assert [e.seq for e in events] == [1, 2, 3, 4]
    assert [e.state for e in events] == [None, 1, 2, 3]
    assert events[0].kind is EventKind.RUN_STARTED
    assert {e.actor for e in events} == {ACTOR}
    assert {e.channel for e in events} == {Channel.FORM}
    assert [e.created_at for e in events] == [c.events[0].at for c in changes]
    row = await admin.fetchrow("SELECT * FROM onboarding_sessions WHERE id = $1", changes[-1].run.id)
    assert row is not None
    assert (row["current_step"], row["total_states"], row["ended_at"]) == (4, 9, None)
    assert row["updated_at"] == changes[-1].events[-1].at


async def test_idempotent(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """The same changes twice, together or one by one, leave what they leave once."""
    changes = completed(person)
    await project(database, person, *changes)
    query = "SELECT s.xmin::text, s::text FROM onboarding_sessions AS s WHERE id = $1"
    before = await admin.fetchrow(query, changes[-1].run.id)
    await project(database, person, *changes)
    for change in changes:
        await project(database, person, change)
    assert await admin.fetchrow(query, changes[-1].run.id) == before
    run, events = await stored(database, person, changes[-1].run.id)
    assert run == changes[-1].run
    assert [e.seq for e in events] == list(range(1, run.seq + 1))


@pytest.mark.parametrize("seed", range(5))
async def test_twenty_writers_in_any_order(database: Database, person: Person, seed: int) -> None:
    """Twenty writers at once, shuffled and repeated, end in the newest run with each event once."""
    changes = completed(person)
    writes = (changes * 2)[:20]
    random.Random(seed).shuffle(writes)
    await asyncio.gather(*(project(database, person, change) for change in writes))
    run, events = await stored(database, person, changes[-1].run.id)
    assert run == changes[-1].run
    assert [e.seq for e in events] == list(range(1, run.seq + 1))
    async with database.transaction(person.caller()) as conn:
        profile = await profiles.get(conn, person.user_id, "fitness")
        assert profile is not None
        assert profile.version == 1
        assert len(await profiles.versions(conn, profile.id)) == 1


async def test_twenty_first_writers(database: Database, person: Person) -> None:
    """Twenty that write a new run at the same moment all succeed."""
    change = started(person)
    await asyncio.gather(*(project(database, person, change) for _ in range(20)))
    assert (await stored(database, person, change.run.id))[0] == change.run


async def test_restart_pair(database: Database, person: Person) -> None:
    """A restart writes the run that ends and the one that begins in any order given, in one transaction."""
    old = abandoned(person, AbandonedReason.RESTARTED)
    new = started(person, NOW.replace(day=3))
    await project(database, person, old[0], old[1])
    await project(database, person, new, old[2])
    async with database.transaction(person.caller()) as conn:
        assert await runs.latest(conn, person.user_id, "fitness") == new.run
        assert await runs.get(conn, old[-1].run.id) == old[-1].run
        assert await runs.active_flows(conn, person.user_id) == ["fitness"]
    await project(database, person, old[1])
    assert (await stored(database, person, old[-1].run.id))[0] == old[-1].run


async def test_one_active_run(database: Database, person: Person) -> None:
    """A second active run of the flow is refused by the database itself."""
    await project(database, person, started(person))
    with pytest.raises(runs.PredecessorOpen):
        await project(database, person, started(person))


async def test_completion_writes_one_profile(database: Database, person: Person) -> None:
    """A completed run is the profile's first version, locked, and its person is onboarded, in one transaction."""
    changes = completed(person)
    await project(database, person, *changes[:-1])
    async with database.transaction(person.caller()) as conn:
        assert await profiles.get(conn, person.user_id, "fitness") is None
        user = await users.by_id(conn, person.user_id)
        assert user is not None
        assert not user.onboarding_completed
    await asyncio.gather(*(project(database, person, changes[-1]) for _ in range(5)))
    async with database.transaction(person.caller()) as conn:
        profile = await profiles.get(conn, person.user_id, "fitness")
        user = await users.by_id(conn, person.user_id)
        assert profile is not None
        assert user is not None
        assert user.onboarding_completed
        assert (profile.version, profile.locked, profile.run_id) == (1, True, changes[-1].run.id)
        assert profile.answers == changes[-1].run.answers
        assert profile.completed_at == changes[-1].run.completed_at
        assert [v.answers for v in await profiles.versions(conn, profile.id)] == [profile.answers]


async def test_all_or_nothing(database: Database, person: Person, stranger: Person) -> None:
    """Changes of which the last one is refused leave neither run nor profile nor mark."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await project(database, person, *completed(person), started(stranger))
    async with database.transaction(person.caller()) as conn:
        assert await runs.latest(conn, person.user_id, "fitness") is None
        assert await profiles.get(conn, person.user_id, "fitness") is None
        user = await users.by_id(conn, person.user_id)
        assert user is not None
        assert not user.onboarding_completed


async def test_second_completion_is_the_next_version(database: Database, person: Person) -> None:
    """A later completed run of the flow is the profile's next version; the older one, seen again, is not."""
    first, second = completed(person), completed(person, NOW.replace(day=9))
    await project(database, person, *first)
    await project(database, person, *second)
    await project(database, person, *first)
    async with database.transaction(person.caller()) as conn:
        profile = await profiles.get(conn, person.user_id, "fitness")
        assert profile is not None
        assert (profile.version, profile.run_id) == (2, second[-1].run.id)
        assert [v.version for v in await profiles.versions(conn, profile.id)] == [2, 1]
        assert await runs.latest(conn, person.user_id, "fitness") == second[-1].run


async def test_an_old_completion_comes_late(database: Database, person: Person) -> None:
    """A run that was completed before the profile's own does not replace it, even where its row is gone."""
    first, second = completed(person), completed(person, NOW.replace(day=9))
    await project(database, person, *second)
    await project(database, person, *first)
    async with database.transaction(person.caller()) as conn:
        profile = await profiles.get(conn, person.user_id, "fitness")
        assert profile is not None
        assert (profile.version, profile.run_id) == (1, second[-1].run.id)


async def test_events_in_pages(database: Database, person: Person) -> None:
    """The history is read from its newest end by `before`, or onwards by `after`."""
    changes = completed(person)
    await project(database, person, *changes)
    run_id, last = changes[-1].run.id, changes[-1].run.seq
    async with database.transaction(person.caller()) as conn:
        assert [e.seq for e in await runs.events(conn, run_id, limit=3)] == [last, last - 1, last - 2]
        assert [e.seq for e in await runs.events(conn, run_id, before=3)] == [2, 1]
        assert [e.seq for e in await runs.events(conn, run_id, after=last - 2)] == [last - 1, last]
        assert await runs.events(conn, str(uuid.uuid4())) == []


async def test_nothing_yet(database: Database, person: Person) -> None:
    """Somebody without runs has none, and no active flow; nor has who gave up."""
    async with database.transaction(person.caller()) as conn:
        assert await runs.latest(conn, person.user_id, "fitness") is None
        assert await runs.active_flows(conn, person.user_id) == []
    await project(database, person, *abandoned(person))
    async with database.transaction(person.caller()) as conn:
        assert await runs.active_flows(conn, person.user_id) == []


def _commands() -> st.SearchStrategy[Any]:
    states = st.sampled_from(FITNESS.states)
    saves = states.map(
        lambda s: SaveSteps(
            actor=ACTOR, steps=(StepAnswer(step=s.key, data=dict(s.example)),), channel=Channel.API
        )
    )
    weights = st.floats(30, 300, allow_nan=False).map(
        lambda w: SaveSteps(
            actor=ACTOR,
            steps=(StepAnswer(step=3, data={**FITNESS.states[2].example, "target_weight_kg": w}),),
        )
    )
    return st.one_of(
        saves,
        weights,
        st.just(SkipStep(actor=ACTOR, step=9)),
        st.just(AcceptPrefilled(actor=ACTOR)),
        st.just(Complete(actor=ACTOR)),
        st.just(Remind(actor=ACTOR)),
        st.sampled_from(AbandonedReason).map(lambda r: Abandon(actor=ACTOR, reason=r)),
        st.builds(SnoozeReminders, actor=st.just(ACTOR), muted=st.booleans(), until=st.sampled_from([None, NOW])),
        st.builds(
            SetPlace,
            actor=st.just(ACTOR),
            timezone=st.sampled_from(["Asia/Kathmandu", None]),
            locale=st.just("es"),
        ),
    )


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
JSON = st.dictionaries(
    TEXTS, st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9), TEXTS, st.lists(TEXTS))
)


@given(
    commands=st.lists(_commands(), max_size=20),
    full=st.booleans(),
    prefill=st.dictionaries(st.sampled_from([s.key for s in FITNESS.states]), JSON, max_size=3),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_row_is_run(
    database: Database, person: Person, commands: list[Any], full: bool, prefill: dict[str, Any]
) -> None:
    """Whatever way a run has taken, the row gives back exactly that run, with all of its events."""
    run = new_run(
        id=str(uuid.uuid4()),
        tenant_id=person.tenant_id,
        user_id=person.user_id,
        flow=FITNESS,
        now=NOW,
        timezone="Europe/Berlin",
        prefill=prefill,
    )
    run, events = begin(run, ACTOR, Channel.CHAT, NOW)
    changes = [Change(run=run, events=events)]
    for command in [*(answers() if full else []), *commands]:
        try:
            run, events = advance(run, command, NOW)
        except Refused:
            continue
        changes.append(Change(run=run, events=events))
    await runs.project(database, person.caller(), *changes)
    async with database.transaction(person.caller()) as conn:
        assert await runs.get(conn, run.id) == run
        assert len(await runs.events(conn, run.id, limit=1000)) == run.seq
        await conn.execute("DELETE FROM onboarding_sessions WHERE id = $1", run.id)
