"""What QuickBooks tells by webhook, in both shapes: companies in which purchase orders have changed."""

from collections.abc import Iterator
from typing import Any, cast

COMPANIES_AT_MOST = 100
REALM_DIGITS = 40
_ORDERS = "purchaseorder"


def companies(told: object) -> list[str]:
    """The ids of companies, each once; what else is told, or in another shape, is left out.

    >>> companies([{"type": "qbo.purchaseorder.updated.v1", "intuitaccountid": "310687"}])
    ['310687']
    >>> bill = {"dataChangeEvent": {"entities": [{"name": "Bill"}]}}
    >>> companies({"eventNotifications": [{"realmId": "310687", **bill}]})
    []
    """
    found: dict[str, None] = {}
    for realm in _told(told):
        if isinstance(realm, str) and realm.isascii() and realm.isdigit() and len(realm) <= REALM_DIGITS:
            found[realm] = None
        if len(found) == COMPANIES_AT_MOST:
            break
    return list(found)


def _told(told: object) -> Iterator[object]:
    if isinstance(told, dict) and "eventNotifications" in told:
        for company in _objects(cast("dict[str, object]", told)["eventNotifications"]):
            names = [
                each.get("name") for each in _objects(_object(company.get("dataChangeEvent")).get("entities"))
            ]
            if any(isinstance(name, str) and name.lower() == _ORDERS for name in names):
                yield company.get("realmId")
        return
    for event in _objects(told if isinstance(told, list) else [told]):
        kind = event.get("type")
        if isinstance(kind, str) and _ORDERS in kind.lower().split("."):
            yield event.get("intuitaccountid")


def _objects(values: object) -> list[dict[str, Any]]:
    found = cast("list[object]", values) if isinstance(values, list) else []
    return [_object(each) for each in found]


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
