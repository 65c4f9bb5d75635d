"""A tenant whose alerts arrive at a real mail server and at a stand-in of Slack."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.alerts import WEBHOOK_PLACE, Alerts
from db import alerts, events
from db.pool import Database
from db.tenant import Context, monitor
from onboarding.monitoring import Severity
from onboarding.payloads import AlertSweep, SweepReport
from runtime.addresses import alert_workflow_id
from runtime.encryption import Keys
from runtime.mail import MailSender
from runtime.settings import Settings
from runtime.slack import Slack
from tests.db.given import Person
from tests.runtime.test_mail import Mailbox
from tests.slack_server import SlackServer
from tests.stack import until
from workflows.alerts import PostAlerts


class World(Struct, frozen=True, kw_only=True):
    """Somebody's tenant, a worker for its alerts, and where they arrive."""

    person: Person
    database: Database
    admin: asyncpg.Connection
    temporal: Client
    queue: str
    mailbox: Mailbox
    slack: SlackServer
    keys: Keys

    @property
    def tenant_id(self) -> str:
        """Whose alerts these are."""
        return self.person.tenant_id

    async def configure(self, *emails: str, slack: bool = False, **settings: Any) -> None:
        """Have alerts sent to these, and to nobody else."""
        place = f"{WEBHOOK_PLACE}/{self.tenant_id}".encode()
        sealed = (await self.keys.sealing(None)).seal(self.slack.url.encode(), place)
        chosen = {
            "alert_email_enabled": bool(emails),
            "alert_email_recipients": emails,
            "alert_slack_enabled": slack,
            **settings,
        }
        await self.admin.execute(
            """
            INSERT INTO monitoring_configs (tenant_id, global_settings, sealed_slack_webhook)
            VALUES ($1, $2, CASE WHEN $4 THEN $3::jsonb END)
            ON CONFLICT (tenant_id) DO UPDATE SET global_settings = EXCLUDED.global_settings,
              sealed_slack_webhook = EXCLUDED.sealed_slack_webhook
            """,
            self.tenant_id,
            msgspec.json.encode(chosen).decode(),
            msgspec.json.encode(sealed).decode(),
            slack,
        )

    async def note(
        self, severity: Severity = "high", as_whom: Context | None = None, detail_type: str = "x"
    ) -> None:
        """Write an event."""
        async with self.database.transaction(as_whom or monitor(self.tenant_id)) as conn:
            await self.note_in(conn, severity, detail_type)

    async def note_in(self, conn: Any, severity: Severity = "high", detail_type: str = "x") -> None:
        """Write an event in a transaction that is open."""
        await events.note(
            conn,
            tenant_id=self.tenant_id,
            source="gangway.auth",
            detail_type=detail_type,
            severity=severity,
            detail={"text": detail_type},
        )

    async def rows(self) -> list[alerts.Alert]:
        """The tenant's alerts, oldest first."""
        async with self.database.transaction(monitor(self.tenant_id)) as conn:
            found = await alerts.listed(conn, self.tenant_id, statuses=(), before=None, limit=1000)
        return found[::-1]

    async def told(self) -> list[tuple[str | None, str, str | None]]:
        """To whom, what became of it and why; Slack last."""
        rows = await self.rows()
        return sorted(
            ((each.recipient, each.status, each.last_error) for each in rows),
            key=lambda each: each[0] or "~",
        )

    async def run(self, workflow: Any, argument: Any, id: str | None = None) -> Any:
        """Run a workflow to its end."""
        id = id or f"test/{uuid.uuid4()}"
        return await self.temporal.execute_workflow(workflow, argument, id=id, task_queue=self.queue)

    async def post(self) -> SweepReport:
        """One look at what waits."""
        return await self.run(PostAlerts.run, AlertSweep())

    async def posted(self) -> None:
        """Have all that waits sent, or given up."""
        await self.post()

        async def settled() -> bool:
            return all(each.status != "waiting" for each in await self.rows())

        await until(settled)

    async def due(self) -> None:
        """Let so much time pass that what was claimed is due again."""
        await self.admin.execute("UPDATE alerts SET due_at = now() WHERE tenant_id = $1", self.tenant_id)

    def handle(self, alert: alerts.Alert) -> WorkflowHandle[Any, Any]:
        """The workflow of an alert."""
        return self.temporal.get_workflow_handle(alert_workflow_id(alert.id))


@asynccontextmanager
async def working(
    database: Database, temporal: Client, keys: Keys, settings: Settings, queue: str
) -> AsyncGenerator[Alerts]:
    """A worker for alerts, with the workflows of the client's plugin."""
    acting = Alerts(database, keys, MailSender(settings), Slack(settings), temporal)
    activities = [acting.send_alert, acting.post_alerts, acting.write_reports]
    async with Worker(temporal, task_queue=queue, activities=activities):
        yield acting
