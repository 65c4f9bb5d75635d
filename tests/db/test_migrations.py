"""Migrations, and what they leave in the catalogue."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cli.embedded import EmbeddedStack
from db import migrate
from db.pool import Database, Engine
from db.tables import TABLES

# Everything that the migrations make, in words that do not contain an oid.
CATALOGUE = """
SELECT 'column', concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'policy', to_jsonb(p)::text FROM pg_policies AS p WHERE schemaname = 'public'
UNION ALL SELECT 'table', concat_ws(' ', relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity,
    relacl, reloptions)
  FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'column grant', concat_ws(' ', attrelid::regclass, attname, attacl) FROM pg_attribute
  WHERE attacl IS NOT NULL AND attrelid::regclass::text NOT LIKE 'pg_%'
UNION ALL SELECT 'function', concat_ws(' ', pg_get_functiondef(p.oid), p.proacl) FROM pg_proc AS p
  WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
TENANT_TABLES = {
    "tenants",
    "users",
    "onboarding_sessions",
    "onboarding_events",
    "onboarding_archive",
    "funnel_steps",
    "funnel_counts",
    "profiles",
    "profile_versions",
    "notifications",
    "idempotency_keys",
    "sessions",
    "refused_tokens",
    "password_resets",
    "invitations",
    "mails",
    "events",
    "event_words",
    "event_counts",
    "aws_accounts",
    "monitoring_configs",
    "config_changes",
    "refused_saves",
    "stuck_runs",
    "alerts",
    "data_keys",
    "erasures",
    "organizations",
    "organization_members",
    "departments",
    "chat_turns",
    "chat_messages",
    "chat_stream",
    "profile_proposals",
    "ai_usage",
    "ai_budgets",
    "ai_cache",
    "suggestions",
    "suggestion_feedback",
    "tasks",
    "task_comments",
    "task_status_changes",
    "scans",
    "scan_orders",
    "images",
    "photo_analyses",
    "capture_sessions",
    "capture_items",
    "capture_scans",
    "imports",
    "items",
    "item_sources",
    "scrape_jobs",
    "scrape_results",
    "item_syncs",
    "item_sync_results",
    "connections",
    "consents",
    "connection_runs",
    "orders",
    "order_lines",
    "mail_jobs",
    "mail_messages",
}

ALL = len([*Path(migrate.__file__).with_name("migrations").glob("m*.py")])


async def catalogue(url: str) -> set[tuple[str, str]]:
    connection = await asyncpg.connect(url)
    try:
        return {(row[0], row[1]) for row in await connection.fetch(CATALOGUE)}
    finally:
        await connection.close()


@asynccontextmanager
async def empty_database(stack: EmbeddedStack) -> AsyncIterator[dict[str, str]]:
    """A database of one's own: its URLs by role."""
    name = f"migrations_{uuid.uuid4().hex}"
    await stack.postgres.create_database(name)
    roles = ("gangway_app", "gangway_owner", "gangway_admin")
    yield {role: stack.postgres.url(role, name) for role in roles}
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin", "postgres"))
    try:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


async def test_up_down_up(stack: EmbeddedStack) -> None:
    """Up, down and up again gives the same catalogue, and down gives the one before."""
    async with empty_database(stack) as urls:
        owner = urls["gangway_owner"]
        assert [done for _, done in await migrate.status(owner)] == [False] * ALL
        ids = [each for each, _ in await migrate.status(owner)]
        assert await migrate.rollback(owner) == []
        assert await migrate.migrate(owner) == ids
        up = await catalogue(urls["gangway_admin"])
        assert await migrate.rollback(owner, len(ids)) == ids[::-1]
        down = await catalogue(urls["gangway_admin"])
        assert {name for kind, name in down if kind == "table"} == {
            name for kind, name in down if kind == "table" and name.startswith("migration")
        }
        assert await migrate.migrate(owner) == ids
        assert await catalogue(urls["gangway_admin"]) == up
        assert await migrate.migrate(owner) == []
        assert [done for _, done in await migrate.status(owner)] == [True] * ALL


