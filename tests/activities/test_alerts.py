"""Alerts: written with their events, sent once each, and told honestly when they are not."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from aiosmtpd.controller import Controller
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from activities.alerts import Alerts
from cli.embedded.ports import free_ports
from db import ai_usage, alerts, events, reports, runs, tenants
from db.pool import Database
from db.tenant import POSTMAN, SIGN_IN, Context, Internal, ingest, monitor, sweeper
from onboarding.access import Role
from onboarding.ai_money import Limits
from onboarding.monitoring import Severity
from onboarding.payloads import AlertOrder, ReportSweep
from runtime.encryption import Keys
from runtime.mail import MailSender
from runtime.settings import Settings
from runtime.slack import Slack
from tests.activities.alerting import World, working
from tests.db.full import empty
from tests.db.given import Person, abandoned, completed, register
from tests.runtime.test_mail import Mailbox
from tests.slack_server import silence, slack_server, status
from tests.stack import until
from workflows.alerts import DailyReport, SendAlert

ADA, BOB = "ada@example.org", "bob@example.org"
HOSTILE = 'a\t"b"\r\nBcc: eve@example.org <!channel> <https://x.org|y>'


@pytest.fixture
async def world(
    database: Database,
    admin: asyncpg.Connection,
    temporal: Client,
    keys: Keys,
    settings: Settings,
    person: Person,
) -> AsyncIterator[World]:
    """A tenant of which nothing is configured yet, and the only one that has anything to be told."""
    await admin.execute("DELETE FROM alerts")
    await admin.execute("UPDATE monitoring_configs SET global_settings = '{}'")
    queue, mailbox = f"alerts-{uuid.uuid4()}", Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_ports(1)[0])
    controller.start()
    settings = replace(settings, smtp_url=f"smtp://127.0.0.1:{controller.port}")
    async with slack_server() as slack, working(database, temporal, keys, settings, queue):
        yield World(
            person=person,
            database=database,
            admin=admin,
            temporal=temporal,
            queue=queue,
            mailbox=mailbox,
            slack=slack,
            keys=keys,
        )
    controller.stop()


async def test_sent_once_to_each(world: World) -> None:
    """An event goes to each recipient once, by mail and to Slack, and looking again sends nothing more."""
    await world.configure(ADA, BOB, slack=True)
    await world.note()
    await world.posted()
    await world.due()
    await world.post()
    assert await world.told() == [(ADA, "sent", None), (BOB, "sent", None), (None, "sent", None)]
    assert sorted(mail["To"] for mail in world.mailbox.taken) == [ADA, BOB]
    assert len(world.slack.posts) == 1
    ids = {each.recipient: each.id for each in await world.rows()}
    for mail in world.mailbox.taken:
        assert mail["Message-ID"].startswith(f"<{ids[str(mail['To'])]}@")


async def test_hostile_words_arrive_harmless(world: World) -> None:
    """Quotes, tabs, line breaks and markup in an event are read, and do nothing."""
    await world.configure(ADA, slack=True)
    await world.note("critical", detail_type=HOSTILE)
    await world.posted()
    (mail,) = world.mailbox.taken
    assert mail["Bcc"] is None
    subject = " ".join(str(mail["Subject"]).split())
    assert subject == ('[Gangway] Critical: a\\t"b"\\r\\nBcc: eve@example.org <!channel> <https[:]//x.org|y>')
    (post,) = world.slack.posts
    text = msgspec.json.encode(post.body).decode()
    assert "<" not in text
    assert "&lt;!channel&gt; &lt;https[:]//x.org|y&gt;" in text


@pytest.mark.parametrize(
    ("severity", "alerted"), [("critical", 1), ("high", 1), ("medium", 0), ("low", 0), ("unknown", 0)]
)
async def test_which_events_alert(world: World, severity: Severity, alerted: int) -> None:
    """High and critical events alert; all others do not."""
    await world.configure(ADA)
    await world.note(severity)
    assert len(await world.rows()) == alerted


async def test_whoever_writes_the_event(world: World) -> None:
    """Whoever writes an event alerts, acts as itself afterwards, and sees alerts only where it may anyway."""
    await world.configure(ADA)
    tenant_id = world.tenant_id
    writers: list[Context] = [
        *(world.person.caller(role) for role in Role),
        SIGN_IN,
        Internal(role="issuer", tenant_id=tenant_id),
        Internal(role="operator", tenant_id=tenant_id),
        sweeper(tenant_id),
        ingest(tenant_id),
        monitor(tenant_id),
    ]
    for writer in writers:
        async with world.database.transaction(writer) as conn:
            before = await conn.fetchrow("SELECT app_role(), app_tenant(), app_user()")
            await world.note_in(conn)
            assert await conn.fetchrow("SELECT app_role(), app_tenant(), app_user()") == before
            seen = await conn.fetchval("SELECT count(*) FROM alerts")
            assert bool(seen) is (str(writer.role) in ("admin", "sweeper", "monitor")), writer
    assert len(await world.rows()) == len(writers)


async def test_a_spent_budget_alerts(world: World) -> None:
    """An event that the database itself writes alerts too."""
    await world.configure(ADA)
    reservation = await ai_usage.reserve(
        world.database,
        world.person.caller(),
        run_id=None,
        purpose="chat",
        model="m",
        input_tokens=1,
        cost=10,
        limits=Limits(run=1, day=1, month=100),
    )
    assert reservation.refused == "day"
    assert len(await world.rows()) == 1


async def test_in_the_transaction_of_the_event(world: World) -> None:
    """An event that is rolled back alerts nobody, and one that is deleted takes its alerts along."""
    await world.configure(ADA)
    async with world.database.transaction(monitor(world.tenant_id)) as conn:
        await conn.execute("SAVEPOINT before")
        await world.note_in(conn)
        assert await conn.fetchval("SELECT count(*) FROM alerts") == 1
        await conn.execute("ROLLBACK TO before")
    assert await world.rows() == []
    await world.note()
    async with world.database.transaction(sweeper(world.tenant_id)) as conn:
        await conn.execute("DELETE FROM events WHERE tenant_id = $1", world.tenant_id)
    assert await world.rows() == []


async def test_an_event_that_comes_again(world: World) -> None:
    """A redelivered event alerts nobody a second time."""
    await world.configure(ADA)
    arrived = events.Arrived(
        id=str(uuid.uuid4()),
        source="aws.guardduty",
        detail_type="x",
        detail={},
        severity_level=4,
        published_at=datetime.now(UTC),
    )
    for _ in range(2):
        async with world.database.transaction(ingest(world.tenant_id)) as conn:
            await events.arrive(conn, world.tenant_id, [arrived])
    assert len(await world.rows()) == 1


@pytest.mark.parametrize(
    "chosen",
    [
        {"alert_email_enabled": "true", "alert_email_recipients": [ADA]},
        {"alert_email_enabled": True, "alert_email_recipients": ADA},
        {"alert_email_enabled": True, "alert_email_recipients": {"a": ADA}},
        {"alert_email_enabled": True, "alert_email_recipients": None},
        {"alert_email_enabled": True, "alert_email_recipients": ["x" * 400]},
        {"alert_slack_enabled": 1},
        {"alert_slack_enabled": True},
        {"alert_email_enabled": False, "alert_email_recipients": [ADA]},
    ],
    ids=["text", "no list", "object", "null", "too long", "number", "no webhook", "off"],
)
async def test_settings_never_stop_an_event(world: World, chosen: dict[str, Any]) -> None:
    """Whatever stands in the settings, the event is written; where they do not say so, nobody is alerted."""
    await world.configure(**chosen)
    await world.note()
    assert await world.rows() == []
    written = await world.admin.fetchval("SELECT count(*) FROM events WHERE tenant_id = $1", world.tenant_id)
    assert written == 1


async def test_overlapping_looks(world: World) -> None:
    """Of many that look at once for what waits, one starts an alert, and each arrives once."""
    await world.configure(ADA, slack=True)
    for _ in range(10):
        await world.note()
    await asyncio.gather(*(world.post() for _ in range(5)))
    await world.posted()
    assert len(world.mailbox.taken) == 10
    assert len({mail["Message-ID"] for mail in world.mailbox.taken}) == 10
    assert len(world.slack.posts) == 10
    assert {each.attempts for each in await world.rows()} == {1}


async def test_one_after_the_other(world: World) -> None:
    """What is settled stays so: an alert that has gone out is not sent by whoever comes later."""
    await world.configure(slack=True)
    await world.note()
    (alert,) = await world.rows()
    order = AlertOrder(alert_id=alert.id, tenant_id=world.tenant_id)
    assert [await world.run(SendAlert.run, order) for _ in range(2)] == [True, False]
    assert len(world.slack.posts) == 1


async def test_slack_is_down_for_a_while(world: World) -> None:
    """Errors of Slack are tried again until it takes the message."""
    world.slack.answers = [status(500), status(429, Retry_After="1"), status(200)]
    await world.configure(slack=True)
    await world.note()
    await world.posted()
    (alert,) = await world.rows()
    assert (alert.status, alert.attempts, alert.last_error) == ("sent", 3, None)
    assert len(world.slack.posts) == 3


async def test_slack_says_when(world: World) -> None:
    """Who answers 429 with `Retry-After` is not asked before that time; the row says what went wrong."""
    world.slack.answers = [status(429, Retry_After="600")]
    await world.configure(slack=True)
    await world.note()
    await world.post()
    (alert,) = await world.rows()

    async def waits() -> Any:
        found = (await world.handle(alert).describe()).raw_description.pending_activities
        return found[0] if found and found[0].HasField("current_retry_interval") else None

    pending = await until(waits)
    assert pending.current_retry_interval.seconds == 600
    (alert,) = await world.rows()
    assert (alert.status, alert.attempts, alert.last_error) == ("waiting", 1, "http_429")
    await world.handle(alert).terminate("seen")


@pytest.mark.parametrize("code", [302, 404])
async def test_slack_refuses(world: World, code: int) -> None:
    """What Slack will never take is given up, and the row says why."""
    world.slack.answers = [status(code, Location="http://127.0.0.1/")]
    await world.configure(slack=True)
    await world.note()
    await world.posted()
    assert await world.told() == [(None, "failed", f"http_{code}")]
    assert len(world.slack.posts) == 1


async def test_one_recipient_is_refused(world: World) -> None:
    """What the mail server will never take is given up; all others arrive."""
    await world.configure(ADA, "nobody\n@example.org")
    await world.note()
    await world.posted()
    assert await world.told() == [(ADA, "sent", None), ("nobody\n@example.org", "failed", "mail_refused")]


async def test_the_mail_server_is_away(world: World) -> None:
    """A mail server that asks to come back is asked again."""
    world.mailbox.answer = "451 later"
    await world.configure(ADA)
    await world.note()
    await world.post()

    async def tried() -> bool:
        return [each.last_error for each in await world.rows()] == ["mail_server_away"]

    await until(tried)
    world.mailbox.answer = "250 OK"
    await world.posted()
    assert len(world.mailbox.taken) == 1


async def test_a_worker_dies_in_between(world: World, database: Database, settings: Settings, keys: Keys) -> None:
    """What a process was sending as it died is sent by another, once it is due again: it is never lost."""
    world.slack.answers = [silence, status(200)]
    await world.configure(slack=True)
    await world.note()
    (alert,) = await world.rows()
    order = AlertOrder(alert_id=alert.id, tenant_id=world.tenant_id)
    dying = Alerts(database, keys, MailSender(settings), Slack(settings), world.temporal)
    sending = asyncio.create_task(dying.send_alert(order))
    await until(lambda: world.slack.posts)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    (alert,) = await world.rows()
    assert (alert.status, alert.attempts) == ("waiting", 1)
    await world.post()
    assert len(world.slack.posts) == 1, "it may still be under way elsewhere"
    await world.due()
    await world.posted()
    assert await world.told() == [(None, "sent", None)]
    assert len(world.slack.posts) == 2


async def test_a_day_is_enough(world: World) -> None:
    """What nobody took for a day is given up without another try, and keeps the last reason."""
    await world.configure(ADA, BOB)
    await world.note()
    await world.admin.execute(
        """
        UPDATE alerts SET created_at = now() - interval '25 hours',
          last_error = CASE recipient WHEN $2 THEN 'timeout' END
        WHERE tenant_id = $1
        """,
        world.tenant_id,
        ADA,
    )
    await world.posted()
    assert await world.told() == [(ADA, "failed", "timeout"), (BOB, "failed", "too_late")]
    assert world.mailbox.taken == []


async def test_no_longer_wanted(world: World) -> None:
    """Who is taken from the settings before an alert goes out does not get it."""
    await world.configure(ADA, BOB, slack=True)
    await world.note()
    await world.configure(BOB)
    await world.posted()
    assert await world.told() == [
        (ADA, "failed", "no_longer_wanted"),
        (BOB, "sent", None),
        (None, "failed", "no_longer_wanted"),
    ]


async def test_a_deleted_event(world: World) -> None:
    """An event that an admin deletes before its alert goes out is not told any more."""
    await world.configure(ADA)
    await world.note()
    await world.admin.execute("UPDATE events SET deleted_at = now() WHERE tenant_id = $1", world.tenant_id)
    await world.posted()
    assert await world.told() == [(ADA, "failed", "event_gone")]


async def test_a_webhook_of_another_place(world: World) -> None:
    """An address that was sealed elsewhere, or is no sealed one, is not opened, and nothing is sent."""
    await world.configure(slack=True)
    elsewhere = (await world.keys.sealing(None)).seal(world.slack.url.encode(), b"elsewhere")
    for stored in (msgspec.json.encode(elsewhere), b'{"what": "ever"}'):
        await world.admin.execute(
            "UPDATE monitoring_configs SET sealed_slack_webhook = $2 WHERE tenant_id = $1",
            world.tenant_id,
            stored.decode(),
        )
        await world.note()
        await world.posted()
    assert await world.told() == [(None, "failed", "webhook_unreadable")] * 2
    assert world.slack.posts == []


async def test_without_a_mail_server(
    world: World, database: Database, temporal: Client, keys: Keys, settings: Settings
) -> None:
    """Where no mails go out, alerts by mail have failed, and nobody is told that they were sent."""
    await world.configure(ADA)
    await world.note()
    (alert,) = await world.rows()
    nowhere = replace(settings, smtp_url=None, mail_folder=None)
    acting = Alerts(database, keys, MailSender(nowhere), Slack(nowhere), temporal)
    assert not await acting.send_alert(AlertOrder(alert_id=alert.id, tenant_id=world.tenant_id))
    assert await world.told() == [(ADA, "failed", "mail_not_configured")]


async def test_a_storm(world: World) -> None:
    """In an hour a recipient gets sixty alerts; when it is over, one more tells how many there were besides."""
    await world.configure(ADA)
    async with world.database.transaction(monitor(world.tenant_id)) as conn:
        for number in range(183):
            await world.note_in(conn, "critical" if number % 2 else "high", "a storm")
        await world.note_in(conn, "high", "deleted since")
    since = "UPDATE events SET deleted_at = now() WHERE tenant_id = $1 AND detail_type = 'deleted since'"
    await world.admin.execute(since, world.tenant_id)
    assert len(await world.rows()) == 60
    async with world.database.transaction(POSTMAN) as conn:
        assert world.tenant_id not in {hour.tenant_id for hour in await alerts.full_hours(conn)}
    for table, times in (("events", ["created_at"]), ("alerts", ["created_at", "since"])):
        earlier = ", ".join(f"{time} = {time} - interval '2 hours'" for time in times)
        await world.admin.execute(f"UPDATE {table} SET {earlier} WHERE tenant_id = $1", world.tenant_id)
    await world.posted()
    await world.posted()
    (digest,) = [mail for mail in world.mailbox.taken if "more alerts" in str(mail["Subject"])]
    told: Any = digest
    assert told["Subject"] == "[Gangway] And 123 more alerts"
    assert "By severity: 61 critical, 62 high, 0 medium" in told.get_content()
    assert len(world.mailbox.taken) == 61
    assert [each.kind for each in await world.rows()].count("digest") == 1


async def test_a_storm_for_one(world: World) -> None:
    """The most of an hour is each recipient's own: one who is added later gets theirs."""
    await world.configure(ADA)
    async with world.database.transaction(monitor(world.tenant_id)) as conn:
        for _ in range(61):
            await world.note_in(conn)
        await world.configure(ADA, BOB)
        await world.note_in(conn)
    recipients = [each.recipient for each in await world.rows()]
    assert (recipients.count(ADA), recipients.count(BOB)) == (60, 1)


