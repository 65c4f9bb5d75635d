"""AWS accounts as admins set them up: bounds, secrets that never come back, and whether one can be entered."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.service import RPCError

from api import aws_accounts, aws_testing
from api.aws_shapes import CreateAccountBody
from api.jobs import Jobs
from cli.embedded import EmbeddedStack
from db.pool import Database
from runtime.account_schedules import PAUSED, Watch
from runtime.addresses import account_schedule_id
from runtime.aws_errors import ALARMS, ASSUME_ROLE, IDENTITY
from runtime.settings import Settings
from tests.api.company import Company, found
from tests.aws_server import ACCOUNT, KEYS, REGION, ROLE, AwsServer, aws_server, point_at
from tests.stack import Json, Person, application, ok, problem, until, wrong

ACCOUNTS = "/api/v1/config/aws-accounts"
MONITORING = "/api/v1/config/monitoring"
SECRET = KEYS["secret_access_key"]
A_BODY = {"account_id": ACCOUNT, "account_name": "Production", "region": REGION}
Sql = Callable[..., Awaitable[Any]]


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    """An AWS that the application finds."""
    with pytest.MonkeyPatch.context() as monkeypatch, aws_server(monkeypatch) as server:
        yield server


@pytest.fixture
async def sql(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def firm(api: httpx.AsyncClient, app_database: Database, settings: Settings) -> Company:
    """A tenant that never gets an account: what it sends is refused."""
    return await found(api, app_database, settings)


async def created(company: Company, **fields: Any) -> Json:
    """An account that is there; not active, or its schedule would look at the AWS of whichever test runs then."""
    answer = await company.admin.post(ACCOUNTS, {**A_BODY, "is_active": False, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def of(account: Json, action: str = "") -> str:
    """Its path."""
    return f"{ACCOUNTS}/{account['id']}{action and '/'}{action}"


def schedule_of(company: Company, account: Json) -> str:
    return account_schedule_id(company.admin.tenant_id, account["id"])


async def test_created(company: Company) -> None:
    """A new account is untested, has an external id of its own, and is told its token this once."""
    answer = await company.admin.post(ACCOUNTS, A_BODY)
    assert answer.status_code == 201
    first = answer.json()
    token = first.pop("ingest_token")
    assert len(token) >= 43
    assert len(first["external_id"]) >= 32  # hexadecimal: at least 128 bits
    assert (first["status"], first["is_active"], first["last_tested_at"]) == ("untested", True, None)
    assert (first["access_key_id"], first["secret_access_key"]) == (None, None)
    assert ok(await company.admin.get(of(first))) == first
    assert ok(await company.admin.get(ACCOUNTS))["items"] == [first]
    second = await created(company, account_id="444455556666")
    assert second["external_id"] != first["external_id"]
    assert second["ingest_token"] != token


async def test_listed(company: Company, rival: Company, sql: asyncpg.Connection) -> None:
    """A page at a time, newest first, whatever the ids are; nobody else's are there."""
    await created(rival)
    made = [await created(company, account_id=f"{number:012}") for number in range(5)]
    # As rows that something else than this version made: older, with an id that sorts last.
    await sql.execute(
        "UPDATE aws_accounts SET id = $2, created_at = created_at - interval '1 day' WHERE id = $1",
        made[4]["id"],
        "ffffffff" + str(uuid.uuid4())[8:],
    )
    numbers = [made[index]["account_id"] for index in (3, 2, 1, 0, 4)]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        query = {"limit": 2, "with_total": True, **({"cursor": cursor} if cursor else {})}
        page = ok(await company.admin.get(ACCOUNTS, params=query))
        assert page["total"] == 5
        seen += [each["account_id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (numbers, None)


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"limit": 0}, {"limit": "too_small"}),
        ({"limit": 101, "cursor": "x"}, {"limit": "too_large", "cursor": "bad_format"}),
        ({"cursor": "MTIz"}, {"cursor": "bad_format"}),
        ({"with_total": "perhaps"}, {"with_total": "wrong_type"}),
    ],
)
async def test_wrong_pages(firm: Company, query: dict[str, Any], errors: dict[str, str]) -> None:
    """Bounds of a list hold."""
    assert wrong(await firm.admin.get(ACCOUNTS, params=query)) == errors


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"account_id": "12345678901"}, {"account_id": "bad_format"}),
        ({"account_id": "1234567890123"}, {"account_id": "bad_format"}),
        ({"account_id": "١٢٣٤٥٦٧٨٩٠١٢"}, {"account_id": "bad_format"}),
        ({"account_id": 111122223333}, {"account_id": "wrong_type"}),
        ({"account_id": None}, {"account_id": "required"}),
        ({"account_name": "x"}, {"account_name": "too_short"}),
        ({"account_name": "x" * 101}, {"account_name": "too_long"}),
        ({"account_name": "<script>alert(1)"}, {"account_name": "markup"}),
        ({"account_name": "a\x00b"}, {"account_name": "control_character"}),
        ({"region": "eu-central"}, {"region": "bad_format"}),
        ({"region": "example.org/x-east-1"}, {"region": "bad_format"}),
        ({"region": "eu-central-1.example.org"}, {"region": "bad_format"}),
        ({"region": "us-iso-east-1"}, {"region": "bad_format"}),
        ({"region": "EU-CENTRAL-1"}, {"region": "bad_format"}),
        ({"role_arn": "arn:aws:iam::111122223333:user/x"}, {"role_arn": "bad_format"}),
        ({"role_arn": f"{ROLE} x"}, {"role_arn": "bad_format"}),
        ({"role_arn": "arn:aws:iam::111122223333:role/" + "x" * 65}, {"role_arn": "bad_format"}),
        ({"role_arn": "arn:aws:iam::111122223333:role/" + "x" * 3000}, {"role_arn": "too_long"}),
        ({"role_arn": "arn:aws:iam::444455556666:role/x"}, {"role_arn": "other_account"}),
        ({"role_arn": "arn:aws-cn:iam::111122223333:role/x"}, {"role_arn": "other_partition"}),
        ({"region": "us-gov-west-1", "role_arn": ROLE}, {"role_arn": "other_partition"}),
        ({"region": "cn-north-1", "role_arn": ROLE}, {"role_arn": "other_partition"}),
        ({"access_key_id": KEYS["access_key_id"]}, {"secret_access_key": "required"}),
        ({"secret_access_key": SECRET}, {"access_key_id": "required"}),
        ({**KEYS, "access_key_id": "AKIA************ABCD"}, {"access_key_id": "bad_format"}),
        ({**KEYS, "access_key_id": "akia lower"}, {"access_key_id": "bad_format"}),
        ({**KEYS, "access_key_id": "A" * 129}, {"access_key_id": "too_long"}),
        ({**KEYS, "secret_access_key": "*" * 12}, {"secret_access_key": "bad_format"}),
        ({**KEYS, "secret_access_key": "with a space in it, too"}, {"secret_access_key": "bad_format"}),
        ({**KEYS, "secret_access_key": "s" * 129}, {"secret_access_key": "too_long"}),
        ({"is_active": "yes"}, {"is_active": "wrong_type"}),
        (
            {"external_id": "mine", "status": "connected"},
            {"external_id": "unknown_field", "status": "unknown_field"},
        ),
        (
            {
                "account_id": "x",
                "account_name": "",
                "region": "mars-1",
                "role_arn": "x",
                "secret_access_key": "x y",
            },
            {
                "account_id": "bad_format",
                "account_name": "too_short",
                "region": "bad_format",
                "role_arn": "bad_format",
                "secret_access_key": "bad_format",
            },
        ),
        (
            {"role_arn": "arn:aws-cn:iam::444455556666:role/x", "secret_access_key": SECRET},
            {"role_arn": "other_partition", "access_key_id": "required"},
        ),
    ],
)
async def test_what_cannot_be_created(firm: Company, fields: Json, errors: dict[str, str]) -> None:
    """Every failing field is named, nothing is kept, and no secret comes back."""
    answer = await firm.admin.post(ACCOUNTS, {**A_BODY, **fields})
    assert wrong(answer) == errors
    assert SECRET not in answer.text
    assert ok(await firm.admin.get(ACCOUNTS))["items"] == []


