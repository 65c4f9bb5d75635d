"""What a change of an AWS account makes of it."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from api.aws_shapes import ChangeAccountBody, keys_misfit
from api.problems import Code, ProblemError
from db.aws_accounts import AccountData, AwsAccount, KeyData
from onboarding.aws_accounts import HIDDEN, masked, misfits
from onboarding.payloads import FieldError
from runtime import aws_keys
from runtime.aws import AccessKeys
from runtime.encryption import DataKey

Given = str | UnsetType | None


def sealed(key: DataKey, account_id: str, access_key_id: str, secret: str) -> KeyData:
    """Keys as they are kept: sealed, and what is shown of them."""
    keys = AccessKeys(access_key_id=access_key_id, secret_access_key=secret)
    kept = msgspec.to_builtins(aws_keys.sealed(key, account_id, keys))
    return {"access_key_id": masked(access_key_id), "sealed_secret": kept}


def changes(key: DataKey, account: AwsAccount, data: ChangeAccountBody) -> AccountData:
    """What is another value than before.

    Raises:
        ProblemError: 400 naming every field that does not go with the others.
    """
    fields = _plain(account, data)
    access_key_id, secret = _keys(account, data)
    if errors := (*_misfits(account, fields, data), *keys_misfit(access_key_id or None, secret or None)):
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=errors)
    if access_key_id and secret:
        return {**fields, **sealed(key, account.id, access_key_id, secret)}
    if None in (access_key_id, secret):
        return {**fields, "access_key_id": None, "sealed_secret": None}
    return fields


def _plain(account: AwsAccount, data: ChangeAccountBody) -> AccountData:
    names = ("account_name", "region", "role_arn", "is_active")
    given: dict[str, Any] = {name: getattr(data, name) for name in names}
    found: Any = {
        name: value for name, value in given.items() if value is not UNSET and value != getattr(account, name)
    }
    return found


def _keys(account: AwsAccount, data: ChangeAccountBody) -> tuple[Given, Given]:
    """The keys as they are to be; what is said of them that is so already says nothing."""
    secret = HIDDEN if account.access_key_id else None
    return (
        UNSET if data.access_key_id == account.access_key_id else data.access_key_id,
        UNSET if data.secret_access_key == secret else data.secret_access_key,
    )


def _misfits(account: AwsAccount, fields: AccountData, data: ChangeAccountBody) -> Iterator[FieldError]:
    if data.account_id and data.account_id != account.account_id:
        detail = "cannot be changed; add the other account instead"
        yield FieldError(field="account_id", code="not_changeable", detail=detail)
    region, role_arn = fields.get("region", account.region), fields.get("role_arn", account.role_arn)
    yield from misfits(account.account_id, region, role_arn)
