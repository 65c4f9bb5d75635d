"""AWS accounts are looked at: what is in ALARM there becomes events. And their schedules are made good."""

import asyncio
from datetime import UTC, datetime

from msgspec import Struct
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from db import aws_accounts, events, monitoring, tenants
from db.aws_accounts import AwsAccount, SealedKeys
from db.events import Arrived
from db.pool import Database
from db.tenant import monitor, sweeper
from onboarding import alarms
from onboarding.alarms import Alarm
from onboarding.monitoring import Monitoring, ResourceFilters
from onboarding.payloads import AccountSweep, MonitorOrder, MonitorReport, SweepReport
from runtime import account_schedules, aws_keys
from runtime.account_schedules import Watch
from runtime.addresses import ACCOUNT_SCHEDULES
from runtime.aws import Aws, Entrance, Inside
from runtime.aws_errors import CREDENTIALS, OTHER_ACCOUNT, AwsAway, NoEntry
from runtime.encryption import Keys

LOOK_SECONDS = 60.0
"""For all that is asked of AWS in one look."""

TAGGED_AT_MOST = 100
"""Alarms of one look whose tags are asked for: each is a call."""

AWAY = "AWS did not answer."
IDLE = MonitorReport(outcome="idle")


class Read(Struct, frozen=True, kw_only=True):
    """An account at the start of a look, how it is looked at, and up to when its alarms are known."""

    account: AwsAccount
    sealed_keys: SealedKeys | None
    settings: Monitoring
    until: datetime | None


class Seen(Struct, frozen=True, kw_only=True):
    """The alarms to tell, newest first, and how many more there are, if only at least so many."""

    alarms: list[Alarm]
    left_out: int


