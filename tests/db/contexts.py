"""Who acts in transactions: those who are bound to a tenant, and those who see across all on purpose."""

from db.tenant import CONNECTOR, KEEPER, POSTMAN, SIGN_IN, Context, Internal, ingest, monitor, sweeper
from onboarding.access import Role
from tests.db.given import Person

MAY_SEE: dict[str, set[str]] = {
    "sign_in": {
        "tenants",
        "users",
        "invitations",
        "password_resets",
        "erasures",
        "aws_accounts",
        "capture_sessions",
        "monitoring_configs",
    },
    "keeper": {"data_keys"},
    "postman": {"mails", "alerts"},
    "connector": {"connections", "consents"},
    "sweeper": {"tenants"},
    "operator": {"tenants"},
}
"""By internal role, the tables of which it sees the rows of every tenant. No other role sees any."""

MAY_CHANGE: dict[str, set[str]] = {
    # It registers people, lets them take up invitations, resets passwords; who it was is told by mail and event.
    "sign_in": {"users", "invitations", "password_resets", "mails", "events", "event_words", "event_counts"},
    "keeper": {"data_keys"},
    "postman": {"mails", "alerts"},
    "connector": {"consents"},
}
"""By internal role, the tables of which it changes the rows of every tenant."""


def bound(person: Person) -> list[Context]:
    """Everybody who acts in the tenant of this person."""
    tenant_id = person.tenant_id
    return [
        *(person.caller(role) for role in Role),
        Internal(role="issuer", tenant_id=tenant_id),
        Internal(role="operator", tenant_id=tenant_id),
        Internal(role="eraser", tenant_id=tenant_id, user_id=person.user_id),
        sweeper(tenant_id),
        ingest(tenant_id),
        monitor(tenant_id),
    ]


def across() -> list[Context]:
    """Everybody who acts in no tenant."""
    return [SIGN_IN, KEEPER, POSTMAN, CONNECTOR, sweeper(), Internal(role="operator")]
