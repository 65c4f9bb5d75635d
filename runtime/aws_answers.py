"""What AWS answers, as far as it is looked at; what is missing or of another type is no answer."""

from datetime import UTC, datetime

from msgspec import Struct

from onboarding.alarms import Alarm, Metric


class Credentials(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Those of a session."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def __repr__(self) -> str:
        return "Credentials()"


class Assumed(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A role was assumed."""

    credentials: Credentials


class FoundMetric(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A metric, or what an alarm on a single one says of it."""

    namespace: str = ""
    metric_name: str = ""
    dimensions: list[dict[str, str]] = []


class Stat(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A metric in a query."""

    metric: FoundMetric = FoundMetric()


class Query(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One of several metrics, or an expression, which has none."""

    metric_stat: Stat | None = None


class FoundAlarm(FoundMetric, frozen=True, kw_only=True, rename="pascal"):
    """An alarm."""

    alarm_arn: str
    alarm_name: str
    state_updated_timestamp: datetime
    state_transitioned_timestamp: datetime | None = None
    alarm_description: str = ""
    state_reason: str = ""
    state_reason_data: str = ""
    metrics: list[Query] = []


class AlarmPage(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A page of alarms."""

    metric_alarms: list[FoundAlarm] = []
    composite_alarms: list[FoundAlarm] = []
    next_token: str | None = None


class Tag(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A tag."""

    key: str
    value: str


class Tags(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The tags of something."""

    tags: list[Tag] = []


def alarm_of(found: FoundAlarm) -> Alarm:
    """An alarm as Gangway speaks of it."""
    queries = [query.metric_stat.metric for query in found.metrics if query.metric_stat]
    return Alarm(
        arn=found.alarm_arn,
        name=found.alarm_name,
        # The other one moves too when only the reason is another.
        since=(found.state_transitioned_timestamp or found.state_updated_timestamp).astimezone(UTC),
        description=found.alarm_description,
        reason=found.state_reason,
        reason_data=found.state_reason_data,
        metrics=tuple(_metric(each) for each in (found, *queries) if each.namespace),
    )


def _metric(found: FoundMetric) -> Metric:
    dimensions = {each.get("Name", ""): each.get("Value", "") for each in found.dimensions}
    return Metric(namespace=found.namespace, name=found.metric_name, dimensions=dimensions)
