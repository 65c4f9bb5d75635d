"""The funnel: whatever happens to runs, it is what a plain reading of their events gives."""

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from cli.embedded import EmbeddedStack
from db import erasures, funnel, migrate, runs, sweeps
from db.funnel import Which
from db.pool import Database, _set_up
from db.tenant import SIGN_IN, sweeper
from onboarding.access import Role
from onboarding.advance import new_run
from onboarding.flow import Flow
from onboarding.flows.company import COMPANY
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import AbandonedReason, Change, Channel, Event, EventKind, Run, Status
from onboarding.windows import Window
from tests.db.given import ACTOR, NOW, Person, completed, register
from tests.db.recount import Place, Recount, recounted
from tests.db.test_migrations import empty_database

FIGURES = ("entered", "completed", "skipped", "edited", "abandoned")


def story(chance: random.Random, flow: Flow) -> Iterator[tuple[EventKind, int | None]]:
    """What may happen to a run: also taken-over answers that leave gaps, forks, and states skipped after all."""
    count = len(flow.states)
    first = chance.choice([1, 1, 1, chance.randint(2, count)])
    yield EventKind.RUN_STARTED, first if first > 1 else None
    settled = set(range(1, first))
    while chance.random() < 0.93:
        left = sorted(set(range(1, count + 1)) - settled)
        done = sorted(settled)
        happens = ["answer"] * 6 + ["skip", "edit", "ahead", "again", "other"]
        match chance.choice(happens):
            case "answer" if left:
                yield EventKind.STATE_COMPLETED, left[0]
                settled.add(left[0])
            case "skip" if left:
                yield EventKind.STATE_SKIPPED, left[0]
                settled.add(left[0])
            case "ahead" if left:
                state = chance.choice(left)
                yield EventKind.STATE_COMPLETED, state
                settled.add(state)
            case "edit" if done:
                yield EventKind.STATE_EDITED, chance.choice(done)
            case "again" if done:
                kinds = (EventKind.STATE_COMPLETED, EventKind.STATE_SKIPPED)
                yield chance.choice(kinds), chance.choice(done)
            case "other":
                yield EventKind.RUN_REMINDED, None
            case _:
                pass
    if len(settled) == count and chance.random() < 0.9:
        yield EventKind.RUN_COMPLETED, None
    elif chance.random() < 0.6:
        yield EventKind.RUN_ABANDONED, None


def told(chance: random.Random, person: Person, flow: Flow, began: datetime) -> Change:
    """A run of which all that was told."""
    at, events = began, list[Event]()
    for seq, (kind, state) in enumerate(story(chance, flow), 1):
        channel = chance.choice(list(Channel))
        events.append(Event(seq=seq, version=seq, kind=kind, state=state, actor=ACTOR, channel=channel, at=at))
        at += timedelta(microseconds=chance.randrange(10**9))
    run = new_run(id=_id(chance), tenant_id=person.tenant_id, user_id=person.user_id, flow=flow, now=began)
    return Change(run=_ended(replace(run, seq=len(events), version=len(events)), events[-1]), events=tuple(events))


def _id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128)))


def _ended(run: Run, last: Event) -> Run:
    if last.kind is EventKind.RUN_COMPLETED:
        return replace(run, status=Status.COMPLETED, completed_at=last.at)
    if last.kind is EventKind.RUN_ABANDONED:
        return replace(run, status=Status.ABANDONED, abandoned_reason=AbandonedReason.EXPIRED)
    return run


async def tell(database: Database, chance: random.Random, person: Person, changes: list[Change]) -> None:
    """Write each change in parts, as they come: one event, several, some twice, some late."""
    for change in changes:
        left = list(change.events)
        while left:
            part = left[: chance.randint(1, 4)]
            if chance.random() < 0.1:
                part = chance.sample(left, min(len(left), 3))
            left = [event for event in left if event not in part]
            newest = max(event.seq for event in part)
            whole = newest == change.run.seq
            run = change.run if whole else replace(_open(change.run), seq=newest, version=newest)
            for _ in range(chance.choice([1, 1, 2])):
                await runs.project(database, person.caller(), Change(run=run, events=tuple(part)))


def _open(run: Run) -> Run:
    return replace(run, status=Status.IN_PROGRESS, abandoned_reason=None, completed_at=None)


async def people(database: Database, person: Person, count: int) -> list[Person]:
    """So many in one tenant, since of a flow each has one open run at most."""
    async with database.transaction(SIGN_IN) as conn:
        return [await register(conn, person.tenant_id) for _ in range(count)]


async def read(database: Database, person: Person, which: Which | None = None) -> list[funnel.Step]:
    """As staff."""
    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        return await funnel.steps(conn, person.tenant_id, which or Which())


def same(steps: list[funnel.Step], recount: Recount) -> None:
    """Every figure and every median, no more and no fewer."""
    found = Counter[tuple[Place, str]]()
    medians = dict[Place, float]()
    for step in steps:
        place = (step.flow, step.flow_version, step.state, step.channel)
        found.update({(place, name): getattr(step, name) for name in FIGURES if getattr(step, name)})
        if step.median_seconds is not None:
            medians[place] = step.median_seconds
    assert found == recount.figures
    assert medians == pytest.approx(recount.medians)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_it_is_a_recount(
    database: Database, admin: asyncpg.Connection, person: Person, stranger: Person, seed: int
) -> None:
    """Over hundreds of random runs of two flows, whose events come in any parts and order, all figures agree."""
    chance = random.Random(seed)
    for somebody in [*await people(database, person, 60), stranger]:
        for flow in (FITNESS, COMPANY):
            await tell(database, chance, somebody, [told(chance, somebody, flow, NOW)])
    await _set_up(admin)
    same(await read(database, person), await recounted(admin, person.tenant_id))
    same(await read(database, stranger), await recounted(admin, stranger.tenant_id))


