"""How a tenant is monitored: set as a whole, bounded everywhere, with a record of who changed what."""

import json
from itertools import pairwise
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from msgspec.structs import replace

from cli.data_keys import data_keys
from cli.embedded import EmbeddedStack
from db import monitoring
from db.pool import Database
from db.tenant import monitor
from onboarding.webhooks import masked
from runtime.encryption import Sealed
from runtime.settings import Settings
from tests.api.company import USERS, Company, at_once, found
from tests.stack import Json, Person, application, ok, problem, signed_in, until, wrong

PATH, CHANGES = "/api/v1/config/monitoring", "/api/v1/config/changes"
WEBHOOK = "https://hooks.slack.com/services/T000/B000/canary-of-the-webhook"
DEFAULTS = {
    "version": 0,
    "services": [],
    "global_settings": {
        "default_polling_interval": 300,
        "alert_email_enabled": False,
        "alert_email_recipients": [],
        "alert_slack_enabled": False,
        "alert_slack_webhook": None,
        "data_retention_days": 90,
        "stuck_after_hours": 24,
    },
}
SERVICE = {
    "service_name": "cloudwatch",
    "enabled": False,
    "polling_interval": 60,
    "thresholds": {"max_alarms": 100, "rate": 0.5},
    "resource_filters": {
        "resource_ids": ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:cpu"],
        "tags": {"env": "prod", "Team Ñ": ""},
        "resource_types": ["AWS/EC2"],
    },
    "severity_rules": {
        "conditions": [
            {"metric": "metrics.cpu[0].average", "operator": ">=", "value": 90.5, "severity": "critical"},
            {
                "metric": "check-item-detail.Security Group ID",
                "operator": "==",
                "value": "sg-1",
                "severity": "high",
            },
            {"metric": "since", "operator": "<", "value": "2026-01-01T00:00:00Z", "severity": "low"},
            {"metric": "muted", "operator": "!=", "value": True, "severity": "unknown"},
        ]
    },
}
EVERYTHING: Json = {
    "services": [SERVICE],
    "global_settings": {
        "default_polling_interval": 3600,
        "alert_email_enabled": True,
        "alert_email_recipients": ["ops@example.org"],
        "alert_slack_enabled": True,
        "alert_slack_webhook": WEBHOOK,
        "data_retention_days": 3650,
        "stuck_after_hours": 720,
    },
}
PLAIN: Json = {"services": [], "global_settings": {}}


@pytest.fixture(scope="module")
async def refusing(api: httpx.AsyncClient, app_database: Database, settings: Settings) -> Company:
    """A tenant in which nothing can be set: one for all that is refused."""
    return await found(api, app_database, settings)


async def put(who: Person, body: Json, seen: int | str | None = "*", **headers: str) -> httpx.Response:
    """Set all of it; `seen` is what `If-Match` says."""
    if seen is not None:
        headers["If-Match"] = f'"{seen}"' if isinstance(seen, int) else seen
    return await who.send("PUT", PATH, json=body, headers=headers)


def services(*given: Json) -> Json:
    """A body with these services."""
    return {**PLAIN, "services": list(given)}


def settings_with(**given: Any) -> Json:
    """A body with these settings for all services."""
    return {**PLAIN, "global_settings": given}


def a_condition(**given: Any) -> Json:
    """A body with one condition."""
    condition = {"metric": "a.b", "operator": ">", "value": 1, "severity": "low", **given}
    return services({"service_name": "x", "severity_rules": {"conditions": [condition]}})


async def test_defaults(company: Company) -> None:
    """A tenant that has set nothing is told the defaults, at version 0."""
    answer = await company.admin.get(PATH)
    assert (ok(answer), answer.headers["etag"]) == (DEFAULTS, '"0"')


async def test_set_and_read(company: Company) -> None:
    """Everything that is set is read back under the next version; what is left out has its default again."""
    answer = await put(company.admin, EVERYTHING, 0)
    shown = {**EVERYTHING["global_settings"], "alert_slack_webhook": masked(WEBHOOK)}
    expected = {"version": 1, "services": [SERVICE], "global_settings": shown}
    assert (ok(answer), answer.headers["etag"]) == (expected, '"1"')
    assert ok(await company.admin.get(PATH)) == expected
    assert ok(await put(company.admin, PLAIN, 1))["services"] == []
    after = ok(await company.admin.get(PATH))
    assert {**after["global_settings"], "alert_slack_webhook": None} == DEFAULTS["global_settings"]


