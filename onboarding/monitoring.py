"""How a tenant is monitored: what its admins set, and what the jobs go by.

Each setting, and the job that reads it, stands in `docs/monitoring-settings.md`.
"""

from typing import Any, Literal

from msgspec import Struct, field

Operator = Literal[">=", ">", "<=", "<", "==", "!="]
Severity = Literal["critical", "high", "medium", "low", "unknown"]


THRESHOLDS: dict[str, float] = {"refusal_rate": 0.5, "min_attempts": 20}
"""Of service `onboarding`: the share of refused saves in an hour that is told, and of how many saves at least."""


class Condition(Struct, frozen=True, kw_only=True):
    """A rule for the severity of an event: `metric` is a path into its detail, as in `metrics.cpu.average`."""

    metric: str
    operator: Operator
    value: float | str | bool
    severity: Severity


class SeverityRules(Struct, frozen=True, kw_only=True):
    """Conditions in order: the first that holds decides."""

    conditions: tuple[Condition, ...] = ()


class ResourceFilters(Struct, frozen=True, kw_only=True):
    """What of a service is watched; an empty list or object excludes nothing."""

    resource_ids: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict[str, str])
    resource_types: tuple[str, ...] = ()


class Service(Struct, frozen=True, kw_only=True):
    """A service by the source of its events, without the prefix: `cloudwatch`, `guardduty`, `onboarding`.

    `polling_interval` is in seconds, 30 to 3600.
    """

    service_name: str
    enabled: bool = True
    polling_interval: int | None = None
    thresholds: dict[str, Any] = field(default_factory=dict[str, Any])
    resource_filters: ResourceFilters = ResourceFilters()
    severity_rules: SeverityRules = SeverityRules()

    def threshold(self, name: str) -> float:
        """A threshold that is set, or its default.

        Raises:
            KeyError: it has none, and is not set.
        """
        return self.thresholds[name] if name in self.thresholds else THRESHOLDS[name]


class GlobalSettings(Struct, frozen=True, kw_only=True):
    """What holds for all services. Intervals are in seconds.

    `alert_slack_webhook` is masked: whoever has its address may post. That is kept apart, sealed.
    """

    default_polling_interval: int = 300
    alert_email_enabled: bool = False
    alert_email_recipients: tuple[str, ...] = ()
    alert_slack_enabled: bool = False
    alert_slack_webhook: str | None = None
    data_retention_days: int = 90
    stuck_after_hours: int = 24


class Monitoring(Struct, frozen=True, kw_only=True):
    """All of it. `version` 0 is the defaults of a tenant that has set nothing."""

    version: int = 0
    services: tuple[Service, ...] = ()
    global_settings: GlobalSettings = GlobalSettings()

    def service(self, name: str) -> Service:
        """A service by name; one of which nothing is set is enabled and goes by the defaults."""
        return next((each for each in self.services if each.service_name == name), Service(service_name=name))

    def interval(self, name: str) -> int:
        """Every how many seconds a service is looked at."""
        return self.service(name).polling_interval or self.global_settings.default_polling_interval


LEVELS: dict[int, Severity] = {0: "unknown", 1: "low", 2: "medium", 3: "high", 4: "critical", 5: "critical"}
"""The severity that a level is called."""
