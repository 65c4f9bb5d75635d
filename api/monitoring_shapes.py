"""What `/config/monitoring` takes and gives, and what must hold in it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, convert, field, to_builtins
from msgspec.structs import replace

from api.body import Body
from api.emails import Email, email_of
from onboarding import alarms
from onboarding.answers import NotThere, Texts, followed, repeats, rule
from onboarding.monitoring import GlobalSettings, Monitoring, Operator, Service, Severity
from onboarding.payloads import FieldError
from onboarding.webhooks import is_here, is_masked, objection
from runtime.settings import Settings

ENTRIES_AT_MOST = 50
LARGEST = 1e15
"""Of a threshold; more than anything that is counted, and still exact in every client."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,99}")
_PATH = re.compile(r"[^.\[\]]+(\[\d{1,4}\])*(\.[^.\[\]]+(\[\d{1,4}\])*)*")
_BOUNDS: dict[str, dict[str, tuple[float, float]]] = {
    "onboarding": {"refusal_rate": (0.01, 1), "min_attempts": (1, 1_000_000)},
    alarms.SERVICE: {"max_alarms": (1, alarms.AT_MOST)},
}


def _no_path(text: str) -> tuple[str, str] | None:
    return None if _PATH.fullmatch(text) else ("bad_format", "must be a path such as metrics.cpu[0].average")


Seconds = Annotated[int, Meta(ge=30, le=3600)]
Resources = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=500)]],
    Meta(max_length=100, extra={"unique": True}, extra_json_schema={"uniqueItems": True}),
]


class ConditionBody(Body, frozen=True, kw_only=True):
    """A rule for the severity of an event: `metric` is a path into its detail."""

    metric: Annotated[str, Meta(min_length=1, max_length=200, extra={"check": _no_path})]
    operator: Operator
    value: float | Annotated[str, Meta(max_length=500)] | bool
    severity: Severity


class SeverityRulesBody(Body, frozen=True, kw_only=True):
    """Conditions in order: the first that holds decides."""

    conditions: Annotated[list[ConditionBody], Meta(max_length=ENTRIES_AT_MOST)] = field(
        default_factory=list[ConditionBody]
    )


class ResourceFiltersBody(Body, frozen=True, kw_only=True):
    """What of a service is watched; an empty list or object excludes nothing."""

    resource_ids: Resources = field(default_factory=list[str])
    tags: Annotated[dict[str, str], Meta(max_length=ENTRIES_AT_MOST)] = field(default_factory=dict[str, str])
    resource_types: Texts = field(default_factory=list[str])


class ServiceBody(Body, frozen=True, kw_only=True):
    """A service by the source of its events, without the prefix: `cloudwatch`, `guardduty`, `onboarding`."""

    service_name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", max_length=64)]
    enabled: bool = True
    polling_interval: Seconds | None = None
    thresholds: Annotated[dict[str, float], Meta(max_length=ENTRIES_AT_MOST)] = field(
        default_factory=dict[str, float]
    )
    resource_filters: ResourceFiltersBody = field(default_factory=ResourceFiltersBody)
    severity_rules: SeverityRulesBody = field(default_factory=SeverityRulesBody)


class GlobalSettingsBody(Body, frozen=True, kw_only=True):
    """What holds for all services.

    `alert_slack_webhook` left out, or as it was shown, stays as it is; null takes it away.
    """

    default_polling_interval: Seconds = 300
    alert_email_enabled: bool = False
    alert_email_recipients: Annotated[
        list[Email], Meta(max_length=20, extra={"unique": True}, extra_json_schema={"uniqueItems": True})
    ] = field(default_factory=list[str])
    alert_slack_enabled: bool = False
    alert_slack_webhook: Annotated[
        Annotated[str, Meta(min_length=1, max_length=500)] | UnsetType | None, Meta(extra={"clears": True})
    ] = UNSET
    data_retention_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    stuck_after_hours: Annotated[int, Meta(ge=1, le=720)] = 24


class MonitoringBody(Body, frozen=True, kw_only=True):
    """The whole of it: what is left out has its default again.

    `version` may stand in it as it was answered; what counts is `If-Match`.
    """

    services: Annotated[list[ServiceBody], Meta(max_length=ENTRIES_AT_MOST)]
    global_settings: GlobalSettingsBody
    version: Annotated[int, Meta(ge=0)] | None = None

    @rule
    def _named_once(self) -> Iterator[FieldError]:
        yield from repeats("services[{}].service_name", self.services, lambda each: each.service_name.lower())

    @rule
    def _thresholds_are_numbers(self) -> Iterator[FieldError]:
        for index, service in enumerate(self.services):
            yield from followed(_in_thresholds, f"services[{index}].thresholds", service)

    @rule
    def _tags_are_texts(self) -> Iterator[FieldError]:
        for index, service in enumerate(self.services):
            yield from followed(_in_tags, f"services[{index}].resource_filters.tags", service)

    @rule
    def _conditions_compare(self) -> Iterator[FieldError]:
        for index, service in enumerate(self.services):
            yield from followed(_in_conditions, f"services[{index}].severity_rules.conditions", service)

    @rule
    def _mail_goes_somewhere(self) -> Iterator[FieldError]:
        settings = self.global_settings
        if settings.alert_email_enabled and not settings.alert_email_recipients:
            path, detail = "global_settings.alert_email_recipients", "is required to alert by e-mail"
            yield FieldError(field=path, code="required", detail=detail)