@pytest.mark.parametrize(
    ("region", "role_arn"),
    [
        ("us-gov-west-1", f"arn:aws-us-gov:iam::{ACCOUNT}:role/x"),
        ("cn-northwest-1", f"arn:aws-cn:iam::{ACCOUNT}:role/path/of/it/x"),
        ("ap-southeast-4", f"arn:aws:iam::{ACCOUNT}:role/service-role/A+b=c,d.e@f_g-h"),
        ("il-central-1", None),
    ],
)
async def test_partitions(company: Company, region: str, role_arn: str | None) -> None:
    """Regions of each partition go with roles of the same one."""
    account = await created(company, region=region, role_arn=role_arn)
    assert (account["region"], account["role_arn"]) == (region, role_arn)


async def test_twice(company: Company, rival: Company) -> None:
    """An account is there once in a tenant, also when two add it at once; another tenant may have it too."""
    body = {**A_BODY, "is_active": False}
    answers = await asyncio.gather(*(company.admin.post(ACCOUNTS, body) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    problem(await company.admin.post(ACCOUNTS, A_BODY), 409, "aws_account_exists")
    await created(rival)


async def test_changed(company: Company) -> None:
    """What is given changes, with PUT as with PATCH; the rest stays, and so does a test's result where it may."""
    account = await created(company, role_arn=ROLE)
    changed = ok(await company.admin.patch(of(account), {"account_name": "Staging"}))
    assert (changed["account_name"], changed["is_active"], changed["role_arn"]) == ("Staging", False, ROLE)
    body = {**A_BODY, "role_arn": None, "is_active": True}
    changed = ok(await company.admin.send("PUT", of(account), json=body))
    assert (changed["account_name"], changed["role_arn"], changed["is_active"]) == ("Production", None, True)
    assert changed["external_id"] == account["external_id"]
    same = ok(await company.admin.patch(of(account), {}))
    assert same == changed
    assert ok(await company.admin.patch(of(account), {"account_name": None, "region": None})) == changed


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"account_id": "444455556666"}, {"account_id": "not_changeable"}),
        ({"region": "cn-north-1"}, {"role_arn": "other_partition"}),
        ({"role_arn": "arn:aws:iam::444455556666:role/x"}, {"role_arn": "other_account"}),
        (
            {"access_key_id": "AKIA************0000"},
            {"access_key_id": "bad_format", "secret_access_key": "required"},
        ),
        ({"access_key_id": KEYS["access_key_id"]}, {"secret_access_key": "required"}),
        ({"secret_access_key": SECRET[::-1]}, {"access_key_id": "required"}),
        ({"access_key_id": None, "secret_access_key": SECRET}, {"access_key_id": "required"}),
        ({"account_name": "x", "region": "x"}, {"account_name": "too_short", "region": "bad_format"}),
        (
            {"account_id": "444455556666", "region": "us-gov-east-1", "secret_access_key": SECRET},
            {"account_id": "not_changeable", "role_arn": "other_partition", "access_key_id": "required"},
        ),
    ],
)
async def test_what_cannot_be_changed(company: Company, fields: Json, errors: dict[str, str]) -> None:
    """A change is looked at together with what stays, and a refused one changes nothing."""
    account = await created(company, role_arn=ROLE, **KEYS)
    del account["ingest_token"]
    answer = await company.admin.patch(of(account), fields)
    assert wrong(answer) == errors
    assert SECRET not in answer.text
    assert ok(await company.admin.get(of(account))) == account


