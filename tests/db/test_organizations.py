"""Organizations: made once for each completed company run, and whose they are."""

import asyncio
import json
import uuid
from datetime import UTC, datetime

import asyncpg
import pytest

from db import erasures, organizations, runs, sweeps
from db.organizations import Organization
from db.pool import Connection, Database
from db.tenant import sweeper
from onboarding.access import Role
from onboarding.errors import RunNotFound
from onboarding.flows.company import COMPANY
from onboarding.payloads import Abandon, AbandonedReason
from onboarding.suggesting.facts import Facts
from onboarding.suggesting.rules import by_rules
from tests.db.given import ACTOR, Person, company, completed, founding, started, then

JOIN = "INSERT INTO organization_members (organization_id, user_id, tenant_id, role) VALUES ($1, $2, $3,"


async def ran(database: Database, person: Person) -> str:
    """A completed company run of theirs."""
    changes = company(person)
    await runs.project(database, person.caller(), *changes)
    return changes[-1].run.id


async def made(database: Database, person: Person, run_id: str) -> Organization:
    """Its organization, which must be there."""
    async with database.transaction(person.caller()) as conn:
        found = await organizations.of_run(conn, run_id)
    assert found is not None
    return found


async def test_an_organization_with_its_departments(database: Database, person: Person) -> None:
    """It has what it was founded with, its owner, and its departments in order, each with its parent's name."""
    run_id = await ran(database, person)
    okrs = by_rules("okrs", Facts()).suggested_okrs or ()
    assert okrs
    async with database.transaction(person.caller()) as conn:
        assert await organizations.create(conn, founding(person, run_id, okrs=okrs))
        members = await conn.fetch("SELECT user_id::text, role FROM organization_members")
    found = await made(database, person, run_id)
    assert [(row["user_id"], row["role"]) for row in members] == [(person.user_id, "owner")]
    assert (found.name, found.team_size, found.created_by) == ("Ñandú & O'Neill", 12, person.user_id)
    assert (found.integrations, found.okrs, found.website) == (["slack", "github"], list(okrs), None)
    assert [(each.name, each.parent) for each in found.departments] == [
        ("Platform", "Engineering"),
        ("Engineering", None),
    ]


async def test_one_organization_a_run(database: Database, person: Person) -> None:
    """Of ten who found it at once one does; the others find it whole."""
    run_id = await ran(database, person)

    async def found() -> tuple[bool, Organization | None]:
        async with database.transaction(person.caller()) as conn:
            new = await organizations.create(conn, founding(person, run_id))
            return new, await organizations.of_run(conn, run_id)

    answers = await asyncio.gather(*(found() for _ in range(10)))
    assert sorted(new for new, _ in answers) == [False] * 9 + [True]
    assert len({organization and organization.id for _, organization in answers}) == 1
    assert all(organization and len(organization.departments) == 2 for _, organization in answers)


async def test_an_archived_run_is_still_one(database: Database, person: Person) -> None:
    """Whoever completes again after a month, when the run has been archived, still gets the organization."""
    run_id = await ran(database, person)
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, datetime.now(UTC)) == 1
    async with database.transaction(person.caller()) as conn:
        assert await organizations.create(conn, founding(person, run_id))


async def test_only_from_a_completed_company_run_of_their_own(
    database: Database, person: Person, colleague: Person
) -> None:
    """No organization comes from an open, abandoned or other run, from a colleague's, or from none at all."""
    theirs, unfinished = await ran(database, colleague), company(person)[:-1]
    given_up = then([started(person, flow=COMPANY)], Abandon(actor=ACTOR, reason=AbandonedReason.DELETED))
    fitness = completed(person)
    await runs.project(database, person.caller(), *given_up, *fitness, *unfinished)
    for run_id in (
        theirs,
        *(changes[-1].run.id for changes in (unfinished, given_up, fitness)),
        str(uuid.uuid4()),
    ):
        for role in Role:
            with pytest.raises(RunNotFound):
                async with database.transaction(person.caller(role)) as conn:
                    await organizations.create(conn, founding(person, run_id))


async def test_nobody_founds_in_anothers_name(database: Database, person: Person, colleague: Person) -> None:
    """A colleague neither founds for the person, nor joins their organization, nor adds a department to it."""
    run_id = await ran(database, person)
    async with database.transaction(person.caller()) as conn:
        await organizations.create(conn, founding(person, run_id))
    there = await made(database, person, run_id)
    attempts = (
        f"{JOIN} 'owner')",
        f"{JOIN} 'member')",
        "INSERT INTO departments (organization_id, tenant_id, name, position) VALUES ($1, $3, $2::uuid::text, 9)",
    )
    for attempt in attempts:
        for role in Role:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(colleague.caller(role)) as conn:
                    await conn.execute(attempt, there.id, colleague.user_id, colleague.tenant_id)
    other = await ran(database, person)
    with pytest.raises(RunNotFound):
        async with database.transaction(colleague.caller()) as conn:
            await organizations.create(conn, founding(person, other))


