"""Events as people read them: lists, filters, remarks, what is related, and exports."""

import asyncio
import csv
import io
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from api import event_export
from db import event_lists
from db.pool import Database, DatabaseUnavailable
from tests.api.company import Company
from tests.api.sending import Account, account_of
from tests.stack import Json, Person, ok, problem, sign_up, wrong

EVENTS = "/api/v1/events"


@pytest.fixture(scope="module")
async def founded(api: httpx.AsyncClient) -> Person:
    """Somebody of the default tenant, whom nobody's events here concern."""
    return await sign_up(api)


@pytest.fixture
async def account(company: Company, app_database: Database) -> Account:
    """An account of the company."""
    return await account_of(company, app_database)


async def plant(account: Account, how_many: int = 6) -> list[str]:
    """Events of two kinds and three severities; their ids, oldest first."""
    ids: list[str] = []
    for n in range(how_many):
        envelope = account.envelope(
            source=("aws.guardduty", "my.application")[n % 2],
            region=("eu-central-1", "us-east-1")[n % 2],
            time=f"2026-05-01T12:{59 - n:02}:00Z",
            detail={"severity": 3 * (n % 3) + 2, "text": f"number {n} of CPUUtilization"},
            **{"detail-type": "GuardDuty Finding"},
        )
        ok(await account.send(envelope))
        ids.append(envelope["id"])
    return ids


async def listed(person: Person, path: str = EVENTS, limit: int = 2, **params: Any) -> list[str]:
    """The ids of all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        body = ok(await person.get(path, params={"limit": limit, **params, **more}))
        ids += [event["id"] for event in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            return ids


@pytest.mark.parametrize("path", [EVENTS, "/api/events"])
async def test_a_list(company: Company, account: Account, path: str) -> None:
    """Newest first in pages, with a total; a user reads what an admin reads, and nobody of another tenant."""
    ids = await plant(account)
    assert await listed(company.admin, path) == ids[::-1]
    assert await listed(await company.hire("user"), path, limit=100) == ids[::-1]
    page = ok(await company.admin.get(path, params={"limit": 1, "with_total": True}))
    assert page["total"] == 6
    assert "total" not in ok(await company.admin.get(path))
    event = page["items"][0]
    assert event["id"] == ids[-1]
    assert (event["account"], event["severity"], event["severity_level"]) == (account.number, "unknown", 0)


async def test_another_tenant(company: Company, rival: Company, account: Account) -> None:
    """Of another tenant's events there is nothing: not in lists, by id, related, or to change."""
    event_id = (await plant(account, 1))[0]
    assert await listed(rival.admin) == []
    for method, path in (("GET", ""), ("GET", "/related"), ("PATCH", ""), ("DELETE", "")):
        body = {"json": {"acknowledged": True}} if method == "PATCH" else {}
        problem(await rival.admin.send(method, f"{EVENTS}/{event_id}{path}", **body), 404, "not_found")
    assert ok(await company.admin.get(f"{EVENTS}/{event_id}"))["acknowledged_at"] is None