class AccountMonitor:
    """Looks at AWS accounts. What it logs, answers and raises names no key."""

    def __init__(self, database: Database, keys: Keys, aws: Aws, client: Client) -> None:
        self._database = database
        self._keys = keys
        self._aws = aws
        self._client = client

    @activity.defn(name="look_at_alarms")
    async def look_at_alarms(self, order: MonitorOrder) -> MonitorReport:
        """Write what is in ALARM as events, each once; or why that could not be seen into the account's row.

        Raises:
            ApplicationError: AWS did not answer; Temporal tries again, twice.
        """
        now = datetime.now(UTC)
        read = await self._read(order)
        if read is None:
            return IDLE
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                seen = await self._seen(read, now)
        except NoEntry as error:
            return await self._failed(read.account, error.detail)
        except (AwsAway, TimeoutError) as error:
            if not _is_last_attempt():
                raise ApplicationError("AWS did not answer", type=str(error) or type(error).__name__) from None
            return await self._failed(read.account, AWAY)
        return await self._told(read.account, seen, now)

    @activity.defn(name="reschedule_accounts")
    async def reschedule_accounts(self, _: AccountSweep) -> SweepReport:
        """Compare the schedules that there are with the accounts, and mend what differs."""
        # The schedules first: one that is made after this is nobody's mistake.
        found = {each.id: each async for each in await self._client.list_schedules()}
        there = {id: each for id, each in found.items() if id.startswith(ACCOUNT_SCHEDULES)}
        seen = changed = 0
        for tenant_id in await self._tenants():
            activity.heartbeat()
            for watch in await self._watches(tenant_id):
                seen += 1
                present = there.pop(watch.id, None)
                if present is None or not account_schedules.is_kept(present, watch):
                    await account_schedules.keep(self._client, activity.info().task_queue, watch)
                    activity.heartbeat()
                    changed += 1
        for schedule_id in there:
            await account_schedules.drop(self._client, schedule_id)
            activity.heartbeat()
        return SweepReport(seen=seen + len(there), changed=changed + len(there))

    async def _read(self, order: MonitorOrder) -> Read | None:
        of = order.tenant_id, order.account_id
        async with self._database.transaction(monitor(order.tenant_id)) as connection:
            held = await aws_accounts.held(connection, *of)
            settings = await monitoring.get(connection, order.tenant_id)
            until = await aws_accounts.pulled_until(connection, *of)
        if held is None or not held.account.is_active or not settings.service(alarms.SERVICE).enabled:
            return None
        if held.account.role_arn is None and held.sealed_keys is None:
            return None  # It only sends events, or is not set up yet: nothing failed.
        return Read(account=held.account, sealed_keys=held.sealed_keys, settings=settings, until=until)

    async def _entrance(self, read: Read) -> Entrance:
        account = read.account
        return await aws_keys.entrance(
            self._keys,
            account.id,
            region=account.region,
            role_arn=account.role_arn,
            external_id=account.external_id,
            kept=read.sealed_keys,
        )

    async def _seen(self, read: Read, now: datetime) -> Seen:
        inside = await self._aws.enter(await self._entrance(read))
        if (await inside.identity()).account != read.account.account_id:
            raise NoEntry(OTHER_ACCOUNT, CREDENTIALS)
        return await self._watched(read, now, inside)

    async def _watched(self, read: Read, now: datetime, inside: Inside) -> Seen:
        service = read.settings.service(alarms.SERVICE)
        filters, at_most = service.resource_filters, alarms.most(service)
        since = alarms.window(now, read.until, read.settings.global_settings.data_retention_days)
        found = await inside.alarms()
        new = [each for each in found.alarms if each.since >= since and alarms.is_watched(each, filters)]
        new.sort(key=lambda alarm: alarm.since, reverse=True)
        if filters.tags:
            at_most = min(at_most, TAGGED_AT_MOST)
        told = await self._tagged(inside, filters, new[:at_most])
        return Seen(alarms=told, left_out=len(new[at_most:]) + (not found.whole))

    async def _tagged(self, inside: Inside, filters: ResourceFilters, found: list[Alarm]) -> list[Alarm]:
        if not filters.tags:
            return found
        return [each for each in found if alarms.is_tagged(await inside.tags(each.arn), filters)]

    async def _told(self, account: AwsAccount, seen: Seen, now: datetime) -> MonitorReport:
        arrived = [_event(account, each) for each in seen.alarms]
        if seen.left_out:
            arrived.append(_left_out(account, seen, now))
        async with self._database.transaction(monitor(account.tenant_id)) as connection:
            if not await aws_accounts.tell(connection, account, failure=None, pulled_until=now):
                return IDLE  # changed or deleted meanwhile: what was seen may not be its own
            told = await events.arrive(connection, account.tenant_id, arrived)
        return MonitorReport(outcome="looked", seen=len(seen.alarms), told=told)

    async def _failed(self, account: AwsAccount, detail: str) -> MonitorReport:
        async with self._database.transaction(monitor(account.tenant_id)) as connection:
            await aws_accounts.tell(connection, account, failure=detail)
        return MonitorReport(outcome="failed")

    async def _tenants(self) -> list[str]:
        async with self._database.transaction(sweeper()) as connection:
            return await tenants.all_ids(connection)

    async def _watches(self, tenant_id: str) -> list[Watch]:
        async with self._database.transaction(monitor(tenant_id)) as connection:
            accounts = await aws_accounts.active(connection, tenant_id)
            return account_schedules.watches(tenant_id, accounts, await monitoring.get(connection, tenant_id))


def _event(account: AwsAccount, alarm: Alarm) -> Arrived:
    return Arrived(
        id=alarms.event_id(account.tenant_id, account.id, alarm),
        source=alarms.SOURCE,
        detail_type=alarms.DETAIL_TYPE,
        detail=alarms.detail_of(alarm),
        severity_level=alarms.ALARM_LEVEL,
        account=account.account_id,
        region=account.region,
        resources=[alarm.arn],
        published_at=alarm.since,
    )


def _left_out(account: AwsAccount, seen: Seen, now: datetime) -> Arrived:
    return Arrived(
        id=alarms.left_out_id(account.tenant_id, account.id, now),
        source="monitoring.aws",
        detail_type="Alarms Left Out",
        detail={
            "account_name": account.account_name,
            "told": len(seen.alarms),
            "left_out_at_least": seen.left_out,
        },
        severity_level=2,
        account=account.account_id,
        region=account.region,
        published_at=now,
    )


def _is_last_attempt() -> bool:
    info = activity.info()
    at_most = info.retry_policy.maximum_attempts if info.retry_policy else 0
    return 0 < at_most <= info.attempt