async def test_what_was_read_may_be_sent_back(company: Company) -> None:
    """The object of an answer is a valid body, and changes nothing: the version stays, nothing is recorded."""
    read = ok(await put(company.admin, EVERYTHING))
    answer = await put(company.admin, read, read["version"])
    assert (ok(answer), answer.headers["etag"]) == (read, '"1"')
    assert len(ok(await company.admin.get(CHANGES))["items"]) == 1


async def test_names_as_they_are_compared(company: Company) -> None:
    """Names of services are in lower case like the sources of events, addresses like those of people."""
    body = {
        **services({"service_name": "GuardDuty"}),
        **settings_with(alert_email_recipients=[" Ops@Example.ORG"]),
    }
    body["services"] = [{"service_name": "GuardDuty"}]
    changed = ok(await put(company.admin, body))
    assert changed["services"][0]["service_name"] == "guardduty"
    assert changed["global_settings"]["alert_email_recipients"] == ["ops@example.org"]


async def test_only_the_latest_version_is_replaced(company: Company) -> None:
    """Who has not seen the latest version changes nothing, nor does who does not say what they have seen."""
    ok(await put(company.admin, EVERYTHING, 0))
    for stale in (0, 2, 999_999_999_999, 'W/"1"'):
        problem(await put(company.admin, PLAIN, stale), 412, "version_conflict")
    assert wrong(await put(company.admin, PLAIN, None)) == {"If-Match": "required"}
    assert wrong(await put(company.admin, PLAIN, "latest")) == {"If-Match": "bad_format"}
    assert ok(await company.admin.get(PATH))["version"] == 1
    assert ok(await put(company.admin, PLAIN, 1))["version"] == 2


