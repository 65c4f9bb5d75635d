"""Reminders on a real database."""

from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.mail import Mails
from activities.reminders import LETTERS, Reminders
from cli.data_keys import data_keys
from db.pool import Database
from onboarding.payloads import MailOrder, Reminder
from runtime.mail import MailSender
from runtime.settings import Settings
from tests.db.given import NOW, Person, started

LINK = "https://app.example.org"


class Post(Mails):
    """Mails that are ordered from nobody, but remembered."""

    away = False
    ordered: tuple[str, ...] = ()

    async def order(self, mail_id: str) -> None:
        """Remember it, unless Temporal is away."""
        if self.away:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        self.ordered += (mail_id,)


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


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("nudge", [False, True])
async def test_a_reminder_is_a_mail(
    database: Database,
    person: Person,
    admin: asyncpg.Connection,
    settings: Settings,
    tmp_path: Path,
    locale: str,
    nudge: bool,
) -> None:
    """Where mails go out a reminder is one as well, once, in the person's language and with the way back."""
    await admin.execute("UPDATE users SET locale = $2 WHERE id = $1", person.user_id, locale)
    address = await admin.fetchval("SELECT email FROM users WHERE id = $1", person.user_id)
    nobody: Any = None
    async with data_keys(settings) as keys:
        post = Post(database, keys, MailSender(replace(settings, smtp_url=None, mail_folder=tmp_path)), nobody)
        remind = Reminders(database, post, LINK).remind
        one = replace(reminder_of(person), nudge=nudge)
        assert [await ActivityEnvironment().run(remind, one) for _ in range(2)] == [True, False]
        [mail_id] = post.ordered
        assert await ActivityEnvironment().run(post.send_mail, MailOrder(mail_id=mail_id))
    sent = message_from_bytes((tmp_path / f"{mail_id}.eml").read_bytes(), policy=policy.default)
    assert (sent["To"], sent["Subject"]) == (address, LETTERS[locale][0])
    assert LINK in sent.get_content()
    query = "SELECT count(*) FROM mails WHERE user_id = $1"
    assert await admin.fetchval(query, person.user_id) == 0


async def test_a_mail_that_cannot_be_ordered_waits(
    database: Database, person: Person, admin: asyncpg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """With Temporal away the reminder is left and its mail written; where no mail goes out, none is."""
    nobody: Any = None
    async with data_keys(settings) as keys:
        nowhere = Post(database, keys, MailSender(replace(settings, smtp_url=None, mail_folder=None)), nobody)
        post = Post(database, keys, MailSender(replace(settings, smtp_url=None, mail_folder=tmp_path)), nobody)
        post.away = True
        first = reminder_of(person)
        count = "SELECT count(*) FROM mails WHERE user_id = $1"
        assert await ActivityEnvironment().run(Reminders(database, nowhere, LINK).remind, first)
        assert await admin.fetchval(count, person.user_id) == 0
        assert await ActivityEnvironment().run(Reminders(database, post, LINK).remind, replace(first, number=2))
        assert await admin.fetchval(count, person.user_id) == 1
