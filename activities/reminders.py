"""Reminders to silent people."""

from typing import Any

from temporalio import activity

from db import notifications, users
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.payloads import Reminder


class Reminders:
    """Leaves reminders where the person's frontend shows them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="remind")
    async def remind(self, reminder: Reminder) -> bool:
        """Leave a notification, once for each reminder, unless the person wants none.

        Returns:
            Whether this call left it; False for a repeat, an opt-out, or a person who is gone.
        """
        caller = Caller(tenant_id=reminder.tenant_id, user_id=reminder.user_id, role=Role.USER)
        async with self._database.transaction(caller) as connection:
            user = await users.by_id(connection, reminder.user_id)
            if user is None or not user.is_active or not user.reminders_enabled:
                return False
            return await notifications.add(
                connection,
                tenant_id=reminder.tenant_id,
                user_id=reminder.user_id,
                run_id=reminder.run_id,
                **_told(reminder),
            )


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
