"""Alerts go out, by mail and to Slack."""

import asyncio
from datetime import timedelta
from typing import NoReturn

import msgspec
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from db import alerts, monitoring, reports, tenants
from db.alerts import Alert
from db.pool import Connection, Database
from db.tenant import POSTMAN, monitor, sweeper
from onboarding import alerting
from onboarding.alerting import Notice
from onboarding.payloads import AlertOrder, AlertSweep, ReportOrder, SweepReport
from runtime.addresses import alert_workflow_id
from runtime.encryption import CannotOpen, Keys, Sealed
from runtime.mail import Mail, MailRefused, MailSender, MailServerAway
from runtime.slack import Slack, SlackAway, SlackRefused

WEBHOOK_PLACE = "monitoring_configs.sealed_slack_webhook"
PAGE = 200
SEND_SECONDS = 20.0
"""Less than an attempt has: one that Temporal gives up has ended, and none goes out beside the next."""

RETRIED_AFTER_SECONDS = 2 * 3600
"""When one is looked for again that a workflow is trying to send: longer than any wait between its attempts."""


class Undeliverable(Exception):
    """An alert will never go out; the message is the word that admins see."""


class Later(Exception):
    """It did not go out now: `reason` is the word that admins see, `wait` the seconds that somebody asked for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Alerts:
    """Sends what stands in `alerts`."""

    def __init__(self, database: Database, keys: Keys, sender: MailSender, slack: Slack, client: Client) -> None:
        self._database = database
        self._keys = keys
        self._sender = sender
        self._slack = slack
        self._client = client

    @activity.defn(name="send_alert")
    async def send_alert(self, order: AlertOrder) -> bool:
        """Send an alert that is waiting. One that nobody took for a day is given up.

        Returns:
            Whether this call sent it.

        Raises:
            ApplicationError: not now; Temporal tries again, and not before whoever refused it allows.
        """
        async with self._database.transaction(monitor(order.tenant_id)) as connection:
            alert = await alerts.take(connection, order.tenant_id, order.alert_id, RETRIED_AFTER_SECONDS)
        if alert is None:
            return False
        try:
            if alert.overdue:
                raise Undeliverable(alert.last_error or "too_late")
            await self._send(order.tenant_id, alert)
        except Undeliverable as error:
            await self._not_sent(order, str(error), final=True)
            activity.logger.warning("alert %s will not be sent: %s", alert.id, error)
            return False
        except Later as error:
            await self._not_sent(order, str(error), final=False)
            _try_again(error)
        async with self._database.transaction(monitor(order.tenant_id)) as connection:
            await alerts.sent(connection, order.tenant_id, alert.id)
        return True

    @activity.defn(name="post_alerts")
    async def post_alerts(self, sweep: AlertSweep) -> SweepReport:
        """Order what waits, and write the digests of hours that were full. What is too much now comes next."""
        digests, ordered = await self._write_digests(), 0
        while ordered < sweep.at_most:
            async with self._database.transaction(POSTMAN) as connection:
                page = await alerts.claim(
                    connection, min(PAGE, sweep.at_most - ordered), sweep.again_after_seconds
                )
            for each in page:
                activity.heartbeat()
                await self._order(AlertOrder(alert_id=each.id, tenant_id=each.tenant_id))
            ordered += len(page)
            if len(page) < PAGE:
                break
        return SweepReport(seen=ordered, changed=digests)

    @activity.defn(name="write_reports")
    async def write_reports(self, order: ReportOrder) -> SweepReport:
        """Write the report of a day for every tenant that has alerts; twice is once."""
        details = activity.info().heartbeat_details
        after = str(details[0]) if details else ""
        async with self._database.transaction(sweeper()) as connection:
            left = [each for each in await tenants.all_ids(connection) if each > after]
        written = 0
        for tenant_id in left:
            async with self._database.transaction(monitor(tenant_id)) as connection:
                written += await alerts.add_reports(connection, tenant_id, order.day)
            activity.heartbeat(tenant_id)
        return SweepReport(seen=len(left), changed=written)

    async def _order(self, order: AlertOrder) -> None:
        try:
            await self._client.start_workflow(
                "SendAlert",
                order,
                id=alert_workflow_id(order.alert_id),
                task_queue=activity.info().task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
        except WorkflowAlreadyStartedError:
            return

    async def _write_digests(self) -> int:
        async with self._database.transaction(POSTMAN) as connection:
            hours = await alerts.full_hours(connection)
        written = 0
        for hour in hours:
            activity.heartbeat()
            async with self._database.transaction(monitor(hour.tenant_id)) as connection:
                written += await alerts.add_digest(connection, hour)
        return written

    async def _send(self, tenant_id: str, alert: Alert) -> None:
        async with self._database.transaction(monitor(tenant_id)) as connection:
            settings = (await monitoring.get(connection, tenant_id)).global_settings
            webhook = await monitoring.sealed_webhook(connection, tenant_id)
            notice = await _notice(connection, tenant_id, alert)
        if alert.channel == "slack":
            if not settings.alert_slack_enabled or webhook is None:
                raise Undeliverable("no_longer_wanted")
            await self._post(tenant_id, webhook, notice)
        elif not settings.alert_email_enabled or alert.recipient not in settings.alert_email_recipients:
            raise Undeliverable("no_longer_wanted")
        else:
            await self._mail(alert.id, alert.recipient, notice)

    async def _mail(self, alert_id: str, to: str, notice: Notice) -> None:
        """By an id that a repeat has too, so that mail servers know it again."""
        if not self._sender.is_configured:
            raise Undeliverable("mail_not_configured")
        subject, text = alerting.mail(notice)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._sender.send(Mail(id=alert_id, to=to, subject=subject, text=text))
        except TimeoutError:
            raise Later("timeout") from None
        except MailServerAway:
            raise Later("mail_server_away") from None
        except MailRefused:
            raise Undeliverable("mail_refused") from None

    async def _post(self, tenant_id: str, webhook: object, notice: Notice) -> None:
        """The address is in memory here, and nowhere else."""
        try:
            sealed = msgspec.convert(webhook, Sealed)
            key = await self._keys.opening(sealed.key_id)
            address = key.open(sealed, f"{WEBHOOK_PLACE}/{tenant_id}".encode()).decode()
        except (CannotOpen, msgspec.ValidationError, UnicodeDecodeError):
            raise Undeliverable("webhook_unreadable") from None
        try:
            await self._slack.post(address, alerting.slack(notice))
        except SlackAway as error:
            raise Later(str(error), error.wait) from None
        except SlackRefused as error:
            raise Undeliverable(str(error)) from None

    async def _not_sent(self, order: AlertOrder, error: str, *, final: bool) -> None:
        async with self._database.transaction(monitor(order.tenant_id)) as connection:
            await alerts.not_sent(connection, order.tenant_id, order.alert_id, error, final=final)


def _try_again(error: Later) -> NoReturn:
    wait = None if error.wait is None else timedelta(seconds=max(error.wait, 1.0))
    raise ApplicationError("the alert did not go out", type=str(error), next_retry_delay=wait) from None


async def _notice(connection: Connection, tenant_id: str, alert: Alert) -> Notice:
    """What it says.

    Raises:
        Undeliverable: its event was deleted.
    """
    if alert.kind == "event":
        event = alert.event_id and await alerts.event(connection, tenant_id, alert.event_id)
        if not event:
            raise Undeliverable("event_gone")
        return alerting.of_event(event)
    if alert.kind == "report":
        day = alert.since.date()
        return alerting.of_day(day, await reports.of_day(connection, tenant_id, day))
    hour = alerts.FullHour(tenant_id, alert.channel, alert.recipient, alert.since)
    return alerting.of_hour(alert.since, await reports.of_hour(connection, hour))
