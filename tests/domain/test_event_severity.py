"""The severity table, and whatever else may come."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.envelope import Envelope, known, storable
from onboarding.event_severity import severity_level
from onboarding.reading import examine


def findings(*labels: Any) -> dict[str, Any]:
    """Security Hub's form."""
    return {"findings": [{"Severity": {"Label": label}} for label in labels]}


TABLE: list[tuple[str, Any, int]] = [
    ("aws.cloudwatch", {"state": {"value": "ALARM"}}, 3),
    ("aws.cloudwatch", {"state": {"value": "INSUFFICIENT_DATA"}}, 1),
    ("aws.cloudwatch", {"state": {"value": "OK"}}, 1),
    ("aws.cloudwatch", {"state": {"value": "else"}}, 0),
    ("aws.cloudwatch", {"state": "ALARM"}, 0),
    ("aws.cloudwatch", {}, 0),
    ("aws.guardduty", {"severity": 9}, 4),
    ("aws.guardduty", {"severity": 7}, 4),
    ("aws.guardduty", {"severity": 6.9}, 3),
    ("aws.guardduty", {"severity": 4}, 3),
    ("aws.guardduty", {"severity": 3.9}, 2),
    ("aws.guardduty", {"severity": 0}, 2),
    ("aws.guardduty", {"severity": " 7.0 "}, 4),
    ("aws.guardduty", {"severity": "4"}, 3),
    ("aws.guardduty", {"severity": "High"}, 4),
    ("aws.guardduty", {"severity": "MEDIUM"}, 3),
    ("aws.guardduty", {"severity": "low"}, 2),
    ("aws.guardduty", {"severity": 10**400}, 4),
    ("aws.guardduty", {"severity": True}, 0),
    ("aws.guardduty", {"severity": "7.0.1"}, 0),
    ("aws.guardduty", {"severity": "1" * 5000}, 0),
    ("aws.guardduty", {}, 0),
    ("aws.securityhub", findings("CRITICAL"), 5),
    ("aws.securityhub", findings("HIGH"), 4),
    ("aws.securityhub", findings("MEDIUM"), 3),
    ("aws.securityhub", findings("LOW"), 1),
    ("aws.securityhub", findings("LOW", "HIGH", "MEDIUM"), 4),
    ("aws.securityhub", findings("INFORMATIONAL", None, 7), 0),
    ("aws.securityhub", {"findings": [None, {"Severity": []}, {"Severity": {"Label": "low"}}]}, 1),
    ("aws.securityhub", {"findings": []}, 0),
    ("aws.securityhub", {"findings": {}}, 0),
    ("aws.health", {"eventTypeCategory": "issue"}, 3),
    ("aws.health", {"eventTypeCategory": "scheduledChange"}, 2),
    ("aws.health", {"eventTypeCategory": "accountNotification"}, 1),
    ("aws.health", {}, 1),
    ("aws.logs", {"level": "ERROR"}, 3),
    ("my.application", {"level": "WARN"}, 2),
    ("my.application", {"level": "warning"}, 2),
    ("my.application", {"level": "info"}, 1),
    ("my.application", {"level": "DEBUG"}, 0),
    ("my.application", {"level": 3}, 0),
    ("my.application", {"severity": "high"}, 0),
    ("my.guardduty", {"severity": 9}, 0),
    ("monitoring.cloudwatch", {"state": {"value": "ALARM"}}, 3),
    ("monitoring.guardduty", {"severity": 8}, 4),
    ("monitoring.agent", {"severity": "high"}, 3),
    ("monitoring.agent", {"severity": 5}, 5),
    ("monitoring.agent", {"severity": "2"}, 2),
    ("monitoring.agent", {"severity_level": 4, "severity": "low"}, 4),
    ("monitoring.agent", {"severity": 6}, 0),
    ("monitoring.agent", {"level": "ERROR"}, 3),
    ("monitoring.health", {"severity": "critical"}, 4),
    ("", {}, 0),
]


@pytest.mark.parametrize(("source", "detail", "level"), TABLE, ids=lambda each: str(each)[:60])
def test_the_table(source: str, detail: Any, level: int) -> None:
    """Each row of the table, with numbers as numbers and as texts; what is not in it is unknown."""
    assert severity_level(source, detail) == level


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["state", "value", "severity", "findings", "Severity", "Label", "level", "x"]), inner
        )
    ),
    max_leaves=12,
)
_SOURCES = sorted({source for source, _, _ in TABLE})


@given(source=st.sampled_from(_SOURCES) | st.text(max_size=30), detail=st.dictionaries(st.text(), _anything))
def test_any_detail(source: str, detail: dict[str, Any]) -> None:
    """Whatever a detail is, it has one of the six levels."""
    assert severity_level(source, detail) in range(6)


@given(first=st.sampled_from(["LOW", "MEDIUM", "HIGH", "CRITICAL"]), others=st.lists(_anything, max_size=5))
def test_more_findings_are_never_less(first: str, others: list[Any]) -> None:
    """Beside others, a finding counts at least what it counts alone."""
    alone = findings(first)
    both = {"findings": [*others, *alone["findings"]]}
    assert severity_level("aws.securityhub", both) >= severity_level("aws.securityhub", alone)


@given(value=_anything)
def test_storable(value: Any) -> None:
    """What is stored has no NUL anywhere, and is as it was where there was none."""
    kept = storable(value)
    assert not any("\x00" in text for text in texts(kept))
    if not any("\x00" in text for text in texts(value)):
        assert kept == value
    assert storable(kept) == kept


def texts(value: Any) -> Iterator[str]:
    """Every text in it, names too."""
    match value:
        case str():
            yield value
        case dict():
            for each in (*value.keys(), *value.values()):
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)
        case _:
            pass


@given(
    data=_anything | st.dictionaries(st.sampled_from(["id", "source", "detail", "detail-type", "x"]), _anything)
)
def test_any_envelope(data: Any) -> None:
    """Whatever was sent, it is an envelope or refused by its fields; unknown ones are no reason."""
    codes = {error.code for error in examine(Envelope, known(data)).errors}
    assert "unknown_field" not in codes
    assert codes, "nothing here has an account"
