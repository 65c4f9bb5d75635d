"""Reminders on a real database."""

from datetime import timedelta

import asyncpg
import msgspec
from temporalio.testing import ActivityEnvironment

from activities.reminders import Reminders
from db.pool import Database
from onboarding.payloads import Reminder
from tests.db.given import NOW, Person, started


def reminder_of(person: Person) -> Reminder:
    """The first reminder of a run of theirs."""
    run = started(person).run
    return Reminder(
        run_id=run.id,
        tenant_id=run.tenant_id,
        user_id=run.user_id,
        flow=run.flow,
        number=1,
        since=NOW,
    )


async def test_reminds_once(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """A reminder that is tried again is one notification; the next one is another."""
    remind, first = ActivityEnvironment().run, reminder_of(person)
    said = [await remind(Reminders(database).remind, first) for _ in range(2)]
    assert said == [True, False]
    assert await remind(Reminders(database).remind, msgspec.structs.replace(first, number=2))
    rows = await admin.fetch("SELECT kind, run_id::text FROM notifications WHERE user_id = $1", person.user_id)
    assert [tuple(row) for row in rows] == [("onboarding_reminder", first.run_id)] * 2


async def test_reminds_nobody_who_does_not_want_it(
    database: Database, people: list[Person], admin: asyncpg.Connection
) -> None:
    """Who opted out, is not active, or is gone, is left in peace."""
    opted_out, inactive, gone = people[:3]
    await admin.execute("UPDATE users SET reminders_enabled = false WHERE id = $1", opted_out.user_id)
    await admin.execute("UPDATE users SET is_active = false WHERE id = $1", inactive.user_id)
    await admin.execute("DELETE FROM users WHERE id = $1", gone.user_id)
    for person in (opted_out, inactive, gone):
        assert not await ActivityEnvironment().run(Reminders(database).remind, reminder_of(person))


async def test_a_nudge_is_a_notification_of_its_own(
    database: Database, person: Person, admin: asyncpg.Connection
) -> None:
    """A nudge that is tried again is one notification, beside the flow's own; a later one is another."""
    remind, own = ActivityEnvironment().run, reminder_of(person)
    nudge = msgspec.structs.replace(own, nudge=True)
    later = msgspec.structs.replace(nudge, since=NOW + timedelta(hours=1))
    said = [await remind(Reminders(database).remind, each) for each in (own, nudge, nudge, later)]
    assert said == [True, True, False, True]
    rows = await admin.fetch("SELECT kind FROM notifications WHERE user_id = $1", person.user_id)
    assert sorted(row["kind"] for row in rows) == ["onboarding_nudge", "onboarding_nudge", "onboarding_reminder"]
