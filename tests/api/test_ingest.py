"""Events from outside: who may send them, what an envelope must be, and what is kept of it."""

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from db.pool import Database
from runtime.settings import Settings
from tests.api.company import Company, at_once
from tests.api.sending import INGEST, Account, account_of
from tests.stack import Json, application, ok, problem, wrong

EVENTS = "/api/v1/events"


@pytest.fixture
async def account(company: Company, app_database: Database) -> Account:
    """An account of the company."""
    return await account_of(company, app_database)


async def read(company: Company, id: str) -> Json:
    """An event as the company sees it."""
    return ok(await company.admin.get(f"{EVENTS}/{id}"))


@pytest.mark.parametrize("path", [INGEST, "/api/events/ingest"])
async def test_an_event_is_kept(company: Company, account: Account, path: str) -> None:
    """What EventBridge sends is there, graded, with its own id and time, under both prefixes."""
    envelope = account.envelope(
        source="aws.guardduty",
        detail={"severity": "7.5", "type": "UnauthorizedAccess:EC2/SSHBruteForce"},
        resources=["arn:aws:ec2:eu-central-1:1:instance/i-0abc"],
        **{"detail-type": "GuardDuty Finding", "replay-name": "a field that nobody knows"},
    )
    assert ok(await account.send(envelope, path)) == {"id": envelope["id"], "created": True}
    event = await read(company, envelope["id"])
    assert (event["severity"], event["severity_level"]) == ("critical", 4)
    assert event["published_at"] == "2026-05-01T12:00:00Z"
    for name in ("account", "region", "source", "resources", "detail"):
        assert event[name] == envelope[name]
    assert event["detail_type"] == "GuardDuty Finding"
    assert event["run_id"] is event["acknowledged_at"] is event["deleted_at"] is None


async def test_a_redelivery(company: Company, account: Account) -> None:
    """The same event again, ten at once too, is one event and 200 each time; one says that it made it."""
    envelope = account.envelope()
    answers = await at_once(*(account.send(envelope) for _ in range(10)))
    assert sorted(ok(answer)["created"] for answer in answers) == [False] * 9 + [True]
    assert not ok(await account.send({**envelope, "detail": {"another": 1}}))["created"]
    assert (await read(company, envelope["id"]))["detail"] == {}


async def test_a_redelivery_of_what_was_deleted(company: Company, account: Account) -> None:
    """An event that an admin deleted does not come back."""
    envelope = account.envelope()
    ok(await account.send(envelope))
    assert (await company.admin.send("DELETE", f"{EVENTS}/{envelope['id']}")).status_code == 204
    assert not ok(await account.send(envelope))["created"]
    problem(await company.admin.get(f"{EVENTS}/{envelope['id']}"), 404, "not_found")


async def test_two_tenants_with_one_id(
    company: Company, rival: Company, account: Account, app_database: Database
) -> None:
    """An id that another tenant has seen is no redelivery here, and each reads its own."""
    other = await account_of(rival, app_database)
    envelope = account.envelope(detail={"whose": "ours"})
    ok(await account.send(envelope))
    assert ok(await other.send({**envelope, "account": other.number, "detail": {"whose": "theirs"}}))["created"]
    assert (await read(company, envelope["id"]))["detail"] == {"whose": "ours"}
    assert (await read(rival, envelope["id"]))["detail"] == {"whose": "theirs"}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "auth_missing_token"),
        ("", "auth_missing_token"),
        ("Event", "auth_missing_token"),
        ("Event  ", "auth_missing_token"),
        ("Bearer {token}", "auth_missing_token"),
        ("Event nothing", "auth_invalid_token"),
        ("Event {token}x", "auth_invalid_token"),
        ("Event " + "x" * 5000, "auth_invalid_token"),
        ("Event {row_id}", "auth_invalid_token"),
    ],
)
async def test_without_a_token(account: Account, header: str | None, code: str) -> None:
    """Without the token of an account it is 401 with a challenge, whatever else is sent."""
    given = header.format(token=account.token, row_id=account.row_id) if header is not None else None
    headers = {} if given is None else {"Authorization": given}
    answer = await account.client.post(INGEST, json={"not": "an envelope"}, headers=headers)
    problem(answer, 401, code)
    assert answer.headers["www-authenticate"] == "Event"
    assert account.token not in answer.text


async def test_a_person_is_no_machine(company: Company, account: Account) -> None:
    """An admin's access token sends no events, and an account's token opens nothing else."""
    problem(await company.admin.post(INGEST, account.envelope()), 401, "auth_missing_token")
    headers = {"Authorization": f"Event {account.token}"}
    for path in (EVENTS, f"{EVENTS}/export", "/api/v1/users/me"):
        problem(await account.client.get(path, headers=headers), 401, "auth_missing_token")


