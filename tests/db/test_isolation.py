"""Row level security: whose rows a transaction sees and changes."""

import asyncio
import random
import re
import uuid
from contextlib import suppress

import asyncpg
import pytest

from db import (
    credentials,
    entry,
    idempotency,
    notifications,
    organizations,
    profiles,
    runs,
    sweeps,
    tenants,
    users,
)
from db.migrate import APP_ROLE
from db.pool import Database
from db.tenant import KEEPER, SIGN_IN, Internal, opening, sweeper
from onboarding.access import Role
from tests.db.contexts import MAY_SEE, across, bound
from tests.db.full import fill, tenant_tables
from tests.db.given import (
    NOW,
    Person,
    abandoned,
    answers,
    company,
    completed,
    founding,
    register,
    started,
    then,
)
from tests.db.test_migrations import TENANT_TABLES

KEYS_OF_SOMEBODY = "idempotency_keys WHERE tenant_id IS NOT NULL"
OF_THE_TENANT = {
    "tenants",
    "users",
    "onboarding_archive",
    "events",
    "event_words",
    "event_counts",
    "funnel_counts",
    "invitations",
    "ai_budgets",
    "ai_cache",
    "aws_accounts",
    "monitoring_configs",
    "config_changes",
    "refused_saves",
    "stuck_runs",
    "alerts",
}
PRIVATE = sorted(TENANT_TABLES - OF_THE_TENANT)
# Signing in has idempotency keys of its own, which are of no tenant.
OF_SOMEBODY = [*(name for name in PRIVATE if name != "idempotency_keys"), KEYS_OF_SOMEBODY]


