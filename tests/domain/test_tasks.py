"""What an event becomes when somebody is to look into it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.reading import has_markup
from onboarding.tasks import EventDetails, description_of, title_of

AT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=10)


def event(**fields: Any) -> EventDetails:
    """An event, as far as it is not given."""
    given: dict[str, Any] = {
        "id": "01970000-0000-7000-8000-000000000001",
        "account": "123456789012",
        "region": "eu-central-1",
        "source": "aws.cloudwatch",
        "detail_type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": "cpu", "state": {"value": "ALARM"}},
        "severity": "high",
        "severity_level": 3,
        "resources": ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:cpu"],
        "run_id": None,
        "published_at": AT,
        "created_at": AT,
    }
    return EventDetails(**{**given, **fields})


def test_what_people_read() -> None:
    """Title and description say what happened where, and what the event itself tells."""
    assert title_of(event()) == "aws.cloudwatch: CloudWatch Alarm State Change"
    assert description_of(event()) == (
        "CloudWatch Alarm State Change from aws.cloudwatch, severity high, 2026-05-01 12:30:00 UTC\n"
        "Account 123456789012, region eu-central-1\n"
        "Resources: arn:aws:cloudwatch:eu-central-1:123456789012:alarm:cpu\n\n"
        '{\n  "alarmName": "cpu",\n  "state": {\n    "value": "ALARM"\n  }\n}'
    )
    bare = event(account=None, region=None, resources=[], detail={})
    assert description_of(bare).count("\n") == 0


@given(
    source=st.text(min_size=1, max_size=100),
    detail_type=st.text(max_size=200),
    detail=st.dictionaries(st.text(), JSON),
    resources=st.lists(st.text(), max_size=60),
)
def test_whatever_an_event_says(source: str, detail_type: str, detail: Any, resources: list[str]) -> None:
    """Title and description have the lengths that they may have, no control characters, and a title no tags."""
    made = event(source=source, detail_type=detail_type, detail=detail, resources=resources)
    title, description = title_of(made), description_of(made)
    assert 3 <= len(title) <= 200
    assert not has_markup(title)
    assert title.splitlines() == [title]
    assert 10 <= len(description) <= 5000
    assert all(c.isprintable() or c == "\n" or ord(c) > 0x9F for c in title + description)


def test_an_event_without_words() -> None:
    """What says nothing that can be shown is called by its id."""
    assert title_of(event(source="\x7f", detail_type="<>")) == f"Event {event().id}"


@pytest.mark.parametrize("length", [1, 100])
def test_what_is_too_long_is_cut(length: int) -> None:
    """A long name and 256 KB of detail are cut, and show that they were."""
    long = event(source="s" * length, detail_type="d" * 200, detail={"log": "<b>\t'\"" * 40_000})
    assert len(title_of(long)) == 200
    assert title_of(long).endswith("…")
    assert len(description_of(long)) == 5000
    assert description_of(long).endswith("…")
    assert "<b>" in description_of(long)
