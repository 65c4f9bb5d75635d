"""Entering AWS accounts: STS and CloudWatch over real HTTP, which refuse, are slow, or answer nonsense."""

import asyncio
import doctest
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

import onboarding.aws_accounts
from onboarding.alarms import Metric
from runtime import aws as module
from runtime.aws import AccessKeys, Aws, Entrance
from runtime.aws_errors import ALARMS, ASSUME_ROLE, IDENTITY, TAGS, AwsAway, AwsRefused
from tests.aws_server import ACCOUNT, KEYS, OURS, REGION, ROLE, AwsServer, aws_server, point_at

OWN = AccessKeys(**KEYS)
BY_ROLE = Entrance(region=REGION, role_arn=ROLE, external_id="our-external-id", keys=None)
BY_KEYS = Entrance(region=REGION, role_arn=None, external_id="our-external-id", keys=OWN)


@pytest.fixture
def server() -> Iterator[AwsServer]:
    with pytest.MonkeyPatch.context() as monkeypatch, aws_server(monkeypatch) as server:
        server.trusted[ROLE] = "our-external-id"
        yield server


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call has as long as a slow machine takes, but where it is its end that a test is about."""
    monkeypatch.setattr(module, "CALL_SECONDS", 60.0)
    monkeypatch.setattr(module, "_CONFIG", module._CONFIG.merge(Config(connect_timeout=30, read_timeout=30)))


@pytest.fixture(scope="module")
async def aws() -> AsyncIterator[Aws]:
    async with one_aws() as aws:
        yield aws


@asynccontextmanager
async def one_aws() -> AsyncGenerator[Aws]:
    """One that leaves no thread behind, which would talk to the next test's server."""
    aws = Aws()
    yield aws
    aws.close()
    await asyncio.to_thread(aws._threads.shutdown)


def test_the_examples() -> None:
    """What the docstrings of the rules show is so."""
    assert doctest.testmod(onboarding.aws_accounts).failed == 0


async def test_by_role(server: AwsServer, aws: Aws) -> None:
    """The role is assumed by Gangway with the external id and for alarms only; the rest is done as that role."""
    inside = await aws.enter(BY_ROLE)
    assert (await inside.identity()).account == ACCOUNT
    assert await inside.can_see_alarms()
    (_, assumed, who), *rest = server.asked
    assert (assumed["RoleArn"], assumed["ExternalId"], who) == (ROLE, "our-external-id", OURS)
    assert "cloudwatch:DescribeAlarms" in assumed["Policy"]
    assert [(action, key) for action, _, key in rest] == [(IDENTITY, f"ASIA{ACCOUNT}"), (ALARMS, f"ASIA{ACCOUNT}")]


async def test_by_keys(server: AwsServer, aws: Aws) -> None:
    """Keys of the account's own are enough, and Gangway's are not used."""
    assert (await (await aws.enter(BY_KEYS)).identity()).account == ACCOUNT
    assert {key for _, _, key in server.asked} == {KEYS["access_key_id"]}


async def test_by_role_with_keys(server: AwsServer, aws: Aws) -> None:
    """With both, the keys assume the role."""
    both = Entrance(region=REGION, role_arn=ROLE, external_id="our-external-id", keys=OWN)
    await (await aws.enter(both)).identity()
    assert [key for _, _, key in server.asked] == [KEYS["access_key_id"], f"ASIA{ACCOUNT}"]


async def test_another_external_id(server: AwsServer, aws: Aws) -> None:
    """A role that trusts another external id is not entered: nobody uses somebody else's role."""
    server.trusted[ROLE] = "somebody-elses"
    with pytest.raises(AwsRefused) as refused:
        await aws.enter(BY_ROLE)
    assert refused.value.missing == (ASSUME_ROLE,)
    assert "canary" not in refused.value.detail


@pytest.mark.parametrize(
    ("action", "status", "code", "missing"),
    [
        (IDENTITY, 403, "InvalidClientTokenId", "credentials"),
        (IDENTITY, 403, "SignatureDoesNotMatch", "credentials"),
        (ALARMS, 403, "AccessDenied", ALARMS),
        (ALARMS, 400, "UnrecognizedClientException", "credentials"),
        (TAGS, 403, "AccessDeniedException", TAGS),
    ],
)
async def test_refused(server: AwsServer, aws: Aws, action: str, status: int, code: str, missing: str) -> None:
    """What AWS refuses is told by its code and what is missing, without the words of AWS."""
    server.refuse[action] = status, code
    inside = await aws.enter(BY_KEYS)
    with pytest.raises(AwsRefused) as refused:
        await {IDENTITY: inside.identity, ALARMS: inside.alarms, TAGS: lambda: inside.tags("arn")}[action]()
    assert (refused.value.code, refused.value.missing) == (code, (missing,))
    assert code in refused.value.detail
    assert "canary" not in repr(refused.value)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "Throttling"), (500, "InternalFailure"), (503, "ServiceUnavailable"), (400, "<b>\n")],
)
async def test_for_now(server: AwsServer, aws: Aws, status: int, code: str) -> None:
    """What passes by itself is told from what does not; a code that is none is not passed on."""
    server.refuse[IDENTITY] = status, code
    inside = await aws.enter(BY_KEYS)
    with pytest.raises((AwsAway, AwsRefused)) as raised:
        await inside.identity()
    assert isinstance(raised.value, AwsAway) is (code != "<b>\n")
    assert "<b>" not in str(raised.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>no</html>", b"\xff\xfe", b"<GetCallerIdentityResponse/>", b"{}" * 9999]
)
async def test_nonsense(server: AwsServer, aws: Aws, body: bytes) -> None:
    """What is no answer of AWS is one that did not come."""
    server.broken[IDENTITY] = body
    with pytest.raises(AwsAway):
        await (await aws.enter(BY_KEYS)).identity()


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[1]", b'{"MetricAlarms": 1}', b'{"MetricAlarms": [{"AlarmName": 1}]}', b"<html>"]
)
async def test_nonsense_about_alarms(server: AwsServer, aws: Aws, body: bytes) -> None:
    """The same of CloudWatch, which speaks another language; an empty answer has no alarms."""
    server.broken[ALARMS] = body
    inside = await aws.enter(BY_KEYS)
    try:
        assert (await inside.alarms()).alarms == []
    except AwsAway:
        assert body