async def test_each_step_is_reversible(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every single migration can be taken back and run again on what comes before it, and makes the same."""
    modules = list(migrate._modules().items())
    async with empty_database(stack) as urls:
        owner = urls["gangway_owner"]
        ids = await migrate.migrate(owner)
        for number in range(len(ids), 0, -1):
            monkeypatch.setattr(migrate, "_modules", lambda known=dict(modules[:number]): known)
            up = await catalogue(urls["gangway_admin"])
            assert await migrate.rollback(owner) == [ids[number - 1]]
            assert await migrate.migrate(owner) == [ids[number - 1]]
            assert await catalogue(urls["gangway_admin"]) == up, ids[number - 1]
            assert await migrate.rollback(owner) == [ids[number - 1]]


async def test_two_at_once(stack: EmbeddedStack) -> None:
    """Of several that migrate at once, one does it and the others find it done."""
    async with empty_database(stack) as urls:
        done = await asyncio.gather(*(migrate.migrate(urls["gangway_owner"]) for _ in range(4)))
        assert sorted(map(len, done)) == [0, 0, 0, ALL]


async def test_a_failing_migration_leaves_nothing(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """When one of several migrations fails, none of them has happened."""
    async with empty_database(stack) as urls:
        modules = migrate._modules()
        last = list(modules.values())[-1]
        monkeypatch.setattr(last, "FORWARDS", "SELECT 1 / 0")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate.migrate(urls["gangway_owner"])
        monkeypatch.undo()
        assert not any(done for _, done in await migrate.status(urls["gangway_owner"]))
        assert len(await migrate.migrate(urls["gangway_owner"])) == ALL


async def test_no_app_role(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the app's role, migrating says so and changes nothing."""
    monkeypatch.setattr(migrate, "APP_ROLE", "gangway_nobody")
    async with empty_database(stack) as urls:
        with pytest.raises(migrate.MigrationFailed, match="gangway_nobody does not exist"):
            await migrate.migrate(urls["gangway_owner"])
        assert not any(done for _, done in await migrate.status(urls["gangway_owner"]))


async def test_unknown_migrations_are_not_taken_back(stack: EmbeddedStack) -> None:
    """Code that does not know the newest migration refuses to roll back beneath it."""
    async with empty_database(stack) as urls:
        await migrate.migrate(urls["gangway_owner"])
        owner = await asyncpg.connect(urls["gangway_owner"])
        await owner.execute("INSERT INTO migration (name, app_name) VALUES ('9999_later', 'db')")
        await owner.close()
        with pytest.raises(migrate.MigrationFailed, match="9999_later"):
            await migrate.rollback(urls["gangway_owner"])


async def test_is_current(stack: EmbeddedStack, database: Database) -> None:
    """The app sees for itself whether its migrations have run: all, not all, none ever."""
    async with database.autocommit() as conn:
        assert await migrate.is_current(conn)
    async with empty_database(stack) as urls:
        other = await Database.open(urls["gangway_app"], min_size=0)
        try:
            async with other.autocommit() as conn:
                assert not await migrate.is_current(conn)
            await migrate.migrate(urls["gangway_owner"])
            await migrate.rollback(urls["gangway_owner"])
            async with other.autocommit() as conn:
                assert not await migrate.is_current(conn)
        finally:
            await other.close()


async def test_tables_are_the_catalogue(admin: asyncpg.Connection) -> None:
    """The Piccolo tables have the columns, types and nullability of the migrated database, no more, no fewer."""
    engine = Engine(config={})
    declared: dict[str, dict[str, tuple[str, bool]]] = {}
    for table in TABLES:
        table._meta.db = engine
        declared[table._meta.tablename] = {
            column._meta.db_column_name: (column.column_type.lower(), column._meta.null)
            for column in table._meta.columns
        }
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for row in await admin.fetch(
        """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS optional
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'migration'
        """
    ):
        kind = {"timestamp with time zone": "timestamp with time zone"}.get(row["type"], row["type"])
        found.setdefault(row["relname"], {})[row["attname"]] = (kind, row["optional"])
    assert _normal(declared) == _normal(found)


def _normal(tables: dict[str, dict[str, tuple[str, bool]]]) -> Any:
    names = {"timestamptz": "timestamp with time zone", "bigint": "bigint"}
    return {
        table: {name: (names.get(kind, kind), optional) for name, (kind, optional) in columns.items()}
        for table, columns in tables.items()
    }


async def test_the_app_owns_nothing(admin: asyncpg.Connection) -> None:
    """The app's role cannot bypass policies, owns nothing, can create nothing, and cannot rewrite history."""
    role = await admin.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'gangway_app'")
    assert role is not None
    assert not any(role[name] for name in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb"))
    assert await admin.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1", role["oid"]) == 0
    assert await admin.fetchval("SELECT count(*) FROM pg_proc WHERE proowner = $1", role["oid"]) == 0
    assert not await admin.fetchval("SELECT has_schema_privilege('gangway_app', 'public', 'CREATE')")
    for table in ("onboarding_events", "profile_versions", "onboarding_archive", "events"):
        for privilege in ("UPDATE", "DELETE", "TRUNCATE"):
            # The eraser's alone, and the sweeper's, by their policies.
            if (table, privilege) in {("onboarding_archive", "DELETE"), ("events", "DELETE")}:
                continue
            assert not await admin.fetchval("SELECT has_table_privilege('gangway_app', $1, $2)", table, privilege)
    for column in ("tenant_id", "issuer", "subject"):
        query = "SELECT has_column_privilege('gangway_app', 'users', $1, 'UPDATE')"
        assert not await admin.fetchval(query, column)


async def test_definer_functions_are_pinned(admin: asyncpg.Connection) -> None:
    """A function that runs as the owner has a fixed search path and is not open to everybody."""
    rows = await admin.fetch(
        "SELECT proname, proconfig, proacl::text FROM pg_proc "
        "WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    assert {row["proname"] for row in rows} == {"archive_ensure", "archive_drop", "count_events", "count_steps"}
    for row in rows:
        assert "search_path=pg_catalog, pg_temp" in row["proconfig"]
        assert not any(grant.startswith("=") for grant in row["proacl"].strip("{}").split(","))
