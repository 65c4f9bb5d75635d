"""What admins see of alerts: `/config/alerts`."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
from msgspec.structs import replace

from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from db import events
from db.pool import Database
from db.tenant import monitor
from runtime.settings import Settings
from tests.api.company import Company
from tests.api.test_refresh import events_of, exchange, later
from tests.stack import Person, application, ok, problem, until, wrong

ALERTS = "/api/v1/config/alerts"
ADA, BOB = "ada@example.org", "bob@example.org"
Sql = Callable[..., Awaitable[object]]


async def configure(admin_sql: Sql, tenant_id: str, *recipients: str) -> None:
    """Have alerts sent by mail."""
    await admin_sql(
        """
        INSERT INTO monitoring_configs (tenant_id, global_settings)
        VALUES ($1, jsonb_build_object('alert_email_enabled', true, 'alert_email_recipients', $2::text[]))
        """,
        tenant_id,
        list(recipients),
    )


@pytest.fixture
async def boss(company: Company, admin_sql: Sql, app_database: Database) -> Person:
    """An admin who was alerted to five events, two of them in vain, one not yet."""
    boss = company.admin
    await configure(admin_sql, boss.tenant_id, ADA)
    for number in range(5):
        async with app_database.transaction(monitor(boss.tenant_id)) as connection:
            await events.note(
                connection,
                tenant_id=boss.tenant_id,
                source="x",
                detail_type=str(number),
                severity="high",
                detail={},
            )
    await admin_sql(
        """
        WITH n AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM alerts WHERE tenant_id = $1)
        UPDATE alerts AS a SET due_at = 'infinity',
          status = (ARRAY['waiting', 'failed', 'failed', 'sent', 'sent'])[n.n],
          last_error = CASE WHEN n.n <= 3 THEN 'mail_server_away' END,
          sent_at = CASE WHEN n.n > 3 THEN now() END, attempts = n.n
        FROM n WHERE a.id = n.id
        """,
        boss.tenant_id,
    )
    return boss


async def test_an_alert_is_shown(boss: Person) -> None:
    """Each alert tells what it is about, to whom it goes, and what became of it; the newest comes first."""
    items = ok(await boss.get(ALERTS))["items"]
    assert [each["attempts"] for each in items] == [5, 4, 3, 2, 1]
    newest, failed = items[0], items[2]
    assert newest["sent_at"] is not None
    assert {key: failed[key] for key in failed if not key.endswith(("id", "created_at", "since"))} == {
        "kind": "event",
        "channel": "email",
        "recipient": ADA,
        "status": "failed",
        "attempts": 3,
        "last_error": "mail_server_away",
        "sent_at": None,
    }
    assert uuid.UUID(failed["event_id"])
    since = datetime.fromisoformat(failed["since"])
    assert timedelta(0) <= datetime.fromisoformat(failed["created_at"]) - since < timedelta(hours=1)


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("status=failed", ["failed"] * 2),
        ("status=failed&status=waiting", ["failed", "failed", "waiting"]),
        ("status[]=failed&status[]=waiting", ["failed", "failed", "waiting"]),
        ("status=sent,waiting,sent", ["sent", "sent", "waiting"]),
    ],
)
async def test_by_status(boss: Person, query: str, statuses: list[str]) -> None:
    """Failures are found by their status, in every form that lists of values have."""
    body = ok(await boss.get(f"{ALERTS}?{query}&with_total=true"))
    assert [each["status"] for each in body["items"]] == statuses
    assert body["total"] == len(statuses)


async def test_page_by_page(boss: Person) -> None:
    """Pages together are the list."""
    whole = [each["id"] for each in ok(await boss.get(ALERTS))["items"]]
    found: list[str] = []
    cursor = None
    while True:
        body = ok(await boss.get(ALERTS, params={"limit": 2, **({"cursor": cursor} if cursor else {})}))
        found += [each["id"] for each in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert found == whole


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("status=lost", "status", "not_allowed"),
        ("status=sent,lost", "status", "not_allowed"),
        ("status[]=SENT", "status", "not_allowed"),
        ("status=", "status", "not_allowed"),
        ("status=" + ",".join(map(str, range(60))), "status", "too_long"),
        ("limit=0", "limit", "too_small"),
        ("limit=101", "limit", "too_large"),
        ("cursor=x", "cursor", "bad_format"),
    ],
)
async def test_bad_filters(boss: Person, query: str, field: str, code: str) -> None:
    """What is no status, limit or cursor is refused by name."""
    assert wrong(await boss.get(f"{ALERTS}?{query}")) == {field: code}


async def test_all_that_is_wrong_at_once(boss: Person) -> None:
    """Every filter that is wrong is named, whoever reads it."""
    codes = {"status": "not_allowed", "cursor": "bad_format"}
    assert wrong(await boss.get(f"{ALERTS}?status=lost&cursor=x")) == codes
    assert wrong(await boss.get(f"{ALERTS}?status=lost&cursor=x&limit=0")) == {**codes, "limit": "too_small"}


@pytest.mark.parametrize("role", ["user", "manager"])
async def test_for_admins(company: Company, role: str) -> None:
    """Nobody else sees to whom alerts go."""
    problem(await (await company.hire(role)).get(ALERTS), 403, "forbidden")


async def test_of_the_own_tenant(boss: Person, rival: Company) -> None:
    """An admin sees the alerts of the own tenant."""
    assert ok(await boss.get(ALERTS))["items"]
    assert ok(await rival.admin.get(f"{ALERTS}?with_total=true")) == {"items": [], "next_cursor": None, "total": 0}


async def test_staff_hear_of_a_stolen_token_at_once(
    company: Company, stack: EmbeddedStack, settings: Settings, admin_sql: Sql
) -> None:
    """A refresh token that is used again alerts staff without waiting for the schedule."""
    victim = await company.hire("user")
    await configure(admin_sql, victim.tenant_id, ADA, BOB)
    ok(await exchange(victim.client, victim.refresh_token))
    await later(stack, victim)
    problem(await exchange(victim.client, victim.refresh_token), 401, "auth_invalid_token")

    async def sent() -> bool:
        items = ok(await company.admin.get(ALERTS))["items"]
        return [each["status"] for each in items] == ["sent", "sent"]

    await until(sent)
    (first, _) = ok(await company.admin.get(ALERTS))["items"]
    assert settings.mail_folder
    assert "refresh_token_reused" in (settings.mail_folder / f"{first['id']}.eml").read_text()


async def test_without_temporal(
    company: Company, stack: EmbeddedStack, settings: Settings, admin_sql: Sql
) -> None:
    """While Temporal is away alerts are written, and the one who is refused learns nothing of it."""
    victim = await company.hire("user")
    await configure(admin_sql, victim.tenant_id, ADA)
    ok(await exchange(victim.client, victim.refresh_token))
    await later(stack, victim)
    nowhere = replace(settings, temporal_address=f"127.0.0.1:{free_ports(1)[0]}", update_timeout_seconds=0.5)
    async with application(nowhere) as lonely:
        answer: httpx.Response = await exchange(lonely, victim.refresh_token)
    problem(answer, 401, "auth_invalid_token")
    assert await events_of(stack, victim) == ["refresh_token_reused"]
    (alert,) = ok(await company.admin.get(ALERTS))["items"]
    assert (alert["status"], alert["attempts"]) == ("waiting", 0)