async def test_nobody(api: httpx.AsyncClient) -> None:
    """Without a token it is 401."""
    for path in (EVENTS, f"{EVENTS}/export", f"{EVENTS}/{uuid.uuid4()}"):
        problem(await api.get(path), 401, "auth_missing_token")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"source": "aws.guardduty"}, [0, 2, 4]),
        ({"source": "aws"}, []),
        ({"region": "us-east-1"}, [1, 3, 5]),
        ({"detail_type": "GuardDuty Finding", "region": "eu-central-1"}, [0, 2, 4]),
        ({"account": "000000000000"}, []),
        ({"severity": "critical"}, [2]),
        ({"severity": ["critical", "high"]}, [2, 4]),
        ({"severity[]": ["critical", "high"]}, [2, 4]),
        ({"severity": "critical,high,unknown"}, [1, 2, 3, 4, 5]),
        ({"search": "guard"}, [0, 1, 2, 3, 4, 5]),
        ({"search": "utiliz NUMBER 4"}, [4]),
        ({"search": "nobody"}, []),
        ({"start_date": "2020-01-01", "end_date": "2098-12-31T00:00:00Z"}, [0, 1, 2, 3, 4, 5]),
        ({"start_date": "2098-01-01"}, []),
        ({"end_date": "2020-01-01"}, []),
    ],
    ids=str,
)
async def test_filters(company: Company, account: Account, params: Json, expected: list[int]) -> None:
    """Each filter, each way to give several values, and pages of what is left."""
    ids = await plant(account)
    assert await listed(company.admin, **params) == [ids[n] for n in expected[::-1]]
    total = ok(await company.admin.get(EVENTS, params={**params, "with_total": True}))["total"]
    assert total == len(expected)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-created_at", [5, 4, 3, 2, 1, 0]),
        ("created_at", [0, 1, 2, 3, 4, 5]),
        ("-published_at", [0, 1, 2, 3, 4, 5]),
        ("published_at", [5, 4, 3, 2, 1, 0]),
        ("-severity", [2, 4, 0, 5, 3, 1]),
        ("severity", [1, 3, 5, 0, 4, 2]),
    ],
)
async def test_orders(company: Company, account: Account, sort: str, expected: list[int]) -> None:
    """Each order, with pages of any size; of one severity, by age."""
    ids = await plant(account)
    for limit in (1, 2, 100):
        assert await listed(company.admin, limit=limit, sort=sort) == [ids[n] for n in expected]


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"account": "1"}, {"account": "bad_format"}),
        ({"severity": "worst"}, {"severity": "not_allowed"}),
        ({"severity[]": "worst"}, {"severity": "not_allowed"}),
        ({"severity": "high,,low"}, {"severity": "not_allowed"}),
        ({"sort": "source"}, {"sort": "not_allowed"}),
        ({"sort": "--severity"}, {"sort": "not_allowed"}),
        ({"search": "x" * 101}, {"search": "too_long"}),
        ({"search": ""}, {"search": "too_short"}),
        ({"search": "a\x00"}, {"search": "bad_format"}),
        ({"source": "x" * 201}, {"source": "too_long"}),
        ({"region": "\x00"}, {"region": "bad_format"}),
        ({"start_date": "yesterday"}, {"start_date": "bad_format"}),
        ({"start_date": "2026-05-02", "end_date": "2026-05-01"}, {"start_date": "too_large"}),
        ({"end_date": "9999-12-31"}, {"end_date": "too_large"}),
        ({"limit": 0}, {"limit": "too_small"}),
        ({"limit": 101}, {"limit": "too_large"}),
        ({"cursor": "x"}, {"cursor": "bad_format"}),
        ({"cursor": "MTIz"}, {"cursor": "bad_format"}),
        ({"with_total": "perhaps"}, {"with_total": "wrong_type"}),
        (
            {"limit": "many", "severity": "worst", "account": "x", "start_date": "x", "cursor": "x"},
            dict.fromkeys(("account", "start_date", "cursor"), "bad_format")
            | {"limit": "wrong_type", "severity": "not_allowed"},
        ),
    ],
    ids=str,
)
async def test_bad_parameters(founded: Person, params: Json, errors: dict[str, str]) -> None:
    """Every filter, enum and bound is told by its name, all that fail at once."""
    assert wrong(await founded.get(EVENTS, params=params)) == errors


async def test_a_filter_twice(company: Company, account: Account) -> None:
    """Of a filter that is said twice the last one counts, and nothing gets past its bounds behind it."""
    await plant(account, 3)
    for name in ("search", "source", "account"):
        params = {name: ["\x00", "123456789012"]}
        assert ok(await company.admin.get(EVENTS, params=params)) == ok(
            await company.admin.get(EVENTS, params={name: "123456789012"})
        )
        ok(await company.admin.get(f"{EVENTS}/export", params=params))
        assert wrong(await company.admin.get(EVENTS, params={name: ["123456789012", "\x00"]})) == {
            name: "bad_format"
        }


async def test_a_cursor_of_another_list(company: Company, account: Account) -> None:
    """A cursor goes on in its own order only, and a damaged one nowhere."""
    await plant(account, 3)
    cursor = ok(await company.admin.get(EVENTS, params={"limit": 1, "sort": "-severity"}))["next_cursor"]
    ok(await company.admin.get(EVENTS, params={"cursor": cursor, "sort": "-severity"}))
    for params in ({"cursor": cursor}, {"cursor": cursor, "sort": "severity"}, {"cursor": cursor[:-8]}):
        assert wrong(await company.admin.get(EVENTS, params=params)) == {"cursor": "bad_format"}


