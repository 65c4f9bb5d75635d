"""Which alarms are told, from when on, and by what id."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.alarms import (
    ALARMS_BY_DEFAULT,
    AT_MOST,
    Alarm,
    Metric,
    detail_of,
    event_id,
    is_watched,
    most,
    window,
)
from onboarding.aws_accounts import misfits, no_role, partition_of
from onboarding.monitoring import ResourceFilters, Service

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEB = Alarm(
    arn="arn:aws:cloudwatch:eu-central-1:111122223333:alarm:Web",
    name="Web",
    since=NOW,
    metrics=(Metric(namespace="AWS/EC2", name="CPU", dimensions={"InstanceId": "i-1"}),),
)
TEXTS = st.text(max_size=30)


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ({}, True),
        ({"resource_ids": ("web",)}, True),
        ({"resource_ids": (WEB.arn.upper(),)}, True),
        ({"resource_ids": ("other", "I-1")}, True),
        ({"resource_ids": ("InstanceId",)}, False),
        ({"resource_types": ("aws/ec2",)}, True),
        ({"resource_types": ("AWS/RDS",)}, False),
        ({"resource_types": ("AWS/RDS",), "resource_ids": ("web",)}, False),
    ],
)
def test_filters(filters: dict[str, Any], passes: bool) -> None:
    """An alarm passes by its ARN, its name, or what its metrics are about, and by their namespace."""
    assert is_watched(WEB, ResourceFilters(**filters)) is passes


@pytest.mark.parametrize(
    ("given", "at_most"),
    [(5, 5), (5.9, 5), (0, 1), (-3, 1), (10**9, AT_MOST), (1e308, AT_MOST)]
    + [(each, ALARMS_BY_DEFAULT) for each in (None, "5", True, [], {})],
)
def test_how_many(given: Any, at_most: int) -> None:
    """Whatever stands in `max_alarms`, so many are told at most."""
    assert most(Service(service_name="cloudwatch", thresholds={"max_alarms": given})) == at_most


@given(
    until=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)),
    retention=st.integers(1, 3650),
    later=st.timedeltas(timedelta(0), timedelta(days=1)),
)
def test_no_gap_between_looks(until: timedelta | None, retention: int, later: timedelta) -> None:
    """A look begins where the one before ended, or earlier, and never before what was told is forgotten."""
    before = None if until is None else NOW - until
    start = window(NOW + later, before, retention)
    assert start >= NOW + later - timedelta(days=retention)
    if before is not None and start > NOW + later - timedelta(days=retention):
        assert start < before


@given(name=TEXTS, other=TEXTS, tenant=st.uuids(), moved=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_ids(name: str, other: str, tenant: Any, moved: timedelta) -> None:
    """An event's id is that of one alarm's one fit for one account, and no other's."""

    def of(arn: str, since: datetime, account: str = "a") -> str:
        return event_id(str(tenant), account, Alarm(arn=arn, name="x", since=since))

    assert of(name, NOW) == of(name, NOW)
    assert (of(name, NOW) == of(other, NOW)) is (name == other)
    assert (of(name, NOW) == of(name, NOW + moved)) is (not moved)
    assert of(name, NOW) != of(name, NOW, "b")


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6000))
def test_details_can_be_kept(text: str) -> None:
    """Any text of AWS becomes a detail that the database can hold, of a bounded length."""
    metric = Metric(namespace=text, name=text, dimensions={text: text})
    detail = detail_of(Alarm(arn="x", name=text, since=NOW, description=text, reason=text, metrics=(metric,)))
    assert "\0" not in repr(detail).replace("\\x00", "\0")
    assert len(detail["state"]["reason"]) <= 5000


@given(st.text(max_size=80))
def test_roles(text: str) -> None:
    """Whatever is no ARN of a role is told so; one that is well-formed is looked at with the rest."""
    arn = f"arn:aws:iam::111122223333:role/{text}"
    if no_role(arn) is None:
        assert list(misfits("111122223333", "eu-central-1", arn)) == []
        assert text.isascii()
        assert text.isprintable()


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("us-gov-east-1", "aws-us-gov"), ("cn-northwest-1", "aws-cn"), ("ca-west-1", "aws")],
)
def test_partitions(region: str, partition: str) -> None:
    """Each region is in one part of AWS."""
    assert partition_of(region) == partition
    arn = f"arn:{partition}:iam::111122223333:role/x"
    assert [each.code for each in misfits("444455556666", region, arn)] == ["other_account"]
