"""What handlers work with."""

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from msgspec import Struct

from api.arrivals import Arrivals
from api.claims import TokenRef
from api.counted import Counted
from api.gateway import Gateway
from api.lockout import Lockout
from api.passwords import Passwords
from api.tokens import Tokens
from api.verifier import Verifier
from db.listen import Listener
from db.pool import Database
from onboarding.access import PERMISSIONS, Caller, Role, is_unlocked
from runtime.aws import Aws
from runtime.encryption import Keys
from runtime.health import Check
from runtime.settings import Settings
from runtime.storage import Objects


class Deps(Struct, frozen=True, kw_only=True):
    """Everything that a handler may need, made once at start-up."""

    settings: Settings
    database: Database
    gateway: Gateway
    listener: Listener
    tokens: Tokens
    verifier: Verifier
    arrivals: Arrivals
    passwords: Passwords
    lockout: Lockout
    keys: Keys
    objects: Objects
    aws: Aws
    checks: dict[str, Check]
    counted: Counted


class Principal(Struct, frozen=True, kw_only=True):
    """The signed-in person, as the database knows them in this very request, until their token expires.

    For a phone it is the owner of the capture session that it is for, with the id of that in `phone_of`.
    """

    caller: Caller
    onboarding_completed: bool
    timezone: str
    locale: str
    default_flow: str
    reminders_enabled: bool
    token: TokenRef
    phone_of: str | None = None

    @property
    def owner(self) -> Caller:
        """The caller as the owner of what is theirs, whatever they may do by now."""
        caller = self.caller
        return Caller(tenant_id=caller.tenant_id, user_id=caller.user_id, role=caller.role)

    @property
    def expires_at(self) -> datetime:
        """When the access token does."""
        return self.token.expires_at

    @property
    def permissions(self) -> frozenset[str]:
        """What the person's role may do."""
        return PERMISSIONS[self.caller.role]

    @property
    def unlocked(self) -> bool:
        """Whether the features behind the onboarding are open."""
        return is_unlocked(Role(self.caller.role), self.onboarding_completed)


def deps_of(request: Request[Any, Any, Any]) -> Deps:
    """Dependency `deps`."""
    return request.app.state.deps


def principal_of(request: Request[Any, Any, Any]) -> Principal:
    """Dependency `principal`; the entry middleware has set it."""
    return request.scope["user"]


def message_id_of(request: Request[Any, Any, Any]) -> str | None:
    """Dependency `message_id`: the id under which a workflow remembers this request."""
    return request.scope.get("state", {}).get("message_id")


def tells_of(request: Request[Any, Any, Any], user_id: str) -> None:
    """Say of whom the answer to somebody else tells: what is kept of it goes with them."""
    request.scope.setdefault("state", {})["about_user"] = user_id


def not_for_repeats(request: Request[Any, Any, Any]) -> None:
    """Say that the answer is about this moment: the same request may be tried again under its key."""
    request.scope.setdefault("state", {})["not_kept"] = True


WithDeps = NamedDependency[Deps]
SignedIn = NamedDependency[Principal]
MessageId = NamedDependency[str | None]
"""What handlers ask for."""
