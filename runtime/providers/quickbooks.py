"""QuickBooks Online: a company's accounting, known by its realm."""

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import Struct, field

from onboarding.connections import Account, Cursor
from onboarding.orders import Batch
from runtime.providers.asking import Api, Refused
from runtime.providers.provider import Description, account
from runtime.providers.quickbooks_orders import Orders

REALM_DIGITS = 40


class _Company(Struct, frozen=True, kw_only=True):
    name: str = field(name="CompanyName", default="")


class _CompanyInfo(Struct, frozen=True, kw_only=True):
    company: _Company = field(name="CompanyInfo")


class QuickBooks:
    """One company for each consent: its id comes back beside the code."""

    description = Description(
        key="quickbooks",
        title="QuickBooks",
        scopes=("com.intuit.quickbooks.accounting",),
        needs=("com.intuit.quickbooks.accounting",),
        issuer="https://oauth.platform.intuit.com/op/v1",
        realm="realmId",
        revokes="json",
    )

    async def accounts(self, api: Api, realm: str | None) -> list[Account]:
        """The company of the realm.

        Raises:
            Refused: none came back, or one that is no number: it stands in a path.
        """
        if not realm or len(realm) > REALM_DIGITS or not (realm.isascii() and realm.isdigit()):
            raise Refused("realm_missing")
        info = await api.get(f"/v3/company/{realm}/companyinfo/{realm}", _CompanyInfo)
        return [account(realm, info.company.name)]

    def batches(self, api: Api, account_id: str, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        """See `Provider.batches`."""
        return Orders(api, account_id, now).batches(cursor)
