"""Xero: the accounting of organisations. A consent may open several, of which one is chosen."""

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import Struct, field

from onboarding.connections import Account, Cursor
from onboarding.orders import Batch
from runtime.providers.asking import Api
from runtime.providers.provider import Description, account
from runtime.providers.xero_orders import batches

ORGANISATIONS_AT_MOST = 100


class _Tenant(Struct, frozen=True, kw_only=True):
    id: str = field(name="tenantId")
    kind: str = field(name="tenantType", default="ORGANISATION")
    name: str | None = field(name="tenantName", default=None)


class Xero:
    """An organisation, known by the id that Xero calls its tenant."""

    description = Description(
        key="xero",
        title="Xero",
        scopes=(
            "openid",
            "profile",
            "email",
            "offline_access",
            "accounting.invoices.read",
            "accounting.settings.read",
        ),
        needs=("accounting.invoices.read",),
        issuer="https://identity.xero.com",
        revokes_all=True,
    )

    async def accounts(self, api: Api, realm: str | None) -> list[Account]:  # noqa: ARG002 - it is asked which
        """The organisations that the consent opened; practices of accountants have no orders."""
        found = await api.get("/connections", list[_Tenant])
        organisations = {each.id: each for each in found if each.kind == "ORGANISATION"}
        return [account(each.id, each.name) for each in list(organisations.values())[:ORGANISATIONS_AT_MOST]]

    def batches(self, api: Api, account_id: str, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        """See `Provider.batches`."""
        return batches(api, account_id, cursor, now)