async def test_filters(database: Database, person: Person) -> None:
    """By flow, version, channel and the time of the start; a median then is of those that are left."""
    chance = random.Random(5)
    for number, somebody in enumerate(await people(database, person, 20)):
        await tell(database, chance, somebody, [told(chance, somebody, FITNESS, NOW + timedelta(days=number))])
        await tell(database, chance, somebody, [told(chance, somebody, COMPANY, NOW)])
    everything = await read(database, person)
    fitness = [step for step in everything if step.flow == "fitness"]
    assert await read(database, person, Which(flow="fitness")) == fitness
    assert await read(database, person, Which(flow="fitness", flow_version=1)) == fitness
    assert await read(database, person, Which(flow="fitness", flow_version=2)) == []
    by_chat = await read(database, person, Which(channel=Channel.CHAT))
    assert [step for step in by_chat if step.channel] == [
        step for step in everything if step.channel is Channel.CHAT
    ]
    ten_days = Window(since=NOW + timedelta(days=3), until=NOW + timedelta(days=13))
    (began,) = [
        step
        for step in await read(database, person, Which(window=ten_days))
        if step.state == 0 and step.channel is None
    ]
    assert (began.flow, began.entered) == ("fitness", 10)
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        totals = await funnel.totals(conn, person.tenant_id, ten_days)
        median = await funnel.median_seconds(conn, person.tenant_id, ten_days)
    assert median == pytest.approx(began.median_seconds)
    assert sum(each.entered for each in totals if each.state == 0) == 10


async def test_the_archive_counts(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A run counts as long as it is in the archive, and no longer."""
    now = datetime.now(UTC)
    for somebody, began in zip(
        await people(database, person, 2), (now - timedelta(days=500), now - timedelta(days=2)), strict=True
    ):
        await runs.project(database, somebody.caller(), *completed(somebody, began))
    before = await read(database, person)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, now) == 2
        assert await funnel.forget(conn, now) == 0
    assert await read(database, person) == before
    await admin.execute(
        "DELETE FROM onboarding_archive WHERE tenant_id = $1 AND ended_at < $2",
        person.tenant_id,
        now - timedelta(days=400),
    )
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        forgotten = [await funnel.forget(conn, now - timedelta(days=400), limit=4) for _ in range(5)]
    assert forgotten == [4, 4, 2, 0, 0]
    same(await read(database, person), await recounted(admin, person.tenant_id))
    assert len(await read(database, person)) == len(before)


async def test_who_is_erased_counts_no_more(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """With a person goes what their runs, archived or not, added to the funnel."""
    gone, stays = await people(database, person, 2)
    for somebody in (gone, stays):
        await runs.project(database, somebody.caller(), *completed(somebody))
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, datetime.now(UTC), limit=1) == 1
    async with database.transaction(gone.caller()) as conn:
        receipt = await erasures.request(
            conn, id=str(uuid.uuid4()), tenant_id=gone.tenant_id, user_id=gone.user_id, requested_by=gone.user_id
        )
    async with database.transaction(erasures.eraser(gone.tenant_id, gone.user_id)) as conn:
        counts = await erasures.erase(conn, receipt.id, gone.user_id, 0)
    assert counts
    assert counts.database["funnel_steps"] == 10
    same(await read(database, person), await recounted(admin, person.tenant_id))
    (began,) = [each for each in await read(database, person) if each.state == 0 and each.channel is None]
    assert began.entered == 1


async def test_many_at_once(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Events of many runs in one statement count as if they had come one by one."""
    chance = random.Random(9)
    everybody = await people(database, person, 30)
    told_of = [told(chance, somebody, FITNESS, NOW) for somebody in everybody]
    for somebody, change in zip(everybody, told_of, strict=True):
        await runs.project(database, somebody.caller(), change)
    same(await read(database, person), await recounted(admin, person.tenant_id))
    one_by_one = await read(database, person)
    await admin.execute(
        """
        CREATE TEMP TABLE kept AS SELECT * FROM onboarding_events WHERE tenant_id = $1
        """.replace("$1", f"'{person.tenant_id}'")
    )
    await admin.execute("DELETE FROM onboarding_events WHERE tenant_id = $1", person.tenant_id)
    await admin.execute("INSERT INTO onboarding_events SELECT * FROM kept ORDER BY random()")
    assert await read(database, person) == one_by_one


async def test_runs_from_before_are_counted(stack: EmbeddedStack) -> None:
    """The migration counts the runs that there are, open, ended and archived."""
    async with empty_database(stack) as urls:
        await migrate.migrate(urls["gangway_owner"])
        database = await Database.open(urls["gangway_app"], min_size=0)
        admin = await asyncpg.connect(urls["gangway_admin"])
        tenant_id = await admin.fetchval(
            "INSERT INTO tenants (external_id, name) VALUES ('x', 'x') RETURNING id::text"
        )
        async with database.transaction(SIGN_IN) as conn:
            first = await register(conn, tenant_id)
        chance = random.Random(4)
        for somebody in await people(database, first, 20):
            await tell(database, chance, somebody, [told(chance, somebody, FITNESS, NOW)])
        async with database.transaction(sweeper(tenant_id)) as conn:
            assert await sweeps.archive(conn, datetime.now(UTC), limit=5) == 5
        before = await read(database, first)
        steps = [name for name, _ in await migrate.status(urls["gangway_owner"])]
        await migrate.rollback(urls["gangway_owner"], len(steps) - steps.index("0018_counts"))
        await migrate.migrate(urls["gangway_owner"])
        assert await read(database, first) == before
        same(before, await recounted(admin, tenant_id))
        await database.close()
        await admin.close()