OWN_ROWS = [
    "INSERT INTO chat_turns (id, tenant_id, user_id, conversation, message_id, streamed)"
    " VALUES (uuidv7(), $1, $2, 'general', 'x', true)",
    "INSERT INTO chat_messages (tenant_id, user_id, turn_id, conversation, role, agent_type, text)"
    " SELECT $1, $2, id, 'general', 'person', 'general', 'x' FROM chat_turns WHERE user_id = $2",
    "INSERT INTO chat_stream (tenant_id, user_id, turn_id, seq, event, data)"
    " SELECT $1, $2, id, 1, 'x', '{}' FROM chat_turns WHERE user_id = $2",
    "INSERT INTO profile_proposals (tenant_id, user_id, flow, answers) VALUES ($1, $2, 'fitness', '{}')",
    "INSERT INTO sessions (id, tenant_id, user_id, lifetime_seconds, expires_at)"
    " VALUES (uuidv7(), $1, $2, 60, now() + interval '1 minute')",
    "INSERT INTO refused_tokens (digest, tenant_id, user_id, expires_at)"
    " VALUES (uuid_send(uuidv7()), $1, $2, now())",
    "INSERT INTO password_resets (token_hash, tenant_id, user_id, expires_at)"
    " VALUES (uuid_send(uuidv7()), $1, $2, now())",
    "INSERT INTO mails (tenant_id, user_id, sealed) VALUES ($1, $2, 'x')",
    "INSERT INTO ai_usage (tenant_id, user_id, purpose, model, outcome) VALUES ($1, $2, 'chat', 'x', 'ok')",
    "INSERT INTO ai_budgets (tenant_id, scope, period, user_id) VALUES ($1, 'run', uuidv7()::text, $2)",
    "INSERT INTO ai_cache (tenant_id, key, user_id, purpose, lease, until)"
    " VALUES ($1, sha256(uuid_send(uuidv7())), $2, 'industry', uuidv7(), now())",
    "INSERT INTO erasures (id, tenant_id, user_id, requested_by) VALUES (uuidv7(), $1, $2, $2)",
    "INSERT INTO suggestions (id, tenant_id, user_id, kind, locale) VALUES (uuidv7(), $1, $2, 'okrs', 'en')",
    "INSERT INTO suggestion_feedback (suggestion_id, item_id, tenant_id, user_id, verdict)"
    " SELECT id, id, tenant_id, user_id, 'accepted' FROM suggestions WHERE tenant_id = $1 AND user_id = $2",
    "INSERT INTO scans (id, tenant_id, user_id, data, size, source) VALUES (uuidv7(), $1, $2, '[]', 2, 'llm')",
    "INSERT INTO scan_orders (id, tenant_id, user_id) VALUES (uuidv7(), $1, $2)",
    "INSERT INTO images (id, tenant_id, user_id, object_key, content_type)"
    " VALUES (uuidv7(), $1, $2, uuidv7()::text, 'image/png')",
    "INSERT INTO photo_analyses (image_id, tenant_id, user_id)"
    " SELECT id, tenant_id, user_id FROM images WHERE tenant_id = $1 AND user_id = $2",
    "INSERT INTO capture_sessions (id, tenant_id, user_id, kinds, expires_at, ends_at)"
    " VALUES (uuidv7(), $1, $2, '{photo}', now(), now())",
    "INSERT INTO capture_items (tenant_id, user_id, session_id, kind, key, image_id, added_by, version)"
    " SELECT $1, $2, s.id, 'photo', i.id::text, i.id, 'phone', 1 FROM capture_sessions AS s, images AS i"
    " WHERE s.user_id = $2 AND i.user_id = $2",
    "INSERT INTO capture_scans (session_id, client_item_id, tenant_id, user_id, item_id)"
    " SELECT session_id, 'x', $1, $2, id FROM capture_items WHERE user_id = $2",
    "INSERT INTO items (id, tenant_id, user_id, name) VALUES (uuidv7(), $1, $2, 'x')",
    "INSERT INTO item_sources (tenant_id, user_id, source, ref, item_id, quantity)"
    " SELECT $1, $2, 'csv', 'x', id, 1 FROM items WHERE user_id = $2",
    "INSERT INTO scrape_jobs (id, tenant_id, user_id, requested, pages) VALUES (uuidv7(), $1, $2, 1, 1)",
    "INSERT INTO scrape_results (job_id, position, tenant_id, user_id, page, source_url, normalized_url)"
    " SELECT id, 0, $1, $2, 0, 'http://x', 'http://x' FROM scrape_jobs WHERE user_id = $2",
    "INSERT INTO imports (id, tenant_id, user_id, shape, columns, suggested, sample, rows)"
    " VALUES (uuidv7(), $1, $2, '{}', '{x}', '{}', '[]', 1)",
    "INSERT INTO item_syncs (id, tenant_id, user_id, target) VALUES (uuidv7(), $1, $2, 'csv')",
    "INSERT INTO item_sync_results (tenant_id, sync_id, item_id, user_id, number, version)"
    " SELECT $1, s.id, i.id, $2, 1, 1 FROM item_syncs AS s, items AS i WHERE s.user_id = $2 AND i.user_id = $2",
    "INSERT INTO connections (id, tenant_id, user_id, provider, status, sealed_tokens)"
    " VALUES (uuidv7(), $1, $2, 'gmail', 'connected', '[]')",
    "INSERT INTO consents (id, tenant_id, user_id, provider, state_hash, browser_hash, sealed_verifier, return_to,"
    " expires_at) VALUES (uuidv7(), $1, $2, 'gmail', sha256(uuid_send(uuidv7())), sha256(''), '[]', '/', now())",
    "INSERT INTO connection_runs (id, tenant_id, user_id, connection_id, kind)"
    " SELECT uuidv7(), $1, $2, id, 'manual' FROM connections WHERE user_id = $2",
    "INSERT INTO orders (id, tenant_id, user_id, connection_id, external_id, read_by, lines)"
    " SELECT uuidv7(), $1, $2, id, 'x', 'api', 1 FROM connections WHERE user_id = $2",
    "INSERT INTO order_lines (tenant_id, order_id, line, user_id, position)"
    " SELECT $1, id, '1', $2, 0 FROM orders WHERE user_id = $2",
    "INSERT INTO mail_jobs (id, tenant_id, user_id, connection_id, kind)"
    " SELECT uuidv7(), $1, $2, id, 'orders' FROM connections WHERE user_id = $2",
    "INSERT INTO mail_messages (tenant_id, connection_id, message_id, user_id, outcome)"
    " SELECT $1, id, 'x', $2, 'order' FROM connections WHERE user_id = $2",
]