async def test_keys_as_they_are_shown(company: Company, sql: asyncpg.Connection) -> None:
    """Keys are shown hidden; sent back so they stay, with others they change, with null they go."""
    account = await created(company, **KEYS)
    shown = {"access_key_id": "AKIA" + "*" * 12 + "NKEY", "secret_access_key": "*" * 12}
    assert {name: account[name] for name in shown} == shown

    async def kept() -> Any:
        return await sql.fetchval("SELECT sealed_secret FROM aws_accounts WHERE id = $1", account["id"])

    before = await kept()
    ok(await company.admin.patch(of(account), shown))
    assert await kept() == before
    others = {"access_key_id": "AKIAANOTHERKEYOFIT00", "secret_access_key": SECRET[::-1]}
    changed = ok(await company.admin.patch(of(account), others))
    assert changed["access_key_id"] == "AKIA" + "*" * 12 + "IT00"
    assert await kept() != before
    changed = ok(await company.admin.patch(of(account), {"access_key_id": None}))
    assert (changed["access_key_id"], changed["secret_access_key"], await kept()) == (None, None, None)


async def test_secrets_are_nowhere(
    company: Company, aws: AwsServer, sql: asyncpg.Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither answers, nor any table, nor the log has the secret, the key's id, or the token in the clear."""
    headers = {"Idempotency-Key": f"canary-{company.admin.tenant_id}"}
    body = {**A_BODY, **KEYS, "is_active": False}
    first = await company.admin.post(ACCOUNTS, body, headers=headers)
    again = await company.admin.post(ACCOUNTS, body, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    account = first.json()
    rotated = ok(await company.admin.post(of(account, "rotate-ingest-token"), headers=headers))
    tokens = [account["ingest_token"], rotated["ingest_token"]]
    answers = [
        first,
        *[await company.admin.get(path) for path in (ACCOUNTS, of(account), "/api/v1/config/changes")],
    ]
    answers.append(await company.admin.post(of(account, "test")))
    answers.append(await company.admin.patch(of(account), {"account_name": "Other"}))
    secrets = [SECRET, KEYS["access_key_id"]]
    assert not [each for each in secrets for answer in answers if each in answer.text]
    assert not [each for each in tokens for answer in answers[1:] if each in answer.text]
    tables = await sql.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        held = await sql.fetchval(
            f"SELECT count(*) FROM {table} AS t WHERE EXISTS (SELECT FROM unnest($1::text[]) AS s"
            " WHERE strpos(t::text, s) > 0 OR strpos(t::text, encode(s::bytea, 'hex')) > 0)",
            [*secrets, *tokens],
        )
        assert held == 0, table
    said = capfd.readouterr()
    assert not [each for each in [*secrets, *tokens] if each in said.out + said.err]
    assert SECRET not in repr(CreateAccountBody(**body))


async def test_a_new_token(company: Company, sql: asyncpg.Connection) -> None:
    """The token before is gone with the new one: a digest of it is all that is kept."""
    account = await created(company)
    rotated = ok(await company.admin.post(of(account, "rotate-ingest-token")))
    assert rotated["ingest_token"] != account["ingest_token"]
    found = "SELECT id::text FROM aws_accounts WHERE ingest_token_hash = sha256($1::text::bytea)"
    assert await sql.fetchval(found, rotated["ingest_token"]) == account["id"]
    assert await sql.fetchval(found, account["ingest_token"]) is None


async def test_deleted(company: Company) -> None:
    """A deleted account is not there, and can be added again, with another external id."""
    account = await created(company)
    assert (await company.admin.send("DELETE", of(account))).status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "test"), ("POST", "rotate-ingest-token")):
        problem(await company.admin.send(method, of(account, path)), 404, "not_found")
    problem(await company.admin.patch(of(account), {}), 404, "not_found")
    assert (await created(company))["external_id"] != account["external_id"]