async def test_the_report_of_a_day(world: World) -> None:
    """Each recipient gets one report of a day, with what happened in it, however often it is written."""
    day, tenant_id = date(2026, 3, 2), world.tenant_id
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    await world.note("medium")
    await world.note("critical", detail_type="a fire")
    await world.admin.execute("UPDATE events SET created_at = $2 WHERE tenant_id = $1", tenant_id, noon)
    await world.note("critical", detail_type="another day")
    before = completed(world.person, noon - timedelta(days=1))
    for changes in (before, abandoned(world.person, now=noon), completed(world.person, now=noon)):
        await runs.project(world.database, world.person.caller(), *changes)
    await world.configure(ADA, BOB, slack=True)
    days_ago = (datetime.now(UTC).date() - day).days
    for _ in range(2):
        await world.run(DailyReport.run, ReportSweep(days_ago=days_ago))
    await world.posted()
    assert [each.kind for each in await world.rows()] == ["report"] * 3
    assert sorted(mail["To"] for mail in world.mailbox.taken) == [ADA, BOB]
    mail: Any = world.mailbox.taken[0]
    assert mail["Subject"] == "[Gangway] Report of 2026-03-02"
    lines = mail.get_content().splitlines()
    assert "Events: 2" in lines
    assert "By severity: 1 critical, 0 high, 1 medium, 0 low, 0 unknown" in lines
    assert "Runs: 2 started, 1 completed, 1 abandoned" in lines
    assert "AI cost: 0.00 USD" in lines
    assert "Critical: 1 x a fire (gangway.auth)" in lines
    assert "another day" not in mail.get_content()
    (post,) = world.slack.posts
    assert post.body["text"] == "Report of 2026-03-02"


