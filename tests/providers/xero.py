"""Xero: organisations with purchase orders, read page by page."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.providers.faults import Clock, Faults
from tests.providers.http import Reply, Request
from tests.providers.oauth import Grant, Provider

ACCOUNTING = "accounting.invoices.read"
SCOPES = frozenset(
    {
        "openid",
        "profile",
        "email",
        "offline_access",
        ACCOUNTING,
        "accounting.settings.read",
        "accounting.transactions",
    }
)
Json = dict[str, Any]


def guid(name: str) -> str:
    """An id, as Xero gives them, that is the same for the same name."""
    return str(uuid5(NAMESPACE_URL, f"https://xero.example/{name}"))


class Orders(dict[str, Json]):
    """The purchase orders of an organisation, by id."""

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__()
        self._name, self._clock = name, clock

    def put(self, order: Mapping[str, Any]) -> Json:
        """Make or change an order: what is given, over what it was, over an order of one line. It changes now.

        With `UpdatedDateUTC` in it, it has changed when that says.
        """
        order_id, now = str(order["PurchaseOrderID"]), self._clock.moment()
        before = self.get(order_id) or example(order_id, f"PO-{len(self) + 1:04}", now)
        self[order_id] = {**before, "UpdatedDateUTC": ms_date(now), **order}
        return self[order_id]

    def delete(self, order_id: str) -> None:
        """Delete an order: it stays, and says so."""
        self.put({"PurchaseOrderID": order_id, "Status": "DELETED"})

    def void(self, order_id: str) -> None:
        """Void an order."""
        self.put({"PurchaseOrderID": order_id, "Status": "VOIDED"})

    def many(self, count: int) -> list[str]:
        """So many orders, each changed a minute after the one before it, the last one a minute ago. Their ids."""
        start, first = self._clock.moment() - timedelta(minutes=count), len(self) + 1
        made = list[str]()
        for number in range(count):
            order_id = guid(f"{self._name}, order {first + number}")
            self[order_id] = example(order_id, f"PO-{first + number:04}", start + timedelta(minutes=number))
            made.append(order_id)
        return made


class Organisation:
    """An organisation, with its purchase orders."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.id, self.name = guid(name), name
        self.orders = Orders(name, clock)