async def test_when_it_expires(company: Company, account: Account, admin_sql: Any) -> None:
    """An event is kept for as many days as the tenant says, 90 without a word."""
    event_id = (await plant(account, 1))[0]

    async def days() -> float:
        event = ok(await company.admin.get(f"{EVENTS}/{event_id}"))
        created, expires = (datetime.fromisoformat(event[name]) for name in ("created_at", "expires_at"))
        return (expires - created) / timedelta(days=1)

    assert await days() == 90
    query = "INSERT INTO monitoring_configs (tenant_id, global_settings) VALUES ($1, $2)"
    await admin_sql(query, company.admin.tenant_id, json.dumps({"data_retention_days": 7}))
    assert await days() == 7


async def test_remarks(company: Company, account: Account) -> None:
    """Managers acknowledge and note, a field that is not given stays, null takes notes away, users may not."""
    manager, user = await company.hire("manager"), await company.hire("user")
    path = f"{EVENTS}/{(await plant(account, 1))[0]}"
    problem(await user.patch(path, {"acknowledged": True}), 403, "forbidden")
    noted = 'It was "me":\n<b>tested</b>'
    event = ok(await manager.patch(path, {"acknowledged": True, "notes": noted}))
    assert (event["acknowledged_by"], event["notes"]) == (manager.id, noted)
    assert event["acknowledged_at"] is not None
    assert ok(await company.admin.patch(path, {"acknowledged": True})) == event
    assert ok(await company.admin.patch(path, {})) == event
    assert ok(await user.get(path)) == event
    assert await listed(user, search="tested") == [event["id"]]
    event = ok(await company.admin.patch(path, {"acknowledged": False, "notes": None}))
    assert (event["acknowledged_at"], event["acknowledged_by"], event["notes"]) == (None, None, None)
    assert await listed(user, search="tested") == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"acknowledged": "yes"}, {"acknowledged": "wrong_type"}),
        ({"notes": 5}, {"notes": "wrong_type"}),
        ({"notes": "x" * 2001}, {"notes": "too_long"}),
        ({"notes": "a\u0007"}, {"notes": "control_character"}),
        ({"severity": "low", "notes": []}, {"severity": "unknown_field", "notes": "wrong_type"}),
    ],
    ids=str,
)
async def test_bad_remarks(company: Company, account: Account, body: Json, errors: dict[str, str]) -> None:
    """Bounds of remarks, and fields that nobody changes."""
    path = f"{EVENTS}/{(await plant(account, 1))[0]}"
    assert wrong(await company.admin.patch(path, body)) == errors


async def test_deleting(company: Company, account: Account) -> None:
    """An admin deletes, and it is gone from everything; a manager may not, and what is gone is 404."""
    ids = await plant(account, 3)
    manager = await company.hire("manager")
    path = f"{EVENTS}/{ids[0]}"
    problem(await manager.send("DELETE", path), 403, "forbidden")
    assert (await company.admin.send("DELETE", path)).status_code == 204
    assert await listed(company.admin) == [ids[2], ids[1]]
    assert await listed(company.admin, search="number") == [ids[2], ids[1]]
    assert ok(await company.admin.get(f"{EVENTS}/{ids[2]}/related"))["items"] == []
    for method, more in (("GET", ""), ("GET", "/related"), ("DELETE", "")):
        problem(await company.admin.send(method, path + more), 404, "not_found")
    problem(await company.admin.patch(path, {"notes": "x"}), 404, "not_found")


async def test_related(company: Company, account: Account) -> None:
    """What is of the same kind and account is related, newest first, and no more than was asked for."""
    ids = await plant(account, 5)
    path = f"{EVENTS}/{ids[2]}/related"
    assert [event["id"] for event in ok(await company.admin.get(path))["items"]] == [ids[4], ids[0]]
    assert [event["id"] for event in ok(await company.admin.get(path, params={"limit": 1}))["items"]] == [ids[4]]
    assert wrong(await company.admin.get(path, params={"limit": 101})) == {"limit": "too_large"}


