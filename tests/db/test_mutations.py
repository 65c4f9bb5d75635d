"""Every query of `db` without each of its filters in turn: the policies alone still keep tenants apart."""

import re
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from msgspec import Struct

from cli.embedded import EmbeddedStack
from db import tenants
from db.migrate import migrate
from db.pool import Database, _set_up
from db.tenant import SIGN_IN, Context
from tests.db.contexts import MAY_CHANGE, MAY_SEE, across, bound
from tests.db.full import Full, fill, marks, shown, state, tenant_tables
from tests.db.given import register
from tests.db.mutants import Mutant, mutants, tried
from tests.db.test_migrations import empty_database
from tests.db.tour import Given, Recorder, Statement, Tape, queries

WITHOUT_FILTERS = {"notifications", "refused_tokens"}
"""Topics whose queries compare no column with anything given: they insert, or clean up what is old."""

DOUBLY_HELD = {
    *("notifications", "chat_turns", "profile_proposals", "event_words", "scans", "stuck_runs"),
    *("capture_items", "capture_scans", "items", "item_sources", "item_syncs", "item_sync_results"),
    *("scrape_jobs", "scrape_results", "photo_analyses", "imports"),
    *("connections", "consents", "connection_runs", "orders", "order_lines", "mail_jobs", "mail_messages"),
}
"""Tables of which every query is held by the person's policy, or by a foreign key, too."""

HELD_BY_KEYS = {"event_words", "stuck_runs", "capture_scans"}
"""Those of which a foreign key, or what they take rows from, holds every query."""


class Tour(Struct, frozen=True, kw_only=True):
    """What was sent, by tenant `ours` with ids of `theirs` and with its own, and by which queries.

    `asked` sent something, if only what another had sent before; `finished` got to their end at least once.
    What is found out once for all proofs: what a role must not see (`forbidden`), the rows of `theirs` that must
    stay as they are (`untouched`), and the mutants of a text (`known`).
    """

    theirs: Full
    ours: Full
    statements: list[Statement]
    queries: set[str]
    asked: set[str]
    finished: set[str]
    forbidden: Callable[[str], re.Pattern[str]]
    untouched: dict[str, str]
    known: dict[str, list[Mutant]]


@pytest.fixture(scope="module")
async def urls(stack: EmbeddedStack) -> AsyncIterator[dict[str, str]]:
    """A database of its own, with two tenants and no third whose rows could stand before theirs."""
    async with empty_database(stack) as urls:
        await migrate(urls["gangway_owner"])
        yield urls


@pytest.fixture(scope="module")
async def superuser(urls: dict[str, str]) -> AsyncIterator[asyncpg.Connection]:
    """One connection for all of it."""
    connection = await asyncpg.connect(urls["gangway_admin"], statement_cache_size=2000)
    await _set_up(connection)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def tour(urls: dict[str, str], superuser: asyncpg.Connection) -> AsyncIterator[Tour]:
    """Everybody of a tenant calls everything, with the ids of another, with a mixture, and with their own."""
    database = await Database.open(urls["gangway_app"], min_size=1, max_size=1)
    async with database.transaction(SIGN_IN) as conn:
        made = [await tenants.ensure(conn, str(uuid.uuid4()), "A tenant") for _ in range(2)]
        two_people = [await register(conn, tenant.id) for tenant in made]
    theirs, ours = [await fill(superuser, database, person) for person in two_people]
    await database.close()
    recorder = await asyncpg.connect(urls["gangway_app"], connection_class=Recorder)
    await _set_up(recorder)
    tape, finished = Tape(recorder), set[str]()
    every = list(queries(tape))
    given = [
        Given(own=ours, of=theirs, tenant_id=theirs.person.tenant_id),
        Given(own=ours, of=theirs, tenant_id=ours.person.tenant_id),
        Given(own=ours, of=ours, tenant_id=ours.person.tenant_id),
    ]
    for query in every:
        for context in (*bound(ours.person), *across()):
            for each in given:
                if await tape.play(query, context, each) is None:
                    finished.add(query.name)
    yield Tour(
        theirs=theirs,
        ours=ours,
        statements=list(tape.statements.values()),
        queries={query.name for query in every},
        asked=tape.asked,
        finished=finished,
        forbidden=await _forbidden(superuser, theirs, ours),
        untouched=await state(superuser, theirs.person.tenant_id, await tenant_tables(superuser)),
        known={},
    )
    await recorder.close()


def test_the_tour_goes_everywhere(tour: Tour) -> None:
    """Each query works for somebody on the tour, so that all that it sends was seen."""
    assert tour.queries - tour.finished == set(), "the tour's arguments let nobody through: see tests/db/tour.py"
    assert tour.queries - tour.asked == set(), "these send nothing: see tests/db/tour.py"


async def test_no_filter_is_needed(tour: Tour, superuser: asyncpg.Connection) -> None:
    """Without any one filter, no query shows or changes a row of another tenant, whoever sends it."""
    found, tried_by_module = await _findings(tour, superuser, tour.statements)
    assert found == []
    modules = {name.partition(".")[0] for name in tour.queries}
    assert modules - tried_by_module == WITHOUT_FILTERS & modules, "topics of which no filter was removed"


