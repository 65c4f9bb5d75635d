"""How severe an event from outside is, by what is in it: the table of docs/events.md."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

UNKNOWN = 0
MOST_FINDINGS = 1000
"""Findings of one event that are looked at; Security Hub sends up to a hundred."""

_ALARM = {"ALARM": 3, "INSUFFICIENT_DATA": 1, "OK": 1}
_FINDING = {"CRITICAL": 5, "HIGH": 4, "MEDIUM": 3, "LOW": 1}
_THREAT = {"CRITICAL": 4, "HIGH": 4, "MEDIUM": 3, "LOW": 2}
_HEALTH = {"ISSUE": 3, "SCHEDULEDCHANGE": 2}
_LOG = {"FATAL": 3, "CRITICAL": 3, "ERROR": 3, "WARNING": 2, "WARN": 2, "INFO": 1}
_NAMED = {"CRITICAL": 4, "HIGH": 3, "MEDIUM": 2, "LOW": 1}
_NUMBER = re.compile(r"\s*[-+]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})\s*", re.ASCII)


def severity_level(source: str, detail: Mapping[str, Any]) -> int:
    """The level, 0 to 5; 0 where nothing known is said.

    >>> severity_level("aws.guardduty", {"severity": "7.5"})
    4
    >>> severity_level("aws.cloudwatch", {"state": {"value": "OK"}})
    1
    >>> severity_level("my.application", {"answer": 42})
    0
    """
    prefix, _, service = source.partition(".")
    reading = _READINGS.get(service) if prefix in ("aws", "monitoring") else None
    if reading is not None and (level := reading(detail)) is not None:
        return level
    if prefix == "monitoring" and (level := _own(detail)) is not None:
        return level
    if (level := _named(_LOG, detail.get("level"))) is not None:
        return level
    return 1 if source == "aws.health" else UNKNOWN


def _alarm(detail: Mapping[str, Any]) -> int | None:
    return _named(_ALARM, _at(detail, "state", "value"))


def _threat(detail: Mapping[str, Any]) -> int | None:
    severity = detail.get("severity")
    number = _number(severity)
    if number is None:
        return _named(_THREAT, severity)
    return 4 if number >= 7 else 3 if number >= 4 else 2


def _findings(detail: Mapping[str, Any]) -> int | None:
    findings = detail.get("findings")
    if not isinstance(findings, list):
        return None
    each = cast(list[object], findings)[:MOST_FINDINGS]
    return max((_named(_FINDING, _at(finding, "Severity", "Label")) or UNKNOWN for finding in each), default=None)


def _health(detail: Mapping[str, Any]) -> int | None:
    category = detail.get("eventTypeCategory")
    return None if category is None else _named(_HEALTH, category) or 1


def _own(detail: Mapping[str, Any]) -> int | None:
    """What says itself how severe it is: by name, or as a level from 0 to 5."""
    for name in ("severity_level", "severity"):
        said = detail.get(name)
        number = _number(said)
        if number is not None and 0 <= number <= 5 and number.is_integer():
            return int(number)
        if (level := _named(_NAMED, said)) is not None:
            return level
    return _alarm(detail)


_READINGS: dict[str, Callable[[Mapping[str, Any]], int | None]] = {
    "cloudwatch": _alarm,
    "guardduty": _threat,
    "securityhub": _findings,
    "health": _health,
}
"""By the name of the service, whether AWS tells it or who monitors it."""


def _at(value: object, *path: str) -> object:
    for name in path:
        value = cast(Mapping[str, object], value).get(name) if isinstance(value, Mapping) else None
    return value


def _named(levels: Mapping[str, int], name: object) -> int | None:
    return levels.get(name.strip().upper()) if isinstance(name, str) else None


def _number(value: object) -> float | None:
    """A number, or a text that is one."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # of a thousand digits
        return float("inf") if value > 0 else float("-inf")
