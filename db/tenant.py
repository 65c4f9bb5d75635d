"""For whom a transaction acts: what row level security goes by.

The policies read `app.tenant_id`, `app.user_id` and `app.role`. They are set for one transaction only, in the
round trip that begins it; where nothing is set, no row is visible.
"""

from typing import ClassVar, Literal
from uuid import UUID

from msgspec import Struct

from onboarding.access import Caller, Role
from onboarding.errors import GangwayError


class Internal(Struct, frozen=True, kw_only=True):
    """Gangway itself at work, where no person is known.

    `sign_in` reads tenants, users and invitations over all tenants, adds registering users, and resets passwords.
    `issuer` adds the people of other issuers to a tenant. `operator` is somebody at the command line: adds
    tenants and people. `keeper` reads, adds and re-wraps data keys. `postman` reads and deletes mails. `sweeper`
    lists tenants and, given one, cleans up what is finished and overdue there. `eraser` deletes one person.
    `ingest` adds the events of an AWS account of a tenant. `monitor` looks after a tenant: pulls alarms, notices
    what is stuck, sends alerts. `connector` finds whose a consent or a connected account is; takes consents up.
    """

    role: Literal[
        "sign_in", "issuer", "operator", "keeper", "postman", "sweeper", "eraser", "ingest", "monitor", "connector"
    ]
    tenant_id: str | None = None
    user_id: str | None = None


class Acting(Caller, frozen=True, kw_only=True):
    """A caller in the middle of a request, who may be signed out, made inactive or given another role meanwhile.

    Each transaction asks again, in the round trip that begins it: a request whose body was slow, or that waited
    for its turn, does nothing that its caller may no longer do.
    """

    session_id: str | None = None
    token_digest: bytes | None = None


class Capturing(Caller, frozen=True, kw_only=True):
    """The owner of a capture session, for whom a phone acts, as long as its token is the session's.

    Each transaction asks again, as it does of who is `Acting`.
    """

    token_hash: bytes


class CallerChanged(GangwayError):
    """The caller is no longer who they were when their request began."""


class SignedOut(CallerChanged):
    """Their session has ended, or they were erased."""

    code: ClassVar[str] = "signed_out"
    detail: ClassVar[str] = "The session has ended."


class Deactivated(CallerChanged):
    """Their account is no longer active."""

    code: ClassVar[str] = "account_inactive"
    detail: ClassVar[str] = "This account is not active."


class RoleChanged(CallerChanged):
    """Their role is another one now."""

    code: ClassVar[str] = "role_changed"
    detail: ClassVar[str] = "Your role has changed meanwhile."


class PhoneRefused(CallerChanged):
    """The token of their phone was replaced, or they were erased."""

    code: ClassVar[str] = "phone_refused"
    detail: ClassVar[str] = "This token is none of a capture session."


CHANGED: dict[str, type[CallerChanged]] = {
    "GW002": SignedOut,
    "GW003": Deactivated,
    "GW004": RoleChanged,
    "GW005": PhoneRefused,
}
"""By the SQLSTATE of the functions `still_in` and `phone_still_in`."""

Context = Caller | Internal
SIGN_IN = Internal(role="sign_in")
KEEPER = Internal(role="keeper")
POSTMAN = Internal(role="postman")
OPERATOR = Internal(role="operator")
CONNECTOR = Internal(role="connector")


def operator(tenant_id: str) -> Internal:
    """Somebody at the command line, in one tenant."""
    return Internal(role="operator", tenant_id=tenant_id)


def sweeper(tenant_id: str | None = None) -> Internal:
    """The clean-up, in one tenant or, to list them, in none."""
    return Internal(role="sweeper", tenant_id=tenant_id)


def ingest(tenant_id: str) -> Internal:
    """Events from outside, to one tenant."""
    return Internal(role="ingest", tenant_id=tenant_id)


def monitor(tenant_id: str) -> Internal:
    """Whoever looks after one tenant."""
    return Internal(role="monitor", tenant_id=tenant_id)


def opening(context: Context | None, statement_seconds: float) -> str:
    """The SQL that begins a transaction for somebody: a single message to the server.

    Args:
        context: who acts; None sees only what belongs to no tenant.
        statement_seconds: after which the server itself cancels a statement.

    Raises:
        ValueError: when an id is no UUID.
    """
    statements = ["BEGIN", f"SET LOCAL statement_timeout = {int(statement_seconds * 1000)}"]
    if context is not None:
        tenant, user = context.tenant_id, context.user_id
        role = context.role.value if isinstance(context.role, Role) else context.role
        # No parameters in this protocol, so nothing but UUIDs and known words may reach the text.
        settings = {
            "tenant_id": tenant and str(UUID(tenant)),
            "user_id": user and str(UUID(user)),
            "role": role,
        }
        statements += [f"SET LOCAL app.{name} = '{value}'" for name, value in settings.items() if value]
    if isinstance(context, Acting):
        session = f"'{UUID(context.session_id)}'" if context.session_id else "NULL"
        digest = f"'\\x{context.token_digest.hex()}'" if context.token_digest else "NULL"
        statements.append(f"SELECT still_in({session}, {digest})")
    if isinstance(context, Capturing):
        statements.append(f"SELECT phone_still_in('\\x{context.token_hash.hex()}')")
    return "; ".join(statements)
