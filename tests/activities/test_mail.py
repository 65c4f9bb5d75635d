"""Mails that are written go out, once they are ordered or found."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker

from activities.mail import Mails
from cli.data_keys import data_keys
from db import mails
from db.pool import Database
from db.tenant import SIGN_IN
from onboarding.payloads import MailOrder, MailSweep, SweepReport
from runtime import mail
from runtime.mail import Mail, MailRefused, MailSender, MailServerAway
from runtime.settings import Settings
from tests.db.given import Person
from tests.stack import until
from workflows.mail import PostLeftMails, SendMail


class Postbox(MailSender):
    """A sender whose server is away, or refuses, as often as it is told."""

    def __init__(self, settings: Settings, *failures: Exception) -> None:
        super().__init__(settings)
        self.failures = list(failures)

    async def send(self, mail: Mail) -> None:
        """Fail first, then do it."""
        if self.failures:
            raise self.failures.pop(0)
        await super().send(mail)


@asynccontextmanager
async def posting(
    temporal: Client, database: Database, settings: Settings, folder: Path, *failures: Exception
) -> AsyncGenerator[str]:
    """A worker that sends mails into a folder; gives its queue."""
    queue = f"mail-{uuid.uuid4()}"
    sender = Postbox(replace(settings, smtp_url=None, mail_folder=folder), *failures)
    async with data_keys(settings) as keys:
        post = Mails(database, keys, sender, temporal)
        async with Worker(temporal, task_queue=queue, activities=[post.send_mail, post.post_left_mails]):
            yield queue


def files(folder: Path) -> list[str]:
    """What went out."""
    return [file.name for file in folder.iterdir()]


async def written(database: Database, settings: Settings, person: Person | None) -> str:
    """Write a mail to somebody, or to nobody."""
    letter = Mail(id=str(uuid.uuid4()), to="ada@example.org", subject="Hello", text="canary\n")
    async with data_keys(settings) as keys:
        sealed = (await keys.sealing(None)).seal(mail.encoded(letter), mail.place(letter.id))
    async with database.transaction(SIGN_IN) as conn:
        await mails.write(
            conn,
            id=letter.id,
            sealed=msgspec.json.encode(sealed),
            tenant_id=person.tenant_id if person else None,
            user_id=person.user_id if person else None,
        )
    return letter.id


async def send(temporal: Client, queue: str, mail_id: str) -> bool:
    """Order a mail and wait."""
    return await temporal.execute_workflow(
        SendMail.run, MailOrder(mail_id=mail_id), id=f"mail/{mail_id}", task_queue=queue
    )


async def waiting(admin: asyncpg.Connection, mail_id: str) -> bool:
    """Whether the mail is still there."""
    return await admin.fetchval("SELECT count(*) FROM mails WHERE id = $1", mail_id) == 1


async def test_sent_once(
    temporal: Client,
    database: Database,
    settings: Settings,
    admin: asyncpg.Connection,
    person: Person,
    tmp_path: Path,
) -> None:
    """A mail goes out and leaves the database; a second order of it does nothing."""
    mail_id = await written(database, settings, person)
    stored: bytes = await admin.fetchval("SELECT sealed FROM mails WHERE id = $1", mail_id)
    assert b"ada" not in stored
    assert b"canary" not in stored
    async with posting(temporal, database, settings, tmp_path) as queue:
        assert await send(temporal, queue, mail_id)
        assert not await waiting(admin, mail_id)
        assert not await send(temporal, queue, mail_id)
    assert "canary" in (tmp_path / f"{mail_id}.eml").read_text()


async def test_to_nobody(
    temporal: Client, database: Database, settings: Settings, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    """A mail to nobody goes nowhere, and leaves."""
    mail_id = await written(database, settings, None)
    async with posting(temporal, database, settings, tmp_path) as queue:
        assert not await send(temporal, queue, mail_id)
    assert not await waiting(admin, mail_id)
    assert files(tmp_path) == []


async def test_the_server_is_away_for_a_while(
    temporal: Client, database: Database, settings: Settings, person: Person, tmp_path: Path
) -> None:
    """Temporal tries again until the server takes it."""
    mail_id = await written(database, settings, person)
    async with posting(temporal, database, settings, tmp_path, MailServerAway("SMTPConnectError")) as queue:
        assert await send(temporal, queue, mail_id)
    assert (tmp_path / f"{mail_id}.eml").exists()


async def test_refused_for_good(
    temporal: Client,
    database: Database,
    settings: Settings,
    admin: asyncpg.Connection,
    person: Person,
    tmp_path: Path,
) -> None:
    """A mail that no server will take is given up."""
    mail_id = await written(database, settings, person)
    async with posting(temporal, database, settings, tmp_path, MailRefused("SMTPRecipientsRefused")) as queue:
        assert not await send(temporal, queue, mail_id)
    assert not await waiting(admin, mail_id)


async def test_what_was_left_is_posted(
    temporal: Client,
    database: Database,
    settings: Settings,
    admin: asyncpg.Connection,
    person: Person,
    tmp_path: Path,
) -> None:
    """A mail that nobody ordered is found after two minutes; one that is days old is dropped; a new one waits."""
    new, left, old = [await written(database, settings, person) for _ in range(3)]
    for mail_id, age in ((left, "3 minutes"), (old, "3 days")):
        await admin.execute(f"UPDATE mails SET created_at = now() - interval '{age}' WHERE id = $1", mail_id)
    async with posting(temporal, database, settings, tmp_path) as queue:
        report: SweepReport = await temporal.execute_workflow(
            PostLeftMails.run, MailSweep(), id=f"post-{uuid.uuid4()}", task_queue=queue
        )
        assert report.changed >= 2
        await until((tmp_path / f"{left}.eml").exists)
    assert await waiting(admin, new)
    assert not await waiting(admin, old)
    assert not (tmp_path / f"{old}.eml").exists()


async def test_history_says_nothing(
    temporal: Client, database: Database, settings: Settings, person: Person, tmp_path: Path
) -> None:
    """The workflow's history holds the mail's id, and neither the address nor the text."""
    mail_id = await written(database, settings, person)
    async with posting(temporal, database, settings, tmp_path) as queue:
        await send(temporal, queue, mail_id)
    history = await temporal.get_workflow_handle(f"mail/{mail_id}").fetch_history()
    seen: list[Any] = []
    for event in history.events:
        started = event.workflow_execution_started_event_attributes
        scheduled = event.activity_task_scheduled_event_attributes
        for payloads in (started.input.payloads, scheduled.input.payloads):
            seen += await temporal.data_converter.payload_codec.decode(list(payloads)) if payloads else []  # type: ignore[union-attr]
    assert [msgspec.json.decode(each.data) for each in seen] == [{"mail_id": mail_id}] * 2


async def test_a_damaged_mail(
    temporal: Client,
    database: Database,
    settings: Settings,
    admin: asyncpg.Connection,
    person: Person,
    tmp_path: Path,
) -> None:
    """A mail sealed for another place does not go out."""
    first, second = [await written(database, settings, person) for _ in range(2)]
    await admin.execute(
        "UPDATE mails SET sealed = (SELECT sealed FROM mails WHERE id = $1) WHERE id = $2", first, second
    )
    async with posting(temporal, database, settings, tmp_path) as queue:
        handle = await temporal.start_workflow(
            SendMail.run, MailOrder(mail_id=second), id=f"mail/{second}", task_queue=queue
        )

        async def failed() -> bool:
            pending = (await handle.describe()).raw_description.pending_activities
            return bool(pending and pending[0].last_failure.message)

        await until(failed)
        await handle.terminate("seen")
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert files(tmp_path) == []
