"""What the catalogue says about the tables, functions and roles that keep tenants apart."""

from datetime import date

import asyncpg

from db import sweeps
from db.migrate import APP_ROLE
from db.pool import Database
from db.tenant import sweeper
from tests.db.full import tenant_tables
from tests.db.test_migrations import TENANT_TABLES

OF_NO_TENANT = {
    "migration": "which migrations have run",
    "rate_counters": "requests by bucket, for minutes",
    "ai_rates": "calls by bucket, for an hour",
    "sign_in_failures": "keyed digests; an e-mail that nobody has is counted too",
    "industries": "a public classification, the same for everybody",
    "industry_words": "the words for it",
    "barcode_products": "what public catalogues say of codes, the same whoever asks",
    "barcode_providers": "how often each catalogue was asked, by all together",
}
"""Tables without row level security, and what they hold that is nobody's."""


async def test_every_other_table_forces_its_policies(admin: asyncpg.Connection) -> None:
    """No table, partition or not, is without forced policies, apart from those that hold nothing of a tenant's."""
    rows = await admin.fetch(
        """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS forced FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        """
    )
    assert {row["relname"] for row in rows if not row["forced"]} == set(OF_NO_TENANT), (
        "a table without forced row level security: give it ENABLE, FORCE and policies in its migration"
    )
    assert set(await tenant_tables(admin)) == TENANT_TABLES


async def test_each_policy_knows_the_tenant(admin: asyncpg.Connection) -> None:
    """A table has a restrictive policy on the tenant for all commands, or else each permissive one asks for it."""
    restrictive = """
        SELECT tablename FROM pg_policies
        WHERE permissive = 'RESTRICTIVE' AND cmd = 'ALL' AND with_check IS NULL
          AND qual LIKE '%tenant_id%app_tenant()%'
    """
    without = {row[0] for row in await admin.fetch(restrictive)} ^ TENANT_TABLES
    assert without == {"tenants", "data_keys"}
    open_to = await admin.fetch(
        """
        SELECT tablename, policyname FROM pg_policies WHERE tablename = ANY($1)
          AND concat(qual, with_check) NOT LIKE '%= ( SELECT app_tenant() AS app_tenant)%'
        """,
        list(without),
    )
    assert {(row[0], row[1]) for row in open_to} == {
        ("tenants", "internal_reads"),
        ("tenants", "sign_in_adds"),
        ("tenants", "operator_reads"),
        ("tenants", "operator_adds"),
        ("data_keys", "keeper"),
    }


async def test_policies_bind_everybody(admin: asyncpg.Connection) -> None:
    """No policy is for one role only, and none lets a row pass without asking who acts."""
    rows = await admin.fetch("SELECT policyname, roles, concat(qual, with_check) AS text FROM pg_policies")
    assert rows
    asking = ("app_tenant()", "app_user()", "app_role()", "FROM users u")
    for row in rows:
        assert row["roles"] == ["public"], row["policyname"]
        assert any(name in row["text"] for name in asking), row


async def test_partitions_are_closed(admin: asyncpg.Connection, database: Database) -> None:
    """Nobody reads or writes a partition past its parent: the app has no right to one."""
    async with database.transaction(sweeper()) as conn:
        await sweeps.ensure_partitions(conn, date(2026, 1, 1), date(2026, 2, 1))
    partitions = await admin.fetch("SELECT oid, relname FROM pg_class WHERE relispartition AND relkind = 'r'")
    assert partitions
    for row in partitions:
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            query = "SELECT has_table_privilege($1, $2::oid, $3)"
            assert not await admin.fetchval(query, APP_ROLE, row["oid"], privilege), row["relname"]


async def test_nothing_shows_rows_as_its_owner(admin: asyncpg.Connection) -> None:
    """There are no views, materialized views, foreign tables or rules, and no sequence but the migrations'."""
    other = """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'p', 'i', 'I')
    """
    assert {row[0] for row in await admin.fetch(other)} == {"migration_id_seq"}
    assert not await admin.fetchval(f"SELECT has_sequence_privilege('{APP_ROLE}', 'migration_id_seq', 'USAGE')")
    assert await admin.fetch("SELECT rulename FROM pg_rules WHERE schemaname = 'public'") == []


async def test_the_app_has_what_it_was_given(admin: asyncpg.Connection) -> None:
    """The app's role signs in, bypasses nothing, is member of nothing, and gets nothing by default."""
    role = await admin.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", APP_ROLE)
    assert role is not None
    assert role["rolcanlogin"]
    assert not role["rolbypassrls"]
    assert not role["rolsuper"]
    members = "SELECT count(*) FROM pg_auth_members WHERE member = $1 OR roleid = $1"
    assert await admin.fetchval(members, role["oid"]) == 0
    assert await admin.fetch("SELECT * FROM pg_default_acl") == []
    owned = "SELECT count(*) FROM pg_shdepend WHERE refobjid = $1 AND deptype = 'o'"
    assert await admin.fetchval(owned, role["oid"]) == 0
    settings = "SELECT setconfig FROM pg_db_role_setting WHERE setrole = $1"
    assert not any("app." in str(row[0]) for row in await admin.fetch(settings, role["oid"]))
    for table in await tenant_tables(admin):
        for privilege in ("TRUNCATE", "TRIGGER", "REFERENCES", "MAINTAIN"):
            assert not await admin.fetchval("SELECT has_table_privilege($1, $2, $3)", APP_ROLE, table, privilege)


async def test_references_stay_in_the_tenant(admin: asyncpg.Connection) -> None:
    """Between tables that have a tenant, a foreign key has it too: a row cannot name another tenant's person."""
    rows = await admin.fetch(
        """
        SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
        WHERE contype = 'f' AND confrelid <> 'tenants'::regclass AND conparentid = 0
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = confrelid AND attname = 'tenant_id')
        """
    )
    alone = {row["conname"] for row in rows if not row["text"].startswith("FOREIGN KEY (tenant_id,")}
    # Kept before anybody has signed in, and so in no tenant.
    assert alone == {"idempotency_keys_about_user_fkey"}
