"""Activities of two tenants side by side: each row is of its person's tenant, and nothing mixes them."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.mail import Mails
from activities.projection import Projection
from activities.reminders import Reminders
from activities.sweeps import Sweeps
from cli.data_keys import data_keys
from db import mails, runs, tenants
from db.pool import Database
from db.tenant import SIGN_IN
from onboarding.payloads import (
    ArchiveSweep,
    Change,
    ExpireSweep,
    MailOrder,
    Reminder,
    RequestSweep,
    Settle,
    SweepReport,
)
from runtime import mail
from runtime.encryption import Keys
from runtime.mail import Mail, MailSender
from runtime.settings import Settings
from tests.db.full import empty, fill, state, tenant_tables
from tests.db.given import Person, abandoned, completed, register, started

MISPLACED = """
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (
  SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname IN ('tenant_id', 'user_id')
) = 2
"""
"""Every table whose rows name a tenant and a person."""


@pytest.fixture
async def companies(database: Database) -> list[list[Person]]:
    """Three people in each of two tenants."""
    async with database.transaction(SIGN_IN) as conn:
        made = [await tenants.ensure(conn, str(uuid.uuid4()), "A tenant") for _ in range(2)]
        return [[await register(conn, tenant.id) for _ in range(3)] for tenant in made]


def reminder_of(person: Person, run_id: str) -> Reminder:
    """One that is due."""
    return Reminder(
        run_id=run_id,
        tenant_id=person.tenant_id,
        user_id=person.user_id,
        flow="fitness",
        number=1,
        since=datetime.now(UTC),
    )


async def written(database: Database, keys: Keys, person: Person) -> str:
    """A mail to them."""
    letter = Mail(id=str(uuid.uuid4()), to=person.email, subject="Hello", text="x\n")
    sealed = (await keys.sealing(None)).seal(mail.encoded(letter), mail.place(letter.id))
    async with database.transaction(SIGN_IN) as conn:
        content = msgspec.json.encode(sealed)
        await mails.write(conn, id=letter.id, sealed=content, tenant_id=person.tenant_id, user_id=person.user_id)
    return letter.id


async def work_of(
    person: Person, which: int, database: Database, keys: Keys, post: Mails
) -> tuple[list[Change], Any]:
    """What a worker does for them: an ended run, a completed one, an overdue one; a reminder; a mail."""
    long_ago = datetime.now(UTC) - timedelta(days=200)
    changes = [abandoned(person, now=long_ago), completed(person), [started(person, long_ago)]][which]
    run = ActivityEnvironment().run
    await run(Projection(database).settle, Settle(changes=tuple(changes)))
    assert await run(Reminders(database).remind, reminder_of(person, changes[0].run.id))
    mail_id = await written(database, keys, person)
    assert await run(post.send_mail, MailOrder(mail_id=mail_id))
    return changes, mail_id


async def test_side_by_side(
    database: Database,
    admin: asyncpg.Connection,
    temporal: Client,
    settings: Settings,
    companies: list[list[Person]],
    tmp_path: Path,
) -> None:
    """What activities write for people of two tenants at once is of its person's tenant, and all there."""
    sender = MailSender(replace(settings, smtp_url=None, mail_folder=tmp_path))
    people = [(person, which) for company in companies for which, person in enumerate(company)]
    async with data_keys(settings) as keys:
        post = Mails(database, keys, sender, temporal)
        done = await asyncio.gather(*(work_of(person, which, database, keys, post) for person, which in people))
    sweeps, run = Sweeps(database, temporal), ActivityEnvironment().run
    reports: list[SweepReport] = [
        await run(sweeps.sweep_expired, ExpireSweep()),
        await run(sweeps.sweep_archive, ArchiveSweep()),
        await run(sweeps.sweep_requests, RequestSweep()),
    ]
    assert all(report.changed >= 2 for report in reports[:2])

    for (table,) in await admin.fetch(MISPLACED):
        rows = f"SELECT count(*) FROM {table} AS t JOIN users AS u ON u.id = t.user_id"
        assert await admin.fetchval(f"{rows} WHERE u.tenant_id <> t.tenant_id") == 0, table
    events = "SELECT count(*) FROM onboarding_events AS e JOIN onboarding_sessions AS s ON s.id = e.run_id"
    whose = "(s.tenant_id, s.user_id) <> (e.tenant_id, e.user_id)"
    assert await admin.fetchval(f"{events} WHERE {whose}") == 0
    for (person, which), (changes, mail_id) in zip(people, done, strict=True):
        assert (tmp_path / f"{mail_id}.eml").exists()
        async with database.transaction(person.caller()) as conn:
            found = await runs.latest(conn, person.user_id, "fitness")
            assert found is not None
            assert (found.id, found.tenant_id, found.user_id) == (
                changes[-1].run.id,
                person.tenant_id,
                person.user_id,
            )
            assert await conn.fetchval("SELECT count(*) FROM notifications") == 1
            assert await conn.fetchval("SELECT count(*) FROM profiles") == (which == 1)


@pytest.fixture(autouse=True)
async def alone(admin: asyncpg.Connection, companies: list[list[Person]]) -> AsyncIterator[None]:
    """Nothing of these tenants is left for the sweeps of other tests."""
    yield
    await empty(admin, *(company[0].tenant_id for company in companies))


async def test_nothing_that_is_mixed(
    database: Database, admin: asyncpg.Connection, companies: list[list[Person]]
) -> None:
    """A payload with a person of one tenant and the other tenant, or the other's run, writes nothing anywhere."""
    theirs = await fill(admin, database, companies[0][0])
    mine, run_id = companies[1][0], theirs.ids["run_id"]
    await runs.project(database, mine.caller(), *completed(mine))
    tables = await tenant_tables(admin)
    before = [await state(admin, person.tenant_id, tables) for person in (theirs.person, mine)]

    # Somebody without a run, so that no other rule is in the way.
    between = Person(tenant_id=mine.tenant_id, user_id=companies[0][1].user_id, email="")
    foreign_run = started(mine)
    foreign_run = replace(foreign_run, run=replace(foreign_run.run, id=run_id))
    later = tuple(replace(event, seq=event.seq + 500) for event in foreign_run.events)
    mixtures = [
        completed(between),
        [started(between)],
        [foreign_run],
        [replace(foreign_run, run=replace(foreign_run.run, seq=1000))],
        [replace(foreign_run, run=replace(foreign_run.run, seq=0), events=later)],
        [started(mine, datetime.now(UTC)), started(theirs.person)],
    ]
    for changes in mixtures:
        with suppress(asyncpg.InsufficientPrivilegeError):
            await ActivityEnvironment().run(Projection(database).settle, Settle(changes=tuple(changes)))
    assert not await ActivityEnvironment().run(Reminders(database).remind, reminder_of(between, run_id))

    assert [await state(admin, person.tenant_id, tables) for person in (theirs.person, mine)] == before
