"""Reminders to silent people."""

from typing import Any

from temporalio import activity
from temporalio.service import RPCError
from uuid_utils.compat import uuid7

from activities.mail import Mails
from db import mails, notifications, users
from db.pool import Database
from db.users import User
from onboarding.access import Caller, Role
from onboarding.payloads import Reminder
from runtime.mail import Mail

LETTERS = {
    "en": (
        "Your onboarding is waiting for you",
        "What you have answered so far is kept. Go on where you stopped:\n{link}\n\n"
        "If you would rather not be reminded, switch reminders off in your profile.\n",
    ),
    "es": (
        "Su incorporación le espera",
        "Lo que ha respondido hasta ahora está guardado. Siga donde lo dejó:\n{link}\n\n"
        "Si prefiere que no se lo recordemos, desactive los recordatorios en su perfil.\n",
    ),
}


class Reminders:
    """Leaves reminders where the person's frontend shows them, and where mails go out, sends one."""

    def __init__(self, database: Database, post: Mails | None = None, link: str = "") -> None:
        """Without `post` no mail is written; `link` is the address of the frontend."""
        self._database = database
        self._post = post
        self._link = link

    @activity.defn(name="remind")
    async def remind(self, reminder: Reminder) -> bool:
        """Leave a notification and write a mail, once for each reminder, unless the person wants none.

        Returns:
            Whether this call left it; False for a repeat, an opt-out, or a person who is gone.
        """
        caller = Caller(tenant_id=reminder.tenant_id, user_id=reminder.user_id, role=Role.USER)
        async with self._database.transaction(caller) as connection:
            user = await users.by_id(connection, reminder.user_id)
        if user is None or not _wants(user):
            return False
        mail = self._mail(user)
        sealed = await self._post.sealed(mail) if self._post and mail else None
        async with self._database.transaction(caller) as connection:
            user = await users.by_id(connection, reminder.user_id)
            if user is None or not _wants(user):
                return False
            of = {"tenant_id": reminder.tenant_id, "user_id": reminder.user_id}
            left = await notifications.add(connection, **of, run_id=reminder.run_id, **_told(reminder))
            if left and mail and sealed:
                await mails.write(connection, **of, id=mail.id, sealed=sealed)
        if left and self._post and mail:
            await _order(self._post, mail.id)
        return left

    def _mail(self, user: User) -> Mail | None:
        if not user.email or self._post is None or not self._post.go_out:
            return None
        subject, text = LETTERS.get(user.locale, LETTERS["en"])
        return Mail(id=str(uuid7()), to=user.email, subject=subject, text=text.format(link=self._link))


async def _order(post: Mails, mail_id: str) -> None:
    try:
        await post.order(mail_id)
    except RPCError as error:  # It is written: the schedule finds it.
        activity.logger.warning("a reminder's mail waits: %s", error.status.name)


def _wants(user: User) -> bool:
    return user.is_active and user.reminders_enabled


def _told(reminder: Reminder) -> dict[str, Any]:
    of_the_run = f"{reminder.run_id}/{reminder.since.isoformat()}"
    if reminder.nudge:
        return {
            "kind": "onboarding_nudge",
            "body": {"flow": reminder.flow},
            "dedupe_key": f"nudge/{of_the_run}",
        }
    return {
        "kind": "onboarding_reminder",
        "body": {"flow": reminder.flow, "number": reminder.number},
        "dedupe_key": f"reminder/{of_the_run}/{reminder.number}",
    }