STAFF_ROWS = [
    "INSERT INTO tasks (tenant_id, created_by, assigned_user_id, title, description)"
    " VALUES ($1, $2, $2, 'A task', 'Look into it')",
    "INSERT INTO task_comments (tenant_id, task_id, user_id, comment)"
    " SELECT $1, id, $2, 'x' FROM tasks WHERE tenant_id = $1 AND created_by = $2",
    "INSERT INTO task_status_changes (tenant_id, task_id, number, from_status, to_status, changed_by, changed_at)"
    " SELECT $1, id, 1, 'in_progress', 'open', $2, now() FROM tasks WHERE tenant_id = $1 AND created_by = $2",
]
"""What is theirs too, and begins with somebody of the staff: here with themselves."""


async def filled(database: Database, person: Person) -> None:
    """Rows of theirs in every table."""
    of_a_company = company(person)
    await runs.project(database, person.caller(), *completed(person), *of_a_company)
    async with database.transaction(person.caller()) as conn:
        assert await organizations.create(conn, founding(person, of_a_company[-1].run.id))
        await notifications.add(
            conn, tenant_id=person.tenant_id, user_id=person.user_id, kind="x", body={}, dedupe_key="x"
        )
        await idempotency.reserve(conn, f"{person.user_id}/x", "x", b"x", 60)
        for rows in OWN_ROWS:
            await conn.execute(rows, person.tenant_id, person.user_id)
    async with database.transaction(person.caller(Role.MANAGER)) as conn:
        for rows in STAFF_ROWS:
            await conn.execute(rows, person.tenant_id, person.user_id)
    async with database.transaction(KEEPER) as conn:
        await conn.execute(
            "INSERT INTO data_keys (id, tenant_id, user_id, key_id, wrapped) VALUES (uuidv7(), $1, $2, 'k', 'w')",
            person.tenant_id,
            person.user_id,
        )


async def counts(conn: asyncpg.Connection, names: list[str]) -> dict[str, int]:
    return {name: await conn.fetchval(f"SELECT count(*) FROM {name}") for name in names}


async def test_no_setting_no_rows(database: Database, person: Person) -> None:
    """A transaction for nobody sees no row of any tenant's table, however full they are."""
    await filled(database, person)
    async with database.transaction(None) as conn:
        assert await counts(conn, sorted(TENANT_TABLES)) == dict.fromkeys(sorted(TENANT_TABLES), 0)


async def test_own_rows(database: Database, person: Person) -> None:
    """People see their own rows in every private table."""
    await filled(database, person)
    async with database.transaction(person.caller()) as conn:
        assert all((await counts(conn, PRIVATE)).values())
        assert await conn.fetchval("SELECT count(*) FROM users") == 1
        assert await conn.fetchval("SELECT count(*) FROM tenants") == 1


@pytest.mark.parametrize("role", Role)
async def test_other_tenants_see_nothing(database: Database, person: Person, stranger: Person, role: Role) -> None:
    """Whatever their role, people of another tenant see and change none of it."""
    await filled(database, person)
    async with database.transaction(stranger.caller(role)) as conn:
        assert not any((await counts(conn, [*PRIVATE, "onboarding_archive"])).values())
        assert await users.by_id(conn, person.user_id) is None
        assert await tenants.get(conn, person.tenant_id) is None
        assert await runs.latest(conn, person.user_id, "fitness") is None
        assert await profiles.get(conn, person.user_id, "fitness") is None
        for table in ("onboarding_sessions", "profiles"):
            assert await conn.execute(f"UPDATE {table} SET version = 99") == "UPDATE 0"
        assert await conn.execute("DELETE FROM onboarding_sessions") == "DELETE 0"
        assert await conn.execute("DELETE FROM idempotency_keys") == "DELETE 0"
        with pytest.raises(users.UserNotFound):
            await users.update(conn, person.user_id, full_name="Mine now")