async def test_no_report_for_who_wants_none(world: World) -> None:
    """A tenant without alerts gets no reports either."""
    await world.run(DailyReport.run, ReportSweep())
    assert await world.rows() == []


async def test_where_a_day_ends(world: World) -> None:
    """A day is one of UTC, from its first moment to its last; what was deleted is not counted."""
    tenant_id = world.tenant_id
    within = ["2026-03-02 00:00:00+00", "2026-03-02 23:59:59.999999+00"]
    without = ["2026-03-01 23:59:59.999999+00", "2026-03-03 00:00:00+00", "2026-03-02 12:00:00+00"]
    for moment in (*within, *without):
        await world.note("low", detail_type=moment)
    await world.admin.execute(
        """
        UPDATE events SET created_at = detail_type::timestamptz,
          deleted_at = CASE WHEN detail_type LIKE '%12:00%' THEN now() END
        WHERE tenant_id = $1
        """,
        tenant_id,
    )
    async with world.database.transaction(monitor(tenant_id)) as conn:
        figures = (await reports.of_day(conn, tenant_id, date(2026, 3, 2))).events
    assert [group.detail_type for group in figures.groups] == within
    assert (figures.total, figures.severities, figures.sources) == (2, {"low": 2}, [("gangway.auth", 2)])