async def test_one_of_many_at_once(company: Company) -> None:
    """Of several that have seen the same version one is followed, also of the first ever; `*` follows all."""
    bodies = [settings_with(data_retention_days=days) for days in range(1, 7)]
    answers = await at_once(*(put(company.admin, body, 0) for body in bodies))
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412, 412, 412]
    answers = await at_once(*(put(company.admin, settings_with(stuck_after_hours=n), "*") for n in range(1, 7)))
    assert sorted(ok(each)["version"] for each in answers) == [2, 3, 4, 5, 6, 7]
    changes = ok(await company.admin.get(CHANGES))["items"]
    assert [each["after"]["version"] for each in changes] == [7, 6, 5, 4, 3, 2, 1]
    assert all(newer["before"]["version"] == older["after"]["version"] for newer, older in pairwise(changes))


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"services": "required", "global_settings": "required"}),
        ({"services": {}, "global_settings": []}, {"services": "wrong_type", "global_settings": "wrong_type"}),
        (services({}), {"services[0].service_name": "required"}),
        (services({"service_name": ""}), {"services[0].service_name": "bad_format"}),
        (services({"service_name": "x" * 65}), {"services[0].service_name": "bad_format"}),
        (services({"service_name": "aws ec2\n"}), {"services[0].service_name": "bad_format"}),
        (services({"service_name": "x"}, {"service_name": "X"}), {"services[1].service_name": "duplicate"}),
        (services(*({"service_name": f"s{n}"} for n in range(51))), {"services": "too_long"}),
        (services({"service_name": "x", "polling_interval": 29}), {"services[0].polling_interval": "too_small"}),
        (services({"service_name": "x", "polling_interval": 3601}), {"services[0].polling_interval": "too_large"}),
        (
            services({"service_name": "x", "polling_interval": 60.5}),
            {"services[0].polling_interval": "wrong_type"},
        ),
        (services({"service_name": "x", "enabled": "yes"}), {"services[0].enabled": "wrong_type"}),
        (services({"service_name": "x", "interval": 60}), {"services[0].interval": "unknown_field"}),
        (services({"service_name": "x", "thresholds": [1]}), {"services[0].thresholds": "wrong_type"}),
        (
            services({"service_name": "x", "thresholds": {"a": "1", "b": True, "c": 1e16, "d": -1e16, "": 1}}),
            {
                "services[0].thresholds.a": "wrong_type",
                "services[0].thresholds.b": "wrong_type",
                "services[0].thresholds.c": "too_large",
                "services[0].thresholds.d": "too_small",
                "services[0].thresholds.": "bad_name",
            },
        ),
        (
            services({"service_name": "a b", "thresholds": {"a": "1"}}, {"thresholds": {"a": "1"}}),
            {
                "services[0].service_name": "bad_format",
                "services[0].thresholds.a": "wrong_type",
                "services[1].service_name": "required",
                "services[1].thresholds.a": "wrong_type",
            },
        ),
        (
            services({"service_name": "x", "thresholds": {"a\x00b": 1, "<b>": 1}}),
            {"services[0].thresholds.a\x00b": "bad_name", "services[0].thresholds.<b>": "bad_name"},
        ),
        (
            services({"service_name": "x", "thresholds": {f"n{n}": n for n in range(51)}}),
            {"services[0].thresholds": "too_long"},
        ),
        (
            services({"service_name": "Onboarding", "thresholds": {"refusal_rate": 0, "min_attempts": 0}}),
            {
                "services[0].thresholds.refusal_rate": "too_small",
                "services[0].thresholds.min_attempts": "too_small",
            },
        ),
        (
            services({"service_name": "onboarding", "thresholds": {"refusal_rate": 1.01}}),
            {"services[0].thresholds.refusal_rate": "too_large"},
        ),
        (
            services({"service_name": "CloudWatch", "thresholds": {"max_alarms": 0}}),
            {"services[0].thresholds.max_alarms": "too_small"},
        ),
        (
            services({"service_name": "cloudwatch", "thresholds": {"max_alarms": 2001}}),
            {"services[0].thresholds.max_alarms": "too_large"},
        ),
        (
            services(
                {
                    "service_name": "x",
                    "resource_filters": {
                        "resource_ids": ["a", "A", 1, "", "x" * 501],
                        "resource_types": "AWS/EC2",
                        "regions": [],
                    },
                }
            ),
            {
                "services[0].resource_filters.resource_ids[1]": "duplicate",
                "services[0].resource_filters.resource_ids[2]": "wrong_type",
                "services[0].resource_filters.resource_ids[3]": "too_short",
                "services[0].resource_filters.resource_ids[4]": "too_long",
                "services[0].resource_filters.resource_types": "wrong_type",
                "services[0].resource_filters.regions": "unknown_field",
            },
        ),
        (
            services(
                {
                    "service_name": "x",
                    "resource_filters": {"tags": {"a": 1, "b": "x" * 257, "": "x", "c": "\x00", "d" * 129: ""}},
                }
            ),
            {
                "services[0].resource_filters.tags.a": "wrong_type",
                "services[0].resource_filters.tags.b": "too_long",
                "services[0].resource_filters.tags.": "too_long",
                "services[0].resource_filters.tags.c": "control_character",
                f"services[0].resource_filters.tags.{'d' * 80}": "too_long",
            },
        ),
        (
            services({"service_name": "x", "resource_filters": {"resource_ids": [f"i-{n}" for n in range(101)]}}),
            {"services[0].resource_filters.resource_ids": "too_long"},
        ),
        (
            services({"service_name": "x", "severity_rules": {"conditions": [{}] * 51}}),
            {"services[0].severity_rules.conditions": "too_long"},
        ),
        (
            services({"service_name": "x", "severity_rules": {"conditions": [{}]}}),
            {
                f"services[0].severity_rules.conditions[0].{name}": "required"
                for name in ("metric", "operator", "value", "severity")
            },
        ),
        (settings_with(default_polling_interval=29), {"global_settings.default_polling_interval": "too_small"}),
        (settings_with(default_polling_interval=3601), {"global_settings.default_polling_interval": "too_large"}),
        (settings_with(data_retention_days=0), {"global_settings.data_retention_days": "too_small"}),
        (settings_with(data_retention_days=3651), {"global_settings.data_retention_days": "too_large"}),
        (settings_with(stuck_after_hours=0), {"global_settings.stuck_after_hours": "too_small"}),
        (settings_with(stuck_after_hours=721), {"global_settings.stuck_after_hours": "too_large"}),
        (settings_with(stuck_after_hours="24"), {"global_settings.stuck_after_hours": "wrong_type"}),
        (settings_with(alert_email_enabled=True), {"global_settings.alert_email_recipients": "required"}),
        (settings_with(alert_slack_enabled=True), {"global_settings.alert_slack_webhook": "required"}),
        (
            settings_with(alert_slack_enabled=True, alert_slack_webhook=None),
            {"global_settings.alert_slack_webhook": "required"},
        ),
        (
            settings_with(alert_slack_webhook="https://hooks.slack.com/********"),
            {"global_settings.alert_slack_webhook": "masked"},
        ),
        (
            settings_with(alert_email_recipients=["a@b.org", "A@b.org", "x", "a@b.org\nBcc: c@d.org", 1]),
            {
                "global_settings.alert_email_recipients[1]": "duplicate",
                "global_settings.alert_email_recipients[2]": "too_short",
                "global_settings.alert_email_recipients[3]": "control_character",
                "global_settings.alert_email_recipients[4]": "wrong_type",
            },
        ),
        (
            settings_with(alert_email_recipients=[f"a{n}@example.org" for n in range(21)]),
            {"global_settings.alert_email_recipients": "too_long"},
        ),
        (
            {
                "services": [
                    {"service_name": "x", "polling_interval": 1, "thresholds": {"a": "x"}},
                    {"enabled": 1},
                ],
                "global_settings": {"stuck_after_hours": 0, "alert_slack_webhook": "ftp://x"},
                "retention": 1,
            },
            {
                "services[0].polling_interval": "too_small",
                "services[0].thresholds.a": "wrong_type",
                "services[1].service_name": "required",
                "services[1].enabled": "wrong_type",
                "global_settings.stuck_after_hours": "too_small",
                "global_settings.alert_slack_webhook": "bad_address",
                "retention": "unknown_field",
            },
        ),
    ],
)
async def test_what_cannot_be_set(refusing: Company, body: Json, errors: dict[str, str]) -> None:
    """Every failing field is named at once, and nothing is kept."""
    assert wrong(await put(refusing.admin, body)) == errors
    assert ok(await refusing.admin.get(PATH)) == DEFAULTS


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"metric": ""}, {"metric": "too_short"}),
        ({"metric": "x" * 201}, {"metric": "too_long"}),
        ({"metric": "a..b"}, {"metric": "bad_format"}),
        ({"metric": "a[x]"}, {"metric": "bad_format"}),
        ({"operator": "=~"}, {"operator": "not_allowed"}),
        ({"operator": 1}, {"operator": "not_allowed"}),
        ({"severity": 4}, {"severity": "not_allowed"}),
        ({"severity": "4"}, {"severity": "not_allowed"}),
        ({"severity": "CRITICAL"}, {"severity": "not_allowed"}),
        ({"value": True}, {"value": "not_comparable"}),
        ({"value": 1e300}, {"value": "too_large"}),
        ({"value": None}, {"value": "required"}),
        ({"value": [1], "operator": "=="}, {"value": "wrong_type"}),
        ({"value": "x" * 501, "operator": "=="}, {"value": "too_long"}),
        ({"value": "a\x00", "operator": "!="}, {"value": "control_character"}),
        (
            {"metric": ".", "operator": "", "severity": 9, "value": {}},
            {"metric": "bad_format", "operator": "not_allowed", "severity": "not_allowed", "value": "wrong_type"},
        ),
    ],
)
async def test_conditions(refusing: Company, given: Json, errors: dict[str, str]) -> None:
    """A condition has a path, one of six operators, something to compare with, and a severity by its word."""
    path = "services[0].severity_rules.conditions[0]."
    assert wrong(await put(refusing.admin, a_condition(**given))) == {f"{path}{k}": v for k, v in errors.items()}


