"""QuickBooks Online: companies with purchase orders, read by query and by change data capture, and webhooks."""

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import msgspec

from tests.providers.faults import Clock, Faults
from tests.providers.http import Reply, Request
from tests.providers.oauth import Grant, Provider
from tests.providers.quickbooks_query import BadQuery, select

SCOPE = "com.intuit.quickbooks.accounting"
REALM = "9130350000000001"
PACIFIC = timezone(timedelta(hours=-8))
LOOK_BACK = timedelta(days=30)
CDC_AT_MOST = 1000
Json = dict[str, Any]


class Orders(dict[str, Json]):
    """The purchase orders of a company, by id; `deleted` says when others were deleted."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.deleted: dict[str, datetime] = {}

    def put(self, order: Mapping[str, Any]) -> Json:
        """Make or change an order: what is given, over what it was, over an order of one line. It changes now.

        With `MetaData` in it, it has changed when that says.
        """
        order_id, now = str(order["Id"]), _stamp(self._clock.moment())
        before = self.get(order_id) or example(order_id, now)
        times = {"MetaData": {**before["MetaData"], "LastUpdatedTime": now}}
        self[order_id] = {**before, **times, **order, "SyncToken": str(int(before["SyncToken"]) + 1)}
        return self[order_id]

    def delete(self, order_id: str) -> None:
        """Delete an order: a query knows it no more, and change data capture says so."""
        del self[order_id]
        self.deleted[order_id] = self._clock.moment()

    def void(self, order_id: str) -> None:
        """Void an order: it stays, and comes to nothing."""
        lines = [{**line, "Amount": 0, **_nothing(line)} for line in self[order_id]["Line"]]
        self.put({"Id": order_id, "TotalAmt": 0, "PrivateNote": "Voided", "Line": lines})

    def many(self, count: int) -> list[str]:
        """So many orders, each changed a minute after the one before it, the last one a minute ago. Their ids."""
        start, first = self._clock.moment() - timedelta(minutes=count), len(self) + 1
        ids = [str(first + number) for number in range(count)]
        made = enumerate(ids)
        self.update({each: example(each, _stamp(start + timedelta(minutes=number))) for number, each in made})
        return ids


class Company:
    """A company, with its purchase orders, and items by id."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.orders = Orders(clock)
        self.items: dict[str, Json] = {}


class QuickBooks(Provider):
    """QuickBooks, with one company, whose realm is `REALM`, and those that a test adds."""

    key = "quickbooks"
    token_characters = 900
    says_scopes = False

    def __init__(self, clock: Clock, faults: Faults) -> None:
        super().__init__(clock, faults)
        self.companies = {REALM: Company("Coffee Corner LLC", clock)}
        self.verifier_token = f"verifier-{self.mark}-{secrets.token_hex(12)}"

    @property
    def account(self) -> str:
        return REALM

    @property
    def orders(self) -> Orders:
        """The purchase orders of the company."""
        return self.companies[REALM].orders

    def add(self, name: str) -> str:
        """One more company; gives its realm, with which somebody consents: `fake.consent(url, as_=realm)`."""
        realm = str(int(REALM) + len(self.companies))
        self.companies[realm] = Company(name, self.clock)
        return realm

    def webhook(
        self,
        shape: Literal["older", "cloudevents"],
        changes: Iterable[tuple[str, str]],
        *,
        realm: str = REALM,
        entity: str = "PurchaseOrder",
        token: str | None = None,
        at: datetime | None = None,
    ) -> tuple[bytes, dict[str, str]]:
        """What QuickBooks tells of changes, pairs of an operation (`Update`, `Delete`...) and an order's id."""
        when = at or self.clock.moment()
        told = _older if shape == "older" else _events
        body = msgspec.json.encode(told(realm, entity, changes, when))
        return body, {"Content-Type": "application/json", "intuit-signature": self.sign(body, token)}

    def sign(self, body: bytes, token: str | None = None) -> str:
        """The signature of a body."""
        made = hmac.new((token or self.verifier_token).encode(), body, hashlib.sha256)
        return b64encode(made.digest()).decode()

    def scopes_known(self, scopes: list[str]) -> bool:
        return set(scopes) <= {SCOPE, "com.intuit.quickbooks.payment", "openid", "profile", "email"}

    def is_offline(self, asked: dict[str, str]) -> bool:
        return True

    def beside(self, grant: Grant) -> dict[str, str]:
        return {"realmId": grant.account}

    def more(self, grant: Grant) -> Json:
        return {"x_refresh_token_expires_in": 8_726_400, "token_type": "bearer"}

    def revocation(self, request: Request) -> Reply:
        if not self.is_client(request):
            return Reply(status=401, body={"error": "invalid_client"})
        if not request.headers.get("content-type", "").startswith("application/json"):
            return Reply(status=415)
        token = msgspec.json.decode(request.body, type=dict[str, str]).get("token", "")
        return Reply() if self.revoke(token) else Reply(status=400, body={"error": "invalid_request"})

    def refusal(self, status: int, message: str = "AuthenticationFailed", code: str = "3200") -> Reply:
        said = {"error": [{"message": message, "detail": "It cannot be done.", "code": code}], "type": "FAULT"}
        return Reply(status=status, body={"fault": said, "time": int(self.clock.now() * 1000)})

    def call(self, grant: Grant, request: Request, path: str) -> Reply:
        if request.headers.get("accept") != "application/json":
            return Reply(body=b"<IntuitResponse/>", headers={"Content-Type": "application/xml"})
        match path.strip("/").split("/"):
            case ["v3", "company", realm, *rest] if realm == grant.account and SCOPE in grant.scopes:
                return self._read(self.companies[realm], realm, rest, request)
            case ["v3", *_]:
                return self.refusal(403, "ApplicationAuthorizationFailed", "3100")
            case _:
                return self.refusal(404)

    def _read(self, company: Company, realm: str, rest: list[str], request: Request) -> Reply:
        match rest:
            case ["companyinfo", found] if found == realm:
                info = {"CompanyName": company.name, "LegalName": company.name, "Id": "1", "Country": "US"}
                return self._said({"CompanyInfo": info})
            case ["query"]:
                return self._query(company, request.query.get("query", ""))
            case ["cdc"]:
                return self._changes(company, request.query)
            case ["purchaseorder", found] if found in company.orders:
                return self._said({"PurchaseOrder": company.orders[found]})
            case _:
                return self.refusal(404, "Object Not Found", "610")

    def _query(self, company: Company, query: str) -> Reply:
        try:
            tables = {"PurchaseOrder": company.orders, "Item": company.items}
            return self._said({"QueryResponse": select(query, tables)})
        except BadQuery as error:
            return self.refusal(400, f"QueryParserError: {error}", "4000")

    def _changes(self, company: Company, asked: Mapping[str, str]) -> Reply:
        since = _since(asked.get("changedSince", ""))
        if asked.get("entities") != "PurchaseOrder" or since is None or self.clock.moment() - since > LOOK_BACK:
            return self.refusal(400, "changedSince must be within 30 days", "2010")
        changed = [order for order in company.orders.values() if updated(order) >= since]
        gone = [
            _gone(found, at) for found, at in company.orders.deleted.items() if at.replace(microsecond=0) >= since
        ]
        answer = sorted(changed + gone, key=updated)[:CDC_AT_MOST]
        found: Json = {"PurchaseOrder": answer, "startPosition": 1, "maxResults": len(answer)} if answer else {}
        return self._said({"CDCResponse": [{"QueryResponse": [found]}]})

    def _said(self, body: Json) -> Reply:
        return Reply(body={**body, "time": _stamp(self.clock.moment(), milliseconds=True)})


