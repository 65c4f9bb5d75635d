"""The query language of QuickBooks, as far as it is used."""

import operator
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

_QUERY = re.compile(
    r"select\s+(?P<what>\*|count\(\*\))\s+from\s+(?P<table>\w+)"
    r"(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+order\s*by\s+(?P<order>[\w.]+)(?:\s+(?P<direction>asc|desc))?)?"
    r"(?:\s+startposition\s+(?P<start>\d+))?(?:\s+maxresults\s+(?P<size>\d+))?\s*",
    re.I | re.S,
)
_TEST = re.compile(
    r"(?P<name>[\w.]+)\s*(?:(?P<sign>>=|<=|=|>|<)\s*'(?P<value>[^']*)'|in\s*\((?P<many>[^)]*)\))", re.I
)
_SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}
AT_MOST = 1000


class BadQuery(Exception):
    """It is not understood."""


def select(query: str, tables: Mapping[str, Mapping[str, Json]]) -> Json:
    """What `QueryResponse` has: rows of one table in a page, or how many there are.

    Raises:
        BadQuery: another form, table, or size of a page.
    """
    read = _QUERY.fullmatch(query.strip())
    if read is None or read["table"] not in tables:
        raise BadQuery(query)
    tests = [_test(part) for part in re.split(r"\s+and\s+", read["where"], flags=re.I)] if read["where"] else []
    rows = [row for row in tables[read["table"]].values() if all(_passes(row, test) for test in tests)]
    if read["what"] != "*":
        return {"totalCount": len(rows)}
    name = read["order"] or "Id"
    rows.sort(key=lambda row: _comparable(row, name), reverse=(read["direction"] or "").lower() == "desc")
    start, size = int(read["start"] or 1), int(read["size"] or 100)
    if start < 1 or not 1 <= size <= AT_MOST:
        raise BadQuery("MAXRESULTS is 1 to 1000")
    page = rows[start - 1 : start - 1 + size]
    return {read["table"]: page, "startPosition": start, "maxResults": len(page)} if page else {}


def _test(text: str) -> re.Match[str]:
    read = _TEST.fullmatch(text.strip())
    if read is None:
        raise BadQuery(text)
    return read


def _passes(row: Json, test: re.Match[str]) -> bool:
    value = _comparable(row, test["name"])
    if test["many"] is not None:
        return _value(row, test["name"]) in re.findall(r"'([^']*)'", test["many"])
    return _SIGNS[test["sign"]](value, _read(test["name"], test["value"]))


def _value(row: Json, name: str) -> Any:
    for part in name.split("."):
        row = row.get(part, {})
    return row


def _comparable(row: Json, name: str) -> Any:
    return _read(name, _value(row, name))


def _read(name: str, value: Any) -> Any:
    if name == "Id":
        return (len(value), value)
    if not name.endswith(("Time", "Date")):
        return value
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadQuery(f"{value} is no time") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