@pytest.mark.parametrize("number", ["NaN", "1e999", "9" * 400])
async def test_numbers_that_are_none(refusing: Company, number: str) -> None:
    """A number that nobody can count with is refused, and the answer says so as to any other."""
    body = json.dumps(services({"service_name": "x", "thresholds": {"a": 0}})).replace(" 0}", f" {number}}}")
    headers = {"Content-Type": "application/json", "If-Match": "*"}
    answer = await refusing.admin.send("PUT", PATH, content=body, headers=headers)
    assert answer.status_code == 400
    assert ok(await refusing.admin.get(PATH)) == DEFAULTS


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/services/x",
        "ftp://hooks.slack.com/x",
        "hooks.slack.com/x",
        "https://",
        "https://user:secret@hooks.slack.com/x",
        "https://hooks.slack.com:99999/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://metadata.google.internal/x",
        "https://temporal/x",
        "https://hooks.slack.com\\@10.0.0.1/x",
        "https://hooks.slack.com/x y",
        "https://hööks.slack.com/x",
        "javascript:alert(1)//",
    ],
)
async def test_where_a_webhook_may_not_lead(refusing: Company, address: str) -> None:
    """It leads over https to a public host, with no password in it: a tenant is not let into our network."""
    answer = await put(refusing.admin, settings_with(alert_slack_webhook=address))
    assert wrong(answer) == {"global_settings.alert_slack_webhook": "bad_address"}


