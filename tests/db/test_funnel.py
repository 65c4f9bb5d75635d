"""The funnel: whatever happens to runs, it is what a plain reading of their events gives."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cli.embedded import EmbeddedStack
from db import erasures, funnel, migrate, runs, sweeps, tenants
from db.funnel import Which
from db.pool import Database, _set_up
from db.tenant import SIGN_IN, sweeper
from onboarding.access import Role
from onboarding.advance import new_run
from onboarding.flow import Flow
from onboarding.flows.company import COMPANY
from onboarding.flows.fitness import FITNESS
from onboarding.payloads import AbandonedReason, Change, Channel, Event, EventKind, Run, Status
from onboarding.windows import DAY, HOUR, Window
from tests.db.full import empty
from tests.db.given import ACTOR, NOW, Person, completed, register, started
from tests.db.recount import Place, Recount, recounted
from tests.db.test_migrations import empty_database

FIGURES = ("entered", "completed", "skipped", "edited", "abandoned")
MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
WINDOWS = [
    Window(),
    Window(since=NOW + DAY),
    Window(until=NOW + 3 * DAY),
    Window(since=MIDNIGHT + DAY, until=MIDNIGHT + 3 * DAY),
    Window(since=NOW + HOUR, until=NOW + 3 * DAY - HOUR),
    Window(since=NOW + 6 * HOUR, until=NOW + 18 * HOUR),
    Window(since=NOW, until=NOW + 2 * HOUR),
    Window(since=NOW + 30 * DAY),
]
_SOMETHING = """
INSERT INTO onboarding_events (tenant_id, user_id, run_id, seq, version, kind, state, actor, channel)
VALUES ($1, $2, $3, $4::integer + 1, $4 + 1, 'state_completed', $4, '{}', 'form')
"""


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


async def agree(database: Database, admin: asyncpg.Connection, person: Person, which: Which) -> None:
    """All that is read of some runs is a recount of these."""
    recount = await recounted(admin, person.tenant_id, which)
    steps = await read(database, person, which)
    same(steps, recount)
    assert all(any(getattr(step, name) for name in FIGURES) for step in steps)
    if which == Which(window=which.window):
        async with database.transaction(person.caller(Role.MANAGER)) as conn:
            totals = await funnel.totals(conn, person.tenant_id, which.window)
            found = await funnel.median_seconds(conn, person.tenant_id, which.window)
        places = [(each.flow, each.flow_version, each.state, None) for each in totals]
        assert {
            (place, name): getattr(each, name)
            for place, each in zip(places, totals, strict=True)
            for name in FIGURES
            if getattr(each, name)
        } == {key: count for key, count in recount.figures.items() if key[0][3] is None}
        times = [
            seconds
            for (_, _, state, channel), took in recount.times.items()
            for seconds in took
            if state == 0 and channel is None
        ]
        assert found == (pytest.approx(median(times)) if times else None)


async def counts_of(admin: asyncpg.Connection, person: Person) -> tuple[Counter[object], Counter[object]]:
    """What the days of a tenant are counted as, and what they are."""
    counts, are = Counter[object](), Counter[object]()
    for row in await admin.fetch("SELECT * FROM funnel_counts WHERE tenant_id = $1", person.tenant_id):
        of = tuple(row[name] for name in ("starts_at", "flow", "flow_version", "state", "channel"))
        counts.update({(*of, name): row[name] for name in FIGURES} | {(*of, row["bucket"]): row["times"]})
    for row in await admin.fetch("SELECT * FROM funnel_steps WHERE tenant_id = $1", person.tenant_id):
        day = row["started_at"].replace(hour=0, minute=0, second=0, microsecond=0)
        of = (day, *(row[name] for name in ("flow", "flow_version", "state", "channel")))
        are.update({(*of, name): row[name] for name in FIGURES})
        if row["seconds"] is not None:
            are[(*of, row["bucket"])] += 1
    return (
        Counter({key: count for key, count in counts.items() if count}),
        Counter({key: count for key, count in are.items() if count}),
    )


async def exact(admin: asyncpg.Connection, person: Person) -> None:
    """The counts are those of the steps, day by day."""
    counts, are = await counts_of(admin, person)
    assert counts == are


async def erase(database: Database, person: Person) -> None:
    """As the workflow does it."""
    async with database.transaction(person.caller()) as conn:
        receipt = await erasures.request(
            conn,
            id=str(uuid.uuid4()),
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            requested_by=person.user_id,
        )
    async with database.transaction(erasures.eraser(person.tenant_id, person.user_id)) as conn:
        assert await erasures.erase(conn, receipt.id, person.user_id, 0)


async def archive(database: Database, person: Person) -> None:
    """Two runs of the tenant that have ended."""
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        await sweeps.archive(conn, NOW + 900 * DAY, limit=2)


async def forget(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """A run of the tenant that was archived."""
    await admin.execute(
        """
        DELETE FROM onboarding_archive WHERE id IN (
          SELECT id FROM onboarding_archive WHERE tenant_id = $1 ORDER BY id LIMIT 1
        )
        """,
        person.tenant_id,
    )
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        while await funnel.forget(conn, NOW + 900 * DAY, limit=7):
            pass


@given(
    seed=st.integers(0, 2**32),
    happens=st.lists(st.sampled_from(["runs", "runs", "archive", "forget", "erase"]), min_size=3, max_size=9),
    which=st.builds(
        Which,
        flow=st.sampled_from([None, None, "fitness", "company"]),
        flow_version=st.sampled_from([None, None, 1, 2]),
        channel=st.none() | st.sampled_from(Channel),
        window=st.sampled_from(WINDOWS),
    ),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happens_it_is_a_recount(
    database: Database, admin: asyncpg.Connection, seed: int, happens: list[str], which: Which
) -> None:
    """After runs on several days, late events, archiving, forgetting and erasures every window agrees."""
    await _set_up(admin)
    chance = random.Random(seed)
    async with database.transaction(SIGN_IN) as conn:
        staff = await register(conn, (await tenants.ensure(conn, str(uuid.uuid4()), "A tenant")).id)
    everybody = list[Person]()
    for each in happens:
        match each:
            case "runs":
                for somebody in await people(database, staff, 3):
                    everybody.append(somebody)
                    for flow in (FITNESS, COMPANY):
                        began = NOW + chance.random() * 4 * DAY
                        await tell(database, chance, somebody, [told(chance, somebody, flow, began)])
            case "archive":
                await archive(database, staff)
            case "forget":
                await forget(database, admin, staff)
            case _ if everybody:
                await erase(database, everybody.pop(chance.randrange(len(everybody))))
            case _:
                pass
        await exact(admin, staff)
    await agree(database, admin, staff, which)
    for window in WINDOWS:
        await agree(database, admin, staff, Which(window=window))
    await empty(admin, staff.tenant_id)
    assert await counts_of(admin, staff) == (Counter(), Counter())


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


async def open_runs(database: Database, person: Person, count: int) -> list[Change]:
    """So many of as many people, that have just begun."""
    begun = [started(somebody) for somebody in await people(database, person, count)]
    for change in begun:
        caller = replace(person, user_id=change.run.user_id).caller()
        await runs.project(database, caller, change)
    return begun


async def answer(conn: asyncpg.Connection, change: Change, state: int) -> None:
    """The next state of a run, in a transaction of its person."""
    run = change.run
    await conn.execute(_SOMETHING, run.tenant_id, run.user_id, run.id, state)


async def test_nobody_waits(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """People who answer the same state at once go on side by side, and the next one makes one count of all."""
    writing, written = 8, asyncio.Barrier(8)
    begun = await open_runs(database, person, writing + 1)

    async def write(change: Change) -> None:
        async with database.transaction(replace(person, user_id=change.run.user_id).caller()) as conn:
            await conn.execute("SET LOCAL lock_timeout = '10s'")
            await answer(conn, change, 1)
            # All of them have written and nobody has committed: whoever waited for a lock would still be waiting.
            await asyncio.wait_for(written.wait(), 25)
            assert await conn.fetchval("SELECT current_setting('app.role')") == "user"

    async def slots() -> int:
        query = "SELECT count(*) FROM funnel_counts WHERE tenant_id = $1 AND bucket = -1 AND state = 2"
        return await admin.fetchval(query, person.tenant_id)

    await asyncio.gather(*(write(change) for change in begun[:writing]))
    await exact(admin, person)
    assert await slots() == writing
    async with database.transaction(replace(person, user_id=begun[-1].run.user_id).caller()) as conn:
        await answer(conn, begun[-1], 1)
    assert await slots() == 1
    await exact(admin, person)
    same(await read(database, person), await recounted(admin, person.tenant_id))


async def test_writers_at_once(database: Database, admin: asyncpg.Connection, person: Person) -> None:
    """Whatever many write, change and delete in any order at the same time, the counts are those of the steps."""
    chance = random.Random(12)
    everybody = await people(database, person, 40)

    async def live(somebody: Person) -> None:
        own = random.Random(chance.random())
        for flow in (FITNESS, COMPANY):
            began = NOW + own.randrange(2) * DAY
            await tell(database, own, somebody, [told(own, somebody, flow, began)])
        if own.random() < 0.5:
            await erase(database, somebody)

    await asyncio.gather(*(live(somebody) for somebody in everybody))
    await exact(admin, person)
    await _set_up(admin)
    for window in WINDOWS:
        await agree(database, admin, person, Which(window=window))


async def test_a_tenant_goes_whatever_goes_first(
    database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """A tenant whose counts are deleted before its steps, as after a restore, can be deleted too."""
    await runs.project(database, person.caller(), *completed(person))
    await admin.execute("DELETE FROM funnel_counts WHERE tenant_id = $1", person.tenant_id)
    await empty(admin, person.tenant_id)
    assert not await admin.fetchval("SELECT EXISTS (SELECT FROM tenants WHERE id = $1)", person.tenant_id)


async def test_only_staff_read_counts(database: Database, person: Person, stranger: Person) -> None:
    """Of their own tenant, as they read the steps."""
    await runs.project(database, person.caller(), *completed(person))
    seen: dict[object, bool] = {}
    for who in (person, stranger):
        for role in Role:
            async with database.transaction(who.caller(role)) as conn:
                seen[who is person, role] = await conn.fetchval("SELECT EXISTS (SELECT FROM funnel_counts)")
    assert {key for key, rows in seen.items() if rows} == {(True, Role.MANAGER), (True, Role.ADMIN)}


async def test_the_app_cannot_write_counts(database: Database, person: Person) -> None:
    """Counts follow from steps alone: nobody writes, changes or deletes one, whatever role they claim."""

    async def forge(role: str, statement: str, *arguments: str) -> None:
        async with database.transaction(person.caller(Role.ADMIN)) as conn:
            await conn.execute(f"SET LOCAL app.role = '{role}'")
            await conn.execute(statement, *arguments)

    row = "$1, -1, now(), 'fitness', 1, 1, 'form', uuidv7(), 1, 1, 1, 1, 1, 0"
    for role in ("admin", "sweeper", "counter"):
        for statement, *arguments in (
            (f"INSERT INTO funnel_counts VALUES ({row})", person.tenant_id),
            ("UPDATE funnel_counts SET entered = 0",),
            ("DELETE FROM funnel_counts",),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await forge(role, statement, *arguments)


async def test_steps_from_before_are_counted(stack: EmbeddedStack) -> None:
    """The migration counts the steps that there are; without it they stay, and go on without counts."""
    async with empty_database(stack) as urls:
        await migrate.migrate(urls["gangway_owner"])
        database = await Database.open(urls["gangway_app"], min_size=0)
        admin = await asyncpg.connect(urls["gangway_admin"])
        tenant_id = await admin.fetchval(
            "INSERT INTO tenants (external_id, name) VALUES ('x', 'x') RETURNING id::text"
        )
        async with database.transaction(SIGN_IN) as conn:
            first = await register(conn, tenant_id)
        chance = random.Random(14)
        for somebody in await people(database, first, 10):
            await tell(database, chance, somebody, [told(chance, somebody, FITNESS, NOW)])
        counted = await counts_of(admin, first)
        assert counted[0] == counted[1] != Counter()
        steps = [name for name, _ in await migrate.status(urls["gangway_owner"])]
        await migrate.rollback(urls["gangway_owner"], len(steps) - steps.index("0035_funnel_counts"))
        for somebody in await people(database, first, 10):
            await tell(database, chance, somebody, [told(chance, somebody, COMPANY, NOW + DAY)])
        await migrate.migrate(urls["gangway_owner"])
        await exact(admin, first)
        await tell(database, chance, first, [told(chance, first, COMPANY, NOW)])
        await exact(admin, first)
        for window in WINDOWS:
            await agree(database, admin, first, Which(window=window))
        await database.close()
        await admin.close()
