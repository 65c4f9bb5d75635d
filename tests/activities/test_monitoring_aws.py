"""AWS accounts are looked at: each fit of an alarm is told once, as the tenant's configuration says."""

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities import aws_accounts as module
from activities.aws_accounts import AccountMonitor
from db import aws_accounts
from db.pool import Database
from onboarding.access import Role
from onboarding.payloads import AccountSweep, MonitorOrder, MonitorReport, SweepReport
from runtime import account_schedules, aws_keys
from runtime.account_schedules import PAUSED, Watch
from runtime.addresses import account_schedule_id
from runtime.aws import AccessKeys, Aws
from runtime.aws_errors import ALARMS, IDENTITY, TAGS
from runtime.encryption import Keys
from tests.aws_server import ACCOUNT, KEYS, REGION, ROLE, AwsServer, aws_server
from tests.db.given import Person
from tests.stack import until
from workflows import policies
from workflows.aws_accounts import MonitorAccount, RescheduleAccounts

Conn = asyncpg.Connection


@pytest.fixture
def server() -> Iterator[AwsServer]:
    with pytest.MonkeyPatch.context() as monkeypatch, aws_server(monkeypatch) as server:
        yield server


@pytest.fixture(scope="module")
async def aws() -> AsyncIterator[Aws]:
    aws = Aws()
    yield aws
    aws.close()
    await asyncio.to_thread(aws._threads.shutdown)


@pytest.fixture(scope="module")
async def queue(temporal: Client, database: Database, keys: Keys, aws: Aws) -> AsyncIterator[str]:
    """The queue of a worker that looks at accounts."""
    queue = f"accounts-{uuid.uuid4()}"
    looking = AccountMonitor(database, keys, aws, temporal)
    activities = [looking.look_at_alarms, looking.reschedule_accounts]
    async with Worker(temporal, task_queue=queue, activities=activities):
        yield queue


@pytest.fixture
async def account(database: Database, keys: Keys, person: Person) -> MonitorOrder:
    """An account that is entered by keys, of a tenant that has nothing configured."""
    return await added(database, keys, person, AccessKeys(**KEYS))


async def added(
    database: Database, keys: Keys, person: Person, own: AccessKeys | None, **fields: Any
) -> MonitorOrder:
    """An account as an admin adds it."""
    id = str(uuid.uuid4())
    sealed = own and msgspec.to_builtins(aws_keys.sealed(await keys.sealing(None), id, own))
    data: Any = {"account_name": "Production", "region": REGION, "ingest_token_hash": uuid.uuid4().bytes, **fields}
    data["key_data"] = {"access_key_id": "AKIA****", "sealed_secret": sealed} if own else None
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        await aws_accounts.create(
            conn, id=id, tenant_id=person.tenant_id, account_id=ACCOUNT, external_id="our-external-id", **data
        )
    return MonitorOrder(tenant_id=person.tenant_id, account_id=id)


async def change(database: Database, person: Person, order: MonitorOrder, **data: Any) -> None:
    """Change an account as an admin does."""
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        assert await aws_accounts.change(conn, order.tenant_id, order.account_id, **data)


async def configure(
    admin: Conn, order: MonitorOrder, general: dict[str, Any] | None = None, **service: Any
) -> None:
    """Set how the tenant is monitored."""
    await admin.execute(
        """
        INSERT INTO monitoring_configs (tenant_id, services, global_settings)
        VALUES ($1, $2::text::jsonb, $3::text::jsonb)
        ON CONFLICT (tenant_id) DO UPDATE SET services = $2::text::jsonb, global_settings = $3::text::jsonb,
          updated_at = clock_timestamp()
        """,
        order.tenant_id,
        json.dumps([{"service_name": "cloudwatch", **service}]),
        json.dumps(general or {}),
    )


async def look(temporal: Client, queue: str, order: MonitorOrder) -> MonitorReport:
    """One look, as the schedule starts it."""
    return await temporal.execute_workflow(MonitorAccount.run, order, id=f"look-{uuid.uuid4()}", task_queue=queue)


