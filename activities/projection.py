"""The projection of runs in PostgreSQL."""

from temporalio import activity

from db import runs
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.payloads import Settle


class Projection:
    """Writes runs where they are read. Every write is idempotent and never takes a row back in time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="settle")
    async def settle(self, message: Settle) -> None:
        """Make sure that the projection holds these changes of one person's runs."""
        run = message.changes[0].run
        caller = Caller(tenant_id=run.tenant_id, user_id=run.user_id, role=Role.USER)
        try:
            await runs.project(self._database, caller, *message.changes)
        except runs.PersonGone:
            activity.logger.info("nothing to settle: the person is gone")