async def test_other_people_of_the_tenant_see_nothing(
    database: Database, person: Person, colleague: Person
) -> None:
    """Another person of the same tenant, without a role, sees and changes none of it."""
    await filled(database, person)
    async with database.transaction(colleague.caller()) as conn:
        assert not any((await counts(conn, PRIVATE)).values())
        assert await users.by_id(conn, person.user_id) is None
        assert await conn.execute("UPDATE profiles SET version = 99") == "UPDATE 0"
        assert await conn.execute("UPDATE users SET full_name = 'Mine now'") == "UPDATE 1"


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
async def test_staff_read_and_do_not_write(
    database: Database, person: Person, colleague: Person, role: Role
) -> None:
    """Staff see the runs, profiles and people of their tenant, and change none of them here."""
    await filled(database, person)
    async with database.transaction(colleague.caller(role)) as conn:
        assert await runs.latest(conn, person.user_id, "fitness") is not None
        assert await profiles.get(conn, person.user_id, "fitness") is not None
        assert await users.by_id(conn, person.user_id) is not None
        assert await conn.execute("UPDATE onboarding_sessions SET version = 99") == "UPDATE 0"
        assert await conn.execute("UPDATE profiles SET version = 99") == "UPDATE 0"
        assert await conn.fetchval("SELECT count(*) FROM idempotency_keys") == 0
        assert await conn.fetchval("SELECT count(*) FROM notifications") == 0