async def test_a_webhook_at_home(company: Company, settings: Settings) -> None:
    """A developer's machine may be posted to over plain http; where the app is deployed nobody may."""
    body = settings_with(alert_slack_webhook="http://127.0.0.1:9/hook")
    assert (
        ok(await put(company.admin, body))["global_settings"]["alert_slack_webhook"]
        == "http://127.0.0.1:9/********"
    )
    deployed = replace(settings, app_url="https://app.example.org")
    async with application(deployed) as client:
        there = await signed_in(client, company.admin.email)
        answer = await put(there, settings_with(alert_slack_webhook="http://127.0.0.1:9/other"))
        assert wrong(answer) == {"global_settings.alert_slack_webhook": "bad_address"}


async def test_the_webhook_is_sealed(
    company: Company, app_database: Database, settings: Settings, stack: EmbeddedStack
) -> None:
    """Its address is in no answer and no row in the clear; who has the keys opens it where it stands."""
    tenant_id = company.admin.tenant_id
    answers = [
        await put(company.admin, EVERYTHING, 0, **{"Idempotency-Key": "once"}),
        await put(company.admin, EVERYTHING, 0, **{"Idempotency-Key": "once"}),
        await company.admin.get(PATH),
        await company.admin.get(CHANGES),
        await put(company.admin, {**EVERYTHING, "services": 1}),
    ]
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert all("canary-of-the-webhook" not in each.text for each in answers)
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    rows = [
        str(tuple(row.values()))
        for table in ("monitoring_configs", "config_changes")
        for row in await admin.fetch(f"SELECT * FROM {table} WHERE tenant_id = $1", tenant_id)
    ]
    await admin.close()
    assert rows
    assert all("canary-of-the-webhook" not in row for row in rows)
    async with app_database.transaction(monitor(tenant_id)) as connection:
        sealed = msgspec.convert(await monitoring.sealed_webhook(connection, tenant_id), Sealed)
    async with data_keys(settings) as keys:
        place = f"monitoring_configs.sealed_slack_webhook/{tenant_id}"
        assert (await keys.opening(sealed.key_id)).open(sealed, place.encode()).decode() == WEBHOOK


async def test_keeping_a_webhook(company: Company, app_database: Database) -> None:
    """Left out, or sent as it was shown, it stays; null takes it away, and another one replaces it."""
    tenant_id = company.admin.tenant_id

    async def sealed() -> Any:
        async with app_database.transaction(monitor(tenant_id)) as connection:
            return await monitoring.sealed_webhook(connection, tenant_id)

    ok(await put(company.admin, settings_with(alert_slack_webhook=WEBHOOK)))
    first = await sealed()
    kept = [
        settings_with(alert_slack_enabled=True),
        settings_with(alert_slack_enabled=True, alert_slack_webhook=masked(WEBHOOK), stuck_after_hours=2),
    ]
    for body in kept:
        assert ok(await put(company.admin, body))["global_settings"]["alert_slack_webhook"] == masked(WEBHOOK)
        assert await sealed() == first
    ok(await put(company.admin, settings_with(alert_slack_webhook=f"{WEBHOOK}/2", stuck_after_hours=2)))
    assert await sealed() not in (None, first)
    cleared = ok(await put(company.admin, settings_with(alert_slack_webhook=None)))
    assert (cleared["global_settings"]["alert_slack_webhook"], await sealed()) == (None, None)
    changes = ok(await company.admin.get(CHANGES))["items"]
    replaced = ["global_settings.alert_slack_webhook"]
    assert [each["after"]["replaced"] for each in changes] == [[], replaced, [], [], replaced]


