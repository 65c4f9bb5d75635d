"""Whether an AWS account can be entered, tried once."""

import asyncio

from api.aws_shapes import ConnectionOut
from db.aws_accounts import Held
from runtime import aws_keys
from runtime.aws import Aws, Entrance, Identity, Inside
from runtime.aws_errors import ALARMS, CREDENTIALS, OTHER_ACCOUNT, AwsAway, NoEntry
from runtime.encryption import Keys

ENTER_SECONDS, PROBE_SECONDS = 5.5, 2.5
"""Eight seconds in all."""

AWAY = "AWS did not answer in time."


async def tried(aws: Aws, keys: Keys, held: Held) -> ConnectionOut:
    """Enter the account, see who one is there, and whether alarms are shown.

    Raises:
        GangwayError: what keeps the data keys is away.
    """
    account = held.account
    try:
        entrance = await aws_keys.entrance(
            keys,
            account.id,
            region=account.region,
            role_arn=account.role_arn,
            external_id=account.external_id,
            kept=held.sealed_keys,
        )
        return await _entered(aws, entrance, account.account_id)
    except NoEntry as error:
        return ConnectionOut(success=False, message=error.detail, missing=list(error.missing))
    except (AwsAway, TimeoutError):
        return ConnectionOut(success=False, message=AWAY)


async def _entered(aws: Aws, entrance: Entrance, account_id: str) -> ConnectionOut:
    async with asyncio.timeout(ENTER_SECONDS):
        inside = await aws.enter(entrance)
        found = await inside.identity()
    if found.account != account_id:
        return _told(found, OTHER_ACCOUNT, CREDENTIALS, success=False)
    if await _shows_alarms(inside):
        return _told(found, "Connected.")
    return _told(found, "Connected, but alarms are not shown: allow it to read them.", ALARMS)


def _told(found: Identity, message: str, *missing: str, success: bool = True) -> ConnectionOut:
    return ConnectionOut(
        success=success, message=message, account_id=found.account, arn=found.arn, missing=list(missing)
    )


async def _shows_alarms(inside: Inside) -> bool:
    """Whether alarms may be read. Without an answer it is taken for true: the account itself is connected."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await inside.can_see_alarms()
    except (AwsAway, TimeoutError):
        return True
