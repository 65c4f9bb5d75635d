"""Connections: accounts at providers that people let Gangway read, and what is fetched of them."""

from datetime import timedelta
from typing import Any, Literal, get_args

from msgspec import Struct

ProviderKey = Literal["gmail", "quickbooks", "xero"]
PROVIDER_KEYS: tuple[ProviderKey, ...] = get_args(ProviderKey)

Status = Literal["connected", "choose_account", "reauth_required", "error", "disconnected"]
RunKind = Literal["backfill", "scheduled", "manual", "webhook"]
RunStatus = Literal["queued", "running", "completed", "failed", "cancelled"]

CONSENT_LASTS = timedelta(minutes=10)
"""From when somebody is sent to a provider until they must be back."""

SYNC_EVERY = timedelta(minutes=15)
SYNC_JITTER = timedelta(minutes=3)
"""Scheduled syncs: so long after the last one, and up to so much more."""

REFRESH_BEFORE = timedelta(minutes=5)
"""Tokens are exchanged so long before they expire."""

LIVE_AT_MOST = 20
"""Connections of a person that are not disconnected."""

CONSENTS_AT_MOST = 20
"""Of a person, at once; the oldest give way."""

STEPS: dict[ProviderKey, str] = {
    "gmail": "connect_mail",
    "quickbooks": "connect_accounting",
    "xero": "connect_accounting",
}
"""The state of an inventory that a connection answers."""


class Account(Struct, frozen=True, kw_only=True):
    """A mailbox or a company: its name at the provider, and what people call it."""

    id: str
    label: str


class Tokens(Struct, frozen=True, kw_only=True):
    """What a provider gave. It shows itself to nobody.

    `expires_in` is in seconds; `refresh` is empty where the provider gave no new one.
    """

    access: str
    refresh: str | None
    expires_in: int
    scopes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return "Tokens()"


class Kept(Struct, frozen=True, kw_only=True):
    """The tokens as they are sealed in a connection's row: nothing else of them is kept anywhere."""

    access: str
    refresh: str | None

    def __repr__(self) -> str:
        return "Kept()"


class Counts(Struct, frozen=True, kw_only=True):
    """What a run brought: orders `fetched`, of which so many are new, others, gone, or could not be read."""

    fetched: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    failed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


Cursor = dict[str, Any]
"""Up to where everything is stored. The provider that wrote it reads it, nobody else."""