class Xero(Provider):
    """Xero. `organisations` are those that every consent opens; `orders` are those of the first one."""

    key = "xero"
    token_characters = 1200

    def __init__(self, clock: Clock, faults: Faults) -> None:
        super().__init__(clock, faults)
        self.organisations = [Organisation("Coffee Corner Ltd", clock)]

    @property
    def account(self) -> str:
        return self.organisations[0].id if self.organisations else ""

    @property
    def orders(self) -> Orders:
        """The purchase orders of the first organisation."""
        return self.organisations[0].orders

    def add(self, name: str) -> Organisation:
        """One more organisation that the consent opens."""
        self.organisations.append(Organisation(name, self.clock))
        return self.organisations[-1]

    def scopes_known(self, scopes: list[str]) -> bool:
        return set(scopes) <= SCOPES

    def is_offline(self, asked: dict[str, str]) -> bool:
        return "offline_access" in asked["scope"].split()

    def beside(self, grant: Grant) -> dict[str, str]:
        return {"scope": " ".join(grant.scopes), "session_state": "4c5c6a6f.0"}

    def revocation(self, request: Request) -> Reply:
        if not self.is_client(request):
            return Reply(status=401, body={"error": "invalid_client"})
        self.revoke(request.form.get("token", ""))
        return Reply()  # whether or not it knew the token: RFC 7009, section 2.2

    def refusal(self, status: int, title: str = "Unauthorized") -> Reply:
        said = {
            "Type": None,
            "Title": title,
            "Status": status,
            "Detail": "It cannot be done.",
            "Instance": guid(""),
        }
        return Reply(status=status, body=said)

    def call(self, grant: Grant, request: Request, path: str) -> Reply:
        if path == "/connections":
            return Reply(body=[_connection(each, self.clock.moment()) for each in self.organisations])
        if request.headers.get("accept") != "application/json":
            return Reply(body=b"<Response/>", headers={"Content-Type": "text/xml"})
        wanted = request.headers.get("xero-tenant-id")
        found = next((each for each in self.organisations if each.id == wanted), None)
        if found is None or not {ACCOUNTING, "accounting.transactions"} & set(grant.scopes):
            return self.refusal(403, "Forbidden")
        if path == "/api.xro/2.0/PurchaseOrders":
            return self._listed(found, request)
        if path.startswith("/api.xro/2.0/PurchaseOrders/") and path.rsplit("/", 1)[1] in found.orders:
            return self._said({"PurchaseOrders": [found.orders[path.rsplit("/", 1)[1]]]})
        return self.refusal(404, "Not Found")

    def _listed(self, found: Organisation, request: Request) -> Reply:
        asked = request.query
        page, size = int(asked.get("page", "1")), int(asked.get("pageSize", "100"))
        name, _, direction = asked.get("order", "PurchaseOrderID ASC").partition(" ")
        since = _since(request.headers.get("if-modified-since", ""))
        if page < 1 or not 1 <= size <= 1000 or name not in ("UpdatedDateUTC", "Date", "PurchaseOrderID"):
            return self.refusal(400, "Bad Request")
        rows = [order for order in found.orders.values() if since is None or updated(order) >= since]
        rows = [order for order in rows if asked.get("Status") in (None, order["Status"])]
        rows.sort(key=lambda order: (_stamped(order[name]), order["PurchaseOrderID"]))
        if direction.upper() == "DESC":
            rows.reverse()
        pages = {"page": page, "pageSize": size, "pageCount": -(-len(rows) // size), "itemCount": len(rows)}
        return self._said({"pagination": pages, "PurchaseOrders": rows[(page - 1) * size : page * size]})

    def _said(self, body: Json) -> Reply:
        at = ms_date(self.clock.moment()).replace("+0000", "")
        return Reply(body={"Id": guid(at), "Status": "OK", "ProviderName": "Gangway", "DateTimeUTC": at, **body})


def example(order_id: str, number: str, at: datetime) -> Json:
    """An order of one line."""
    quantity = int(number[-1]) + 1
    line = {
        "ItemCode": f"BEANS-{number}",
        "Description": f"Beans, roast {number}",
        "UnitAmount": 12.5,
        "TaxType": "INPUT",
        "TaxAmount": 0.0,
        "LineAmount": 12.5 * quantity,
        "Tracking": [],
        "Quantity": float(quantity),
        "LineItemID": guid(f"line of {order_id}"),
    }
    return {
        "PurchaseOrderID": order_id,
        "PurchaseOrderNumber": number,
        "DateString": f"{at:%Y-%m-%d}T00:00:00",
        "Date": ms_date(at.replace(hour=0, minute=0, second=0, microsecond=0)),
        "HasErrors": False,
        "IsDiscounted": False,
        "Reference": "",
        "Type": "PURCHASEORDER",
        "CurrencyRate": 1.0,
        "CurrencyCode": "NZD",
        "Contact": {"ContactID": guid("roasters"), "ContactStatus": "ACTIVE", "Name": "Hicks Roasters"},
        "Status": "AUTHORISED",
        "LineAmountTypes": "Exclusive",
        "LineItems": [line],
        "SubTotal": 12.5 * quantity,
        "TotalTax": 0.0,
        "Total": 12.5 * quantity,
        "UpdatedDateUTC": ms_date(at),
    }


def ms_date(at: datetime) -> str:
    """A time, as Xero writes them in JSON."""
    return f"/Date({int(at.timestamp() * 1000)}+0000)/"


def updated(order: Json) -> datetime:
    """When an order was changed, to the second: Xero compares no finer."""
    return _stamped(order["UpdatedDateUTC"])


def _stamped(text: str) -> Any:
    if not text.startswith("/Date("):
        return text
    return datetime.fromtimestamp(int(text[6:].partition("+")[0]) // 1000, UTC)


def _since(text: str) -> datetime | None:
    if not text:
        return None
    at = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _connection(each: Organisation, now: datetime) -> Json:
    at = f"{now:%Y-%m-%dT%H:%M:%S.0000000}"
    return {
        "id": guid(f"connection of {each.id}"),
        "authEventId": guid("event"),
        "tenantId": each.id,
        "tenantType": "ORGANISATION",
        "tenantName": each.name,
        "createdDateUtc": at,
        "updatedDateUtc": at,
    }