async def test_who_sees_an_organization(
    database: Database, admin: asyncpg.Connection, person: Person, colleague: Person, stranger: Person
) -> None:
    """Its members and the tenant's staff see it with its departments; colleagues and other tenants see nothing."""
    run_id = await ran(database, person)
    async with database.transaction(person.caller()) as conn:
        await organizations.create(conn, founding(person, run_id))
    there = await made(database, person, run_id)

    async def seen_by(someone: Person, role: Role = Role.USER) -> int | None:
        async with database.transaction(someone.caller(role)) as conn:
            found = await organizations.of_run(conn, run_id)
            return len(found.departments) if found else None

    assert await seen_by(colleague) is None
    assert [await seen_by(colleague, role) for role in (Role.MANAGER, Role.ADMIN)] == [2, 2]
    assert [await seen_by(stranger, role) for role in Role] == [None] * 3
    await admin.execute(
        f"{JOIN} 'member')",
        there.id,
        colleague.user_id,
        colleague.tenant_id,
    )
    assert await seen_by(colleague) == 2


async def test_an_organization_outlives_its_founder(
    database: Database, admin: asyncpg.Connection, person: Person
) -> None:
    """With the founder go their membership and their logo; the organization stays, founded by nobody."""
    run_id = await ran(database, person)
    logo = f"tenants/{person.tenant_id}/users/{person.user_id}/logo.png"
    async with database.transaction(person.caller()) as conn:
        await organizations.create(conn, founding(person, run_id, logo=logo))
        receipt = await erasures.request(
            conn,
            id=str(uuid.uuid4()),
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            requested_by=person.user_id,
        )
    async with database.transaction(erasures.eraser(person.tenant_id, person.user_id)) as conn:
        counts = await erasures.erase(conn, receipt.id, person.user_id, 0)
    assert counts is not None
    assert counts.database["organization_members"] == 1
    row = await admin.fetchrow("SELECT * FROM organizations WHERE run_id = $1", run_id)
    assert row is not None
    assert (row["name"], row["created_by"], row["logo"]) == ("Ñandú & O'Neill", None, None)
    assert person.user_id not in str(tuple(row.values()))
    assert (
        await admin.fetchval("SELECT count(*) FROM organization_members WHERE user_id = $1", person.user_id) == 0
    )
    assert await admin.fetchval("SELECT count(*) FROM departments WHERE organization_id = $1", row["id"]) == 2


async def test_nobody_else_changes_an_organization(database: Database, person: Person) -> None:
    """What is founded is not changed by its founder either, nor taken away."""
    run_id = await ran(database, person)

    async def attempt(conn: Connection, role: Role) -> None:
        assert await conn.execute("UPDATE organizations SET logo = 'x'") == "UPDATE 0", role

    async with database.transaction(person.caller()) as conn:
        await organizations.create(conn, founding(person, run_id))
    for role in Role:
        async with database.transaction(person.caller(role)) as conn:
            await attempt(conn, role)
        for statement in ("UPDATE organizations SET name = 'x'", "DELETE FROM organizations"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(person.caller(role)) as conn:
                    await conn.execute(statement)


async def test_a_stored_run(
    database: Database, admin: asyncpg.Connection, person: Person, colleague: Person
) -> None:
    """A run is found with what is kept beside it by its person alone, also once it is archived."""
    run_id = await ran(database, person)
    told = {"suggested_okrs": [], "next_steps": []}
    await admin.execute(
        "UPDATE onboarding_sessions SET ai_recommendations = $2 WHERE id = $1", run_id, json.dumps(told)
    )

    async def stored(someone: Person, role: Role = Role.USER) -> runs.Stored | None:
        async with database.transaction(someone.caller(role)) as conn:
            return await runs.stored(conn, run_id, someone.user_id)

    before = await stored(person)
    assert before is not None
    assert (before.run.id, before.ai_recommendations) == (run_id, told)
    assert before.updated_at == before.run.completed_at
    assert [await stored(colleague, role) for role in Role] == [None] * 3
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await sweeps.archive(conn, datetime.now(UTC)) == 1
    assert await stored(person) == before
