"""What is said and shown of an AWS account."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from api.body import Body
from api.paging import Page
from db.aws_accounts import AwsAccount, Status
from onboarding.answers import rule
from onboarding.aws_accounts import (
    ACCESS_KEY_ID,
    ACCOUNT_ID,
    HIDDEN,
    REGION,
    ROLE_ARN_CHARACTERS,
    SECRET_ACCESS_KEY,
    misfits,
    no_role,
)
from onboarding.payloads import FieldError

_BAD = "bad_format", "is malformed"


def _no_key_id(text: str) -> tuple[str, str] | None:
    return None if "*" in text or re.fullmatch(ACCESS_KEY_ID, text) else _BAD


def _no_secret(text: str) -> tuple[str, str] | None:
    return None if text == HIDDEN or re.fullmatch(SECRET_ACCESS_KEY, text) else _BAD


AccountId = Annotated[str, Meta(pattern=ACCOUNT_ID, description="Twelve digits.")]
AccountName = Annotated[str, Meta(min_length=2, max_length=100)]
Region = Annotated[str, Meta(pattern=REGION, max_length=40)]
RoleArn = Annotated[str, Meta(min_length=1, max_length=ROLE_ARN_CHARACTERS, extra={"check": no_role})]
KeyId = Annotated[str, Meta(min_length=1, max_length=128, extra={"check": _no_key_id})]
KeySecret = Annotated[str, Meta(min_length=1, max_length=128, extra={"verbatim": True, "check": _no_secret})]


class _Quiet(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body with a secret in it, which shows itself to nobody."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class CreateAccountBody(_Quiet, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An AWS account to monitor: by a role of it, by access keys of its own, or by neither yet."""

    account_id: AccountId
    account_name: AccountName
    region: Region
    role_arn: RoleArn | UnsetType | None = UNSET
    access_key_id: KeyId | UnsetType | None = UNSET
    secret_access_key: KeySecret | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET

    @rule
    def the_role_fits(self) -> Iterator[FieldError]:
        """A role is one of the account, and of the region's partition."""
        yield from misfits(self.account_id, self.region, self.role_arn or None)

    @rule
    def keys_are_whole(self) -> Iterator[FieldError]:
        """Both parts of the keys, or none; what is shown of keys is no key."""
        yield from keys_misfit(self.access_key_id or None, self.secret_access_key or None)


class ChangeAccountBody(_Quiet, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to an AWS account; what is left out stays.

    A role or keys of null are taken away. Keys as they are shown, hidden, stay as they are. The account's own id
    may be repeated, not changed.
    """

    account_id: AccountId | UnsetType | None = UNSET
    account_name: AccountName | UnsetType | None = UNSET
    region: Region | UnsetType | None = UNSET
    role_arn: Annotated[RoleArn | UnsetType | None, Meta(extra={"clears": True})] = UNSET
    access_key_id: Annotated[KeyId | UnsetType | None, Meta(extra={"clears": True})] = UNSET
    secret_access_key: Annotated[KeySecret | UnsetType | None, Meta(extra={"clears": True})] = UNSET
    is_active: bool | UnsetType | None = UNSET


class AwsAccountOut(Struct, frozen=True, kw_only=True):
    """An AWS account. Of its keys only so much is shown as tells them from others; `external_id` is for the role's
    trust policy.
    """

    id: str
    account_id: str
    account_name: str
    region: str
    role_arn: str | None
    external_id: str
    access_key_id: str | None
    secret_access_key: str | None
    is_active: bool
    status: Status
    status_detail: str | None
    last_tested_at: datetime | None
    created_at: datetime
    updated_at: datetime


class CreatedAccountOut(AwsAccountOut, frozen=True, kw_only=True):
    """An AWS account with the token by which it sends events, which is told this once."""

    ingest_token: str

    def __repr__(self) -> str:
        return f"CreatedAccountOut(id={self.id!r})"


class AccountPage(Page[AwsAccountOut], frozen=True, kw_only=True):
    """A page of a tenant's AWS accounts."""


class ConnectionOut(Struct, frozen=True, kw_only=True):
    """How entering an account went. `missing` is what is not set, by field, or not allowed, by permission."""

    success: bool
    message: str
    account_id: str | None = None
    arn: str | None = None
    missing: list[str] = []


def keys_misfit(access_key_id: str | None, secret: str | None) -> Iterator[FieldError]:
    """What is wrong with keys that are new: a part is not there, or is what is shown of one."""
    given = {"access_key_id": access_key_id, "secret_access_key": secret}
    for (field, text), (other, _) in zip(given.items(), reversed(given.items()), strict=True):
        if text is None and any(given.values()):
            yield FieldError(field=field, code="required", detail=f"is required with {other}")
        elif text is not None and (text == HIDDEN or (field == "access_key_id" and "*" in text)):
            yield FieldError(field=field, code=_BAD[0], detail=_BAD[1])


def shown(account: AwsAccount) -> AwsAccountOut:
    """An account as admins see it."""
    names = set(AwsAccountOut.__struct_fields__) - {"secret_access_key"}
    secret = HIDDEN if account.access_key_id else None
    return AwsAccountOut(**{name: getattr(account, name) for name in names}, secret_access_key=secret)