async def test_silence(server: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is given up in time, however many wait for it, and the loop goes on meanwhile."""
    server.silent.add(ASSUME_ROLE)
    async with one_aws() as aws:
        await (await aws.enter(BY_KEYS)).identity()  # the first call of all reads what boto3 knows of AWS
        monkeypatch.setattr(module, "CALL_SECONDS", 1.0)
        began = time.monotonic()
        asked = asyncio.gather(*(aws.enter(BY_ROLE) for _ in range(20)), return_exceptions=True)
        turns = 0
        while not asked.done():
            await asyncio.sleep(0.02)
            turns += 1
        took = time.monotonic() - began
        server.over.set()
    assert {type(error) for error in await asked} == {AwsAway}
    assert took < 10
    assert turns > 5


async def test_away(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    """An endpoint that nobody listens at is away, at once."""
    point_at(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(AwsAway, match="EndpointConnectionError"):
        await aws.enter(BY_ROLE)


async def test_no_credentials_of_our_own(server: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials Gangway assumes no role, and says that it is its own that are missing."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    async with one_aws() as aws:
        with pytest.raises(AwsRefused, match="of its own") as refused:
            await aws.enter(BY_ROLE)
    assert refused.value.missing == ("credentials",)
    assert server.asked == []


async def test_pages(server: AwsServer, aws: Aws) -> None:
    """All pages are read, with what an alarm looks at."""
    server.page = 2
    for number in range(5):
        server.alarm(f"cpu-{number}")
    found = await (await aws.enter(BY_KEYS)).alarms()
    assert found.whole
    assert [each.name for each in found.alarms] == [f"cpu-{number}" for number in range(5)]
    metric = Metric(namespace="AWS/EC2", name="CPUUtilization", dimensions={"InstanceId": "i-cpu-3"})
    assert found.alarms[3].metrics == (metric,)
    assert found.alarms[3].since == server.alarms[3]["StateTransitionedTimestamp"]
    asked = [asked for action, asked, _ in server.asked if action == ALARMS]
    assert all(each["StateValue"] == "ALARM" for each in asked)
    assert len(asked) == 3


async def test_pages_without_end(server: AwsServer, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list without end ends with us."""
    monkeypatch.setattr(module, "PAGES", 3)
    server.endless = True
    found = await (await aws.enter(BY_KEYS)).alarms()
    assert not found.whole
    assert server.actions().count(ALARMS) == 3


async def test_metric_math(server: AwsServer, aws: Aws) -> None:
    """An alarm on several metrics has all of them; one made of other alarms has none."""
    metric = {"Namespace": "AWS/RDS", "MetricName": "Reads", "Dimensions": []}
    queries = [
        {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
        {"Id": "b", "Expression": "a*2"},
    ]
    server.alarm("math", Namespace="", Metrics=queries)
    found = await (await aws.enter(BY_KEYS)).alarms()
    assert found.alarms[0].metrics == (Metric(namespace="AWS/RDS", name="Reads"),)


def test_nothing_shows_itself() -> None:
    """Neither keys nor what holds them show the secret."""
    assert KEYS["secret_access_key"] not in f"{OWN!r} {BY_KEYS!r} {AwsRefused(ASSUME_ROLE, 'x')!r}"
    assert KEYS["access_key_id"] not in repr(BY_KEYS)


async def test_a_real_kind_of_aws(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    """The same against moto, which somebody else wrote: a role, an alarm, its tags."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        point_at(monkeypatch, f"http://{host}:{port}")
        inside = await aws.enter(BY_ROLE)
        assert (await inside.identity()).account == ACCOUNT
        client = aws._client("cloudwatch", REGION, inside._keys)
        client.put_metric_alarm(
            AlarmName="cpu",
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Tags=[{"Key": "env", "Value": "prod"}],
        )
        assert (await inside.alarms()).alarms == []
        client.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="a test")
        client.close()
        alarm = (await inside.alarms()).alarms[0]
        assert (alarm.name, alarm.reason) == ("cpu", "a test")
        assert await inside.tags(alarm.arn) == {"env": "prod"}
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "https://sts.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"),
    ],
)
async def test_regional_endpoints(monkeypatch: pytest.MonkeyPatch, aws: Aws, region: str, host: str) -> None:
    """Each region is asked at its own endpoint, that of its partition."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_STS", raising=False)
    client = aws._client("sts", region, OWN)
    assert client.meta.endpoint_url == host
    client.close()