async def told(admin: Conn, order: MonitorOrder) -> list[str]:
    """The names of the alarms that became events, in the order of their fits."""
    rows = await admin.fetch(
        "SELECT detail->>'alarmName' FROM events WHERE tenant_id = $1 AND source = 'aws.cloudwatch'"
        " ORDER BY published_at, id",
        order.tenant_id,
    )
    return [row[0] for row in rows]


async def notes(admin: Conn, order: MonitorOrder) -> list[str]:
    """What became events of our own."""
    query = "SELECT detail_type FROM events WHERE tenant_id = $1 AND source = 'monitoring.aws' ORDER BY created_at"
    return [row[0] for row in await admin.fetch(query, order.tenant_id)]


async def status(admin: Conn, order: MonitorOrder) -> tuple[str, str | None]:
    """What the account's row says."""
    row = await admin.fetchrow("SELECT status, status_detail FROM aws_accounts WHERE id = $1", order.account_id)
    assert row is not None
    return row[0], row[1]


async def test_an_alarm_becomes_an_event(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder
) -> None:
    """What is in ALARM is told as EventBridge tells it: account, region, resource, severity, time, detail."""
    alarm = server.alarm("cpu", StateReason='5 > 3 "quoted"\t<b>', AlarmDescription="zero\0byte")
    assert await look(temporal, queue, account) == MonitorReport(outcome="looked", seen=1, told=1)
    row = await admin.fetchrow("SELECT * FROM events WHERE tenant_id = $1", account.tenant_id)
    assert row is not None
    assert (row["source"], row["detail_type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert (row["account"], row["region"], row["severity"], row["severity_level"]) == (ACCOUNT, REGION, "high", 3)
    assert json.loads(row["resources"]) == [alarm["AlarmArn"]]
    assert row["published_at"] == alarm["StateTransitionedTimestamp"]
    detail = json.loads(row["detail"])
    assert detail["state"]["value"] == "ALARM"
    assert detail["state"]["reason"] == '5 > 3 "quoted"\t<b>'
    assert detail["configuration"]["description"] == "zerobyte"
    metric = detail["configuration"]["metrics"][0]["metricStat"]["metric"]
    assert metric == {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "i-cpu"}}
    assert await status(admin, account) == ("connected", None)


async def test_each_fit_once(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder
) -> None:
    """However often and at once it is looked, a fit of an alarm is told once; the next fit is another."""
    alarm = server.alarm("cpu", ago=timedelta(minutes=3))
    reports = await asyncio.gather(*(look(temporal, queue, account) for _ in range(3)))
    assert sum(each.told for each in reports) == 1
    alarm["StateUpdatedTimestamp"] = datetime.now(UTC)  # the reason was updated, the state is the same
    assert (await look(temporal, queue, account)).told == 0
    alarm["StateTransitionedTimestamp"] += timedelta(minutes=2)
    assert (await look(temporal, queue, account)).told == 1
    assert await told(admin, account) == ["cpu", "cpu"]


async def test_windows_overlap(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder
) -> None:
    """The first look goes back as far as events are kept; the next ones a little behind the look before."""
    await configure(admin, account, {"data_retention_days": 7})
    server.alarm("forgotten", ago=timedelta(days=8))
    server.alarm("old", ago=timedelta(days=6))
    await look(temporal, queue, account)
    server.alarm("late", ago=timedelta(minutes=9))
    server.alarm("too late", ago=timedelta(hours=1))
    await look(temporal, queue, account)
    assert await told(admin, account) == ["old", "late"]


async def test_pages(temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder) -> None:
    """Every page is read."""
    server.page = 2
    for number in range(5):
        server.alarm(f"cpu-{number}", ago=timedelta(minutes=9 - number))
    assert (await look(temporal, queue, account)).told == 5
    assert await told(admin, account) == [f"cpu-{number}" for number in range(5)]


async def test_more_than_are_told(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder
) -> None:
    """Of more alarms than `max_alarms` the newest are told, and once that there are more."""
    await configure(admin, account, thresholds={"max_alarms": 2})
    for number in range(4):
        server.alarm(f"cpu-{number}", ago=timedelta(minutes=9 - number))
    await look(temporal, queue, account)
    await look(temporal, queue, account)
    assert await told(admin, account) == ["cpu-2", "cpu-3"]
    assert set(await notes(admin, account)) == {"Alarms Left Out"}


async def test_by_role(
    temporal: Client,
    queue: str,
    admin: Conn,
    server: AwsServer,
    database: Database,
    keys: Keys,
    person: Person,
) -> None:
    """An account without keys is entered by its role, with its own external id."""
    order = await added(database, keys, person, None, role_arn=ROLE)
    server.trusted[ROLE] = "our-external-id"
    server.alarm("cpu")
    assert (await look(temporal, queue, order)).told == 1
    server.trusted[ROLE] = "another"
    assert (await look(temporal, queue, order)).outcome == "failed"


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({"enabled": False}, []),
        ({"resource_filters": {"resource_types": ["aws/rds"]}}, ["db"]),
        ({"resource_filters": {"resource_ids": ["web"]}}, ["web"]),
        ({"resource_filters": {"resource_ids": ["i-web"]}}, ["web"]),
        ({"resource_filters": {"resource_ids": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:db"]}}, ["db"]),
        ({"resource_filters": {"tags": {"env": "prod"}}}, ["web"]),
        ({"resource_filters": {"tags": {"env": "prod"}, "resource_types": ["AWS/RDS"]}}, []),
        ({"thresholds": {"max_alarms": 1}}, ["db"]),
        ({"thresholds": {"max_alarms": "many"}}, ["web", "db"]),
    ],
)
async def test_the_configuration_decides(
    temporal: Client,
    queue: str,
    admin: Conn,
    server: AwsServer,
    account: MonitorOrder,
    service: dict[str, Any],
    expected: list[str],
) -> None:
    """What is watched is what the configuration says; another one shows at the next look, back to the start."""
    web = server.alarm("web", ago=timedelta(minutes=50))
    server.alarm("db", ago=timedelta(minutes=40), Namespace="AWS/RDS")
    server.tags[web["AlarmArn"]] = {"env": "prod", "team": "x"}
    await configure(admin, account, **service)
    await look(temporal, queue, account)
    assert await told(admin, account) == expected
    await configure(admin, account)
    await look(temporal, queue, account)
    assert await told(admin, account) == ["web", "db"]


async def test_tags_cost_a_call_each(
    temporal: Client,
    queue: str,
    admin: Conn,
    server: AwsServer,
    account: MonitorOrder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tags are asked for only where they matter, and of so many alarms only; that there are more is told."""
    for number in range(5):
        server.alarm(f"cpu-{number}")
    await look(temporal, queue, account)
    assert TAGS not in server.actions()
    monkeypatch.setattr(module, "TAGGED_AT_MOST", 2)
    await configure(admin, account, resource_filters={"tags": {"env": "prod"}})
    await look(temporal, queue, account)
    assert server.actions().count(TAGS) == 2
    assert await notes(admin, account) == ["Alarms Left Out"]


async def test_not_to_be_looked_at(
    temporal: Client,
    queue: str,
    admin: Conn,
    server: AwsServer,
    database: Database,
    account: MonitorOrder,
    person: Person,
) -> None:
    """An account that is not active, has no way in, or is gone, is not entered, and none of that is a failure."""
    await change(database, person, account, is_active=False)
    assert await look(temporal, queue, account) == MonitorReport(outcome="idle")
    await change(database, person, account, is_active=True, access_key_id=None, sealed_secret=None)
    assert await look(temporal, queue, account) == MonitorReport(outcome="idle")
    assert await notes(admin, account) == []
    gone = MonitorOrder(tenant_id=account.tenant_id, account_id=str(uuid.uuid4()))
    assert await look(temporal, queue, gone) == MonitorReport(outcome="idle")
    assert server.asked == []


@pytest.mark.parametrize(
    ("action", "code", "detail"),
    [
        (IDENTITY, "InvalidClientTokenId", "credentials"),
        (ALARMS, "AccessDenied", "cloudwatch:DescribeAlarms"),
    ],
)
async def test_refused(
    temporal: Client,
    queue: str,
    admin: Conn,
    server: AwsServer,
    account: MonitorOrder,
    action: str,
    code: str,
    detail: str,
) -> None:
    """What AWS refuses is not tried again; the row says why, and the change is an event, in both directions."""
    server.refuse[action] = 403, code
    for _ in range(2):
        assert (await look(temporal, queue, account)).outcome == "failed"
    assert server.actions().count(action) == 2
    found, why = await status(admin, account)
    assert found == "failed"
    assert detail in (why or "")
    assert "canary" not in (why or "")
    assert await notes(admin, account) == ["AWS Account Failed"]
    server.refuse.clear()
    server.alarm("cpu")
    assert (await look(temporal, queue, account)).told == 1
    assert await status(admin, account) == ("connected", None)
    assert await notes(admin, account) == ["AWS Account Failed", "AWS Account Works Again"]


async def test_keys_of_another_account(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder
) -> None:
    """Nothing is read with keys that turn out to be another account's."""
    server.keys[KEYS["access_key_id"]] = "444455556666"
    server.alarm("cpu")
    assert (await look(temporal, queue, account)).outcome == "failed"
    assert await told(admin, account) == []
    assert ALARMS not in server.actions()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempts of a look come soon one after the other; there are as many."""
    policy = replace(policies.LOOK["retry_policy"], initial_interval=timedelta(milliseconds=50))
    monkeypatch.setitem(policies.LOOK, "retry_policy", policy)


async def test_away_for_a_moment(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder, soon: None
) -> None:
    """What passes by itself is tried again, and leaves no trace when it has passed."""
    server.alarm("cpu")
    server.refuse_once[ALARMS] = 503, "ServiceUnavailable"
    assert (await look(temporal, queue, account)).told == 1
    assert server.actions().count(ALARMS) == 2
    assert await notes(admin, account) == []


async def test_away(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder, soon: None
) -> None:
    """An AWS that stays away is given up after three attempts, until the next look."""
    server.refuse[ALARMS] = 503, "ServiceUnavailable"
    assert (await look(temporal, queue, account)).outcome == "failed"
    assert server.actions().count(ALARMS) == 3
    assert await status(admin, account) == ("failed", "AWS did not answer.")
    assert await notes(admin, account) == ["AWS Account Failed"]


async def test_changed_meanwhile(
    temporal: Client,
    queue: str,
    admin: Conn,
    server: AwsServer,
    database: Database,
    account: MonitorOrder,
    person: Person,
) -> None:
    """What was seen of an account that was changed meanwhile is left to the next look."""
    server.alarm("cpu")
    held = server.held[ALARMS] = threading.Event()
    looking = asyncio.create_task(look(temporal, queue, account))
    await until(lambda: ALARMS in server.actions())
    await change(database, person, account, region="eu-west-1")
    held.set()
    assert await looking == MonitorReport(outcome="idle")
    assert (await told(admin, account), await status(admin, account)) == ([], ("untested", None))
    assert (await look(temporal, queue, account)).told == 1


async def test_history_says_nothing(
    temporal: Client, queue: str, server: AwsServer, account: MonitorOrder
) -> None:
    """The workflow's history holds ids and counts: no key, no alarm."""
    server.alarm("canary-alarm")
    id = f"look-{uuid.uuid4()}"
    await temporal.execute_workflow(MonitorAccount.run, account, id=id, task_queue=queue)
    seen: list[bytes] = []
    history = await temporal.get_workflow_handle(id).fetch_history()
    for event in history.events:
        for payloads in (
            event.workflow_execution_started_event_attributes.input.payloads,
            event.activity_task_scheduled_event_attributes.input.payloads,
            event.activity_task_completed_event_attributes.result.payloads,
            event.workflow_execution_completed_event_attributes.result.payloads,
        ):
            opened = await temporal.data_converter.payload_codec.decode(list(payloads)) if payloads else []  # type: ignore[union-attr]
            seen += [each.data for each in opened]
    assert [set(msgspec.json.decode(each)) for each in seen] == [
        *[{"tenant_id", "account_id"}] * 2,
        *[{"outcome", "seen", "told"}] * 2,
    ]


async def test_schedules_are_made_good(
    temporal: Client,
    queue: str,
    admin: Conn,
    database: Database,
    keys: Keys,
    people: list[Person],
    account: MonitorOrder,
) -> None:
    """A schedule that is not there is made, one that differs is changed, one of no account is deleted."""
    person = people[0]
    await configure(admin, account, polling_interval=60)
    orphan = Watch(tenant_id=person.tenant_id, account_id=str(uuid.uuid4()), every=300, runs=True)
    await account_schedules.keep(temporal, queue, orphan)
    handle = temporal.get_schedule_handle(account_schedule_id(account.tenant_id, account.account_id))

    async def swept() -> SweepReport:
        return await temporal.execute_workflow(
            RescheduleAccounts.run, AccountSweep(), id=f"sweep-{uuid.uuid4()}", task_queue=queue
        )

    try:
        await listed(temporal, orphan.id)
        await swept()
        assert (await handle.describe()).schedule.spec.intervals[0].every == timedelta(seconds=60)
        with pytest.raises(RPCError, match="not found"):
            await temporal.get_schedule_handle(orphan.id).describe()
        await listed(temporal, handle.id, timedelta(seconds=60))
        before = (await handle.describe()).info.last_updated_at
        await swept()
        assert (await handle.describe()).info.last_updated_at == before
        await configure(admin, account, polling_interval=60, enabled=False)
        await swept()
        state = (await handle.describe()).schedule.state
        assert (state.paused, state.note) == (True, PAUSED)
    finally:
        await account_schedules.drop(temporal, handle.id)
        await account_schedules.drop(temporal, orphan.id)


async def listed(temporal: Client, schedule_id: str, every: timedelta | None = None) -> None:
    """Wait until a schedule is in the list, and with its interval: each follows after a moment of its own."""

    async def there() -> bool:
        found = {each.id: each.schedule async for each in await temporal.list_schedules()}
        if every is None or schedule_id not in found:
            return schedule_id in found
        schedule = found[schedule_id]
        return schedule is not None and [each.every for each in schedule.spec.intervals] == [every]

    await until(there)


async def test_what_the_schedule_starts(
    temporal: Client, queue: str, admin: Conn, server: AwsServer, account: MonitorOrder
) -> None:
    """The schedule of an account starts a look at it, which can read its argument."""
    server.alarm("cpu")
    watch = Watch(tenant_id=account.tenant_id, account_id=account.account_id, every=3600, runs=True)
    await account_schedules.keep(temporal, queue, watch)
    try:
        await temporal.get_schedule_handle(watch.id).trigger()

        async def is_told() -> bool:
            return await told(admin, account) == ["cpu"]

        await until(is_told)
    finally:
        await account_schedules.drop(temporal, watch.id)


def test_accounts_take_turns() -> None:
    """Accounts with one interval are looked at one after the other, not all in one second."""
    ids = [str(uuid.UUID(int=number)) for number in range(50)]
    watches = [Watch(tenant_id="t", account_id=id, every=300, runs=True) for id in ids]
    assert len({each.interval.offset for each in watches}) > 40
    assert all(each.interval.offset < timedelta(seconds=300) for each in watches)