@pytest.mark.parametrize("page", [2, 1000])
async def test_an_export(company: Company, account: Account, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """An export has what the lists have, in their order and by their filters, over several pages as in one."""
    monkeypatch.setattr(event_export, "PAGE", page)
    ids = await plant(account, 6)
    user = await company.hire("user")
    answer = await user.get(f"{EVENTS}/export", params={"sort": "-severity"})
    items = ok(answer)
    assert items == ok(await user.get(EVENTS, params={"sort": "-severity"}))["items"]
    assert answer.headers["content-disposition"] == 'attachment; filename="events.json"'
    table = await user.get(f"{EVENTS}/export", params={"format": "csv", "source": "aws.guardduty"})
    assert table.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["id"] for row in rows] == [ids[4], ids[2], ids[0]]
    assert json.loads(rows[0]["detail"]) == {"severity": 5, "text": "number 4 of CPUUtilization"}
    assert (rows[0]["severity"], rows[0]["account"], rows[0]["notes"]) == ("high", account.number, "")
    assert ok(await user.get(f"{EVENTS}/export", params={"search": "nothing"})) == []
    assert (
        len((await user.get(f"{EVENTS}/export", params={"format": "csv", "search": "x"})).text.splitlines()) == 1
    )


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1+2",
        "@SUM(A1)",
        " =1",
        "\t=1",
        "\r=1",
        "\n=1",
        "'=1",
        '"=1',
        "\u00a0=1",
        "\uff1d1",
        "=1\n=2",
    ],
)
async def test_no_cell_is_a_formula(company: Company, account: Account, text: str) -> None:
    """What a spreadsheet would run begins with an apostrophe, and is told as it is in JSON."""
    envelope = account.envelope(source=text, region=text, **{"detail-type": text})
    ok(await account.send(envelope))
    exported = await company.admin.get(f"{EVENTS}/export", params={"format": "csv"})
    row = next(csv.DictReader(io.StringIO(exported.content.decode(), newline="")))
    assert (row["source"], row["region"], row["detail_type"]) == (f"'{text}",) * 3
    assert ok(await company.admin.get(f"{EVENTS}/export"))[0]["source"] == text


async def test_an_export_of_other_programs(company: Company, account: Account) -> None:
    """Quotes, commas, line ends and separators are one cell each, and no cell is cut."""
    text = 'a,"b";c\td\r\n"e'
    ok(await account.send(account.envelope(**{"detail-type": text})))
    exported = await company.admin.get(f"{EVENTS}/export", params={"format": "csv"})
    rows = list(csv.reader(io.StringIO(exported.content.decode(), newline="")))
    assert [len(row) for row in rows] == [15, 15]
    assert rows[1][6] == text


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"format": "xml"}, {"format": "not_allowed"}),
        (
            {"format": "csv", "severity": "x", "start_date": "x"},
            {"severity": "not_allowed", "start_date": "bad_format"},
        ),
    ],
    ids=str,
)
async def test_bad_exports(founded: Person, params: Json, errors: dict[str, str]) -> None:
    """An export refuses what a list refuses, before anything is sent."""
    assert wrong(await founded.get(f"{EVENTS}/export", params=params)) == errors


async def test_too_many_exports(
    company: Company, account: Account, founded: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what a tenant may export at once, one that only begins is one; no other tenant waits for it."""
    ids = await plant(account, 1)
    begun, may_end = asyncio.Event(), asyncio.Event()
    read = event_lists.listed

    async def held(*given: Any, **more: Any) -> event_lists.Listed:
        if not begun.is_set():
            begun.set()
            await may_end.wait()
        return await read(*given, **more)

    monkeypatch.setattr(event_lists, "listed", held)
    monkeypatch.setattr(event_export, "AT_ONCE", 1)
    first = asyncio.create_task(company.admin.get(f"{EVENTS}/export"))
    await begun.wait()
    refused = await company.admin.get(f"{EVENTS}/export")
    problem(refused, 429, "rate_limited")
    assert refused.headers["retry-after"] == "10"
    ok(await founded.get(f"{EVENTS}/export", params={"source": "nobody"}))
    may_end.set()
    assert [event["id"] for event in ok(await first)] == ids
    assert [event["id"] for event in ok(await company.admin.get(f"{EVENTS}/export"))] == ids


async def test_large_events(company: Company, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of large events ends early and leads on; an export has them all."""
    ids = await plant(account, 5)
    monkeypatch.setattr(event_lists, "PAGE_BYTES", 1)
    page = ok(await company.admin.get(EVENTS, params={"limit": 3}))
    assert [event["id"] for event in page["items"]] == [ids[4]]
    assert page["next_cursor"]
    assert await listed(company.admin) == ids[::-1]
    assert [event["id"] for event in ok(await company.admin.get(f"{EVENTS}/export"))] == ids[::-1]


async def test_an_export_that_fails(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never began to be sent does not count."""
    monkeypatch.setattr(event_export, "AT_ONCE", 1)

    async def away(*_: Any, **__: Any) -> event_lists.Listed:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as context:
        context.setattr(event_lists, "listed", away)
        for _ in range(2):
            problem(await company.admin.get(f"{EVENTS}/export"), 503, "database_unavailable")
    assert ok(await company.admin.get(f"{EVENTS}/export")) == []
