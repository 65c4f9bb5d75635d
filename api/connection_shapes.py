"""What connections look like outside."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from api.body import Body
from api.paging import Page
from db.connections import Connection, LastRun
from onboarding.connections import Account, ProviderKey, Status
from onboarding.returning import PATH_CHARACTERS, no_path

ReturnTo = Annotated[
    str, Meta(min_length=1, max_length=PATH_CHARACTERS, extra={"verbatim": True, "check": no_path})
]


class ConnectBody(Body, frozen=True, kw_only=True):
    """Where on the frontend somebody wants to be back: a path, by default `/`."""

    return_to: ReturnTo | UnsetType | None = UNSET


class ConnectOut(Struct, frozen=True, kw_only=True):
    """The page on which somebody consents, and until when they must be back."""

    authorize_url: str
    expires_at: datetime


class AccountBody(Body, frozen=True, kw_only=True):
    """One of the `accounts` of a connection."""

    account_id: Annotated[str, Meta(min_length=1, max_length=255, extra={"verbatim": True})]


class ProviderOut(Struct, frozen=True, kw_only=True):
    """A provider, and whether it can be connected here."""

    provider: ProviderKey
    title: str
    available: bool


class ProvidersOut(Struct, frozen=True, kw_only=True):
    """All providers."""

    items: list[ProviderOut]


class ConnectionOut(Struct, frozen=True, kw_only=True):
    """A connection. `accounts` are those to choose from, while that is its status; `reason` says what is wrong."""

    id: str
    provider: ProviderKey
    status: Status
    reason: str | None
    account_id: str | None
    account_label: str | None
    accounts: list[Account]
    scopes: list[str]
    token_expires_at: datetime | None
    synced_at: datetime | None
    created_at: datetime
    disconnected_at: datetime | None
    last_run: LastRun | None


class ConnectionPage(Page[ConnectionOut], frozen=True, kw_only=True):
    """A page of connections."""


def connection_out(connection: Connection) -> ConnectionOut:
    """A connection as it is shown."""
    return ConnectionOut(**asdict(connection))