async def test_an_account_that_is_not_active(company: Company, app_database: Database) -> None:
    """The token of an account that was switched off is 403, and nothing is kept."""
    account = await account_of(company, app_database, is_active=False)
    problem(await account.send(account.envelope()), 403, "account_inactive")
    assert ok(await company.admin.get(EVENTS))["items"] == []


async def test_another_account(company: Company, account: Account, app_database: Database) -> None:
    """A token speaks for its own account only, not for another of the same tenant either."""
    other = await account_of(company, app_database)
    for number in (other.number, "123456789012"):
        errors = wrong(await account.send(account.envelope(account=number)), 403, "forbidden")
        assert errors == {"account": "not_allowed"}
    assert ok(await company.admin.get(EVENTS))["items"] == []


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"id": "1"}, {"id": "bad_format"}),
        ({"id": 7}, {"id": "wrong_type"}),
        ({"id": None}, {"id": "required"}),
        ({"source": ""}, {"source": "too_short"}),
        ({"source": "x" * 101}, {"source": "too_long"}),
        ({"source": "gangway.auth"}, {"source": "not_allowed"}),
        ({"source": "GANGWAY.AUTH"}, {"source": "not_allowed"}),
        ({"source": " gangway.auth"}, {"source": "not_allowed"}),
        ({"source": "\u200bgangway\u2024auth"}, {"source": "not_allowed"}),
        ({"source": "\uff47angway.auth"}, {"source": "not_allowed"}),
        ({"detail-type": ""}, {"detail-type": "too_short"}),
        ({"detail-type": "x" * 201}, {"detail-type": "too_long"}),
        ({"account": "12345678901"}, {"account": "bad_format"}),
        ({"account": "\u0661" * 12}, {"account": "bad_format"}),
        ({"account": 123456789012}, {"account": "wrong_type"}),
        ({"time": "yesterday"}, {"time": "bad_format"}),
        ({"time": "2026-13-01T00:00:00Z"}, {"time": "bad_format"}),
        ({"time": "2026-05-01T00:00:00"}, {"time": "bad_format"}),
        ({"time": "0001-01-01T00:00:00Z"}, {"time": "too_small"}),
        ({"region": "x" * 41}, {"region": "too_long"}),
        ({"resources": "arn"}, {"resources": "wrong_type"}),
        ({"resources": ["a", 1]}, {"resources[1]": "wrong_type"}),
        ({"resources": ["x"] * 201}, {"resources": "too_long"}),
        ({"resources": ["x" * 2049]}, {"resources[0]": "too_long"}),
        ({"detail": []}, {"detail": "wrong_type"}),
        ({"detail": "text"}, {"detail": "wrong_type"}),
        (
            {"detail": None, "id": "x", "time": ""},
            {"detail": "required", "id": "bad_format", "time": "bad_format"},
        ),
    ],
    ids=str,
)
async def test_a_malformed_envelope(account: Account, fields: Json, errors: dict[str, str]) -> None:
    """Every bound of an envelope is told by its field, all that fail at once."""
    assert wrong(await account.send(account.envelope(**fields))) == errors


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"null", b'{"detail": "\\ud800"}', b"[" * 99])
async def test_no_envelope(account: Account, content: bytes) -> None:
    """What is no JSON object is 400, never more."""
    headers = {"Authorization": f"Event {account.token}", "Content-Type": "application/json"}
    answer = await account.client.post(INGEST, content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("malformed_json", "validation_error")


async def test_256_kilobytes(company: Company, account: Account) -> None:
    """Up to 256 KB an event is kept as it is; beyond, announced or in pieces, it is 413."""
    envelope = account.envelope(detail={"text": ""})
    room = 256 * 1024 - len(json.dumps(envelope, separators=(",", ":")))
    envelope["detail"]["text"] = "x" * room
    ok(await account.send(envelope))
    assert len((await read(company, envelope["id"]))["detail"]["text"]) == room
    larger = {**envelope, "detail": {"text": "x" * (room + 1)}}
    problem(await account.send(larger), 413, "payload_too_large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 10_000

    headers = {"Authorization": f"Event {account.token}", "Content-Type": "application/json"}
    for keyed in ({}, {"Idempotency-Key": uuid.uuid4().hex}):
        answer = await account.client.post(INGEST, content=pieces(), headers={**headers, **keyed})
        problem(answer, 413, "payload_too_large")


@pytest.mark.parametrize(
    "detail",
    [
        {"line": "a \"quoted\" 'line'\twith\ttabs\r\nand <b>markup</b> & \u202e more"},
        {"numbers": [10**300, -(10**30), 2**63, 0.1, 1.5e-300, True, None]},
        {"": {"": [[], {}, ""]}, "a.b": {"[0]": 1}, "=cmd|' /C calc'!A0": "@SUM(A1)"},
        {"many": [{"n": n, "text": f"w{n}" * 9} for n in range(2000)]},
        {f"key{n}": n for n in range(5000)},
    ],
    ids=lambda detail: str(detail)[:30],
)
async def test_any_detail(company: Company, account: Account, detail: Json) -> None:
    """Whatever JSON a detail is, it is kept and given back as it was."""
    envelope = account.envelope(detail=detail)
    ok(await account.send(envelope))
    assert (await read(company, envelope["id"]))["detail"] == detail


async def test_characters_of_no_value(company: Company, account: Account) -> None:
    """A NUL, which the database does not keep, is a mark afterwards, in names too; the event is not lost."""
    envelope = account.envelope(
        detail={"a\x00b": ["c\x00"]}, resources=["r\x00"], source="my\x00app", region="x\x00"
    )
    ok(await account.send(envelope))
    event = await read(company, envelope["id"])
    assert event["detail"] == {"a\ufffdb": ["c\ufffd"]}
    assert (event["resources"], event["source"], event["region"]) == (["r\ufffd"], "my\ufffdapp", "x\ufffd")


async def test_less_than_everything(company: Company, account: Account) -> None:
    """Without version, region and resources it is an event all the same, and one of an unknown source too."""
    envelope = account.envelope(source="my.application")
    for name in ("version", "region", "resources"):
        del envelope[name]
    ok(await account.send(envelope))
    event = await read(company, envelope["id"])
    assert (event["region"], event["resources"]) == (None, [])
    assert (event["severity"], event["severity_level"]) == ("unknown", 0)


async def test_a_key(account: Account) -> None:
    """A request with a key gets the first answer again, and another body under it is 409."""
    envelope, key = account.envelope(), {"Idempotency-Key": uuid.uuid4().hex}
    assert ok(await account.send(envelope, headers=key))["created"]
    again = await account.send(envelope, headers=key)
    assert ok(again)["created"]
    assert again.headers["idempotent-replayed"] == "true"
    problem(await account.send(account.envelope(), headers=key), 409, "idempotency_key_reused")


async def test_keys_of_two_accounts(company: Company, account: Account, app_database: Database) -> None:
    """The same key of another account is another key."""
    other, key = await account_of(company, app_database), {"Idempotency-Key": uuid.uuid4().hex}
    ok(await account.send(account.envelope(), headers=key))
    assert "idempotent-replayed" not in (await other.send(other.envelope(), headers=key)).headers


async def test_each_account_has_a_limit(
    company: Company, account: Account, app_database: Database, settings: Settings
) -> None:
    """Events beyond an account's limit are 429 and kept once they are sent again; another account goes on."""
    other = await account_of(company, app_database)
    strict = replace(settings, ingest_limit_per_minute=2)
    async with application(strict) as client:
        ours, theirs = [replace(each, client=client) for each in (account, other)]
        envelopes = [account.envelope() for _ in range(5)]
        answers = [await ours.send(each) for each in envelopes]
        # Two windows may be met, no more.
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert int(problem(refused[0], 429, "rate_limited")["retryable"])
        assert 1 <= int(refused[0].headers["retry-after"]) <= 60
        ok(await theirs.send(other.envelope()))
    assert ok(await account.send(envelopes[answers.index(refused[0])]))["created"]


async def test_guessing_is_limited(account: Account, settings: Settings) -> None:
    """Tokens that are nobody's are counted by address, and too many are 429; the right one still works there."""
    strict = replace(settings, sign_in_limit_per_minute=3)
    async with application(strict, address="198.51.100.77") as client:
        guesses = [await replace(account, client=client, token=f"x{n}").send({}) for n in range(9)]
        assert {answer.status_code for answer in guesses} == {401, 429}
        ok(await replace(account, client=client).send(account.envelope()))


async def test_rules_of_the_tenant(
    company: Company, rival: Company, account: Account, app_database: Database, admin_sql: Any
) -> None:
    """A tenant's rules override the severity of what it is sent, and nobody else's."""
    rules = [{"metric": "findings[0].score", "operator": ">=", "value": 90, "severity": "critical"}]
    services = [{"service_name": "securityhub", "severity_rules": {"conditions": rules}}]
    query = "INSERT INTO monitoring_configs (tenant_id, services) VALUES ($1, $2::text::jsonb)"
    await admin_sql(query, company.admin.tenant_id, json.dumps(services))
    finding = {
        "source": "aws.securityhub",
        "detail": {"findings": [{"score": "90.5", "Severity": {"Label": "LOW"}}]},
    }
    other = await account_of(rival, app_database)
    ours, theirs = account.envelope(**finding), other.envelope(**finding)
    # Names of services are kept in lower case; a source may be written otherwise.
    loud = account.envelope(**{**finding, "source": "corp.SecurityHub"})
    ok(await account.send(loud))
    assert (await read(company, loud["id"]))["severity"] == "critical"
    ok(await account.send(ours))
    ok(await other.send(theirs))
    assert (await read(company, ours["id"]))["severity"] == "critical"
    assert (await read(rival, theirs["id"]))["severity"] == "low"