async def test_a_missing_policy_is_found(tour: Tour, superuser: asyncpg.Connection) -> None:
    """The proof can fail: without the policy on a table's tenant it finds a query that does too much.

    Where the person's own policy is in the way of all of them, without that one too.
    """
    silent: set[str] = set()
    for policy in await superuser.fetch("SELECT * FROM pg_policies WHERE policyname = 'tenant_rows'"):
        table = policy["tablename"]
        statements = _different_first([each for each in tour.statements if re.search(rf"\b{table}\b", each.sql)])
        async with _open(superuser, policy):
            if table in DOUBLY_HELD:
                await superuser.execute(f"CREATE POLICY whoever ON {table} USING (true)")
            found, _ = await _findings(tour, superuser, statements, enough=1)
            await superuser.execute(f"DROP POLICY IF EXISTS whoever ON {table}")
        if statements and not found:
            silent.add(table)
    assert silent == HELD_BY_KEYS


async def test_a_missing_filter_matters_then(tour: Tour, superuser: asyncpg.Connection) -> None:
    """Without the policy it is the filter that keeps tenants apart: who reads their own sees more without it."""
    own = [
        each for each in tour.statements if each.query == "runs.get" and tour.ours.ids["run_id"] in each.arguments
    ]
    policy = await superuser.fetchrow(
        "SELECT * FROM pg_policies WHERE policyname = 'tenant_rows' AND tablename = 'onboarding_sessions'"
    )
    assert policy
    async with _open(superuser, policy):
        found, _ = await _findings(tour, superuser, own)
    assert {each.partition(": ")[0] for each in found} == {
        f"runs.get as {role} without 's.id = $1'"
        for role in ("manager", "admin", "sweeper", "monitor", "operator")
    }


@asynccontextmanager
async def _open(superuser: asyncpg.Connection, policy: asyncpg.Record) -> AsyncIterator[None]:
    """Without a policy: it only takes rows away, so that one that holds for every row is none.

    It is changed outside of what is tried, which can then tell by itself whether it wrote.
    """
    assert policy["permissive"] == "RESTRICTIVE"
    clauses = {"USING": policy["qual"], "WITH CHECK": policy["with_check"]}
    held = {clause: condition for clause, condition in clauses.items() if condition}

    def altered(conditions: dict[str, str]) -> str:
        each = " ".join(f"{clause} ({condition})" for clause, condition in conditions.items())
        return f"ALTER POLICY {policy['policyname']} ON {policy['tablename']} {each}"

    await superuser.execute(altered(dict.fromkeys(held, "true")))
    yield
    await superuser.execute(altered(held))


def _different_first(statements: list[Statement]) -> list[Statement]:
    """Each text once before any comes again: the same for somebody else seldom betrays what it did not before."""
    seen = Counter[str]()
    turns: list[tuple[int, Statement]] = []
    for statement in statements:
        turns.append((seen[statement.sql], statement))
        seen[statement.sql] += 1
    return [statement for _, statement in sorted(turns, key=lambda turn: turn[0])]


async def _findings(
    tour: Tour, superuser: asyncpg.Connection, statements: list[Statement], enough: int = 1000
) -> tuple[list[str], set[str]]:
    """What was seen or changed that is another's, until it is enough, and the topics of removed filters."""
    found: list[str] = []
    modules: set[str] = set()
    for statement in statements:
        if len(found) >= enough:
            break
        if statement.sql not in tour.known:
            tour.known[statement.sql] = await mutants(superuser, statement.sql)
        role = _role(statement.context)
        for mutant in tour.known[statement.sql]:
            trial = await tried(superuser, mutant, statement)
            what = f"{statement.query} as {role} without {mutant.without!r}"
            if seen := set(tour.forbidden(role).findall(shown(trial.rows))):
                found.append(f"{what}: sees {sorted(seen)}")
            if trial.wrote:
                await superuser.execute("RESET ROLE")
                now = await state(superuser, tour.theirs.person.tenant_id, [*tour.untouched])
                changed = {table for table, rows in tour.untouched.items() if now[table] != rows}
                found.extend(f"{what}: changes {table}" for table in sorted(changed - MAY_CHANGE.get(role, set())))
            await superuser.execute("ROLLBACK")
            if mutant.without != "nothing":
                modules.add(statement.query.partition(".")[0])
    return found, modules


async def _forbidden(
    superuser: asyncpg.Connection, their_things: Full, our_things: Full
) -> Callable[[str], re.Pattern[str]]:
    """By role, what it must not see."""
    theirs, ours = [await marks(superuser, full) for full in (their_things, our_things)]
    common = set().union(*ours.values())
    patterns: dict[str, re.Pattern[str]] = {}

    def of(role: str) -> re.Pattern[str]:
        if role not in patterns:
            allowed = set[str]().union(*(theirs[table] for table in MAY_SEE.get(role, ())))
            patterns[role] = re.compile("|".join(sorted(set().union(*theirs.values()) - common - allowed)))
        return patterns[role]

    return of


def _role(context: Context | None) -> str:
    return str(context.role) if context else "nobody"
