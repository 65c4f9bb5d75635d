"""CloudWatch alarms that are in ALARM: which of them are told, and as what event."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from onboarding.monitoring import ResourceFilters, Service

SERVICE = "cloudwatch"
"""What the monitoring configuration calls it."""

SOURCE = "aws.cloudwatch"
DETAIL_TYPE = "CloudWatch Alarm State Change"
"""As EventBridge calls them, so that one rule for the severity fits both ways in."""

ALARM_LEVEL = 3
"""Page 60: the severity of an alarm in ALARM."""

OVERLAP = timedelta(minutes=10)
"""By how much a look goes back behind the one before: AWS shows an alarm with delay, and clocks differ."""

AT_MOST, ALARMS_BY_DEFAULT = 2000, 500
"""How many alarms one look may tell; `thresholds.max_alarms` chooses."""

_LONGEST = 5000
_EVENTS = UUID("2f2f9a5e-4c5e-5b53-9d0c-5b5a1f3f7a10")


class Metric(Struct, frozen=True, kw_only=True):
    """What an alarm looks at."""

    namespace: str
    name: str
    dimensions: dict[str, str] = {}


class Alarm(Struct, frozen=True, kw_only=True):
    """An alarm in ALARM. `since` is when it went there. One made of other alarms has no metrics."""

    arn: str
    name: str
    since: datetime
    description: str = ""
    reason: str = ""
    reason_data: str = ""
    metrics: tuple[Metric, ...] = ()


def most(service: Service) -> int:
    """How many alarms one look may tell: `thresholds.max_alarms`, 1 to 2000."""
    given = service.thresholds.get("max_alarms", ALARMS_BY_DEFAULT)
    if isinstance(given, bool) or not isinstance(given, int | float):
        return ALARMS_BY_DEFAULT
    return int(min(max(given, 1), AT_MOST))


def window(now: datetime, pulled_until: datetime | None, retention_days: int) -> datetime:
    """From when on an alarm is told.

    A look overlaps the one before. The first one, or the first after a change, goes back as far as events are
    kept: what was told longer ago is forgotten, and must not come back as new.
    """
    oldest = now - timedelta(days=retention_days)
    return oldest if pulled_until is None else max(oldest, pulled_until - OVERLAP)


def is_watched(alarm: Alarm, filters: ResourceFilters) -> bool:
    """Whether the filters let an alarm pass, tags aside.

    `resource_ids` are ARNs or names of alarms, or values of their metrics' dimensions, as an instance's id;
    `resource_types` are namespaces, as `AWS/EC2`. Neither looks at upper and lower case.
    """
    names = {alarm.arn, alarm.name, *(value for each in alarm.metrics for value in each.dimensions.values())}
    namespaces = {each.namespace for each in alarm.metrics}
    return _among(filters.resource_ids, names) and _among(filters.resource_types, namespaces)


def is_tagged(tags: dict[str, str], filters: ResourceFilters) -> bool:
    """Whether something has every tag of the filters, with that value."""
    return all(tags.get(name) == value for name, value in filters.tags.items())


def event_id(tenant_id: str, account_id: str, alarm: Alarm) -> str:
    """The same for the same alarm in the same fit, however often it is seen.

    Args:
        tenant_id: whose event it will be.
        account_id: the row of the account.
        alarm: by its ARN, and when it went into ALARM.
    """
    return str(uuid5(_EVENTS, f"{tenant_id}/{account_id}/{alarm.arn}/{alarm.since.isoformat()}"))


def left_out_id(tenant_id: str, account_id: str, now: datetime) -> str:
    """Of the event that says that there were more alarms than are told: one an hour."""
    return str(uuid5(_EVENTS, f"{tenant_id}/{account_id}/left out/{now:%Y-%m-%dT%H}"))


def detail_of(alarm: Alarm) -> dict[str, Any]:
    """The event's detail, in the shape of EventBridge's."""
    return {
        "alarmName": _text(alarm.name),
        "configuration": {
            "description": _text(alarm.description),
            "metrics": [{"metricStat": {"metric": _metric(each)}} for each in alarm.metrics],
        },
        "state": {
            "value": "ALARM",
            "reason": _text(alarm.reason),
            "reasonData": _text(alarm.reason_data),
            "timestamp": alarm.since.isoformat(),
        },
    }


def _among(wanted: tuple[str, ...], found: set[str]) -> bool:
    return not wanted or not {each.casefold() for each in wanted}.isdisjoint(each.casefold() for each in found)


def _metric(metric: Metric) -> dict[str, Any]:
    dimensions = {_text(name): _text(value) for name, value in metric.dimensions.items()}
    return {"namespace": _text(metric.namespace), "name": _text(metric.name), "dimensions": dimensions}


def _text(text: str) -> str:
    """As PostgreSQL can hold it, and no longer than AWS lets any be."""
    return text.replace("\0", "")[:_LONGEST]
