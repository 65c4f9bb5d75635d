"""Mails go out."""

from contextlib import suppress

import msgspec
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from db import mails
from db.pool import Database
from db.tenant import POSTMAN
from onboarding.payloads import MailOrder, MailSweep, SweepReport
from runtime import mail
from runtime.addresses import mail_workflow_id
from runtime.encryption import Keys, Sealed
from runtime.mail import Mail, MailRefused, MailSender, MailServerAway


class Mails:
    """Sends what is written in `mails`. A mail leaves the table when it has gone out, or never will."""

    def __init__(self, database: Database, keys: Keys, sender: MailSender, client: Client) -> None:
        self._database = database
        self._keys = keys
        self._sender = sender
        self._client = client

    @property
    def go_out(self) -> bool:
        """Whether a mail that is written goes anywhere."""
        return self._sender.is_configured

    async def sealed(self, content: Mail) -> bytes:
        """A mail as it is written; before the transaction, since the key may be fetched from afar."""
        key = await self._keys.sealing(None)
        return msgspec.json.encode(key.seal(mail.encoded(content), mail.place(content.id)))

    async def order(self, mail_id: str) -> None:
        """Have a mail sent that was written, in an activity; twice is once."""
        with suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                "SendMail",
                MailOrder(mail_id=mail_id),
                id=mail_workflow_id(mail_id),
                task_queue=activity.info().task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

    @activity.defn(name="send_mail")
    async def send_mail(self, order: MailOrder) -> bool:
        """Send a mail, unless it has gone out or is to nobody.

        Returns:
            Whether this call sent it.

        Raises:
            ApplicationError: the server is away; Temporal tries again.
        """
        async with self._database.transaction(POSTMAN) as connection:
            sealed = await mails.read(connection, order.mail_id)
        sent = sealed is not None and await self._send(order.mail_id, sealed)
        async with self._database.transaction(POSTMAN) as connection:
            await mails.remove(connection, order.mail_id)
        return sent

    @activity.defn(name="post_left_mails")
    async def post_left_mails(self, sweep: MailSweep) -> SweepReport:
        """Order what was written and not ordered, because Temporal was away then; drop what is too old."""
        async with self._database.transaction(POSTMAN) as connection:
            dropped = await mails.purge(connection)
            left = await mails.left(connection, sweep.older_than_seconds)
        for mail_id in left:
            activity.heartbeat()
            await self.order(mail_id)
        return SweepReport(seen=len(left) + dropped, changed=len(left) + dropped)

    async def _send(self, mail_id: str, sealed: bytes) -> bool:
        box = msgspec.json.decode(sealed, type=Sealed)
        content = (await self._keys.opening(box.key_id)).open(box, mail.place(mail_id))
        try:
            await self._sender.send(mail.decoded(content))
        except MailServerAway as error:
            # Only the kind: the words of a mail server may name the person.
            raise ApplicationError("the mail server is away", type=str(error)) from None
        except MailRefused as error:
            activity.logger.warning("a mail was refused for good: %s (%s)", mail_id, error)
            return False
        return True
