"""The access keys of an AWS account as they are kept: sealed, both parts together."""

import msgspec

from runtime.aws import AccessKeys, Entrance
from runtime.aws_errors import CREDENTIALS, NoEntry
from runtime.encryption import CannotOpen, DataKey, Keys, Sealed


def place(account_id: str) -> bytes:
    """What the keys of an account are sealed for: its row."""
    return f"aws_accounts.sealed_secret/{account_id}".encode()


def sealed(key: DataKey, account_id: str, keys: AccessKeys) -> Sealed:
    """Seal the keys of an account."""
    return key.seal(msgspec.json.encode(keys), place(account_id))


async def entrance(
    keys: Keys, account_id: str, *, region: str, role_arn: str | None, external_id: str, kept: list[str] | None
) -> Entrance:
    """How an account is entered.

    Args:
        keys: what opens sealed things.
        account_id: of the account's row.
        region: where.
        role_arn: its role, if there is one.
        external_id: that the role asks for.
        kept: its keys, sealed, as JSON has them.

    Raises:
        NoEntry: neither is set, or the keys cannot be read any more.
        GangwayError: what keeps the data keys is away.
    """
    if role_arn is None and kept is None:
        raise NoEntry("Neither a role nor access keys are set.", "role_arn", CREDENTIALS)
    own = await _opened(keys, account_id, msgspec.convert(kept, Sealed)) if kept else None
    return Entrance(region=region, role_arn=role_arn, external_id=external_id, keys=own)


async def _opened(keys: Keys, account_id: str, kept: Sealed) -> AccessKeys:
    try:
        content = (await keys.opening(kept.key_id)).open(kept, place(account_id))
    except CannotOpen:
        raise NoEntry("The access keys cannot be read any more; set them again.", CREDENTIALS) from None
    return msgspec.json.decode(content, type=AccessKeys)