def example(order_id: str, at: str) -> Json:
    """An order of one line."""
    quantity = int(order_id) % 9 + 1 if order_id.isdigit() else 1
    detail = {
        "ItemRef": {"value": "38", "name": f"Beans {order_id}"},
        "BillableStatus": "NotBillable",
        "UnitPrice": 12.5,
        "Qty": quantity,
        "TaxCodeRef": {"value": "NON"},
    }
    line = {
        "Id": "1",
        "LineNum": 1,
        "Description": f"Beans, roast {order_id}",
        "Amount": 12.5 * quantity,
        "DetailType": "ItemBasedExpenseLineDetail",
        "ItemBasedExpenseLineDetail": detail,
    }
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": order_id,
        "SyncToken": "0",
        "MetaData": {"CreateTime": at, "LastUpdatedTime": at},
        "DocNumber": f"PO-{order_id}",
        "TxnDate": at[:10],
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "VendorRef": {"value": "41", "name": "Hicks Roasters"},
        "APAccountRef": {"value": "33", "name": "Accounts Payable (A/P)"},
        "POStatus": "Open",
        "Line": [line],
        "TotalAmt": 12.5 * quantity,
    }


def updated(order: Json) -> datetime:
    """When an order was changed."""
    return datetime.fromisoformat(order["MetaData"]["LastUpdatedTime"])


def _gone(order_id: str, at: datetime) -> Json:
    return {"domain": "QBO", "status": "Deleted", "Id": order_id, "MetaData": {"LastUpdatedTime": _stamp(at)}}


def _nothing(line: Json) -> Json:
    kind = line.get("DetailType", "")
    return {kind: {**line[kind], "UnitPrice": 0, "Qty": 0}} if kind in line else {}


def _stamp(at: datetime, *, milliseconds: bool = False) -> str:
    return at.astimezone(PACIFIC).isoformat(timespec="milliseconds" if milliseconds else "seconds")


def _since(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=PACIFIC)


def _older(realm: str, entity: str, changes: Iterable[tuple[str, str]], at: datetime) -> Json:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    entities = [
        {"name": entity, "id": found, "operation": operation, "lastUpdated": stamp} for operation, found in changes
    ]
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": entities}}]}


def _events(realm: str, entity: str, changes: Iterable[tuple[str, str]], at: datetime) -> list[Json]:
    return [_event(realm, entity, operation, found, at) for operation, found in changes]


def _event(realm: str, entity: str, operation: str, found: str, at: datetime) -> Json:
    done = {"Create": "created", "Update": "updated", "Delete": "deleted", "Void": "voided", "Merge": "merged"}
    return {
        "specversion": "1.0",
        "id": secrets.token_hex(16),
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": f"qbo.{entity.lower()}.{done.get(operation, operation.lower())}.v1",
        "datacontenttype": "application/json",
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f517Z"),  # nanoseconds
        "intuitentityid": found,
        "intuitaccountid": realm,
        "data": {},
    }
