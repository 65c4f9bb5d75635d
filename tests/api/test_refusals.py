"""Refused saves are counted, tenant by tenant, and the count costs nobody their answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from api.__main__ import opened
from api.deps import Deps, Principal
from api.refusals import counted
from db import refusals
from db.pool import Database
from db.tenant import monitor
from onboarding.access import Caller, Role
from onboarding.errors import InvalidAnswer
from runtime.settings import Settings
from tests.api.company import Company
from tests.stack import EXAMPLES, RUNS, Person, ok, problem


@pytest.fixture
async def user(company: Company) -> Person:
    """Somebody in a tenant of its own, whose run has begun."""
    person = await company.hire("user")
    await person.start()
    return person


async def count(database: Database, person: Person) -> int:
    """Of the person's tenant, by now."""
    async with database.transaction(monitor(person.tenant_id)) as connection:
        return await refusals.since(connection, person.tenant_id, datetime.now(UTC) - timedelta(hours=1))


async def test_what_is_counted(user: Person, app_database: Database) -> None:
    """An answer that is not valid, one out of turn, one on a stale page, and a batch of which one fails."""
    stale: dict[str, Any] = {"headers": {"If-Match": '"99"'}}
    problem(await user.save(1, {}), 400, "validation_error")
    problem(await user.save(5), 409, "state_mismatch")
    problem(await user.save(1, **stale), 412, "version_conflict")
    batch = [{"step": 1, "data": EXAMPLES[1]}, {"step": 2, "data": {}}]
    problem(await user.post(f"{RUNS}/steps", {"steps": batch}), 400, "validation_error")
    problem(await user.save(1, headers={"If-Match": 'W/"1"'}), 412, "version_conflict")
    assert await count(app_database, user) == 5


async def test_what_is_not_counted(user: Person, app_database: Database) -> None:
    """What is accepted, what is no save, and what nobody could read."""
    ok(await user.save(1))
    problem(await user.post(f"{RUNS}/complete"), 400, "onboarding_incomplete")
    problem(await user.post(f"{RUNS}/step", {"step": 2}), 400, "validation_error")
    problem(await user.save(2, headers={"If-Match": "x"}), 400, "validation_error")
    assert await count(app_database, user) == 0


async def test_the_wizard(company: Company, app_database: Database) -> None:
    """The company wizard's saves are counted too, also those to a session that has ended."""
    user = await company.hire("user")
    session = ok(await user.post("/api/onboarding/start", {}))["id"]
    body = {"sessionId": session, "step": 1, "data": {}}
    path = "/api/onboarding/progress"
    problem(await user.send("PUT", path, json=body), 400, "validation_error")
    await user.send("DELETE", f"/api/onboarding/session/{session}")
    problem(await user.send("PUT", path, json=body), 409, "run_abandoned")
    assert await count(app_database, user) == 2


async def test_each_tenant_has_its_own_count(user: Person, rival: Company, app_database: Database) -> None:
    """What is refused in one tenant says nothing about another."""
    problem(await user.save(1, {}), 400, "validation_error")
    assert (await count(app_database, user), await count(app_database, rival.admin)) == (1, 0)


@pytest.fixture
async def cut_off(settings: Settings) -> AsyncIterator[Deps]:
    """What handlers work with, but the database is away."""
    async with opened(settings) as deps:
        database = await Database.open("postgresql://x@/x?host=/nowhere", min_size=0, max_size=1, timeout=0.5)
        yield replace(deps, database=database)
        await database.close()


async def test_without_a_count(cut_off: Deps, user: Person, capfd: pytest.CaptureFixture[str]) -> None:
    """With the database away the refusal is told all the same, and the log says what was not counted."""
    principal = Principal(
        caller=Caller(tenant_id=user.tenant_id, user_id=user.id, role=Role.USER),
        onboarding_completed=False,
        timezone="UTC",
        locale="en",
        default_flow="fitness",
        reminders_enabled=True,
        token=None,  # pyright: ignore[reportArgumentType]
    )
    with pytest.raises(InvalidAnswer):
        async with counted(cut_off, principal):
            raise InvalidAnswer
    assert "was not counted" in capfd.readouterr().out