async def test_only_admins(company: Company, person: Person) -> None:
    """Managers and users see nothing of it and change nothing; neither does who has not signed in."""
    account = await created(company)
    requests = [
        ("GET", ""),
        ("PATCH", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "test"),
        ("POST", "test-connection"),
    ]
    paths = [(method, of(account, action)) for method, action in requests]
    for who in (await company.hire("manager"), await company.hire("user"), person):
        for method, path in [("GET", ACCOUNTS), ("POST", ACCOUNTS), *paths]:
            problem(await who.send(method, path, json={}), 403, "forbidden")
    problem(await company.client.get(ACCOUNTS), 401, "auth_missing_token")


async def test_another_tenants(company: Company, rival: Company, aws: AwsServer) -> None:
    """Another tenant's account is not there, for no method, and AWS is not asked."""
    account = await created(company, **KEYS)
    for method, action in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "test"),
        ("POST", "rotate-ingest-token"),
    ):
        problem(await rival.admin.send(method, of(account, action), json={}), 404, "not_found")
    assert aws.asked == []


@pytest.mark.parametrize("action", ["test", "test-connection"])
@pytest.mark.parametrize("prefix", ["/api/v1", "/api"])
async def test_connected(company: Company, aws: AwsServer, prefix: str, action: str) -> None:
    """A role that trusts the account's external id connects it, under each name of the route."""
    account = await created(company, role_arn=ROLE)
    aws.trusted[ROLE] = account["external_id"]
    path = of(account, action).replace("/api/v1", prefix, 1)
    answer = ok(await company.admin.post(path))
    arn = f"arn:aws:iam::{ACCOUNT}:who"
    assert answer == {"success": True, "message": "Connected.", "account_id": ACCOUNT, "arn": arn, "missing": []}
    tested = ok(await company.admin.get(of(account)))
    assert (tested["status"], tested["status_detail"]) == ("connected", None)
    assert tested["last_tested_at"] is not None
    assert tested["updated_at"] == account["updated_at"]


