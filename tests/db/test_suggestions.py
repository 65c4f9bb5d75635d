"""Suggestions in the database: whose they are, settled once, dropped when they are old."""

import uuid
from typing import Any

import asyncpg
import msgspec
import pytest

from db import runs, suggestions
from db.pool import Database
from db.tenant import sweeper
from onboarding.access import Role
from onboarding.suggesting.facts import Inputs
from onboarding.suggesting.rules import by_rules
from onboarding.suggesting.shapes import items_of
from tests.activities.company import company_run
from tests.db.given import Person


async def written(database: Database, person: Person, run_id: str | None = None, kind: Any = "okrs") -> str:
    """Something asked for; gives its id."""
    suggestion_id = str(uuid.uuid4())
    async with database.transaction(person.caller()) as conn:
        await suggestions.ask(
            conn,
            suggestion_id=suggestion_id,
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            run_id=run_id,
            kind=kind,
            locale="en",
            inputs=Inputs(company_name="Nimbus"),
        )
    return suggestion_id


async def settled(database: Database, person: Person, run_id: str | None = None) -> suggestions.Suggestion:
    """Something asked for and answered."""
    suggestion_id = await written(database, person, run_id)
    async with database.transaction(person.caller()) as conn:
        found = await suggestions.settle(conn, suggestion_id, person.user_id)
    assert found is not None
    return found


async def test_what_was_found_stays(database: Database, person: Person) -> None:
    """Settling fills in what nothing was found of, and leaves the rest as it was found."""
    suggestion_id = await written(database, person, kind="all")
    async with database.transaction(person.caller()) as conn:
        before = await suggestions.get(conn, suggestion_id, person.user_id)
        assert before is not None
        assert (before.source, before.facts.company_name) == (None, "Nimbus")
        insights = by_rules("insights", before.facts)
        assert await suggestions.keep(conn, suggestion_id, person.user_id, "insights", "model", insights)
        after = await suggestions.settle(conn, suggestion_id, person.user_id)
        assert not await suggestions.keep(conn, suggestion_id, person.user_id, "okrs", "model", insights)
    assert after is not None
    assert after.sources["insights"] == "model"
    assert (after.sources["okrs"], after.source) == ("rules", "rules")
    kept, found = insights.industry_insights, after.items.industry_insights
    assert [each.title for each in kept or ()] == [each.title for each in found or ()]
    assert all(items_of(after.items))


async def test_what_staff_see(database: Database, person: Person, colleague: Person, stranger: Person) -> None:
    """Staff of the tenant read suggestions and feedback, and change neither; others see nothing."""
    found = await settled(database, person)
    item = (found.items.suggested_okrs or ())[0]
    judged: dict[str, Any] = {"tenant_id": person.tenant_id, "user_id": person.user_id, "verdict": "accepted"}
    async with database.transaction(person.caller()) as conn:
        await suggestions.judge(conn, suggestion_id=found.id, item_id=item.id, value=None, **judged)
    for somebody, role, seen in (
        (colleague, Role.MANAGER, 1),
        (colleague, Role.ADMIN, 1),
        (colleague, Role.USER, 0),
        (stranger, Role.ADMIN, 0),
    ):
        async with database.transaction(somebody.caller(role)) as conn:
            for table, key in (("suggestions", "id"), ("suggestion_feedback", "suggestion_id")):
                assert await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {key} = $1", found.id) == seen
            assert await suggestions.get(conn, found.id, somebody.user_id) is None
            assert await suggestions.settle(conn, found.id, somebody.user_id) is None
            changed = await conn.execute("UPDATE suggestions SET budget_exhausted = true WHERE id = $1", found.id)
            assert changed == "UPDATE 0"
            changed = await conn.execute(
                "UPDATE suggestion_feedback SET verdict = 'rejected' WHERE suggestion_id = $1", found.id
            )
            assert changed == "UPDATE 0"


async def test_feedback_of_what_is_gone(database: Database, person: Person) -> None:
    """A verdict on a suggestion that is not there is refused by name."""
    with pytest.raises(suggestions.SuggestionNotFound):
        async with database.transaction(person.caller()) as conn:
            await suggestions.judge(
                conn,
                suggestion_id=str(uuid.uuid4()),
                item_id=str(uuid.uuid4()),
                tenant_id=person.tenant_id,
                user_id=person.user_id,
                verdict="accepted",
                value=None,
            )


async def test_old_ones_are_dropped(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """After 90 days a suggestion goes with its feedback, unless its run is still open; a younger one stays."""
    open_run = await company_run(admin, person)
    ended_run = await company_run(admin, person, status="completed")
    young, old, ended, running = [
        (await settled(database, person, run)).id for run in (None, None, ended_run, open_run)
    ]
    for each in (old, ended, running):
        await admin.execute("UPDATE suggestions SET created_at = now() - interval '91 days' WHERE id = $1", each)
        await admin.execute(
            "INSERT INTO suggestion_feedback (suggestion_id, item_id, tenant_id, user_id, verdict)"
            " VALUES ($1, $1, $2, $3, 'accepted')",
            each,
            person.tenant_id,
            person.user_id,
        )
    async with database.transaction(sweeper(person.tenant_id)) as conn:
        assert await suggestions.purge(conn) == 2
    left = await admin.fetch("SELECT id::text FROM suggestions WHERE user_id = $1", person.user_id)
    assert {row["id"] for row in left} == {young, running}
    judged = await admin.fetch(
        "SELECT suggestion_id::text FROM suggestion_feedback WHERE user_id = $1", person.user_id
    )
    assert [row["suggestion_id"] for row in judged] == [running]


async def test_a_run_keeps_its_answers(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """What is recommended to a run changes nothing else of it, and each kind keeps its own."""
    run_id = await company_run(admin, person)
    query = "SELECT to_jsonb(s) - 'ai_recommendations' FROM onboarding_sessions AS s WHERE id = $1"
    before = await admin.fetchval(query, run_id)
    found = await settled(database, person, run_id)
    assert await admin.fetchval(query, run_id) == before
    async with database.transaction(person.caller()) as conn:
        stored = await runs.stored(conn, run_id, person.user_id)
    assert stored is not None
    assert stored.ai_recommendations == {
        "suggested_okrs": msgspec.json.decode(msgspec.json.encode(found.items.suggested_okrs)),
        "suggestion_ids": {"okrs": found.id},
    }