class ConditionOut(Struct, frozen=True, kw_only=True):
    """A rule for the severity of an event."""

    metric: str
    operator: Operator
    value: float | str | bool
    severity: Severity


class SeverityRulesOut(Struct, frozen=True, kw_only=True):
    """Conditions in order: the first that holds decides."""

    conditions: list[ConditionOut]


class ResourceFiltersOut(Struct, frozen=True, kw_only=True):
    """What of a service is watched; an empty list or object excludes nothing."""

    resource_ids: list[str]
    tags: dict[str, str]
    resource_types: list[str]


class ServiceOut(Struct, frozen=True, kw_only=True):
    """A service; without a `polling_interval` of its own it goes by the default."""

    service_name: str
    enabled: bool
    polling_interval: int | None
    thresholds: dict[str, float]
    resource_filters: ResourceFiltersOut
    severity_rules: SeverityRulesOut


class GlobalSettingsOut(Struct, frozen=True, kw_only=True):
    """What holds for all services; the webhook is masked."""

    default_polling_interval: int
    alert_email_enabled: bool
    alert_email_recipients: list[str]
    alert_slack_enabled: bool
    alert_slack_webhook: str | None
    data_retention_days: int
    stuck_after_hours: int


class MonitoringOut(Struct, frozen=True, kw_only=True):
    """How the tenant is monitored. `version` is also the `ETag`; 0 is the defaults, of which nothing is set."""

    version: int
    services: list[ServiceOut]
    global_settings: GlobalSettingsOut


def monitoring_out(found: Monitoring) -> MonitoringOut:
    """As it is shown."""
    return convert(to_builtins(found), MonitoringOut)


def webhook_leads_outside(settings: Settings, body: MonitoringBody) -> Iterator[FieldError]:
    """A rule: the webhook is an address that may be posted to; on a developer's machine it may be there."""
    address = body.global_settings.alert_slack_webhook
    if isinstance(address, str) and not is_masked(address):
        wrong = objection(address, here=is_here(settings.app_url))
        if wrong:
            yield FieldError(field="global_settings.alert_slack_webhook", code="bad_address", detail=wrong)


def services_of(body: MonitoringBody) -> tuple[Service, ...]:
    """Its services as they are kept, names in lower case like the sources of events."""
    services = convert(to_builtins(body.services), tuple[Service, ...])
    return tuple(replace(each, service_name=each.service_name.lower()) for each in services)


def settings_of(body: MonitoringBody, shown_webhook: str | None) -> GlobalSettings:
    """Its settings for all services as they are kept, with the webhook masked."""
    given = body.global_settings
    values: dict[str, Any] = {
        **to_builtins(given),
        "alert_email_recipients": [email_of(each) for each in given.alert_email_recipients],
        "alert_slack_webhook": shown_webhook,
    }
    return convert(values, GlobalSettings)


def _in_thresholds(path: str, service: ServiceBody) -> Iterator[FieldError]:
    yield from _too_many(path, service.thresholds)
    known: dict[str, tuple[float, float]] = {}
    with suppress(NotThere):  # A name that is wrong hides nothing that is wrong in here.
        known = _BOUNDS.get(service.service_name.lower(), {})
    for name, value in service.thresholds.items():
        where = f"{path}.{name[:80]}"
        lowest, highest = known.get(name, (-LARGEST, LARGEST))
        if not _NAME.fullmatch(name):
            yield FieldError(field=where, code="bad_name", detail="must have a name of letters, digits and _ . -")
        elif isinstance(value, bool) or not isinstance(value, int | float):  # pyright: ignore
            yield FieldError(field=where, code="wrong_type", detail="must be a number")
        elif value < lowest:
            yield FieldError(field=where, code="too_small", detail=f"must be at least {lowest:g}")
        elif value > highest:
            yield FieldError(field=where, code="too_large", detail=f"must be at most {highest:g}")


def _in_tags(path: str, service: ServiceBody) -> Iterator[FieldError]:
    tags: dict[str, object] = {**service.resource_filters.tags}
    yield from _too_many(path, tags)
    for name, value in tags.items():
        where = f"{path}.{name[:80]}"
        if not isinstance(value, str):
            yield FieldError(field=where, code="wrong_type", detail="must be a text")
        elif not (0 < len(name) <= 128 and len(value) <= 256):
            yield FieldError(field=where, code="too_long", detail="must be 1 to 128 characters, and 256 at most")
        elif not (name + value).isprintable():
            yield FieldError(field=where, code="control_character", detail="must not contain control characters")


def _in_conditions(path: str, service: ServiceBody) -> Iterator[FieldError]:
    for index, condition in enumerate(service.severity_rules.conditions):
        yield from followed(_in_condition, f"{path}[{index}].value", condition)


def _in_condition(path: str, condition: ConditionBody) -> Iterator[FieldError]:
    """True and false are no more or less than anything; texts are, as times are that are written as such."""
    value = condition.value
    if isinstance(value, bool) and condition.operator not in ("==", "!="):
        yield FieldError(
            field=path, code="not_comparable", detail=f"must not be true or false for {condition.operator}"
        )
    elif not isinstance(value, str) and abs(value) > LARGEST:
        yield FieldError(field=path, code="too_large", detail=f"must be at most {LARGEST:g}")


def _too_many(path: str, entries: dict[str, Any]) -> Iterator[FieldError]:
    if len(entries) > ENTRIES_AT_MOST:
        yield FieldError(field=path, code="too_long", detail=f"must have at most {ENTRIES_AT_MOST} entries")