async def test_connected_by_keys(company: Company, aws: AwsServer) -> None:
    """Keys connect it too: what was sealed is what AWS is shown, and nothing is asked as Gangway."""
    account = await created(company, **KEYS)
    assert ok(await company.admin.post(of(account, "test")))["success"]
    assert {key for _, _, key in aws.asked} == {KEYS["access_key_id"]}


async def test_nothing_set(company: Company, aws: AwsServer) -> None:
    """Without a role and keys it says what is missing, and asks AWS nothing."""
    account = await created(company)
    answer = ok(await company.admin.post(of(account, "test")))
    assert (answer["success"], answer["missing"]) == (False, ["role_arn", "credentials"])
    assert aws.asked == []
    assert ok(await company.admin.get(of(account)))["status"] == "failed"


@pytest.mark.parametrize(
    ("refuse", "missing"),
    [
        ({ASSUME_ROLE: (403, "AccessDenied")}, [ASSUME_ROLE]),
        ({IDENTITY: (403, "InvalidClientTokenId")}, ["credentials"]),
        ({IDENTITY: (503, "ServiceUnavailable")}, []),
    ],
)
async def test_not_connected(
    company: Company, aws: AwsServer, refuse: dict[str, tuple[int, str]], missing: list[str]
) -> None:
    """Whatever AWS refuses is 200 with what is missing, and written down; the words of AWS are not passed on."""
    account = await created(company, role_arn=ROLE)
    aws.trusted[ROLE] = account["external_id"]
    aws.refuse = refuse
    answer = await company.admin.post(of(account, "test"))
    assert (ok(answer)["success"], answer.json()["missing"]) == (False, missing)
    assert "canary" not in answer.text
    tested = ok(await company.admin.get(of(account)))
    assert (tested["status"], tested["status_detail"]) == ("failed", answer.json()["message"])


async def test_somebody_elses_role(company: Company, rival: Company, aws: AwsServer) -> None:
    """A role that trusts one tenant's external id lets no other tenant in that names the same role."""
    ours, theirs = [await created(each, role_arn=ROLE) for each in (company, rival)]
    aws.trusted[ROLE] = ours["external_id"]
    assert ok(await company.admin.post(of(ours, "test")))["success"]
    assert ok(await rival.admin.post(of(theirs, "test")))["missing"] == [ASSUME_ROLE]


async def test_keys_of_another_account(company: Company, aws: AwsServer) -> None:
    """Keys that belong to another account do not connect this one."""
    aws.keys[KEYS["access_key_id"]] = "444455556666"
    account = await created(company, **KEYS)
    answer = ok(await company.admin.post(of(account, "test")))
    assert (answer["success"], answer["account_id"], answer["missing"]) == (False, "444455556666", ["credentials"])


async def test_without_alarms(company: Company, aws: AwsServer) -> None:
    """Who may not read alarms is connected all the same, and told which permission that takes."""
    aws.refuse[ALARMS] = 403, "AccessDenied"
    account = await created(company, **KEYS)
    answer = ok(await company.admin.post(of(account, "test")))
    assert (answer["success"], answer["missing"]) == (True, [ALARMS])