async def test_changes(company: Company) -> None:
    """Each change says who made it, and what there was before and after; page by page, newest first."""
    second = await company.hire("admin")
    for days, who in enumerate((company.admin, second, company.admin), 1):
        ok(await put(who, settings_with(data_retention_days=days)))
    listed = ok(await company.admin.get(CHANGES, params={"with_total": True}))
    assert (listed["total"], listed["next_cursor"]) == (3, None)
    assert [each["changed_by"] for each in listed["items"]] == [company.admin.id, second.id, company.admin.id]
    days = [
        [each[side]["global_settings"]["data_retention_days"] for side in ("before", "after")]
        for each in listed["items"]
    ]
    assert days == [[2, 3], [1, 2], [90, 1]]
    assert {(each["kind"], each["subject_id"]) for each in listed["items"]} == {("monitoring", None)}
    first = ok(await company.admin.get(CHANGES, params={"limit": 2}))
    rest = ok(await company.admin.get(CHANGES, params={"limit": 2, "cursor": first["next_cursor"]}))
    assert [*first["items"], *rest["items"]] == listed["items"]
    assert rest["next_cursor"] is None


async def test_bad_pages_of_changes(company: Company) -> None:
    """The bounds of a list hold here too, all failing parameters at once."""
    answer = await company.admin.get(CHANGES, params={"limit": 101, "cursor": "x"})
    assert wrong(answer) == {"limit": "too_large", "cursor": "bad_format"}


@pytest.mark.parametrize("role", ["user", "manager"])
async def test_only_admins(company: Company, role: str) -> None:
    """Nobody but admins reads or changes it, or reads who did, on either path."""
    who = await company.hire(role)
    for prefix in ("/api/v1", "/api"):
        for path in ("/config/monitoring", "/config/changes"):
            problem(await who.get(f"{prefix}{path}"), 403, "forbidden")
            problem(await company.client.get(f"{prefix}{path}"), 401, "auth_missing_token")
        answer = await who.send("PUT", f"{prefix}/config/monitoring", json=PLAIN, headers={"If-Match": "*"})
        problem(answer, 403, "forbidden")


async def test_ones_own_only(company: Company, rival: Company) -> None:
    """What one tenant sets no other sees, nor who set it."""
    ok(await put(company.admin, EVERYTHING))
    assert ok(await rival.admin.get(PATH)) == DEFAULTS
    assert ok(await rival.admin.get(CHANGES, params={"with_total": True}))["total"] == 0
    assert ok(await rival.admin.get(PATH.replace("/v1", ""))) == DEFAULTS


async def test_the_erased_are_told_nothing_any_more(company: Company, stack: EmbeddedStack) -> None:
    """Who is erased is no recipient any more, nor in the record of changes, of alerts, nor in an answer kept."""
    second = await company.hire("admin")
    body = settings_with(alert_email_enabled=True, alert_email_recipients=[second.email, "ops@example.org"])
    ok(await put(company.admin, body, **{"Idempotency-Key": "once"}))
    ok(await put(second, {**body, "services": [{"service_name": "x"}]}))
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    for number, to in enumerate((second.email, "ops@example.org")):
        await admin.execute(
            "INSERT INTO alerts (tenant_id, kind, since, channel, recipient, due_at)"
            " VALUES ($1, 'report', now() - make_interval(days => $2::integer), 'email', $3, 'infinity')",
            company.admin.tenant_id,
            number,
            to,
        )
    receipt = await company.admin.post(f"{USERS}/{second.id}/erase")

    async def done() -> bool:
        return ok(await company.admin.get(receipt.headers["location"]))["status"] == "completed"

    await until(done, 60)
    after = ok(await company.admin.get(PATH))
    assert after["global_settings"]["alert_email_recipients"] == ["ops@example.org"]
    assert after["version"] == 3
    answer = await company.admin.get(CHANGES)
    assert second.email not in answer.text
    assert [each["changed_by"] for each in ok(answer)["items"]] == [None, company.admin.id]
    told = ok(await company.admin.get("/api/v1/config/alerts"))["items"]
    assert [each["recipient"] for each in told] == ["ops@example.org"]
    kept = "SELECT count(*) FROM idempotency_keys WHERE tenant_id = $1 AND scope LIKE '%/config/monitoring'"
    assert await admin.fetchval(kept, company.admin.tenant_id) == 0
    await admin.close()