async def test_nobody_writes_for_others(database: Database, person: Person, stranger: Person) -> None:
    """A run for somebody else, in the same tenant or another, is refused by the policies."""
    for victim in (stranger, Person(tenant_id=person.tenant_id, user_id=stranger.user_id, email="")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runs.project(database, person.caller(), started(victim))


async def test_another_run_is_not_taken_over(database: Database, person: Person, stranger: Person) -> None:
    """Projecting under the id of a stranger's run is refused, and theirs stays as it was."""
    theirs = started(stranger)
    await runs.project(database, stranger.caller(), theirs)
    mine = then([started(person)], *answers(1, 3))[-1]
    forged = type(mine)(run=type(mine.run)(**{**_fields(mine.run), "id": theirs.run.id}), events=mine.events)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runs.project(database, person.caller(), forged)
    async with database.transaction(stranger.caller()) as conn:
        assert await runs.get(conn, theirs.run.id) == theirs.run
        assert len(await runs.events(conn, theirs.run.id)) == 1


def _fields(run: object) -> dict[str, object]:
    return {name: getattr(run, name) for name in run.__struct_fields__}  # pyright: ignore


async def test_sign_in_is_narrow(database: Database, person: Person) -> None:
    """Signing in reads tenants, users and password resets, adds plain users, and can do nothing else."""
    await filled(database, person)
    async with database.transaction(SIGN_IN) as conn:
        assert await credentials.by_email(conn, person.email.upper()) is not None
        seen = await counts(conn, OF_SOMEBODY)
        assert {name for name, rows in seen.items() if rows} == {"password_resets", "erasures", "capture_sessions"}
        assert await conn.execute("UPDATE users SET full_name = 'x' WHERE id = $1", person.user_id) == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(SIGN_IN) as conn:
            await users.create(
                conn, tenant_id=person.tenant_id, email="admin@x.org", password_hash="h", role=Role.ADMIN
            )


async def test_who_sees_across_tenants(
    database: Database, admin: asyncpg.Connection, person: Person, stranger: Person
) -> None:
    """Of another tenant's rows each context sees those of the tables that it is named for, and none else."""
    theirs = await fill(admin, database, person)
    tables = await tenant_tables(admin)
    for context in (*bound(stranger), *across()):
        async with database.transaction(context) as conn:
            seen = {
                table
                for table in tables
                if await conn.fetchval(
                    f"SELECT count(*) FROM {table} WHERE {'id' if table == 'tenants' else 'tenant_id'} = $1",
                    theirs.person.tenant_id,
                )
            }
        assert seen == MAY_SEE.get(str(context.role), set()), context


OTHERWISE_CALLED = {
    "capture_items.session_id": "capture_id",
    "capture_scans.session_id": "capture_id",
    "capture_scans.item_id": "captured_id",
    "item_sources.item_id": "thing_id",
    "item_sync_results.item_id": "thing_id",
}
"""Foreign keys whose column is another table's in the list of ids."""


async def test_no_row_names_another_tenants_person(
    database: Database, admin: asyncpg.Connection, person: Person, stranger: Person
) -> None:
    """Whatever the settings say, a row of one tenant about a person, run or profile of another is refused."""
    theirs, mine = await fill(admin, database, person), await fill(admin, database, stranger)
    refused = 0
    for table, column in await admin.fetch(
        """
        SELECT conrelid::regclass::text, attname FROM pg_constraint
        JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[2]
        WHERE contype = 'f' AND conparentid = 0 AND array_length(conkey, 1) = 2
        """
    ):
        id = OTHERWISE_CALLED.get(f"{table}.{column}") or re.sub(
            "^((invited|created|updated|acknowledged|deleted|changed)_by|assigned_user_id)$", "user_id", column
        )
        one_of_mine = f"SELECT ctid FROM {table} WHERE tenant_id = $1 AND {column} IS NOT NULL LIMIT 1"
        change = f"UPDATE {table} SET {column} = $2 WHERE ctid = ({one_of_mine})"
        await admin.execute("BEGIN")
        # Theirs are out of the way, so that no unique index is in it.
        await admin.execute(f"DELETE FROM {table} WHERE tenant_id = $1", theirs.person.tenant_id)
        # Nobody but the superuser may change these columns, and not even the superuser gets so far.
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await admin.execute(change, mine.person.tenant_id, theirs.ids[id])
        await admin.execute("ROLLBACK")
        refused += 1
    assert refused >= 14


async def test_receipts_are_of_people_of_the_tenant(database: Database, person: Person, stranger: Person) -> None:
    """No admin stands in the way of an erasure elsewhere by asking for it first."""
    receipt = "INSERT INTO erasures (id, tenant_id, user_id, requested_by) VALUES (uuidv7(), $1, $2, $3)"
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        await conn.execute(receipt, person.tenant_id, person.user_id, person.user_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(person.caller(Role.ADMIN)) as conn:
            await conn.execute(receipt, person.tenant_id, stranger.user_id, person.user_id)


async def test_the_sweeper_works_in_one_tenant(database: Database, person: Person, stranger: Person) -> None:
    """The sweeper lists tenants; runs it sees only in the tenant that it was given, and nobody's profile."""
    for somebody in (person, stranger):
        await runs.project(database, somebody.caller(), *abandoned(somebody))
    async with database.transaction(sweeper()) as conn:
        assert {person.tenant_id, stranger.tenant_id} <= set(await tenants.all_ids(conn))
        assert not any((await counts(conn, OF_SOMEBODY)).values())
        assert await conn.fetchval("SELECT count(*) FROM users") == 0
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await conn.fetchval("SELECT count(*) FROM onboarding_sessions") == 1
        assert await conn.fetchval("SELECT count(*) FROM profiles") == 0
        assert await conn.fetchval("SELECT count(*) FROM users") == 0


async def test_only_the_sweeper_keeps_the_archive(database: Database, person: Person) -> None:
    """Nobody but the sweeper makes or drops partitions, an admin neither."""
    calls = ("archive_ensure(current_date, current_date)", "archive_drop(current_date)")
    for caller in (person.caller(), person.caller(Role.ADMIN), SIGN_IN, None):
        for call in calls:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only the sweeper"):
                async with database.transaction(caller) as conn:
                    await conn.fetch(f"SELECT {call}")


async def test_the_owner_is_bound_too(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """FORCE: the role that owns the tables sees nothing without a setting either."""
    await filled(database, person)
    await admin.execute("SET ROLE gangway_owner")
    assert await counts(admin, sorted(TENANT_TABLES)) == dict.fromkeys(sorted(TENANT_TABLES), 0)


async def test_partitions_are_closed(database: Database, person: Person) -> None:
    """A partition cannot be read past the archive, not even by the sweeper."""
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        await sweeps.ensure_partitions(conn, NOW, NOW)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(sweeper(person.tenant_id)) as conn:
            await conn.fetch(f"SELECT * FROM onboarding_archive_{NOW:%Y_%m}")


async def test_one_connection_for_all(database: Database, app_url: str) -> None:
    """Many transactions of two tenants in turn on one connection, as behind a pooler, see their own rows only."""
    async with database.transaction(SIGN_IN) as conn:
        made = [await tenants.ensure(conn, str(uuid.uuid4()), "A tenant") for _ in range(2)]
        people = [await register(conn, tenant.id) for tenant in made for _ in range(2)]
    for somebody in people:
        await runs.project(database, somebody.caller(), started(somebody))
    chance = random.Random(30)
    one = await Database.open(app_url, min_size=1, max_size=1, timeout=60)
    pids: set[int] = set()

    async def look(somebody: Person, role: Role) -> None:
        with suppress(LookupError):
            async with one.transaction(somebody.caller(role)) as conn:
                pids.add(await conn.fetchval("SELECT pg_backend_pid()"))
                rows = await conn.fetch("SELECT tenant_id::text, user_id::text FROM onboarding_sessions")
                assert {row["tenant_id"] for row in rows} == {somebody.tenant_id}
                assert len(rows) == (1 if role is Role.USER else 2)
                if chance.random() < 0.3:
                    raise LookupError  # rolled back, the settings go too

    async def look_as_nobody() -> None:
        async with one.autocommit() as conn:
            assert await conn.fetchval("SELECT count(*) FROM onboarding_sessions") == 0
            names = ("tenant_id", "user_id", "role")
            assert not any([await conn.fetchval(f"SELECT current_setting('app.{name}', true)") for name in names])

    async def enter(somebody: Person) -> None:
        assert (await entry.enter(one, somebody.tenant_id, somebody.user_id, 1)).found

    try:
        steps = [look(chance.choice(people), chance.choice(list(Role))) for _ in range(150)]
        steps += [look_as_nobody() for _ in range(60)] + [enter(chance.choice(people)) for _ in range(60)]
        chance.shuffle(steps)
        await asyncio.gather(*steps)
        assert len(pids) == 1
    finally:
        await one.close()


async def test_settings_end_with_the_transaction(app_url: str, person: Person) -> None:
    """The next user of a connection does not inherit who the last one was."""
    database = await Database.open(app_url, min_size=1, max_size=1)
    try:
        async with database.transaction(person.caller()) as conn:
            assert await conn.fetchval("SELECT count(*) FROM users") == 1
            pid = await conn.fetchval("SELECT pg_backend_pid()")
        async with database.autocommit() as conn:
            assert await conn.fetchval("SELECT pg_backend_pid()") == pid
            assert await conn.fetchval("SELECT count(*) FROM users") == 0
            assert await conn.fetchval("SELECT current_user") == APP_ROLE
    finally:
        await database.close()


@pytest.mark.parametrize("value", ["", "x' OR true", "00000000-0000-7000-8000-000000000003'; DROP TABLE users"])
def test_only_uuids_reach_the_settings(value: str) -> None:
    """What is no UUID is refused before it becomes SQL."""
    person = Person(tenant_id=value or "nothing", user_id=value, email="")
    with pytest.raises(ValueError, match="badly formed"):
        opening(person.caller(), 1.0)
    with pytest.raises(ValueError, match="badly formed"):
        opening(Internal(role="sweeper", tenant_id=value or "nothing"), 1.0)