@pytest.mark.parametrize(
    ("silent", "bound", "success"), [(IDENTITY, "ENTER_SECONDS", False), (ALARMS, "PROBE_SECONDS", True)]
)
async def test_silence(
    company: Company, aws: AwsServer, monkeypatch: pytest.MonkeyPatch, silent: str, bound: str, success: bool
) -> None:
    """An AWS that says nothing is given up in time; CloudWatch's silence does not unmake a connection."""
    assert aws_testing.ENTER_SECONDS + aws_testing.PROBE_SECONDS <= 8
    # What is not silent has all the time that it needs.
    for name in ("ENTER_SECONDS", "PROBE_SECONDS"):
        monkeypatch.setattr(aws_testing, name, 1.0 if name == bound else 30.0)
    aws.silent.add(silent)
    account = await created(company, **KEYS)
    began = time.monotonic()
    assert ok(await company.admin.post(of(account, "test")))["success"] is success
    assert time.monotonic() - began < 20


async def test_nobody_listens(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """An AWS that cannot be reached is told as one that did not answer."""
    point_at(monkeypatch, "http://127.0.0.1:9")
    account = await created(company, **KEYS)
    answer = ok(await company.admin.post(of(account, "test")))
    assert (answer["success"], answer["message"]) == (False, "AWS did not answer in time.")


async def test_keys_that_do_not_open(company: Company, aws: AwsServer, sql: asyncpg.Connection) -> None:
    """Keys that were moved to another row do not open there, and the test says to set them again."""
    first = await created(company, **KEYS)
    second = await created(company, account_id="444455556666", **KEYS)
    await sql.execute(
        "UPDATE aws_accounts SET sealed_secret = (SELECT sealed_secret FROM aws_accounts WHERE id = $1)"
        " WHERE id = $2",
        first["id"],
        second["id"],
    )
    assert ok(await company.admin.post(of(second, "test")))["missing"] == ["credentials"]
    assert aws.asked == []


async def test_changed_while_tested(company: Company, aws: AwsServer) -> None:
    """What was found of keys that were changed meanwhile is not written down: it says nothing of the new ones."""
    aws.silent.add(IDENTITY)
    account = await created(company, **KEYS)
    testing = asyncio.create_task(company.admin.post(of(account, "test")))
    await until(lambda: bool(aws.asked))
    others = {"access_key_id": "AKIAANOTHERKEYOFIT00", "secret_access_key": SECRET[::-1]}
    ok(await company.admin.patch(of(account), others))
    aws.over.set()
    assert not ok(await testing)["success"]
    assert ok(await company.admin.get(of(account)))["status"] == "untested"


async def test_a_failure_is_an_event_once(company: Company, aws: AwsServer, sql: asyncpg.Connection) -> None:
    """An account that begins to fail is an event, one that goes on failing is none, one that works again is."""
    account = await created(company, **KEYS)
    outcomes = [None, (403, "InvalidClientTokenId"), (403, "ExpiredToken"), None, None]
    for refused in outcomes:
        aws.refuse = {IDENTITY: refused} if refused else {}
        ok(await company.admin.post(of(account, "test")))
    rows = await sql.fetch(
        "SELECT detail_type, severity, detail->>'account' FROM events WHERE tenant_id = $1 ORDER BY created_at",
        company.admin.tenant_id,
    )
    told = [("AWS Account Failed", "high", ACCOUNT), ("AWS Account Works Again", "low", ACCOUNT)]
    assert [tuple(row) for row in rows] == told
    of_it = ok(await company.admin.get("/api/v1/events", params={"account": ACCOUNT}))["items"]
    assert [(each["detail_type"], each["region"]) for each in of_it] == [
        ("AWS Account Works Again", account["region"]),
        ("AWS Account Failed", account["region"]),
    ]


async def test_changes_are_audited(company: Company, sql: asyncpg.Connection) -> None:
    """Who added, changed, rotated and deleted is written down, with what there was before and after."""
    account = await created(company, **KEYS)
    ok(await company.admin.patch(of(account), {"account_name": "Staging"}))
    ok(await company.admin.patch(of(account), {}))
    ok(await company.admin.post(of(account, "rotate-ingest-token")))
    await company.admin.send("DELETE", of(account))
    rows = await sql.fetch(
        "SELECT before->>'account_name', after->>'account_name', changed_by::text FROM config_changes"
        " WHERE subject_id = $1 ORDER BY id",
        account["id"],
    )
    names = [(None, "Production"), ("Production", "Staging"), (None, None), ("Staging", None)]
    assert [tuple(row) for row in rows] == [(*each, company.admin.id) for each in names]


async def test_other_keys_are_audited(company: Company, sql: asyncpg.Connection) -> None:
    """Keys that are shown as the ones before were are written down as others; the same ones again are none."""
    account = await created(company, **KEYS)
    ok(await company.admin.patch(of(account), {**KEYS, "secret_access_key": SECRET[::-1]}))
    ok(await company.admin.patch(of(account), {"account_name": "Staging"}))
    query = "SELECT after->'replaced' FROM config_changes WHERE subject_id = $1 ORDER BY id"
    found = [json.loads(row[0]) for row in await sql.fetch(query, account["id"])]
    assert found == [[], ["secret_access_key"], []]


async def test_the_schedule(company: Company, temporal: Client) -> None:
    """Each account has a schedule: as often as is set, paused while it is not active, gone with the account."""
    account = await created(company, is_active=True)
    handle = temporal.get_schedule_handle(schedule_of(company, account))
    schedule = (await handle.describe()).schedule
    assert schedule.spec.intervals[0].every.total_seconds() == 300
    assert not schedule.state.paused
    ok(await company.admin.patch(of(account), {"is_active": False}))
    state = (await handle.describe()).schedule.state
    assert (state.paused, state.note) == (True, PAUSED)
    ok(await company.admin.patch(of(account), {"is_active": True}))
    assert not (await handle.describe()).schedule.state.paused

    async def monitored(**cloudwatch: Any) -> None:
        services = [{"service_name": "cloudwatch", **cloudwatch}]
        body = {"services": services, "global_settings": {}}
        ok(await company.admin.send("PUT", MONITORING, json=body, headers={"If-Match": "*"}))

    await monitored(polling_interval=60)
    assert (await handle.describe()).schedule.spec.intervals[0].every.total_seconds() == 60
    await monitored(polling_interval=60, enabled=False)
    assert (await handle.describe()).schedule.state.paused
    await company.admin.send("DELETE", of(account))
    with pytest.raises(RPCError, match="not found"):
        await handle.describe()


async def test_many_schedules(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """With many accounts a change of the settings has the worker see to them, if it is one that they go by."""
    asked: list[str] = []

    async def one_by_one(_: Jobs, *watches: Watch) -> None:
        asked.append(f"{len(watches)} here")

    async def all_of_them(_: Jobs) -> None:
        asked.append("all")

    monkeypatch.setattr(Jobs, "watch", one_by_one)
    monkeypatch.setattr(Jobs, "watch_all", all_of_them)
    monkeypatch.setattr(aws_accounts, "WAITED_FOR", 1)

    async def monitored(**given: Any) -> None:
        body = {"services": [], "global_settings": given}
        ok(await company.admin.send("PUT", MONITORING, json=body, headers={"If-Match": "*"}))

    await created(company)
    await monitored(default_polling_interval=60)
    await created(company, account_id="555566667777")
    await monitored(default_polling_interval=90)
    await monitored(default_polling_interval=90, stuck_after_hours=5)
    assert asked == ["1 here", "1 here", "1 here", "all"]


async def test_paused_by_hand(company: Company, temporal: Client) -> None:
    """A schedule that somebody paused stays paused, whatever is changed."""
    account = await created(company, is_active=True)
    handle = temporal.get_schedule_handle(schedule_of(company, account))
    await handle.pause(note="somebody looks into it")
    ok(await company.admin.patch(of(account), {"account_name": "Other"}))
    state = (await handle.describe()).schedule.state
    assert (state.paused, state.note) == (True, "somebody looks into it")


async def test_temporal_away(company: Company, settings: Settings, api: httpx.AsyncClient) -> None:
    """With Temporal away an account is added, changed and deleted all the same: its schedule waits."""
    away = replace(settings, temporal_address="127.0.0.1:9", update_timeout_seconds=0.3)
    async with application(away) as client:
        admin = replace(company.admin, client=client)
        account = ok(await admin.post(ACCOUNTS, A_BODY))
        ok(await admin.patch(of(account), {"account_name": "Other"}))
        assert (await admin.send("DELETE", of(account))).status_code == 204