async def test_history_says_nothing(world: World) -> None:
    """No history holds an address, a recipient or a word of an event, opened or not."""
    await world.configure(ADA, slack=True)
    await world.note(detail_type="canary-words")
    await world.posted()
    codec: Any = world.temporal.data_converter.payload_codec
    for alert in await world.rows():
        handle = world.handle(alert)

        async def closed(handle: WorkflowHandle[Any, Any] = handle) -> bool:
            return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

        await until(closed)
        seen: list[Any] = []
        for event in (await handle.fetch_history()).events:
            assert not [word for word in (b"canary", b"ada@", b"127.0.0.1") if word in event.SerializeToString()]
            started = event.workflow_execution_started_event_attributes
            scheduled = event.activity_task_scheduled_event_attributes
            for payloads in (started.input.payloads, scheduled.input.payloads):
                seen += await codec.decode(list(payloads)) if payloads else []
        ids = {"alert_id": alert.id, "tenant_id": world.tenant_id}
        assert [msgspec.json.decode(each.data) for each in seen] == [ids] * 2


async def test_old_alerts_go(world: World) -> None:
    """Three months later nobody asks what was sent."""
    await world.configure(ADA)
    for _ in range(2):
        await world.note()
    old, new = await world.rows()
    await world.admin.execute("UPDATE alerts SET created_at = now() - interval '91 days' WHERE id = $1", old.id)
    async with world.database.transaction(sweeper(world.tenant_id)) as conn:
        assert await alerts.purge(conn) == 1
    assert [each.id for each in await world.rows()] == [new.id]


async def test_another_tenants_recipients(world: World) -> None:
    """An event alerts its own tenant's staff, whoever else has alerts."""
    await world.configure(ADA)
    async with world.database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, str(uuid.uuid4()), "Another")
        stranger = await register(conn, tenant.id)
    elsewhere = World(**{**{n: getattr(world, n) for n in World.__struct_fields__}, "person": stranger})
    await elsewhere.note("critical")
    assert await world.rows() == []
    assert await elsewhere.rows() == []
    await empty(world.admin, tenant.id)
